"""From turns to signals: language, texts, patterns. One way in for every road."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from clearbar.grading.rules.engine import Finder, Found, open_finder
from clearbar.grading.rules.hearing import AGENT, CUSTOMER, Heard, Spoken
from clearbar.grading.rules.language import recognize
from clearbar.grading.rules.lexicon import Lexicon
from clearbar.grading.rules.signals import Signals
from clearbar.grading.rules.text import Utterance
from clearbar.grading.rules.turnset import WIDTH
from clearbar.verdict import ABSTAINED, failed

__all__ = ["Measurements", "Measurer", "Panel", "Talk"]

_SIDES: Final = {"customer": CUSTOMER, "agent": AGENT}
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
        self.limits = frozenset({name for figures in limits.values() for name in figures} | _EVERYWHERE)
        """Names of the figures that decisions may read."""
        self._figures = {channel: self._complete(limits.get(channel, {})) for channel in (*limits, _NONE)}
        self._finders: dict[str, Finder] = {code: open_finder(tongue, plain=plain) for code, tongue in lexicon.tongues.items()}

    def measure(self, talks: Iterable[Talk]) -> "Measurements":
        """Return the signals of conversations.

        All texts are searched together, each but once, which keeps the automaton in the processor's cache.
        """
        readings = {code: _Reading(finder) for code, finder in self._finders.items()}
        unmeasured: dict[int, str] = {}
        number = -1
        for number, talk in enumerate(talks):
            sides = [_SIDES.get(turn.role, -1) for turn in talk.turns]
            reading = readings.get(recognize(talk, sides, self.lexicon) or _NONE)
            if reading is None:
                unmeasured[number] = failed("language")
            elif AGENT not in sides:
                unmeasured[number] = ABSTAINED
            else:
                reading.hear(number, talk, sides)
        panels = [panel for reading in readings.values() for panel in reading.panels()]
        for panel in panels:
            self._bind(panel.signals, panel.channels)
        return Measurements(number + 1, panels, unmeasured)

    def _bind(self, signals: Signals, told: Sequence[str | None]) -> None:
        """Give signals the limits of the channels; where none is told, a chat's if the replies come at a chat's pace."""
        if None in told:
            paces = [_CHAT if gap < _HOUR else _NONE for gap in signals.longest_gap.tolist()]
            told = [pace if channel is None else channel for channel, pace in zip(told, paces, strict=True)]
        signals.bind([self._figures.get((channel or _NONE).lower(), self._figures[_NONE]) for channel in told])

    def _complete(self, limits: Mapping[str, float]) -> dict[str, float]:
        """Return a figure for each name; unlimited where the channel has none."""
        return {name: limits.get(name, float("inf") if name.endswith("_seconds") else 0.0) for name in self.limits}


class Panel(NamedTuple):
    """Conversations that were measured together."""

    numbers: Sequence[int]
    """Which of all."""
    channels: Sequence[str | None]
    signals: Signals


class Measurements(NamedTuple):
    """What was measured in some conversations."""

    many: int
    panels: Sequence[Panel]
    unmeasured: Mapping[int, str]
    """Why nothing was measured, of those that are in no panel."""


class _Reading:
    """Some conversations in one language: their distinct texts, by side."""

    def __init__(self, finder: Finder) -> None:
        self._finder = finder
        self._texts = (_Texts(), _Texts(), _Silence())  # the last also stands at -1, the side of those whom nobody grades
        self._talks: list[tuple[int, str | None, Heard]] = []

    def hear(self, number: int, talk: Talk, sides: Sequence[int]) -> None:
        """Take in a conversation."""
        texts = self._texts
        utterances = [texts[side][turn.text] for side, turn in zip(sides, talk.turns, strict=True)]
        self._talks.append((number, talk.channel, Heard(talk.turns, sides, utterances)))

    def panels(self) -> Iterator[Panel]:
        """Search all texts and yield the conversations with their signals, the very long ones apart."""
        if not self._talks:
            return
        found = self._found()
        for long in (False, True):
            talks = [talk for talk in self._talks if (len(talk[2].turns) > WIDTH) is long]
            if talks:
                numbers, channels, heard = zip(*talks, strict=True)
                yield Panel(numbers, channels, Signals(heard, found, self._finder))

    def _found(self) -> Found:
        """Return which groups and traits (columns) each text (row) holds."""
        customers, agents = (list(texts.values()) for texts in self._texts[:2])
        for row, utterance in enumerate(customers + agents):
            utterance.row = row
        groups = np.concatenate([self._finder.find(side, utterances) for side, utterances in ((0, customers), (1, agents))])
        return np.concatenate([groups, np.column_stack(self._traits(groups, customers, agents))], axis=1)

    def _traits(self, groups: Found, customers: Sequence[Utterance], agents: Sequence[Utterance]) -> Sequence[NDArray[np.bool_]]:
        """Return what is noted of each text beside its groups, in the order of `TRAITS`."""
        columns = self._finder.tongue.columns
        both = [*customers, *agents]
        lengths = np.array([utterance.length for utterance in both])
        weighty, manners = (groups[:, [columns[name] for name in names if name in columns]].any(axis=1) for names in (_WEIGHTY, _MANNERS))
        asks = np.array([utterance.asks for utterance in both])
        shouts = np.array([utterance.shouts for utterance in customers] + [False] * len(agents))
        return asks, lengths >= _CLAUSE, (lengths <= _LONG) & ~weighty & ((lengths <= _SHORT) | manners), shouts


class _Texts(dict[str, Utterance]):
    """Utterances by their texts, made when first asked for."""

    def __missing__(self, text: str) -> Utterance:
        self[text] = utterance = Utterance(text)
        return utterance


class _Silence(dict[str, None]):
    """No utterance, whatever the text."""

    def __missing__(self, text: str) -> None:
        return None
