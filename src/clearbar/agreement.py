"""How far ratings agree, beyond what chance would bring about.

Two raters are compared by a *table*: `table[i, j]` counts the items that the first (the labels) put into category `i` and
the second (the grader) into `j`. All functions take arrays of tables, shape `(..., K, K)`, and return shape `(...)`, so that
thousands of resampled tables cost one call. More than two raters are compared by *counts*, shape `(units, K)`: how many
raters put a unit into a category.

An undefined coefficient is NaN here, and only here: result models hold null and say why.

References
----------
.. [1] Cohen, J. (1960). A coefficient of agreement for nominal scales. Educational and Psychological Measurement 20, 37-46.
.. [2] Cohen, J. (1968). Weighted kappa. Psychological Bulletin 70, 213-220.
.. [3] Fleiss, J. L., Cohen, J., Everitt, B. S. (1969). Large sample standard errors of kappa and weighted kappa.
       Psychological Bulletin 72, 323-327.
.. [4] Fleiss, J. L. (1971). Measuring nominal scale agreement among many raters. Psychological Bulletin 76, 378-382.
.. [5] Krippendorff, K. (2011). Computing Krippendorff's alpha-reliability. University of Pennsylvania.
.. [6] Gwet, K. L. (2008). Computing inter-rater reliability and its variance in the presence of high agreement.
       British Journal of Mathematical and Statistical Psychology 61, 29-48.
.. [7] Gwet, K. L. (2014). Handbook of Inter-Rater Reliability, 4th ed.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Floats",
    "Metric",
    "cohen_kappa",
    "coincidences",
    "confusion",
    "fleiss_kappa",
    "gwet_ac",
    "gwet_ac_error",
    "gwet_ac_many",
    "kappa_error",
    "krippendorff_alpha",
    "percent_agreement",
    "precision_recall",
    "quadratic_weights",
]

Floats = NDArray[np.float64]
PAIR = 2
Metric = Literal["nominal", "ordinal", "interval"]


def confusion(first: Sequence[int] | NDArray[np.intp], second: Sequence[int] | NDArray[np.intp], categories: int) -> Floats:
    """Return the table of two raters' category numbers.

    Parameters
    ----------
    first, second
        Category of every item, from 0, same length.
    categories
        How many there are.
    """
    codes = np.asarray(first, dtype=np.intp) * categories + np.asarray(second, dtype=np.intp)
    return np.bincount(codes, minlength=categories**2).reshape(categories, categories).astype(float)


def quadratic_weights(categories: int) -> Floats:
    """Return agreement weights `1 - (i - j)² / (K - 1)²`: the nearer two levels, the more they agree [2]_."""
    ranks = np.arange(categories, dtype=float)
    return _array(1 - ((ranks[:, None] - ranks) / max(categories - 1, 1)) ** 2)


def percent_agreement(tables: ArrayLike, weights: ArrayLike | None = None) -> Floats:
    """Return the (weighted) share of items in the same category; 0 to 1, undefined without items. Says nothing about chance."""
    shares, weight = _shares(tables, weights)
    return _array((shares * weight).sum(axis=(-2, -1)))


def cohen_kappa(tables: ArrayLike, weights: ArrayLike | None = None) -> Floats:
    """Return Cohen's kappa, or weighted kappa, of two raters [1]_ [2]_.

    Parameters
    ----------
    tables
        Shape `(..., K, K)`; counts or weights of items.
    weights
        Agreement weights `(K, K)`, 1 on the diagonal; by default the identity, which makes it the plain kappa.

    Returns
    -------
    ndarray
        -1 to 1; 0 is chance. Undefined without items, and where both raters put everything into one category.

    Examples
    --------
    >>> float(cohen_kappa([[20, 5], [10, 15]]).round(2))
    0.4
    """
    shares, weight = _shares(tables, weights)
    observed = (shares * weight).sum(axis=(-2, -1))
    expected = np.einsum("...i,...j,ij->...", shares.sum(axis=-1), shares.sum(axis=-2), weight)
    return _beyond_chance(observed, expected)


def kappa_error(tables: ArrayLike, weights: ArrayLike | None = None) -> Floats:
    """Return the large-sample standard error of (weighted) kappa where kappa is not 0 [3]_; undefined where kappa is."""
    shares, weight = _shares(tables, weights)
    total = _array(tables).sum(axis=(-2, -1))
    rows, columns = shares.sum(axis=-1), shares.sum(axis=-2)
    observed = (shares * weight).sum(axis=(-2, -1))
    expected = np.einsum("...i,...j,ij->...", rows, columns, weight)
    of_row = np.einsum("...j,ij->...i", columns, weight)
    of_column = np.einsum("...i,ij->...j", rows, weight)
    left, missing = (1 - expected)[..., None, None], (1 - observed)[..., None, None]
    inside = (shares * (weight * left - (of_row[..., :, None] + of_column[..., None, :]) * missing) ** 2).sum(axis=(-2, -1))
    spread = np.maximum(inside - (observed * expected - 2 * expected + observed) ** 2, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(spread / total) / (1 - expected) ** 2
    return np.where(1 - expected > _NONE, error, np.nan)


def gwet_ac(tables: ArrayLike, weights: ArrayLike | None = None) -> Floats:
    """Return Gwet's AC1 of two raters, or AC2 with weights [6]_ [7]_.

    Chance agreement is that of raters who guess on hard items only; with a rare category AC1 stays high where kappa is 0,
    so it is shown and never gated on. Undefined without items and with fewer than two categories.
    """
    shares, weight = _shares(tables, weights)
    used = (shares.sum(axis=-1) + shares.sum(axis=-2)) / 2
    observed = (shares * weight).sum(axis=(-2, -1))
    return _beyond_chance(observed, _gwet_chance(used, weight))


def gwet_ac_error(table: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Return the standard error of AC1 or AC2 of one table over items drawn at random from many [6]_ [7]_."""
    shares, weight = _shares(table, weights)
    total = float(_array(table).sum())
    categories = weight.shape[0]
    used = (shares.sum(axis=-1) + shares.sum(axis=-2)) / 2
    chance = float(_gwet_chance(used, weight))
    scale = weight.sum() / (categories * (categories - 1))
    own_chance = scale * ((1 - used)[:, None] + (1 - used)) / 2
    value = ((shares * weight).sum() - chance) / (1 - chance)
    each = (weight - chance) / (1 - chance) - 2 * (1 - value) * (own_chance - chance) / (1 - chance)
    return float(np.sqrt((shares * (each - value) ** 2).sum() / (total - 1)))


