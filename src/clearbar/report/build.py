"""From graded conversations of one team to its report; pure: the same input makes the same report."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import partial

from clearbar.articles import Articles
from clearbar.report.attention import Reader, exemplary, needing_attention
from clearbar.report.coaching import citations, coach, strongest, weakest
from clearbar.report.counts import (
    KINDS,
    auto_fails,
    bands,
    by_conversation,
    by_verdict,
    data_quality,
    grader_uses,
    missing,
    provisional,
    reasons,
    tallies,
)
from clearbar.report.figures import raw_mean, raw_share
from clearbar.report.inputs import Agreement, Agreements, Estimate, Period, ReportItem, RunFacts, TeamEstimates, Trust
from clearbar.report.model import CriterionReport, LevelCount, Tally, TeamReport
from clearbar.report.people import agent_reports
from clearbar.report.words import team_slug
from clearbar.rubric import Criterion, Rubric
from clearbar.settings import ReportSettings
from clearbar.verdict import NOT_APPLICABLE, UNGRADED, GradedBy, RubricRef, Verdict

__all__ = ["build_report", "raw_estimates"]

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
    run
        What is known of the pull; leave out what differs between two runs over the same data.
    agent_names
        Names by pseudonym; used only where the settings show them.
    """
    items = sorted(items, key=lambda item: (_moment(item), item.transcript.id, item.transcript.source))
    run = run or RunFacts()
    small = len(items) < settings.min_group
    figures = _unknown(items) if small else estimates or raw_estimates(items, rubric, settings)
    given = _by_criterion(items)
    criteria = tuple(
        _criterion(item, given[item.id], len(items), rubric=rubric, figures=figures, measured=measured) for item in rubric.criteria
    )
    agents, left_out = agent_reports(items, rubric, settings)
    reader = Reader(rubric, {item.id: item for item in criteria}, frozenset(agent.agent for agent in agents), quotes=settings.quotes)
    weak = [] if small else weakest(criteria, settings)
    coaching = tuple(coach(item, items, rubric, articles, reader) for item in weak)
    attention = needing_attention(items, reader)
    days = [item.transcript.started_at.date() for item in items if item.transcript.started_at]
    verdicts = [verdict for item in items for verdict in item.audit.verdicts]
    names = {agent.agent: (agent_names or {})[agent.agent] for agent in agents if agent.agent in (agent_names or {})}
    return TeamReport(
        team=team,
        slug=team_slug(team),
        period=period,
        first=min(days, default=None),
        last=max(days, default=None),
        conversations=len(items),
        small=small,
        min_group=settings.min_group,
        rubric=RubricRef(name=rubric.name, version=rubric.version, hash=rubric.full_hash),
        rubric_title=rubric.title,
        rubric_about=rubric.about,
        score=figures.score,
        clears=figures.clears,
        bands=bands(items, rubric),
        provisional=sum(provisional(item, rubric) for item in items),
        unscored=sum(item.audit.score is None for item in items),
        by_conversation=by_conversation(items),
        by_verdict=by_verdict(verdicts, len(items) * len(rubric.criteria)),
        fallbacks=reasons(verdict.fallback_reason for verdict in verdicts if verdict.fallback_reason),
        ungraded=reasons(missing(verdicts, len(items) * len(rubric.criteria))),
        why_rules=run.why_rules,
        pull=run.counts,
        filtered=tallies(Counter(run.filtered)),
        rejections=run.rejections[:_REJECTIONS],
        coaching=coaching,
        strengths=() if small else strongest(criteria, weak, settings),
        citations=citations(coaching, articles),
        criteria=criteria,
        measured=_used(measured, verdicts),
        look_at=tuple(reader.conversation(item, why, reader.failing(item.audit)) for item, why in attention[: settings.conversations]),
        look_at_of=len(attention),
        exemplary=exemplary(items, reader),
        auto_fails=tuple(auto_fails(items, rubric)),
        agents_shown=settings.agents,
        agents=agents,
        agents_left_out=left_out,
        agent_names=names if settings.agents == "name" else {},
        quality=data_quality(items),
        graders=grader_uses(verdicts),
        quotes=settings.quotes,
        items=tuple(items),
    )


