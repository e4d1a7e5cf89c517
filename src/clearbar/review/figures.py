"""Figures of teams, criteria and weeks; how reviewers agree with each other, and graders with reviewers."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from math import isnan
from typing import Any

import numpy as np

from clearbar.agreement import cohen_kappa
from clearbar.corrections import level_said
from clearbar.estimates import Estimates, Graded
from clearbar.label import Label, LabelKind
from clearbar.labelled import Resolved
from clearbar.model import Model
from clearbar.report import Estimate, TeamEstimates
from clearbar.report.estimated import team_estimates_of
from clearbar.report.figures import raw_mean, raw_share
from clearbar.review.snapshot import Row
from clearbar.rubric import Rubric
from clearbar.settings import ReportSettings
from clearbar.verdict import UNGRADED, Verdict

__all__ = [
    "Agreement",
    "BeforeAfter",
    "CriterionFigures",
    "Figures",
    "TeamFigures",
    "Week",
    "before_after",
    "grader_agreement",
    "make_figures",
    "reviewer_agreement",
    "share_of",
]

Key = tuple[str, str, str]


class TeamFigures(Model):
    """How a team stands."""

    team: str | None
    conversations: int
    score: Estimate
    clears: Estimate
    """Both as on the team's report, where that is of all conversations."""
    provisional: int | None
    """Conversations with an auto-fail that nobody has confirmed; null where the group is too small to show."""
    by_people: int
    """Conversations in which a person gave at least one level."""


class CriterionFigures(Model):
    """How often a criterion failed where it applied."""

    criterion: str
    name: str
    below: Estimate


class Week(Model):
    """How conversations of a week stand."""

    begins: datetime
    clears: Estimate


class Figures(Model):
    """What the figures page shows."""

    conversations: int
    earlier: int
    """Conversations that were graded with another wording and are not in the figures."""
    teams: tuple[TeamFigures, ...]
    criteria: tuple[CriterionFigures, ...]
    weeks: tuple[Week, ...]
    smallest: int
    """Groups under this size are not shown."""


class Agreement(Model):
    """How often one side gave the same level as the other."""

    of: str
    name: str
    n: int
    agreement: float | None
    kappa: float | None = None
    """Cohen's kappa over levels and not applicable; null where undefined or not asked."""


class BeforeAfter(Model):
    """How often a criterion failed before and after a step was agreed."""

    before: Estimate
    after: Estimate


def share_of(hits: int, n: int, settings: ReportSettings) -> Estimate:
    """Return a share with the interval that reports have, or only its number where it is too small to show."""
    return raw_share(hits, n, precision=settings.precision) if n >= settings.min_group else _unknown(n)


def _unknown(n: int) -> Estimate:
    return Estimate(value=None, n=n, enough=False)


def make_figures(rows: Sequence[Row], rubric: Rubric, settings: ReportSettings, *, reviews: Resolved | None = None) -> Figures:
    """Return the figures of the conversations that were graded with the wording in force.

    Parameters
    ----------
    rows
        As people corrected them, and as they were graded.
    rubric
        In force.
    settings
        How large a group must be to be shown, and how precise a figure.
    reviews
        What people said of these conversations; teams with enough random ones are corrected by them, as on their reports.
    """
    earlier, rows = sum(not row.current for row in rows), [row for row in rows if row.current]
    by_team: dict[str | None, list[Row]] = defaultdict(list)
    by_week: dict[datetime, list[Row]] = defaultdict(list)
    graded = Graded(rubric, reviews=reviews)
    for row in rows:
        by_team[row.team].append(row)
        graded.add(row.as_graded(rubric))
        if row.happened_at:
            day = row.happened_at.replace(hour=0, minute=0, second=0, microsecond=0)
            by_week[day - timedelta(days=day.weekday())].append(row)
    lowest = rubric.bands[0].id
    found = graded.estimate(widest=2 * settings.precision)
    return Figures(
        conversations=len(rows),
        earlier=earlier,
        teams=tuple(_team(team, by_team[team], lowest, settings, found) for team in sorted(by_team, key=lambda team: team or "")),
        criteria=tuple(_criterion(rows, rubric, item.id, item.name, settings) for item in rubric.criteria),
        weeks=tuple(Week(begins=week, clears=_clears(by_week[week], lowest, settings)) for week in sorted(by_week)),
        smallest=settings.min_group,
    )


def before_after(
    rows: Iterable[Row], rubric: Rubric, criterion: str, at: datetime, settings: ReportSettings, *, agent: str | None
) -> BeforeAfter:
    """Return how often a criterion failed before and after a moment, in a team's conversations or in what concerns one agent."""
    counts = {True: [0, 0], False: [0, 0]}
    known = criterion in {item.id for item in rubric.criteria}
    for row in (row for row in rows if known and row.current):
        level = row.levels.get(criterion)
        if level is None or row.happened_at is None or (agent is not None and row.concerned.get(criterion) != agent):
            continue
        if level in rubric.scale_of(criterion).ids:
            counts[row.happened_at < at][0] += rubric.level(criterion, level).fails
            counts[row.happened_at < at][1] += 1
    (hits, n), (later, m) = counts[True], counts[False]
    return BeforeAfter(before=share_of(hits, n, settings), after=share_of(later, m, settings))


