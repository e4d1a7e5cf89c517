from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from clearbar.grading.llm.parts import TURN_TOKENS, merge_levels, split
from clearbar.grading.llm.tokens import estimate_tokens
from clearbar.grading.llm.votes import majority
from clearbar.transcript import Role, Turn
from clearbar.verdict import Failure

from .conftest import make_rubric

RUBRIC = make_rubric()


@given(st.lists(st.integers(1, 60), min_size=1, max_size=80), st.integers(70, 400))
def test_parts_cover_every_turn_fit_the_room_and_go_forward(words: list[int], room: int) -> None:
    turns = [Turn(role=Role.AGENT, text="word " * count) for count in words]
    parts = split(turns, room)
    assert parts
    assert {index for part in parts for index in range(part.first, part.last)} == set(range(len(turns)))
    for part in parts:
        assert sum(estimate_tokens(turn.text) + TURN_TOKENS for turn in turns[part.first : part.last]) <= room
        assert part.count == len(parts)
    for one, two in pairwise(parts):
        assert one.first < two.first <= one.last < two.last


def test_parts_overlap_so_that_an_answer_is_read_with_its_question() -> None:
    turns = [Turn(role=Role.AGENT, text="word " * 10) for _ in range(60)]
    one, two, *_ = split(turns, 300)
    assert two.first < one.last


def test_a_turn_larger_than_the_room_has_no_parts() -> None:
    assert split([Turn(role=Role.AGENT, text="word " * 500)], 100) == ()


def merged(criterion: str, levels: dict[int, str], failures: list[Failure] | None = None) -> tuple[str, int | None, str | None]:
    return merge_levels(criterion, levels, failures or [], RUBRIC)


def test_the_worst_part_holds_by_default() -> None:
    assert merged("courtesy", {1: "vaults", 2: "below", 3: "clears"}) == ("below", 2, None)
    assert merged("courtesy", {1: "vaults", 2: "clears"}) == ("clears", 2, None)


def test_the_last_part_that_says_something_holds_where_the_rubric_says_so() -> None:
    assert merged("closing", {1: "below", 2: "vaults", 3: "not_applicable"}) == ("vaults", 2, None)


def test_the_best_part_holds_where_the_rubric_says_so() -> None:
    assert merged("disclosure", {1: "no", 2: "yes", 3: "no"}) == ("yes", 2, None)


def test_doubt_outweighs_a_part_without_occasion_and_a_level_outweighs_both() -> None:
    assert merged("courtesy", {1: "not_applicable", 2: "abstain"})[0] == "abstain"
    assert merged("courtesy", {1: "not_applicable", 2: "abstain", 3: "clears"})[0] == "clears"
    assert merged("courtesy", {1: "not_applicable"})[0] == "not_applicable"


def test_an_unread_part_leaves_the_whole_unknown_unless_another_already_shows_the_lowest() -> None:
    assert merged("courtesy", {1: "clears"}, ["unread"])[2] == "unread"
    assert merged("courtesy", {1: "below"}, ["unread"]) == ("below", 1, None)
    assert merged("closing", {1: "below"}, ["unread"])[2] == "unread"


def test_most_votes_hold() -> None:
    assert majority("courtesy", ["below", "clears", "below"], RUBRIC) == "below"
    assert majority("courtesy", ["abstain", "abstain", "clears"], RUBRIC) == "abstain"


def test_a_tie_neither_fails_nor_vaults() -> None:
    assert majority("courtesy", ["below", "clears"], RUBRIC) == "clears"
    assert majority("courtesy", ["vaults", "clears"], RUBRIC) == "clears"
    assert majority("courtesy", ["vaults", "below"], RUBRIC) == "vaults"
    assert majority("identity", ["no", "yes"], RUBRIC) == "yes"
    assert majority("courtesy", ["below", "abstain"], RUBRIC) == "below"
    assert majority("courtesy", ["not_applicable", "abstain"], RUBRIC) == "abstain"
