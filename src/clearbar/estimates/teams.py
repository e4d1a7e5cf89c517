"""From audits, a check and reviews to what each team or agent may be told."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import combinations
from typing import Final

import numpy as np
from scipy.stats import norm

from clearbar.agreement import Floats
from clearbar.check.result import CheckResult
from clearbar.estimates.clustering import clustering
from clearbar.estimates.headlines import SPAN, Headlines
from clearbar.estimates.indicators import Indicator, group, indicators
from clearbar.estimates.kernels import LEVEL, Mean, quantiles
from clearbar.estimates.result import Difference, Estimate, Estimates, Method, Range
from clearbar.estimates.shares import Errors, Estimand, Figure, Plan, UnitData, figures, seeded
from clearbar.labelled import Provenance, Resolved, Ruling
from clearbar.plural import plural
from clearbar.resampling import holm
from clearbar.rubric import Rubric
from clearbar.verdict import UNGRADED, Audit, Verdict

__all__ = ["Graded", "UnitOf", "by_agent", "by_team", "estimate"]

UnitOf = Callable[[Audit, Verdict | None], str | None]
"""Whom a verdict (or, given None, the score of the conversation) belongs to; None leaves it out."""
PAIRS: Final = 12
"""With more units, each is compared with all others instead of with every single one."""
_LEAST: Final = 1.0
"""Points that the interval of a mean score has left at an end of the scale."""
_ASSUMES: Final = {
    Method.ROGAN_GLADEN: "assumes the grader errs on this team as on the labelled set",
    Method.POST_STRATIFIED: "rests on its own {n} random reviews",
    Method.HIERARCHICAL: "assumes the grader's errors here are like those on the other reviewed teams",
    Method.PPI: "rests on its own {n} random reviews",
}


def by_team(audit: Audit, verdict: Verdict | None) -> str | None:  # noqa: ARG001 - a unit may depend on the verdict
    """Take the conversation's team."""
    return audit.team


def by_agent(audit: Audit, verdict: Verdict | None) -> str | None:
    """Take the agent whom the verdict concerns; for a score, the conversation's main agent."""
    return verdict.agent or audit.agent if verdict else audit.agent


def estimate(
    audits: Iterable[Audit],
    rubric: Rubric,
    *,
    unit: UnitOf = by_team,
    checked: CheckResult | None = None,
    reviews: Resolved | None = None,
    estimand: Estimand = "process",
    widest: float = 0.3,
    widest_score: float = 15.0,
    draws: int = 4_000,
    seed: int = 20_261,
) -> Estimates:
    """Return shares of levels, applicability and the mean score of every unit: raw, and corrected where that is justified.

    Parameters
    ----------
    audits
        Of one period; one a conversation.
    rubric
        Their rubric.
    unit
        `by_team`, `by_agent`, or any function of audit and verdict (a month, a queue).
    checked
        The same grader against labels. Its error rates correct a unit only if the labels are of real conversations that its
        provenance calls comparable to the unit.
    reviews
        Labels of these conversations by reviewers. Those count that were given blind, with a known chance of having been drawn.
    estimand
        `process`: the unit's way of working, of which the conversations are a sample. `period`: these conversations alone.
    widest, widest_score
        An interval wider than this, in shares and in points, is called too few to say.
    draws, seed
        Same seed, same figures, whatever other units there are.
    """
    graded = Graded(rubric, unit=unit, reviews=reviews)
    for audit in audits:
        graded.add(audit)
    return graded.estimate(checked=checked, estimand=estimand, widest=widest, widest_score=widest_score, draws=draws, seed=seed)


def _estimand(estimand: Estimand) -> str:
    return "the way of working behind these conversations" if estimand == "process" else "the conversations of this period"


_Drawn = tuple[Floats, Floats | None]
"""Raw and corrected draws of a unit."""


