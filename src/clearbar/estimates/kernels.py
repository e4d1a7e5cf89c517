"""The arithmetic of corrected shares: posterior draws in, posterior draws out. No names of teams or criteria.

References
----------
.. [1] Rogan, W. J., Gladen, B. (1978). Estimating prevalence from the results of a screening test. American Journal of
       Epidemiology 107, 71-76.
.. [2] Lang, Z., Reiczigel, J. (2014). Confidence limits for prevalence of disease adjusted for estimated sensitivity and
       specificity. Preventive Veterinary Medicine 113, 13-22. (Why both uncertainties must enter the interval.)
.. [3] Tenenbein, A. (1970). A double sampling scheme for estimating from binomial data with misclassifications. Journal of the
       American Statistical Association 65, 1350-1361.
.. [4] Angelopoulos, A. N., Duchi, J. C., Zrnic, T. (2023). PPI++: Efficient prediction-powered inference. arXiv 2311.01453.
.. [5] Brown, L. D., Cai, T. T., DasGupta, A. (2001). Interval estimation for a binomial proportion. Statistical Science 16,
       101-133. (Jeffreys' interval.)
.. [6] Kish, L. (1965). Survey Sampling. Effective sample size under unequal weights.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm, t

from clearbar.agreement import Floats

__all__ = [
    "LEVEL",
    "Corrected",
    "Mean",
    "correct_states",
    "corrected_limits",
    "delta_limits",
    "effective_counts",
    "hull",
    "jeffreys",
    "mean_with_reviews",
    "plain_mean",
    "post_stratify",
    "predict",
    "quantiles",
    "rates",
    "truth_given_grade",
]

LEVEL = 0.95
_TAIL = (1 - LEVEL) / 2
_SOME = 0.2
_PILE = 0.35
_MOSTLY = 0.5
_SLACK = 0.05
"""Of the trimmed interval's width, on either side: what trimming leaves of a tail."""
_HALF = 0.5
_QUARTER = 0.25
_RIDGE = 1e-9
_NORMAL = float(norm.ppf((1 + LEVEL) / 2))


@dataclass(frozen=True)
class Corrected:
    """Draws of the shares of true states."""

    states: Floats
    """Shape `(..., draws, K)`; moved inside 0 to 1, NaN where a draw says nothing."""
    inside: NDArray[np.bool_]
    """Shape `(..., draws)`: which draws needed no moving."""

    @property
    def outside(self) -> Floats:
        """Share of the usable draws that were moved; near 1 where the team's grades contradict the measured error rates."""
        usable = np.isfinite(self.states[..., 0]).sum(axis=-1)
        return np.asarray(1 - self.inside.sum(axis=-1) / np.maximum(usable, 1), dtype=float)


def jeffreys(hits: ArrayLike, total: ArrayLike, draws: int, rng: np.random.Generator) -> Floats:
    """Return posterior draws of shares under Jeffreys' prior [5]_, shape `(..., draws)`."""
    hit, whole = np.asarray(hits, dtype=float)[..., None], np.asarray(total, dtype=float)[..., None]
    shape = (*np.broadcast_shapes(hit.shape, whole.shape)[:-1], draws)
    return rng.beta(hit + _HALF, whole - hit + _HALF, size=shape)


