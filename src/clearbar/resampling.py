"""Uncertainty of agreement: resampled tables, bounds of shares, and how many labels a proof would take.

Tables are resampled by clusters (conversation, incident or agent) with the Bayesian bootstrap, and every possible cell gets a
small prior weight, one observation in all (Perks): ten agreements in ten then do not become an interval of zero width, and
one-sided 95 % lower bounds of kappa hold in 94 to 97 % of simulations where the percentile bootstrap falls to 85 %.

References
----------
.. [1] Rubin, D. B. (1981). The Bayesian bootstrap. Annals of Statistics 9, 130-134.
.. [2] Perks, W. (1947). Some observations on inverse probability. Journal of the Institute of Actuaries 73, 285-334.
.. [3] Clopper, C. J., Pearson, E. S. (1934). The use of confidence or fiducial limits illustrated in the case of the binomial.
       Biometrika 26, 404-413.
.. [4] Kish, L. (1965). Survey Sampling. Design effects: section 8.2.
.. [5] Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics 6, 65-70.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, norm

from clearbar.agreement import Floats, cohen_kappa, kappa_error

__all__ = ["Ints", "design_effect", "draw_tables", "exact_bounds", "holm", "kappa_lower", "needed_labels", "share_above", "tabulate"]

Ints = NDArray[np.intp]
_BLOCK = 250
"""Resamples drawn at once: bounds memory at 10 MB for 10,000 clusters."""
PRIOR = 1.0


def tabulate(cells: Ints, clusters: Ints, sizes: Sequence[int]) -> Floats:
    """Return how often each cell of each criterion's table occurs in each cluster.

    Parameters
    ----------
    cells
        Shape `(items, criteria)`: `label * K + grade`, or -1 where there is no pair.
    clusters
        Shape `(items,)`: number of the cluster, from 0.
    sizes
        Categories `K` of each criterion.

    Returns
    -------
    ndarray
        Shape `(clusters, sum of K²)`, criterion after criterion.
    """
    starts = np.concatenate([[0], np.cumsum(np.square(sizes))])
    total = int(starts[-1])
    items, criteria = np.nonzero(cells >= 0)
    flat = clusters[items] * total + starts[criteria] + cells[items, criteria]
    number = int(clusters.max()) + 1 if len(clusters) else 0
    return np.bincount(flat.astype(np.intp), minlength=number * total).reshape(number, total).astype(float)


def draw_tables(counts: Floats, sizes: Sequence[int], possible: Sequence[Floats], *, draws: int, seed: int) -> list[Floats]:
    """Return posterior draws of every criterion's table, from the same resampled clusters for all criteria [1]_ [2]_.

    Parameters
    ----------
    counts
        From `tabulate`.
    sizes
        Categories `K` of each criterion.
    possible
        For each criterion `(K, K)`: 1 for a cell that could occur, 0 for one that cannot.
    draws
        How many.
    seed
        Same seed, same draws.

    Returns
    -------
    list of ndarray
        For each criterion `(draws, K, K)`; weights, not normalised.
    """
    rng = np.random.default_rng(seed)
    packed = counts.astype(np.float32)
    blocks = [
        rng.standard_exponential((min(_BLOCK, draws - done), len(counts)), dtype=np.float32) @ packed for done in range(0, draws, _BLOCK)
    ]
    drawn = np.concatenate(blocks).astype(float)
    tables, start = [], 0
    for size, cells in zip(sizes, possible, strict=True):
        prior = rng.standard_gamma(np.maximum(cells * PRIOR / cells.sum(), 1e-12), size=(draws, size, size)) * cells
        tables.append(drawn[:, start : start + size**2].reshape(draws, size, size) + prior)
        start += size**2
    return tables


def exact_bounds(hits: float, total: float, confidence: float) -> tuple[float, float]:
    """Return one-sided lower and upper bounds of a share, each at that confidence [3]_; counts may be fractions.

    Examples
    --------
    >>> tuple(round(bound, 4) for bound in exact_bounds(10, 10, 0.95))
    (0.7411, 1.0)
    """
    lower = float(beta.ppf(1 - confidence, hits, total - hits + 1)) if hits > 0 else 0.0
    upper = float(beta.ppf(confidence, hits + 1, total - hits)) if hits < total else 1.0
    return lower, upper


def share_above(hits: float, total: float, bar: float) -> float:
    """Return the p-value of `the true share is at most bar`; agrees with the lower bound of `exact_bounds`."""
    return float(beta.cdf(bar, hits, total - hits + 1)) if hits > 0 else 1.0


def design_effect(hits: Floats, totals: Floats) -> float:
    """Return by how much clusters widen the variance of a share; at least 1 [4]_.

    Parameters
    ----------
    hits, totals
        For each cluster.
    """
    used = totals > 0
    number, total = int(used.sum()), float(totals.sum())
    share = float(hits.sum()) / total if total else 0.0
    if number < 2 or not 0 < share < 1:  # noqa: PLR2004 - no spread to measure
        return 1.0
    between = float(((hits - share * totals)[used] ** 2).sum()) * number / (number - 1) / total**2
    return max(1.0, between / (share * (1 - share) / total))


def holm(p_values: Sequence[float], level: float) -> list[bool]:
    """Return which hypotheses are rejected together with a family-wise error of at most `level` [5]_.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03, 0.005], 0.05)
    [True, False, False, True]
    """
    rejected = [False] * len(p_values)
    for place, index in enumerate(np.argsort(p_values, kind="stable")):
        if p_values[index] > level / (len(p_values) - place):
            break
        rejected[index] = True
    return rejected


def needed_labels(
    table: Floats, shown: Callable[[Floats], NDArray[np.bool_]], *, seed: int, power: float = 0.8, repeats: int = 400, most: int = 100_000
) -> int | None:
    """Return how many labels, drawn alike, would show what is asked with probability `power` if `table` were the truth.

    Parameters
    ----------
    table
        Shape `(K, K)`; its shares are taken as the truth.
    shown
        Says for simulated tables `(repeats, K, K)` whether they show it.
    seed
        Same seed, same answer.
    power, repeats, most
        Wanted probability; simulations a step; the largest number that is tried.

    Returns
    -------
    int or None
        Null where even `most` would not do.
    """
    rng = np.random.default_rng(seed)
    shares = (table / table.sum()).ravel()

    def enough(number: int) -> bool:
        drawn = rng.multinomial(number, shares, size=repeats).reshape(repeats, *table.shape).astype(float)
        return float(shown(drawn).mean()) >= power

    low, high = 0, 16
    while not enough(high):
        low, high = high, high * 2
        if high > most:
            return None
    while high - low > max(1, high // 50):
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def kappa_lower(tables: Floats, confidence: float) -> Floats:
    """Return one-sided lower bounds of kappa by its large-sample error on Fisher's scale; -1 where it is undefined."""
    kappa, error = cohen_kappa(tables), kappa_error(tables)
    inside = np.clip(kappa, -0.999, 0.999)
    lower = np.tanh(np.arctanh(inside) - norm.ppf(confidence) * error / (1 - inside**2))
    return np.where(np.isfinite(lower), lower, -1.0)
