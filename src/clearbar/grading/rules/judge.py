"""From signals to rulings: the rubric's decisions, with the words and the values that decided."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, repeat
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from clearbar.errors import RubricError
from clearbar.grading.rules.decisions import choice, parse
from clearbar.grading.rules.hearing import Hearing
from clearbar.grading.rules.measurement import Measurements, Measurer, Talk
from clearbar.grading.rules.quotes import Proof, quoted
from clearbar.grading.rules.signals import COUNTED, SIGNALS, Signals
from clearbar.grading.rules.turnset import TurnSet, places
from clearbar.rubric import Criterion, Decision, Rubric, Rules
from clearbar.verdict import ABSTAINED, NOT_APPLICABLE, UNGRADED

__all__ = ["ENGINE", "Judge", "Ruling"]

ENGINE: Final = "7"
"""Version of the measurements; a change that can change a verdict raises it."""
_TAKEN: Final = frozenset({*SIGNALS, *dir(Signals), *Hearing.__annotations__})
"""Names that mean something else where signals are looked up, beside those with a leading underscore."""
_REMEMBERED: Final = 1_000
ABSTAIN: Final = "abstain"
_PLAIN, _TOP, _FAILING = 1, 2, 3  # quotes for a level in the middle, at the top, and one that fails


class Ruling(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """A verdict without pydantic; its JSON is that of `clearbar.verdict.Verdict`."""

    criterion: str
    level: str
    reason: str | None = None
    graded_by: str
    grader: str
    rationale: str
    evidence: tuple[Proof, ...]
    searched: tuple[int, ...] | None = None


class _Entry:
    """What a decision, or the lack of one, gives: made ready, its names known.

    Parameters
    ----------
    asked
        The criterion.
    level
        Of the scale, `not_applicable` or `abstain`.
    because
        The sentence of the decision.
    names
        Whose values decided.
    evidence
        What is quoted.
    searched
        In whose turns an absence was looked for.
    """

    def __init__(
        self, asked: "_Asked", level: str, because: str, names: tuple[str, ...], evidence: Sequence[str], *, searched: str | None = None
    ) -> None:
        self._asked = asked
        self._level = level
        self._because = because
        self._names = names
        named = chain.from_iterable(_weighty(asked.tallies.get(name, {name: 1})) for name in evidence)
        self._shown = [name for name in named if name in asked.counted]
        self._searched = searched
        self._most = asked.most.get(level, _PLAIN)
        self._graded = level not in {NOT_APPLICABLE, ABSTAIN}
        self._read = (*names, *dict.fromkeys(part for name in names for part in asked.tallies.get(name, ())))
        self._told: dict[tuple[float, ...], str] = {}
        self._states: dict[str, Ruling] = {}

    def rulings(self, signals: Signals, talks: NDArray[np.intp]) -> Iterator[Ruling]:
        """Yield the ruling on each of some conversations; without a quote there is no level."""
        whys = self._whys(signals, talks)
        if not self._graded:
            yield from map(self._state, whys)
            return
        criterion, level, grader, unshown = self._asked.id, self._level, self._asked.grader, self._asked.unshown
        searched = None if self._searched is None else _searched(self._searched, signals)
        which = talks.tolist()
        for talk, why, proofs in zip(which, whys, quoted(self._shown, signals, which, self._most), strict=True):
            yield unshown if not proofs else Ruling(
                criterion=criterion, level=level, graded_by="rules", grader=grader, rationale=why, evidence=proofs,
                searched=None if searched is None else tuple(places(searched[talk])),
            )  # fmt: skip

    def _whys(self, signals: Signals, talks: NDArray[np.intp]) -> Iterable[str]:
        """Return the sentence of the decision with the values that decided, for each of some conversations."""
        if not self._names:
            return repeat(self._because, len(talks))
        told = self._told
        values = zip(*(signals.numbers(name)[talks].tolist() for name in self._read), strict=True)
        return [told[read] if read in told else self._tell(read) for read in values]

    def _tell(self, read: tuple[float, ...]) -> str:
        if len(self._told) >= _REMEMBERED:
            self._told.clear()
        values = dict(zip(self._read, read, strict=True))
        decided = ", ".join(self._value(name, values) for name in self._names).replace("_", " ")  # people read it
        self._told[read] = why = f"{self._because} ({decided})"
        return why

    def _value(self, name: str, values: Mapping[str, float]) -> str:
        """Return a name with its value, and of a tally what it counted."""
        points = self._asked.tallies.get(name, {})
        parts = [part if count == 1 else f"{part} ({count:+d})" for part, count in points.items() if values[part]]
        return f"{name} {values[name]:g}" + (f" of {' + '.join(parts)}" if parts else "")

    def _state(self, why: str) -> Ruling:
        if why not in self._states:
            self._states[why] = self._asked.state(NOT_APPLICABLE if self._level == NOT_APPLICABLE else UNGRADED, why)
        return self._states[why]


class _Asked:
    """A criterion made ready: what its decisions give, and a function that tells which of them holds."""

    def __init__(self, criterion: Criterion, known: frozenset[str], counted: frozenset[str], rubric: Rubric, grader: str) -> None:
        rules = criterion.rules
        self.id = criterion.id
        self.tallies = {name: tally.points for name, tally in rubric.tallies.items()}
        self.counted, self.grader = counted, grader
        self.condition = criterion.applies.condition
        place = f"rubric {rubric.name}, criteria.{criterion.id}.rules"
        scale = rubric.scale_of(criterion.id)
        self.most = {level.id: _FAILING if level.fails else _PLAIN for level in scale.levels} | {scale.ids[-1]: _TOP}
        self.unshown = self.state(UNGRADED, "No words of the conversation show it.")
        entries, conditions = [], []
        if least := criterion.applies.min_agent_turns:
            entries.append(_Entry(self, NOT_APPLICABLE, f"The agent has fewer than {least} turns.", (), ()))
            conditions.append(parse(f"agent_turns < {least}", place, known, {}, counted)[0])
        for number, decision in enumerate(rules.decide):
            here = f"{place}.decide[{number}]"
            _check(decision, here, known)
            condition, names = parse(decision.when, f"{here}.when", known, rules.given, counted)
            conditions.append(condition)
            entries.append(_Entry(self, decision.level, decision.because, names, decision.evidence or names, searched=decision.searched))
        _check(rules, place, known)
        self._entries = (*entries, self._otherwise(rules))
        self._choose = choice(conditions)

    def _otherwise(self, rules: Rules) -> _Entry:
        because = rules.because
        if rules.otherwise in {ABSTAIN, NOT_APPLICABLE}:
            because = because or "No signal shows it either way."
        return _Entry(self, rules.otherwise, because, (), rules.evidence or ("final_reply",))

    def rulings(self, signals: Signals) -> list[Ruling]:
        """Return the ruling on each conversation: that of the first decision whose condition holds."""
        chosen = np.broadcast_to(self._choose(signals), len(signals.heard))
        given = [self.unshown] * len(signals.heard)
        for place in np.unique(chosen).tolist():
            talks = np.flatnonzero(chosen == place)
            for talk, ruling in zip(talks.tolist(), self._entries[place].rulings(signals, talks), strict=True):
                given[talk] = ruling
        return given

    def conditional(self, ruling: Ruling, other: Ruling) -> Ruling:
        """Return the ruling if it applies by the answer to another criterion, else that it does not."""
        if not self.condition or other.level in {UNGRADED, *self.condition.levels}:
            return ruling
        return self.state(NOT_APPLICABLE, f"It applies only by the answer to {self.condition.criterion}.")

    def state(self, level: str, why: str, reason: str = ABSTAINED) -> Ruling:
        """Return a ruling without a level of the scale; the reason is that of an ungraded one."""
        return Ruling(
            criterion=self.id, level=level, reason=reason if level == UNGRADED else None, graded_by="rules", grader=self.grader,
            rationale=why, evidence=(),
        )  # fmt: skip


def _weighty(points: Mapping[str, int]) -> list[str]:
    """Return the signals that speak for a scorecard; where none adds to it, all that take from it."""
    return [part for part, count in points.items() if count > 0] or list(points)


def _check(entry: Decision | Rules, place: str, known: frozenset[str]) -> None:
    for name in entry.evidence:
        if name not in known:
            raise RubricError(f"{place}.evidence: there is no signal {name!r}", fix="clearbar rubric explain ID shows the signals")


def _check_tallies(rubric: Rubric, measured: frozenset[str], limits: frozenset[str]) -> None:
    for name, tally in rubric.tallies.items():
        place = f"rubric {rubric.name}, tallies.{name}"
        if name in measured | _TAKEN or name.startswith("_"):
            raise RubricError(f"{place} is called like a signal", fix="rename it")
        if name in limits:
            raise RubricError(f"{place} is called like a limit of a channel", fix="rename it")
        if unknown := [part for part in tally.points if part not in measured]:
            raise RubricError(f"{place}.of: there is no signal {unknown[0]!r}", fix="clearbar rubric explain ID shows the signals")


class Judge:
    """Rules on conversations by a rubric's decisions.

    Parameters
    ----------
    rubric
        Whose decisions.
    measurer
        Which measures what they decide on.

    Raises
    ------
    RubricError
        If a decision names what is not measured, or says what the language of conditions does not have.
    """

    def __init__(self, rubric: Rubric, measurer: Measurer) -> None:
        lexicon = measurer.lexicon
        if clash := lexicon.names & _TAKEN:
            raise RubricError(f"lexicon groups {', '.join(sorted(clash))} are called like signals", fix="rename them")
        measured = frozenset({*SIGNALS, *lexicon.names})
        _check_tallies(rubric, measured, measurer.limits)
        known = measured | measurer.limits | rubric.tallies.keys()
        counted = lexicon.names | COUNTED
        self.fingerprint = f"rules:{ENGINE}:{lexicon.digest[:16]}"
        self._measurer = measurer
        asked = [_Asked(criterion, known, counted, rubric, self.fingerprint) for criterion in rubric.criteria]
        self._by_id = {item.id: item for item in asked}
        # Criteria that hang on another's answer come last.
        self._order = [item for item in asked if item.condition is None] + [item for item in asked if item.condition is not None]
        self._conditional = any(item.condition is not None for item in asked)

    def rule(self, talks: Iterable[Talk]) -> Iterator[list[Ruling]]:
        """Return what yields the rulings of each conversation, in the rubric's order; all talks are read before this returns."""
        return self.decide(self._measurer.measure(talks))

    def decide(self, measured: Measurements) -> Iterator[list[Ruling]]:
        """Yield the rulings on each conversation that was measured, or on why it could not be."""
        ruled = [self._ruled(panel.signals) for panel in measured.panels]
        whose = {number: rulings for panel, rulings in zip(measured.panels, ruled, strict=True) for number in panel.numbers}
        for number in range(measured.many):
            yield next(whose[number]) if number in whose else self._without(measured.unmeasured[number])

    def _ruled(self, signals: Signals) -> Iterator[list[Ruling]]:
        """Yield the rulings on conversations that were measured together, which were made criterion by criterion."""
        with np.errstate(invalid="ignore", over="ignore"):  # where a channel has no limit, figures are infinite
            given = [item.rulings(signals) for item in self._order]
        for rulings in zip(*given, strict=True):
            yield self._conditioned(rulings) if self._conditional else list(rulings)

    def _conditioned(self, rulings: Sequence[Ruling]) -> list[Ruling]:
        given: dict[str, Ruling] = {}
        for item, ruling in zip(self._order, rulings, strict=True):
            other = given.get(item.condition.criterion) if item.condition else None
            given[item.id] = item.conditional(ruling, other) if other else ruling
        return [given[id] for id in self._by_id]

    def _without(self, reason: str) -> list[Ruling]:
        why = "No turn of an agent." if reason == ABSTAINED else "No lexicon covers the language of this conversation."
        return [self._by_id[id].state(UNGRADED, why, reason) for id in self._by_id]


def _searched(whose: str, signals: Signals) -> list[int]:
    """Return of each conversation the turns that an absence was looked for in."""
    turns: TurnSet = {"agent": signals.agent, "customer": signals.customer}.get(whose, signals.agent | signals.customer)
    searched: list[int] = turns.tolist()
    return searched