def reviewer_agreement(labels: Mapping[Key, Sequence[Label]], rubric: Rubric) -> list[Agreement]:
    """Return for each reviewer how often their blind level is what was decided together, or what a second reviewer gave.

    What was decided (consensus, adjudication, dispute) counts where there is such a decision; else other blind reviews of the same text.
    """
    same: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for said in labels.values():
        decided, blind = _decided(said, rubric), _blind(said, rubric)
        for who, levels in blind.items():
            for criterion, level in levels.items():
                for other in _compared(who, criterion, decided, blind):
                    total[who] += 1
                    same[who] += level == other
    return [Agreement(of=who, name=who, n=total[who], agreement=same[who] / total[who]) for who in sorted(total)]


def grader_agreement(labels: Mapping[Key, Sequence[Label]], machine: Mapping[Key, Sequence[Verdict]], rubric: Rubric) -> list[Agreement]:
    """Return for each criterion how often the machine gave the level of a blind review; not graded is disagreement."""
    pairs: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for key, said in labels.items():
        given = {verdict.criterion: verdict.level for verdict in machine.get(key, ())}
        for levels in _blind(said, rubric).values():
            for criterion, level in levels.items():
                if criterion in given:
                    pairs[criterion].append((level, given[criterion]))
    return [_agreement(item.id, item.name, pairs[item.id]) for item in rubric.criteria]


def _team(team: str | None, rows: Sequence[Row], lowest: str, settings: ReportSettings, found: Estimates) -> TeamFigures:
    small = len(rows) < settings.min_group
    score = raw_mean([row.score for row in rows if row.score is not None], precision=settings.precision)
    plain = TeamEstimates(score=score, clears=_clears(rows, lowest, settings), fails={})
    told = plain if small or team is None else team_estimates_of(found, team, plain)
    return TeamFigures(
        team=team,
        conversations=len(rows),
        score=_unknown(len(rows)) if small else told.score,
        clears=told.clears,
        provisional=None if small else sum(bool(row.provisional) for row in rows),
        by_people=sum("human" in row.graders.values() for row in rows),
    )


def _clears(rows: Sequence[Row], lowest: str, settings: ReportSettings) -> Estimate:
    if len(rows) < settings.min_group:
        return _unknown(len(rows))  # of how many there is a score would tell of single ones
    scored = [row for row in rows if row.score is not None]
    return raw_share(sum(row.band != lowest for row in scored), len(scored), precision=settings.precision)


def _criterion(rows: Sequence[Row], rubric: Rubric, id: str, name: str, settings: ReportSettings) -> CriterionFigures:
    if len(rows) < settings.min_group:
        return CriterionFigures(criterion=id, name=name, below=_unknown(len(rows)))
    levels = Counter(row.levels[id] for row in rows if id in row.levels)
    scale = rubric.scale_of(id).levels
    failed = sum(levels[level.id] for level in scale if level.fails)
    return CriterionFigures(criterion=id, name=name, below=share_of(failed, sum(levels[level.id] for level in scale), settings))


def _blind(said: Sequence[Label], rubric: Rubric) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for label in said:
        if label.kind is LabelKind.BLIND and label.annotator:
            found[label.annotator] = _levels(label, rubric)
    return found


def _decided(said: Sequence[Label], rubric: Rubric) -> dict[str, str]:
    found: dict[str, str] = {}
    for label in said:
        if label.kind in {LabelKind.CONSENSUS, LabelKind.ADJUDICATED, LabelKind.DISPUTE}:
            found |= _levels(label, rubric)
    return found


def _levels(label: Label, rubric: Rubric) -> dict[str, str]:
    known = [item.id for item in rubric.criteria if item.id in label.levels]
    stated = {criterion: level_said(label, criterion, rubric) for criterion in known}
    return {criterion: level for criterion, level in stated.items() if level is not None}


def _compared(who: str, criterion: str, decided: Mapping[str, str], blind: Mapping[str, Mapping[str, str]]) -> list[str]:
    if criterion in decided:
        return [decided[criterion]]
    return [levels[criterion] for other, levels in blind.items() if other != who and criterion in levels]


def _agreement(of: str, name: str, pairs: Sequence[tuple[str, str]]) -> Agreement:
    if not pairs:
        return Agreement(of=of, name=name, n=0, agreement=None)
    levels = sorted({level for pair in pairs for level in pair} | {UNGRADED})
    table: Any = np.zeros((len(levels), len(levels)))
    for first, second in pairs:
        table[levels.index(first), levels.index(second)] += 1
    kappa = float(cohen_kappa(table))
    agreed = sum(first == second for first, second in pairs) / len(pairs)
    return Agreement(of=of, name=name, n=len(pairs), agreement=agreed, kappa=None if isnan(kappa) else round(kappa, 3))