class Graded:
    """What graders said, by unit, gathered audit by audit; of each verdict only its level is kept.

    Parameters
    ----------
    rubric
        Of the audits.
    unit, reviews
        As for `estimate`.
    """

    def __init__(self, rubric: Rubric, *, unit: UnitOf = by_team, reviews: Resolved | None = None) -> None:
        self._rubric, self._unit, self._reviews = rubric, unit, reviews
        self._grades: dict[str, dict[str, list[str]]] = {item.id: defaultdict(list) for item in rubric.criteria}
        self._agents: dict[str, dict[str, list[str | None]]] = {item.id: defaultdict(list) for item in rubric.criteria}
        self._reviewed: dict[str, dict[str, list[tuple[str, str, float]]]] = {item.id: defaultdict(list) for item in rubric.criteria}
        self._headlines = Headlines(rubric)
        self._teams: dict[str, set[str | None]] = defaultdict(set)
        self._nameless = 0
        self._without_chance = 0

    def add(self, audit: Audit) -> None:
        """Take in an audit, as graded: what people said of it belongs to the reviews, or the grader would seem never to err."""
        chance, rulings = _review(audit, self._reviews)
        self._without_chance += bool(rulings) and not chance
        for verdict in audit.verdicts:
            name = self._unit(audit, verdict)
            if name is None or verdict.criterion not in self._grades:
                self._nameless += name is None
                continue
            self._grades[verdict.criterion][name].append(verdict.level)
            self._agents[verdict.criterion][name].append(verdict.agent or audit.agent)
            self._teams[name].add(audit.team)
            ruling = rulings.get(verdict.criterion)
            if ruling and chance:
                self._reviewed[verdict.criterion][name].append((verdict.level, ruling.level, chance))
        if (name := self._unit(audit, None)) is not None:
            self._headlines.add(name, audit, rulings, chance)

    def estimate(
        self,
        *,
        checked: CheckResult | None = None,
        estimand: Estimand = "process",
        widest: float = 0.3,
        widest_score: float = 15.0,
        draws: int = 4_000,
        seed: int = 20_261,
    ) -> Estimates:
        """Return the estimates of all units; parameters as for the function of that name."""
        work = _Work(self._rubric, checked, self._teams, Plan(estimand, draws, seed, widest, widest_score))
        for criterion in self._rubric.criteria:
            units = self._units(criterion.id)
            for indicator in indicators(criterion.id, self._rubric):
                work.share(criterion.id, indicator, units)
        work.headlines(self._headlines)
        return Estimates(
            estimand=_estimand(estimand), estimates=tuple(work.estimates), differences=tuple(work.differences()), notes=tuple(self._notes())
        )

    def _units(self, criterion: str) -> dict[str, UnitData]:
        reviewed, agents = self._reviewed[criterion], self._agents[criterion]
        return {
            name: UnitData(tuple(levels), tuple(reviewed[name]), tuple(agents[name]))
            for name, levels in sorted(self._grades[criterion].items())
        }

    def _notes(self) -> Iterator[str]:
        if self._nameless:
            yield f"{plural(self._nameless, 'verdict belongs', 'verdicts belong')} to no named unit and no figure"
        if self._without_chance:
            told = plural(self._without_chance, "reviewed conversation was", "reviewed conversations were")
            yield f"{told} not drawn with a known chance: no correction rests on that"


def _review(audit: Audit, reviews: Resolved | None) -> tuple[float | None, Mapping[str, Ruling]]:
    """Return the chance with which a conversation was drawn for review, and what reviewers ruled blind."""
    if reviews is None:
        return None, {}
    rulings = {id: ruling for id, ruling in reviews.rulings.get(audit.transcript, {}).items() if ruling.independent}
    return reviews.probability.get(audit.transcript), rulings


class _Work:
    """Estimates in the making: results, and the draws behind them for comparisons."""

    def __init__(self, rubric: Rubric, checked: CheckResult | None, teams: Mapping[str, set[str | None]], plan: Plan) -> None:
        self.estimates: list[Estimate] = []
        self._rubric, self._checked, self._teams, self._plan = rubric, checked, teams, plan
        self._draws: dict[tuple[str | None, Indicator], dict[str, _Drawn]] = defaultdict(dict)

    def share(self, criterion: str, indicator: Indicator, units: Mapping[str, UnitData]) -> None:
        """Estimate one indicator of one criterion for all units."""
        grouping = group(criterion, indicator, self._rubric)
        table = grouping.table(self._checked.criteria[criterion].confusion) if self._checked else np.zeros((3, 4))
        errors = Errors(table, {name: why for name in units if (why := _why_not(self._checked, self._teams[name]))})
        found = figures(units, grouping, errors, self._plan, criterion=criterion, indicator=indicator)
        for name, figure in found.items():
            data = units[name]
            if figure.raw is not None:
                self._draws[criterion, indicator][name] = (figure.raw, figure.draws)
            clustered = clustering(grouping.numbers(list(data.grades)), data.agents)
            self.estimates.append(self._estimate(name, criterion, indicator, figure, data).model_copy(update={"clustering": clustered}))

    def _estimate(self, name: str, criterion: str | None, indicator: Indicator, figure: Figure, data: UnitData) -> Estimate:
        raw = None if figure.raw is None else _range(figure.count / figure.graded, *map(float, quantiles(figure.raw)))
        corrected = None if figure.draws is None else _range(_middle(figure), figure.low, figure.high)
        best = corrected or raw
        return Estimate(
            unit=name,
            criterion=criterion,
            indicator=indicator,
            conversations=int(figure.graded),
            ungraded=data.grades.count(UNGRADED),
            reviewed=len(data.reviewed),
            raw=raw,
            corrected=corrected,
            method=figure.method,
            assumes=_assumes(figure.method, len(data.reviewed)) if figure.method else "",
            why_not=figure.why_not,
            contradicted=figure.contradicted,
            too_few=best is None or best.width > self._plan.widest,
        )

    def headlines(self, headlines: Headlines) -> None:
        """Estimate the share above the lowest band and the mean score of all units."""
        units, found = headlines.bars(self._plan)
        for name, figure in found.items():
            told = self._estimate(name, None, Indicator.BAR, figure, units[name])
            self.estimates.append(told.model_copy(update={"aimed": headlines.aimed(name)}))
        for name in headlines.names:
            self._score(name, headlines)

    def _score(self, name: str, headlines: Headlines) -> None:
        raw, corrected, why = headlines.scores(name)
        rng = seeded(self._plan.seed, "score", name)
        if raw:
            drawn = raw.draws(self._plan.draws, rng), corrected.draws(self._plan.draws, rng) if corrected else None
            self._draws[None, Indicator.SCORE][name] = drawn
        best = corrected or raw
        self.estimates.append(
            Estimate(
                unit=name,
                criterion=None,
                indicator=Indicator.SCORE,
                conversations=headlines.scored(name),
                ungraded=headlines.missing(name),
                reviewed=headlines.reviewed(name),
                aimed=headlines.aimed(name),
                raw=_mean_range(raw),
                corrected=_mean_range(corrected),
                method=Method.PPI if corrected else None,
                assumes=_assumes(Method.PPI, headlines.reviewed(name)) if corrected else "",
                why_not=why,
                too_few=best is None or np.ptp(best.interval()) > self._plan.widest_score,
            )
        )

    def differences(self) -> Iterator[Difference]:
        """Compare units on the share under the bar and the mean score, all comparisons judged at once."""
        found = [
            _difference(one, other, key, sides)
            for key, by_unit in self._draws.items()
            if key[1] in {Indicator.BELOW, Indicator.SCORE}
            for one, other, sides in _sides(by_unit)
        ]
        for item, differs in zip(found, holm([item.p for item in found], 1 - LEVEL), strict=True):
            yield item.model_copy(update={"differs": differs})


