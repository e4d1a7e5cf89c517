"""What a report counts. Whatever is counted here adds up to all conversations, or to all verdicts that were asked for."""

from collections import Counter
from collections.abc import Iterable, Sequence

from clearbar.report.inputs import ReportItem
from clearbar.report.model import AutoFailReport, DataQuality, GraderUse, LevelCount, Tally
from clearbar.report.words import reason_words
from clearbar.rubric import Gate, Rubric
from clearbar.transcript import Role
from clearbar.verdict import UNGRADED, GradedBy, Verdict

__all__ = [
    "KINDS",
    "auto_fails",
    "bands",
    "by_conversation",
    "by_verdict",
    "data_quality",
    "grader_uses",
    "missing",
    "provisional",
    "reasons",
    "tallies",
]

KINDS = {
    GradedBy.LLM: "by a language model",
    GradedBy.RULES: "by rules",
    GradedBy.HUMAN: "by people",
}
_CONVERSATION_KINDS = {
    "human": "with verdicts by people",
    "llm": "by a language model",
    "mixed": "by a language model, with rules for some criteria",
    "rules": "by rules",
    "ungraded": "ungraded",
}


def bands(items: Sequence[ReportItem], rubric: Rubric) -> tuple[LevelCount, ...]:
    """Return the conversations in each band, the lowest first, without those whose auto-fail nobody has confirmed."""
    counts = Counter(item.audit.band for item in items if not provisional(item, rubric))
    return tuple(LevelCount(id=band.id, name=band.name, count=counts[band.id], fails=place == 0) for place, band in enumerate(rubric.bands))


def provisional(item: ReportItem, rubric: Rubric) -> bool:
    """Whether a conversation lies in the lowest band with an auto-fail that nobody has confirmed."""
    fails = item.audit.auto_fail
    return item.audit.band == rubric.bands[0].id and bool(fails) and all(fail.provisional for fail in fails)


def by_conversation(items: Sequence[ReportItem]) -> tuple[Tally, ...]:
    """Return the conversations by who graded them; each counts once."""
    counts = Counter(_kind(item.audit.verdicts) for item in items)
    return tuple(Tally(id=id, name=name, count=counts[id]) for id, name in _CONVERSATION_KINDS.items())


def _kind(verdicts: Sequence[Verdict]) -> str:
    kinds = {verdict.graded_by for verdict in verdicts if verdict.level != UNGRADED}
    if not kinds:
        return "ungraded"
    if GradedBy.HUMAN in kinds:
        return "human"
    return "mixed" if len(kinds) > 1 else kinds.pop().value


def by_verdict(verdicts: Sequence[Verdict], asked: int) -> tuple[Tally, ...]:
    """Return the verdicts by who gave them; what is missing of all that were asked for is ungraded."""
    counts = Counter(verdict.graded_by for verdict in verdicts if verdict.level != UNGRADED)
    given = tuple(Tally(id=kind, name=KINDS[kind], count=counts[kind]) for kind in GradedBy)
    return (*given, Tally(id="ungraded", name="ungraded", count=asked - counts.total()))


def missing(verdicts: Sequence[Verdict], asked: int) -> Iterable[str]:
    """Yield a reason for each verdict that is missing."""
    yield from (verdict.reason or "" for verdict in verdicts if verdict.level == UNGRADED)
    yield from ["missing"] * (asked - len(verdicts))


def reasons(found: Iterable[str]) -> tuple[Tally, ...]:
    """Return reasons in words with their number, the commonest first."""
    return tuple(Tally(id=id, name=reason_words(id), count=count) for id, count in _ordered(Counter(found)))


def tallies(counts: Counter[str]) -> tuple[Tally, ...]:
    """Return numbers by what they count, the largest first."""
    return tuple(Tally(id=id, name=id, count=count) for id, count in _ordered(counts))


def _ordered(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def auto_fails(items: Sequence[ReportItem], rubric: Rubric) -> Iterable[AutoFailReport]:
    """Yield the critical criteria that were failed, in the rubric's order."""
    for criterion in rubric.criteria:
        hits = [(item.transcript.id, fail.provisional) for item in items for fail in item.audit.auto_fail if fail.criterion == criterion.id]
        if hits:
            provisional = sum(provisional for _, provisional in hits)
            yield AutoFailReport(
                criterion=criterion.id,
                name=criterion.name,
                scope="section" if criterion.gate is Gate.SECTION else "conversation",
                provisional=provisional,
                confirmed=len(hits) - provisional,
                conversations=tuple(id for id, _ in hits),
            )


def data_quality(items: Sequence[ReportItem]) -> DataQuality:
    """Return what the records hold and lack."""
    transcripts = [item.transcript for item in items]
    redactions: Counter[str] = Counter()
    for transcript in transcripts:
        redactions.update(transcript.redactions)
    return DataQuality(
        turns=sum(len(transcript.turns) for transcript in transcripts),
        without_date=sum(transcript.started_at is None for transcript in transcripts),
        without_times=sum(all(turn.time is None for turn in transcript.turns) for transcript in transcripts),
        without_agent=sum(transcript.agent is None for transcript in transcripts),
        without_agent_turns=sum(all(turn.role is not Role.AGENT for turn in transcript.turns) for transcript in transcripts),
        transferred=sum(len(transcript.agents) > 1 for transcript in transcripts),
        languages=tallies(Counter(transcript.language or "not stated" for transcript in transcripts)),
        channels=tallies(Counter(transcript.channel or "not stated" for transcript in transcripts)),
        redactions=tallies(redactions),
    )


def grader_uses(verdicts: Sequence[Verdict]) -> tuple[GraderUse, ...]:
    """Return every grader with its number of verdicts, the busiest first."""
    counts = Counter((verdict.graded_by, verdict.grader) for verdict in verdicts)
    silent = Counter((verdict.graded_by, verdict.grader) for verdict in verdicts if verdict.level == UNGRADED)
    return tuple(
        GraderUse(graded_by=use[0], grader=use[1], verdicts=count - silent[use], ungraded=silent[use])
        for use, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    )
