"""What Prefect shows of a run: counts, a summary a team, where the reports lie. No agent's name, no quote."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clearbar.pipeline.audits import AuditResult

__all__ = ["Artifacts", "emit"]


@dataclass(frozen=True)
class Artifacts:
    """Prefect's functions that make artifacts; passed in, because only flows know Prefect."""

    table: Callable[..., Any]
    markdown: Callable[..., Any]
    link: Callable[..., Any]


def emit(result: AuditResult, to: Artifacts) -> None:
    """Make the artifacts of an audit: a table of its counts, a table over teams, a summary a team, and a link to the reports."""
    counts = {"pulled": result.pulled, **result.counts.model_dump()}
    to.table(key="audit-counts", table=[counts], description="What became of every record that was pulled; the parts add up.")
    rows = [
        {
            "team": team.team or "no team",
            "conversations": team.conversations,
            "score": team.score,
            "clears the bar": team.clears,
            "weakest": ", ".join(team.weakest) or "–",
        }
        for team in result.teams
    ]
    to.table(key="audit-teams", table=rows, description=f"Rubric {result.rubric}; grader asked first: {result.grader}.")
    for team in result.teams:
        to.markdown(key=f"audit-team-{team.slug}"[:250], markdown=team.summary, description=f"Team {team.team or 'without a name'}")
    if result.index:
        to.link(key="audit-reports", link=Path(result.index).as_uri(), link_text="Reports", description="The page over all teams.")
