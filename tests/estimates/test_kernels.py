import numpy as np
import pytest
from scipy.stats import beta, ttest_1samp

from clearbar.estimates.hierarchy import pool
from clearbar.estimates.kernels import (
    correct_states,
    corrected_limits,
    delta_limits,
    effective_counts,
    hull,
    jeffreys,
    mean_with_reviews,
    plain_mean,
    post_stratify,
    predict,
    quantiles,
    rates,
    truth_given_grade,
)


def rng() -> np.random.Generator:
    return np.random.default_rng(4)


def test_jeffreys_interval_equals_the_beta_quantiles() -> None:
    low, high = quantiles(jeffreys(3, 40, 200_000, rng()))
    assert (low, high) == pytest.approx(beta.ppf([0.025, 0.975], 3.5, 37.5), abs=2e-3)


def test_two_states_give_rogan_and_gladens_estimate() -> None:
    """Share .40 called positive, sensitivity .9, specificity .8: (.40 + .8 - 1) / (.9 + .8 - 1) = .2857."""
    answers = rates(np.array([[90_000.0, 10_000], [20_000, 80_000]]), 2000, rng())
    found = correct_states(np.array([400_000.0, 600_000]), answers, rng())
    assert np.median(found.states[:, 0]) == pytest.approx(0.2 / 0.7, abs=1e-3)


def test_three_states_are_found_back_from_four_kinds_of_grades() -> None:
    answers = np.array([[0.8, 0.1, 0.05, 0.05], [0.1, 0.7, 0.1, 0.1], [0.05, 0.15, 0.75, 0.05]])
    truth = np.array([0.15, 0.6, 0.25])
    found = correct_states(truth @ answers * 1e6, rates(answers * 1e6, 500, rng()), rng())
    assert np.median(found.states, axis=0) == pytest.approx(truth, abs=5e-3)
    assert float(found.outside) == 0


def test_many_repetitions_at_once_are_what_each_is_alone() -> None:
    table = np.array([[80.0, 20], [30, 70]])
    grades = np.array([[60.0, 40], [10, 90]])
    together = correct_states(grades, rates(np.stack([table, table]), 4000, rng()), rng()).states[..., 0].mean(axis=-1)
    alone = [correct_states(one, rates(table, 4000, rng()), rng()).states[:, 0].mean() for one in grades]
    assert together == pytest.approx(alone, abs=0.01)


def test_grades_that_contradict_the_error_rates_do_not_give_a_point() -> None:
    answers = rates(np.array([[140.0, 10], [45, 105]]), 2000, rng())
    found = correct_states(np.array([20.0, 980]), answers, rng())
    low, high = hull(found.states[:, 0], found.inside)
    assert float(found.outside) > 0.95
    assert float(high - low) > 0.005


def test_a_grader_worse_than_chance_leaves_everything_open() -> None:
    answers = np.broadcast_to(np.array([[0.2, 0.8], [0.8, 0.2]]), (100, 2, 2))
    found = correct_states(np.array([50.0, 50]), answers, rng())
    assert np.isnan(found.states).all()
    low, high = hull(found.states[:, 0], found.inside)
    assert (float(low), float(high)) == (0, 1)


def test_delta_limits_of_two_states_equal_the_formula() -> None:
    """Rates smoothed by one half: p = 40.5/101, se = 45.5/51, sp = 40.5/51."""
    p, se, sp = 40.5 / 101, 45.5 / 51, 40.5 / 51
    share = (p + sp - 1) / (se + sp - 1)
    variance = p * (1 - p) / 101 + share**2 * se * (1 - se) / 51 + (1 - share) ** 2 * sp * (1 - sp) / 51
    half = 1.959964 * variance**0.5 / (se + sp - 1)
    low, high = delta_limits(np.array([40.0, 60]), np.array([[45.0, 5], [10, 40]]))
    assert (float(low), float(high)) == pytest.approx((share - half, share + half), abs=1e-6)


