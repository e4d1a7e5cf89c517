"""What the anchors say of the graders of two periods: by how much the later ones grade otherwise than the earlier ones."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Final

import numpy as np

from clearbar.agreement import Floats
from clearbar.attribution import STATES, Anchored, weigh
from clearbar.drift import AnchorNight
from clearbar.pipeline.anchors import anchor_nights
from clearbar.pipeline.standing import CLEARS, SCORE, Grading, clears_of, half_of, on_scale, state_of
from clearbar.plural import plural
from clearbar.report.words import GRADERS_SHORT
from clearbar.rubric import Rubric
from clearbar.scoring import score
from clearbar.store import Store
from clearbar.verdict import ABSTAINED, UNGRADED, GradedBy, Verdict

__all__ = ["Between", "Watch"]

_MOST: Final = 0.9
"""Share of a period's verdicts that must be of one kind of grader, and of days on which anchors were graded."""
_NEAR: Final = timedelta(days=7)
"""How far from the day of a grading the night may lie that speaks for it."""
_FEWEST: Final = 10
"""Anchors, or they say nothing of a change."""


@dataclass(frozen=True)
class Between:
    """What the anchors say of the graders of two periods."""

    anchored: Anchored | None = None
    """Null where the grader was the same for certain, and where nothing can be said."""
    why_not: str = ""
    causes: tuple[str, ...] = ()


class Watch:
    """The nights in which anchors were graded anew."""

    def __init__(self, store: Store, rubric: Rubric) -> None:
        self.rubric = rubric
        self._store = store
        self._figures: dict[tuple[GradedBy, int], dict[str, dict[str, Floats]]] = {}

    @cached_property
    def _nights(self) -> dict[GradedBy, list[AnchorNight]]:
        return {kind: anchor_nights(self._store, self.rubric, kind) for kind in (GradedBy.LLM, GradedBy.RULES)}

    def between(self, figure: str, then: Counter[Grading | None], now: Counter[Grading | None]) -> Between:
        """Return what changed about who graded a figure."""
        kind = _kind(then, now)
        if kind is None:
            return Between(why_not="different kinds of graders graded it, or people did")
        same = {(one.grader, one.words) for side in (then, now) for one, number in side.items() if one and one.kind is kind and number}
        if kind is GradedBy.RULES and len(same) == 1:
            return Between()
        nights = self._nights[kind]
        weights = [_weights(nights, side, kind) for side in (then, now)]
        if weights[0] is None or weights[1] is None:
            return Between(why_not=f"grading by {GRADERS_SHORT[kind]} was not watched on the days on which these were graded")
        return self._anchored(figure, kind, weights[0], weights[1])

    def _anchored(self, figure: str, kind: GradedBy, then: Mapping[int, float], now: Mapping[int, float]) -> Between:
        nights = self._nights[kind]
        apart = sum(abs(then.get(place, 0) - now.get(place, 0)) for place in {*then, *now}) / 2
        causes = nights[max(then)].state.changes(nights[max(now)].state)
        if apart == 0:
            return Between()
        reference = min(then) if kind is GradedBy.RULES else _reference(nights, then, now)  # rules never waver
        if kind is GradedBy.LLM and reference in then:
            if len(then) == 1:
                return Between(why_not="only one night of anchors speaks for the period before", causes=causes)
            then = {place: weight for place, weight in then.items() if place != reference}
        first = self._figure(kind, reference, figure)
        ids = [id for id in first if all(any(id in self._figure(kind, place, figure) for place in side) for side in (then, now))]
        if len(ids) < _FEWEST:
            return Between(why_not=f"only {plural(len(ids), 'fixed conversation')} graded anew in both periods", causes=causes)
        missing = np.full(STATES + 1, np.nan)
        sides = [
            weigh([np.array([self._figure(kind, place, figure).get(id, missing) for id in ids]) for place in side], [*side.values()])
            for side in (then, now)
        ]
        later = np.stack([sides[1][:, STATES], sides[1][:, :2].sum(axis=1)], axis=1)
        groups = np.array([int(first[id][:STATES].argmax()) for id in ids])
        return Between(Anchored(groups, sides[0], later, apart), causes=causes)

    def _figure(self, kind: GradedBy, place: int, figure: str) -> dict[str, Floats]:
        """Return each anchor's state and what it adds to a figure in a night, shape `(4,)`."""
        if (kind, place) not in self._figures:
            self._figures[kind, place] = _tabulated(self._nights[kind][place], self.rubric)
        return self._figures[kind, place].get(figure, {})


def _kind(then: Counter[Grading | None], now: Counter[Grading | None]) -> GradedBy | None:
    """Return the machine that gave nearly all verdicts in both periods."""
    kinds = []
    for side in (then, now):
        by_kind: Counter[GradedBy | None] = Counter()
        for one, number in side.items():
            by_kind[one.kind if one else None] += number
        (kind, most), *_ = by_kind.most_common(1) or [(None, 0)]
        kinds.append(kind if most >= _MOST * by_kind.total() else None)
    return kinds[0] if kinds[0] is kinds[1] and kinds[0] is not GradedBy.HUMAN else None


def _weights(nights: Sequence[AnchorNight], side: Counter[Grading | None], kind: GradedBy) -> dict[int, float] | None:
    """Return the nights that speak for a period's gradings by place, in order of time; null where most have none near them."""
    found: Counter[int] = Counter()
    total = 0
    for one, number in side.items():
        total += number
        if one is None or one.kind is not kind:
            continue
        alike = [place for place, night in enumerate(nights) if (night.state.grader, night.state.rubric) == (one.grader, one.words)]
        near = min(alike, key=lambda place: abs(nights[place].at.date() - one.on), default=None)
        if near is not None and abs(nights[near].at.date() - one.on) <= _NEAR:
            found[near] += number
    if not total or found.total() < _MOST * total:
        return None
    return {place: found[place] / found.total() for place in sorted(found) if found[place]}


def _reference(nights: Sequence[AnchorNight], then: Mapping[int, float], now: Mapping[int, float]) -> int:
    """Return the night by whose verdicts anchors are sorted: by the grader of the period before, and of neither side if there is one."""
    first = nights[min(then)]
    words = {(nights[place].state.grader, nights[place].state.rubric) for place in then}
    free = [
        place
        for place, night in enumerate(nights)
        if place not in then and place not in now and (night.state.grader, night.state.rubric) in words
    ]

    def fitness(place: int) -> tuple[int, timedelta]:
        return -len(nights[place].levels.keys() & first.levels.keys()), abs(nights[place].at - first.at)

    return min(free, key=fitness, default=min(then))


def _tabulated(night: AnchorNight, rubric: Rubric) -> dict[str, dict[str, Floats]]:
    tabulated: dict[str, dict[str, Floats]] = defaultdict(dict)
    one_hot = np.eye(STATES)
    for id, levels in night.levels.items():
        verdicts = [
            Verdict(criterion=criterion, level=level, reason=ABSTAINED if level == UNGRADED else None, graded_by=GradedBy.RULES, grader="")
            for criterion, level in levels.items()
        ]
        known = [verdict for verdict in verdicts if on_scale(rubric, verdict)]
        for verdict in known:
            state = state_of(rubric, verdict.criterion, verdict.level)
            tabulated[verdict.criterion][id] = np.array([*one_hot[state], float(state == 0)])
        scored = score(known, rubric)
        clears = clears_of(rubric, scored)
        tabulated[CLEARS][id] = np.array([*one_hot[clears], float(clears == 0)])
        tabulated[SCORE][id] = np.array([*one_hot[half_of(rubric, scored)], scored.score or 0.0])
    return tabulated
