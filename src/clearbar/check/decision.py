"""Whether a criterion may be left to a grader: `go`, `no_go` or `too_few`, on one-sided lower bounds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from clearbar.agreement import Floats, cohen_kappa
from clearbar.check.result import Bound, Decision
from clearbar.check.thresholds import Bar, Thresholds
from clearbar.resampling import design_effect, exact_bounds, kappa_lower, needed_labels, share_above
from clearbar.rubric import Criterion, Rubric

__all__ = ["Asked", "Decided", "decide"]

_NAMES = {"kappa": "kappa", "recall_below": "recall of levels under the bar", "precision_below": "precision of levels under the bar"}


@dataclass(frozen=True)
class Asked:
    """A criterion, what was measured on it, and what is asked."""

    criterion: Criterion
    rubric: Rubric
    thresholds: Thresholds
    table: Floats
    """Labels by grades, shape `(K, K)`."""
    drawn: Floats
    """Resampled tables, shape `(draws, K, K)`."""
    clusters: Floats
    """Cells of the table by cluster, shape `(clusters, K²)`."""
    seed: int

    @cached_property
    def bar(self) -> Bar:
        """What is asked."""
        return self.thresholds.bar(self.criterion.id)

    @cached_property
    def failing(self) -> tuple[int, ...]:
        """Places of the levels under the bar."""
        return tuple(place for place, level in enumerate(self.rubric.scale_of(self.criterion.id).levels) if level.fails)

    @cached_property
    def applicable(self) -> int:
        """Labels that are levels."""
        return int(self.table[:-2].sum())

    @cached_property
    def below(self) -> int:
        """Labels under the bar."""
        return int(self.table[list(self.failing)].sum())


@dataclass(frozen=True)
class Decided:
    """A decision and what it rests on."""

    decision: Decision
    why: str
    bounds: tuple[Bound, ...]
    needed: int | None
    p: float


def decide(asked: Asked) -> Decided:
    """Return the decision.

    `go`: every lower bound reaches what was asked. `no_go`: an upper bound does not, or with the least number of labels at
    hand an estimate does not, so that more labels are not expected to help. `too_few`: everything else.
    """
    bounds = tuple(_bounds(asked))
    p = max((bound.p for bound in bounds), default=1.0)
    lacking = _lacking(asked, bounds)
    few = float(asked.table.sum()) < asked.thresholds.min_applicable  # kappa's upper bound is no exact one
    if any(bound.refuted and not (bound.of == "kappa" and few) for bound in bounds):
        decision, needed = Decision.NO_GO, None
    elif lacking:
        decision, needed = Decision.TOO_FEW, _more(asked, bounds)
    elif all(bound.shown for bound in bounds):
        decision, needed = Decision.GO, 0
    elif any(bound.estimate is not None and bound.estimate < bound.asked for bound in bounds):
        decision, needed = Decision.NO_GO, None
    else:
        decision, needed = Decision.TOO_FEW, _more(asked, bounds)
    return Decided(decision, _why(decision, bounds, lacking, needed), bounds, needed, round(p, 6))


def _bounds(asked: Asked) -> Iterator[Bound]:
    bar, confidence = asked.bar, asked.thresholds.confidence
    if bar.kappa is not None:
        yield _kappa_bound(asked, bar.kappa, confidence)
    hits = _hits(asked)
    for name, threshold, total in (
        ("recall_below", bar.recall_below, _labelled(asked)),
        ("precision_below", bar.precision_below, _given(asked)),
    ):
        if threshold is not None and asked.failing:
            yield _share_bound(name, hits, total, threshold, confidence)


def _kappa_bound(asked: Asked, threshold: float, confidence: float) -> Bound:
    estimate = float(cohen_kappa(asked.table))
    if not np.isfinite(estimate):
        return Bound(of="kappa", estimate=None, lower=None, upper=None, asked=threshold, p=1.0)
    drawn = cohen_kappa(asked.drawn)
    lower, upper = np.quantile(drawn, [1 - confidence, confidence])
    p = (1 + int((drawn <= threshold).sum())) / (1 + len(drawn))
    return Bound(of="kappa", estimate=estimate, lower=float(lower), upper=float(upper), asked=threshold, p=p)


def _share_bound(name: str, hits: Floats, totals: Floats, threshold: float, confidence: float) -> Bound:
    """Return exact bounds of a share, with the number of labels reduced by the design effect of the clusters."""
    hit, total = float(hits.sum()), float(totals.sum())
    if not total:
        return Bound(of=name, estimate=None, lower=None, upper=None, asked=threshold, p=1.0)
    effect = design_effect(hits, totals)
    lower, upper = exact_bounds(hit / effect, total / effect, confidence)
    return Bound(
        of=name, estimate=hit / total, lower=lower, upper=upper, asked=threshold, p=share_above(hit / effect, total / effect, threshold)
    )


def _cells(asked: Asked) -> Floats:
    size = len(asked.table)
    return asked.clusters.reshape(len(asked.clusters), size, size)


def _hits(asked: Asked) -> Floats:
    failing = list(asked.failing)
    return np.asarray(_cells(asked)[:, failing][:, :, failing].sum(axis=(1, 2)), dtype=float)


def _labelled(asked: Asked) -> Floats:
    return np.asarray(_cells(asked)[:, list(asked.failing)].sum(axis=(1, 2)), dtype=float)


def _given(asked: Asked) -> Floats:
    return np.asarray(_cells(asked)[:, :, list(asked.failing)].sum(axis=(1, 2)), dtype=float)


def _lacking(asked: Asked, bounds: Sequence[Bound]) -> list[str]:
    """Return what is missing before anything can be decided in the grader's favour."""
    least, under = asked.thresholds.min_applicable, asked.thresholds.min_below
    found = []
    if asked.applicable < least:
        found.append(f"{asked.applicable} of at least {least} applicable labels")
    if asked.failing and asked.below < under:
        found.append(f"{asked.below} of at least {under} labels under the bar")
    if any(bound.estimate is None and bound.of == "precision_below" for bound in bounds):
        found.append("the grader never gave a level under the bar")
    return found


