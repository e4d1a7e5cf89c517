"""Error rates of a grader pooled over teams: each team's own reviews count, and teams with few lean on the others.

Sensitivity and specificity vary between teams around a common mean (beta-distributed); a team's rate never leans on other
teams' rates. A Gibbs sampler with the unreviewed conversations' true states as missing data (Joseph, Gyorkos and Coupal 1995,
American Journal of Epidemiology 141, 263-272); it is trusted only where its chains agree (Gelman and Rubin 1992, Statistical
Science 7, 457-472).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, logsumexp

from clearbar.agreement import Floats

__all__ = ["MIN_TEAMS", "Pooled", "pool"]

MIN_TEAMS = 8
_CHAINS = 4
_WARM_UP = 1000
_KEPT = 3000
_AGREE = 1.1
_HALF = 0.5
_MEANS = np.linspace(0.51, 0.99, 33)
_SIZES = np.geomspace(1, 300, 12)


@dataclass(frozen=True)
class Pooled:
    """Draws of the teams' shares."""

    shares: Floats
    """Shape `(draws, teams)`."""
    converged: bool


def pool(reviewed: Floats, unreviewed: Floats, seed: int) -> Pooled:
    """Return draws of each team's true share.

    Parameters
    ----------
    reviewed
        Shape `(teams, 2, 2)`: reviewed conversations by truth and grade, the indicator first.
    unreviewed
        Shape `(teams, 2)`: unreviewed ones by grade.
    seed
        Same seed, same draws.
    """
    rng = np.random.default_rng(seed)
    teams = len(reviewed)
    share = rng.uniform(0.2, 0.8, (_CHAINS, teams))
    correct = rng.uniform(0.6, 0.95, (2, _CHAINS, teams))
    own = np.stack([reviewed[:, 0, 0], reviewed[:, 1, 1]])
    wrong = np.stack([reviewed[:, 0, 1], reviewed[:, 1, 0]])
    kept = np.empty((_KEPT, _CHAINS, teams))
    for step in range(_WARM_UP + _KEPT):
        hits, misses = _fill(share, correct, unreviewed, rng)
        right, false = own[:, None] + hits, wrong[:, None] + misses
        prior = np.stack([_spread(correct[state], rng) for state in range(2)])
        correct = rng.beta(prior[:, 0] + right, prior[:, 1] + false).clip(1e-6, 1 - 1e-6)
        positives = right[0] + false[0]
        negatives = right[1] + false[1]
        share = rng.beta(positives + _HALF, negatives + _HALF)
        if step >= _WARM_UP:
            kept[step - _WARM_UP] = share
    return Pooled(shares=kept.reshape(-1, teams), converged=bool(_disagreement(kept) < _AGREE))


def _fill(share: Floats, correct: Floats, unreviewed: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return drawn true states of unreviewed conversations: rightly and wrongly graded ones, by true state."""
    found, missed = share * correct[0], share * (1 - correct[0])
    cleared, false = (1 - share) * correct[1], (1 - share) * (1 - correct[1])
    called = np.broadcast_to(unreviewed[:, 0].astype(int), share.shape)
    passed = np.broadcast_to(unreviewed[:, 1].astype(int), share.shape)
    true = rng.binomial(called, found / (found + false))
    hidden = rng.binomial(passed, missed / (missed + cleared))
    return np.stack([true, passed - hidden]).astype(float), np.stack([hidden, called - true]).astype(float)


def _spread(correct: Floats, rng: np.random.Generator) -> Floats:
    """Return a draw of the beta distribution's parameters given the teams' rates, on a grid; shape `(2, chains, 1)`."""
    mean, size = np.meshgrid(_MEANS, _SIZES, indexing="ij")
    first, second = (mean * size).ravel(), ((1 - mean) * size).ravel()
    teams = correct.shape[1]
    constant = teams * (gammaln(first + second) - gammaln(first) - gammaln(second)) - np.log(1 + size.ravel() / 10)
    logs = np.log(correct).sum(axis=1)[:, None] * (first - 1) + np.log1p(-correct).sum(axis=1)[:, None] * (second - 1) + constant
    chances = np.exp(logs - logsumexp(logs, axis=1, keepdims=True))
    picked = (chances.cumsum(axis=1) < rng.random((len(correct), 1))).sum(axis=1).clip(max=len(first) - 1)
    return np.stack([first[picked], second[picked]])[..., None]


def _disagreement(kept: Floats) -> float:
    """Return the largest potential scale reduction factor over the teams, on split chains."""
    half = len(kept) // 2
    chains = np.concatenate([kept[:half], kept[half : 2 * half]], axis=1)
    within = chains.var(axis=0, ddof=1).mean(axis=0)
    between = chains.mean(axis=0).var(axis=0, ddof=1)
    return float(np.sqrt((half - 1) / half + between / within).max())
