"""Rules alone where they are measured good enough, an LLM for the rest.

What *good enough* means is chosen on one part of the labels and tested on the other: a level that the rules give a
criterion is trusted if the share of such verdicts that the labels confirm is, at its lower bound, over a bar. Conversations of
which every verdict is trusted cost no call; of the others the LLM is asked about the remaining criteria only.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import sqrt
from typing import Protocol

from clearbar.grading import Grader
from clearbar.model import Model, digest
from clearbar.rubric import Rubric
from clearbar.transcript import RedactedTranscript
from clearbar.verdict import UNGRADED, Grade, GradedBy, GradeFailure, Verdict, grade_key

__all__ = ["CascadeGrader", "CascadePlan", "Observation", "Trust", "lower_bound", "plan_cascade"]

BARS = (0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
BAR = 0.8
"""Where there are no LLM verdicts on the labelled conversations to tell what is lost."""
TOLERANCE = 0.01
"""Share of agreement that a cascade may lose against the LLM alone, on the part of the labels on which the bar is chosen."""
FEWEST = 12
"""Labelled verdicts below which a level is not trusted, whatever its precision."""
Z = 1.645
"""Of a one-sided 95 % bound."""


class Observation(Model):
    """What rules, label and LLM say of one criterion of one labelled conversation: levels, `not_applicable` or `ungraded`."""

    conversation: str
    criterion: str
    rules: str
    label: str
    llm: str | None = None
    """None where no LLM was asked."""


class Trust(Model):
    """A level of a criterion at which rules decide alone, and on what that rests."""

    criterion: str
    level: str
    confirmed: int
    """Of the labelled verdicts on which the bar was chosen."""
    of: int


class CascadePlan(Model):
    """Where rules decide alone, and what that saved and lost on labels that had no part in the choice."""

    bar: float
    trusted: tuple[Trust, ...]
    chosen_on: int
    """Conversations on which the bar was chosen."""
    tested_on: int
    """Conversations on which the figures below were measured."""
    decided_by_rules: float | None
    """Share of the verdicts; null where there was nothing to test on, as below."""
    without_a_call: float | None
    """Share of conversations on which every verdict was decided by rules."""
    precision: float | None
    """Share of the verdicts decided by rules that the labels confirm."""
    precision_low: float | None
    """Its lower 95 % bound."""
    agreement_cascade: float | None
    """Share of all verdicts that agree with the labels; an ungraded one never does. Null without LLM verdicts, as below."""
    agreement_llm: float | None
    loss: float | None
    """Agreement of the LLM alone less that of the cascade."""


def lower_bound(hits: int, total: int) -> float:
    """Return the lower end of Wilson's one-sided 95 % interval of a share; 0 of nothing.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
    """
    if total == 0:
        return 0.0
    share, square = hits / total, Z * Z
    centre = share + square / (2 * total)
    return max(0.0, (centre - Z * sqrt(share * (1 - share) / total + square / (4 * total * total))) / (1 + square / total))


def plan_cascade(observations: Sequence[Observation], *, group: Callable[[str], str] = str, bar: float | None = None) -> CascadePlan:
    """Return where rules decide alone: the lowest bar that loses no more than is tolerated, tested on the other labels.

    Parameters
    ----------
    observations
        One a criterion and labelled conversation.
    group
        Maps a conversation to what must stay on one side of the split, such as its incident; the split is by hash of that.
    bar
        Fixes the bar instead of choosing it.
    """
    first = [item for item in observations if _side(group(item.conversation)) == 0]
    second = [item for item in observations if _side(group(item.conversation)) == 1]
    compared = any(item.llm is not None for item in first)
    chosen = (
        bar if bar is not None else next((one for one in BARS if _loss(first, _trusted(first, one)) <= TOLERANCE), 1.0) if compared else BAR
    )
    return _tested(chosen, _trusted(first, chosen), first, second)


def _side(name: str) -> int:
    return hashlib.sha256(name.encode()).digest()[0] % 2


def _trusted(observations: Sequence[Observation], bar: float) -> tuple[Trust, ...]:
    given: Counter[tuple[str, str]] = Counter()
    confirmed: Counter[tuple[str, str]] = Counter()
    for item in observations:
        if item.rules != UNGRADED:
            given[item.criterion, item.rules] += 1
            confirmed[item.criterion, item.rules] += item.rules == item.label
    return tuple(
        Trust(criterion=criterion, level=level, confirmed=confirmed[criterion, level], of=total)
        for (criterion, level), total in sorted(given.items())
        if total >= FEWEST and lower_bound(confirmed[criterion, level], total) >= bar
    )


def _pairs(trusted: Sequence[Trust]) -> frozenset[tuple[str, str]]:
    return frozenset((item.criterion, item.level) for item in trusted)


def _loss(observations: Sequence[Observation], trusted: Sequence[Trust]) -> float:
    """Return how much more often the LLM alone agrees with the labels than the cascade does."""
    asked = [item for item in observations if item.llm is not None]
    pairs = _pairs(trusted)
    lost = sum((item.llm == item.label) - (item.rules == item.label) for item in asked if (item.criterion, item.rules) in pairs)
    return lost / len(asked) if asked else 0.0


def _tested(bar: float, trusted: Sequence[Trust], first: Sequence[Observation], second: Sequence[Observation]) -> CascadePlan:
    pairs = _pairs(trusted)
    decided = [item for item in second if (item.criterion, item.rules) in pairs]
    confirmed = sum(item.rules == item.label for item in decided)
    names = {item.conversation for item in second}
    left = {item.conversation for item in second if (item.criterion, item.rules) not in pairs}
    asked = [item for item in second if item.llm is not None]
    alone = sum(item.llm == item.label for item in asked) / len(asked) if asked else None
    loss = _loss(second, trusted) if asked else None
    return CascadePlan(
        bar=bar,
        trusted=tuple(trusted),
        chosen_on=len({item.conversation for item in first}),
        tested_on=len(names),
        decided_by_rules=round(len(decided) / len(second), 4) if second else None,
        without_a_call=round(1 - len(left) / len(names), 4) if names else None,
        precision=round(confirmed / len(decided), 4) if decided else None,
        precision_low=round(lower_bound(confirmed, len(decided)), 4) if decided else None,
        agreement_cascade=None if alone is None or loss is None else round(alone - loss, 4),
        agreement_llm=None if alone is None else round(alone, 4),
        loss=None if loss is None else round(loss, 4),
    )


class PartialGrader(Grader, Protocol):
    """A grader that can be asked about some criteria only."""

    def grade_some(self, batch: Sequence[tuple[RedactedTranscript, tuple[str, ...]]]) -> list[Grade | GradeFailure]:
        """Return one result a transcript, on the criteria named with it."""


class CascadeGrader:
    """Asks the rules first, and the LLM about what they may not decide alone.

    Each verdict says who gave it. Where the LLM fails on a conversation, the verdicts decided by rules stand and the
    others carry the failure.
    """

    graded_by = GradedBy.LLM

    def __init__(self, rubric: Rubric, rules: Grader, llm: PartialGrader, plan: CascadePlan) -> None:
        self._rubric = rubric
        self._rules = rules
        self._llm = llm
        self._pairs = _pairs(plan.trusted)

    @property
    def fingerprint(self) -> str:
        """Both graders, and where the rules decide alone."""
        return f"cascade of [{self._rules.fingerprint}] and [{self._llm.fingerprint}] trusting {digest(sorted(self._pairs))[:12]}"

    def key(self, transcript: RedactedTranscript) -> str:
        """Return the identity of a grade; it changes with either grader's own."""
        return grade_key(transcript.text_hash, f"{self._rules.key(transcript)} {self._llm.key(transcript)}", self.fingerprint)

    def grade(self, batch: Sequence[RedactedTranscript]) -> list[Grade | GradeFailure]:
        """Return one result a transcript, in order."""
        by_rules = [self._decided(result) for result in self._rules.grade(batch)]
        asked = [
            (transcript, tuple(criterion.id for criterion in self._rubric.criteria if criterion.id not in decided))
            for transcript, decided in zip(batch, by_rules, strict=True)
        ]
        wanted = [place for place, (_, ids) in enumerate(asked) if ids]
        answers = dict(zip(wanted, self._llm.grade_some([asked[place] for place in wanted]), strict=True)) if wanted else {}
        return [self._join(transcript, by_rules[place], asked[place][1], answers.get(place)) for place, transcript in enumerate(batch)]

    def _decided(self, result: Grade | GradeFailure) -> Mapping[str, Verdict]:
        if isinstance(result, GradeFailure):
            return {}
        return {verdict.criterion: verdict for verdict in result.verdicts if (verdict.criterion, verdict.level) in self._pairs}

    def _join(
        self, transcript: RedactedTranscript, decided: Mapping[str, Verdict], asked: Sequence[str], answer: Grade | GradeFailure | None
    ) -> Grade | GradeFailure:
        if isinstance(answer, GradeFailure) and not decided:
            return answer
        given = dict(decided)
        if isinstance(answer, Grade):
            given |= {verdict.criterion: verdict for verdict in answer.verdicts}
        elif isinstance(answer, GradeFailure):
            grader = self._llm.fingerprint
            given |= {
                id: Verdict(criterion=id, level=UNGRADED, reason=answer.reason, graded_by=GradedBy.LLM, grader=grader) for id in asked
            }
        grade = Grade(
            key=self.key(transcript),
            text_hash=transcript.text_hash,
            graded_by=self.graded_by,
            grader=self.fingerprint,
            verdicts=tuple(given[criterion.id] for criterion in self._rubric.criteria),
        )
        return grade.model_copy(update={"usage": answer.usage}) if isinstance(answer, Grade) else grade
