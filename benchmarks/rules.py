"""How fast the rules are, as ratios in one run, beside the engine alone and beside other ways to look for words.

    python benchmarks/rules.py CONVERSATIONS.jsonl [--most 1024] [--rounds 15]

Optional packages, each skipped aloud where it is missing: vaderSentiment, spacy.

What is compared, on the same text, one core, the best of some rounds that take turns (so that a busy machine is fair to all):

* `set`      google-re2 `Set` alone: all groups, a conversation's turns of a role joined, hits only; the ceiling
* `set/turn` the same, turn by turn
* `rules`    from JSON Lines bytes to JSON Lines of verdicts with evidence
* `plain`    the same without RE2
* `vader`    VADER, one conversation at a time
* `spacy`    spaCy PhraseMatcher over as many literal phrases as the lexicon has
* `re`       the lexicon's groups as separate `re` patterns
"""

import argparse
import importlib
import json
import multiprocessing
import re
import time
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from clearbar.grading.rules import Lexicon, RulesGrader, load_lexicon
from clearbar.grading.rules.engine import SetFinder
from clearbar.grading.rules.text import Utterance
from clearbar.rubric import Rubric
from clearbar.rubric_file import load_rubric

ROOT = Path(__file__).parents[1]
BLOCK = 256
PLAIN_MOST = 64  # the road without RE2 and spaCy are slow: fewer conversations tell as much


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


def joined(line: bytes) -> tuple[Utterance, Utterance]:
    """Return a conversation's customer and agent text."""
    turns = json.loads(line)["turns"]
    return tuple(Utterance("\n".join(turn["text"] for turn in turns if turn["role"] == role)) for role in ("customer", "agent"))  # type: ignore[return-value]


def ways(lines: list[bytes]) -> Iterator[tuple[str, int, Callable[[], Any]]]:
    """Yield a name, how many conversations it handles, and what to run."""
    rubric, lexicon = parts()
    tongue = next(iter(lexicon.tongues.values()))
    grader, plain, finder = RulesGrader(rubric, lexicon), RulesGrader(rubric, lexicon, plain=True), SetFinder(tongue)
    texts = [joined(line) for line in lines]
    turns = [(turn["role"] == "agent", Utterance(turn["text"])) for line in lines for turn in json.loads(line)["turns"]]
    match = [finder._sides[side]._set.Match for side in (0, 1)]  # noqa: SLF001 - the engine alone is what is measured
    whole = [" ".join(turn["text"] for turn in json.loads(line)["turns"]) for line in lines]
    patterns = [re.compile(group.pattern, re.ASCII) for group in tongue.groups]
    yield "set", len(lines), lambda: [(match[0](customer.normal), match[1](agent.normal)) for customer, agent in texts]
    yield "set/turn", len(lines), lambda: [match[side](utterance.normal) for side, utterance in turns]
    yield "rules", len(lines), lambda: list(grader.grade_lines(lines))
    yield "plain", PLAIN_MOST, lambda: list(plain.grade_lines(lines[:PLAIN_MOST]))
    yield "re", PLAIN_MOST, lambda: [[pattern.search(text.lower()) for pattern in patterns] for text in whole[:PLAIN_MOST]]
    yield from _vader(whole)
    yield from _spacy(whole, tongue.groups)


def _vader(whole: list[str]) -> Iterator[tuple[str, int, Callable[[], Any]]]:
    try:
        module = importlib.import_module("vaderSentiment.vaderSentiment")
    except ImportError:
        print("vader    skipped: vaderSentiment is not installed")
        return
    analyzer = module.SentimentIntensityAnalyzer()
    yield "vader", PLAIN_MOST, lambda: [analyzer.polarity_scores(text) for text in whole[:PLAIN_MOST]]


def _spacy(whole: list[str], groups: Any) -> Iterator[tuple[str, int, Callable[[], Any]]]:
    try:
        spacy = importlib.import_module("spacy")
        matcher_module = importlib.import_module("spacy.matcher")
    except ImportError:
        print("spacy    skipped: spacy is not installed")
        return
    nlp = spacy.blank("en")
    matcher = matcher_module.PhraseMatcher(nlp.vocab, attr="LOWER")
    words = sorted({word for group in groups for word in re.findall(r"[a-z]{4,}", group.pattern)})
    matcher.add("words", [nlp.make_doc(word) for word in words])
    yield "spacy", PLAIN_MOST, lambda: [matcher(nlp.make_doc(text)) for text in whole[:PLAIN_MOST]]


def rates(lines: list[bytes], rounds: int) -> dict[str, float]:
    """Return conversations a second of each way, the best of rounds that take turns."""
    runs = list(ways(lines))
    best = dict.fromkeys((name for name, _, _ in runs), float("inf"))
    for _ in range(rounds):
        for name, number, run in runs:
            start = time.perf_counter()
            run()
            best[name] = min(best[name], (time.perf_counter() - start) / number)
    return {name: 1 / seconds for name, seconds in best.items()}


def _grade(lines: list[bytes]) -> int:
    rubric, lexicon = parts()
    return sum(len(line) for line in RulesGrader(rubric, lexicon).grade_lines(lines))


def processes(lines: list[bytes]) -> float:
    """Return how many times faster two processes are than one, on the same work and each with its own start."""
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.map(_grade, [lines[:8], lines[:8]])
        start = time.perf_counter()
        pool.map(_grade, [lines], chunksize=1)
        one = time.perf_counter() - start
        half = len(lines) // 2
        start = time.perf_counter()
        pool.map(_grade, [lines[:half], lines[half:]], chunksize=1)
        return one / (time.perf_counter() - start)


def memory(lines: list[bytes]) -> tuple[float, float]:
    """Return the peak of traced memory, in MB, over the lines once and over the lines four times."""
    rubric, lexicon = parts()
    grader = RulesGrader(rubric, lexicon)
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
    found = rates(lines, asked.rounds)
    for name, rate in found.items():
        print(f"{name:9}{rate:10.0f} conversations/s   rules are {found['rules'] / rate:.3f} of it")
    once, four = memory(lines)
    print(f"memory   {once:.1f} MB over {len(lines)} conversations, {four:.1f} MB over four times as many")
    print(f"two processes: {processes(lines * 4):.2f} times one")


if __name__ == "__main__":
    main()
