"""Transcripts of HarperValleyBank as records that `rules_accuracy.py` reads.

    python benchmarks/harper_valley.py TRANSCRIPTS -o FOLDER/harper_valley.jsonl

TRANSCRIPTS is the corpus' folder `data/transcript` (Wu, Nafziger, Scodary and Maas 2020; role-played calls to a bank, a JSON
list of segments a call). Its texts are not part of this repository; `evals/public/readings.jsonl` names calls by id, and only
those are written. What people wrote down is taken, without the marks for noise; successive segments of one speaker are a turn.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from labelled import Turn, asked_for, ids, turns, write

SOURCE = "harper_valley"
MARK = re.compile(r"\[\w+\]|<\w+>")
ROLES = {"agent": "agent", "caller": "customer"}


def call(path: Path) -> list[Turn] | None:
    """Return the turns of a call, times since its start; None where the corpus lacks it."""
    return turns(_said(path)) if path.is_file() else None


def _said(path: Path) -> Iterator[tuple[str, str, float]]:
    for segment in json.loads(path.read_text(encoding="utf-8")):
        yield ROLES[segment["speaker_role"]], MARK.sub(" ", segment["human_transcript"]), segment["start_ms"] / 1000


def main() -> int:
    """Convert and say what is missing."""
    asked = asked_for(__doc__, "transcripts")
    found = [(id, call(asked.transcripts / f"{id}.json")) for id in ids(SOURCE)]
    return write(asked.output, SOURCE, "phone", found)


if __name__ == "__main__":
    sys.exit(main())
