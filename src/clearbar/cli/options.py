"""What commands share: options, the project, and how things are told."""

import sys
from collections.abc import Container, Iterable, Sequence
from datetime import UTC, date, datetime, time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from clearbar.errors import UsageError
from clearbar.project import Project, find_project
from clearbar.settings import Settings, load_settings

__all__ = [
    "Calls",
    "CallsOption",
    "Grader",
    "GraderOption",
    "JsonOption",
    "MapOption",
    "ModelOption",
    "ProjectOption",
    "RubricOption",
    "VotesOption",
    "list_some",
    "notice",
    "open_project",
    "print_json",
    "read_date",
    "table",
    "warn",
]


class Grader(StrEnum):
    """Who grades."""

    AUTO = "auto"
    RULES = "rules"
    LLM = "llm"
    CASCADE = "cascade"


ProjectOption = Annotated[
    Path | None, typer.Option("--project", metavar="DIR", help="Project folder (rubrics, prompts, evals, flows).", show_default=False)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
RubricOption = Annotated[
    str | None, typer.Option("--rubric", metavar="R", help="Rubric: a name in rubrics/ or a YAML file.", show_default=False)
]
GraderOption = Annotated[
    Grader | None,
    typer.Option(
        "--grader",
        help="auto: the LLM where there is one, else and on failure rules. cascade: rules where measured good enough, LLM for the rest.",
        show_default=False,
    ),
]
ModelOption = Annotated[
    str | None, typer.Option("--model", metavar="M", help="The LLM's name; that of the settings by default.", show_default=False)
]


class Calls(StrEnum):
    """What one call asks about."""

    ALL = "all"
    GROUPS = "groups"
    EACH = "each"


VotesOption = Annotated[
    int | None,
    typer.Option("--votes", metavar="N", min=1, max=25, help="Ask the LLM N times; the majority holds.", show_default=False),
]
CallsOption = Annotated[
    Calls | None,
    typer.Option("--calls", help="Criteria in one call to the LLM: all, those of a section, each alone.", show_default=False),
]
MapOption = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="FIELD=PATH",
        help="Where a field stands in a record, e.g. team=meta.domains.0 (repeatable, or comma-separated).",
        show_default=False,
    ),
]
SHOWN = 20


def open_project(folder: Path | None) -> tuple[Project, Settings]:
    """Return the project and its settings."""
    project = find_project(folder)
    return project, load_settings(project)


def notice(line: str) -> None:
    """Tell a person something in passing, apart from what a command prints."""
    typer.echo(f"note: {line}", err=True)


def warn(line: str) -> None:
    """Tell a person about something that went wrong and did not stop the rest."""
    typer.echo(line, err=True)


def list_some(lines: Sequence[str], *, shown: int = SHOWN, what: str = "more") -> None:
    """Print lines to stderr, the first ones one by one and the rest as a number."""
    for line in lines[:shown]:
        warn(f"  {line}")
    if len(lines) > shown:
        warn(f"  … and {len(lines) - shown} {what}")


def print_json(value: Any) -> None:
    """Print JSON, indented for a terminal and compact in a pipe."""
    option = orjson.OPT_INDENT_2 if sys.stdout.isatty() else 0
    typer.echo(orjson.dumps(value, option=option | orjson.OPT_NON_STR_KEYS).decode())


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: Container[int] | None = None) -> None:
    """Print a table; the columns in `right`, all but the first by default, hold numbers."""
    from rich.console import Console
    from rich.table import Table

    if title:
        typer.echo(title)
    shown = Table(header_style="bold", box=None, pad_edge=False)
    for place, name in enumerate(columns):
        number = place > 0 if right is None else place in right
        shown.add_column(name, justify="right" if number else "left", no_wrap=place == 0)
    for row in rows:
        shown.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 160).print(shown)


def read_date(value: str | None, option: str) -> datetime | None:
    """Return the moment that an option names: a date (its midnight, UTC) or a date with time.

    Raises
    ------
    UsageError
        Naming the option.
    """
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value) if len(value) > len("2026-01-01") else datetime.combine(date.fromisoformat(value), time())
    except ValueError:
        raise UsageError(f"{option} {value!r} is no date", fix="write it as 2026-11-01 or 2026-11-01T08:00+01:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
