"""Checks of a grader: how fast, how often a lower bound holds, how often a bad grader passes, how soon drift is found.

python benchmarks/agreement.py [--repeats N]
"""

import argparse
import itertools
import time
from math import log

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from clearbar.agreement import cohen_kappa
from clearbar.drift import BASELINE, RISE
from clearbar.resampling import draw_tables, kappa_lower, needed_labels, tabulate

SEED = 2_611_228
Floats = NDArray[np.float64]


def shares(prevalence: float, kappa: float) -> Floats:
    """Return a table of labels by grades with four categories, of which the first is rare, and that kappa."""
    margin = np.array([prevalence, 0.62 * (1 - prevalence), 0.03 * (1 - prevalence), 0.35 * (1 - prevalence)])
    return np.asarray((1 - kappa) * np.outer(margin, margin) + kappa * np.diag(margin), dtype=float)


def speed() -> None:
    """Time 2,000 resamples of 10,000 conversations on 15 criteria."""
    rng = np.random.default_rng(SEED)
    cells = rng.integers(0, 25, (10_000, 15))
    start = time.perf_counter()
    counts = tabulate(cells, np.arange(10_000), [5] * 15)
    drawn = draw_tables(counts, [5] * 15, [np.ones((5, 5))] * 15, draws=2_000, seed=1)
    kappas = [cohen_kappa(tables) for tables in drawn]
    print(f"10,000 conversations x 15 criteria x {len(kappas[0]):,} resamples: {time.perf_counter() - start:.2f} s\n")


def bounds(repeats: int) -> None:
    """Print how often the one-sided 95 % lower bound of kappa holds; its complement is the chance that a grader at the bar passes."""
    print("| prevalence | kappa | labels | lower bound holds |\n|---|---|---|---|")
    for number, (prevalence, kappa, labels) in enumerate(itertools.product((0.03, 0.1, 0.3), (0.4, 0.6), (60, 120, 240))):
        rng = np.random.default_rng(np.random.SeedSequence([SEED, number]))
        truth = shares(prevalence, kappa)
        held = [_held(rng.multinomial(labels, truth.ravel()).reshape(4, 4), truth, seed) for seed in range(repeats)]
        print(f"| {prevalence:.0%} | {kappa} | {labels} | {np.mean(held):.1%} |")


def _held(table: NDArray[np.int64], truth: Floats, seed: int) -> bool:
    cells = np.repeat(np.arange(16), table.ravel())[:, None]
    counts = tabulate(cells, np.arange(len(cells)), [4])
    drawn = draw_tables(counts, [4], [np.ones((4, 4))], draws=500, seed=seed)[0]
    return bool(np.quantile(cohen_kappa(drawn), 0.05) <= float(cohen_kappa(truth)))


def needed() -> None:
    """Print how many labels show a kappa of .6 with probability .8 where the truth is .8."""
    print("\n| prevalence | labels needed |\n|---|---|")
    for prevalence in (0.03, 0.1, 0.3):
        chance = prevalence**2 + (1 - prevalence) ** 2
        off = (1 - chance) * 0.1
        table = np.array([[prevalence - off, off], [off, 1 - prevalence - off]])
        print(f"| {prevalence:.0%} | {needed_labels(table, lambda tables: kappa_lower(tables, 0.95) >= 0.6, seed=SEED, repeats=4_000)} |")


def drift(repeats: int, anchors: int = 200, criteria: int = 15) -> None:
    """Print false alarms a year and the chance of finding a rise of five points within ten nights."""
    print("\n| usual flip rate | false alarms a year, all criteria | found within ten nights |\n|---|---|---|")
    for number, usual in enumerate((0.0, 0.02, 0.05, 0.1, 0.15, 0.2)):
        rng = np.random.default_rng(np.random.SeedSequence([SEED, 100 + number]))
        alarms = _alarms(usual, usual, 365, anchors, criteria, repeats, rng)
        found = _alarms(usual, usual + RISE, 10, anchors, criteria, repeats, rng)
        print(f"| {usual:.0%} | {criteria * alarms:.2f} | {found:.0%} |")


def _alarms(usual: float, rate: float, nights: int, anchors: int, criteria: int, repeats: int, rng: np.random.Generator) -> float:  # noqa: PLR0917
    """Return the share of repetitions with an alarm, by the same sums as `clearbar.drift.watch`."""
    trials = anchors * BASELINE
    flips = rng.binomial(trials, usual, repeats)
    low = beta.ppf(0.7, flips + 1, trials - flips)
    high = low + RISE
    total, alarmed = np.zeros(repeats), np.zeros(repeats, dtype=bool)
    for _ in range(nights):
        seen = rng.binomial(anchors, rate, repeats)
        total = np.maximum(0, total + seen * np.log(high / low) + (anchors - seen) * np.log((1 - high) / (1 - low)))
        alarmed |= total >= log(365 * criteria)
    return float(alarmed.mean())


def main() -> None:
    """Run everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=2_000)
    asked = parser.parse_args()
    speed()
    bounds(asked.repeats)
    needed()
    drift(asked.repeats * 5)


if __name__ == "__main__":
    main()