def _why_not(checked: CheckResult | None, teams: set[str | None]) -> str:
    """Return why the labelled set may not correct a unit with conversations of these teams; empty where it may."""
    if checked is None:
        return "no labels to measure the grader's errors with"
    made: Provenance = checked.provenance
    if made.conversations == "invented":
        return "the grader's errors were measured on invented conversations, which never correct real ones"
    if made.conversations != "real":
        return "it is not stated that the labelled conversations are real ones"
    if "*" not in made.comparable and not teams <= set(made.comparable):
        return "nobody has said that the labelled conversations are comparable to these"
    return ""


def _assumes(method: Method, reviews: int) -> str:
    return _ASSUMES[method].format(n=reviews)


def _middle(figure: Figure) -> float:
    """Return the median of the draws, which a trimmed interval may just leave out, moved to its nearer end."""
    return min(max(float(np.nanmedian(figure.draws if figure.draws is not None else 0)), figure.low), figure.high)


def _range(value: float, low: float, high: float) -> Range:
    return Range(value=round(value, 4), low=round(max(low, 0.0), 4), high=round(high, 4), level=LEVEL)


def _mean_range(mean: Mean | None) -> Range | None:
    if mean is None:
        return None
    low, high = mean.interval()
    low, high = min(max(low, 0.0), SPAN - _LEAST), max(min(high, SPAN), _LEAST)  # an interval beyond an end keeps some width there
    return Range(value=round(min(max(mean.value, low), high), 2), low=round(low, 2), high=round(high, 2), level=LEVEL)


def _sides(by_unit: Mapping[str, _Drawn]) -> Iterator[tuple[str, str, tuple[_Drawn, _Drawn]]]:
    """Yield the pairs to compare: all of them, or each unit with the mean of all others where there are many."""
    if len(by_unit) <= PAIRS:
        yield from ((one, other, (by_unit[one], by_unit[other])) for one, other in combinations(by_unit, 2))
        return
    raw = np.mean([drawn for drawn, _ in by_unit.values()], axis=0)
    known = [drawn for _, drawn in by_unit.values() if drawn is not None]
    corrected = np.mean(known, axis=0) if len(known) == len(by_unit) else None
    number = len(by_unit)
    for one, (own, better) in by_unit.items():
        others = (raw * number - own) / (number - 1)
        rest = None if corrected is None or better is None else (corrected * number - better) / (number - 1)
        yield one, "all others", ((own, better), (others, rest))


def _difference(one: str, other: str, key: tuple[str | None, Indicator], sides: tuple[_Drawn, _Drawn]) -> Difference:
    (first_raw, first), (second_raw, second) = sides
    corrected = first is not None and second is not None
    drawn = first - second if first is not None and second is not None else first_raw - second_raw
    drawn = drawn[np.isfinite(drawn)]
    low, high = quantiles(drawn)
    less = min((drawn <= 0).mean(), (drawn >= 0).mean())
    p = 2 * less if less else 2 * float(norm.sf(abs(drawn.mean()) / drawn.std()))
    return Difference(
        one=one,
        other=other,
        criterion=key[0],
        indicator=key[1],
        value=round(float(np.median(drawn)), 4),
        low=round(float(low), 4),
        high=round(float(high), 4),
        p=min(1.0, float(p)),
        differs=False,
        corrected=corrected,
    )
