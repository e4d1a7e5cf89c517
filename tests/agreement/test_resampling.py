import numpy as np
import pytest
from scipy.stats import binomtest

from clearbar.agreement import Floats, cohen_kappa, kappa_error
from clearbar.resampling import (
    design_effect,
    draw_tables,
    exact_bounds,
    holm,
    kappa_lower,
    needed_labels,
    share_above,
    tabulate,
)


def binary(prevalence: float, kappa: float) -> Floats:
    """Return shares of a table of two categories with equal margins."""
    chance = prevalence**2 + (1 - prevalence) ** 2
    off = (1 - chance) * (1 - kappa) / 2
    return np.array([[prevalence - off, off], [off, 1 - prevalence - off]])


def drawn_kappas(table: Floats, seed: int = 1, draws: int = 2000) -> Floats:
    cells = np.repeat(np.arange(table.size), table.ravel().astype(int))[:, None]
    counts = tabulate(cells, np.arange(len(cells)), [len(table)])
    return cohen_kappa(draw_tables(counts, [len(table)], [np.ones_like(table)], draws=draws, seed=seed)[0])


def test_tables_of_clusters_add_up_to_the_whole() -> None:
    cells = np.array([[0, 3], [3, -1], [3, 8], [0, 0]])
    counts = tabulate(cells, np.array([0, 0, 1, 1]), [2, 3])
    assert counts.shape == (2, 4 + 9)
    assert counts.sum(axis=0)[:4].tolist() == [2, 0, 0, 2]
    assert counts.sum() == 7


def test_the_spread_of_resampled_kappas_is_the_large_sample_error() -> None:
    table = np.array([[60.0, 15], [20, 105]])
    assert drawn_kappas(table).std() == pytest.approx(float(kappa_error(table)), rel=0.1)


def test_perfect_agreement_on_few_items_still_leaves_doubt() -> None:
    low, high = np.quantile(drawn_kappas(np.diag([5.0, 15])), [0.05, 0.95])
    assert low < 0.95
    assert low < high


def test_resampling_agents_widens_what_depends_on_agents() -> None:
    cells = np.repeat([0, 3, 1, 3] * 5, 20)[:, None]
    alone = tabulate(cells, np.arange(400), [2])
    by_agent = tabulate(cells, np.repeat(np.arange(20), 20), [2])
    spread = [cohen_kappa(draw_tables(counts, [2], [np.ones((2, 2))], draws=1000, seed=3)[0]).std() for counts in (alone, by_agent)]
    assert spread[1] > 2 * spread[0]


def test_one_sided_lower_bounds_of_kappa_hold_as_often_as_they_say() -> None:
    rng = np.random.default_rng(7)
    truth = binary(0.1, 0.6)
    held = [
        np.quantile(drawn_kappas(rng.multinomial(120, truth.ravel()).reshape(2, 2).astype(float), seed=i, draws=400), 0.05) <= 0.6
        for i in range(400)
    ]
    assert 0.92 <= np.mean(held) <= 0.99


@pytest.mark.parametrize(("hits", "total"), [(0, 12), (5, 12), (12, 12)])
def test_bounds_of_a_share_are_the_exact_ones(hits: int, total: int) -> None:
    low = binomtest(hits, total, alternative="greater").proportion_ci(0.95, method="exact").low
    high = binomtest(hits, total, alternative="less").proportion_ci(0.95, method="exact").high
    assert exact_bounds(hits, total, 0.95) == pytest.approx((low, high))


@pytest.mark.parametrize("hits", [1, 7, 20])
def test_the_p_value_of_a_share_is_the_binomial_one(hits: int) -> None:
    assert share_above(hits, 20, 0.4) == pytest.approx(binomtest(hits, 20, 0.4, alternative="greater").pvalue)


def test_the_design_effect_is_one_without_clusters_and_their_size_where_all_in_them_are_alike() -> None:
    hits = np.array([1.0, 0, 1, 0, 1, 1, 0, 0] * 10)
    assert design_effect(hits, np.ones(80)) == pytest.approx(1, abs=0.02)
    assert design_effect(hits * 5, np.full(80, 5.0)) == pytest.approx(5, rel=0.02)
    assert design_effect(np.zeros(3), np.ones(3)) == 1


def test_holm_equals_the_worked_example() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005], 0.05) == [True, False, False, True]
    assert holm([], 0.05) == []


@pytest.mark.parametrize(("prevalence", "orientation"), [(0.03, 810), (0.1, 275), (0.3, 107)])
def test_the_number_of_labels_needed_agrees_with_an_independent_simulation(prevalence: float, orientation: int) -> None:
    number = needed_labels(binary(prevalence, 0.8), lambda tables: kappa_lower(tables, 0.95) >= 0.6, seed=1, repeats=1000)
    assert number == pytest.approx(orientation, rel=0.2)


def test_no_number_of_labels_shows_what_is_not_so() -> None:
    assert needed_labels(binary(0.3, 0.5), lambda tables: kappa_lower(tables, 0.95) >= 0.6, seed=1, repeats=50) is None
