"""A change taken apart into the grader's part and the rest."""

import numpy as np
import pytest

from clearbar.agreement import Floats
from clearbar.attribution import Anchored, Part, Side, split_change, weigh

SHARE = Side(np.array([20.0, 80.0, 0.0]))


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def nights(*nights: list[int]) -> list[Floats]:
    """Return what each anchor adds in each night, by its state: 0 counted, 1 the rest, 2 not in the figure."""
    return [np.concatenate([np.eye(3)[states], np.eye(3)[states][:, :1]], axis=1) for states in nights]


def anchored(groups: list[int], before: list[Floats], after: list[Floats], apart: float = 1.0) -> Anchored:
    sides = [weigh(side, [1 / len(side)] * len(side)) for side in (before, after)]
    return Anchored(np.array(groups), sides[0], np.stack([sides[1][:, 3], sides[1][:, :2].sum(axis=1)], axis=1), apart)


def test_a_grader_that_is_known_to_be_the_same_explains_nothing_for_certain() -> None:
    split = split_change(SHARE, Side(np.array([35.0, 65.0, 0.0])), None, rng())
    assert (split.grader.value, split.grader.low, split.grader.high) == (0, 0, 0)
    assert split.rest == split.total
    assert split.total.value == 0.15
    assert split.total.told
    assert split.p_total == split.p_rest < 0.05


def test_what_anchors_turn_in_each_group_weighs_as_the_team_has_of_it_and_not_as_the_anchors_have() -> None:
    groups = [0] * 100 + [1] * 100
    half_let_off = [1] * 50 + [0] * 50 + [1] * 100
    split = split_change(SHARE, Side(np.array([10.0, 90.0, 0.0])), anchored(groups, nights(groups), nights(half_let_off)), rng())
    assert split.grader.value == pytest.approx(-0.1)  # the anchors themselves fell by a quarter
    assert split.rest.value == pytest.approx(0)
    assert split.grader.low < -0.1 < split.grader.high < 0
    assert split.rest.low < 0 < split.rest.high


def test_wavering_alone_is_no_change_of_the_grader() -> None:
    """Anchors that were called failing by chance in the reference night fall back from it in the nights before and after alike."""
    source = np.random.default_rng(3)
    chances = np.where(np.arange(200) < 80, 0.8, 0.15)

    def night() -> list[int]:
        return list(np.where(source.random(200) < chances, 0, 1))

    def part() -> Part:
        sides = [nights(*[night() for _ in range(5)]) for _ in range(2)]
        return split_change(SHARE, SHARE, anchored(night(), sides[0], sides[1]), source, draws=500).grader

    parts = [part() for _ in range(40)]
    assert abs(np.mean([one.value for one in parts])) < 0.01
    assert sum(one.told for one in parts) <= 4


def test_anchors_that_never_turn_leave_some_doubt_by_how_many_there_are() -> None:
    few, many = ([0] * number + [1] * number for number in (8, 200))
    widths = []
    for groups in (few, many):
        part = split_change(SHARE, SHARE, anchored(groups, nights(groups), nights(groups)), rng()).grader
        assert part.value == 0
        assert part.low < 0 < part.high
        widths.append(part.high - part.low)
    assert widths[1] < 0.2 * widths[0]


def test_the_same_nights_behind_both_periods_leave_no_doubt() -> None:
    groups = [0] * 20 + [1] * 20
    part = split_change(SHARE, SHARE, anchored(groups, nights(groups), nights(groups), apart=0.0), rng()).grader
    assert (round(part.low, 9), part.value, round(part.high, 9)) == (0, 0, 0)


def test_a_state_without_anchors_makes_the_part_uncertain_and_moves_nothing() -> None:
    groups = [1] * 60
    part = split_change(SHARE, SHARE, anchored(groups, nights(groups), nights(groups)), rng()).grader
    assert part.value == 0
    assert part.high - part.low > 0.2


def test_what_becomes_not_applicable_leaves_the_denominator() -> None:
    groups = [0] * 50 + [1] * 50
    gone = [2] * 50 + [1] * 50
    part = split_change(SHARE, Side(np.array([0.0, 80.0, 20.0])), anchored(groups, nights(groups), nights(gone)), rng()).grader
    assert part.value == pytest.approx(-0.2)


def test_a_mean_score_is_taken_apart_by_what_anchors_score() -> None:
    scores = np.linspace(60, 100, 50)
    before, after = Side(np.array([20.0, 30.0, 0.0]), scores), Side(np.array([35.0, 15.0, 0.0]), scores - 10)
    states = np.array([0] * 30 + [1] * 30)
    scored = np.concatenate([np.eye(3)[states], np.where(states == 0, 62.0, 88.0)[:, None]], axis=1)
    later = np.stack([scored[:, 3] - 8, np.ones(60)], axis=1)
    split = split_change(before, after, Anchored(states, scored, later, 1.0), rng())
    assert split.total.value == pytest.approx(-10)
    assert split.grader.value == pytest.approx(-8)
    assert split.grader.high < 0
    assert split.rest.low < -2 < split.rest.high


def test_nights_in_which_an_anchor_is_missing_are_left_out_of_its_mean() -> None:
    first, second = nights([0, 1], [1, 1])
    first[1] = np.nan
    assert weigh([first, second], [0.5, 0.5]).tolist() == [[0.5, 0.5, 0, 0.5], [0, 1, 0, 0]]


def test_a_change_of_a_mean_of_two_scores_stays_on_the_scale() -> None:
    before, after = (Side(np.array([0.0, 2.0, 0.0]), np.array(scores)) for scores in ([95.0, 96.0], [20.0, 30.0]))
    total = split_change(before, after, None, rng()).total
    assert -100 <= total.low < total.value < total.high <= 100
