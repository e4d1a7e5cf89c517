"""Shares of levels for all units on one criterion: raw, and corrected by the best method that the labels allow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from zlib import crc32

import numpy as np

from clearbar.agreement import Floats
from clearbar.estimates.hierarchy import MIN_TEAMS, pool
from clearbar.estimates.indicators import Grouping, Indicator
from clearbar.estimates.kernels import (
    correct_states,
    corrected_limits,
    effective_counts,
    hull,
    jeffreys,
    post_stratify,
    predict,
    quantiles,
    rates,
    truth_given_grade,
)
from clearbar.estimates.result import Method

__all__ = ["MIN_REVIEWS", "Errors", "Estimand", "Figure", "Plan", "UnitData", "figures", "seeded"]

MIN_REVIEWS = 10
"""Random reviews of a unit from which on they alone carry the correction."""
POOLED_REVIEWS = 30
"""Random reviews of each of at least eight teams from which on error rates are pooled over teams: with fewer, intervals of teams whose
errors differ much hold in less than 92 %, and those of the reviews alone hold."""
MIN_STATE = 10
"""Labels that a true state needs before error rates on it are used."""
_MIN_ABSENT = 5
"""Labels `not_applicable` from which on that is a state of its own."""
_DOUBT = 0.95
_WORSE = 0.1
_LEVELS, _ABSENT = 2, 2

Estimand = Literal["process", "period"]


@dataclass(frozen=True)
class Plan:
    """How to estimate."""

    estimand: Estimand
    draws: int
    seed: int
    widest: float
    """An interval of a share wider than this is too few to say."""
    widest_score: float
    """Same, of a mean score in points."""


def seeded(seed: int, *names: str) -> np.random.Generator:
    """Return a source of draws of its own for these names, whatever else is estimated."""
    return np.random.default_rng(np.random.SeedSequence([seed, *(crc32(name.encode()) for name in names)]))


@dataclass(frozen=True)
class UnitData:
    """One unit on one criterion."""

    grades: tuple[str, ...]
    """Level, `not_applicable` or `ungraded` of every conversation."""
    reviewed: tuple[tuple[str, str, float], ...]
    """Grade, label and chance of having been drawn, for conversations that people reviewed blind."""
    agents: tuple[str | None, ...] = ()
    """Whom each verdict concerns, in the order of `grades`."""


@dataclass(frozen=True)
class Errors:
    """How the grader errs, by labels; or why they do not speak for a unit."""

    table: Floats
    """Labelled conversations by group of label and grade, shape `(3, 4)`."""
    why_not: Mapping[str, str]
    """By unit."""


@dataclass(frozen=True)
class Figure:
    """A share of one unit with its draws."""

    raw: Floats | None
    """Draws; null where nothing was graded."""
    count: float
    graded: float
    draws: Floats | None
    """Draws of the corrected share."""
    low: float
    high: float
    method: Method | None
    why_not: str
    contradicted: bool = False


def figures(
    units: Mapping[str, UnitData], grouping: Grouping, errors: Errors, plan: Plan, *, criterion: str, indicator: Indicator
) -> dict[str, Figure]:
    """Return the figures of all units on one criterion and indicator; the labels' draws are the same for all of them.

    Error rates are pooled over teams for the share under the bar only, which takes seconds.
    """
    name = f"{criterion}.{indicator}"
    answers = _answers(errors.table, plan.draws, seeded(plan.seed, name))
    pooled = _pooled(units, grouping, plan.seed) if plan.estimand == "process" and indicator is Indicator.BELOW else {}
    found = {}
    for unit, data in units.items():
        rng = seeded(plan.seed, name, unit)
        grades = grouping.counts(list(data.grades))
        plain = _plain(grades, plan.draws, rng)
        if not plain.graded:
            found[unit] = plain
        elif unit in pooled and not MIN_REVIEWS <= len(data.reviewed) < POOLED_REVIEWS:
            found[unit] = _with(plain, pooled[unit], Method.HIERARCHICAL)
        elif len(data.reviewed) >= MIN_REVIEWS:
            found[unit] = _with(plain, _reviewed(data, grouping, grades, plan, rng), Method.POST_STRATIFIED)
        elif why := errors.why_not.get(unit) or answers.why_not:
            found[unit] = replace(plain, why_not=why)
        else:
            found[unit] = _corrected(plain, grades, answers, plan, rng)
    return found


def _plain(grades: Floats, draws: int, rng: np.random.Generator) -> Figure:
    """Return the share as graded."""
    graded = float(grades[:_LEVELS].sum())
    return Figure(
        raw=jeffreys(grades[0], graded, draws, rng) if graded else None,
        count=float(grades[0]),
        graded=graded,
        draws=None,
        low=0.0,
        high=1.0,
        method=None,
        why_not="" if graded else "nothing was graded",
    )


def _with(plain: Figure, draws: Floats, method: Method) -> Figure:
    low, high = map(float, quantiles(draws))
    return replace(plain, draws=draws, low=low, high=high, method=method)


@dataclass(frozen=True)
class _Answers:
    """Draws of the grader's answers given the truth."""

    draws: Floats
    """Shape `(draws, states, 4)`."""
    table: Floats
    """Labelled conversations by state and grade, shape `(states, 4)`."""
    why_not: str


