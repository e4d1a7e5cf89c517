"""Plain figures with intervals, as they were graded; what is corrected for a grader's error comes from elsewhere."""

from collections.abc import Iterable, Sequence
from typing import Final

from clearbar.report.inputs import Estimate

__all__ = ["raw_mean", "raw_share", "share_difference"]

_LEVEL: Final = 0.95
_HIGHEST: Final = 100.0


def raw_share(count: int, n: int, *, precision: float) -> Estimate:
    """Return a share of independent conversations with Jeffreys' interval.

    Parameters
    ----------
    count, n
        How many of how many.
    precision
        How far the interval may reach to either side before it is called too few to say.

    References
    ----------
    .. [1] Brown, L. D., Cai, T. T., DasGupta, A. (2001). Interval estimation for a binomial proportion. Statistical Science 16, 101-133.
    """
    if not n:
        return Estimate(value=None, n=0, count=0, enough=False)
    from scipy.special import betaincinv  # noqa: PLC0415 - a third of a second that only reports need

    tail = (1 - _LEVEL) / 2
    low = 0.0 if count == 0 else float(betaincinv(count + 0.5, n - count + 0.5, tail))
    high = 1.0 if count == n else float(betaincinv(count + 0.5, n - count + 0.5, 1 - tail))
    value = count / n
    return _rounded(value, low, high, n, count, enough=max(value - low, high - value) <= precision)


def raw_mean(values: Iterable[float], *, precision: float) -> Estimate:
    """Return a mean score with Student's interval, cut off at 0 and 100.

    The spread is that of the scores with one more at either end of the scale, each counted as half a conversation, so that
    a few equal scores make no certainty.
    """
    scores: Sequence[float] = sorted(values)
    n = len(scores)
    if not n:
        return Estimate(value=None, n=0, enough=False)
    from scipy.special import stdtrit  # noqa: PLC0415 - as above

    mean = sum(scores) / n
    squares = sum((score - mean) ** 2 for score in scores) + (mean**2 + (_HIGHEST - mean) ** 2) / 2
    half = float(stdtrit(n, (1 + _LEVEL) / 2)) * (squares / n / (n + 1)) ** 0.5
    low, high = max(mean - half, 0.0), min(mean + half, _HIGHEST)
    return _rounded(mean, low, high, n, None, enough=half <= precision * _HIGHEST)


def share_difference(before: Estimate, after: Estimate) -> tuple[float, float, float] | None:
    """Return after less before with its interval, from the intervals of the two independent shares; null where one is unknown.

    References
    ----------
    .. [1] Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions. Statistics in Medicine 17,
           873-890. (Method 10, here with Jeffreys' intervals.)
    """
    if before.value is None or after.value is None or before.low is None or before.high is None or after.low is None or after.high is None:
        return None
    middle = after.value - before.value
    low = middle - ((after.value - after.low) ** 2 + (before.high - before.value) ** 2) ** 0.5
    high = middle + ((after.high - after.value) ** 2 + (before.value - before.low) ** 2) ** 0.5
    return round(middle, 6), round(max(low, -1.0), 6), round(min(high, 1.0), 6)


def _rounded(value: float, low: float, high: float, n: int, count: int | None, *, enough: bool) -> Estimate:
    # Digits beyond these carry nothing, and could differ between machines.
    return Estimate(value=round(value, 6), low=round(low, 6), high=round(high, 6), n=n, count=count, level=_LEVEL, enough=enough)