def quantiles(draws: Floats, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Return the limits of the central interval over the last axis, NaN draws left out."""
    low, high = np.nanquantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=-1)
    return low, high


def hull(moved: Floats, inside: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return the interval of draws that were moved inside 0 to 1; where most were, widened to that of the draws that were not.

    Where draws pile up at one end, the interval reaches it and can miss the truth at its other limit only: there it leaves out up
    to twice as many. Moving alone would shrink the interval to a point where the grades of a team and the error rates do not fit
    together.

    Parameters
    ----------
    moved
        Shape `(..., draws)`; NaN draws are left out, and without any other the interval is 0 to 1.
    inside
        Same shape: which draws needed no moving.
    """
    rows, kept = moved.reshape(-1, moved.shape[-1]), inside.reshape(-1, moved.shape[-1])
    usable = np.isfinite(rows)
    lower, upper = _TAIL * (1 + _piled(rows >= 1, usable)), 1 - _TAIL * (1 + _piled(rows <= 0, usable))
    low, high = _row_quantiles(rows, lower), _row_quantiles(rows, upper)
    nothing = ~usable.any(axis=1)
    low[nothing], high[nothing] = 0, 1
    for row in np.flatnonzero((kept & usable).sum(axis=1) < (1 - _MOSTLY) * usable.sum(axis=1)):
        free = rows[row][kept[row] & usable[row]]
        within = np.quantile(free, [lower[row], upper[row]]) if len(free) else (0.0, 1.0)
        low[row], high[row] = min(low[row], within[0]), max(high[row], within[1])
    return low.reshape(moved.shape[:-1]), high.reshape(moved.shape[:-1])


def _piled(at_end: NDArray[np.bool_], usable: NDArray[np.bool_]) -> Floats:
    """Return how far draws pile up at an end: 0 up to about a third of them, 1 from a half on; shape `(rows,)`."""
    share = (at_end & usable).sum(axis=1) / np.maximum(usable.sum(axis=1), 1)
    return np.asarray(np.clip((share - _PILE) / (_MOSTLY - _PILE), 0, 1), dtype=float)


def _row_quantiles(rows: Floats, shares: Floats) -> Floats:
    """Return one quantile of each row, NaN left out; a row without any number gives NaN."""
    ordered = np.sort(rows, axis=1)  # NaN comes last
    place = shares * np.maximum(np.isfinite(rows).sum(axis=1) - 1, 0)
    before = np.floor(place).astype(int)
    every = np.arange(len(rows))
    first, second = ordered[every, before], ordered[every, np.ceil(place).astype(int)]
    return np.asarray(first + (second - first) * (place - before), dtype=float)


def rates(confusion: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """Return draws of how the grader answers given the truth, from counts under Jeffreys' prior.

    Parameters
    ----------
    confusion
        Shape `(..., K, G)`: labelled conversations by true state and grade.

    Returns
    -------
    ndarray
        Shape `(..., draws, K, G)`; the last axis sums to 1.
    """
    *lead, states, grades = confusion.shape
    drawn = rng.standard_gamma(np.broadcast_to((confusion + _HALF)[..., None, :, :], (*lead, draws, states, grades)))
    return np.asarray(drawn / drawn.sum(axis=-1, keepdims=True), dtype=float)


def correct_states(grades: Floats, answers: Floats, rng: np.random.Generator) -> Corrected:
    """Return the shares of true states that explain the team's grades, given how the grader errs.

    Each draw solves `shares @ answers = grades` by weighted least squares. With two states and two grades that is the
    Rogan-Gladen estimate [1]_, with the uncertainty of all three rates in it [2]_. Draws in which the grader is worse than
    chance at the first state would turn the answer round and are NaN.

    Parameters
    ----------
    grades
        Counts of the team's grades, shape `(..., G)`.
    answers
        Draws from `rates`, shape `(..., draws, K, G)`; the same draws for all teams, so that differences inherit them.
    rng
        Source of the team's own draws.
    """
    draws = answers.shape[-3]
    drawn = rng.standard_gamma(np.broadcast_to((grades + _HALF)[..., None, :], (*grades.shape[:-1], draws, grades.shape[-1])))
    shares = drawn / drawn.sum(axis=-1, keepdims=True)
    weight = 1 / shares.mean(axis=-2)
    contrast = answers[..., :-1, :] - answers[..., -1:, :]
    weighted = contrast * weight[..., None, None, :]
    right = (weighted @ (shares - answers[..., -1, :])[..., None])[..., 0]
    left = weighted @ contrast.swapaxes(-1, -2)
    part = right / left[..., 0] if contrast.shape[-2] == 1 else _solve(left, right)
    solved = np.concatenate([part, 1 - part.sum(axis=-1, keepdims=True)], axis=-1)
    solved = np.where((answers[..., 0, 0] > answers[..., 1, 0])[..., None], solved, np.nan)
    return Corrected(states=_onto_simplex(solved), inside=np.asarray((solved >= 0).all(axis=-1), dtype=bool))


def _solve(left: Floats, right: Floats) -> Floats:
    return np.asarray(np.linalg.solve(left + _RIDGE * np.eye(left.shape[-1]), right[..., None])[..., 0], dtype=float)


def _onto_simplex(points: Floats) -> Floats:
    """Return the nearest points with shares of at least 0 that sum to 1; NaN stays."""
    size = points.shape[-1]
    if size == 2:  # noqa: PLR2004 - the common case, and much quicker
        first = np.clip(points[..., :1], 0, 1)
        return np.concatenate([first, 1 - first], axis=-1)
    ordered = -np.sort(-points, axis=-1)
    excess = (np.cumsum(ordered, axis=-1) - 1) / np.arange(1, size + 1)
    kept = (ordered > excess).sum(axis=-1)
    level = np.take_along_axis(excess, np.maximum(kept - 1, 0)[..., None], axis=-1)
    return np.maximum(points - level, 0)


def delta_limits(grades: Floats, confusion: Floats) -> tuple[Floats, Floats]:
    """Return limits of the first state's share among the first two by the delta method on counts smoothed by one half.

    The same weighted least squares as `correct_states`, at the smoothed shares, with first-order errors of the team's grades
    and of the grader's answers. Symmetric around the estimate, where the draws' interval is skewed by the few that lie far
    out.

    Parameters
    ----------
    grades
        Counts, shape `(..., G)`.
    confusion
        Labelled conversations by true state and grade, shape `(..., K, G)`.
    """
    graded, answered = grades + _HALF, confusion + _HALF
    total, labelled = graded.sum(axis=-1, keepdims=True), answered.sum(axis=-1, keepdims=True)
    share, answer = graded / total, answered / labelled
    contrast = answer[..., :-1, :] - answer[..., -1:, :]
    weighted = contrast / share[..., None, :]
    inverse = np.linalg.solve(weighted @ contrast.swapaxes(-1, -2) + _RIDGE * np.eye(contrast.shape[-2]), weighted)
    part = (inverse @ (share - answer[..., -1, :])[..., None])[..., 0]
    states = np.concatenate([part, 1 - part.sum(axis=-1, keepdims=True)], axis=-1)
    spread = _spread(share) / total[..., None] + (states[..., None, None] ** 2 * _spread(answer) / labelled[..., None]).sum(axis=-3)
    applicable = states[..., 0] + states[..., 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        value = states[..., 0] / applicable
        slope = np.stack([states[..., 1], -states[..., 0]], axis=-1)[..., : part.shape[-1]] / applicable[..., None] ** 2
        if part.shape[-1] == 1:
            slope = np.ones_like(part)
        along = (inverse.swapaxes(-1, -2) @ slope[..., None])[..., 0]
        error = np.sqrt(np.einsum("...g,...gh,...h->...", along, spread, along))
    half = np.where(np.isfinite(error), _NORMAL * error, 1)
    middle = np.where(np.isfinite(value), value, _HALF)
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)


def _spread(shares: Floats) -> Floats:
    """Return the covariance of one multinomial draw."""
    return np.asarray(shares[..., :, None] * (np.eye(shares.shape[-1]) - shares[..., None, :]), dtype=float)


def corrected_limits(moved: Floats, found: Corrected, grades: Floats, confusion: Floats) -> tuple[Floats, Floats]:
    """Return the interval of a corrected share: that of the draws, trimmed to little more than the delta method's.

    With few labels on one side the draws' interval has a long tail that covers more than it should. How often the trimmed one
    holds is measured by `benchmarks/coverage.py`, whose seed is another than those it was tuned with. It stays as it is where most
    draws had to be moved inside 0 to 1, and where next to nothing of it would be left.

    Parameters
    ----------
    moved
        Draws of the share, shape `(..., draws)`.
    found
        What they were made from.
    grades, confusion
        As for `delta_limits`.
    """
    low, high = hull(moved, found.inside)
    first, last = delta_limits(grades, confusion)
    lower, upper = np.maximum(low, first), np.minimum(high, last)
    slack = _SLACK * (upper - lower)
    lower, upper = np.maximum(low, lower - slack), np.minimum(high, upper + slack)
    kept = (found.outside > _MOSTLY) | (upper - lower < _SOME * (high - low))
    return np.where(kept, low, lower), np.where(kept, high, upper)


def effective_counts(strata: NDArray[np.intp], states: NDArray[np.intp], weights: Floats, shape: tuple[int, int]) -> Floats:
    """Return weighted counts of true states by grade, scaled in each grade to Kish's effective number of reviews [6]_.

    Parameters
    ----------
    strata, states
        Grade and true state of every reviewed conversation.
    weights
        One over the chance with which each was drawn.
    shape
        `(G, K)`.
    """
    counts = np.zeros(shape)
    squares = np.zeros(shape[0])
    np.add.at(counts, (strata, states), weights)
    np.add.at(squares, strata, weights**2)
    total = counts.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(squares > 0, total / squares, 0)
    return np.asarray(counts * scale[:, None], dtype=float)


def truth_given_grade(reviewed: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """Return draws of the chance of each true state given the grade, shape `(draws, G, K)`.

    Jeffreys' prior where there are two states; a quarter of a review each where there are more, since the weight of many
    states under many grades would pull small shares up (found by simulation, with shares of 5 to 40 %).

    Parameters
    ----------
    reviewed
        Counts of true states among reviewed conversations, by grade, shape `(G, K)`.
    """
    prior = _HALF if reviewed.shape[1] == 2 else _QUARTER  # noqa: PLR2004
    drawn = rng.standard_gamma(np.broadcast_to(reviewed + prior, (draws, *reviewed.shape)))
    return np.asarray(drawn / drawn.sum(axis=-1, keepdims=True), dtype=float)


def post_stratify(grades: Floats, truth: Floats, rng: np.random.Generator) -> Floats:
    """Return draws of the shares of true states, from reviews within each grade [3]_; shape `(draws, K)`.

    Unbiased however the grader errs on this team, as long as the reviews were drawn at random.

    Parameters
    ----------
    grades
        Counts of the team's grades, shape `(G,)`.
    truth
        From `truth_given_grade`.
    """
    drawn = rng.standard_gamma(np.broadcast_to(grades + _HALF, (len(truth), len(grades))))
    return np.asarray(np.einsum("dg,dgk->dk", drawn / drawn.sum(axis=-1, keepdims=True), truth), dtype=float)


@dataclass(frozen=True)
class Mean:
    """A mean with its standard error and degrees of freedom."""

    value: float
    error: float
    freedom: float

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """Return Student's interval."""
        half = float(t.ppf((1 + level) / 2, self.freedom)) * self.error
        return self.value - half, self.value + half

    def draws(self, number: int, rng: np.random.Generator) -> Floats:
        """Return draws around the value."""
        return np.asarray(self.value + self.error * rng.standard_t(self.freedom, size=number), dtype=float)


def plain_mean(values: Floats, span: float, weights: Floats | None = None) -> Mean:
    """Return the mean of at least two values.

    Equal values do not mean certainty: the spread is taken as at least that of one further value half a span away. Under unequal
    weights there are as many values as Kish's effective number [6]_.
    """
    heavy = np.ones(len(values)) if weights is None else weights
    share, number = heavy / heavy.sum(), float(heavy.sum() ** 2 / (heavy**2).sum())
    mean = float(share @ values)
    freedom = max(number - 1, _HALF)
    spread = max(float(np.sqrt(share @ (values - mean) ** 2 * number / freedom)), span / 2 / (number + 1))
    return Mean(mean, spread / float(np.sqrt(number)), freedom)


def mean_with_reviews(grader: Floats, both: Floats, people: Floats, weight: float, span: float, *, chances: Floats | None = None) -> Mean:
    """Return a mean from many grades and few reviews: PPI++ [4]_ with a weight fixed beforehand, and Student's t.

    Tuning the weight on the same few reviews makes the interval too narrow; a fixed one does not, and leaves it unbiased
    however the grader errs. Degrees of freedom after Welch and Satterthwaite.

    The grader's mean is that of the conversations nobody reviewed, which is independent of the reviews. Where chances differ, those are
    no fair sample: what had a small chance prevails among them. There, and where most were reviewed, it is the mean of all grades, and
    what it has in common with the reviews widens the interval.

    Parameters
    ----------
    grader
        The grader's scores of conversations that nobody reviewed; at least one.
    both, people
        The grader's and the people's scores of the reviewed ones; at least two.
    weight
        0 leaves the grader out, 1 takes it in full.
    span
        Range of the scores.
    chances
        With which each of the reviewed ones was drawn; all alike by default.
    """
    heavy = np.ones(len(both)) if chances is None else 1 / chances
    apart = len(grader) >= len(both) and np.allclose(heavy, heavy[0])
    every = grader if apart else np.concatenate([grader, both])
    graded = plain_mean(weight * every, weight * span)
    corrected = plain_mean(people - weight * both, span, None if chances is None else heavy)
    shared = 0.0 if apart else max(2 * float(np.cov(weight * both, people - weight * both, aweights=heavy)[0, 1]) / len(every), 0.0)
    parts = np.array([graded.error**2, corrected.error**2])
    freedom = parts.sum() ** 2 / (parts**2 / np.array([graded.freedom, corrected.freedom])).sum()
    return Mean(graded.value + corrected.value, float(np.sqrt(parts.sum() + shared)), float(freedom))


def predict(grades: Floats, truth: Floats, rng: np.random.Generator) -> Floats:
    """Return drawn numbers of true states among conversations whose grades are known, shape `(draws, K)`.

    Parameters
    ----------
    grades
        How many have which grade, shape `(G,)`.
    truth
        Draws of the chance of each true state given the grade, shape `(draws, G, K)`.
    """
    drawn = rng.multinomial(np.broadcast_to(grades.astype(int), truth.shape[:-1]), truth)
    return np.asarray(drawn.sum(axis=1), dtype=float)
