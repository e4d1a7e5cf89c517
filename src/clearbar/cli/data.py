"""`clearbar labels`, `redact`, `erase` and `store`: what goes in, what is taken out, and where it lies."""

from pathlib import Path
from typing import Annotated

import orjson
import typer

from clearbar.cli.options import JsonOption, MapOption, ProjectOption, list_some, notice, open_project, print_json, table, warn
from clearbar.errors import ClearbarError, UsageError
from clearbar.plural import plural

__all__ = ["register"]

labels = typer.Typer(help="Import and export labels and reviewers' corrections.", no_args_is_help=True)
store = typer.Typer(help="Look at the store, upgrade it, apply retention.", no_args_is_help=True)
WhoOption = Annotated[str, typer.Option("--who", metavar="NAME", help="Who asks for it; kept in the audit trail.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(labels, name="labels", rich_help_panel="Trust")
    app.command(rich_help_panel="Data")(redact)
    app.command(rich_help_panel="Data")(erase)
    app.add_typer(store, name="store", rich_help_panel="Data")


def redact(
    paths: Annotated[list[str], typer.Argument(metavar="PATH…", help="Files, folders or globs of conversations.")],
    map: MapOption = None,
    out: Annotated[str, typer.Option("-o", "--out", metavar="OUT.jsonl", help="Where the lines go; - is stdout.")] = "-",
    project: ProjectOption = None,
) -> int:
    """Print conversations as graders see them: personal data replaced by placeholders, names by pseudonyms."""
    from clearbar.cli.output import writer
    from clearbar.pipeline.intake import Dropped, redact_all
    from clearbar.pipeline.request import AuditRequest

    where, settings = open_project(project)
    request = AuditRequest(sources=tuple(paths), map=tuple(map or ()))
    printed, rejected, dropped = 0, 0, list[str]()
    with writer(out) as stream:
        for item in redact_all(where, settings, request, notice=notice):
            if isinstance(item, Dropped):
                dropped.append(str(item))
                rejected += item.outcome == "rejected"
            else:
                printed += 1
                stream.write(orjson.dumps(item.model_dump(mode="json", exclude_none=True), option=orjson.OPT_APPEND_NEWLINE))
    if dropped:
        warn(f"{plural(len(dropped), 'record')} could not be used:")
        list_some(dropped)
    if not printed:
        raise ClearbarError("no conversation could be read", fix="see the lines above")
    return 1 if rejected else 0


def erase(
    conversation: Annotated[
        list[str] | None, typer.Option("--conversation", metavar="ID", help="A conversation's id (repeatable).")
    ] = None,
    customer: Annotated[
        str | None, typer.Option("--customer", metavar="NAME", help="A customer, as the records name them.", prompt=False)
    ] = None,
    why: Annotated[
        str, typer.Option("--why", metavar="REASON", help="Kept in the audit trail; do not name the customer in it.")
    ] = "erasure was asked for",
    who: WhoOption = "command line",
    as_json: JsonOption = False,
    project: ProjectOption = None,
) -> int:
    """Remove a customer's or a conversation's text, quotes, notes and published pages for ever; the next pull does not bring it back."""
    from clearbar.pipeline.erasure import erase_from_everywhere

    if not conversation and not customer:
        raise UsageError("nothing to erase was named", fix="give --conversation ID or --customer NAME")
    where, settings = open_project(project)
    done = erase_from_everywhere(
        where, settings, conversations=tuple(conversation or ()), customer=customer, who=who, why=why, notice=notice
    )
    if as_json:
        print_json(done.model_dump(mode="json"))
    else:
        typer.echo(done.line())
    return 0 if done.complete else 1


@labels.command("import")
def import_labels(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Label files, JSON Lines.")],
    project: ProjectOption = None,
) -> int:
    """Add labels to the store; they are kept for ever, the newer beside the older.

    A line is {"id": …, "levels": {CRITERION: LEVEL}}, a level by its id, by
    its rank from 0, or "na"; beside them may stand annotator, kind (blind,
    revealed, consensus, dispute), overall, evidence (turns by criterion),
    note and at. Beside NAME.jsonl, NAME.provenance.json may say of the set:
    annotators, conversations, selection, comparable, note.
    """
    from clearbar.labels_file import read_labels
    from clearbar.pipeline.workspace import open_store

    where, settings = open_project(project)
    found, rejected = read_labels(paths, notice)
    with open_store(where, settings) as opened:
        stored = {one.model_dump_json() for one in opened.labels()}  # an export brought back adds nothing, though it names no text
        added = opened.add_labels(one for one in found if one.model_dump_json() not in stored)
    typer.echo(f"{plural(added, 'label')} added, {len(found) - added} there already, {len(rejected)} could not be used")
    list_some([str(item) for item in rejected])
    if not found:
        raise ClearbarError("no label could be read", fix="see the lines above")
    return 1 if rejected else 0


@labels.command("export")
def export_labels(
    out: Annotated[str, typer.Option("-o", "--out", metavar="OUT.jsonl", help="Where the lines go; - is stdout.")] = "-",
    project: ProjectOption = None,
) -> int:
    """Print all labels of the store, reviewers' corrections among them, as JSON Lines."""
    from clearbar.cli.output import writer
    from clearbar.pipeline.workspace import open_store

    where, settings = open_project(project)
    with open_store(where, settings) as opened, writer(out) as stream:
        for label in opened.labels():
            stream.write(orjson.dumps(label.model_dump(mode="json", exclude_none=True), option=orjson.OPT_APPEND_NEWLINE))
    return 0


@store.command("show")
def show_store(as_json: JsonOption = False, project: ProjectOption = None) -> int:
    """List the newest runs with what became of their records."""
    from clearbar.pipeline.workspace import open_store

    where, settings = open_project(project)
    with open_store(where, settings) as opened:
        runs = opened.runs(limit=20)
        name = opened.name
    if as_json:
        print_json([run.model_dump(mode="json") for run in runs])
        return 0
    outcomes = ("graded", "ungraded", "reused", "duplicate", "filtered", "rejected")
    rows = [
        (run.id, run.kind, run.state, run.asked or "", str(run.counts.pulled), *(str(getattr(run.counts, outcome)) for outcome in outcomes))
        for run in runs
    ]
    table(f"store {name}", ("run", "kind", "state", "grader", "pulled", *outcomes), rows, right=range(4, 11))
    return 0


@store.command("upgrade")
def upgrade_store(project: ProjectOption = None) -> int:
    """Bring the store to this version of clearbar; SQLite is copied first."""
    from clearbar.pipeline.workspace import store_url
    from clearbar.store import upgrade

    where, settings = open_project(project)
    before, after = upgrade(store_url(where, settings))
    typer.echo(f"the store is at revision {after}" + ("" if before == after else f" (was {before or 'empty'})"))
    return 0


@store.command("retain")
def retain(project: ProjectOption = None) -> int:
    """Remove what is older than the retention settings allow."""
    from clearbar.pipeline.erasure import apply_retention
    from clearbar.pipeline.workspace import open_store

    where, settings = open_project(project)
    with open_store(where, settings) as opened:
        removed = apply_retention(where, opened, settings)
    typer.echo(f"removed: {removed.line()}")
    return 0
