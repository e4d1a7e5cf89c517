"""`clearbar grade`: grades only, without store and without Prefect."""

from datetime import UTC, datetime
from typing import Annotated

import orjson
import typer

from clearbar.cli.interruption import interruptible
from clearbar.cli.options import (
    CallsOption,
    GraderOption,
    MapOption,
    ModelOption,
    ProjectOption,
    RubricOption,
    VotesOption,
    list_some,
    notice,
    open_project,
    warn,
)
from clearbar.cli.output import writer
from clearbar.errors import ClearbarError
from clearbar.plural import plural

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Audit")(grade)


@interruptible()
def grade(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH…", help="Files, folders or globs of conversations; - reads JSON Lines from stdin.")
    ],
    map: MapOption = None,
    grader: GraderOption = None,
    model: ModelOption = None,
    votes: VotesOption = None,
    calls: CallsOption = None,
    rubric: RubricOption = None,
    with_text: Annotated[bool, typer.Option("--with-text", help="Add the redacted turns to each line.")] = False,
    out: Annotated[str, typer.Option("-o", "--out", metavar="OUT.jsonl", help="Where the lines go; - is stdout.")] = "-",
    project: ProjectOption = None,
) -> int:
    """Grade conversations and print one JSON line each: no store, no Prefect."""
    from clearbar.pipeline.grading import grade_all
    from clearbar.pipeline.intake import Dropped
    from clearbar.pipeline.request import AuditRequest
    from clearbar.pipeline.workspace import open_workspace, with_choices

    where, settings = open_project(project)
    settings = with_choices(settings, votes=votes, calls=calls.value if calls else None)
    request = AuditRequest(sources=tuple(paths), map=tuple(map or ()))
    graded, failed, rejected, dropped = 0, 0, 0, list[str]()
    with (
        open_workspace(where, settings, rubric=rubric, grader=grader.value if grader else None, model=model, notice=notice) as space,
        writer(out) as stream,
    ):
        for item in grade_all(space, request, notice=notice, now=datetime.now(UTC), with_text=with_text):
            if isinstance(item, Dropped):
                dropped.append(str(item))
                rejected += item.outcome == "rejected"  # a duplicate is none: it was graded where it stood first
            else:
                graded += 1
                failed += any(verdict.failed for verdict in item.verdicts)
                stream.write(orjson.dumps(item.model_dump(mode="json"), option=orjson.OPT_APPEND_NEWLINE))
    if dropped:
        warn(f"{plural(len(dropped), 'record was', 'records were')} not graded:")
        list_some(dropped)
    if not graded:
        raise ClearbarError("no conversation could be graded", fix="see the lines above; `clearbar grade --help` tells what is read")
    if failed:
        warn(f"in {plural(failed, 'conversation')} the grading of a criterion failed; the verdicts say why")
    return 1 if rejected or failed else 0
