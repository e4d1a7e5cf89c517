"""Threads of Customer Support on Twitter as records that `rules_accuracy.py` reads.

    python benchmarks/twitter_support.py TWCS -o FOLDER/twcs.jsonl

TWCS is the corpus' file `twcs.csv` (Axelbrooke 2017; tweets between customers and companies' service accounts). Its texts are not
part of this repository; `evals/public/readings.jsonl` names threads by the id of their first tweet, and only those are written.
A thread is all that hangs below its first tweet, in order of time; successive tweets of one side are a turn.
"""

import csv
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from labelled import Turn, asked_for, ids, turns, write

SOURCE = "twcs"

Row = Mapping[str, str]


def thread(root: str, tweets: Mapping[str, Row], replies: Mapping[str, Sequence[str]]) -> list[Turn] | None:
    """Return the turns of a tweet and all that hangs below it, in Unix seconds; None where the corpus lacks it.

    By time; what was written in the same second, by depth.
    """
    if root not in tweets:
        return None
    found, level = [], [root]
    while level:
        found += [tweets[id] for id in level]
        level = [reply for id in level for reply in replies.get(id, ())]
    said = [("customer" if tweet["inbound"].lower() == "true" else "agent", tweet["text"], _moment(tweet)) for tweet in found]
    return turns(sorted(said, key=lambda one: one[2]))


def _moment(tweet: Row) -> float:
    return datetime.strptime(tweet["created_at"], "%a %b %d %H:%M:%S %z %Y").timestamp()


def main() -> int:
    """Convert and say what is missing."""
    asked = asked_for(__doc__, "tweets")
    tweets: dict[str, Row] = {}
    replies: dict[str, list[str]] = defaultdict(list)
    with asked.tweets.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            tweets[row["tweet_id"]] = row
            replies[row["in_response_to_tweet_id"].partition(".")[0]].append(row["tweet_id"])
    return write(asked.output, SOURCE, "social", [(id, thread(id, tweets, replies)) for id in ids(SOURCE)])


if __name__ == "__main__":
    sys.exit(main())
