"""From turns to signals: language, texts, patterns. One way in for every road."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol

from clearbar.grading.rules.engine import Finder, open_finder
from clearbar.grading.rules.language import recognize
from clearbar.grading.rules.lexicon import Lexicon, Tongue
from clearbar.grading.rules.signals import Signals, Spoken
from clearbar.grading.rules.text import Side, Utterance
from clearbar.verdict import ABSTAINED, failed

__all__ = ["Measurer", "Talk"]

_CUSTOMER: Final = 0
_SIDES: Final = {"customer": _CUSTOMER, "agent": 1}
_EVERYWHERE: Final = frozenset({"gap_seconds", "long_gap_seconds"})
_NONE: Final = ""  # a channel without limits
_HOUR: Final = 3_600.0
_CHAT: Final = "chat"
_SHORT: Final = 3  # words
_CLAUSE: Final = 5
_LONG: Final = 12
_WEIGHTY: Final = ("refusal", "done", "promise", "instruction", "ask_detail", "handoff", "not_understood")
_MANNERS: Final = ("greeting", "farewell", "anything_else", "gratitude", "leave", "courtesies")


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


class Measurer:
    """Measures conversations with a lexicon.

    Parameters
    ----------
    lexicon
        Whose phrases.
    limits
        The rubric's figures, by channel.
    plain
        Whether to search with `re` even where RE2 is installed; the signals are the same.
    """

    def __init__(self, lexicon: Lexicon, limits: Mapping[str, Mapping[str, float]], *, plain: bool = False) -> None:
        self.lexicon = lexicon
        self._limits = limits
        self.limits = frozenset({name for figures in limits.values() for name in figures} | _EVERYWHERE)
        """Names of the figures that decisions may read."""
        self._figures = {channel: self._complete(limits.get(channel, {})) for channel in (*limits, _NONE)}
        self._finders: dict[str, Finder] = {code: open_finder(tongue, plain=plain) for code, tongue in lexicon.tongues.items()}

    def measure(self, talks: Iterable[Talk]) -> Iterator[Signals | str]:
        """Yield the signals of each conversation, or the reason why there are none.

        All texts are searched together, each but once, which keeps the automaton in the processor's cache.
        """
        readings = {code: _Reading(finder) for code, finder in self._finders.items()}
        heard = [self._hear(talk, readings) for talk in talks]
        for reading in readings.values():
            reading.search()
        for one in heard:
            yield one if isinstance(one, str) else self._signals(*one)

    def _hear(self, talk: Talk, readings: Mapping[str, "_Reading"]) -> "_Heard | str":
        turns = talk.turns
        sides = [_SIDES.get(turn.role, -1) for turn in turns]
        reading = readings.get(recognize(talk, sides, self.lexicon) or _NONE)
        if reading is None:
            return failed("language")
        return talk, sides, [reading.hear(side, turn.text) if side >= 0 else None for turn, side in zip(turns, sides, strict=True)], reading

    def _signals(self, talk: Talk, sides: list[int], heard: list[Utterance | None], reading: "_Reading") -> Signals | str:
        signals = Signals(talk.turns, sides, heard, reading.finder)
        if not signals.agent:
            return ABSTAINED
        channel = self._channel(talk.channel, signals)
        signals.bind(self._limits.get(channel, {}), self._figures[channel])
        return signals

    def _channel(self, told: str | None, signals: Signals) -> str:
        """Return whose limits hold; where it is not told, a chat's if the replies come at a chat's pace."""
        if told is None:
            told = _CHAT if signals.longest_gap < _HOUR else _NONE
        channel = told.lower()
        return channel if channel in self._limits else _NONE

    def _complete(self, limits: Mapping[str, float]) -> dict[str, float]:
        """Return a figure for each name; unlimited where the channel has none."""
        return {name: limits.get(name, float("inf") if name.endswith("_seconds") else 0.0) for name in self.limits}


class _Reading:
    """The distinct texts of some conversations in one language, by side."""

    def __init__(self, finder: Finder) -> None:
        self.finder = finder
        self._known: tuple[dict[str, Utterance], dict[str, Utterance]] = ({}, {})

    def hear(self, side: Side, text: str) -> Utterance:
        """Return the utterance of a text, which is not searched yet."""
        known = self._known[side]
        utterance = known.get(text)
        if utterance is None:
            utterance = known[text] = Utterance(text)
        return utterance

    def search(self) -> None:
        """Search all texts."""
        for side, known in enumerate(self._known):
            utterances = list(known.values())
            for utterance, mask in zip(utterances, self.finder.find(side, utterances), strict=True):
                utterance.mask = mask
                utterance.marks = _marks(side, utterance, self.finder.tongue)


def _marks(side: Side, utterance: Utterance, tongue: Tongue) -> tuple[str, ...]:
    """Return the names of a text's groups, and of what else is noted of it."""
    mask = utterance.mask
    asks, clause, manners, shouts = tongue.traits
    if utterance.asks:
        mask |= asks
    if utterance.length >= _CLAUSE:
        mask |= clause
    if _mannerly(utterance, tongue):
        mask |= manners
    if side == _CUSTOMER and utterance.shouts:
        mask |= shouts
    return tongue.marks[mask]


def _mannerly(utterance: Utterance, tongue: Tongue) -> bool:
    """Return whether a turn holds nothing but manners."""
    mask, length = utterance.mask, utterance.length
    if length > _LONG or mask & tongue.together[_WEIGHTY]:
        return False
    return length <= _SHORT or bool(mask & tongue.together[_MANNERS])


_Heard = tuple[Talk, list[int], list[Utterance | None], _Reading]
