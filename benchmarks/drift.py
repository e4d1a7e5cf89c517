"""How soon the watch over the grader finds a rise of the flip rate by five points, and how often it cries wolf.

    python benchmarks/drift.py found --repeats 600    # how soon, and how many false alarms a year
    python benchmarks/drift.py ideal                  # the same of a test that is told every rate, by 200, 100 and 40 anchors
    python benchmarks/drift.py parts                  # how well a team's change is taken apart into the grader's part and the rest

Two hundred anchors and fifteen criteria; one criterion is simulated, with the threshold that all of them share. Anchors waver alike
(correlation 0), or some much and most hardly: their own flip rates are then drawn from a beta
distribution with that correlation. The rise turns over verdicts of any anchor that would have stayed.
"""

import argparse
import itertools
import time
from dataclasses import dataclass

import numpy as np

from clearbar.agreement import Floats
from clearbar.attribution import Anchored, Side, split_change, weigh
from clearbar.drift import BASELINE, NIGHTS_A_YEAR, RISE, alarm_threshold, follow

SEED = 2_611_228
ANCHORS, CRITERIA, SOON = 200, 15, 10
USUAL = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3)
CORRELATION = (0.0, 0.15, 0.5)
THRESHOLD = alarm_threshold(CRITERIA)


def flips(usual: float, correlation: float, nights: int, risen_from: int, rng: np.random.Generator, *, anchors: int = ANCHORS) -> Floats:
    """Return which anchors flip in which night, shape `(nights, anchors)`."""
    size = 1 / correlation - 1 if correlation and usual else 0.0
    each = rng.beta(usual * size, (1 - usual) * size, anchors) if size else np.full(anchors, usual)
    flipped = rng.random((nights, anchors)) < each
    flipped[risen_from:] |= rng.random((nights - risen_from, anchors)) < RISE / (1 - usual)
    return flipped.astype(float)


def found(usual: float, correlation: float, calm: int, rng: np.random.Generator) -> bool:
    """Whether a rise after so many calm nights is found soon, and not before it."""
    alarm = follow(flips(usual, correlation, calm + SOON, calm, rng), THRESHOLD).alarm
    return alarm is not None and alarm >= calm


def cried(usual: float, correlation: float, rng: np.random.Generator) -> bool:
    """Whether a year without a change raises an alarm on the criterion."""
    nights = NIGHTS_A_YEAR - 1
    return follow(flips(usual, correlation, nights, nights, rng), THRESHOLD).alarm is not None


def tell_found(repeats: int) -> None:
    """Print how soon a rise is found, and how often the watch cries wolf."""
    print(f"| flips as a rule | correlation | found after {BASELINE} calm nights | after 30 | false alarms a year, all criteria together |")
    print("|---|---|---|---|---|")
    for number, (correlation, usual) in enumerate(itertools.product(CORRELATION, USUAL)):
        rng = np.random.default_rng(np.random.SeedSequence([SEED, number]))
        soon, later = (np.mean([found(usual, correlation, calm, rng) for _ in range(repeats)]) for calm in (BASELINE, 30))
        false = CRITERIA * np.mean([cried(usual, correlation, rng) for _ in range(repeats)])
        print(f"| {usual:.0%} | {correlation} | {soon:.0%} | {later:.0%} | {false:.2f} |", flush=True)


def _highest(usual: float, anchors: int, nights: tuple[int, int], rng: np.random.Generator, repeats: int) -> Floats:
    """Return the highest cumulative sum in calm nights and in risen ones after them, of a test that knows both rates.

    The result has the shape `(2, repeats)`.
    """
    later, calm = usual + RISE, nights[0]
    total, highest = np.zeros(repeats), np.zeros((2, repeats))
    for night in range(sum(nights)):
        flipped = rng.binomial(anchors, later if night >= calm else usual, repeats)
        evidence = flipped * np.log(later / usual) + (anchors - flipped) * np.log((1 - later) / (1 - usual))
        total = np.maximum(0, total + evidence)
        highest[int(night >= calm)] = np.maximum(highest[int(night >= calm)], total)
    return highest


def _own(usual: float, anchors: int, nights: int, rng: np.random.Generator, repeats: int) -> float:
    """Return how often the watch finds a rise within so many nights, after the least number of calm ones."""
    drawn = (flips(usual, 0.0, BASELINE + nights, BASELINE, rng, anchors=anchors) for _ in range(repeats))
    return float(np.mean([follow(one, THRESHOLD).alarm is not None for one in drawn]))


