"""How agents stand, without giving away what a small group must not."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from clearbar.report.figures import raw_mean, raw_share
from clearbar.report.inputs import ReportItem
from clearbar.report.model import AgentReport, Tally
from clearbar.rubric import Rubric
from clearbar.settings import ReportSettings

__all__ = ["agent_reports"]

_NAMED = 3
"""How many failed criteria are named for an agent."""


def agent_reports(items: Sequence[ReportItem], rubric: Rubric, settings: ReportSettings) -> tuple[tuple[AgentReport, ...], int]:
    """Return the agents who may be shown, by pseudonym, and how many are left out.

    An agent with fewer than `min_group` conversations is left out; so is the next smallest where the ones left out could be
    worked out from the team's total.
    """
    alone: dict[str, list[ReportItem]] = defaultdict(list)
    shared: Counter[str] = Counter()
    for item in items:
        agents = item.transcript.agents
        if len(agents) == 1:
            alone[agents[0]].append(item)
        shared.update(agents if len(agents) > 1 else ())
    everyone = sorted({*alone, *shared}, key=lambda agent: (len(alone[agent]), agent))
    if settings.agents == "hidden":
        return (), len(everyone)
    hidden = [agent for agent in everyone if len(alone[agent]) < settings.min_group]
    while hidden and len(hidden) < len(everyone) and sum(len(alone[agent]) for agent in hidden) < settings.min_group:
        hidden = everyone[: len(hidden) + 1]
    failing = _failing(items, rubric)
    shown = [
        _agent_report(agent, alone[agent], shared=shared[agent], failing=failing[agent], rubric=rubric, settings=settings)
        for agent in everyone
        if agent not in hidden
    ]
    return tuple(sorted(shown, key=lambda report: report.agent)), len(hidden)


def _failing(items: Sequence[ReportItem], rubric: Rubric) -> dict[str, Counter[str]]:
    failing: dict[str, Counter[str]] = defaultdict(Counter)
    for item in items:
        for verdict in item.audit.verdicts:
            if verdict.agent and verdict.graded and rubric.level(verdict.criterion, verdict.level).fails:
                failing[verdict.agent][verdict.criterion] += 1
    return failing


def _agent_report(
    agent: str, items: Sequence[ReportItem], *, shared: int, failing: Counter[str], rubric: Rubric, settings: ReportSettings
) -> AgentReport:
    scored = [item.audit for item in items if item.audit.score is not None]
    clear = sum(audit.band != rubric.bands[0].id for audit in scored)
    order = {criterion.id: place for place, criterion in enumerate(rubric.criteria)}
    worst = sorted(failing.items(), key=lambda pair: (-pair[1], order[pair[0]]))[:_NAMED]
    return AgentReport(
        agent=agent,
        conversations=len(items),
        shared=shared,
        score=raw_mean((audit.score or 0.0 for audit in scored), precision=settings.precision),
        clears=raw_share(clear, len(scored), precision=settings.precision),
        failing=tuple(Tally(id=id, name=rubric.criterion(id).name, count=count) for id, count in worst),
    )
