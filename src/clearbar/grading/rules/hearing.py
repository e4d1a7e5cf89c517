"""What every signal is measured on: the turns of conversations side by side, as sets, by speaker and by what was found in them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import numpy as np

from clearbar.grading.rules.lexicon import TRAITS, Tongue
from clearbar.grading.rules.once import Once
from clearbar.grading.rules.texts import AGENT, CUSTOMER, NOBODY, Heard, Texts
from clearbar.grading.rules.turns import Turns
from clearbar.grading.rules.turnset import Numbers, TurnSet, count

__all__ = ["COUNTED", "QUOTED", "SIGNALS", "Hearing", "number", "turns_with"]

SIGNALS: Final[dict[str, str]] = {}
"""What each signal measures, by name."""
COUNTED: Final[set[str]] = set()
"""Signals that are sets of turns; a decision reads how many. The others are plain numbers."""
QUOTED: Final[dict[str, tuple[str, ...]]] = {}
"""Groups whose words are quoted from a signal's turns; without any, the turn's own first sentence."""

Value = TypeVar("Value")


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
    texts
        Theirs, searched.
    """

    heard: Sequence[Heard]
    turns: Turns
    tongue: Tongue
    customer: TurnSet
    agent: TurnSet
    others: TurnSet
    """Turns of those whom nobody grades."""
    quotes: dict[tuple[str, ...], Any]
    """What was quoted for some groups, kept for the next decision that shows them."""

    def __init__(self, heard: Sequence[Heard], texts: Texts) -> None:
        self.heard = heard
        self.turns = turns = Turns(heard, texts)
        self.tongue = texts.finder.tongue
        self.quotes = {}
        self._lists: dict[str, list[int]] = {}
        self._numbers: dict[str, Numbers] = {}
        self._tallies: Mapping[str, Mapping[str, int]] = {}
        self.customer, self.agent, self.others = (turns.those(turns.sides == side) for side in (CUSTOMER, AGENT, NOBODY))
        self.__dict__.update(zip((*self.tongue.columns, *TRAITS), turns.found(), strict=True))

    def __getattr__(self, name: str) -> TurnSet:
        """Count a tally when it is first asked for; return no turn for a group that the language lacks."""
        if name.startswith("__"):
            raise AttributeError(name)
        if name in self._tallies:
            weighed = [points * (getattr(self, part) != 0) for part, points in self._tallies[name].items()]
            counted = self.__dict__[name] = np.sum(weighed, axis=0, dtype=np.float64)
            return counted
        return self.agent & 0

    def bind(self, figures: Sequence[Mapping[str, float]], tallies: Mapping[str, Mapping[str, int]]) -> None:
        """Take the rubric's figures for the channel of each conversation, and its tallies."""
        self._tallies = tallies
        self.__dict__.update({name: np.array([figure[name] for figure in figures]) for name in figures[0]})

    def recount(self, tallies: Mapping[str, Mapping[str, int]]) -> None:
        """Take other points for the tallies; what else was measured stays."""
        for name in self._tallies:
            self.__dict__.pop(name, None)
            self._numbers.pop(name, None)
        self._tallies = tallies

    def sets(self, name: str) -> list[int]:
        """Return of each conversation the turns that a signal or group counted; none for a plain number."""
        if name not in self._lists:
            turns: TurnSet = getattr(self, name) if self._counts(name) else self.agent & 0
            self._lists[name] = turns.tolist()
        return self._lists[name]

    def numbers(self, name: str) -> Numbers:
        """Return of each conversation what decisions read: in how many turns something was found, or the number itself."""
        if name not in self._numbers:
            value = getattr(self, name)
            self._numbers[name] = count(value) if self._counts(name) else value
        return self._numbers[name]

    def _counts(self, name: str) -> bool:
        return name in COUNTED or name in self.tongue.columns

    def each(self, measure: Callable[..., int], *sets: TurnSet, where: Numbers) -> TurnSet:
        """Return what a measure makes of a conversation, by its place and its turns of some sets, in those where it is worth while."""
        found = self.agent & 0
        talks = np.flatnonzero(where)
        found[talks] = np.fromiter(map(measure, talks.tolist(), *(turns[talks].tolist() for turns in sets)), found.dtype, len(talks))
        return found
