"""What a report says of the run behind it: how its counts close, and what could not be used."""

from collections import Counter

from clearbar.errors import Rejection
from clearbar.pipeline.anchors import watched
from clearbar.pipeline.intake import FUTURE
from clearbar.report import PullCounts, RunFacts
from clearbar.rubric import Rubric
from clearbar.store import Outcome, Run, Store

__all__ = ["facts_of", "listed_records"]

Key = tuple[str, str]
"""Source fingerprint and id."""


def facts_of(store: Store, rubric: Rubric, run: Run | None, why_rules: str | None) -> RunFacts:
    """Return what a report says of the pull behind it, and of graders that moved."""
    moved = watched(store, rubric)
    if run is None:
        return RunFacts(why_rules=why_rules, watched=moved)
    counts = run.counts
    filtered: Counter[str] = Counter()
    rejections, waiting = [], []
    for item in store.items(run.id, (Outcome.FILTERED, Outcome.REJECTED)):
        if item.outcome is Outcome.REJECTED:
            rejections.append(Rejection(where=item.place, reason=item.why, id=item.id))
            continue
        filtered[item.why] += 1
        if item.why == FUTURE:
            waiting.append(item.place + (f" (id {item.id!r})" if item.id else ""))
    shown = PullCounts(
        pulled=counts.pulled,
        graded=counts.graded + counts.reused,
        ungraded=counts.ungraded,
        duplicate=counts.duplicate,
        filtered=counts.filtered,
        rejected=counts.rejected,
    )
    return RunFacts(
        counts=shown,
        filtered=dict(filtered),
        rejections=tuple(rejections),
        why_rules=why_rules,
        waiting=tuple(waiting),
        watched=moved,
    )


def listed_records(store: Store, run: Run | None) -> list[Key]:
    """Return the rejected and waiting records that reports list by id."""
    found = store.items(run.id, (Outcome.FILTERED, Outcome.REJECTED)) if run else ()
    listed = (item for item in found if item.outcome is Outcome.REJECTED or item.why == FUTURE)
    return [(item.source, item.id) for item in listed if item.id]
