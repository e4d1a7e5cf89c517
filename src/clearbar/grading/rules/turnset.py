"""Sets of a conversation's turns, each a number whose bit `place` stands for the turn of that place.

Most questions about turns are then one operation for the whole conversation:
`&`, `|` and `& ~` are intersection, union and difference; the greater of two disjoint sets holds the later last turn.
The sets that bound others (`after`, `since`, `before`) may have no end; they are only ever intersected.
"""

from collections.abc import Iterator

__all__ = ["TurnSet", "after", "before", "ending", "first", "last", "places", "since"]

TurnSet = int


def first(turns: TurnSet) -> TurnSet:
    """Return the first turn; none of none."""
    return turns & -turns


def last(turns: TurnSet) -> TurnSet:
    """Return the last turn; none of none."""
    return 1 << turns.bit_length() >> 1


def ending(turns: TurnSet, most: int) -> TurnSet:
    """Return the last so many turns."""
    found = 0
    for _ in range(most):
        found |= last(turns ^ found)
    return found


def after(turns: TurnSet) -> TurnSet:
    """Return all turns behind the first of these; none behind none."""
    return -((turns & -turns) << 1)


def since(turn: TurnSet) -> TurnSet:
    """Return this one turn and all behind it; none where there is none."""
    return -turn


def before(turns: TurnSet) -> TurnSet:
    """Return all turns before the first of these; all where there is none."""
    return (turns & -turns) - 1


def places(turns: TurnSet) -> Iterator[int]:
    """Yield the places of the turns, in order."""
    while turns:
        here = turns & -turns
        yield here.bit_length() - 1
        turns ^= here
