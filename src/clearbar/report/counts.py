"""What a report counts. Whatever is counted here adds up to all conversations, or to all verdicts that were asked for."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date

from clearbar.report.inputs import ReportItem
from clearbar.report.model import AutoFailReport, DataQuality, GraderUse, LevelCount, Tally
from clearbar.report.words import reason_words
from clearbar.rubric import Gate, Rubric
from clearbar.transcript import RedactedTranscript, Role
from clearbar.verdict import UNGRADED, Audit, GradedBy, Usage, Verdict

__all__ = ["KINDS", "Counts", "Quality", "tallies"]

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


class Counts:
    """Counts conversations and verdicts, one conversation after the other.

    Parameters
    ----------
    rubric
        Whose criteria, bands and gates count.
    """

    def __init__(self, rubric: Rubric) -> None:
        self._rubric = rubric
        self.conversations = 0
        self.levels: dict[str, Counter[str]] = defaultdict(Counter)
        """By criterion: how often each level or state was given."""
        self.failed: Counter[str] = Counter()
        """By criterion: verdicts whose grading went wrong."""
        self.kinds: dict[str, Counter[GradedBy]] = defaultdict(Counter)
        """By criterion: who gave a verdict."""
        self.used: dict[str, set[str]] = defaultdict(set)
        """By criterion: fingerprints of the graders that gave one."""
        self.usage = Usage()
        """What was paid for the grades."""
        self.scores: list[float] = []
        self.clear = 0
        """Scored conversations above the lowest band."""
        self.provisional = 0
        """Conversations in the lowest band with an auto-fail that nobody has confirmed."""
        self.auto_failed = 0
        self.auto_failed_confirmed = 0
        self._bands: Counter[str | None] = Counter()
        self._sorts: Counter[str] = Counter()
        self._fallbacks: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._graders: Counter[tuple[GradedBy, str]] = Counter()
        self._silent: Counter[tuple[GradedBy, str]] = Counter()
        self._auto_fails: dict[str, list[tuple[str, bool]]] = defaultdict(list)
        self._overturned: Counter[str] = Counter()

    def add(self, item: ReportItem) -> None:
        """Count a conversation."""
        audit = item.audit
        self.conversations += 1
        self.usage += audit.usage
        self._add_score(audit)
        self._sorts[_sort(audit.verdicts)] += 1
        for verdict in audit.verdicts:
            self._add_verdict(verdict)
        for fail in audit.auto_fail:
            self._auto_fails[fail.criterion].append((item.transcript.id, fail.provisional))
        self.auto_failed += bool(audit.auto_fail)
        self.auto_failed_confirmed += any(not fail.provisional for fail in audit.auto_fail)
        if item.graded is not None:
            standing = {fail.criterion for fail in audit.auto_fail}
            self._overturned.update({fail.criterion for fail in item.graded.auto_fail} - standing)

    def _add_score(self, audit: Audit) -> None:
        lowest = self._rubric.bands[0].id
        if audit.score is not None:
            self.scores.append(audit.score)
            self.clear += audit.band != lowest
        if audit.band == lowest and audit.auto_fail and all(fail.provisional for fail in audit.auto_fail):
            self.provisional += 1
        else:
            self._bands[audit.band] += 1

    def _add_verdict(self, verdict: Verdict) -> None:
        criterion, by = verdict.criterion, (verdict.graded_by, verdict.grader)
        self.levels[criterion][verdict.level] += 1
        self._graders[by] += 1
        if verdict.fallback_reason:
            self._fallbacks[verdict.fallback_reason] += 1
        if verdict.level == UNGRADED:
            self._silent[by] += 1
            self._reasons[verdict.reason or ""] += 1
            self.failed[criterion] += verdict.failed
        else:
            self.kinds[criterion][verdict.graded_by] += 1
            self.used[criterion].add(verdict.grader)

    @property
    def asked(self) -> int:
        """Verdicts that were asked for."""
        return self.conversations * len(self._rubric.criteria)

    @property
    def unscored(self) -> int:
        """Conversations without a score."""
        return self.conversations - len(self.scores)

    def failing(self, criterion: str) -> tuple[int, int]:
        """Return how many conversations failed a criterion, of how many with a level."""
        levels = self._rubric.scale_of(criterion).levels
        given = self.levels[criterion]
        return sum(given[level.id] for level in levels if level.fails), sum(given[level.id] for level in levels)

    def bands(self) -> tuple[LevelCount, ...]:
        """Return the conversations in each band, the lowest first, without those whose auto-fail nobody has confirmed."""
        bands = self._rubric.bands
        return tuple(
            LevelCount(id=band.id, name=band.name, count=self._bands[band.id], fails=not place) for place, band in enumerate(bands)
        )

    def by_conversation(self) -> tuple[Tally, ...]:
        """Return the conversations by who graded them; each counts once."""
        return tuple(Tally(id=id, name=name, count=self._sorts[id]) for id, name in _CONVERSATION_KINDS.items())

    def by_verdict(self) -> tuple[Tally, ...]:
        """Return the verdicts by who gave them; what is missing of all that were asked for is ungraded."""
        counts = sum(self.kinds.values(), Counter[GradedBy]())
        given = tuple(Tally(id=kind, name=KINDS[kind], count=counts[kind]) for kind in GradedBy)
        return (*given, Tally(id="ungraded", name="ungraded", count=self.asked - counts.total()))

    def missing(self) -> tuple[Tally, ...]:
        """Return why verdicts are missing, the commonest reason first."""
        unasked = self.asked - sum(given.total() for given in self.levels.values())
        return _reasons(self._reasons + Counter({"missing": unasked}))

    def fallbacks(self) -> tuple[Tally, ...]:
        """Return why verdicts were not given by the grader that was asked first."""
        return _reasons(self._fallbacks)

    def auto_fails(self) -> tuple[AutoFailReport, ...]:
        """Return the critical criteria that were failed, in the rubric's order."""
        found = []
        for criterion in self._rubric.criteria:
            hits, overturned = self._auto_fails[criterion.id], self._overturned[criterion.id]
            provisional = sum(provisional for _, provisional in hits)
            if hits or overturned:
                report = AutoFailReport(
                    criterion=criterion.id,
                    name=criterion.name,
                    scope="section" if criterion.gate is Gate.SECTION else "conversation",
                    provisional=provisional,
                    confirmed=len(hits) - provisional,
                    overturned=overturned,
                    conversations=tuple(id for id, _ in hits),
                )
                found.append(report)
        return tuple(found)

    @property
    def graders(self) -> set[str]:
        """Fingerprints of all graders that were asked."""
        return {grader for _, grader in self._graders}

    def grader_uses(self) -> tuple[GraderUse, ...]:
        """Return every grader with its number of verdicts, the busiest first."""
        busiest = sorted(self._graders.items(), key=lambda pair: (-pair[1], pair[0]))
        return tuple(
            GraderUse(graded_by=use[0], grader=use[1], verdicts=count - self._silent[use], ungraded=self._silent[use])
            for use, count in busiest
        )


