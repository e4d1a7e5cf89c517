"""Sets of turns answer as lists of places would."""

from hypothesis import given
from hypothesis import strategies as st

from clearbar.grading.rules.turnset import TurnSet, after, before, first, last, places, since

PLACES = st.sets(st.integers(0, 200))


def of(some: set[int]) -> TurnSet:
    return sum(1 << place for place in some)


@given(PLACES)
def test_places_are_told_in_order(some: set[int]) -> None:
    assert list(places(of(some))) == sorted(some)


@given(PLACES)
def test_the_first_and_the_last_are_single_turns_and_none_of_none(some: set[int]) -> None:
    assert list(places(first(of(some)))) == sorted(some)[:1]
    assert list(places(last(of(some)))) == sorted(some)[-1:]


@given(PLACES, PLACES)
def test_bounds_keep_what_lies_on_their_side(some: set[int], others: set[int]) -> None:
    turns, bound = of(some), of(others)
    low, high = min(others, default=None), max(others, default=None)
    assert list(places(turns & after(bound))) == sorted(place for place in some if low is not None and place > low)
    assert list(places(turns & since(last(bound)))) == sorted(place for place in some if high is not None and place >= high)
    assert list(places(turns & before(bound))) == sorted(place for place in some if low is None or place < low)
