"""Sets of turns answer as lists of places would, in the machine's numbers and in Python's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearbar.grading.rules.turnset import WIDTH, TurnSet, after, before, count, either, ending, first, last, places, since, unless, where

Places = list[set[int]]


def of(*conversations: set[int]) -> TurnSet:
    """Return sets of turns: the machine's numbers where they are wide enough."""
    long = any(place >= WIDTH for some in conversations for place in some)
    return np.array([sum(1 << place for place in some) for some in conversations], object if long else np.uint64)


def told(turns: TurnSet) -> Places:
    return [set(places(some)) for some in turns.tolist()]


def some(most: int) -> st.SearchStrategy[Places]:
    return st.lists(st.sets(st.integers(0, most - 1)), min_size=2, max_size=2)


ANY = st.one_of(some(WIDTH), some(200))


def test_places_are_told_in_order() -> None:
    assert list(places(0b101001)) == [0, 3, 5]


@given(ANY)
def test_the_first_the_last_and_the_ending_are_turns_of_the_set_and_none_of_none(some: Places) -> None:
    assert told(first(of(*some))) == [set(sorted(one)[:1]) for one in some]
    assert told(last(of(*some))) == [set(sorted(one)[-1:]) for one in some]
    assert told(ending(of(*some), 2)) == [set(sorted(one)[-2:]) for one in some]
    assert count(of(*some)).tolist() == [len(one) for one in some]


@given(st.one_of(st.tuples(some(WIDTH), some(WIDTH)), st.tuples(some(200), some(200))))
def test_bounds_keep_what_lies_on_their_side(pair: tuple[Places, Places]) -> None:
    some, others = pair
    turns, bounds = of(*some), of(*others)
    if turns.dtype != bounds.dtype:
        turns, bounds = turns.astype(object), bounds.astype(object)
    both = list(zip(some, others, strict=True))
    assert told(turns & after(bounds)) == [{place for place in one if bound and place > min(bound)} for one, bound in both]
    assert told(turns & since(last(bounds))) == [{place for place in one if bound and place >= max(bound)} for one, bound in both]
    assert told(turns & before(bounds)) == [{place for place in one if not bound or place < min(bound)} for one, bound in both]


@pytest.mark.parametrize("kind", [np.uint64, object])
def test_turns_are_kept_where_others_are_or_are_not(kind: type) -> None:
    turns: TurnSet = np.array([3, 3, 0], kind)
    others: TurnSet = np.array([4, 0, 4], kind)
    assert where(turns, others).tolist() == [3, 0, 0]
    assert unless(turns, others).tolist() == [0, 3, 0]
    assert either(turns, others).tolist() == [3, 3, 4]
    assert where(turns, np.array([True, False, True])).tolist() == [3, 0, 0]
