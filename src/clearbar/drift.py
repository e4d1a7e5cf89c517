"""Did grades move because the grader moved? A frozen set of conversations, the anchors, is graded anew each night.

On anchors the agents cannot have changed, so whatever changes there is the grader: its model, prompt, rubric or rules. The
alarm is a cumulative sum of log-likelihood ratios for a stated rise of the flip rate; its threshold is the logarithm of the
wanted time between false alarms, shared out over the criteria. Anchors are the same every night, so each is held against its own
history: that one which always wavered wavers again says little, that one which never did flips says much.

References
----------
.. [1] Page, E. S. (1954). Continuous inspection schemes. Biometrika 41, 100-115.
.. [2] Lorden, G. (1971). Procedures for reacting to a change in distribution. Annals of Mathematical Statistics 42, 1897-1908.
       (The mean time to a false alarm is at least the exponential of the threshold.)
.. [3] Morris, C. N. (1983). Parametric empirical Bayes inference. Journal of the American Statistical Association 78, 47-55.
       (Each anchor's own flip rate, drawn towards that of all.)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import log
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clearbar.agreement import Floats
from clearbar.model import Model
from clearbar.plural import plural
from clearbar.resampling import exact_bounds
from clearbar.rubric import Rubric
from clearbar.verdict import Audit

__all__ = [
    "BASELINE",
    "NIGHTS_A_YEAR",
    "RISE",
    "AnchorNight",
    "CriterionDrift",
    "Drift",
    "Followed",
    "GraderState",
    "alarm_threshold",
    "anchor_night",
    "follow",
    "watch",
]

BASELINE: Final = 10
"""Least number of nights after the first that tell how often grades flip when nothing changed; further calm nights add to it."""
RISE: Final = 0.05
"""Rise of the flip rate that the alarm is made to find soon."""
NIGHTS_A_YEAR: Final = 365
_MEDIAN: Final = 0.5
_MOST_ALIKE: Final = 0.99
_LEAST: Final = 1e-4
"""An anchor's flip rate is never taken as nothing."""


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
    """Flip rate when nothing changed."""
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
        In order of time. The first is the reference, the next ten tell how often each anchor flips anyway, the rest are watched;
        nights that passed without a suspicion add to what is known. An alarm stands for ten nights; then the grader as it is now is
        the new reference, from the first night of the suspicion on.
    rubric
        Its criteria share the allowance of false alarms.
    false_alarms_a_year
        Over all criteria together, if the grader never changes.
    """
    threshold = alarm_threshold(len(rubric.criteria), false_alarms_a_year)
    criteria = tuple(_criterion(nights, item.id, threshold) for item in rubric.criteria) if nights else ()
    alarmed = [item for item in criteria if item.alarm]
    since = min((item.since for item in alarmed if item.since), default=None)
    causes = _causes(nights, since) if since else ()
    return Drift(nights=len(nights), criteria=criteria, alarm=bool(alarmed), causes=causes, why=_why(nights, alarmed, causes))


def alarm_threshold(criteria: int, false_alarms_a_year: float = 1.0) -> float:
    """Return the threshold for an allowance of false alarms that so many criteria share [2]_."""
    return log(NIGHTS_A_YEAR * criteria / false_alarms_a_year)


def _criterion(nights: Sequence[AnchorNight], criterion: str, threshold: float) -> CriterionDrift:
    start = 0
    flipped = _flipped(nights, criterion)
    found = follow(flipped, threshold)
    while found.alarm is not None and len(flipped) - found.alarm > BASELINE:
        start += 1 + (found.since or 0)
        flipped = _flipped(nights[start:], criterion)
        found = follow(flipped, threshold)
    alarm = found.alarm is not None
    last = flipped[-1] if len(flipped) else np.zeros(len(nights[start].levels))
    return CriterionDrift(
        criterion=criterion,
        anchors=int(np.isfinite(last).sum()),
        flips=int(np.nansum(last)),
        usual=round(found.usual, 4),
        statistic=round(found.statistic, 3),
        threshold=round(threshold, 3),
        alarm=alarm,
        since=nights[start + 1 + found.since].at if alarm and found.since is not None else None,
    )


@dataclass(frozen=True)
class Followed:
    """What a series of nights shows of one criterion, up to the first alarm; nights are counted from the one after the reference."""

    statistic: float
    usual: float
    """Flip rate in calm nights."""
    since: int | None
    """First night of the suspicion that there is now."""
    alarm: int | None
    """Night in which the alarm was raised."""


def follow(flipped: Floats, threshold: float) -> Followed:
    """Return the cumulative sum of evidence for a rise of the flip rate.

    Parameters
    ----------
    flipped
        Which anchors differ from the reference night, shape `(nights, anchors)`; NaN where one is missing.
    threshold
        At which the alarm is raised.
    """
    flips, trials = np.nancumsum(flipped, axis=0), np.isfinite(flipped).cumsum(axis=0)
    usual = _usual(flips[:BASELINE][-1:].sum(axis=0), trials[:BASELINE][-1:].sum(axis=0))
    total, since = 0.0, None
    for place in range(BASELINE, len(flipped)):
        total = max(0.0, total + _evidence(flipped[place], usual))
        if total == 0:  # all nights up to here were calm
            usual, since = _usual(flips[place], trials[place]), None
            continue
        since = place if since is None else since
        if total >= threshold:
            return Followed(total, usual.rate, since, place)
    return Followed(total, usual.rate, since, None)


def _flipped(nights: Sequence[AnchorNight], criterion: str) -> Floats:
    """Return which anchors differ from the first night in each later one, shape `(nights - 1, anchors)`; NaN where one is missing."""
    reference = {id: levels[criterion] for id, levels in nights[0].levels.items() if criterion in levels}
    rows = [
        [np.nan if (level := night.levels.get(id, {}).get(criterion)) is None else float(level != first) for id, first in reference.items()]
        for night in nights[1:]
    ]
    return np.array(rows, dtype=float).reshape(len(rows), len(reference))


@dataclass(frozen=True)
class _Usual:
    """How often anchors flip when nothing changed."""

    rate: float
    """Of all of them."""
    each: Floats
    """Of every anchor."""


def _usual(flips: Floats, trials: NDArray[np.intp]) -> _Usual:
    """Return the flip rates in calm nights: each anchor's own, drawn towards that of all by as much as chance explains [3]_.

    The rate of all is the median of what it may be, so that it is never nothing.

    Parameters
    ----------
    flips, trials
        Of every anchor.
    """
    if not trials.sum():
        return _Usual(RISE, np.full(len(flips), RISE))
    rate = min(exact_bounds(float(flips.sum()), float(trials.sum()), _MEDIAN)[1], 1 - 2 * RISE)
    weight = _alike(flips, trials)
    each = (flips + weight * rate) / (trials + weight) if np.isfinite(weight) else np.full(len(flips), rate)
    return _Usual(rate, np.clip(each, _LEAST, 1 - _LEAST))


def _alike(flips: Floats, trials: NDArray[np.intp]) -> float:
    """Return how many nights of its own the rate of all is worth to an anchor, by moments; infinite where all are alike."""
    known = trials > 0
    nights, mean = float(trials[known].mean()), float(flips.sum() / trials.sum())
    if nights <= 1 or known.sum() <= 1 or not 0 < mean < 1:
        return float("inf")
    spread = float((flips[known] / trials[known]).var(ddof=1)) / (mean * (1 - mean))
    correlation = min((spread - 1 / nights) / (1 - 1 / nights), _MOST_ALIKE)
    return 1 / correlation - 1 if correlation > 0 else float("inf")


def _evidence(flipped: Floats, usual: _Usual) -> float:
    """Return the log-likelihood ratio of risen to usual flip rates.

    Risen means: of the verdicts that would have stayed, so many flip that the rate of all is higher by `RISE`.
    """
    share = RISE / (1 - usual.rate)
    risen = usual.each + share * (1 - usual.each)
    return float(np.nansum(flipped * np.log(risen / usual.each) + (1 - flipped) * log(1 - share)))


def _causes(nights: Sequence[AnchorNight], since: datetime) -> tuple[str, ...]:
    before = [night for night in nights if night.at < since][-1]
    return before.state.changes(nights[-1].state)


def _why(nights: Sequence[AnchorNight], alarmed: Sequence[CriterionDrift], causes: Sequence[str]) -> str:
    if len(nights) <= 1 + BASELINE:
        return f"{plural(len(nights), 'night')} of anchors; the watch begins after {1 + BASELINE}"
    if not alarmed:
        return "the anchors are graded as before: what moved in the reports are the conversations"
    named = ", ".join(item.criterion for item in alarmed)
    known = (
        f"changed since: {', '.join(causes)}" if causes else "nothing that is known changed: a model may have been exchanged under its name"
    )
    return f"the grader moved on {named}; {known}"
