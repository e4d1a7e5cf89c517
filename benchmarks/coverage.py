"""How often intervals of a team's share hold the truth, and how wide they are; beside the usual ways of making them.

    python benchmarks/coverage.py grid      # one grader for all teams: shares corrected by labels alone
    python benchmarks/coverage.py teams     # graders that err differently on each of twelve teams; with and without reviews
    python benchmarks/coverage.py reviews   # how much narrower reviews become by the grader's verdicts
    python benchmarks/coverage.py states    # shares among applicable conversations, where some are not and some stay ungraded

Every cell has its own stream of random numbers, `SeedSequence([SEED, cell])`; SEED was fixed after all tuning was done.
"""

import argparse
import itertools
import json
import sys
import time
from collections.abc import Callable, Container, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, norm

from clearbar.estimates.hierarchy import pool
from clearbar.estimates.indicators import Grouping, Indicator
from clearbar.estimates.kernels import (
    correct_states,
    corrected_limits,
    jeffreys,
    mean_with_reviews,
    post_stratify,
    quantiles,
    rates,
    truth_given_grade,
)
from clearbar.estimates.shares import Errors, Plan, UnitData, figures
from clearbar.verdict import NOT_APPLICABLE, UNGRADED

SEED = 2_611_227
Floats = NDArray[np.float64]
Interval = tuple[Floats, Floats]
Z = float(norm.ppf(0.975))
DRAWS = 500
BLOCK = 1_000


@dataclass(frozen=True)
class Cell:
    """A truth, and how much is seen of it."""

    share: float
    sensitivity: float
    specificity: float
    conversations: int
    labels: int
    balanced: bool

    @property
    def called(self) -> float:
        """Share that the grader calls positive."""
        return self.share * self.sensitivity + (1 - self.share) * (1 - self.specificity)


@dataclass(frozen=True)
class Seen:
    """Counts of many repetitions."""

    positives: Floats
    total: Floats
    found: Floats
    true: Floats
    cleared: Floats
    false: Floats

    def rows(self, start: int, end: int) -> "Seen":
        """Return some of the repetitions."""
        return Seen(*(getattr(self, name)[start:end] for name in self.__dataclass_fields__))


GRID = [
    Cell(*values)
    for values in itertools.product(
        (0.5, 0.7, 0.85, 0.95), (0.7, 0.85, 0.95), (0.7, 0.85, 0.95), (30, 100, 1000), (100, 300), (True, False)
    )
]


