"""Coefficients on published worked examples, to the digits that were printed there."""

import numpy as np
import pytest

from clearbar.agreement import (
    cohen_kappa,
    coincidences,
    confusion,
    fleiss_kappa,
    gwet_ac,
    gwet_ac_error,
    gwet_ac_many,
    kappa_error,
    krippendorff_alpha,
    percent_agreement,
    precision_recall,
    quadratic_weights,
)

NONE = 0
FOUR_OBSERVERS = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NONE, NONE, NONE],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NONE, 3],
        [NONE, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NONE],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NONE],
    ]
)
"""Krippendorff (2011), section C, and the first data set of Gwet's handbook: 4 observers, 12 units, gaps."""
FOURTEEN_RATERS = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]
"""A much reprinted example of Fleiss' kappa: 10 subjects, 14 raters, 5 categories."""
DIAGNOSES = np.array([[0.53, 0.05, 0.02], [0.11, 0.14, 0.05], [0.01, 0.06, 0.03]]) * 200
"""Fleiss, Cohen and Everitt (1969): 200 patients, 3 diagnoses, 2 clinicians."""
SAS = [[0, 4, 1], [0, 8, 0], [0, 1, 5]]
"""Example of PROC FREQ's agreement statistics."""


def counts_of(ratings: np.ndarray, categories: int) -> np.ndarray:
    return np.array([np.bincount(unit[unit != NONE] - 1, minlength=categories) for unit in ratings.T])


def test_kappa_and_its_error_equal_fleiss_cohen_and_everitt() -> None:
    assert round(float(cohen_kappa(DIAGNOSES)), 3) == 0.429
    assert round(float(kappa_error(DIAGNOSES)), 4) == 0.0537


def test_kappa_and_weighted_kappa_with_errors_equal_the_sas_printout() -> None:
    linear = 1 - np.abs(np.subtract.outer(range(3), range(3))) / 2
    found = [cohen_kappa(SAS), kappa_error(SAS), cohen_kappa(SAS, linear), kappa_error(SAS, linear)]
    assert [round(float(value), 4) for value in found] == [0.4842, 0.1380, 0.4701, 0.1457]


def test_fleiss_kappa_equals_the_reprinted_example() -> None:
    assert round(fleiss_kappa(FOURTEEN_RATERS), 3) == 0.210


@pytest.mark.parametrize(("metric", "printed"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_alpha_equals_krippendorffs_own_example(metric: str, printed: float) -> None:
    alpha = krippendorff_alpha(coincidences(counts_of(FOUR_OBSERVERS, 5)), metric)  # type: ignore[arg-type]
    assert round(float(alpha), 3) == printed


def test_alpha_of_two_observers_of_a_binary_variable_equals_krippendorffs_own_example() -> None:
    first, second = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    table = confusion(first, second, 2)
    assert round(float(krippendorff_alpha(table + table.T)), 3) == 0.095


def test_ac1_of_four_raters_equals_gwets_example() -> None:
    assert round(gwet_ac_many(counts_of(FOUR_OBSERVERS, 5)), 5) == 0.77544


def test_ac1_stays_high_where_kappa_is_negative() -> None:
    table = [[118, 5], [2, 0]]
    assert round(float(cohen_kappa(table)), 3) == -0.023
    assert round(float(gwet_ac(table)), 4) == 0.9408


def test_a_grader_that_always_clears_has_no_kappa_beyond_chance_and_an_ac1_of_97_percent() -> None:
    table = [[0, 3], [0, 97]]
    assert float(cohen_kappa(table)) == 0
    assert round(float(gwet_ac(table)), 2) == 0.97


def test_many_tables_at_once_give_what_each_gives_alone() -> None:
    tables = np.random.default_rng(1).integers(0, 9, size=(7, 4, 4)).astype(float)
    for function in (percent_agreement, cohen_kappa, gwet_ac, kappa_error):
        assert function(tables) == pytest.approx([float(function(table)) for table in tables])
    pairs = tables + tables.swapaxes(-1, -2)
    assert krippendorff_alpha(pairs, "ordinal") == pytest.approx([float(krippendorff_alpha(one, "ordinal")) for one in pairs])
    precision, recall = precision_recall(tables, [0, 1])
    assert [precision[3], recall[3]] == pytest.approx([float(value) for value in precision_recall(tables[3], [0, 1])])


def test_perfect_agreement_is_one_by_every_coefficient() -> None:
    table = np.diag([3.0, 4.0, 5.0])
    assert [float(function(table)) for function in (percent_agreement, cohen_kappa, gwet_ac)] == [1, 1, 1]
    assert float(cohen_kappa(table, quadratic_weights(3))) == 1
    assert float(krippendorff_alpha(table + table.T)) == 1
    assert gwet_ac_error(table) == 0


@pytest.mark.parametrize("table", [np.zeros((3, 3)), np.diag([5.0, 0, 0])])
def test_what_is_undefined_is_not_a_number_and_warns_of_nothing(table: np.ndarray) -> None:
    for value in (cohen_kappa(table), kappa_error(table), krippendorff_alpha(table + table.T)):
        assert np.isnan(value)


def test_precision_and_recall_are_undefined_where_a_level_was_never_given() -> None:
    precision, recall = precision_recall([[0, 4], [0, 6]], [0])
    assert np.isnan(precision)
    assert recall == 0


def test_no_pair_of_ratings_gives_no_coefficient() -> None:
    assert np.isnan(gwet_ac_many([[1, 0], [0, 1]]))
    assert np.isnan(krippendorff_alpha(coincidences([[1, 0], [0, 1]])))
