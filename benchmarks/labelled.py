"""How a public corpus becomes the records that `rules_accuracy.py` reads: of labelled conversations only, as turns."""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rules_accuracy import READINGS, records

Turn = dict[str, Any]


def turns(said: Iterable[tuple[str, str, float]]) -> list[Turn]:
    """Return the turns of what was said by role and at a time in seconds; what one side says in a row is a turn, blank texts are none."""
    found: list[Turn] = []
    for role, text, time in said:
        plain = " ".join(text.split())
        if not plain:
            continue
        if found and found[-1]["role"] == role:
            found[-1]["text"] += f" {plain}"
        else:
            found.append({"role": role, "text": plain, "time": time})
    return found


def asked_for(manual: str | None, corpus: str) -> argparse.Namespace:
    """Return what the command line says: where the corpus lies, under the name that is given, and `output`."""
    parser = argparse.ArgumentParser(description=(manual or "").partition("\n")[0])
    parser.add_argument(corpus, type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    return parser.parse_args()


def ids(source: str) -> list[str]:
    """Return the labelled conversations of a source, as the corpus calls them."""
    return [id for name, _, id in (label["id"].partition(":") for label in records(READINGS)) if name == source]


def write(output: Path, source: str, channel: str, found: Sequence[tuple[str, list[Turn] | None]]) -> int:
    """Write a record of each conversation that was found, say which were not, and return the exit code."""
    missing = [id for id, said in found if said is None]
    with output.open("w", encoding="utf-8") as file:
        for id, said in found:
            if said is not None:
                file.write(json.dumps({"id": f"{source}:{id}", "source": source, "channel": channel, "turns": said}) + "\n")
    print(f"{len(found) - len(missing)} conversations written to {output}")
    if missing:
        print(f"{len(missing)} labelled conversations are not in the corpus; the first is {missing[0]}", file=sys.stderr)
    return 1 if missing else 0
