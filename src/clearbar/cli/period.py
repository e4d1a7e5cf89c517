"""`clearbar period`: which numbers stand, whatever people correct later."""

from datetime import UTC, datetime
from getpass import getuser
from typing import Annotated

import typer

from clearbar.cli.options import JsonOption, ProjectOption, open_project, print_json, read_date, table
from clearbar.errors import UsageError

__all__ = ["register"]

period = typer.Typer(help="Close periods, so that their numbers stand whatever is corrected later, and list them.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(period, name="period", rich_help_panel="Review")


@period.command("close")
def close(
    until: Annotated[str, typer.Option("--until", metavar="D", help="Close everything before this date. It cannot be taken back.")],
    by: Annotated[
        str | None, typer.Option("--by", metavar="NAME", help="Who closes it; who you are by default.", show_default=False)
    ] = None,
    project: ProjectOption = None,
) -> int:
    """Let the numbers of all conversations before a date stand; their reports say what people correct afterwards."""
    from clearbar.pipeline.workspace import open_store

    moment = read_date(until, "--until")
    if moment is None or moment > datetime.now(UTC):
        raise UsageError(f"--until {until!r} is yet to come", fix="a period can be closed when it is over")
    where, settings = open_project(project)
    with open_store(where, settings) as store:
        before = max((one for one in store.closings() if one.until >= moment), key=lambda one: one.until, default=None)
        if before is not None:
            typer.echo(f"nothing to close: {before.by} closed everything before {before.until:%Y-%m-%d %H:%M} UTC already")
            return 0
        store.close_period(moment, by=by or getuser())
        waiting = store.outdated()
    typer.echo(f"closed: everything before {moment:%Y-%m-%d %H:%M} UTC")
    if waiting:
        typer.echo("corrections that came before this are not in these reports yet (clearbar report --restate):")
        for folder in sorted(waiting):
            typer.echo(f"  {folder}")
    return 0


@period.command("list")
def list_closings(as_json: JsonOption = False, project: ProjectOption = None) -> int:
    """List the closed periods, the oldest closing first."""
    from clearbar.pipeline.workspace import open_store

    where, settings = open_project(project)
    with open_store(where, settings) as store:
        closings = store.closings()
    if as_json:
        print_json([one.model_dump(mode="json") for one in closings])
    elif not closings:
        typer.echo("no period is closed: clearbar period close --until 2026-11-01")
    else:
        rows = [(f"{one.until:%Y-%m-%d %H:%M}", one.by, f"{one.at:%Y-%m-%d %H:%M}") for one in closings]
        table("", ("everything before (UTC)", "closed by", "on (UTC)"), rows, right=())
    return 0