def _more(asked: Asked, bounds: Sequence[Bound]) -> int | None:
    """Return how many more applicable labels would settle it, if the grader is as good as it looks."""
    if not asked.applicable or any(bound.estimate is None or bound.estimate <= bound.asked for bound in bounds):
        return None
    share = asked.applicable / float(asked.table.sum())
    number = needed_labels(asked.table, lambda tables: _shows(tables, asked), seed=asked.seed)
    if number is None:
        return None
    rare = asked.below / asked.applicable
    least = max(asked.thresholds.min_applicable, np.ceil(asked.thresholds.min_below / rare) if rare else 0)
    return int(max(1, np.ceil(max(number * share, least)) - asked.applicable))


def _shows(tables: Floats, asked: Asked) -> NDArray[np.bool_]:
    """Return which simulated tables show all that is asked."""
    bar, confidence = asked.bar, asked.thresholds.confidence
    shown = np.ones(len(tables), dtype=bool)
    if bar.kappa is not None:
        shown &= kappa_lower(tables, confidence) >= bar.kappa
    failing = list(asked.failing)
    hits = tables[:, failing][:, :, failing].sum(axis=(1, 2))
    for threshold, total in (
        (bar.recall_below, tables[:, failing].sum(axis=(1, 2))),
        (bar.precision_below, tables[:, :, failing].sum(axis=(1, 2))),
    ):
        if threshold is not None:
            lower = beta.ppf(1 - confidence, np.maximum(hits, 1e-9), total - hits + 1)
            shown &= (hits > 0) & (lower >= threshold)
    return shown


def _why(decision: Decision, bounds: Sequence[Bound], lacking: Sequence[str], needed: int | None) -> str:
    if decision is Decision.GO:
        return "shown: " + "; ".join(_told(bound) for bound in bounds) if bounds else "nothing is asked of it"
    missed = [_told(bound) for bound in bounds if not bound.shown and bound.estimate is not None]
    parts = [*lacking, *missed] or ["nothing can be said"]
    if needed:
        parts.append(f"about {needed} more applicable labels would settle it")
    return "; ".join(parts)


def _told(bound: Bound) -> str:
    return f"{_NAMES[bound.of]} {bound.estimate:.2f}, with confidence at least {bound.lower:.2f} (asked: {bound.asked:.2f})"