class Quality:
    """Counts what the records hold and lack, one after the other."""

    def __init__(self) -> None:
        self.first: date | None = None
        self.last: date | None = None
        self._numbers: Counter[str] = Counter()
        self._languages: Counter[str] = Counter()
        self._channels: Counter[str] = Counter()
        self._redactions: Counter[str] = Counter()

    def add(self, transcript: RedactedTranscript) -> None:
        """Count a record."""
        turns = transcript.turns
        self._numbers.update(
            turns=len(turns),
            without_date=transcript.started_at is None,
            without_times=all(turn.time is None for turn in turns),
            without_agent=transcript.agent is None,
            without_agent_turns=all(turn.role is not Role.AGENT for turn in turns),
            transferred=len(transcript.agents) > 1,
        )
        self._languages[transcript.language or "not stated"] += 1
        self._channels[transcript.channel or "not stated"] += 1
        self._redactions.update(transcript.redactions)
        if transcript.started_at:
            day = transcript.started_at.date()
            self.first, self.last = min(self.first or day, day), max(self.last or day, day)

    def told(self) -> DataQuality:
        """Return what was counted."""
        return DataQuality(
            **{name: self._numbers[name] for name in DataQuality.model_fields if name not in {"languages", "channels", "redactions"}},
            languages=tallies(self._languages),
            channels=tallies(self._channels),
            redactions=tallies(self._redactions),
        )


def tallies(counts: Counter[str]) -> tuple[Tally, ...]:
    """Return numbers by what they count, the largest first."""
    return tuple(Tally(id=id, name=id, count=count) for id, count in _ordered(counts))


def _reasons(found: Counter[str]) -> tuple[Tally, ...]:
    """Return reasons in words with their number, the commonest first."""
    return tuple(Tally(id=id, name=reason_words(id), count=count) for id, count in _ordered(found))


def _ordered(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _sort(verdicts: Sequence[Verdict]) -> str:
    kinds = {verdict.graded_by for verdict in verdicts if verdict.level != UNGRADED}
    if not kinds:
        return "ungraded"
    if GradedBy.HUMAN in kinds:
        return "human"
    return "mixed" if len(kinds) > 1 else kinds.pop().value