def test_delta_limits_among_applicable_conversations_agree_with_repeated_sampling() -> None:
    answers = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.05, 0.1, 0.85]])
    source = np.random.default_rng(6)
    truth = np.array([0.3, 0.5, 0.2])
    held = []
    for _ in range(500):
        confusion = np.stack([source.multinomial(200, row) for row in answers]).astype(float)
        grades = source.multinomial(2000, truth @ answers).astype(float)
        low, high = delta_limits(grades, confusion)
        held.append(low <= 0.375 <= high)
    assert 0.92 <= np.mean(held) <= 0.98


def test_an_interval_is_trimmed_but_never_to_less_than_half_nor_where_draws_contradict() -> None:
    table, source = np.array([[95.0, 5], [1, 4]]), rng()
    grades = np.array([180.0, 20])
    found = correct_states(grades, rates(table, 4000, source), source)
    low, high = hull(found.states[:, 0], found.inside)
    first, last = corrected_limits(found.states[:, 0], found, grades, table)
    assert low <= first < last <= high
    assert last - first >= (high - low) / 2
    against = np.array([20.0, 980])
    odd = correct_states(against, rates(np.array([[140.0, 10], [45, 105]]), 2000, rng()), rng())
    moved = odd.states[:, 0]
    assert corrected_limits(moved, odd, against, np.array([[140.0, 10], [45, 105]])) == hull(moved, odd.inside)


def test_states_moved_inside_are_shares_that_sum_to_one() -> None:
    answers = rates(np.array([[9.0, 3, 2], [4, 9, 2], [2, 3, 9]]), 500, rng())
    states = correct_states(np.array([1.0, 1, 18]), answers, rng()).states
    kept = states[np.isfinite(states[:, 0])]
    assert kept.min() >= 0
    assert kept.sum(axis=1) == pytest.approx(np.ones(len(kept)))


def test_post_stratification_equals_tenenbeins_estimate() -> None:
    """Of 1,000, 300 called positive; of 200 reviewed positives 150 are, of 400 reviewed negatives 40: .3 * .75 + .7 * .1."""
    truth = truth_given_grade(np.array([[150.0, 50], [40, 360]]), 20_000, rng())
    assert post_stratify(np.array([300.0, 700]), truth, rng())[:, 0].mean() == pytest.approx(0.295, abs=0.002)


def test_equal_chances_count_reviews_in_full_and_unequal_ones_less() -> None:
    strata, states = np.array([0, 0, 0, 0]), np.array([0, 0, 1, 1])
    assert effective_counts(strata, states, np.full(4, 7.0), (2, 2)).tolist() == [[2, 2], [0, 0]]
    unequal = effective_counts(strata, states, np.array([1.0, 1, 9, 9]), (2, 2))
    assert unequal.sum() == pytest.approx(20**2 / 164)
    assert unequal[0, 1] == pytest.approx(9 * unequal[0, 0])


def test_predicted_numbers_add_up_to_the_conversations() -> None:
    truth = truth_given_grade(np.array([[5.0, 1], [1, 5]]), 300, rng())
    assert set(predict(np.array([30.0, 12]), truth, rng()).sum(axis=1)) == {42}


def test_a_plain_mean_has_students_interval() -> None:
    values = np.random.default_rng(2).normal(70, 10, 25)
    expected = ttest_1samp(values, 0).confidence_interval(0.95)
    assert plain_mean(values, 100).interval() == pytest.approx((expected.low, expected.high))


def test_equal_scores_are_no_certainty() -> None:
    low, high = plain_mean(np.full(10, 80.0), 100).interval()
    assert low < 78
    assert high > 82


def test_a_mean_with_reviews_is_the_grades_mean_plus_the_reviews_correction() -> None:
    mean = mean_with_reviews(np.array([60.0, 70, 80]), np.array([50.0, 70]), np.array([60.0, 90]), 0.5, 100)
    assert mean.value == pytest.approx(0.5 * 70 + ((60 - 25) + (90 - 35)) / 2)


