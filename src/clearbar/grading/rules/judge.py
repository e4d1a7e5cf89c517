"""From turns to rulings: language, patterns, signals, decisions, evidence. One engine for every road into it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

import msgspec

from clearbar.errors import RubricError
from clearbar.grading.rules.decisions import Condition, parse
from clearbar.grading.rules.engine import Finder, open_finder
from clearbar.grading.rules.language import recognize
from clearbar.grading.rules.lexicon import Lexicon, Tongue
from clearbar.grading.rules.quotes import Proof, quote
from clearbar.grading.rules.signals import SIGNALS, Signals, Spoken
from clearbar.grading.rules.text import Utterance
from clearbar.rubric import Criterion, Decision, Rubric
from clearbar.verdict import ABSTAINED, NOT_APPLICABLE, UNGRADED, failed

__all__ = ["ENGINE", "Judge", "Ruling", "Talk"]

ENGINE: Final = "1"
"""Version of the measurements; a change that can change a verdict raises it."""
_SIDES: Final = {"customer": 0, "agent": 1}
_QUOTES: Final = 3
_HOUR: Final = 3_600.0


class Talk(Protocol):
    """A conversation, as far as rules read it."""

    @property
    def turns(self) -> Sequence[Spoken]:
        """All turns, in order."""

    @property
    def channel(self) -> str | None:
        """chat, email, phone, social, or what the record says."""

    @property
    def language(self) -> str | None:
        """BCP 47 code as the record declares it."""


class Ruling(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
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

    __slots__ = ("because", "condition", "evidence", "level", "names", "searched")

    def __init__(self, decision: Decision, condition: Condition, names: tuple[str, ...]) -> None:
        self.level = decision.level
        self.because = decision.because
        self.condition = condition
        self.names = names
        self.evidence = decision.evidence or names
        self.searched = decision.searched


class _Asked:
    """A criterion made ready."""

    def __init__(self, criterion: Criterion, known: frozenset[str], rubric: str) -> None:
        self.id = criterion.id
        self.rules = criterion.rules
        self.min_agent_turns = criterion.applies.min_agent_turns or 0
        self.condition = criterion.applies.condition
        place = f"rubric {rubric}, criteria.{criterion.id}.rules"
        self.entries = [
            _entry(decision, f"{place}.decide[{number}]", known, self.rules.given) for number, decision in enumerate(self.rules.decide)
        ]
        for name in self.rules.evidence:
            _known(name, f"{place}.evidence", known)


def _entry(decision: Decision, place: str, known: frozenset[str], given: Mapping[str, float]) -> _Entry:
    for name in decision.evidence:
        _known(name, f"{place}.evidence", known)
    return _Entry(decision, *parse(decision.when, f"{place}.when", known, given))


def _known(name: str, place: str, known: frozenset[str]) -> None:
    if name not in known:
        raise RubricError(f"{place}: there is no signal {name!r}", fix="see docs/rules.md for the signals")


class Judge:
    """Rules on conversations by a rubric's decisions.

    Parameters
    ----------
    rubric
        Whose decisions.
    lexicon
        Whose phrases.
    plain
        Whether to search with `re` even where RE2 is installed; the rulings are the same.
    """

    def __init__(self, rubric: Rubric, lexicon: Lexicon, *, plain: bool = False) -> None:
        clash = lexicon.names & SIGNALS.keys()
        if clash:
            raise RubricError(f"lexicon groups {', '.join(sorted(clash))} are called like signals", fix="rename them")
        limits = {name for figures in rubric.limits.values() for name in figures}
        known = frozenset({*SIGNALS, *lexicon.names, *limits, "gap_seconds", "long_gap_seconds"})
        self.fingerprint = f"rules:{ENGINE}:{lexicon.digest[:16]}"
        self._limits = rubric.limits
        self._lexicon = lexicon
        self._finders: dict[str, Finder] = {code: open_finder(tongue, plain=plain) for code, tongue in lexicon.tongues.items()}
        asked = [_Asked(criterion, known, rubric.name) for criterion in rubric.criteria]
        self._order = [item.id for item in asked]
        self._asked = [item for item in asked if item.condition is None] + [item for item in asked if item.condition is not None]
        self._conditional = any(item.condition is not None for item in asked)

    def rule(self, talks: Sequence[Talk]) -> Iterator[list[Ruling]]:
        """Yield the rulings of each conversation, in the rubric's order; a text that stands in several turns is searched once."""
        seen: dict[tuple[str, int, str], Utterance] = {}
        for talk in talks:
            signals = self.measure(talk, seen)
            yield self._without(signals) if isinstance(signals, str) else self._decide(signals)

    def measure(self, talk: Talk, seen: dict[tuple[str, int, str], Utterance] | None = None) -> Signals | str:
        """Return the signals of a conversation, or the reason why there are none."""
        seen = {} if seen is None else seen
        turns = talk.turns
        sides = [_SIDES.get(turn.role, -1) for turn in turns]
        tongue = self._tongue(talk, sides)
        if tongue is None:
            return failed("language")
        finder, code = self._finders[tongue.language], tongue.language
        heard: list[Utterance | None] = []
        for turn, side in zip(turns, sides, strict=True):
            if side < 0:
                heard.append(None)
                continue
            key = (code, side, turn.text)
            utterance = seen.get(key)
            if utterance is None:
                utterance = seen[key] = Utterance(turn.text)
                utterance.mask = finder.find(side, utterance)
            heard.append(utterance)
        signals = Signals(turns, sides, heard, tongue, {})
        signals.limits = self._figures(talk.channel, signals)
        return signals if signals.agent else ABSTAINED

    def _tongue(self, talk: Talk, sides: Sequence[int]) -> Tongue | None:
        code = recognize(talk, sides, self._lexicon)
        return None if code is None else self._lexicon.tongues.get(code)

    def _figures(self, channel: str | None, signals: Signals) -> Mapping[str, float]:
        """Return the channel's limits; where it is not told, those of a chat if the replies come at a chat's pace."""
        if channel is not None:
            return self._limits.get(channel.lower(), {})
        return self._limits.get("chat", {}) if signals.longest_gap < _HOUR else {}

    def _without(self, reason: str) -> list[Ruling]:
        why = "No turn of an agent." if reason == ABSTAINED else "No lexicon covers the language of this conversation."
        return [self._ungraded(id, reason, why) for id in self._order]

    def _ungraded(self, id: str, reason: str, why: str) -> Ruling:
        return Ruling(criterion=id, level=UNGRADED, reason=reason, graded_by="rules", grader=self.fingerprint, rationale=why, evidence=())

    def _decide(self, signals: Signals) -> list[Ruling]:
        if not self._conditional:
            return [self._one(item, signals) for item in self._asked]
        given: dict[str, Ruling] = {}
        for item in self._asked:
            given[item.id] = self._conditional_one(item, signals, given)
        return [given[id] for id in self._order]

    def _conditional_one(self, item: _Asked, signals: Signals, given: Mapping[str, Ruling]) -> Ruling:
        condition = item.condition
        if condition is not None and condition.criterion in given:
            other = given[condition.criterion].level
            if other != UNGRADED and other not in condition.levels:
                return self._state(item.id, NOT_APPLICABLE, f"It applies only by the answer to {condition.criterion}.")
        return self._one(item, signals)

    def _one(self, item: _Asked, signals: Signals) -> Ruling:
        if len(signals.agent) < item.min_agent_turns:
            return self._state(item.id, NOT_APPLICABLE, f"The agent has fewer than {item.min_agent_turns} turns.")
        for entry in item.entries:
            if entry.condition(signals):
                return self._by(item.id, entry, signals)
        rules = item.rules
        if rules.otherwise == "abstain":
            return self._ungraded(item.id, ABSTAINED, rules.because or "No signal shows it either way.")
        if rules.otherwise == NOT_APPLICABLE:
            return self._state(item.id, NOT_APPLICABLE, rules.because or "No signal shows an occasion for it.")
        return self._level(item.id, rules.otherwise, rules.because, rules.evidence, None, signals)

    def _by(self, id: str, entry: _Entry, signals: Signals) -> Ruling:
        values = ", ".join(f"{name} {_shown(getattr(signals, name))}" for name in entry.names)
        rationale = f"{entry.because} ({values})"
        if entry.level == NOT_APPLICABLE:
            return self._state(id, NOT_APPLICABLE, rationale)
        if entry.level == "abstain":
            return self._ungraded(id, ABSTAINED, rationale)
        return self._level(id, entry.level, rationale, entry.evidence, entry.searched, signals)

    def _state(self, id: str, level: str, rationale: str) -> Ruling:
        return Ruling(criterion=id, level=level, graded_by="rules", grader=self.fingerprint, rationale=rationale, evidence=())

    def _level(self, id: str, level: str, rationale: str, names: Sequence[str], searched: str | None, signals: Signals) -> Ruling:
        proofs = _proofs(names, signals)
        if not proofs:
            return self._ungraded(id, ABSTAINED, "No words of the conversation show it.")
        return Ruling(
            criterion=id, level=level, graded_by="rules", grader=self.fingerprint, rationale=rationale, evidence=proofs,
            searched=_searched(searched, signals),
        )  # fmt: skip


def _proofs(names: Sequence[str], signals: Signals) -> tuple[Proof, ...]:
    """Return up to three quotes, from the turns that the named signals counted."""
    proofs: dict[tuple[int, int], Proof] = {}
    for name in names:
        for place in signals.turns(name)[:2]:
            proof = quote(signals, name, place)
            if proof is not None:
                proofs.setdefault((place, proof.start), proof)
        if len(proofs) >= _QUOTES:
            break
    return tuple(sorted(proofs.values(), key=lambda proof: (proof.turn, proof.start))[:_QUOTES])


def _searched(whose: str | None, signals: Signals) -> tuple[int, ...] | None:
    if whose is None:
        return None
    if whose == "all":
        return tuple(place for place, side in enumerate(signals.sides) if side >= 0)
    return tuple(signals.agent if whose == "agent" else signals.customer)


def _shown(value: Any) -> str:
    return f"{value:g}"