def _answers(table: Floats, draws: int, rng: np.random.Generator) -> _Answers:
    totals = table.sum(axis=1)
    states = (0, 1, _ABSENT) if totals[_ABSENT] >= _MIN_ABSENT else (0, 1)
    why = ""
    if totals[:_LEVELS].min() < MIN_STATE:
        why = f"only {int(totals[0])} and {int(totals[1])} labels on its two sides (at least {MIN_STATE} each)"
    drawn = rates(table[list(states)], draws, rng)
    if not why and float((drawn[:, 0, 0] <= drawn[:, 1, 0]).mean()) > _WORSE:
        why = "on the labels the grader tells the two sides hardly better than chance"
    return _Answers(drawn, table[list(states)], why)


def _corrected(plain: Figure, grades: Floats, answers: _Answers, plan: Plan, rng: np.random.Generator) -> Figure:
    """Correct by the error rates of the labelled set."""
    used = answers.table.any(axis=0) | (grades > 0)
    known = answers.draws[..., used] / answers.draws[..., used].sum(axis=-1, keepdims=True)
    found = correct_states(grades[used], known, rng)
    draws = _ratio(_period(found.states, known, grades[used], rng) if plan.estimand == "period" else found.states)
    trimmed = plan.estimand == "process"
    limits = corrected_limits(draws, found, grades[used], answers.table[:, used]) if trimmed else hull(draws, found.inside)
    low, high = map(float, limits)
    doubt = float(found.outside) > _DOUBT
    return replace(plain, draws=draws, low=low, high=high, method=Method.ROGAN_GLADEN, contradicted=doubt)


def _period(shares: Floats, known: Floats, grades: Floats, rng: np.random.Generator) -> Floats:
    """Return shares of true states among these very conversations."""
    usable = np.isfinite(shares[:, 0])
    joint = np.where(usable[:, None], shares, 1)[..., None] * known
    truth = (joint / joint.sum(axis=1, keepdims=True)).swapaxes(1, 2)
    return np.where(usable[:, None], predict(grades, truth, rng), np.nan)


def _ratio(states: Floats) -> Floats:
    """Return the counted state among applicable conversations."""
    applicable = states[:, 0] + states[:, 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(applicable > 0, states[:, 0] / applicable, np.nan), dtype=float)


def _reviewed(data: UnitData, grouping: Grouping, grades: Floats, plan: Plan, rng: np.random.Generator) -> Floats:
    """Correct by the unit's own reviews, within what the grader said: the counted side, the rest, neither."""
    strata = np.minimum(grouping.numbers([grade for grade, _, _ in data.reviewed]), _ABSENT)
    states = grouping.numbers([label for _, label, _ in data.reviewed])
    chances = np.array([chance for _, _, chance in data.reviewed])
    called = np.array([grades[0], grades[1], grades[_ABSENT:].sum()])
    kept = _LEVELS + bool((states == _ABSENT).any() or grades[_ABSENT])
    filled = slice(None if called[_ABSENT] else _LEVELS)
    reviewed = effective_counts(strata, states, 1 / chances, (3, 3))[filled, :kept]
    truth = truth_given_grade(reviewed, plan.draws, rng)
    if plan.estimand == "process":
        return _ratio(post_stratify(called[filled], truth, rng))
    seen = np.bincount(strata, minlength=3).astype(float)
    found = np.bincount(states, minlength=3)[:kept]
    return _ratio(predict((called - seen)[filled], truth, rng) + found)


def _pooled(units: Mapping[str, UnitData], grouping: Grouping, seed: int) -> dict[str, Floats]:
    """Return draws by unit from pooled error rates; empty where they cannot be had."""
    counts = {unit: grouping.counts(list(data.grades)) for unit, data in units.items()}
    plain = [unit for unit in units if counts[unit].sum() and not counts[unit][_LEVELS:].any() and _even(units[unit].reviewed)]
    if sum(len(units[unit].reviewed) >= POOLED_REVIEWS for unit in plain) < MIN_TEAMS:
        return {}
    reviewed = np.array([_table(units[unit].reviewed, grouping) for unit in plain])
    if reviewed[:, _LEVELS:].any():
        return {}
    reviewed = reviewed[:, :_LEVELS, :_LEVELS]
    found = pool(reviewed, np.array([counts[unit][:_LEVELS] for unit in plain]) - reviewed.sum(axis=1), seed)
    return {unit: found.shares[:, place] for place, unit in enumerate(plain)} if found.converged else {}


def _even(reviewed: Sequence[tuple[str, str, float]]) -> bool:
    return len({round(chance, 9) for _, _, chance in reviewed}) <= 1


def _table(reviewed: Sequence[tuple[str, str, float]], grouping: Grouping) -> Floats:
    table = np.zeros((3, 4))
    np.add.at(table, (grouping.numbers([label for _, label, _ in reviewed]), grouping.numbers([grade for grade, _, _ in reviewed])), 1)
    return table
