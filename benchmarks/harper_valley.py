"""Transcripts of HarperValleyBank as records that `rules_accuracy.py` reads.

    python benchmarks/harper_valley.py TRANSCRIPTS -o FOLDER/harper_valley.jsonl

TRANSCRIPTS is the corpus' folder `data/transcript` (Wu, Nafziger, Scodary and Maas 2020; role-played calls to a bank, a JSON
list of segments a call). Its texts are not part of this repository; `evals/public/readings.jsonl` names calls by id, and only
those are written. What people wrote down is taken, without the marks for noise; successive segments of one speaker are a turn.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rules_accuracy import READINGS, records

SOURCE = "harper_valley"
MARK = re.compile(r"\[\w+\]|<\w+>")
ROLES = {"agent": "agent", "caller": "customer"}


def turns(segments: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the turns of a call; times are seconds since its start."""
    found: list[dict[str, Any]] = []
    for segment in segments:
        role, text = ROLES[segment["speaker_role"]], " ".join(MARK.sub(" ", segment["human_transcript"]).split())
        if not text:
            continue
        if found and found[-1]["role"] == role:
            found[-1]["text"] += f" {text}"
        else:
            found.append({"role": role, "text": text, "time": segment["start_ms"] / 1000})
    return found


def main() -> int:
    """Convert and say what is missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("transcripts", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    asked = parser.parse_args()
    wanted = [id for id in (label["id"].partition(":") for label in records(READINGS)) if id[0] == SOURCE]
    missing = [call for _, _, call in wanted if not (asked.transcripts / f"{call}.json").is_file()]
    with asked.output.open("w", encoding="utf-8") as output:
        for _, _, call in wanted:
            if call not in missing:
                segments = json.loads((asked.transcripts / f"{call}.json").read_text(encoding="utf-8"))
                record = {"id": f"{SOURCE}:{call}", "source": SOURCE, "channel": "phone", "turns": turns(segments)}
                output.write(json.dumps(record) + "\n")
    print(f"{len(wanted) - len(missing)} calls written to {asked.output}")
    if missing:
        print(f"{len(missing)} labelled calls are not in {asked.transcripts}; the first is {missing[0]}.json", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
