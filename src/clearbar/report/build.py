"""From graded conversations of one team to its report; pure: the same input makes the same report."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clearbar.articles import Articles
from clearbar.report.attention import Reader
from clearbar.report.coaching import citations, coach, strongest, weakest
from clearbar.report.counts import KINDS, Counts, tallies
from clearbar.report.gathering import Gathering
from clearbar.report.inputs import (
    Agreement,
    Agreements,
    Estimate,
    Period,
    PeriodBefore,
    ReportItem,
    Revision,
    RunFacts,
    Step,
    TeamEstimates,
    Trust,
)
from clearbar.report.model import CriterionReport, LevelCount, Tally, TeamReport
from clearbar.report.words import team_slug
from clearbar.rubric import Criterion, Rubric
from clearbar.settings import ReportSettings
from clearbar.verdict import NOT_APPLICABLE, UNGRADED, GradedBy, RubricRef

__all__ = ["Context", "build_report", "compose_report"]

_REJECTIONS = 50
"""How many rejected records are listed on a page; the run itself tells them all."""
_WORST_FIRST = (Trust.NO_GO, Trust.UNMEASURED, Trust.TOO_FEW, Trust.GO)


def build_report(
    items: Sequence[ReportItem],
    rubric: Rubric,
    articles: Articles,
    *,
    period: Period,
    team: str | None,
    settings: ReportSettings,
    measured: Sequence[Agreements] = (),
    estimates: TeamEstimates | None = None,
    before: PeriodBefore | None = None,
    run: RunFacts | None = None,
    agent_names: Mapping[str, str] | None = None,
) -> TeamReport:
    """Return the report of one team.

    Parameters
    ----------
    items
        The team's conversations in the period, in any order.
    rubric, articles
        What they were graded on, and what stands behind it.
    period, team
        As asked for.
    settings
        What may be shown.
    measured
        How far each grader agrees with labels. It counts for verdicts of the same fingerprint only.
    estimates
        The team's figures where they were corrected for the grader's error; by default the plain ones with intervals.
    before
        Against the period before, where it is known.
    run
        What is known of the pull; leave out what differs between two runs over the same data.
    agent_names
        Names by pseudonym; used only where the settings show them.
    """
    gathered = Gathering(rubric, settings)
    for item in sorted(items, key=lambda item: (_moment(item), item.transcript.id, item.transcript.source)):
        gathered.add(item)
    context = Context(rubric, articles, period, settings, tuple(measured), run or RunFacts(), agent_names or {})
    return compose_report(gathered, context, team=team, estimates=estimates, before=before)


@dataclass(frozen=True)
class Context:
    """What the reports of all teams have in common; see `build_report`."""

    rubric: Rubric
    articles: Articles
    period: Period
    settings: ReportSettings
    measured: tuple[Agreements, ...] = ()
    run: RunFacts = field(default_factory=RunFacts)
    agent_names: Mapping[str, str] = field(default_factory=dict)


def compose_report(
    gathered: Gathering,
    context: Context,
    *,
    team: str | None,
    estimates: TeamEstimates | None = None,
    revisions: Sequence[Revision] = (),
    steps: Sequence[Step] = (),
    before: PeriodBefore | None = None,
) -> TeamReport:
    """Return the report of one team from what was gathered of its conversations.

    Parameters
    ----------
    gathered
        Of the team's conversations, in the order in which tables are to list them.
    context
        What all teams have in common.
    team, estimates
        As for `build_report`.
    revisions
        Later editions of this report, the newest first.
    steps
        What was agreed with the team and its agents.
    before
        Against the period before.
    """
    settings, counts = context.settings, gathered.counts
    small = counts.conversations < settings.min_group
    figures = _unknown(counts) if small else estimates or gathered.estimates()
    criteria = tuple(_criterion(item, counts, context, figures) for item in context.rubric.criteria)
    agents, left_out = gathered.agents.reports(settings)
    shown = frozenset(agent.agent for agent in agents)
    reader = Reader(context.rubric, {item.id: item for item in criteria}, shown, quotes=settings.quotes)
    named = {agent: context.agent_names[agent] for agent in sorted(shown & context.agent_names.keys())}
    return TeamReport(
        team=team,
        slug=team_slug(team),
        small=small,
        **_about(context, gathered),
        **_counted(counts),
        **_changed(gathered, small=small),
        **_coached(gathered, criteria, context, reader, small=small),
        score=figures.score,
        clears=figures.clears,
        reviewed=figures.reviewed,
        aimed=figures.aimed,
        criteria=criteria,
        look_at=tuple(reader.conversation(item, why, verdicts) for (item, verdicts), why in gathered.look_at.kept()),
        look_at_of=gathered.look_at.offered,
        exemplary=tuple(reader.conversation(item, context.rubric.bands[-1].name, top) for item, top in gathered.exemplary.kept()),
        agents=agents,
        agents_left_out=left_out,
        agent_names=named if settings.agents == "name" else {},
        revisions=tuple(revisions),
        steps=() if small else tuple(step for step in steps if step.agent is None or step.agent in shown),
        before=None if small else before,
        rows=gathered.rows,
    )


def _about(context: Context, gathered: Gathering) -> dict[str, Any]:
    """Return what is known beside the grades."""
    rubric, run, settings = context.rubric, context.run, context.settings
    return {
        "period": context.period,
        "first": gathered.quality.first,
        "last": gathered.quality.last,
        "min_group": settings.min_group,
        "rubric": RubricRef(name=rubric.name, version=rubric.version, hash=rubric.full_hash),
        "rubric_title": rubric.title,
        "rubric_about": rubric.about,
        "why_rules": run.why_rules,
        "pull": run.counts,
        "filtered": tallies(Counter(run.filtered)),
        "rejections": run.rejections[:_REJECTIONS],
        "waiting": run.waiting[:_REJECTIONS],
        "measured": tuple(each for each in context.measured if each.grader in gathered.counts.graders),
        "watched": tuple(each for each in run.watched if each.graded_by in {use.graded_by for use in gathered.counts.grader_uses()}),
        "agents_shown": settings.agents,
        "quality": gathered.quality.told(),
        "quotes": settings.quotes,
    }


def _counted(counts: Counts) -> dict[str, Any]:
    return {
        "conversations": counts.conversations,
        "bands": counts.bands(),
        "provisional": counts.provisional,
        "unscored": counts.unscored,
        "by_conversation": counts.by_conversation(),
        "by_verdict": counts.by_verdict(),
        "fallbacks": counts.fallbacks(),
        "ungraded": counts.missing(),
        "auto_fails": counts.auto_fails(),
        "auto_failed": counts.auto_failed,
        "auto_failed_confirmed": counts.auto_failed_confirmed,
        "graders": counts.grader_uses(),
        "usage": counts.usage,
    }


def _changed(gathered: Gathering, *, small: bool) -> dict[str, Any]:
    """Return what people did about grades; of a small team nothing, since it would tell of single persons."""
    counts = gathered.counts
    return {
        "disputes": None if small else gathered.disputes.told(),
        "held_back": None if small else gathered.held_back.told(counts.scores, counts.clear),
    }


def _coached(gathered: Gathering, criteria: Sequence[CriterionReport], context: Context, reader: Reader, *, small: bool) -> dict[str, Any]:
    """Return what is weak and what helps, and what is done well."""
    weak = [] if small else weakest(criteria, context.settings)
    coaching = tuple(coach(item, gathered, context.rubric, context.articles, reader) for item in weak)
    strong = () if small else strongest(criteria, weak, context.settings)
    return {"coaching": coaching, "strengths": strong, "citations": citations(coaching, context.articles)}


def _unknown(counts: Counts) -> TeamEstimates:
    """Return the figures of a team that is too small to have any."""
    unknown = Estimate(value=None, n=counts.conversations, enough=False)
    return TeamEstimates(score=unknown, clears=unknown, fails={})


def _moment(item: ReportItem) -> float:
    started = item.transcript.started_at
    return started.timestamp() if started else float("-inf")


def _criterion(criterion: Criterion, counts: Counts, context: Context, figures: TeamEstimates) -> CriterionReport:
    rubric, levels, kinds = context.rubric, counts.levels[criterion.id], counts.kinds[criterion.id]
    failed = counts.failed[criterion.id]
    agreements = tuple(
        (each.graded_by, each.criteria[criterion.id])
        for each in context.measured
        if each.grader in counts.used[criterion.id] and criterion.id in each.criteria
    )
    return CriterionReport(
        id=criterion.id,
        name=criterion.name,
        asks=criterion.asks,
        section=next(section.name for section in rubric.sections if section.id == criterion.section),
        weight=criterion.weight,
        gate=criterion.gate,
        levels=tuple(
            LevelCount(id=level.id, name=level.name, count=levels[level.id], fails=level.fails)
            for level in rubric.scale_of(criterion.id).levels
        ),
        not_applicable=levels[NOT_APPLICABLE],
        abstained=levels[UNGRADED] - failed,
        failed=failed + counts.conversations - levels.total(),
        fails=figures.fails.get(criterion.id, Estimate(value=None, n=0, enough=False)),
        graders=tuple(Tally(id=kind, name=KINDS[kind], count=kinds[kind]) for kind in GradedBy if kinds[kind]),
        trust=_worst(kinds, dict(agreements)),
        agreements=agreements,
    )


def _worst(kinds: Mapping[GradedBy, int], agreements: Mapping[GradedBy, Agreement]) -> Trust:
    """Return the least trust in any machine that was used here; what people said needs none."""
    machines = [kind for kind in kinds if kind is not GradedBy.HUMAN]
    found = {agreements[kind].trust if kind in agreements else Trust.UNMEASURED for kind in machines}
    unused = Trust.UNMEASURED if not kinds else Trust.GO
    return next((trust for trust in _WORST_FIRST if trust in found), unused)
