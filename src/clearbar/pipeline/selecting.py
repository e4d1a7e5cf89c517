"""Which conversations people look at: a random part with known chances, and the doubtful ones."""

from collections import Counter
from collections.abc import Sequence

from clearbar.audit import assemble
from clearbar.label import LabelKind
from clearbar.pipeline.intake import batches
from clearbar.pipeline.selection import GradedItems
from clearbar.pipeline.workspace import Workspace
from clearbar.report import ReportItem
from clearbar.sampling import NO_TEAM, Candidate, candidates, draw
from clearbar.store import Run, Sampled, Store
from clearbar.verdict import Audit

__all__ = ["sample_for_review"]

_AT_ONCE = 500
"""Conversations looked at together."""


def sample_for_review(space: Workspace, store: Store, run: Run, items: GradedItems, number: int) -> int:
    """Draw conversations for review, write the draw down with its proof, and return how many were drawn.

    Parameters
    ----------
    space
        Rubric, seed, and the rules, whose disagreement with another grader is a reason to look.
    store
        Keeps the draw.
    run
        The run that the draw belongs to.
    items
        The conversations that could be reviewed.
    number
        How many reviews there are.
    """
    if not number or not items:
        return 0
    frame: list[Candidate] = []
    hashes: dict[tuple[str, str], str] = {}
    # The next reviews go where they say most: random ones that a team already has count.
    known = {label.id for label in store.labels() if label.probability and label.kind is LabelKind.BLIND}
    reviewed: Counter[str] = Counter()
    for some in batches(items, _AT_ONCE):
        hashes |= {(item.transcript.source, item.transcript.id): item.transcript.text_hash for item in some}
        others = {} if space.llm is None else _by_rules(space, store, some)
        for item in some:
            key = space.rules.key(item.transcript)
            beside = [others[key]] if key in others else []
            reviewed[item.transcript.team or NO_TEAM] += item.transcript.id in known
            frame += candidates([item.audit], space.rubric, source=item.transcript.source, others=beside)
    drawn = draw(frame, budget=number, seed=space.settings.review.seed, reviewed=reviewed)
    kept = {"source", "id", "part", "stratum", "probability", "seed", "frame_hash", "why"}
    store.add_samples(Sampled(run=run.id, text_hash=hashes[one.source, one.id], **one.model_dump(include=kept)) for one in drawn)
    return len(drawn)


def _by_rules(space: Workspace, store: Store, items: Sequence[ReportItem]) -> dict[str, Audit]:
    """Return what the rules said of the same texts, by the key of the grade."""
    keys = {space.rules.key(item.transcript): item for item in items}
    found = store.known_grades(keys)
    return {key: assemble(keys[key].transcript, space.rubric, grade.verdicts) for key, grade in found.items()}