def test_a_mean_with_reviews_ignores_how_the_grader_errs() -> None:
    source = np.random.default_rng(9)
    held = []
    for _ in range(400):
        people = source.normal(70, 10, 1030)
        grades = 0.8 * people + 30 + source.normal(0, 4, 1030)
        low, high = mean_with_reviews(grades[30:], grades[:30], people[:30], 0.75, 100).interval()
        held.append(low <= 70 <= high)
    assert np.mean(held) >= 0.92


@pytest.mark.parametrize(("sizes", "reviewed"), [((200, 200), (100, 10)), ((40, 400), (40, 20)), ((60, 60), (59, 58))])
def test_a_mean_with_reviews_of_unequal_chances_is_unbiased(sizes: tuple[int, int], reviewed: tuple[int, int]) -> None:
    """Conversations with a small chance prevail among those that nobody reviewed, and differ from the others by 20 points."""
    source = np.random.default_rng(17)
    truth = (80 * sizes[0] + 60 * sizes[1]) / sum(sizes)
    chance = np.repeat(np.array(reviewed) / np.array(sizes), sizes)
    held, off = [], []
    for _ in range(800):
        people = np.repeat([80.0, 60.0], sizes) + source.normal(0, 10, sum(sizes))
        grades = people + 3 + source.normal(0, 5, sum(sizes))
        drawn = np.concatenate([source.permutation(size) < number for size, number in zip(sizes, reviewed, strict=True)])
        mean = mean_with_reviews(grades[~drawn], grades[drawn], people[drawn], 0.75, 100, chances=chance[drawn])
        low, high = mean.interval()
        held.append(low <= truth <= high)
        off.append(mean.value - truth)
    assert abs(np.mean(off)) < 0.2
    assert np.mean(held) >= 0.93


def test_a_mean_with_reviews_of_nearly_all_is_about_that_of_the_reviews() -> None:
    source = np.random.default_rng(18)
    people = source.normal(70, 10, 120)
    grades = people + source.normal(3, 5, 120)
    for rest in (1, 2, 20):
        low, high = mean_with_reviews(grades[:rest], grades[rest:], people[rest:], 0.75, 100).interval()
        first, last = plain_mean(people[rest:], 100).interval()
        assert (low + high) / 2 == pytest.approx((first + last) / 2, abs=1)
        assert 0.9 < (high - low) / (last - first) < 1.4


def test_pooled_error_rates_find_the_shares_of_teams_and_know_when_they_agree() -> None:
    source = np.random.default_rng(3)
    shares = np.linspace(0.2, 0.8, 10)
    true = source.binomial(30, shares)
    found, cleared = source.binomial(true, 0.9), source.binomial(30 - true, 0.85)
    reviewed = np.stack([np.stack([found, true - found], -1), np.stack([30 - true - cleared, cleared], -1)], 1).astype(float)
    called = source.binomial(300, shares * 0.9 + (1 - shares) * 0.15)
    pooled = pool(reviewed, np.stack([called, 300 - called], -1).astype(float), seed=1)
    assert pooled.converged
    low, high = quantiles(pooled.shares.T)
    assert ((low <= shares) & (shares <= high)).sum() >= 9
    assert (high - low).mean() < 0.25


def test_equal_weights_change_nothing_and_unequal_ones_count_for_fewer_values() -> None:
    values = np.array([60.0, 70, 80, 95, 40])
    plain, even = plain_mean(values, 100), plain_mean(values, 100, np.full(5, 3.0))
    assert (even.value, even.error, even.freedom) == pytest.approx((plain.value, plain.error, plain.freedom))
    heavy = plain_mean(values, 100, np.array([4.0, 1, 1, 1, 1]))
    assert heavy.value == pytest.approx((4 * 60 + 70 + 80 + 95 + 40) / 8)
    assert heavy.freedom == pytest.approx(64 / 20 - 1)
