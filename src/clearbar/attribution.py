"""A change of a figure between two periods, taken apart: what the grader explains, and the rest.

Conversations of a fixed set, the anchors, are graded anew each night. On them the agents cannot have changed, so what the same anchors
come to in the nights of either period is the grader's doing. How often anchors turn is not carried over as it stands: they fail far more
often than everyday conversations. They are sorted by what they were called in a night of their own (the reference), and weigh in each
group as many as the team's earlier conversations that were called so. The reference counts on neither side: verdicts that waver
fall back from what they were in it, and would pass for a change.

References
----------
.. [1] Kitagawa, E. M. (1955). Components of a difference between two rates. Journal of the American Statistical Association 50,
       1168-1194. (Rates within groups against the groups' weights.)
.. [2] Rubin, D. B. (1981). The Bayesian bootstrap. Annals of Statistics 9, 130-134.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from clearbar.agreement import Floats
from clearbar.estimates.kernels import LEVEL, plain_mean, quantiles

__all__ = ["STATES", "Anchored", "Part", "Side", "Split", "split_change", "weigh"]

STATES: Final = 3
"""Of a conversation, as a figure sees it: counted (or in the lower half of the scores), the rest, not in the figure at all."""
_DRAWS: Final = 4_000
_HALF: Final = 0.5
_THIRD: Final = 1 / 3
"""Of an anchor: weight, in each group, of one that rises by `step` and of one that falls, so that no group without a turn is certain."""
_SPAN: Final = 100.0
_RIDGE: Final = 1e-6


@dataclass(frozen=True)
class Part:
    """A change, in shares or points, with its interval."""

    value: float
    low: float
    high: float

    @property
    def told(self) -> bool:
        """Whether its sign is."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Split:
    """A change between two periods; grader and rest add up to all of it."""

    total: Part
    grader: Part
    """By how much the later grader would have called the earlier conversations otherwise."""
    rest: Part
    """The agents, or the kind of conversations."""
    p_total: float
    p_rest: float
    """Of there being no change at all, and none but the grader's."""


@dataclass(frozen=True)
class Side:
    """A figure's conversations in one period."""

    counts: Floats
    """How many are in each state, shape `(3,)`."""
    scores: Floats | None = None
    """Of those in the first two states, where the figure is their mean and not the share of the first."""

    @property
    def value(self) -> float:
        """The figure; NaN where nothing counts."""
        if self.scores is not None:
            return float(self.scores.mean()) if len(self.scores) else float("nan")
        within = float(self.counts[:2].sum())
        return float(self.counts[0]) / within if within else float("nan")


@dataclass(frozen=True)
class Anchored:
    """What the anchors came to in the nights of either period; from `weigh`."""

    groups: NDArray[np.intp]
    """State of each in the reference night, shape `(anchors,)`."""
    before: Floats
    """How often each was in which state, and what it added to the figure's numerator; shape `(anchors, 4)`."""
    after: Floats
    """What each added to numerator and denominator, shape `(anchors, 2)`."""
    apart: float
    """Share of the nights' weight by which the two periods differ: 0 where the very same nights stand behind both."""


def split_change(before: Side, after: Side, anchored: Anchored | None, rng: np.random.Generator, *, draws: int = _DRAWS) -> Split:
    """Return a change with what the grader explains of it, all with 95 % intervals from joint draws.

    Parameters
    ----------
    before, after
        The figure in both periods, as graded; at least two conversations count on either side.
    anchored
        Null where the grader is known to be the same: it then explains nothing, for certain.
    rng
        Source of the draws.
    """
    mix = _shares(before.counts, draws, rng)
    total = _drawn(after, _shares(after.counts, draws, rng), rng) - _drawn(before, mix, rng)
    moved, by_grader = (0.0, np.zeros(draws)) if anchored is None else _grader(before, anchored, mix, rng)
    change = after.value - before.value
    rest = total - by_grader
    return Split(
        total=_part(change, total),
        grader=_part(moved, by_grader),
        rest=_part(change - moved, rest),
        p_total=_chance(total),
        p_rest=_chance(rest),
    )


def _shares(counts: Floats, draws: int, rng: np.random.Generator) -> Floats:
    drawn = rng.standard_gamma(counts + _HALF, size=(draws, STATES))
    return np.asarray(drawn / drawn.sum(axis=1, keepdims=True), dtype=float)