def draw(cell: Cell, repeats: int, rng: np.random.Generator) -> Seen:
    """Return counts as they would be seen."""
    true = np.full(repeats, cell.labels // 2) if cell.balanced else rng.binomial(cell.labels, cell.share, repeats)
    false = cell.labels - true
    counts = (
        rng.binomial(cell.conversations, cell.called, repeats),
        np.full(repeats, cell.conversations),
        rng.binomial(true, cell.sensitivity),
        true,
        rng.binomial(false, cell.specificity),
        false,
    )
    return Seen(*(np.asarray(count, dtype=float) for count in counts))


def ours(seen: Seen, rng: np.random.Generator) -> Interval:
    """Return the intervals that clearbar gives without reviews."""
    confusion = np.stack([np.stack([seen.found, seen.true - seen.found], -1), np.stack([seen.false - seen.cleared, seen.cleared], -1)], -2)
    grades = np.stack([seen.positives, seen.total - seen.positives], -1)
    found = correct_states(grades, rates(confusion, DRAWS, rng), rng)
    return corrected_limits(found.states[..., 0], found, grades, confusion)


def raw_wald(seen: Seen, _: np.random.Generator) -> Interval:
    """Return the share as graded, plus and minus."""
    share = seen.positives / seen.total
    half = Z * np.sqrt(share * (1 - share) / seen.total)
    return share - half, share + half


def labels_only(seen: Seen, rng: np.random.Generator) -> Interval:
    """Return a bootstrap that resamples the labelled set and takes the team's share as known."""
    return _bootstrap(seen, rng, both=False)


def bootstrap_both(seen: Seen, rng: np.random.Generator) -> Interval:
    """Return a bootstrap that resamples labels and conversations."""
    return _bootstrap(seen, rng, both=True)


def _bootstrap(seen: Seen, rng: np.random.Generator, *, both: bool) -> Interval:
    def again(hits: Floats, total: Floats) -> Floats:
        whole = np.maximum(total, 1)
        return rng.binomial(whole.astype(int)[:, None], (hits / whole)[:, None], (len(hits), DRAWS)) / whole[:, None]

    share = again(seen.positives, seen.total) if both else (seen.positives / seen.total)[:, None]
    sensitivity, specificity = again(seen.found, seen.true), again(seen.cleared, seen.false)
    better = sensitivity + specificity - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = np.where(better > 0, np.clip((share + specificity - 1) / better, 0, 1), np.nan)
    drawn[~np.isfinite(drawn).any(axis=1)] = 0.5
    return quantiles(drawn)


def delta(seen: Seen, _: np.random.Generator) -> Interval:
    """Return the delta method on counts smoothed by one half."""
    n, m1, m0 = seen.total + 1, seen.true + 1, seen.false + 1
    p, se, sp = (seen.positives + 0.5) / n, (seen.found + 0.5) / m1, (seen.cleared + 0.5) / m0
    better = np.maximum(se + sp - 1, 0.01)
    value = (p + sp - 1) / better
    error = np.sqrt(p * (1 - p) / n + value**2 * se * (1 - se) / m1 + (1 - value) ** 2 * sp * (1 - sp) / m0) / better
    return np.clip(value - Z * error, 0, 1), np.clip(value + Z * error, 0, 1)


def lang_reiczigel(seen: Seen, _: np.random.Generator) -> Interval:
    """Return Lang and Reiczigel's interval (2014)."""
    n, m1, m0 = seen.total + Z**2, seen.true + 2, seen.false + 2
    p, se, sp = (seen.positives + Z**2 / 2) / n, (seen.found + 1) / m1, (seen.cleared + 1) / m0
    better = np.maximum(se + sp - 1, 0.01)
    value = (p + sp - 1) / better
    shift = 2 * Z**2 * (value * se * (1 - se) / m1 - (1 - value) * sp * (1 - sp) / m0)
    error = np.sqrt(p * (1 - p) / n + value**2 * se * (1 - se) / m1 + (1 - value) ** 2 * sp * (1 - sp) / m0) / better
    return np.clip(value + shift - Z * error, 0, 1), np.clip(value + shift + Z * error, 0, 1)


def truncated_bayes(seen: Seen, rng: np.random.Generator) -> Interval:
    """Return the posterior restricted to shares of 0 to 1."""
    p = jeffreys(seen.positives, seen.total, DRAWS, rng)
    se, sp = jeffreys(seen.found, seen.true, DRAWS, rng), jeffreys(seen.cleared, seen.false, DRAWS, rng)
    better = se + sp - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        value = (p + sp - 1) / better
    kept = np.where((better > 0) & (value >= 0) & (value <= 1), value, np.nan)
    few = np.isfinite(kept).sum(axis=1) < 20
    kept[few] = np.linspace(0, 1, DRAWS)
    return quantiles(kept)


def profile_likelihood(seen: Seen, _: np.random.Generator) -> Interval:
    """Return the likelihood-ratio interval, error rates maximised out by expectation-maximisation at each share."""
    grid = np.linspace(0, 1, 81)
    x, y = seen.positives[:, None], (seen.total - seen.positives)[:, None]
    a, b, m1, m0 = (values[:, None] for values in (seen.found, seen.cleared, seen.true, seen.false))
    se = np.broadcast_to((a + 0.5) / (m1 + 1), (len(x), len(grid)))
    sp = np.broadcast_to((b + 0.5) / (m0 + 1), (len(x), len(grid)))
    for _step in range(60):
        called = grid * se + (1 - grid) * (1 - sp)
        true = x * _over(grid * se, called)
        hidden = y * _over(grid * (1 - se), 1 - called)
        se, sp = (
            np.clip(_over(a + true, m1 + true + hidden), 1e-9, 1 - 1e-9),
            np.clip(_over(b + y - hidden, m0 + x - true + y - hidden), 1e-9, 1 - 1e-9),
        )
    called = np.clip(grid * se + (1 - grid) * (1 - sp), 1e-12, 1 - 1e-12)
    logs = x * np.log(called) + y * np.log1p(-called)
    logs = logs + a * np.log(se) + (m1 - a) * np.log1p(-se) + b * np.log(sp) + (m0 - b) * np.log1p(-sp)
    depth = 2 * (logs.max(axis=1, keepdims=True) - logs) - chi2.ppf(0.95, 1)
    inside = depth <= 0
    first, last = inside.argmax(axis=1), len(grid) - 1 - inside[:, ::-1].argmax(axis=1)
    rows = np.arange(len(depth))
    step = grid[1]
    before, after = np.maximum(first - 1, 0), np.minimum(last + 1, len(grid) - 1)
    low = grid[first] - step * np.where(first > 0, _over(-depth[rows, first], depth[rows, before] - depth[rows, first]), 0)
    high = grid[last] + step * np.where(last < len(grid) - 1, _over(-depth[rows, last], depth[rows, after] - depth[rows, last]), 0)
    return low, high


def _over(part: Floats, whole: Floats) -> Floats:
    return np.asarray(part / np.maximum(whole, 1e-12), dtype=float)


Method = Callable[[Seen, np.random.Generator], Interval]
OTHERS: dict[str, tuple[Method, int]] = {
    "raw ± Wald": (raw_wald, 10_000),
    "bootstrap of labels only": (labels_only, 2_000),
    "bootstrap of both": (bootstrap_both, 2_000),
    "delta with smoothing": (delta, 10_000),
    "Lang-Reiczigel": (lang_reiczigel, 10_000),
    "profile likelihood": (profile_likelihood, 2_000),
    "truncated Bayes": (truncated_bayes, 2_000),
}
"""Each with its largest number of repetitions; the costly ones get by with fewer."""
BLIND = {"raw ± Wald", "bootstrap of labels only"}
"""They leave an uncertainty or a bias out, and reach the floor only where these happen to cancel."""
FLOOR = 0.93
NAME = "clearbar"
BOUND = "least possible"
"""No method: the narrowest that any could be that is not wrong elsewhere, content with the floor."""
NEAR = 1.10


def efficient(cell: Cell) -> Method:
    """Return an interval around an estimate with the least error that any has (Cramér and Rao), known, at the floor instead of 95 %."""
    better = cell.sensitivity + cell.specificity - 1
    true = cell.labels * (0.5 if cell.balanced else cell.share)
    spread = (
        cell.called * (1 - cell.called) / cell.conversations
        + cell.share**2 * cell.sensitivity * (1 - cell.sensitivity) / true
        + (1 - cell.share) ** 2 * cell.specificity * (1 - cell.specificity) / (cell.labels - true)
    )
    error = float(np.sqrt(spread)) / better

    def limits(seen: Seen, rng: np.random.Generator) -> Interval:
        middle = rng.normal(cell.share, error, len(seen.total))
        half = float(norm.ppf((1 + FLOOR) / 2)) * error
        return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)

    return limits


