"""From turns to rulings: language, patterns, signals, decisions, evidence. One engine for every road into it."""

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final, Protocol

import msgspec

from clearbar.errors import RubricError
from clearbar.grading.rules.decisions import Condition, parse
from clearbar.grading.rules.engine import Finder, open_finder
from clearbar.grading.rules.language import recognize
from clearbar.grading.rules.lexicon import Lexicon, Tongue
from clearbar.grading.rules.quotes import Proof, quote
from clearbar.grading.rules.signals import SIGNALS, Signals, Spoken, mannerly
from clearbar.grading.rules.text import Utterance
from clearbar.rubric import Criterion, Decision, Rubric
from clearbar.verdict import ABSTAINED, NOT_APPLICABLE, UNGRADED, failed

__all__ = ["ENGINE", "Judge", "Ruling", "Talk"]

ENGINE: Final = "1"
"""Version of the measurements; a change that can change a verdict raises it."""
_SIDES: Final = {"customer": 0, "agent": 1}
_HOUR: Final = 3_600.0
_REMEMBERED: Final = 1_000
ABSTAIN: Final = "abstain"
_PLAIN, _TOP, _FAILING = 1, 2, 3  # quotes for a level in the middle, at the top, and one that fails


Seen = dict[str, tuple[dict[str, Utterance], dict[str, Utterance]]]
"""Texts that were searched before, by language and side."""


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

    __slots__ = ("_read", "_whys", "because", "condition", "evidence", "level", "most", "names", "searched")

    def __init__(self, decision: Decision, condition: Condition, names: tuple[str, ...], most: int) -> None:
        self.level = decision.level
        self.because = decision.because
        self.condition = condition
        self.names = names
        self.evidence = decision.evidence or names
        self.searched = decision.searched
        self.most = most
        self._read = attrgetter(*names) if names else None
        self._whys: dict[Any, str] = {}

    def why(self, signals: Signals) -> str:
        """Return the sentence of the decision with the values that decided."""
        if self._read is None:
            return self.because
        values = self._read(signals)
        why = self._whys.get(values)
        if why is None:
            each = values if len(self.names) > 1 else (values,)
            why = f"{self.because} ({', '.join(f'{name} {value:g}' for name, value in zip(self.names, each, strict=True))})"
            if len(self._whys) < _REMEMBERED:
                self._whys[values] = why
        return why


class _Asked:
    """A criterion made ready."""

    def __init__(self, criterion: Criterion, known: frozenset[str], rubric: Rubric, grader: str) -> None:
        rules = criterion.rules
        self.id = criterion.id
        self.min_agent_turns = criterion.applies.min_agent_turns or 0
        self.condition = criterion.applies.condition
        self._known, self._grader = known, grader
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
        self.evidence = rules.evidence or ("final_reply",)
        self.most = most.get(rules.otherwise, _PLAIN)
        self.too_few = self.state(NOT_APPLICABLE, f"The agent has fewer than {self.min_agent_turns} turns.")
        self.unshown = self.state(UNGRADED, "No words of the conversation show it.")
        self.default = self.state(
            NOT_APPLICABLE if rules.otherwise == NOT_APPLICABLE else UNGRADED, rules.because or "No signal shows it either way."
        )

    def _entry(self, decision: Decision, place: str, given: Mapping[str, float], most: int) -> _Entry:
        for name in decision.evidence:
            _known(name, f"{place}.evidence", self._known)
        return _Entry(decision, *parse(decision.when, f"{place}.when", self._known, given), most)

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
        asked = [_Asked(criterion, known, rubric, self.fingerprint) for criterion in rubric.criteria]
        self._by_id = {item.id: item for item in asked}
        # Criteria that hang on another's answer come last.
        self._order = [item for item in asked if item.condition is None] + [item for item in asked if item.condition is not None]
        self._conditional = any(item.condition is not None for item in asked)

    def rule(self, talks: Sequence[Talk]) -> Iterator[list[Ruling]]:
        """Yield the rulings of each conversation, in the rubric's order; a text that stands in several turns is searched once."""
        seen: Seen = {}
        for talk in talks:
            signals = self.measure(talk, seen)
            yield self._without(signals) if isinstance(signals, str) else self._decide(signals)

    def measure(self, talk: Talk, seen: Seen | None = None) -> Signals | str:
        """Return the signals of a conversation, or the reason why there are none."""
        turns = talk.turns
        sides = [_SIDES.get(turn.role, -1) for turn in turns]
        tongue = self._tongue(talk, sides)
        if tongue is None:
            return failed("language")
        finder = self._finders[tongue.language]
        known = ({} if seen is None else seen).setdefault(tongue.language, ({}, {}))
        heard = [self._heard(turn.text, side, known[side], finder) if side >= 0 else None for turn, side in zip(turns, sides, strict=True)]
        signals = Signals(turns, sides, heard, finder)
        signals.limits = self._figures(talk.channel, signals)
        return signals if signals.agent else ABSTAINED

    def _heard(self, text: str, side: int, known: dict[str, Utterance], finder: Finder) -> Utterance:
        utterance = known.get(text)
        if utterance is None:
            utterance = known[text] = Utterance(text)
            utterance.mask = finder.find(side, utterance)
            utterance.mannerly = mannerly(utterance, finder.tongue)
        return utterance

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
        return [self._by_id[id].state(UNGRADED, why, reason) for id in self._by_id]

    def _decide(self, signals: Signals) -> list[Ruling]:
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


def _one(item: _Asked, signals: Signals) -> Ruling:
    if len(signals.agent) < item.min_agent_turns:
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


def _proofs(names: Sequence[str], most: int, signals: Signals) -> tuple[Proof, ...]:
    """Return up to so many quotes, from the turns that the named signals counted."""
    proofs: list[Proof] = []
    for name in names:
        for place in signals.turns(name)[:most]:
            proof = quote(signals, name, place)
            if proof is not None and proof not in proofs:
                proofs.append(proof)
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
    return tuple(signals.agent if whose == "agent" else signals.customer)
