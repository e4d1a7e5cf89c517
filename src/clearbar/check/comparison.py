"""Graders beside one another: what each covers, where they overlap, where they conflict, and who is right."""

from collections.abc import Mapping, Sequence

from clearbar.check.annotators import null
from clearbar.labelled import Resolved
from clearbar.model import Model
from clearbar.rubric import Rubric
from clearbar.verdict import UNGRADED, Audit

__all__ = ["GraderComparison", "compare"]


class GraderComparison(Model):
    """One grader on one criterion, beside the others."""

    criterion: str
    grader: str
    conversations: int
    """That any of the graders saw."""
    coverage: float | None
    """Share on which this one said anything."""
    overlap: float | None
    """Share on which it and at least one other did."""
    conflict: float | None
    """Share on which it and at least one other said different things."""
    accuracy: float | None
    """Share of its verdicts that equal the label, where there is one; null where there is none."""
    labelled: int
    """Verdicts of it that could be compared with a label."""


def compare(by_grader: Mapping[str, Sequence[Audit]], resolved: Resolved, rubric: Rubric) -> tuple[GraderComparison, ...]:
    """Return coverage, overlap, conflict and accuracy for every criterion and grader.

    Whoever labelled blind counts as a grader too, named `labels by …`; their accuracy is against what all labels came to.

    Parameters
    ----------
    by_grader
        Audits by the grader's name.
    resolved
        Labels that say who is right; may be empty.
    rubric
        Its criteria.
    """
    said = {grader: _said(audits) for grader, audits in by_grader.items()}
    conversations = sorted({id for given in said.values() for id, _ in given})
    said |= {f"labels by {name}": _labelled(resolved, name) for name in resolved.annotators}
    return tuple(_row(criterion.id, grader, conversations, said, resolved) for criterion in rubric.criteria for grader in said)


def _said(audits: Sequence[Audit]) -> dict[tuple[str, str], str]:
    return {(audit.transcript, verdict.criterion): verdict.level for audit in audits for verdict in audit.verdicts}


def _labelled(resolved: Resolved, annotator: str) -> dict[tuple[str, str], str]:
    return {(id, criterion): level for id, given in resolved.blind.items() for criterion, level in given.get(annotator, {}).items()}


def _row(
    criterion: str, grader: str, conversations: Sequence[str], said: Mapping[str, Mapping[tuple[str, str], str]], resolved: Resolved
) -> GraderComparison:
    covered = overlapping = conflicting = right = labelled = 0
    for id in conversations:
        level = said[grader].get((id, criterion), UNGRADED)
        if level == UNGRADED:
            continue
        covered += 1
        others = {given.get((id, criterion), UNGRADED) for name, given in said.items() if name != grader} - {UNGRADED}
        overlapping += bool(others)
        conflicting += bool(others - {level})
        truth = resolved.level(id, criterion)
        labelled += truth is not None
        right += truth == level
    number = len(conversations)
    return GraderComparison(
        criterion=criterion,
        grader=grader,
        conversations=number,
        coverage=null(covered / number) if number else None,
        overlap=null(overlapping / number) if number else None,
        conflict=null(conflicting / number) if number else None,
        accuracy=null(right / labelled) if labelled else None,
        labelled=labelled,
    )