def passes(coverage: float, repeats: int, floor: float = FLOOR) -> bool:
    """Whether a cell reaches the floor less two Monte-Carlo errors."""
    return bool(coverage >= floor - 2 * np.sqrt(floor * (1 - floor) / repeats))


def measure(method: Method, seen: Seen, share: float, rng: np.random.Generator) -> tuple[float, float]:
    """Return coverage and mean width."""
    limits = [method(seen.rows(start, start + BLOCK), rng) for start in range(0, len(seen.total), BLOCK)]
    low, high = (np.concatenate(side) for side in zip(*limits, strict=True))
    return float(np.mean((low <= share + 1e-12) & (share - 1e-12 <= high))), float(np.mean(high - low))


def run_cell(number: int, repeats: int, others: Sequence[str] = tuple(OTHERS)) -> dict[str, object]:
    """Return coverage and width of every method in one cell of the grid."""
    cell = GRID[number]
    rng = np.random.default_rng(np.random.SeedSequence([SEED, number]))
    seen = draw(cell, repeats, rng)
    found: dict[str, list[float]] = {NAME: [*measure(ours, seen, cell.share, rng), repeats]}
    for name in others:
        method, most = OTHERS[name]
        found[name] = [*measure(method, seen.rows(0, min(repeats, most)), cell.share, rng), min(repeats, most)]
    found[BOUND] = [*measure(efficient(cell), seen, cell.share, rng), repeats]
    return {**asdict(cell), "methods": found}


