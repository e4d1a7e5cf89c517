"""The turns of conversations, laid end to end, and as sets."""

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from clearbar.grading.rules.once import Once
from clearbar.grading.rules.texts import AGENT, NOBODY, Heard, Texts
from clearbar.grading.rules.turnset import WIDTH, TurnSet, places

__all__ = ["DATED", "Turns"]

DATED: Final = 1e8
"""Seconds from which a time counts from 1970, and not from the start of the conversation."""


class Turns:
    """All turns of some conversations, end to end.

    Parameters
    ----------
    heard
        The conversations, all of at most `WIDTH` turns or all of more.
    texts
        Theirs, searched.
    """

    def __init__(self, heard: Sequence[Heard], texts: Texts) -> None:
        self._heard = heard
        self.texts = texts
        lengths = np.array([len(one.turns) for one in heard])
        starts = _starts(lengths)
        self.starts: list[int] = starts.tolist()
        """Of each conversation, where its turns begin."""
        self.whose = np.repeat(np.arange(len(heard)), lengths)
        """Of each turn, which conversation it belongs to."""
        many = len(self.whose)
        self.sides = np.fromiter(chain.from_iterable([one.sides for one in heard]), np.int8, many)
        """Of each turn, who said it."""
        self._rows = np.fromiter(chain.from_iterable([one.rows for one in heard]), np.intp, many)
        self._rows[self.sides == AGENT] += texts.customers
        self.rows: list[int] = self._rows.tolist()
        """Of each turn, where its text stands."""
        kind = np.uint64 if lengths.max() <= WIDTH else object
        self.bits: TurnSet = np.left_shift(np.ones(1, kind), (np.arange(many) - starts[self.whose]).astype(kind))
        """Of each turn, the set of it alone."""

    @Once
    def times(self) -> NDArray[np.float64]:
        """Of each turn, when it was said; NaN where that is not known."""
        told = [turn.time for one in self._heard for turn in one.turns]
        return np.array([math.nan if time is None else time for time in told], np.float64)

    @Once
    def moments(self) -> NDArray[np.float64]:
        """Of each turn, when it was said in Unix seconds; NaN where that is not known."""
        began = np.array([math.nan if one.started_at is None else _unix(one.started_at) for one in self._heard], np.float64)
        return np.where(self.times >= DATED, self.times, self.times + began[self.whose])

    def those(self, told: NDArray[np.bool_]) -> TurnSet:
        """Return, by conversation, those turns of which it is told that it is so."""
        return _united(self.whose[told], self.bits[told], len(self._heard))

    def found(self) -> NDArray[Any]:
        """Return in which turns each group and each trait was found: sets, by column and conversation."""
        many, columns = self.texts.found.shape
        texts, column = np.divmod(np.flatnonzero(self.texts.found), columns)
        each = np.bincount(texts, minlength=many)  # hits of each text
        spoken = np.flatnonzero(self.sides != NOBODY)
        rows = self._rows[spoken]
        held = each[rows]  # hits of each turn
        hits = np.arange(held.sum()) + np.repeat(_starts(each)[rows] - _starts(held), held)
        turns = np.repeat(spoken, held)
        talks = len(self._heard)
        return _united(column[hits] * talks + self.whose[turns], self.bits[turns], columns * talks).reshape(columns, talks)

    def said(self, talk: int, turns: int) -> Iterator[tuple[int, int]]:
        """Yield the places of some spoken turns of a conversation, and the rows of their texts."""
        start = self.starts[talk]
        for place in places(turns):
            yield place, self.rows[start + place]


def _unix(moment: datetime) -> float:
    """Return Unix seconds; a moment without a zone is in UTC."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _united(places: NDArray[Any], bits: TurnSet, size: int) -> TurnSet:
    """Return sets of turns, each the union of the bits that go to its place."""
    sets = np.zeros(size, bits.dtype)
    np.bitwise_or.at(sets, places, bits)
    return sets


def _starts(lengths: NDArray[Any]) -> NDArray[Any]:
    """Return where each of some pieces begins that lie end to end."""
    starts: NDArray[Any] = np.cumsum(lengths) - lengths
    return starts
