"""Sets of turns of many conversations side by side: an array with a number for each, whose bit `place` stands for the turn of that place.

Most questions about turns are then one operation for a whole block of conversations:
`&`, `|` and `& ~` are intersection, union and difference; the greater of two disjoint sets holds the later last turn.
The sets that bound others (`after`, `since`, `before`) have no end; they are only ever intersected.
Conversations of up to `WIDTH` turns are numbers of the machine, longer ones are Python's.
"""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "WIDTH",
    "Numbers",
    "TurnSet",
    "after",
    "before",
    "count",
    "either",
    "ending",
    "first",
    "last",
    "places",
    "since",
    "unless",
    "where",
]

TurnSet = NDArray[Any]
Numbers = NDArray[Any]
"""A number for each conversation."""
WIDTH: Final = 64

_SMEARS: Final = (1, 2, 4, 8, 16, 32)
_last_of: Final = np.frompyfunc(lambda turns: 1 << turns.bit_length() >> 1, 1, 1)


def first(turns: TurnSet) -> TurnSet:
    """Return the first turn; none of none."""
    return turns & -turns


def last(turns: TurnSet) -> TurnSet:
    """Return the last turn; none of none."""
    if turns.dtype == object:
        return np.asarray(_last_of(turns), dtype=object)
    for step in _SMEARS:
        turns = turns | turns >> step
    found: TurnSet = turns ^ turns >> 1
    return found


def ending(turns: TurnSet, most: int) -> TurnSet:
    """Return the last so many turns."""
    found = turns & 0
    for _ in range(most):
        found = found | last(turns ^ found)
    return found


def after(turns: TurnSet) -> TurnSet:
    """Return all turns behind the first of these; none behind none."""
    return -(first(turns) << 1)


def since(turn: TurnSet) -> TurnSet:
    """Return this one turn and all behind it; none where there is none."""
    return -turn


def before(turns: TurnSet) -> TurnSet:
    """Return all turns before the first of these; all where there is none."""
    return first(turns) - 1


def either(turns: TurnSet, others: TurnSet) -> TurnSet:
    """Return the turns; the others where there are none."""
    return np.where(turns != 0, turns, others)


def where(turns: TurnSet, others: TurnSet) -> TurnSet:
    """Return the turns in conversations where the others are, or where it is so; none elsewhere."""
    return np.where(others != 0, turns, 0)


def unless(turns: TurnSet, others: TurnSet) -> TurnSet:
    """Return the turns in conversations where none of the others are; none elsewhere."""
    return np.where(others == 0, turns, 0)


def count(turns: TurnSet) -> Numbers:
    """Return how many turns there are."""
    return np.bitwise_count(turns).astype(np.float64)


def places(turns: int) -> Iterator[int]:
    """Yield the places of one conversation's turns, in order."""
    while turns:
        here = turns & -turns
        yield here.bit_length() - 1
        turns ^= here
