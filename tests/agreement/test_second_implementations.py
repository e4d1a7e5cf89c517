"""The same coefficients by other packages, on random ratings."""

from typing import Any

import irrCAC.raw
import krippendorff
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score, precision_score, recall_score

from clearbar.agreement import (
    cohen_kappa,
    coincidences,
    confusion,
    fleiss_kappa,
    gwet_ac,
    gwet_ac_error,
    gwet_ac_many,
    krippendorff_alpha,
    precision_recall,
    quadratic_weights,
)


def two_raters(seed: int, items: int = 80, categories: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    first = rng.choice(categories, size=items, p=[0.1, 0.6, 0.1, 0.2])
    return first, np.where(rng.random(items) < 0.3, rng.integers(0, categories, items), first)


def with_gaps(seed: int) -> np.ndarray:
    """Return ratings of 5 raters, shape (units, raters), NaN where one is missing; all four categories occur."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 4, size=(60, 1))
    ratings = np.where(rng.random((60, 5)) < 0.3, rng.integers(0, 4, (60, 5)), truth).astype(float)
    ratings[rng.random((60, 5)) < 0.2] = np.nan
    return ratings


def counts_of(ratings: np.ndarray) -> np.ndarray:
    return np.array([[np.nansum(unit == level) for level in range(4)] for unit in ratings])


@pytest.mark.parametrize("seed", range(5))
def test_kappa_and_weighted_kappa_equal_scikit_learns(seed: int) -> None:
    first, second = two_raters(seed)
    table = confusion(first, second, 4)
    assert float(cohen_kappa(table)) == pytest.approx(cohen_kappa_score(first, second))
    assert float(cohen_kappa(table, quadratic_weights(4))) == pytest.approx(cohen_kappa_score(first, second, weights="quadratic"))


@pytest.mark.parametrize("seed", range(3))
def test_precision_and_recall_equal_scikit_learns(seed: int) -> None:
    first, second = two_raters(seed)
    precision, recall = precision_recall(confusion(first, second, 4), [0])
    assert float(precision) == pytest.approx(precision_score(first == 0, second == 0))
    assert float(recall) == pytest.approx(recall_score(first == 0, second == 0))


@pytest.mark.parametrize("metric", ["nominal", "ordinal", "interval"])
@pytest.mark.parametrize("seed", range(3))
def test_alpha_equals_the_krippendorff_package(seed: int, metric: Any) -> None:
    ratings = with_gaps(seed)
    expected = krippendorff.alpha(reliability_data=ratings.T, level_of_measurement=metric)
    assert float(krippendorff_alpha(coincidences(counts_of(ratings)), metric)) == pytest.approx(expected)


@pytest.mark.parametrize("weights", ["identity", "quadratic"])
@pytest.mark.parametrize("seed", range(3))
def test_ac1_and_ac2_of_several_raters_equal_irrcac(seed: int, weights: str) -> None:
    ratings = with_gaps(seed)
    expected = irrCAC.raw.CAC(pd.DataFrame(ratings), weights=weights, digits=9).gwet()["est"]["coefficient_value"]
    own = None if weights == "identity" else quadratic_weights(4)
    assert gwet_ac_many(counts_of(ratings), own) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("weights", ["identity", "quadratic"])
@pytest.mark.parametrize("seed", range(3))
def test_ac1_and_ac2_of_two_raters_with_their_errors_equal_irrcac(seed: int, weights: str) -> None:
    first, second = two_raters(seed)
    frame = pd.DataFrame({"first": first, "second": second}).astype(float)
    expected = irrCAC.raw.CAC(frame, weights=weights, digits=9).gwet()["est"]
    table, own = confusion(first, second, 4), None if weights == "identity" else quadratic_weights(4)
    assert float(gwet_ac(table, own)) == pytest.approx(expected["coefficient_value"], abs=1e-6)
    assert gwet_ac_error(table, own) == pytest.approx(expected["se"], abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_fleiss_kappa_equals_irrcac(seed: int) -> None:
    ratings = with_gaps(seed)
    whole = np.where(np.isnan(ratings), 1, ratings)
    expected = irrCAC.raw.CAC(pd.DataFrame(whole), digits=9).fleiss()["est"]["coefficient_value"]
    assert fleiss_kappa(counts_of(whole)) == pytest.approx(expected, abs=1e-6)
