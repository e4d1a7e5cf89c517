"""What is asked of an audit."""

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import Field

from clearbar.errors import UsageError
from clearbar.model import Model

__all__ = ["AuditRequest", "check_period"]


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

    sources: tuple[str, ...] = ()
    """Paths, globs, SQLAlchemy URLs without secrets, `env:NAME`, or names in the settings; empty means the project's default."""
    map: tuple[str, ...] = ()
    """`field=path` pairs."""
    team: str | None = None
    """Only conversations of this team."""
    since: datetime | None = None
    """Only conversations that started at or after this moment."""
    until: datetime | None = None
    """Only conversations that started before this moment."""
    grader: Literal["auto", "rules", "llm", "cascade"] | None = None
    rubric: str | None = None
    limit: int | None = Field(default=None, ge=1)
    """Stop after so many conversations were taken."""
    review: int | None = Field(default=None, ge=0)
    """How many conversations to sample for review."""
    out: Path | None = None
    """Folder for the reports."""
    incremental: bool = False
    """Only what is new since the last incremental audit of each source; moves the watermark."""
    mode: Literal["calls", "batch"] = "calls"
    """`batch`: ask the provider's batch interface, cheaper and slower."""
    report_since: datetime | None = None
    """Report conversations from this moment on; by default those of the period asked for."""
    publish: bool = False
    """Put a copy of the reports where the settings say, and tell those who asked."""
