"""How long the store takes for 10,000 conversations with 15 verdicts each, and how many small commits it makes a second.

    python benchmarks/store.py [URL]

Without a URL: SQLite in a temporary folder.
"""

import gc
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from clearbar.grading.llm.ledger import RateLimit, RawReply, Spend
from clearbar.label import Label
from clearbar.store import Item, Outcome, Store
from clearbar.transcript import RedactedTranscript, Role, Turn
from clearbar.verdict import Evidence, Grade, GradedBy, Verdict, grade_key

CONVERSATIONS, TURNS, CRITERIA, BATCH, COMMITS = 10_000, 12, 15, 256, 500
START = datetime(2026, 1, 1, tzinfo=UTC)


def made_item(number: int) -> Item:
    """Return one graded conversation."""
    roles = (Role.CUSTOMER, Role.AGENT)
    turns = tuple(
        Turn(role=roles[place % 2], text=f"turn {place} of {number}: " + "words and words " * 4, agent="agent-1" if place % 2 else None)
        for place in range(TURNS)
    )
    transcript = RedactedTranscript(
        source="bench", id=str(number), turns=turns, team=f"team-{number % 9}", customer=f"customer-{number // 3}",
        started_at=START + timedelta(minutes=number),
    )  # fmt: skip
    verdicts = tuple(
        Verdict(
            criterion=f"criterion_{place}", level="clears", agent="agent-1", graded_by=GradedBy.RULES, grader="rules-1",
            rationale="The agent says what happens next.", evidence=(Evidence(turn=1, start=0, end=20, quote=turns[1].text[:20]),),
        )
        for place in range(CRITERIA)
    )  # fmt: skip
    key = grade_key(transcript.text_hash, "rules", "rules-1")
    grade = Grade(key=key, text_hash=transcript.text_hash, graded_by=GradedBy.RULES, grader="rules-1", verdicts=verdicts)
    return Item(
        source="bench", place=str(number), outcome=Outcome.GRADED, transcript=transcript, grades=(grade,), verdicts=verdicts
    )  # fmt: skip


def measured(what: str, step: Callable[[], Any], *, times: int = 1) -> None:
    """Run a step some times and print seconds, or steps a second."""
    started = time.perf_counter()
    for _ in range(times):
        step()
    seconds = time.perf_counter() - started
    print(f"{what:50} {seconds:8.2f} s" if times == 1 else f"{what:50} {times / seconds:8.0f} /s")


def measure(url: str) -> None:
    """Measure a new store at this URL."""
    items = [made_item(number) for number in range(CONVERSATIONS)]
    gc.freeze()
    with Store.open(url) as store:
        run = store.start_run(asked="rules")
        measured("save 10,000 conversations", lambda: [store.save_batch(run, items[n : n + BATCH]) for n in range(0, len(items), BATCH)])
        measured("save them again", lambda: [store.save_batch(run, items[n : n + BATCH]) for n in range(0, len(items), BATCH)])
        keys = [grade.key for item in items for grade in item.grades]
        measured("look up 10,000 grades", lambda: sum(len(store.known_grades(keys[n : n + BATCH])) for n in range(0, len(keys), BATCH)))
        measured("read 10,000 audits", lambda: sum(1 for _ in store.audits()))
        measured("read 10,000 audits with their turns", lambda: sum(1 for _ in store.audits(turns=True)))
        measure_commits(store)
        measured("erase a customer of three, and scrub", lambda: store.erase(customer="customer-7", who="bench"))


def measure_commits(store: Store) -> None:
    """Measure steps of one small transaction each."""
    numbers = iter(range(10**9))

    def replies(count: int) -> list[RawReply]:
        return [
            RawReply(grade_key=str(next(numbers)), request="1", text_hash="t", grader="g", model="m", content="x" * 2000, at=START)
            for _ in range(count)
        ]

    def label() -> None:
        levels: dict[str, int | str] = {f"criterion_{place}": "clears" for place in range(CRITERIA)}
        store.add_labels([Label(id=str(next(numbers)), levels=levels, annotator="ann")])

    ledger, limit = store.ledger, Spend(calls=10**9)
    measured("commit a raw reply of 2 kB", lambda: ledger.commit(replies(1)), times=COMMITS)
    measured("commit 20 raw replies together", lambda: ledger.commit(replies(20)), times=COMMITS // 5)
    measured("claim a key", lambda: ledger.claim([str(next(numbers))], "me", 60), times=COMMITS)
    measured("spend from a budget", lambda: ledger.spend("b", Spend(calls=1), limit), times=COMMITS)
    measured("take from a rate", lambda: ledger.take("b", 1, 9, RateLimit(requests=10**6)), times=COMMITS)
    measured("append a label", label, times=COMMITS)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(sys.argv[1])
    else:
        with tempfile.TemporaryDirectory() as folder:
            measure(f"sqlite:///{folder}/clearbar.db")
