"""Conversations that somebody should look at, with the words that decided."""

from collections.abc import Mapping, Sequence

from clearbar.report.excerpt import excerpt, shorten
from clearbar.report.inputs import ReportItem
from clearbar.report.model import ConversationReport, CriterionReport, VerdictReport
from clearbar.rubric import Gate, Rubric
from clearbar.verdict import Audit, GradedBy, Verdict

__all__ = ["Reader", "at_top", "attention", "failing"]

_VERDICTS = 4
"""Deciding verdicts shown of a conversation."""
_QUOTES = 2
"""Quotes shown of a verdict."""
_RATIONALE = 320


class Reader:
    """Tells a conversation by the verdicts that decided.

    Parameters
    ----------
    rubric
        Names, scales and gates.
    criteria
        How far the graders may be believed, by criterion.
    agents
        Agents who may appear.
    quotes
        Whether words of conversations may be shown.
    """

    def __init__(self, rubric: Rubric, criteria: Mapping[str, CriterionReport], agents: frozenset[str], *, quotes: bool) -> None:
        self.rubric = rubric
        self.criteria = criteria
        self.agents = agents
        self.quotes = quotes

    def conversation(self, item: ReportItem, why: str, deciding: Sequence[Verdict], *, at_most: int = _VERDICTS) -> ConversationReport:
        """Return what is shown of a conversation."""
        transcript = item.transcript
        return ConversationReport(
            id=transcript.id,
            source=transcript.source,
            url=_safe(transcript.url),
            started_at=transcript.started_at,
            channel=transcript.channel,
            topic=transcript.topic,
            agent=item.audit.agent if item.audit.agent in self.agents else None,
            score=item.audit.score,
            band=item.audit.band,
            why=why,
            verdicts=self._verdicts(item, deciding[:at_most]),
            more=max(len(deciding) - at_most, 0),
        )

    def _verdicts(self, item: ReportItem, deciding: Sequence[Verdict]) -> tuple[VerdictReport, ...]:
        """Tell each verdict; words that stand under an earlier one are not shown again."""
        told: list[VerdictReport] = []
        for verdict in deciding:
            new = self._verdict(item, verdict)
            same = next((other for other in told if new.quotes and set(new.quotes) <= set(other.quotes)), None)
            told.append(new.model_copy(update={"quotes": (), "same_as": same.name}) if same else new)
        return tuple(told)

    def _verdict(self, item: ReportItem, verdict: Verdict) -> VerdictReport:
        level = self.rubric.level(verdict.criterion, verdict.level)
        turns = item.transcript.turns
        told = self.quotes or verdict.graded_by is GradedBy.RULES
        held = [evidence for evidence in verdict.evidence if evidence.turn < len(turns)] if self.quotes else []
        return VerdictReport(
            criterion=verdict.criterion,
            name=self.rubric.criterion(verdict.criterion).name,
            level=level.id,
            level_name=level.name,
            fails=level.fails,
            graded_by=verdict.graded_by,
            trust=self.criteria[verdict.criterion].trust_in(verdict.graded_by),
            rationale=shorten(verdict.rationale, _RATIONALE) if told else "",
            quotes=tuple(excerpt(turns[evidence.turn], evidence) for evidence in held[:_QUOTES]),
            same_as="",
            searched=len(verdict.searched or ()),
        )


def failing(audit: Audit, rubric: Rubric) -> list[Verdict]:
    """Return the verdicts at a failing level, what weighs most first."""
    found = [verdict for verdict in audit.verdicts if verdict.graded and rubric.level(verdict.criterion, verdict.level).fails]
    return sorted(found, key=lambda verdict: _importance(verdict.criterion, rubric))


def at_top(audit: Audit, rubric: Rubric) -> list[Verdict]:
    """Return the verdicts at the top of their scale, what weighs most first."""
    found = [verdict for verdict in audit.verdicts if verdict.graded and _tops(verdict, rubric)]
    return sorted(found, key=lambda verdict: _importance(verdict.criterion, rubric))


def _tops(verdict: Verdict, rubric: Rubric) -> bool:
    level = rubric.scale_of(verdict.criterion).levels[-1]
    return level.id == verdict.level and not level.fails


def _importance(id: str, rubric: Rubric) -> tuple[bool, float]:
    criterion = rubric.criterion(id)
    return criterion.gate is not Gate.CONVERSATION, -criterion.weight


def attention(audit: Audit, rubric: Rubric) -> tuple[int, str]:
    """Return where a conversation stands among those that deserve a look, and why; no reason where it deserves none.

    Confirmed auto-fails come first, then provisional ones, then those whose words may have swayed the grader, then the lowest band, then
    those whose grading went wrong.
    """
    if audit.auto_fail:
        names = ", ".join(rubric.criterion(fail.criterion).name for fail in audit.auto_fail)
        if all(fail.provisional for fail in audit.auto_fail):
            return 1, f"Auto-fail on {names}: provisional until a person confirms it"
        return 0, f"Auto-fail on {names}"
    if doubt := next((verdict.doubt for verdict in audit.verdicts if verdict.doubt), None):
        return 2, f"{doubt[:1].upper()}{doubt[1:]}: read it before you trust its grades"
    if audit.band == rubric.bands[0].id:
        return 3, rubric.bands[0].name
    if audit.score is None and any(verdict.failed for verdict in audit.verdicts):
        return 4, "No score, because the grading itself went wrong"
    return 5, ""


def _safe(url: str | None) -> str | None:
    """Return an address that a browser opens as a page, and no other kind."""
    return url if url and url.lower().startswith(("https://", "http://")) else None