def summarise(cells: Sequence[dict[str, object]]) -> str:
    """Return the grid's figures as a Markdown table with what is asked of them."""
    lines = ["| method | least | mean | most | cells at the floor | mean width |", "|---|---|---|---|---|---|"]
    methods: list[dict[str, list[float]]] = [cell["methods"] for cell in cells]  # type: ignore[misc]
    for name in methods[0]:
        coverage = np.array([one[name][0] for one in methods])
        reached = sum(passes(one[name][0], int(one[name][2])) for one in methods)
        width = np.mean([one[name][1] for one in methods])
        lines.append(
            f"| {name} | {coverage.min():.1%} | {coverage.mean():.1%} | {coverage.max():.1%} | {reached} of {len(cells)} | {width:.3f} |"
        )
    return "\n".join([*lines, "", *_asked(cells, methods)])


def _asked(cells: Sequence[dict[str, object]], methods: Sequence[dict[str, list[float]]]) -> Iterator[str]:
    own = np.array([one[NAME][0] for one in methods])
    allowed = np.array([cell["share"] >= 0.85 or cell["conversations"] == 30 for cell in cells])  # type: ignore[operator]
    slack = 2 * np.sqrt(0.97 * 0.03 / methods[0][NAME][2])
    yield f"- cells under 93 % less two Monte-Carlo errors: {sum(not passes(one[NAME][0], int(one[NAME][2])) for one in methods)}"
    yield f"- mean over the grid: {own.mean():.2%}"
    yield f"- cells above 97 % where neither the share is at least .85 nor n is 30: {int(((own > 0.97 + slack) & ~allowed).sum())}"
    narrow = np.array([_ratio(one) <= NEAR for one in methods])
    fair = np.array([_ratio(one, BLIND) <= NEAR for one in methods])
    out_of_reach = np.array([not near and one[BOUND][1] > NEAR * _narrowest(one) for one, near in zip(methods, narrow, strict=True)])
    words = "width at most 1.10 times the narrowest other method"
    yield f"- {words} that reaches the floor: {narrow.mean():.1%} of the cells"
    yield f"- {words} that carries both uncertainties and reaches the floor: {fair.mean():.1%} of the cells"
    yield (
        f"- of the {int((~narrow).sum())} cells where another is narrower, out of reach: {int(out_of_reach.sum())}, where the "
        "least possible width is more than that too"
    )
    yield from _wider(cells, methods, ~narrow & ~out_of_reach)


def _wider(cells: Sequence[dict[str, object]], methods: Sequence[dict[str, list[float]]], missed: NDArray[np.bool_]) -> Iterator[str]:
    """Yield the other cells in which the intervals are wider than asked, as a table."""
    yield from (
        "- the others:",
        "",
        "| share | sensitivity | specificity | n | labels | wider by | coverage | narrowest | its coverage |",
        "|---" * 9 + "|",
    )
    wider = [(cell, one) for cell, one, miss in zip(cells, methods, missed, strict=True) if miss]
    for cell, one in sorted(wider, key=lambda pair: -_ratio(pair[1])):
        name = min(_reaching(one), key=lambda other: one[other][1])
        labels = f"{cell['labels']} {'balanced' if cell['balanced'] else 'random'}"
        known = " | ".join(str(cell[field]) for field in ("share", "sensitivity", "specificity", "conversations"))
        yield f"| {known} | {labels} | {_ratio(one) - 1:.0%} | {one[NAME][0]:.3f} | {name} | {one[name][0]:.3f} |"


