"""How fast the rules are, as ratios in one run, beside the engine alone and beside other ways to look for words.

    python benchmarks/rules.py CONVERSATIONS.jsonl [--most 1024] [--rounds 15]

Optional packages, each skipped aloud where it is missing: vaderSentiment, spacy.

What is compared, on the same text, one core: processor time, the best of some rounds that take turns, block by block
(so that a busy machine is fair to all). The load of the machine is told beside it, for it shares the memory too.

* `set`      google-re2 `Set` alone: all groups and their guards, in two searches a conversation: all that the customer said, joined by
             blanks, and all that the agent said; texts made ready beforehand; ids only, thrown away
* `set/turn` the same, turn by turn, each turn as often as it stands: what the rules have to know, and so the ceiling
* `rules`    from JSON Lines bytes to JSON Lines of verdicts with evidence
* `redacted` the same with redaction in front
* `plain`    the same without RE2
* `vader`    VADER, one conversation at a time
* `spacy`    spaCy PhraseMatcher over as many literal phrases as the lexicon has
* `re`       the lexicon's groups as separate `re` patterns
"""

import argparse
import importlib
import importlib.util
import json
import multiprocessing
import os
import re
import time
import tracemalloc
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from clearbar.grading.rules import Lexicon, RulesGrader, load_lexicon
from clearbar.grading.rules.engine import SetFinder
from clearbar.grading.rules.stream import BLOCK
from clearbar.grading.rules.text import normalize
from clearbar.redact import Redactor
from clearbar.rubric import Rubric
from clearbar.rubric_file import load_rubric
from clearbar.settings import RedactionSettings

ROOT = Path(__file__).parents[1]
FEW = 16  # of each block, for the slow ways
TIMES = 4  # so often each process grades its lines
SHARE: list[bytes] = []
"""What a process of the pool grades."""


def parts() -> tuple[Rubric, Lexicon]:
    """Return what a grader is made of."""
    return load_rubric(ROOT / "rubrics" / "service_bar.yaml"), load_lexicon(ROOT / "rubrics" / "lexicon")


def slim(path: Path, most: int) -> list[bytes]:
    """Return conversations as lines with the fields that rules read."""
    found = []
    with path.open("rb") as lines:
        for line in islice(lines, most):
            record = json.loads(line)
            turns = [{"role": turn["role"], "text": turn["text"], "time": turn.get("time")} for turn in record["turns"]]
            found.append(json.dumps({"id": record["id"], "channel": record.get("channel"), "turns": turns}).encode())
    return found


def joined(line: bytes) -> tuple[bytes, bytes]:
    """Return a conversation's customer and agent text, each joined by newlines, as patterns read it."""
    turns = json.loads(line)["turns"]
    return tuple(normalize("\n".join(turn["text"] for turn in turns if turn["role"] == role))[0] for role in ("customer", "agent"))  # type: ignore[return-value]


def ways(lines: list[bytes]) -> Iterator[tuple[str, int, Callable[[], Any]]]:
    """Yield a name, how many conversations it handles, and what to run."""
    turns = [(turn["role"] == "agent", normalize(turn["text"])[0]) for line in lines for turn in json.loads(line)["turns"]]
    texts = [joined(line) for line in lines]
    whole = [" ".join(turn["text"] for turn in json.loads(line)["turns"]) for line in lines]
    patterns = [re.compile(group.pattern, re.ASCII) for group in _finder().tongue.groups]
    match = [_finder()._sets[side]._set.Match for side in (0, 1)]  # noqa: SLF001 - the engine alone is what is measured
    few = min(FEW, len(lines))
    yield "set", len(lines), lambda: [(match[0](customer), match[1](agent)) for customer, agent in texts]
    yield "set/turn", len(lines), lambda: [match[side](text) for side, text in turns]
    yield "rules", len(lines), lambda: list(_grader().grade_lines(lines))
    yield "redacted", len(lines), lambda: list(_grader().grade_lines(redacted(lines)))
    yield "plain", few, lambda: list(_grader(plain=True).grade_lines(lines[:few]))
    yield "re", few, lambda: [[pattern.search(text.lower()) for pattern in patterns] for text in whole[:few]]
    yield from _vader(whole[:few])
    yield from _spacy(whole[:few], _finder().tongue.groups)


@cache
def _finder() -> SetFinder:
    return SetFinder(next(iter(parts()[1].tongues.values())))


@cache
def _grader(*, plain: bool = False) -> RulesGrader:
    return RulesGrader(*parts(), plain=plain)


@cache
def _redactor() -> Redactor:
    return Redactor(RedactionSettings(), bytes(32))


