"""From verdicts to a score and a band, as the rubric says. Applied when a grade is read: a new weight costs no new grade."""

from collections.abc import Mapping, Sequence

from clearbar.model import Model
from clearbar.rubric import Criterion, Gate, Rubric
from clearbar.verdict import NOT_APPLICABLE, AutoFail, GradedBy, Verdict

__all__ = ["Scored", "score"]


class Scored(Model):
    """What a conversation's verdicts add up to."""

    score: float | None
    band: str | None
    weight_graded: float
    auto_fail: tuple[AutoFail, ...]
    sections: dict[str, float | None]
    """Score of each section, null where nothing in it was graded."""


def score(verdicts: Sequence[Verdict], rubric: Rubric) -> Scored:
    """Return the weighted mean over graded, applicable criteria, and the band.

    `weight_graded` is the graded share of the weight that applies or may apply (ungraded criteria may). Score and band are
    null where it is under the rubric's `min_weight_graded`, where nothing was graded, and where the grading of a
    conversation-wide gate failed. A criterion without a verdict counts as ungraded.
    """
    given = {verdict.criterion: verdict for verdict in verdicts}
    applicable = [item for item in rubric.criteria if item.id not in given or given[item.id].level != NOT_APPLICABLE]
    graded = [item for item in applicable if item.id in given and given[item.id].graded]
    asked = sum(item.weight for item in applicable)
    weight_graded = round(sum(item.weight for item in graded) / asked, 4) if asked else 0.0
    failing = [item for item in graded if rubric.level(item.id, given[item.id].level).fails]
    sections = _section_scores(graded, given, rubric, failing)
    auto_fail = tuple(
        AutoFail(criterion=item.id, provisional=given[item.id].graded_by is not GradedBy.HUMAN)
        for item in failing
        if item.gate in {Gate.CONVERSATION, Gate.SECTION}
    )
    shown = {id: None if value is None else round(value, 2) for id, value in sections.items()}
    unknown = any(item.gate is Gate.CONVERSATION and item.id in given and given[item.id].failed for item in applicable)
    if not graded or unknown or weight_graded < rubric.min_weight_graded:
        return Scored(score=None, band=None, weight_graded=weight_graded, auto_fail=auto_fail, sections=shown)
    total = _total(graded, sections, rubric, failing)
    return Scored(
        score=total, band=_band(total, graded, given, rubric, failing), weight_graded=weight_graded, auto_fail=auto_fail, sections=shown
    )


def _section_scores(
    graded: Sequence[Criterion], given: Mapping[str, Verdict], rubric: Rubric, failing: Sequence[Criterion]
) -> dict[str, float | None]:
    lost = {item.section for item in failing if item.gate is Gate.SECTION}
    scores: dict[str, float | None] = {}
    for section in rubric.sections:
        members = [item for item in graded if item.section == section.id]
        weight = sum(item.weight for item in members)
        points = sum(item.weight * rubric.level(item.id, given[item.id].level).points for item in members)
        scores[section.id] = None if not members else 0.0 if section.id in lost else points / weight
    return scores


def _total(graded: Sequence[Criterion], sections: Mapping[str, float | None], rubric: Rubric, failing: Sequence[Criterion]) -> float:
    if rubric.auto_fail_score == "zero" and any(item.gate is Gate.CONVERSATION for item in failing):
        return 0.0
    weighed = any(section.weight is not None for section in rubric.sections)
    parts = []
    for section in rubric.sections:
        scored = sections[section.id]
        if scored is not None:
            inside = sum(item.weight for item in graded if item.section == section.id)
            parts.append((section.weight or 0.0 if weighed else inside, scored))
    weight = sum(part for part, _ in parts)
    return round(sum(part * scored for part, scored in parts) / weight, 2) if weight else 0.0


def _band(total: float, graded: Sequence[Criterion], given: Mapping[str, Verdict], rubric: Rubric, failing: Sequence[Criterion]) -> str:
    lowest = rubric.bands[0].id
    if any(item.gate in {Gate.CONVERSATION, Gate.BAND} for item in failing):
        return lowest
    at_top = sum(given[item.id].level == rubric.scale_of(item.id).ids[-1] for item in graded)
    held = [band.id for band in rubric.bands if total >= band.from_score and not (band.none_failing and failing) and at_top >= band.at_top]
    return held[-1] if held else lowest
