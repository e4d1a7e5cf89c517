"""Did grades move because the grader moved? A frozen set of conversations, the anchors, is graded anew each night.

On anchors the agents cannot have changed, so whatever changes there is the grader: its model, prompt, rubric or rules. The
alarm is a cumulative sum of log-likelihood ratios for a stated rise of the flip rate; its threshold is the logarithm of the
wanted time between false alarms, shared out over the criteria.

References
----------
.. [1] Page, E. S. (1954). Continuous inspection schemes. Biometrika 41, 100-115.
.. [2] Lorden, G. (1971). Procedures for reacting to a change in distribution. Annals of Mathematical Statistics 42, 1897-1908.
       (The mean time to a false alarm is at least the exponential of the threshold.)
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import log
from typing import Final

import numpy as np

from clearbar.estimates.kernels import LEVEL, jeffreys, quantiles
from clearbar.model import Model
from clearbar.resampling import exact_bounds
from clearbar.rubric import Rubric
from clearbar.verdict import Audit

__all__ = ["BASELINE", "RISE", "AnchorNight", "Attribution", "CriterionDrift", "Drift", "GraderState", "anchor_night", "attribute", "watch"]

BASELINE: Final = 10
"""Nights after the first that tell how often grades flip when nothing changed. With 200 anchors and fifteen criteria, a rise of
five points is then found within ten nights in at least 80 % of cases while up to 15 % flip as a rule, at under one false alarm
a year."""
RISE: Final = 0.05
"""Rise of the flip rate that the alarm is made to find soon."""
NIGHTS_A_YEAR: Final = 365
_SURE: Final = 0.7


class GraderState(Model):
    """All about a grader that may change between nights."""

    grader: str
    """Fingerprint."""
    rubric: str
    """Prompt hash for an LLM, rules hash for rules."""
    model: str | None = None
    """As the server returned it."""
    prompt: str | None = None
    """Digest of the prompt template."""
    version: str | None = None
    """Of the rules engine and lexicon, or of the client."""

    def changes(self, later: "GraderState") -> tuple[str, ...]:
        """Return what differs in a later state, in words."""
        named = {"rubric": "the rubric", "model": "the model", "prompt": "the prompt", "version": "the grader's version"}
        found = tuple(words for name, words in named.items() if getattr(self, name) != getattr(later, name))
        return found or (("the grader's settings",) if self.grader != later.grader else ())


class AnchorNight(Model):
    """The anchors as they were graded in one night."""

    at: datetime
    state: GraderState
    levels: dict[str, dict[str, str]]
    """By conversation and criterion."""


def anchor_night(at: datetime, state: GraderState, audits: Sequence[Audit]) -> AnchorNight:
    """Return the record of a night."""
    levels = {audit.transcript: {verdict.criterion: verdict.level for verdict in audit.verdicts} for audit in audits}
    return AnchorNight(at=at, state=state, levels=levels)


class CriterionDrift(Model):
    """How one criterion moved on the anchors."""

    criterion: str
    anchors: int
    flips: int
    """Anchors whose level tonight is not that of the first night."""
    usual: float
    """Flip rate when nothing changed, at its upper bound."""
    statistic: float
    threshold: float
    alarm: bool
    since: datetime | None
    """First of the nights that led to the alarm."""


class Drift(Model):
    """What the anchors say."""

    nights: int
    criteria: tuple[CriterionDrift, ...]
    alarm: bool
    causes: tuple[str, ...]
    """What changed about the grader between the night before the alarm built up and now."""
    why: str
    """In words, for report and event."""


def watch(nights: Sequence[AnchorNight], rubric: Rubric, *, false_alarms_a_year: float = 1.0) -> Drift:
    """Return whether the grader moved.

    Parameters
    ----------
    nights
        In order of time. The first is the reference, the next ten tell the usual flip rate, the rest are watched.
    rubric
        Its criteria share the allowance of false alarms.
    false_alarms_a_year
        Over all criteria together, if the grader never changes.
    """
    threshold = log(NIGHTS_A_YEAR * len(rubric.criteria) / false_alarms_a_year)
    criteria = tuple(_criterion(nights, item.id, threshold) for item in rubric.criteria) if nights else ()
    alarmed = [item for item in criteria if item.alarm]
    since = min((item.since for item in alarmed if item.since), default=None)
    causes = _causes(nights, since) if since else ()
    return Drift(nights=len(nights), criteria=criteria, alarm=bool(alarmed), causes=causes, why=_why(nights, alarmed, causes))


def _criterion(nights: Sequence[AnchorNight], criterion: str, threshold: float) -> CriterionDrift:
    counts = [_flips(nights[0], night, criterion) for night in nights[1:]]
    usual = _usual(counts[:BASELINE])
    total, since, alarm = 0.0, None, False
    for night, (flips, size) in zip(nights[1 + BASELINE :], counts[BASELINE:], strict=True):
        total = max(0.0, total + _evidence(flips, size, usual))
        since = None if total == 0 else since or night.at
        alarm = alarm or total >= threshold
        if alarm:
            break
    flips, size = counts[-1] if counts else (0, len(nights[0].levels))
    return CriterionDrift(
        criterion=criterion,
        anchors=size,
        flips=flips,
        usual=round(usual, 4),
        statistic=round(total, 3),
        threshold=round(threshold, 3),
        alarm=alarm,
        since=since if alarm else None,
    )


def _flips(first: AnchorNight, night: AnchorNight, criterion: str) -> tuple[int, int]:
    """Return how many anchors flipped, of how many that were graded in both nights."""
    pairs = [
        (levels[criterion], night.levels[id][criterion])
        for id, levels in first.levels.items()
        if criterion in levels and criterion in night.levels.get(id, {})
    ]
    return sum(one != other for one, other in pairs), len(pairs)


def _usual(counts: Sequence[tuple[int, int]]) -> float:
    """Return the usual flip rate at its one-sided upper bound: taken too low it would raise false alarms."""
    flips, trials = sum(count for count, _ in counts), sum(size for _, size in counts)
    return min(exact_bounds(flips, trials, _SURE)[1], 1 - 2 * RISE) if trials else RISE


def _evidence(flips: int, size: int, usual: float) -> float:
    """Return the log-likelihood ratio of the risen to the usual flip rate."""
    risen = usual + RISE
    return flips * log(risen / usual) + (size - flips) * log((1 - risen) / (1 - usual))


def _causes(nights: Sequence[AnchorNight], since: datetime) -> tuple[str, ...]:
    before = [night for night in nights if night.at < since][-1]
    return before.state.changes(nights[-1].state)


def _why(nights: Sequence[AnchorNight], alarmed: Sequence[CriterionDrift], causes: Sequence[str]) -> str:
    if len(nights) <= 1 + BASELINE:
        return f"{len(nights)} nights of anchors; the watch begins after {1 + BASELINE}"
    if not alarmed:
        return "the anchors are graded as before: what moved in the reports are the conversations"
    named = ", ".join(item.criterion for item in alarmed)
    known = (
        f"changed since: {', '.join(causes)}" if causes else "nothing that is known changed: a model may have been exchanged under its name"
    )
    return f"the grader moved on {named}; {known}"


class Attribution(Model):
    """A change of the share under the bar between two periods, taken apart."""

    criterion: str
    total: float
    grader: float
    """What the same anchors changed by."""
    agents: float
    """The rest: the agents, or the kind of conversations."""
    grader_low: float
    grader_high: float
    agents_low: float
    agents_high: float


def attribute(
    criterion: str,
    rubric: Rubric,
    before: tuple[int, int],
    after: tuple[int, int],
    anchors: tuple[Mapping[str, str], Mapping[str, str]],
    *,
    draws: int = 4_000,
    seed: int = 20_262,
) -> Attribution:
    """Return how much of a change is the grader's and how much is not, with 95 % intervals.

    Parameters
    ----------
    criterion, rubric
        Which levels are under the bar.
    before, after
        Conversations under the bar and applicable conversations in both periods.
    anchors
        Levels of the anchors by conversation, as the grader of either period gives them.
    """
    rng = np.random.default_rng(seed)
    fails = {level.id for level in rubric.scale_of(criterion).levels if level.fails}
    both = [(anchors[0][id] in fails, anchors[1][id] in fails) for id in anchors[0] if id in anchors[1]]
    risen, fallen = sum(not one and other for one, other in both), sum(one and not other for one, other in both)
    same = len(both) - risen - fallen
    parts = rng.standard_gamma(np.array([risen, fallen, same]) + 1 / 3, size=(draws, 3))
    grader = (parts[:, 0] - parts[:, 1]) / parts.sum(axis=1)
    total = jeffreys(*after, draws, rng) - jeffreys(*before, draws, rng)
    limits = [float(limit) for drawn in (grader, total - grader) for limit in quantiles(drawn, LEVEL)]
    moved = (risen - fallen) / len(both) if both else 0.0
    change = _rate(after) - _rate(before)
    return Attribution(
        criterion=criterion,
        total=round(change, 4),
        grader=round(moved, 4),
        agents=round(change - moved, 4),
        grader_low=round(limits[0], 4),
        grader_high=round(limits[1], 4),
        agents_low=round(limits[2], 4),
        agents_high=round(limits[3], 4),
    )


def _rate(counts: tuple[int, int]) -> float:
    return counts[0] / counts[1] if counts[1] else 0.0
