"""From signals to rulings: the rubric's decisions, with the words and the values that decided."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from clearbar.errors import RubricError
from clearbar.grading.rules.decisions import Condition, parse, values
from clearbar.grading.rules.measurement import Measurer, Talk
from clearbar.grading.rules.quotes import Proof, Shown
from clearbar.grading.rules.signals import COUNTED, SIGNALS, Signals
from clearbar.grading.rules.turnset import places
from clearbar.rubric import Criterion, Decision, Rubric
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
    """A decision made ready: its condition compiled, its names known."""

    __slots__ = ("_read", "_whys", "because", "condition", "evidence", "level", "most", "names", "searched")

    def __init__(self, decision: Decision, condition: Condition, names: tuple[str, ...], counted: frozenset[str], most: int) -> None:
        self.level = decision.level
        self.because = decision.because
        self.condition = condition
        self.names = names
        self.evidence = _shown(decision.evidence or names, counted)
        self.searched = decision.searched
        self.most = most
        self._read = values(names, counted) if names else None
        self._whys: dict[Any, str] = {}

    def why(self, signals: Signals) -> str:
        """Return the sentence of the decision with the values that decided."""
        if self._read is None:
            return self.because
        read = self._read(signals)
        why = self._whys.get(read)
        if why is None:
            why = f"{self.because} ({', '.join(f'{name} {value:g}' for name, value in zip(self.names, read, strict=True))})"
            if len(self._whys) < _REMEMBERED:
                self._whys[read] = why
        return why


class _Asked:
    """A criterion made ready."""

    def __init__(self, criterion: Criterion, known: frozenset[str], counted: frozenset[str], rubric: Rubric, grader: str) -> None:
        rules = criterion.rules
        self.id = criterion.id
        self.min_agent_turns = criterion.applies.min_agent_turns or 0
        self.condition = criterion.applies.condition
        self._known, self._counted, self._grader = known, counted, grader
        place = f"rubric {rubric.name}, criteria.{criterion.id}.rules"
        scale = rubric.scale_of(criterion.id)
        most = {level.id: _FAILING if level.fails else _PLAIN for level in scale.levels} | {scale.ids[-1]: _TOP}
        self.entries = [
            self._entry(decision, f"{place}.decide[{number}]", rules.given, most.get(decision.level, _PLAIN))
            for number, decision in enumerate(rules.decide)
        ]
        for name in rules.evidence:
            _known(name, f"{place}.evidence", known)
        self.otherwise = rules.otherwise if rules.otherwise not in {ABSTAIN, NOT_APPLICABLE} else None
        self.because = rules.because
        self.evidence = _shown(rules.evidence or ("final_reply",), counted)
        self.most = most.get(rules.otherwise, _PLAIN)
        self.too_few = self.state(NOT_APPLICABLE, f"The agent has fewer than {self.min_agent_turns} turns.")
        self.unshown = self.state(UNGRADED, "No words of the conversation show it.")
        self.default = self.state(
            NOT_APPLICABLE if rules.otherwise == NOT_APPLICABLE else UNGRADED, rules.because or "No signal shows it either way."
        )

    def _entry(self, decision: Decision, place: str, given: Mapping[str, float], most: int) -> _Entry:
        for name in decision.evidence:
            _known(name, f"{place}.evidence", self._known)
        condition, names = parse(decision.when, f"{place}.when", self._known, given, self._counted)
        return _Entry(decision, condition, names, self._counted, most)

    def state(self, level: str, why: str, reason: str = ABSTAINED) -> Ruling:
        """Return a ruling without a level of the scale; the reason is that of an ungraded one."""
        return Ruling(
            criterion=self.id, level=level, reason=reason if level == UNGRADED else None, graded_by="rules", grader=self._grader,
            rationale=why, evidence=(),
        )  # fmt: skip

    def level(self, level: str, why: str, proofs: tuple[Proof, ...], searched: tuple[int, ...] | None) -> Ruling:
        """Return a ruling with a level of the scale; without a quote there is none."""
        if not proofs:
            return self.unshown
        return Ruling(
            criterion=self.id, level=level, graded_by="rules", grader=self._grader, rationale=why, evidence=proofs, searched=searched
        )


def _known(name: str, place: str, known: frozenset[str]) -> None:
    if name not in known:
        raise RubricError(f"{place}: there is no signal {name!r}", fix="see docs/rules.md for the signals")


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
        self._conditional = any(item.condition is not None for item in asked)

    def rule(self, talks: Sequence[Talk]) -> Iterator[list[Ruling]]:
        """Return the rulings of each conversation, in the rubric's order; a text that stands in several turns is searched once."""
        return map(self.decide, self._measurer.measure(talks))

    def decide(self, signals: Signals | str) -> list[Ruling]:
        """Return the rulings on what was measured, or on why nothing could be."""
        if isinstance(signals, str):
            return self._without(signals)
        if not self._conditional:
            return [_one(item, signals) for item in self._order]
        given: dict[str, Ruling] = {}
        for item in self._order:
            other = given.get(item.condition.criterion) if item.condition else None
            if item.condition and other and other.level not in {UNGRADED, *item.condition.levels}:
                given[item.id] = item.state(NOT_APPLICABLE, f"It applies only by the answer to {item.condition.criterion}.")
            else:
                given[item.id] = _one(item, signals)
        return [given[id] for id in self._by_id]

    def _without(self, reason: str) -> list[Ruling]:
        why = "No turn of an agent." if reason == ABSTAINED else "No lexicon covers the language of this conversation."
        return [self._by_id[id].state(UNGRADED, why, reason) for id in self._by_id]


def _one(item: _Asked, signals: Signals) -> Ruling:
    if signals.agent.bit_count() < item.min_agent_turns:
        return item.too_few
    for entry in item.entries:
        if entry.condition(signals):
            return _by(item, entry, signals)
    if item.otherwise is None:
        return item.default
    return item.level(item.otherwise, item.because, _proofs(item.evidence, item.most, signals), None)


def _by(item: _Asked, entry: _Entry, signals: Signals) -> Ruling:
    why = entry.why(signals)
    if entry.level in {NOT_APPLICABLE, ABSTAIN}:
        return item.state(NOT_APPLICABLE if entry.level == NOT_APPLICABLE else UNGRADED, why)
    return item.level(entry.level, why, _proofs(entry.evidence, entry.most, signals), _searched(entry.searched, signals))


def _shown(names: Iterable[str], counted: frozenset[str]) -> tuple[Shown, ...]:
    return tuple(Shown(name) for name in names if name in counted)


def _proofs(evidence: Sequence[Shown], most: int, signals: Signals) -> tuple[Proof, ...]:
    """Return up to so many quotes, from the turns that the evidence counted."""
    proofs: list[Proof] = []
    for shown in evidence:
        proofs += [proof for proof in shown.proofs(signals, most) if proof not in proofs] if proofs else shown.proofs(signals, most)
        if len(proofs) >= most:
            break
    if len(proofs) > 1:
        proofs = sorted(proofs[:most], key=lambda proof: (proof.turn, proof.start))
    return tuple(proofs)


def _searched(whose: str | None, signals: Signals) -> tuple[int, ...] | None:
    if whose is None:
        return None
    if whose == "all":
        return tuple(place for place, side in enumerate(signals.sides) if side >= 0)
    return tuple(places(signals.agent if whose == "agent" else signals.customer))
