"""Error rates of a grader pooled over teams: each team's own reviews count, and teams with few lean on the others.

Sensitivity and specificity vary between teams around a common mean (beta-distributed); a team's rate never leans on other
teams' rates. Sampled by Metropolis steps in the share that the grader calls, sensitivity and specificity, which hardly hang together;
filling in the true states of unreviewed conversations instead (Joseph, Gyorkos and Coupal 1995, American Journal of Epidemiology 141,
263-272) creeps where a team has few reviews. A grader is taken to be better than chance. The draws are trusted only where the chains
agree (Gelman and Rubin 1992, Statistical Science 7, 457-472).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, gammaln

from clearbar.agreement import Floats

__all__ = ["MIN_TEAMS", "Pooled", "pool"]

MIN_TEAMS = 8
_CHAINS = 4
_WARM_UP = 800
_TUNED = 200
"""Steps between adaptations of the step widths, during the warm-up only."""
_KEPT = 2_000
_MOVES = 2
"""Metropolis moves between draws of the common distribution."""
_WIDTH = 2.4 / 3**0.5
"""Of a move, in standard deviations of what is sampled: best for three dimensions (Gelman, Roberts and Gilks 1996)."""
_AGREE = 1.1
_HALF = 0.5
_BETTER = 1e-6
"""Than chance: what sensitivity and specificity must come to beyond 1."""
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
    share, correct = rng.uniform(0.2, 0.8, (_CHAINS, teams)), rng.uniform(0.6, 0.95, (2, _CHAINS, teams))
    state = np.stack([_logit(_called(share, correct)), *_logit(correct)])
    width = np.stack([2 / np.sqrt(unreviewed.sum(axis=1) + 4), *(2 / np.sqrt(reviewed.sum(axis=2).T + 4))])[:, None]
    seen = _Seen(reviewed, unreviewed)
    recent, kept = np.empty((_TUNED, *state.shape)), np.empty((_KEPT, _CHAINS, teams))
    for step in range(_WARM_UP + _KEPT):
        prior = _spread(correct, rng)
        logs = seen.log_density(state, prior)
        for _ in range(_MOVES):
            proposed = state + width * rng.standard_normal(state.shape)
            others = seen.log_density(proposed, prior)
            taken = rng.standard_exponential(logs.shape) > logs - others
            state, logs = np.where(taken, proposed, state), np.where(taken, others, logs)
        share, correct = _rates(state)
        if step < _WARM_UP:
            recent[step % _TUNED] = state
            if (step + 1) % _TUNED == 0:
                width = _WIDTH * np.maximum(recent.std(axis=(0, 2)), 1e-3)[:, None]
        else:
            kept[step - _WARM_UP] = share
    return Pooled(shares=kept.reshape(-1, teams), converged=bool(_disagreement(kept) < _AGREE))


def _logit(share: Floats) -> Floats:
    return np.asarray(np.log(share) - np.log1p(-share), dtype=float)


def _called(share: Floats, correct: Floats) -> Floats:
    return np.asarray(share * correct[0] + (1 - share) * (1 - correct[1]), dtype=float)


def _rates(state: Floats) -> tuple[Floats, Floats]:
    """Return the share, and how often either side is called right, of what is sampled; the share may lie outside 0 to 1."""
    called, *correct = expit(state).clip(1e-9, 1 - 1e-9)
    better = correct[0] + correct[1] - 1
    return (called + correct[1] - 1) / np.where(better > _BETTER, better, _BETTER), np.stack(correct)


class _Seen:
    """What was seen of all teams.

    Parameters
    ----------
    reviewed, unreviewed
        As for `pool`.
    """

    def __init__(self, reviewed: Floats, unreviewed: Floats) -> None:
        of_share = reviewed.sum(axis=2).T - _HALF
        of_correct = [reviewed[:, 0, 0], reviewed[:, 0, 1], reviewed[:, 1, 1], reviewed[:, 1, 0]]
        self._powers = np.stack([*of_share, *of_correct, *(unreviewed.T + 1)])[:, None]

    def log_density(self, state: Floats, prior: Floats) -> Floats:
        """Return the logarithm of the posterior's density, up to a constant; shape `(chains, teams)`."""
        share, (found, cleared) = _rates(state)
        better = found + cleared - 1
        possible = (better > _BETTER) & (share > 0) & (share < 1)
        share, better = np.where(possible, share, _HALF), np.where(possible, better, 1)
        called = expit(state[0]).clip(1e-9, 1 - 1e-9)
        logs = np.log([share, 1 - share, found, 1 - found, cleared, 1 - cleared, called, 1 - called])
        powers = self._powers + np.concatenate([np.zeros((2, *prior.shape[1:])), prior, np.zeros((2, *prior.shape[1:]))])
        return np.where(possible, (powers * logs).sum(axis=0) - np.log(better), -np.inf)


_FIRST, _SECOND = (part.ravel() for part in (np.outer(_MEANS, _SIZES), np.outer(1 - _MEANS, _SIZES)))
_CONSTANT = gammaln(_FIRST + _SECOND) - gammaln(_FIRST) - gammaln(_SECOND)
_FAVOURED = np.log(1 + np.tile(_SIZES, len(_MEANS)) / 10)


def _spread(correct: Floats, rng: np.random.Generator) -> Floats:
    """Return draws of the two beta distributions' parameters given the teams' rates, on a grid; shape `(4, chains, 1)`."""
    sums = np.log([correct, 1 - correct]).sum(axis=-1)[..., None]
    logs = sums[0] * (_FIRST - 1) + sums[1] * (_SECOND - 1) + (correct.shape[-1] * _CONSTANT - _FAVOURED)
    chances = np.exp(logs - logs.max(axis=-1, keepdims=True)).cumsum(axis=-1)
    picked = (chances < rng.random((*correct.shape[:2], 1)) * chances[..., -1:]).sum(axis=-1).clip(max=len(_FIRST) - 1)
    return np.stack([_FIRST[picked], _SECOND[picked]], axis=1).reshape(4, -1, 1)


def _disagreement(kept: Floats) -> float:
    """Return the largest potential scale reduction factor over the teams, on split chains."""
    half = len(kept) // 2
    chains = np.concatenate([kept[:half], kept[half : 2 * half]], axis=1)
    within = chains.var(axis=0, ddof=1).mean(axis=0)
    between = chains.mean(axis=0).var(axis=0, ddof=1)
    return float(np.sqrt((half - 1) / half + between / within).max())
