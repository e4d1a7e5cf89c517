"""`clearbar report` and `clearbar sample`: from what the store holds."""

from pathlib import Path
from typing import Annotated

import typer

from clearbar.cli.options import JsonOption, ProjectOption, RubricOption, open_project, print_json, read_date, table, warn
from clearbar.errors import UsageError
from clearbar.plural import plural
from clearbar.project import Project
from clearbar.settings import Settings

__all__ = ["register"]

TeamOption = Annotated[str | None, typer.Option("--team", metavar="T", help="Only this team.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(rich_help_panel="Audit")(report)
    app.command(rich_help_panel="Review")(sample)


def report(
    team: TeamOption = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="D", help="Only conversations from this date on.", show_default=False)
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="D", help="Only conversations before this date.", show_default=False)
    ] = None,
    rubric: RubricOption = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Folder for the reports.", show_default=False)] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="Write each page as PDF, too.")] = False,
    parquet: Annotated[bool, typer.Option("--parquet", help="Write each table as Parquet, too.")] = False,
    restate: Annotated[
        bool, typer.Option("--restate", help="Make those published reports anew in which people corrected something, and no others.")
    ] = False,
    as_json: JsonOption = False,
    project: ProjectOption = None,
) -> int:
    """Make the team reports of a period from the store; nothing is pulled or graded anew."""
    from clearbar.pipeline.reporting import ReportRequest, run_report

    where, settings = open_project(project)
    if restate:
        if any((team, since, until, rubric, out, pdf, parquet)):
            raise UsageError("--restate makes reports as they were asked for", fix="leave the other options out")
        return _restate(where, settings, as_json=as_json)
    request = ReportRequest(
        since=read_date(since, "--since"),
        until=read_date(until, "--until"),
        team=team,
        rubric=rubric,
        out=out.absolute() if out else None,
        pdf=pdf,
        parquet=parquet,
    )
    made = run_report(where, settings, request)
    if as_json:
        print_json(made.model_dump(mode="json"))
    else:
        typer.echo(f"{plural(made.conversations, 'conversation')} of {plural(len(made.teams), 'team')}\nreports: {made.index}")
    return 0


def _restate(where: Project, settings: Settings, *, as_json: bool) -> int:
    from clearbar.pipeline.restating import restate
    from clearbar.pipeline.workspace import open_store

    with open_store(where, settings) as store:
        done = restate(where, settings, store)
    if as_json:
        print_json([one.model_dump(mode="json") for one in done])
    elif not done:
        typer.echo("nothing to restate: nobody corrected anything in a published report since it was made")
    for one in () if as_json else done:
        (typer.echo if one.done else warn)(one.line())
    return 0 if all(one.done or one.gone for one in done) else 1


def sample(
    run: Annotated[
        str | None, typer.Option("--run", metavar="ID", help="Of this run; of the newest by default.", show_default=False)
    ] = None,
    as_json: JsonOption = False,
    project: ProjectOption = None,
) -> int:
    """List the conversations that were drawn for review, with their chances and why."""
    from clearbar.pipeline.workspace import open_store

    where, settings = open_project(project)
    with open_store(where, settings) as store:
        if run:
            store.run(run)  # raises if there is none: a slip of the pen is no empty sample
        newest = next((one.id for one in store.runs(kind="audit") if store.samples(one.id)), None)
        drawn = store.samples(run or newest) if run or newest else []
    if as_json:
        print_json([item.model_dump(mode="json") for item in drawn])
    elif not drawn:
        typer.echo(f"nothing was sampled {f'in run {run}' if run else 'yet'}: clearbar audit --review 20")
    else:
        rows = [
            (item.id, item.part, item.stratum, "–" if item.probability is None else f"{item.probability:.4f}", item.why) for item in drawn
        ]
        table(f"drawn in run {drawn[0].run}", ("conversation", "part", "stratum", "chance", "why"), rows, right=(3,))
        typer.echo(f"to prove the draw: seed {drawn[0].seed}, frame {drawn[0].frame_hash}")
    return 0
