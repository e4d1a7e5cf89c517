"""Waits, against a second reading of the same turns one by one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from clearbar.grading.rules.texts import AGENT, CUSTOMER, NOBODY
from clearbar.grading.rules.waits import waits

Turn = tuple[int, float | None, bool]
TURNS = st.tuples(st.sampled_from([CUSTOMER, AGENT, AGENT, NOBODY]), st.one_of(st.none(), st.integers(0, 999).map(float)), st.booleans())


def one_by_one(turns: list[Turn]) -> list[float | None]:
    """Return the waits of one conversation, as one would read it out."""
    found: list[float | None] = []
    since: float | None = None
    for side, time, announced in turns:
        found.append(None)
        if side == CUSTOMER:
            since = time if since is None else since
        elif side == AGENT and since is not None:
            found[-1] = None if time is None else time - since
            since = time if announced else None
    return found


@given(st.lists(st.lists(TURNS, min_size=1, max_size=12).filter(lambda turns: any(side == AGENT for side, _, _ in turns)), min_size=1))
def test_conversations_end_to_end_have_the_waits_of_each_alone(talks: list[list[Turn]]) -> None:
    turns = [turn for talk in talks for turn in talk]
    whose = np.array([number for number, talk in enumerate(talks) for _ in talk])
    sides = np.array([side for side, _, _ in turns])
    times = np.array([time for _, time, _ in turns], np.float64)
    found = waits(sides, times, whose, np.array([announced for _, _, announced in turns]))
    assert [None if np.isnan(seconds) else seconds for seconds in found.tolist()] == [wait for talk in talks for wait in one_by_one(talk)]