def tell_ideal(repeats: int) -> None:
    """Print what the likelihood-ratio test finds that is told every rate, and what the watch does, which learns them from ten nights.

    No test of as few false alarms finds a rise sooner, in the mean of the worst case (Moustakides 1986).
    """
    print("| anchors | flips as a rule | ideal, 10 nights | ideal at the watch's threshold | the watch, 10 nights | the watch, 30 nights |")
    print("|---" * 6 + "|")
    for number, (anchors, usual) in enumerate(itertools.product((200, 100, 40), USUAL[1:])):
        rng = np.random.default_rng(np.random.SeedSequence([SEED, 100 + number]))
        calm = _highest(usual, anchors, (NIGHTS_A_YEAR - 1, 0), rng, repeats)[0]
        soon = _highest(usual, anchors, (BASELINE, SOON), rng, repeats)[1]
        own = [_own(usual, anchors, nights, rng, repeats // 40) for nights in (SOON, 3 * SOON)]
        shares = [np.mean(soon >= np.quantile(calm, 1 - 1 / CRITERIA)), np.mean(soon >= THRESHOLD), *own]
        print(f"| {anchors} | {usual:.0%} | " + " | ".join(f"{share:.0%}" for share in shares) + " |", flush=True)


@dataclass(frozen=True)
class Team:
    """A team's change, and a grader that may waver and change."""

    wavers: float
    """Mean chance that a verdict turns."""
    grader: float
    """Share of the failing that the later grader lets off, or, below 0, half the share of the others that it fails."""
    team: float
    """By how much the share under the bar rises."""

    def drawn(self, share: float, size: int, rng: np.random.Generator) -> Floats:
        """Return the chance of each conversation to be failed by the earlier grader."""
        under = rng.random(size) < share
        return np.where(under, 1 - 2 * self.wavers * rng.random(size), self.wavers * rng.random(size))

    def later(self, chances: Floats) -> Floats:
        """Return the same by the later grader."""
        return chances * (1 - self.grader) if self.grader > 0 else chances - self.grader / 2 * (1 - chances)


def part(team: Team, anchors: int, rng: np.random.Generator, *, share: float = 0.15, conversations: int = 300) -> list[bool | float]:
    """Return whether the intervals of the grader's part and of the rest hold, whether a part was told, and both errors of the part."""
    wide = [team.drawn(one, 200_000, rng) for one in (share, share + team.team)]
    truth = [float(team.later(wide[0]).mean() - wide[0].mean()), float(team.later(wide[1]).mean() - wide[0].mean())]
    fixed = team.drawn(0.35, anchors, rng)
    nights = [[_night(chances, rng) for _ in range(5)] for chances in (fixed, team.later(fixed))]
    earlier, later = (weigh(side, [0.2] * 5) for side in nights)
    anchored = Anchored(np.where(rng.random(anchors) < fixed, 0, 1), earlier, np.stack([later[:, 3], np.ones(anchors)], axis=1), 1.0)
    own = [team.drawn(one, conversations, rng) for one in (share, share + team.team)]
    counts = [float((rng.random(conversations) < chances).sum()) for chances in (own[0], team.later(own[1]))]
    before, after = (Side(np.array([count, conversations - count, 0.0])) for count in counts)
    split = split_change(before, after, anchored, rng, draws=1_000)
    rest = truth[1] - truth[0]
    return [
        split.grader.low <= truth[0] <= split.grader.high,
        split.rest.low <= rest <= split.rest.high,
        split.grader.told,
        split.grader.value - truth[0],
        float((later[:, 3] - earlier[:, 3]).mean()) - truth[0],
        split.grader.high - split.grader.low,
    ]


def _night(chances: Floats, rng: np.random.Generator) -> Floats:
    fails = (rng.random(len(chances)) < chances).astype(float)
    return np.stack([fails, 1 - fails, np.zeros(len(fails)), fails], axis=1)


def tell_parts(repeats: int) -> None:
    """Print how well changes are taken apart: of a team with 15 % under the bar, by anchors with 35 %."""
    print("| anchors | wavers | grader | team | part holds | rest holds | part told | error | of the plain change on anchors | width |")
    print("|---" * 10 + "|")
    teams = [Team(*values) for values in itertools.product((0.0, 0.1, 0.3), (0.0, 0.5, -0.2), (0.0, 0.1))]
    for number, (anchors, team) in enumerate(itertools.product((40, 200), teams)):
        rng = np.random.default_rng(np.random.SeedSequence([SEED, 200 + number]))
        means = np.mean([part(team, anchors, rng) for _ in range(repeats)], axis=0)
        told = " | ".join([*(f"{share:.1%}" for share in means[:3]), *(f"{100 * error:+.1f}" for error in means[3:5]), f"{means[5]:.3f}"])
        print(f"| {anchors} | {team.wavers} | {team.grader} | {team.team} | {told} |", flush=True)


PARTS = {"found": (tell_found, 600), "ideal": (tell_ideal, 20_000), "parts": (tell_parts, 400)}


def main() -> None:
    """Print one of the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=tuple(PARTS))
    parser.add_argument("--repeats", type=int)
    asked = parser.parse_args()
    tell, usually = PARTS[asked.part]
    start = time.perf_counter()
    tell(asked.repeats or usually)
    print(f"\n{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