def raw_estimates(items: Sequence[ReportItem], rubric: Rubric, settings: ReportSettings) -> TeamEstimates:
    """Return a team's figures as they were graded, uncorrected."""
    scored = [item.audit for item in items if item.audit.score is not None]
    clear = sum(audit.band != rubric.bands[0].id for audit in scored)
    share = partial(raw_share, precision=settings.precision)
    given = _by_criterion(items)
    return TeamEstimates(
        score=raw_mean((audit.score or 0.0 for audit in scored), precision=settings.precision),
        clears=share(clear, len(scored)),
        fails={criterion.id: share(*_failing(given[criterion.id], rubric)) for criterion in rubric.criteria},
    )


def _unknown(items: Sequence[ReportItem]) -> TeamEstimates:
    """Return the figures of a team that is too small to have any."""
    unknown = Estimate(value=None, n=len(items), enough=False)
    return TeamEstimates(score=unknown, clears=unknown, fails={})


def _failing(verdicts: Sequence[Verdict], rubric: Rubric) -> tuple[int, int]:
    graded = [rubric.level(verdict.criterion, verdict.level) for verdict in verdicts if verdict.graded]
    return sum(level.fails for level in graded), len(graded)


def _by_criterion(items: Sequence[ReportItem]) -> dict[str, list[Verdict]]:
    given: dict[str, list[Verdict]] = defaultdict(list)
    for item in items:
        for verdict in item.audit.verdicts:
            given[verdict.criterion].append(verdict)
    return given


def _moment(item: ReportItem) -> float:
    started = item.transcript.started_at
    return started.timestamp() if started else float("-inf")


def _criterion(
    criterion: Criterion,
    verdicts: Sequence[Verdict],
    asked: int,
    *,
    rubric: Rubric,
    figures: TeamEstimates,
    measured: Sequence[Agreements],
) -> CriterionReport:
    levels = Counter(verdict.level for verdict in verdicts)
    failed = sum(verdict.failed for verdict in verdicts) + asked - len(verdicts)
    kinds = Counter(verdict.graded_by for verdict in verdicts if verdict.level != UNGRADED)
    agreements = _agreements(criterion.id, verdicts, measured)
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
        abstained=sum(verdict.level == UNGRADED and not verdict.failed for verdict in verdicts),
        failed=failed,
        fails=figures.fails.get(criterion.id, Estimate(value=None, n=0, enough=False)),
        graders=tuple(Tally(id=kind, name=KINDS[kind], count=kinds[kind]) for kind in GradedBy if kinds[kind]),
        trust=_worst(kinds, dict(agreements)),
        agreements=agreements,
    )


def _agreements(id: str, verdicts: Sequence[Verdict], measured: Sequence[Agreements]) -> tuple[tuple[GradedBy, Agreement], ...]:
    """Return how each grader that was used here agrees with labels, where that very grader was measured."""
    used = {verdict.grader for verdict in verdicts if verdict.level != UNGRADED}
    return tuple((each.graded_by, each.criteria[id]) for each in measured if each.grader in used and id in each.criteria)


def _worst(kinds: Mapping[GradedBy, int], agreements: Mapping[GradedBy, Agreement]) -> Trust:
    """Return the least trust in any machine that was used here; what people said needs none."""
    machines = [kind for kind in kinds if kind is not GradedBy.HUMAN]
    found = {agreements[kind].trust if kind in agreements else Trust.UNMEASURED for kind in machines}
    unused = Trust.UNMEASURED if not kinds else Trust.GO
    return next((trust for trust in _WORST_FIRST if trust in found), unused)


def _used(measured: Sequence[Agreements], verdicts: Sequence[Verdict]) -> tuple[Agreements, ...]:
    used = {verdict.grader for verdict in verdicts}
    return tuple(each for each in measured if each.grader in used)
