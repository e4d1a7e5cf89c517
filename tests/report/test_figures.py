"""Plain shares and means with intervals."""

import pytest

from clearbar.report.figures import raw_mean, raw_share


def test_a_share_has_jeffreys_interval() -> None:
    # Brown, Cai and DasGupta (2001), table of limits: n = 10, x = 3 gives .093 to .606.
    estimate = raw_share(3, 10, precision=1)
    assert (round(estimate.low or 0, 3), round(estimate.high or 0, 3)) == (0.093, 0.606)


@pytest.mark.parametrize(("count", "low", "high"), [(0, 0.0, 0.15), (20, 0.85, 1.0)])
def test_an_interval_at_the_edge_reaches_it_and_has_a_width(count: int, low: float, high: float) -> None:
    estimate = raw_share(count, 20, precision=0.2)
    assert estimate.low == pytest.approx(low, abs=0.04)
    assert estimate.high == pytest.approx(high, abs=0.04)


def test_a_wide_interval_means_too_few_to_say() -> None:
    assert not raw_share(5, 10, precision=0.15).enough
    assert raw_share(50, 100, precision=0.15).enough


def test_nothing_graded_is_no_figure() -> None:
    assert raw_share(0, 0, precision=1).value is None
    assert raw_mean([], precision=1).value is None


def test_equal_scores_make_no_certainty() -> None:
    estimate = raw_mean([80.0] * 6, precision=0.15)
    assert estimate.low is not None
    assert estimate.low < 70
    assert estimate.high == 100 or (estimate.high or 0) > 85


def test_many_scores_have_nearly_students_interval() -> None:
    scores = [60.0, 80.0] * 200
    estimate = raw_mean(scores, precision=0.15)
    assert estimate.value == 70
    assert (estimate.high or 0) - 70 == pytest.approx(1.966 * 10.01 / 20, abs=0.1)


def test_the_mean_does_not_depend_on_the_order_of_scores() -> None:
    scores = [33.33, 80.01, 99.9, 0.1, 57.7]
    assert raw_mean(scores, precision=1) == raw_mean(reversed(scores), precision=1)
