"""Threads of Customer Support on Twitter as records that `rules_accuracy.py` reads.

    python benchmarks/twitter_support.py TWCS -o FOLDER/twcs.jsonl

TWCS is the corpus' file `twcs.csv` (Axelbrooke 2017; tweets between customers and companies' service accounts). Its texts are not
part of this repository; `evals/public/readings.jsonl` names threads by the id of their first tweet, and only those are written.
A thread is all that hangs below its first tweet, in order of time; successive tweets of one side are a turn.
"""

import argparse
import csv
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rules_accuracy import READINGS, records

SOURCE = "twcs"

Row = Mapping[str, str]


def thread(root: str, tweets: Mapping[str, Row], replies: Mapping[str, Sequence[str]]) -> list[Row]:
    """Return a tweet and all that hangs below it, by time; what was written in the same second, by depth."""
    found, level = [], [root]
    while level:
        found += [tweets[id] for id in level]
        level = [reply for id in level for reply in replies.get(id, ())]
    return sorted(found, key=_moment)


def turns(tweets: Iterable[Row]) -> list[dict[str, Any]]:
    """Return the turns of a thread; times are Unix seconds."""
    found: list[dict[str, Any]] = []
    for tweet in tweets:
        role, text = "customer" if tweet["inbound"].lower() == "true" else "agent", " ".join(tweet["text"].split())
        if not text:
            continue
        if found and found[-1]["role"] == role:
            found[-1]["text"] += f" {text}"
        else:
            found.append({"role": role, "text": text, "time": _moment(tweet)})
    return found


def _moment(tweet: Row) -> float:
    return datetime.strptime(tweet["created_at"], "%a %b %d %H:%M:%S %z %Y").timestamp()


def main() -> int:
    """Convert and say what is missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("tweets", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    asked = parser.parse_args()
    wanted = [id for source, _, id in (label["id"].partition(":") for label in records(READINGS)) if source == SOURCE]
    tweets: dict[str, Row] = {}
    replies: dict[str, list[str]] = defaultdict(list)
    with asked.tweets.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            tweets[row["tweet_id"]] = row
            replies[row["in_response_to_tweet_id"].partition(".")[0]].append(row["tweet_id"])
    missing = [id for id in wanted if id not in tweets]
    with asked.output.open("w", encoding="utf-8") as output:
        for id in wanted:
            if id in tweets:
                record = {"id": f"{SOURCE}:{id}", "source": SOURCE, "channel": "social", "turns": turns(thread(id, tweets, replies))}
                output.write(json.dumps(record) + "\n")
    print(f"{len(wanted) - len(missing)} threads written to {asked.output}")
    if missing:
        print(f"{len(missing)} labelled threads are not in {asked.tweets}; the first is tweet {missing[0]}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
