"""How agents stand, without giving away what a small group must not."""

from collections import Counter, defaultdict

from clearbar.report.figures import raw_mean, raw_share
from clearbar.report.inputs import ReportItem
from clearbar.report.model import AgentReport, Tally
from clearbar.rubric import Rubric
from clearbar.settings import ReportSettings

__all__ = ["Agents"]

_NAMED = 3
"""How many failed criteria are named for an agent."""


class Agents:
    """Counts what concerns each agent, one conversation after the other.

    Parameters
    ----------
    rubric
        Whose levels and bands count.
    """

    def __init__(self, rubric: Rubric) -> None:
        self._rubric = rubric
        self._alone: Counter[str] = Counter()
        self._shared: Counter[str] = Counter()
        self._scores: dict[str, list[float]] = defaultdict(list)
        self._clear: Counter[str] = Counter()
        self._failing: dict[str, Counter[str]] = defaultdict(Counter)

    def add(self, item: ReportItem) -> None:
        """Count a conversation."""
        agents, audit = item.transcript.agents, item.audit
        if len(agents) == 1:
            self._alone[agents[0]] += 1
            if audit.score is not None:
                self._scores[agents[0]].append(audit.score)
                self._clear[agents[0]] += audit.band != self._rubric.bands[0].id
        elif agents:
            self._shared.update(agents)
        for verdict in audit.verdicts:
            if verdict.agent and verdict.graded and self._rubric.level(verdict.criterion, verdict.level).fails:
                self._failing[verdict.agent][verdict.criterion] += 1

    @property
    def all(self) -> frozenset[str]:
        """Everybody who spoke."""
        return frozenset({*self._alone, *self._shared})

    def reports(self, settings: ReportSettings) -> tuple[tuple[AgentReport, ...], int]:
        """Return the agents who may be shown, by pseudonym, and how many are left out.

        An agent with fewer than `min_group` conversations is left out; so is the next smallest where the ones left out could be
        worked out from the team's total.
        """
        everyone = sorted(self.all, key=lambda agent: (self._alone[agent], agent))
        if settings.agents == "hidden":
            return (), len(everyone)
        hidden = [agent for agent in everyone if self._alone[agent] < settings.min_group]
        while hidden and len(hidden) < len(everyone) and sum(self._alone[agent] for agent in hidden) < settings.min_group:
            hidden = everyone[: len(hidden) + 1]
        shown = sorted(set(everyone) - set(hidden))
        return tuple(self._report(agent, settings) for agent in shown), len(hidden)

    def _report(self, agent: str, settings: ReportSettings) -> AgentReport:
        order = {criterion.id: place for place, criterion in enumerate(self._rubric.criteria)}
        worst = sorted(self._failing[agent].items(), key=lambda pair: (-pair[1], order[pair[0]]))[:_NAMED]
        scores = self._scores[agent]
        return AgentReport(
            agent=agent,
            conversations=self._alone[agent],
            shared=self._shared[agent],
            score=raw_mean(scores, precision=settings.precision),
            clears=raw_share(self._clear[agent], len(scores), precision=settings.precision),
            failing=tuple(Tally(id=id, name=self._rubric.criterion(id).name, count=count) for id, count in worst),
        )
