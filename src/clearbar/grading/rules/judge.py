"""From signals to rulings: the rubric's decisions, with the words and the values that decided."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
import numpy as np

from clearbar.errors import RubricError
from clearbar.grading.rules.decisions import choice, parse
from clearbar.grading.rules.measurement import Measurements, Measurer, Talk
from clearbar.grading.rules.quotes import Proof, Shown
from clearbar.grading.rules.signals import COUNTED, SIGNALS, Signals
from clearbar.grading.rules.turnset import places
from clearbar.rubric import Criterion, Decision, Rubric, Rules
from clearbar.verdict import ABSTAINED, NOT_APPLICABLE, UNGRADED

__all__ = ["ENGINE", "Judge", "Ruling"]

ENGINE: Final = "1"
"""Version of the measurements; a change that can change a verdict raises it."""
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
        self._shown = tuple(Shown(name) for name in evidence if name in asked.counted)
        self._searched = searched
        self._most = asked.most.get(level, _PLAIN)
        self._graded = level not in {NOT_APPLICABLE, ABSTAIN}
        self._whys: dict[tuple[float, ...], str] = {}

    def rule(self, signals: Signals, talks: Sequence[int]) -> list[Ruling]:
        """Return the rulings on some of the conversations; without a quote there is no level."""
        whys = self._reasons(signals, talks)
        if not self._graded:
            return [self._asked.state(NOT_APPLICABLE if self._level == NOT_APPLICABLE else UNGRADED, why) for why in whys]
        return [self._ruling(signals, talk, why) for talk, why in zip(talks, whys, strict=True)]

    def _ruling(self, signals: Signals, talk: int, why: str) -> Ruling:
        proofs = _proofs(self._shown, self._most, signals, talk)
        if not proofs:
            return self._asked.unshown
        return Ruling(
            criterion=self._asked.id, level=self._level, graded_by="rules", grader=self._asked.grader, rationale=why, evidence=proofs,
            searched=None if self._searched is None else _searched(self._searched, signals, talk),
        )  # fmt: skip

    def _reasons(self, signals: Signals, talks: Sequence[int]) -> list[str]:
        """Return the sentence of the decision with the values that decided, for each of the conversations."""
        if not self._names:
            return [self._because] * len(talks)
        values = [signals.values(name) for name in self._names]
        return [self._why(tuple([value[talk] for value in values])) for talk in talks]

    def _why(self, read: tuple[float, ...]) -> str:
        why = self._whys.get(read)
        if why is None:
            why = f"{self._because} ({', '.join(f'{name} {value:g}' for name, value in zip(self._names, read, strict=True))})"
            if len(self._whys) < _REMEMBERED:
                self._whys[read] = why
        return why


class _Asked:
    """A criterion made ready: what its decisions give, and a function that tells which of them holds."""

    def __init__(self, criterion: Criterion, known: frozenset[str], counted: frozenset[str], rubric: Rubric, grader: str) -> None:
        rules = criterion.rules
        self.id = criterion.id
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

    def rule(self, signals: Signals) -> list[Ruling]:
        """Return of each conversation the ruling of the first decision whose condition holds."""
        many = len(signals.heard)
        chosen = np.broadcast_to(self._choose(signals), many)
        rulings = [self.unshown] * many
        for place, entry in enumerate(self._entries):
            talks = np.flatnonzero(chosen == place).tolist()
            if talks:
                for talk, ruling in zip(talks, entry.rule(signals, talks), strict=True):
                    rulings[talk] = ruling
        return rulings

    def conditional(self, rulings: Sequence[Ruling], others: Sequence[Ruling]) -> list[Ruling]:
        """Return the rulings where they apply by the answers to another criterion, else that they do not."""
        assert self.condition  # noqa: S101
        spared = self.state(NOT_APPLICABLE, f"It applies only by the answer to {self.condition.criterion}.")
        kept = {UNGRADED, *self.condition.levels}
        return [ruling if other.level in kept else spared for ruling, other in zip(rulings, others, strict=True)]

    def state(self, level: str, why: str, reason: str = ABSTAINED) -> Ruling:
        """Return a ruling without a level of the scale; the reason is that of an ungraded one."""
        return Ruling(
            criterion=self.id, level=level, reason=reason if level == UNGRADED else None, graded_by="rules", grader=self.grader,
            rationale=why, evidence=(),
        )  # fmt: skip


def _check(entry: Decision | Rules, place: str, known: frozenset[str]) -> None:
    for name in entry.evidence:
        if name not in known:
            raise RubricError(f"{place}.evidence: there is no signal {name!r}", fix="see docs/rules.md for the signals")


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
        if clash := lexicon.names & {*SIGNALS, *dir(Signals)}:
            raise RubricError(f"lexicon groups {', '.join(sorted(clash))} are called like signals", fix="rename them")
        known = frozenset({*SIGNALS, *lexicon.names, *measurer.limits})
        counted = lexicon.names | COUNTED
        self.fingerprint = f"rules:{ENGINE}:{lexicon.digest[:16]}"
        self._measurer = measurer
        asked = [_Asked(criterion, known, counted, rubric, self.fingerprint) for criterion in rubric.criteria]
        self._by_id = {item.id: item for item in asked}
        # Criteria that hang on another's answer come last.
        self._order = [item for item in asked if item.condition is None] + [item for item in asked if item.condition is not None]

    def rule(self, talks: Iterable[Talk]) -> list[list[Ruling]]:
        """Return the rulings of each conversation, in the rubric's order; a text that stands in several turns is searched once."""
        return self.decide(self._measurer.measure(talks))

    def decide(self, measured: Measurements) -> list[list[Ruling]]:
        """Return the rulings on each conversation that was measured, or on why it could not be."""
        rulings: list[list[Ruling]] = [[]] * measured.many
        for panel in measured.panels:
            for number, given in zip(panel.numbers, self._panel(panel.signals), strict=True):
                rulings[number] = given
        for number, reason in measured.unmeasured.items():
            rulings[number] = self._without(reason)
        return rulings

    def _panel(self, signals: Signals) -> list[list[Ruling]]:
        given: dict[str, list[Ruling]] = {}
        for item in self._order:
            given[item.id] = item.rule(signals)
            if item.condition and item.condition.criterion in given:
                given[item.id] = item.conditional(given[item.id], given[item.condition.criterion])
        return list(map(list, zip(*(given[id] for id in self._by_id), strict=True)))

    def _without(self, reason: str) -> list[Ruling]:
        why = "No turn of an agent." if reason == ABSTAINED else "No lexicon covers the language of this conversation."
        return [self._by_id[id].state(UNGRADED, why, reason) for id in self._by_id]


def _proofs(evidence: Sequence[Shown], most: int, signals: Signals, talk: int) -> tuple[Proof, ...]:
    """Return up to so many quotes, from the turns that the evidence counted."""
    proofs: list[Proof] = []
    for shown in evidence:
        found = shown.proofs(signals, talk, most)
        proofs += [proof for proof in found if proof not in proofs] if proofs else found
        if len(proofs) >= most:
            break
    if len(proofs) > 1:
        proofs = sorted(proofs[:most], key=lambda proof: (proof.turn, proof.start))
    return tuple(proofs)


def _searched(whose: str, signals: Signals, talk: int) -> tuple[int, ...]:
    customers, agents = signals.sets("customer_turns")[talk], signals.sets("agent_turns")[talk]
    return tuple(places({"agent": agents, "customer": customers}.get(whose, agents | customers)))
