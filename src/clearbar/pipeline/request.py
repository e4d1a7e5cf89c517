"""What is asked of an audit."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from clearbar.errors import UsageError
from clearbar.model import Model

__all__ = ["AuditRequest", "Moment", "Sources", "Team", "check_period"]

_SECRET: Final = re.compile(r"://[^/?#\s]*:[^?#\s]*@|[?&][^=&#]*(?:pass|pwd|secret|token)[^=&#]*=", re.IGNORECASE)


def _in_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _without_secrets(sources: tuple[str, ...]) -> tuple[str, ...]:
    # No ValueError: pydantic passes this one on as it is, and the command line tells it in its one line.
    if any(_SECRET.search(source) for source in sources):
        raise UsageError(
            "a source's address holds a password, which Prefect and the store would keep in clear",
            fix="put the address into an environment variable and name that, env:NAME, or a source in the settings",
        )
    return sources


def _named(team: str | None) -> str | None:
    return (team or "").strip() or None


Moment = Annotated[datetime, AfterValidator(_in_utc)]
"""A moment; one without a zone, as forms send it, is taken as UTC."""
Sources = Annotated[tuple[str, ...], AfterValidator(_without_secrets)]
Team = Annotated[str | None, AfterValidator(_named)]
"""A team; an empty field of a form names none."""


def check_period(since: datetime | None, until: datetime | None) -> None:
    """Refuse a period that ends before it begins.

    Raises
    ------
    UsageError
        If it does.
    """
    if since and until and since >= until:
        raise UsageError("--since is not before --until", fix="swap them, or leave one out")


class AuditRequest(Model):
    """An audit: what to pull, how to grade, what to report. Holds no secret: sources with one are called by name."""

    sources: Sources = ()
    """Paths, globs, SQLAlchemy URLs without secrets, `env:NAME`, or names in the settings; empty means the project's default."""
    map: tuple[str, ...] = ()
    """`field=path` pairs."""
    team: Team = None
    """Only conversations of this team."""
    since: Moment | None = None
    """Only conversations that started at or after this moment."""
    until: Moment | None = None
    """Only conversations that started before this moment."""
    grader: Literal["auto", "rules", "llm", "cascade"] | None = None
    """`auto`: the LLM where there is one, else and on failure rules; `cascade`: rules where measured good enough, the LLM for the rest."""
    model: str | None = None
    """The LLM; that of the settings by default."""
    rubric: str | None = None
    """A name in `rubrics/` or a YAML file; that of the project by default."""
    limit: int | None = Field(default=None, ge=1)
    """Stop after so many conversations were taken."""
    votes: int | None = Field(default=None, ge=1, le=25)
    """Grades that the LLM gives each conversation, of which the majority holds; the setting by default."""
    calls: Literal["all", "groups", "each"] | None = None
    """Criteria that one call asks about: all, those of a section, or each alone; the setting by default."""
    review: int | None = Field(default=None, ge=0)
    """How many conversations to sample for review."""
    out: Path | None = None
    """Folder for the reports."""
    incremental: bool = False
    """Only what is new since the last incremental audit of each source; moves the watermark, unless a team or period is asked for."""
    mode: Literal["calls", "batch"] = "calls"
    """`batch`: ask the provider's batch interface, cheaper and slower."""
    report_since: Moment | None = None
    """Report conversations from this moment on; by default those of the period asked for."""
    regrade: bool = False
    """Ask the LLM again about conversations of earlier runs that rules had to grade because it was away or its budget was spent."""
    publish: bool = False
    """Put a copy of the reports where the settings say, and tell those who asked."""
