"""How a criterion stood before and after a step that was agreed with a team or an agent."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from clearbar.grading.fallback import apply_conditions
from clearbar.report import Step
from clearbar.report.figures import raw_share, share_difference
from clearbar.rubric import Rubric
from clearbar.settings import ReportSettings
from clearbar.store import Coaching, Store, StoredAudit, grading_hash

__all__ = ["steps_by_team"]

DAYS: Final = 56
"""How far the figures look before and after a step: eight weeks, the same weekdays on either side."""


class _Tally:
    """Conversations on the two sides of a step, as graded: people look at few, and more often at what is contested."""

    def __init__(self, step: Coaching, rubric: Rubric) -> None:
        self.step = step
        self._rubric = rubric
        self._failing = [0, 0]
        self._graded = [0, 0]
        self._graders: tuple[set[str], set[str]] = (set(), set())

    def add(self, found: StoredAudit, happened_at: datetime) -> None:
        step, window = self.step, timedelta(days=DAYS)
        if not step.agreed_on - window <= happened_at < step.agreed_on + window:
            return
        side = happened_at >= step.agreed_on
        for verdict in apply_conditions(self._rubric, found.verdicts):
            concerned = step.agent is None or (verdict.agent or found.conversation.agent) == step.agent
            if verdict.criterion == step.criterion and verdict.graded and concerned:
                self._failing[side] += self._rubric.level(verdict.criterion, verdict.level).fails
                self._graded[side] += 1
                self._graders[side].add(verdict.grader)

    def told(self, settings: ReportSettings) -> Step:
        """Return the figures; those of a small group are left out."""
        large = [n >= settings.min_group for n in self._graded]
        sides = [
            raw_share(count if shown else 0, n if shown else 0, precision=settings.precision)
            for count, n, shown in zip(self._failing, self._graded, large, strict=True)
        ]
        return Step(
            criterion=self.step.criterion,
            agent=self.step.agent,
            step=self.step.step if settings.quotes else "",
            agreed_on=self.step.agreed_on.date(),
            days=DAYS,
            before=sides[0],
            after=sides[1],
            difference=share_difference(*sides) if all(large) else None,
            graders_changed=all(large) and self._graders[0] != self._graders[1],
        )


def steps_by_team(
    store: Store, rubric: Rubric, settings: ReportSettings, *, since: datetime | None, until: datetime | None, asked: str | None
) -> Mapping[str | None, Sequence[Step]]:
    """Return the steps whose eight weeks before or after touch a period, by team, the newest first.

    Figures rest on all stored conversations of the team within eight weeks of the step, not only on those of the period; nothing
    after the period's end is looked at.
    """
    known = {item.id for item in rubric.criteria}
    window = timedelta(days=DAYS)
    tallies: dict[str | None, list[_Tally]] = defaultdict(list)
    for step in store.coaching():
        late = until is not None and step.agreed_on >= until
        early = since is not None and step.agreed_on + window <= since
        if step.criterion in known and not late and not early:
            tallies[step.team].append(_Tally(step, rubric))
    for team, own in tallies.items():
        first, last = min(one.step.agreed_on for one in own) - window, max(one.step.agreed_on for one in own) + window
        end = min(last, until) if until else last
        teams = () if team is None else (team,)
        _count(own, store.audits(since=first, until=end, teams=teams, grading=grading_hash(rubric), asked=asked), team)
    return {team: [one.told(settings) for one in sorted(own, key=_newest_first)] for team, own in tallies.items()}


def _count(own: Sequence[_Tally], found: Iterable[StoredAudit], team: str | None) -> None:
    for audit in found:
        of = audit.conversation
        happened_at = of.started_at or of.ended_at or of.updated_at
        if of.team == team and happened_at is not None:
            for one in own:
                one.add(audit, happened_at)


def _newest_first(one: _Tally) -> tuple[float, int]:
    return -one.step.agreed_on.timestamp(), -one.step.number
