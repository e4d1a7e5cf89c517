"""What every signal is measured on: the turns of conversations side by side, as sets, by speaker and by what was found in them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from clearbar.grading.rules.engine import Finder
from clearbar.grading.rules.lexicon import TRAITS
from clearbar.grading.rules.text import Utterance
from clearbar.grading.rules.turnset import WIDTH, Numbers, TurnSet, count, places

__all__ = ["AGENT", "COUNTED", "CUSTOMER", "QUOTED", "SIGNALS", "Heard", "Hearing", "Numbers", "Once", "Spoken", "number", "turns_with"]

CUSTOMER: Final = 0
AGENT: Final = 1
SIGNALS: Final[dict[str, str]] = {}
"""What each signal measures, by name."""
COUNTED: Final[set[str]] = set()
"""Signals that are sets of turns; a decision reads how many. The others are plain numbers."""
QUOTED: Final[dict[str, tuple[str, ...]]] = {}
"""Groups whose words are quoted from a signal's turns; without any, the turn's own first sentence."""

Value = TypeVar("Value")


class Spoken(Protocol):
    """A turn, as pydantic's and msgspec's both are."""

    @property
    def role(self) -> str:
        """Customer, agent, bot, system or note."""

    @property
    def text(self) -> str:
        """What was said."""

    @property
    def time(self) -> float | None:
        """Seconds from the start of the conversation."""


class Heard(NamedTuple):
    """A conversation whose texts are ready to be searched."""

    turns: Sequence[Spoken]
    """All turns, in order."""
    sides: Sequence[int]
    """Of each turn: 0 customer, 1 agent, -1 whom nobody grades (bot, system, note)."""
    utterances: Sequence[Utterance | None]
    """Of each turn, None where nobody grades it."""


class Once(Generic[Value]):
    """Measures on first reading and leaves the value in the instance, where the next reading finds it directly."""

    def __init__(self, measure: Callable[[Any], Value]) -> None:
        self._measure = measure
        self._name = measure.__name__

    def __get__(self, hearing: "Hearing", owner: type) -> Value:
        value = hearing.__dict__[self._name] = self._measure(hearing)
        return value


def turns_with(*quoted: str) -> Callable[[Callable[[Any], TurnSet]], Once[TurnSet]]:
    """Make a signal of a measure that returns turns, from which the words of these groups are quoted."""

    def register(measure: Callable[[Any], TurnSet]) -> Once[TurnSet]:
        QUOTED[measure.__name__] = quoted
        COUNTED.add(measure.__name__)
        return _registered(measure)

    return register


def number(measure: Callable[[Any], Numbers]) -> Once[Numbers]:
    """Make a signal of a measure that returns numbers."""
    return _registered(measure)


def _registered(measure: Callable[[Any], Value]) -> Once[Value]:
    SIGNALS[measure.__name__] = (measure.__doc__ or "").strip()
    return Once(measure)


class Hearing:
    """The turns of conversations in one language, with one attribute for each group of the lexicon: the turns that it was found in.

    Parameters
    ----------
    heard
        The conversations, all of at most `WIDTH` turns or all of more.
    found
        Which groups and traits (columns) each text (row) holds.
    finder
        By which they were searched.
    """

    def __init__(self, heard: Sequence[Heard], found: NDArray[np.bool_], finder: Finder) -> None:
        self.heard = heard
        self.finder = finder
        self.tongue = finder.tongue
        self._found = found
        self._lists: dict[str, list[int]] = {}
        lengths = np.array([len(one.turns) for one in heard])
        whose = np.repeat(np.arange(len(heard)), lengths)  # of each turn of all: which conversation's
        places = np.arange(len(whose)) - _starts(lengths)[whose]
        kind = np.uint64 if lengths.max() <= WIDTH else object
        bits = np.left_shift(np.ones(1, kind), places.astype(kind))
        sides = np.fromiter(chain.from_iterable(one.sides for one in heard), np.int8, len(whose))
        rows = np.array([0 if said is None else said.row for one in heard for said in one.utterances])
        self._whose, self._bits = whose, bits
        self.customer, self.agent, self.others = (self.those(sides == side) for side in (CUSTOMER, AGENT, -1))
        spoken = sides >= 0
        self.__dict__.update(zip((*self.tongue.columns, *TRAITS), self._sets(whose[spoken], bits[spoken], rows[spoken]), strict=True))

    def _sets(self, whose: NDArray[Any], bits: TurnSet, rows: NDArray[Any]) -> NDArray[Any]:
        """Return the turns that each column was found in, by column and conversation."""
        texts, columns = self._found.nonzero()
        held = np.bincount(texts, minlength=len(self._found))
        starts, held = _starts(held)[rows], held[rows]
        turns = np.repeat(np.arange(len(rows)), held)  # of each hit in a turn
        hits = columns[starts[turns] + np.arange(len(turns)) - _starts(held)[turns]]
        many = len(self.heard)
        return _united(hits * many + whose[turns], bits[turns], self._found.shape[1] * many).reshape(-1, many)

    def __getattr__(self, name: str) -> TurnSet:
        """Return no turn for a group that the language lacks."""
        if name.startswith("__"):
            raise AttributeError(name)
        return self.agent & 0

    def bind(self, figures: Sequence[Mapping[str, float]]) -> None:
        """Take the rubric's figures for the channel of each conversation."""
        self.__dict__.update({name: np.array([figure[name] for figure in figures]) for name in figures[0]})

    def sets(self, name: str) -> list[int]:
        """Return of each conversation the turns that a signal or group counted; none for a plain number."""
        if name not in self._lists:
            turns: TurnSet = getattr(self, name) if name in COUNTED or name in self.tongue.columns else self.agent & 0
            self._lists[name] = turns.tolist()
        return self._lists[name]

    def values(self, name: str) -> list[float]:
        """Return of each conversation what decisions read: in how many turns something was found, or the number itself."""
        value: Numbers = getattr(self, name)
        told: list[float] = (count(value) if name in COUNTED or name in self.tongue.columns else value).tolist()
        return told

    def those(self, told: NDArray[np.bool_]) -> TurnSet:
        """Return those of all turns, of all conversations end to end, of which it is told that it is so."""
        return _united(self._whose[told], self._bits[told], len(self.heard))

    @property
    def times(self) -> NDArray[np.float64]:
        """When each of all turns was said, of all conversations end to end; NaN where that is not known."""
        return np.array([turn.time for one in self.heard for turn in one.turns], np.float64)

    def each(self, measure: Callable[..., int], *sets: TurnSet, where: Numbers) -> TurnSet:
        """Return what a measure makes of a conversation, by its place and its turns of some sets, in those where it is worth while."""
        found = self.agent & 0
        for place in np.flatnonzero(where).tolist():
            found[place] = measure(place, *(int(turns[place]) for turns in sets))
        return found

    def said(self, conversation: int, turns: int) -> Iterator[tuple[int, Utterance]]:
        """Yield the places of some spoken turns of a conversation, and what was said there."""
        utterances = self.heard[conversation].utterances
        for place in places(turns):
            utterance = utterances[place]
            if utterance is not None:
                yield place, utterance

    def holds(self, group: str, utterance: Utterance) -> bool:
        """Return whether a group of the lexicon was found in a text."""
        column = self.tongue.columns.get(group)
        return column is not None and bool(self._found[utterance.row, column])


def _united(places: NDArray[Any], bits: TurnSet, size: int) -> TurnSet:
    """Return sets of turns, each the union of the bits that go to its place."""
    sets = np.zeros(size, bits.dtype)
    np.bitwise_or.at(sets, places, bits)
    return sets


def _starts(lengths: NDArray[Any]) -> NDArray[Any]:
    """Return where each of some pieces begins that lie end to end."""
    starts: NDArray[Any] = np.cumsum(lengths) - lengths
    return starts
