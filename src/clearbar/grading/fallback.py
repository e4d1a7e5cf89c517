"""Who grades what, and why: verdicts are composed of what the LLM said, what the rules say where it failed, and the reason."""

from collections.abc import Mapping, Sequence

from clearbar.rubric import Criterion, Rubric
from clearbar.verdict import NOT_APPLICABLE, UNGRADED, Grade, GradedBy, GradeFailure, Verdict, failed

__all__ = ["apply_conditions", "compose"]


def compose(
    rubric: Rubric, asked: Grade | GradeFailure | None, rules: Grade | None, why: str | None, *, handed: Mapping[str, str] | None = None
) -> tuple[Verdict, ...]:
    """Return one verdict for each criterion of the rubric, in its order.

    The grader that was asked first keeps every criterion on which it spoke, abstentions included: rules that know less do
    not overrule its doubt. Where its grading failed, the rules' verdict stands with the failure as its `fallback_reason`; where the
    rules abstain as well, or were not asked, the criterion stays ungraded with the failure as its reason.

    Parameters
    ----------
    asked
        What the grader that was asked first said; None if it was not asked at all.
    rules
        What the rules say; None if they were not asked.
    why
        Why the first grader was not asked, for example that no LLM is configured; None where rules alone were wanted.
    handed
        Criteria that are handed from the grader that was asked to the rules, and why; wherever the rules say anything.
    """
    first = _by_criterion(asked if isinstance(asked, Grade) else None)
    second = _by_criterion(rules)
    reason = asked.reason if isinstance(asked, GradeFailure) else why
    for criterion, because in (handed or {}).items():
        better = second.get(criterion)
        if criterion in first and better is not None and better.level != UNGRADED:
            first = {**first, criterion: better.model_copy(update={"fallback_reason": because})}
    verdicts = tuple(_choose(item.id, first.get(item.id), second.get(item.id), reason) for item in rubric.criteria)
    return apply_conditions(rubric, verdicts)


def _by_criterion(grade: Grade | None) -> Mapping[str, Verdict]:
    return {verdict.criterion: verdict for verdict in grade.verdicts} if grade else {}


def _choose(criterion: str, first: Verdict | None, second: Verdict | None, reason: str | None) -> Verdict:
    if first is not None and not first.failed:
        return first
    if first is not None:
        reason = first.reason
    if second is not None and not (second.level == UNGRADED and _is_failure(reason)):
        return second.model_copy(update={"fallback_reason": reason}) if reason else second
    if first is not None:
        return first
    return Verdict(
        criterion=criterion,
        level=UNGRADED,
        reason=reason if reason and _is_failure(reason) else failed("unreachable"),
        graded_by=GradedBy.LLM,
        grader="",
        rationale="" if reason is None or _is_failure(reason) else reason,
    )


def _is_failure(reason: str | None) -> bool:
    return reason is not None and reason.startswith("failed:")


def apply_conditions(rubric: Rubric, verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """Return verdicts in which a criterion under a condition does not apply where the condition is not met.

    A condition on a criterion that nobody could grade leaves the verdict as it is.
    """
    levels = {verdict.criterion: verdict.level for verdict in verdicts}
    settled = []
    for verdict in verdicts:
        unmet = _unmet(rubric.criterion(verdict.criterion), levels)
        if unmet is None or verdict.level == NOT_APPLICABLE:
            settled.append(verdict)
            continue
        # In rubric order, so that what hangs on a criterion that does not apply does not apply either.
        levels[verdict.criterion] = NOT_APPLICABLE
        settled.append(
            verdict.model_copy(
                update={"level": NOT_APPLICABLE, "reason": None, "rationale": unmet, "evidence": (), "searched": None, "agreement": None}
            )
        )
    return tuple(settled)


def _unmet(criterion: Criterion, levels: Mapping[str, str]) -> str | None:
    """Return why a criterion's condition is not met, or None if it is, or if that is not known."""
    condition = criterion.applies.condition
    if condition is None:
        return None
    given = levels.get(condition.criterion, UNGRADED)
    if given == UNGRADED or given in condition.levels:
        return None
    return f"Applies only where {condition.criterion} is {' or '.join(condition.levels)}; it is {given.replace('_', ' ')}."
