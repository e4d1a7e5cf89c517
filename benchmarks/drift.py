"""How soon the watch over the grader finds a rise of the flip rate by five points, and how often it cries wolf.

    python benchmarks/drift.py --repeats 1000

Two hundred anchors and fifteen criteria; one criterion is simulated, with the threshold that all of them share. Anchors waver alike
(correlation 0), or some much and most hardly, as those of a language model do: their own flip rates are then drawn from a beta
distribution with that correlation. The rise turns over verdicts of any anchor that would have stayed.
"""

import argparse
import itertools
import time

import numpy as np

from clearbar.agreement import Floats
from clearbar.drift import BASELINE, NIGHTS_A_YEAR, RISE, alarm_threshold, follow

SEED = 2_611_228
ANCHORS, CRITERIA, SOON = 200, 15, 10
USUAL = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3)
CORRELATION = (0.0, 0.15, 0.5)
THRESHOLD = alarm_threshold(CRITERIA)


def flips(usual: float, correlation: float, nights: int, risen_from: int, rng: np.random.Generator) -> Floats:
    """Return which anchors flip in which night, shape `(nights, anchors)`."""
    size = 1 / correlation - 1 if correlation and usual else 0.0
    each = rng.beta(usual * size, (1 - usual) * size, ANCHORS) if size else np.full(ANCHORS, usual)
    flipped = rng.random((nights, ANCHORS)) < each
    flipped[risen_from:] |= rng.random((nights - risen_from, ANCHORS)) < RISE / (1 - usual)
    return flipped.astype(float)


def found(usual: float, correlation: float, calm: int, rng: np.random.Generator) -> bool:
    """Whether a rise after so many calm nights is found soon, and not before it."""
    alarm = follow(flips(usual, correlation, calm + SOON, calm, rng), THRESHOLD).alarm
    return alarm is not None and alarm >= calm


def cried(usual: float, correlation: float, rng: np.random.Generator) -> bool:
    """Whether a year without a change raises an alarm on the criterion."""
    nights = NIGHTS_A_YEAR - 1
    return follow(flips(usual, correlation, nights, nights, rng), THRESHOLD).alarm is not None


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=1_000)
    repeats = parser.parse_args().repeats
    start = time.perf_counter()
    print(f"| flips as a rule | correlation | found after {BASELINE} calm nights | after 30 | false alarms a year, all criteria together |")
    print("|---|---|---|---|---|")
    for number, (correlation, usual) in enumerate(itertools.product(CORRELATION, USUAL)):
        rng = np.random.default_rng(np.random.SeedSequence([SEED, number]))
        soon, later = (np.mean([found(usual, correlation, calm, rng) for _ in range(repeats)]) for calm in (BASELINE, 30))
        false = CRITERIA * np.mean([cried(usual, correlation, rng) for _ in range(repeats)])
        print(f"| {usual:.0%} | {correlation} | {soon:.0%} | {later:.0%} | {false:.2f} |", flush=True)
    print(f"\n{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
