"""How a team stands against the period before: as graded in both, and what of the change the grader explains."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from clearbar.attribution import Part, Split, split_change
from clearbar.estimates.kernels import LEVEL
from clearbar.estimates.shares import seeded
from clearbar.grading.fallback import apply_conditions
from clearbar.pipeline.anchored import Watch
from clearbar.pipeline.selection import GradedItems, ReportRequest, chosen_audits
from clearbar.pipeline.standing import CLEARS, SCORE, Standing, on_scale, wording
from clearbar.report import Change, Estimate, Period, PeriodBefore, Shift
from clearbar.report.figures import raw_mean, raw_share
from clearbar.report.words import team_slug
from clearbar.resampling import holm
from clearbar.rubric import Rubric
from clearbar.scoring import score
from clearbar.settings import ReportSettings
from clearbar.store import AuditRef, Store

__all__ = ["changes_by_team", "period_before"]

_SEED: Final = 20_263


def period_before(since: datetime | None, until: datetime | None, last: datetime | None) -> Period | None:
    """Return the period of the same length that ends where this one begins; whole months go by months.

    Parameters
    ----------
    since, until
        As asked for; nothing lies before a period without a beginning.
    last
        Moment of the last conversation, with whose day an open period ends.
    """
    end = until or (last and datetime(last.year, last.month, last.day, tzinfo=last.tzinfo) + timedelta(days=1))
    if since is None or end is None or end <= since:
        return None
    if until is not None and _begins_month(since) and _begins_month(until):
        months = 12 * (until.year - since.year) + until.month - since.month
        place = 12 * since.year + since.month - 1 - months
        return Period(since=since.replace(year=place // 12, month=place % 12 + 1), until=since)
    return Period(since=since - (end - since), until=since)


def _begins_month(moment: datetime) -> bool:
    return moment.day == 1 and moment == moment.replace(hour=0, minute=0, second=0, microsecond=0)


def changes_by_team(  # noqa: PLR0917 - what a report is made of
    store: Store,
    rubric: Rubric,
    settings: ReportSettings,
    request: ReportRequest,
    items: GradedItems,
    now: Mapping[str | None, Standing],
) -> dict[str, PeriodBefore]:
    """Return, by slug, how each team stands against the period before; empty where the period has no beginning, or nothing lies before it.

    Both sides stand as graded: what people correct is not the same share of both. Conversations of the period before that were graded by
    earlier words of the same rubric count as they were graded then.

    Parameters
    ----------
    items, now
        The conversations of this period, and how each team stands in it.
    """
    last = max((ref.happened_at for ref in items.refs if ref.happened_at), default=None)
    period = period_before(request.since, request.until, last)
    if period is None:
        return {}
    then = _standings(store, rubric, request.model_copy(update={"since": period.since, "until": period.until}))
    comparison = _Comparison(period, rubric, Watch(store, rubric), settings)
    return {team_slug(team): comparison.of(team, then[team], one) for team, one in now.items() if team in then}


def _standings(store: Store, rubric: Rubric, request: ReportRequest) -> dict[str | None, Standing]:
    """Return how each team stood; of a conversation that these words graded too, what they said counts."""
    found: dict[tuple[str, str], AuditRef] = {}
    for refs in (chosen_audits(store, rubric, request), chosen_audits(store, rubric, request, earlier=True)):
        for ref in refs:
            found.setdefault((ref.source, ref.id), ref)
    standings: dict[str | None, Standing] = {}
    rubrics: dict[str, Rubric | None] = {}
    for audit in store.read_audits([ref.number for ref in found.values()]):
        if audit.rubric not in rubrics:
            rubrics[audit.rubric] = store.rubric(audit.rubric)
        made_with = rubrics[audit.rubric]
        if made_with is None or made_with.name != rubric.name:
            continue
        known = {item.id for item in rubric.criteria}
        verdicts = apply_conditions(rubric, [one for one in audit.verdicts if one.criterion in known and on_scale(rubric, one)])
        standing = standings.setdefault(audit.conversation.team, Standing(rubric))
        standing.add(verdicts, score(verdicts, rubric), wording(made_with), audit.made_at)
    return standings


@dataclass(frozen=True)
class _Comparison:
    """Compares teams with themselves in the period before."""

    period: Period
    rubric: Rubric
    watch: Watch
    settings: ReportSettings

    def of(self, team: str | None, then: Standing, now: Standing) -> PeriodBefore:
        """Return how a team stands; all its changes are judged at once."""
        if min(then.conversations, now.conversations) < self.settings.min_group:
            return PeriodBefore(period=self.period, conversations=then.conversations, small=True)
        figures = [CLEARS, SCORE, *(item.id for item in self.rubric.criteria)]
        made = [found for figure in figures if (found := self._change(team or "", figure, then, now))]
        sure = holm([p for one in made for p in (one.split.p_total, one.split.p_rest)], 1 - LEVEL)
        changes = tuple(
            one.change.model_copy(update={"differs": sure[2 * place], "rest_differs": one.change.rest is not None and sure[2 * place + 1]})
            for place, one in enumerate(made)
        )
        causes = sorted({cause for one in made for cause in one.causes})
        return PeriodBefore(period=self.period, conversations=then.conversations, changes=changes, causes=tuple(causes))

    def _change(self, team: str, figure: str, then: Standing, now: Standing) -> "_Made | None":
        before, after = then.side(figure), now.side(figure)
        if before is None or after is None:
            return None
        found = self.watch.between(figure, then.gradings[figure], now.gradings[figure])
        split = split_change(before, after, found.anchored, seeded(_SEED, team, figure))
        widest = 2 * self.settings.precision * (100.0 if figure == SCORE else 1.0)
        parted = not found.why_not
        change = Change(
            of=figure,
            before=self._estimate(then, figure),
            after=self._estimate(now, figure),
            total=_shift(split.total),
            grader=_shift(split.grader) if parted else None,
            rest=_shift(split.rest) if parted else None,
            enough=parted and split.grader.high - split.grader.low <= widest,
            anchors=0 if found.anchored is None else len(found.anchored.groups),
            why_not=found.why_not,
        )
        return _Made(change, split, found.causes)

    def _estimate(self, standing: Standing, figure: str) -> Estimate:
        if figure == SCORE:
            return raw_mean(standing.scores, precision=self.settings.precision)
        counts = standing.states[figure]
        return raw_share(int(counts[0]), int(counts[:2].sum()), precision=self.settings.precision)


class _Made(NamedTuple):
    """A change as it is told, with what it rests on."""

    change: Change
    split: Split
    causes: Sequence[str]


def _shift(part: Part) -> Shift:
    return Shift(value=part.value, low=part.low, high=part.high)