def _drawn(side: Side, mix: Floats, rng: np.random.Generator) -> Floats:
    if side.scores is not None:
        return np.clip(plain_mean(side.scores, _SPAN).draws(len(mix), rng), 0, _SPAN)
    return np.asarray(mix[:, 0] / (mix[:, 0] + mix[:, 1]), dtype=float)


def _grader(side: Side, anchored: Anchored, mix: Floats, rng: np.random.Generator) -> tuple[float, Floats]:
    """Return by how much the grader moved the earlier figure, and draws of that: anchors resampled within groups [2]_."""
    anchors = np.concatenate([anchored.before, anchored.after], axis=1)
    plain, drawn = [], []
    for state in range(STATES):
        own = anchors[anchored.groups == state]
        plain.append(own.mean(axis=0) if len(own) else _unmoved(side, state))  # where no anchor speaks for them: as they were
        every = np.concatenate([own, _might(side, state, anchored.apart)])
        weight = rng.standard_gamma(np.array([1.0] * len(own) + [_THIRD, _THIRD]), size=(len(mix), len(every)))
        drawn.append(weight @ every / weight.sum(axis=1, keepdims=True))
    highest = 1.0 if side.scores is None else _SPAN
    observed = side.counts / side.counts.sum()
    return float(_moved(observed[None], np.array([plain]), highest)[0]), _moved(mix, np.stack(drawn, axis=1), highest)


def _moved(mix: Floats, groups: Floats, highest: float) -> Floats:
    """Return how much later nights would move a figure of such a mix.

    Groups weigh so that the earlier nights' verdicts on them come to that mix. Where verdicts waver, that is not the mix of the groups
    themselves: of what was called failing once, only a part is called so again.

    Parameters
    ----------
    mix
        Shares of the states among the team's conversations, shape `(draws, 3)`.
    groups
        Means of the anchors of each group, shape `(draws, 3, 6)`: states and numerator earlier, numerator and denominator later.
    highest
        That the figure can be.
    """
    states = groups[..., :STATES].swapaxes(1, 2) + _RIDGE * np.eye(STATES)
    weight = np.linalg.solve(states, mix[..., None])
    sums = (weight * groups).sum(axis=1)
    earlier = np.clip(_ratio(sums[:, 3], sums[:, 0] + sums[:, 1]), 0, highest)
    return np.asarray(np.clip(_ratio(sums[:, 4], sums[:, 5]), 0, highest) - earlier, dtype=float)


def _unmoved(side: Side, state: int) -> Floats:
    """Return an anchor that is in a state in every night."""
    inside = float(state < STATES - 1)
    adds = inside * side.value if side.scores is not None else float(state == 0)
    return np.array([*np.eye(STATES)[state], adds, adds, inside])


def _might(side: Side, state: int, apart: float) -> Floats:
    """Return one anchor of a state that rises and one that falls between the nights that differ, shape `(2, 6)`."""
    step = 1.0 if side.scores is None else _SPAN / 2
    if state < STATES - 1:
        turns = [(step, 0.0), (-step, 0.0)]
    else:  # what had no place in the figure comes into it, at either side of its middle
        middle = _HALF if side.scores is None else side.value
        turns = [(middle + step / 2, 1.0), (middle - step / 2, 1.0)]
    return _unmoved(side, state) + apart * np.array([(0.0, 0.0, 0.0, 0.0, *turn) for turn in turns])


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.asarray(np.divide(part, whole, out=np.zeros_like(part), where=whole > _RIDGE), dtype=float)


def _part(value: float, drawn: Floats) -> Part:
    low, high = quantiles(drawn, LEVEL)
    return Part(value=round(value, 4), low=round(min(float(low), value), 4), high=round(max(float(high), value), 4))


def _chance(drawn: Floats) -> float:
    """Return how surprising such draws were if nothing had changed, on both sides."""
    if not drawn.any():
        return 1.0
    less = min(float((drawn <= 0).mean()), float((drawn >= 0).mean()))
    return min(1.0, 2 * less if less else 2 * float(norm.sf(abs(drawn.mean()) / drawn.std())))


def weigh(nights: Sequence[Floats], weights: Sequence[float]) -> Floats:
    """Return each anchor's mean over weighted nights, those in which it is missing left out; NaN where it is in none.

    Parameters
    ----------
    nights
        For each `(anchors, figures)`, NaN where one is missing.
    weights
        Of the nights.
    """
    stacked, heavy = np.array(nights), np.asarray(weights, dtype=float)[:, None, None]
    known = np.isfinite(stacked)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, stacked * heavy, 0).sum(axis=0) / (known * heavy).sum(axis=0), dtype=float)
