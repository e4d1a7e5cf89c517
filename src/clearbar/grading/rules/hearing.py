"""What every signal is measured on: the turns of a conversation as sets, by speaker and by what was found in them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Generic, Protocol, TypeVar

from clearbar.grading.rules.engine import Finder
from clearbar.grading.rules.text import Utterance
from clearbar.grading.rules.turnset import TurnSet, places

__all__ = ["AGENT", "COUNTED", "CUSTOMER", "QUOTED", "SIGNALS", "Hearing", "Once", "Spoken", "number", "turns_with"]

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


def number(measure: Callable[[Any], float]) -> Once[float]:
    """Make a signal of a measure that returns a number."""
    return _registered(measure)


def _registered(measure: Callable[[Any], Value]) -> Once[Value]:
    SIGNALS[measure.__name__] = (measure.__doc__ or "").strip()
    return Once(measure)


class Hearing:
    """The turns of one conversation, with one attribute for each group of the lexicon: the turns that it was found in.

    Parameters
    ----------
    turns
        All turns, in order.
    sides
        Of each turn: 0 customer, 1 agent, -1 whom nobody grades (bot, system, note).
    utterances
        Of each turn, None where nobody grades it.
    finder
        By which they were searched.
    """

    def __init__(self, turns: Sequence[Spoken], sides: Sequence[int], utterances: Sequence[Utterance | None], finder: Finder) -> None:
        own = self.__dict__ = finder.tongue.unheard.copy()
        self.all = turns
        self.sides = sides
        self.utterances = utterances
        self.finder = finder
        self.tongue = finder.tongue
        spoken = [0, 0]
        here = 1
        for side, utterance in zip(sides, utterances, strict=True):
            if utterance is not None:
                spoken[side] |= here
                for mark in utterance.marks:
                    own[mark] |= here
            here <<= 1
        self.customer, self.agent = spoken
        self.limits: Mapping[str, float] = {}

    def __getattr__(self, name: str) -> TurnSet:
        """Return no turn for a group that the language lacks."""
        if name.startswith("__"):
            raise AttributeError(name)
        return 0

    def bind(self, limits: Mapping[str, float], figures: Mapping[str, float]) -> None:
        """Take the rubric's figures for the channel: as it states them, and as decisions read them."""
        self.limits = limits
        self.__dict__.update(figures)

    def turns(self, name: str) -> TurnSet:
        """Return the turns that a signal or group counted; none for a plain number."""
        return getattr(self, name) if name in COUNTED or name in self.tongue.bits else 0

    def value(self, name: str) -> float:
        """Return what decisions read: in how many turns something was found, or the number itself."""
        value: int = getattr(self, name)
        return value.bit_count() if name in COUNTED or name in self.tongue.bits else value

    def heard(self, turns: TurnSet) -> Iterator[tuple[int, Utterance]]:
        """Yield the places of some spoken turns, and what was said there."""
        for place in places(turns):
            utterance = self.utterances[place]
            if utterance is not None:
                yield place, utterance