def _reaching(one: dict[str, list[float]], left_out: Container[str] = ()) -> list[str]:
    """Return the other methods that reach the floor in a cell."""
    return [name for name, found in one.items() if name not in {NAME, BOUND} and name not in left_out and passes(found[0], int(found[2]))]


def _narrowest(one: dict[str, list[float]], left_out: Container[str] = ()) -> float:
    return min((one[name][1] for name in _reaching(one, left_out)), default=float("inf"))


def _ratio(one: dict[str, list[float]], left_out: Container[str] = ()) -> float:
    """Return the width beside the narrowest other method that reaches the floor; 0 where none does."""
    return one[NAME][1] / _narrowest(one, left_out)


def run_teams(repeats: int, *, teams: int = 12, conversations: int = 1_000, hierarchical: int = 0) -> list[dict[str, float]]:
    """Return coverage for graders whose errors differ by team.

    Parameters
    ----------
    repeats
        Of the twelve teams, in every setting.
    teams, conversations
        How many teams, and conversations of each.
    hierarchical
        So many repetitions also with pooled error rates, which take seconds each. What one repetition finds of its teams is not
        independent, so the Monte-Carlo error is that of a mean over repetitions; those that did not converge are counted.
    """
    rows = []
    for number, (spread, reviews) in enumerate(itertools.product((0.0, 0.5, 1.0), (0, 10, 30))):
        rng = np.random.default_rng(np.random.SeedSequence([SEED, 10_000 + number]))
        held: dict[str, list[bool]] = {"share": [], "mean score": []}
        pooled = []
        for repeat in range(repeats):
            world = _world(spread, reviews, teams, conversations, rng)
            held["share"] += _shares_held(world, rng)
            if reviews:
                held["mean score"] += _means_held(world, rng)
            if reviews and repeat < hierarchical:
                pooled.append(_pooled_held(world, repeat))
        told = {name: round(float(np.mean(found)), 4) for name, found in held.items() if found}
        rows.append({"spread": spread, "reviews": reviews, **told, **_pooled_told(pooled)})
        print(rows[-1], file=sys.stderr, flush=True)
    return rows


def _pooled_told(pooled: Sequence[list[bool]]) -> dict[str, float]:
    """Return the coverage of pooled intervals with its Monte-Carlo error, and how often there were none."""
    means = np.array([np.mean(held) for held in pooled if held])
    if len(means) < 2:
        return {}
    error = float(means.std(ddof=1)) / len(means) ** 0.5
    return {
        "hierarchical": round(float(means.mean()), 4),
        "its Monte-Carlo error": round(error, 4),
        "not converged": sum(not held for held in pooled),
    }


@dataclass(frozen=True)
class _World:
    share: Floats
    sensitivity: Floats
    specificity: Floats
    reviewed: Floats
    """Shape `(teams, 2, 2)`: by truth and grade."""
    unreviewed: Floats
    """Shape `(teams, 2)`: by grade."""
    labels: Floats
    """Shape `(2, 2)`: 300 labels of conversations from all teams, balanced."""


def _world(spread: float, reviews: int, teams: int, conversations: int, rng: np.random.Generator) -> _World:
    share = rng.uniform(0.5, 0.95, teams)
    sensitivity, specificity = (1 / (1 + np.exp(-(np.log(0.85 / 0.15) + spread * rng.standard_normal(teams)))) for _ in range(2))
    true = rng.binomial(reviews, share)
    found, cleared = rng.binomial(true, sensitivity), rng.binomial(reviews - true, specificity)
    reviewed = np.stack([np.stack([found, true - found], -1), np.stack([reviews - true - cleared, cleared], -1)], 1).astype(float)
    called = rng.binomial(conversations - reviews, share * sensitivity + (1 - share) * (1 - specificity))
    of = rng.integers(0, teams, (2, 150))
    hits, misses = rng.binomial(1, sensitivity[of[0]]).sum(), rng.binomial(1, specificity[of[1]]).sum()
    labels = np.array([[hits, 150 - hits], [150 - misses, misses]], dtype=float)
    return _World(share, sensitivity, specificity, reviewed, np.stack([called, conversations - reviews - called], -1).astype(float), labels)


