"""What other processes do to a store in the tests of concurrency: run as a script, say each finished step on stdout."""

import sys
import threading

from tests.store.made import made_item, made_rubric, made_transcript

from clearbar.grading.llm.ledger import Spend
from clearbar.label import Label
from clearbar.store import Run, Store


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def save(store: Store, run: Run, first: int) -> None:
    """Save batches of seven for ever, each also in a shared conversation."""
    for number in range(first, first + 10_000):
        items = [made_item(made_transcript(number, source=f"desk-{part}")) for part in range(7)]
        store.save_batch(run, items)
        say(str(number))


def share(store: Store, run: Run, first: int) -> None:
    """Write thirty batches to the same rows as everybody else, and read between."""
    for step in range(30):
        store.save_batch(run, [made_item(made_transcript(number)) for number in range(20)] + [made_item(made_transcript(first + step))])
        assert store.conversation("desk", f"c{first + step:05}") is not None
    say("done")


def spend(store: Store, _: Run, first: int) -> None:
    """Spend from one budget, and claim, until it is empty."""
    granted, claimed = 0, 0
    for step in range(60):
        claimed += not store.ledger.claim([f"key-{step}"], f"holder-{first}", 600)
        granted += store.ledger.spend("shared", Spend(calls=1), Spend(calls=70))
    say(f"{granted} {claimed}")


def review(store: Store, _: Run, first: int) -> None:
    """Correct for ever, in several threads at once as the review app does."""

    def correct(reviewer: int) -> None:
        for number in range(10_000):
            store.add_labels([Label(id=f"c{number}", levels={"solved": "yes"}, annotator=f"r{first + reviewer}")])
            say(f"r{first + reviewer} c{number}")

    for thread in [threading.Thread(target=correct, args=(reviewer,)) for reviewer in range(6)]:
        thread.start()


def main() -> None:
    url, task, first = sys.argv[1:]
    store = Store.open(url)
    run = store.start_run(rubric=made_rubric(), asked="rules")
    say("ready")
    {"save": save, "share": share, "spend": spend, "review": review}[task](store, run, int(first))


if __name__ == "__main__":
    main()
