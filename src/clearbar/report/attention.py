"""Conversations that somebody should look at, with the words that decided."""

from collections.abc import Mapping, Sequence

from clearbar.report.excerpt import excerpt, shorten
from clearbar.report.inputs import ReportItem
from clearbar.report.model import ConversationReport, CriterionReport, VerdictReport
from clearbar.rubric import Gate, Rubric
from clearbar.verdict import Audit, GradedBy, Verdict

__all__ = ["Reader", "exemplary", "needing_attention"]

_VERDICTS = 4
"""Deciding verdicts shown of a conversation."""
_QUOTES = 2
"""Quotes shown of a verdict."""
_RATIONALE = 320
_EXEMPLARY = 3


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

    def failing(self, audit: Audit) -> list[Verdict]:
        """Return the verdicts at a failing level, what weighs most first."""
        found = [verdict for verdict in audit.verdicts if verdict.graded and self.rubric.level(verdict.criterion, verdict.level).fails]
        return sorted(found, key=lambda verdict: self._importance(verdict.criterion))

    def at_top(self, audit: Audit) -> list[Verdict]:
        """Return the verdicts at the top of their scale, what weighs most first."""
        found = [verdict for verdict in audit.verdicts if verdict.graded and self._tops(verdict)]
        return sorted(found, key=lambda verdict: self._importance(verdict.criterion))

    def _tops(self, verdict: Verdict) -> bool:
        level = self.rubric.scale_of(verdict.criterion).levels[-1]
        return level.id == verdict.level and not level.fails

    def _importance(self, id: str) -> tuple[bool, float]:
        criterion = self.rubric.criterion(id)
        return criterion.gate is not Gate.CONVERSATION, -criterion.weight


def needing_attention(items: Sequence[ReportItem], reader: Reader) -> list[tuple[ReportItem, str]]:
    """Return the conversations that deserve a look and why: auto-fails, then the lowest, then those without a score."""
    found = [(place, why, item) for item in items for place, why in [_attention(item.audit, reader.rubric)] if why]
    found.sort(key=lambda entry: (entry[0], 0.0 if entry[2].audit.score is None else entry[2].audit.score, *_order(entry[2])))
    return [(item, why) for _, why, item in found]


def _attention(audit: Audit, rubric: Rubric) -> tuple[int, str]:
    if audit.auto_fail:
        names = ", ".join(rubric.criterion(fail.criterion).name for fail in audit.auto_fail)
        if all(fail.provisional for fail in audit.auto_fail):
            return 1, f"Auto-fail on {names}: provisional until a person confirms it"
        return 0, f"Auto-fail on {names}"
    if audit.band == rubric.bands[0].id:
        return 2, rubric.bands[0].name
    if audit.score is None and any(verdict.failed for verdict in audit.verdicts):
        return 3, "No score, because the grading itself went wrong"
    return 4, ""


def exemplary(items: Sequence[ReportItem], reader: Reader) -> tuple[ConversationReport, ...]:
    """Return the best conversations, in the highest band, to be shown to others."""
    highest = reader.rubric.bands[-1].id
    found = [(item, reader.at_top(item.audit)) for item in items if item.audit.band == highest and not item.audit.auto_fail]
    found = [(item, top) for item, top in found if top]
    found.sort(key=lambda pair: (-len(pair[1]), -(pair[0].audit.score or 0.0), *_order(pair[0])))
    return tuple(reader.conversation(item, reader.rubric.bands[-1].name, top) for item, top in found[:_EXEMPLARY])


def _order(item: ReportItem) -> tuple[float, str, str]:
    started = item.transcript.started_at
    return (started.timestamp() if started else 0.0, item.transcript.id, item.transcript.source)


def _safe(url: str | None) -> str | None:
    """Return an address that a browser opens as a page, and no other kind."""
    return url if url and url.lower().startswith(("https://", "http://")) else None