def _shares_held(world: _World, rng: np.random.Generator) -> list[bool]:
    if not world.reviewed.any():
        teams = len(world.share)
        found = correct_states(world.unreviewed, np.broadcast_to(rates(world.labels, DRAWS, rng), (teams, DRAWS, 2, 2)), rng)
        low, high = corrected_limits(found.states[..., 0], found, world.unreviewed, np.broadcast_to(world.labels, (teams, 2, 2)))
        return list((low <= world.share) & (world.share <= high))
    held = []
    for place, share in enumerate(world.share):
        grades = world.unreviewed[place] + world.reviewed[place].sum(axis=0)
        low, high = quantiles(post_stratify(grades, truth_given_grade(world.reviewed[place].T, DRAWS, rng), rng)[:, 0])
        held.append(bool(low <= share <= high))
    return held


def _means_held(world: _World, rng: np.random.Generator) -> list[bool]:
    """Return whether intervals of the mean of a score hold: truth and grade each worth 40 to 95 points with noise."""
    held = []
    for place, share in enumerate(world.share):
        people = np.concatenate(
            [_points(rng, int(number), truth) for truth, number in zip((1, 0), world.reviewed[place].sum(axis=1), strict=True)]
        )
        grades = np.concatenate(
            [_points(rng, int(number), grade) for row in world.reviewed[place] for grade, number in zip((1, 0), row, strict=True)]
        )
        rest = np.concatenate([_points(rng, int(number), grade) for grade, number in zip((1, 0), world.unreviewed[place], strict=True)])
        low, high = mean_with_reviews(rest, grades, people, 0.75, 100).interval()
        held.append(bool(low <= 90 * share + 50 * (1 - share) <= high))
    return held


def _points(rng: np.random.Generator, number: int, good: int) -> Floats:
    return np.asarray(rng.uniform(85, 95, number) if good else rng.uniform(40, 60, number), dtype=float)


def _pooled_held(world: _World, seed: int) -> list[bool]:
    found = pool(world.reviewed, world.unreviewed, seed)
    if not found.converged:
        return []
    low, high = quantiles(found.shares.T)
    return list((low <= world.share) & (world.share <= high))


def run_reviews(repeats: int) -> list[dict[str, float]]:
    """Return how wide intervals from reviews are with and without the grader's verdicts."""
    rows = []
    for number, (share, error, reviews) in enumerate(itertools.product((0.5, 0.7, 0.85), (0.15, 0.1, 0.05), (20, 30, 50))):
        rng = np.random.default_rng(np.random.SeedSequence([SEED, 20_000 + number]))
        conversations = 20 * reviews
        called = share * (1 - error) + (1 - share) * error
        correlation = share * (1 - share) * (1 - 2 * error) / np.sqrt(share * (1 - share) * called * (1 - called))
        widths, alone, held = [], [], []
        for _ in range(repeats):
            true = rng.binomial(reviews, share)
            found, wrong = rng.binomial(true, 1 - error), rng.binomial(reviews - true, error)
            reviewed = np.array([[found, wrong], [true - found, reviews - true - wrong]], dtype=float)
            positives = found + wrong + rng.binomial(conversations - reviews, called)
            grades = np.array([positives, conversations - positives], dtype=float)
            low, high = quantiles(post_stratify(grades, truth_given_grade(reviewed, DRAWS, rng), rng)[:, 0])
            first, last = quantiles(jeffreys(true, reviews, DRAWS, rng))
            widths.append(high - low)
            alone.append(last - first)
            held.append(low <= share <= high)
        rows.append(
            {
                "share": share,
                "error": error,
                "reviews": reviews,
                "correlation": round(float(correlation), 3),
                "coverage": round(float(np.mean(held)), 4),
                "width ratio": round(float(np.mean(widths) / np.mean(alone)), 3),
            }
        )
    return rows


ANSWERS = np.array([[0.75, 0.12, 0.05, 0.08], [0.06, 0.78, 0.08, 0.08], [0.03, 0.10, 0.80, 0.07]])
"""How a grader answers: by truth (under the bar, not, not applicable) the same three and ungraded."""