def redacted(lines: list[bytes]) -> Iterator[bytes]:
    """Yield the lines with their texts redacted."""
    records = [msgspec.json.decode(line) for line in lines]
    found = _redactor().redact_many([([turn["text"] for turn in record["turns"]], ()) for record in records])
    for record, texts in zip(records, found, strict=True):
        for turn, text in zip(record["turns"], texts.texts, strict=True):
            turn["text"] = text
        yield msgspec.json.encode(record)


def _vader(whole: list[str]) -> Iterator[tuple[str, int, Callable[[], Any]]]:
    try:
        module = importlib.import_module("vaderSentiment.vaderSentiment")
    except ImportError:
        return
    analyzer = module.SentimentIntensityAnalyzer()
    yield "vader", len(whole), lambda: [analyzer.polarity_scores(text) for text in whole]


def _spacy(whole: list[str], groups: Any) -> Iterator[tuple[str, int, Callable[[], Any]]]:
    try:
        spacy = importlib.import_module("spacy")
        matcher_module = importlib.import_module("spacy.matcher")
    except ImportError:
        return
    nlp = spacy.blank("en")
    matcher = matcher_module.PhraseMatcher(nlp.vocab, attr="LOWER")
    words = sorted({word for group in groups for word in re.findall(r"[a-z]{4,}", group.pattern)})
    matcher.add("words", [nlp.make_doc(word) for word in words])
    yield "spacy", len(whole), lambda: [matcher(nlp.make_doc(text)) for text in whole]


def rates(lines: list[bytes], rounds: int) -> dict[str, float]:
    """Return conversations a second of processor time of each way: of each block the best of rounds that take turns."""
    spent: dict[str, list[float]] = {}
    for start in range(0, len(lines), BLOCK):
        runs = list(ways(lines[start : start + BLOCK]))
        best = dict.fromkeys((name for name, _, _ in runs), float("inf"))
        for _ in range(rounds):
            for name, number, run in runs:
                began = time.process_time()
                run()
                best[name] = min(best[name], (time.process_time() - began) / number)
        for name, seconds in best.items():
            spent.setdefault(name, []).append(seconds)
    return {name: len(seconds) / sum(seconds) for name, seconds in spent.items()}


def _warm(path: Path, most: int) -> None:
    SHARE[:] = slim(path, most)
    list(_grader().grade_lines(SHARE))


def _grade(part: tuple[int, int]) -> tuple[int, float]:
    """Grade every so-manieth line, so many times over; return the number and the processor time."""
    first, step = part
    lines = SHARE[first::step]
    began = time.process_time()
    number = sum(1 for _ in _grader().grade_lines(line for _ in range(TIMES) for line in lines))
    return number, time.process_time() - began


def processes(path: Path, most: int, rounds: int = 3) -> tuple[float, float]:
    """Return how many times faster two warm processes are than one, each grading its own half: by the clock, by processor time."""
    with multiprocessing.get_context("spawn").Pool(2, _warm, (path, most)) as pool:
        pool.map(_grade, [(0, 2), (1, 2)], chunksize=1)
        clock, processor = [0.0, 0.0], [0.0, 0.0]  # best conversations a second of one and of two
        for _ in range(rounds):
            for count in (1, 2):
                began = time.perf_counter()
                done = pool.map(_grade, [(number, count) for number in range(count)], chunksize=1)
                seconds = time.perf_counter() - began
                clock[count - 1] = max(clock[count - 1], sum(number for number, _ in done) / seconds)
                processor[count - 1] = max(processor[count - 1], sum(number / spent for number, spent in done))
    return clock[1] / clock[0], processor[1] / processor[0]


def memory(lines: list[bytes]) -> tuple[float, float]:
    """Return the peak of traced memory, in MB, over the lines once and over the lines four times."""
    grader = _grader()
    peaks = []
    for times in (1, 4):
        tracemalloc.start()
        for _ in grader.grade_lines(line for _ in range(times) for line in lines):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1] / 1e6)
        tracemalloc.stop()
    return peaks[0], peaks[1]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("conversations", type=Path)
    parser.add_argument("--most", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=15)
    asked = parser.parse_args()
    lines = slim(asked.conversations, asked.most)
    before = os.getloadavg()[0]
    for name in ("vaderSentiment", "spacy"):
        if importlib.util.find_spec(name) is None:
            print(f"skipped: {name} is not installed")
    found = rates(lines, asked.rounds)
    for name, rate in found.items():
        print(f"{name:9}{rate:10.0f} conversations/s   rules are {found['rules'] / rate:.3f} of it")
    once, four = memory(lines)
    print(f"memory   {once:.1f} MB over {len(lines)} conversations, {four:.1f} MB over four times as many")
    clock, processor = processes(asked.conversations, asked.most)
    print(f"two processes: {clock:.2f} times one by the clock, {processor:.2f} times by processor time")
    print(
        f"load of the machine over the last minute: {before:.1f} at the start, {os.getloadavg()[0]:.1f} at the end, {os.cpu_count()} cores"
    )


if __name__ == "__main__":
    main()