def coincidences(counts: ArrayLike) -> Floats:
    """Return Krippendorff's coincidence matrix of units that several raters put into categories [5]_.

    Parameters
    ----------
    counts
        Shape `(units, K)`. Units with fewer than two ratings hold no pair and are left out.
    """
    units = _array(counts)
    units = units[units.sum(axis=1) >= PAIR]
    scaled = units / (units.sum(axis=1, keepdims=True) - 1)
    return _array(units.T @ scaled - np.diag(scaled.sum(axis=0)))


def krippendorff_alpha(pairs: ArrayLike, metric: Metric = "nominal") -> Floats:
    """Return Krippendorff's alpha [5]_.

    Parameters
    ----------
    pairs
        Coincidence matrices, shape `(..., K, K)`: `coincidences(counts)`, or `table + table.T` for two raters.
    metric
        How far apart categories are: all alike, by rank as used, or by their number.

    Returns
    -------
    ndarray
        At most 1; 0 is chance. Undefined where fewer than two categories were used.
    """
    matrices = _array(pairs)
    used = matrices.sum(axis=-1)
    total = used.sum(axis=-1)
    distance = _distances(used, metric)
    observed = (matrices * distance).sum(axis=(-2, -1))
    expected = np.einsum("...c,...k,...ck->...", used, used, distance)
    with np.errstate(divide="ignore", invalid="ignore"):
        alpha = 1 - (total - 1) * observed / expected
    return np.where(expected > _NONE, alpha, np.nan)


def fleiss_kappa(counts: ArrayLike) -> float:
    """Return Fleiss' kappa of units with the same number of raters each [4]_; undefined where one category was used throughout."""
    units = _array(counts)
    raters = units.sum(axis=1)
    observed = ((units * (units - 1)).sum(axis=1) / (raters * (raters - 1))).mean()
    used = units.sum(axis=0) / units.sum()
    return float(_beyond_chance(observed, (used**2).sum()))


def gwet_ac_many(counts: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Return AC1 (AC2 with weights) of units that several raters put into categories; ratings may be missing [7]_."""
    units = _array(counts)
    units = units[units.sum(axis=1) > 0]
    raters = units.sum(axis=1)
    paired = raters >= PAIR
    if not paired.any():
        return float("nan")
    weight = np.eye(units.shape[1]) if weights is None else _array(weights)
    near = (units * (units @ weight - 1)).sum(axis=1)
    observed = (near[paired] / (raters * (raters - 1))[paired]).mean()
    used = (units / raters[:, None]).mean(axis=0)
    return float(_beyond_chance(observed, _gwet_chance(used, weight)))


def precision_recall(tables: ArrayLike, categories: Sequence[int]) -> tuple[Floats, Floats]:
    """Return the second rater's precision and recall of a set of categories, the first rater taken as the truth.

    Undefined where the second, or the first, never used any of them.
    """
    given = _array(tables)
    chosen = np.zeros(given.shape[-1])
    chosen[list(categories)] = 1
    both = _array(np.einsum("...ij,i,j->...", given, chosen, chosen))
    with np.errstate(divide="ignore", invalid="ignore"):
        return both / (given.sum(axis=-2) @ chosen), both / (given.sum(axis=-1) @ chosen)


def _array(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)


_NONE = 1e-12
"""Below this, chance leaves nothing over: a difference of rounding errors."""


def _shares(tables: ArrayLike, weights: ArrayLike | None) -> tuple[Floats, Floats]:
    """Return tables as shares of their totals (NaN where empty) and the agreement weights."""
    given = _array(tables)
    weight = np.eye(given.shape[-1]) if weights is None else _array(weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        return given / given.sum(axis=(-2, -1), keepdims=True), weight


def _beyond_chance(observed: ArrayLike, expected: ArrayLike) -> Floats:
    left = 1 - _array(expected)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(left > _NONE, 1 - (1 - _array(observed)) / left, np.nan)


def _gwet_chance(used: Floats, weight: Floats) -> Floats:
    categories = weight.shape[0]
    if categories < PAIR:
        return np.full(used.shape[:-1], np.nan)
    return _array(weight.sum() / (categories * (categories - 1)) * (used * (1 - used)).sum(axis=-1))


def _distances(used: Floats, metric: Metric) -> Floats:
    """Return squared distances between categories, shape `(..., K, K)`."""
    categories = used.shape[-1]
    if metric == "nominal":
        return 1 - np.eye(categories)
    if metric == "interval":
        ranks = np.arange(categories, dtype=float)
        return _array((ranks[:, None] - ranks) ** 2)
    middle = np.cumsum(used, axis=-1) - used / 2
    return _array((middle[..., :, None] - middle[..., None, :]) ** 2)