def run_states(repeats: int) -> list[dict[str, float]]:
    """Return coverage of the share under the bar among applicable conversations, a quarter of which are not applicable."""
    rows = []
    settings = itertools.product((0.05, 0.15, 0.3, 0.5), (100, 1_000), (("labels", 100), ("labels", 300), ("reviews", 10), ("reviews", 30)))
    for number, (share, conversations, (kind, seen)) in enumerate(settings):
        rng = np.random.default_rng(np.random.SeedSequence([SEED, 30_000 + number]))
        truth = np.array([0.75 * share, 0.75 * (1 - share), 0.25])
        limits = np.array([_states_limits(truth, conversations, seen, rng, reviewed=kind == "reviews") for _ in range(repeats)])
        held = (limits[:, 0] <= share) & (share <= limits[:, 1])
        rows.append(
            {
                "share": share,
                "conversations": conversations,
                "labels": seen if kind == "labels" else 0,
                "reviews": seen if kind == "reviews" else 0,
                "coverage": round(float(held.mean()), 4),
                "mean width": round(float((limits[:, 1] - limits[:, 0]).mean()), 3),
            }
        )
    return rows


def _states_limits(truth: Floats, conversations: int, seen: int, rng: np.random.Generator, *, reviewed: bool) -> tuple[float, float]:
    """Return the limits that the shipped code gives for one drawn team."""
    cells = np.stack(
        [rng.multinomial(number, answers) for number, answers in zip(rng.multinomial(conversations, truth), ANSWERS, strict=True)]
    )
    states, grades = np.array(["under", "fine", NOT_APPLICABLE]), np.array(["under", "fine", NOT_APPLICABLE, UNGRADED])
    where = rng.permutation(np.repeat(np.arange(12), cells.ravel()))
    given = tuple(grades[where % 4])
    chosen = where[:seen] if reviewed else where[:0]
    reviews = tuple((str(grades[one % 4]), str(states[one // 4]), seen / conversations) for one in chosen)
    labels = np.stack([rng.multinomial(seen // 3, answers) for answers in ANSWERS]).astype(float)
    grouping = Grouping({"under": 0, "fine": 1, NOT_APPLICABLE: 2, UNGRADED: 3})
    found = figures(
        {"team": UnitData(tuple(map(str, given)), reviews)},
        grouping,
        Errors(labels, {}),
        Plan("process", DRAWS, int(rng.integers(2**31)), 1, 100),
        criterion="c",
        indicator=Indicator.BELOW,
    )["team"]
    return found.low, found.high


def table(rows: Sequence[dict[str, float]]) -> str:
    """Return rows as a Markdown table."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    return "\n".join(lines + ["| " + " | ".join(str(row.get(name, "–")) for name in names) + " |" for row in rows])


def main() -> None:
    """Run one part and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=("grid", "teams", "reviews", "states"))
    parser.add_argument("--repeats", type=int)
    parser.add_argument("--jobs", type=int, default=1, help="processes (part grid)")
    parser.add_argument("--hierarchical", type=int, default=0, help="repetitions with pooled error rates (part teams)")
    parser.add_argument("--out", type=Path, help="also write the figures as JSON")
    asked = parser.parse_args()
    start = time.perf_counter()
    found: Sequence[dict[str, object]] | Sequence[dict[str, float]]
    if asked.part == "grid":
        with ProcessPoolExecutor(asked.jobs) as pool_of_processes:
            found = list(pool_of_processes.map(run_cell, range(len(GRID)), itertools.repeat(asked.repeats or 10_000)))
        print(summarise(found))
    elif asked.part == "teams":
        found = run_teams(asked.repeats or 1_000, hierarchical=asked.hierarchical)
        print(table(found))
    elif asked.part == "states":
        found = run_states(asked.repeats or 1_000)
        print(table(found))
    else:
        found = run_reviews(asked.repeats or 2_000)
        print(table(found))
    if asked.out:
        asked.out.write_text(json.dumps(found), encoding="utf-8")
    print(f"\n{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
