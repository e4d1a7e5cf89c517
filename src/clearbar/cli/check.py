"""`clearbar check`: a grader against labels."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from clearbar.cli.options import (
    Grader,
    GraderOption,
    JsonOption,
    MapOption,
    ModelOption,
    ProjectOption,
    RubricOption,
    list_some,
    notice,
    open_project,
    print_json,
    table,
    warn,
)
from clearbar.cli.output import writer
from clearbar.project import Project
from clearbar.settings import Settings

if TYPE_CHECKING:
    from clearbar.pipeline.checking import Checked

__all__ = ["register"]


class Split(StrEnum):
    """Part of the labelled set."""

    TEST = "test"
    DEV = "dev"
    ALL = "all"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Trust")(check)


def check(
    labels: Annotated[
        list[str] | None,
        typer.Option(
            "--labels", metavar="PATH", help="Label files (repeatable); the project's own labelled set by default.", show_default=False
        ),
    ] = None,
    transcripts: Annotated[
        list[str] | None,
        typer.Option("--transcripts", metavar="PATH-OR-GLOB", help="The conversations that they label (repeatable).", show_default=False),
    ] = None,
    map: MapOption = None,
    grader: GraderOption = None,
    model: ModelOption = None,
    rubric: RubricOption = None,
    split: Annotated[Split, typer.Option("--split", help="Part of the project's own labelled set.")] = Split.TEST,
    stability: Annotated[
        bool, typer.Option("--stability", help="Instead: how often verdicts flip when asked again or in other words.")
    ] = False,
    fairness: Annotated[bool, typer.Option("--fairness", help="Instead: how often verdicts flip with another way of writing.")] = False,
    page: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a page with confusions and disagreements.")] = None,
    as_json: JsonOption = False,
    project: ProjectOption = None,
) -> int:
    """Compare a grader with labelled conversations, and decide for each criterion whether it may be trusted. Exits 1 on no-go."""
    from clearbar.pipeline.checking import CheckRequest, run_check
    from clearbar.report.check_page import render_check

    where, settings = open_project(project)
    if stability or fairness:
        from clearbar.pipeline.workspace import with_model

        return _probe(where, with_model(settings, model), "stability" if stability else "fairness", grader, rubric, as_json=as_json)
    request = CheckRequest(
        split=split.value,
        labels=tuple(labels or ()),
        transcripts=tuple(transcripts or ()),
        map=tuple(map or ()),
        grader=grader.value if grader else None,
        model=model,
        rubric=rubric,
    )
    checked = run_check(where, settings, request, notice=notice)
    if page is not None:
        with writer(str(page)) as stream:
            stream.write(render_check(checked.result, labelled_set=checked.labelled_set).encode())
    if as_json:
        print_json(checked.result.as_json())
    else:
        _tell(checked)
    if checked.rejected:
        warn(f"{len(checked.rejected)} records could not be used:")
        list_some([str(item) for item in checked.rejected])
    return checked.exit_code


def _probe(
    where: Project,
    settings: Settings,
    probes: Literal["stability", "fairness"],
    grader: Grader | None,
    rubric: str | None,
    *,
    as_json: bool,
) -> int:
    from clearbar.pipeline.steadiness import SteadinessRequest, run_probes

    request = SteadinessRequest(probes=probes, grader=grader.value if grader else None, rubric=rubric)
    found = run_probes(where, settings, request, notice=notice)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return 0
    rows = [
        (
            item.probe.value,
            item.criterion,
            str(item.conversations),
            str(item.flips),
            "–" if item.rate is None else f"{item.rate:.1%}",
            "–" if item.low is None or item.high is None else f"{item.low:.1%} to {item.high:.1%}",
        )
        for item in found.rates
        if item.flips
    ]
    table(
        f"{probes} of {found.grader}", ("what was changed", "criterion", "conversations", "flips", "rate", "95 %"), rows, right=range(2, 6)
    )
    quiet = sum(not item.flips for item in found.rates)
    typer.echo(f"{quiet} of {len(found.rates)} pairs of change and criterion without a flip")
    return 0


def _tell(checked: "Checked") -> None:
    result = checked.result
    columns = ("criterion", "n", "agree", "kappa", "95 %", "weighted", "below: prec.", "rec.", "coverage", "decision")
    rows = [
        (
            id,
            str(item.n),
            _figure(item.agreement),
            _figure(item.kappa),
            f"{item.interval.low:.2f} to {item.interval.high:.2f}" if item.interval else "–",
            _figure(item.weighted_kappa),
            _figure(item.precision_below),
            _figure(item.recall_below),
            _figure(item.coverage),
            item.decision.value,
        )
        for id, item in result.criteria.items()
    ]
    table(f"{checked.grader} against {checked.labelled_set}: {result.n} conversations", columns, rows)
    typer.echo(f"macro kappa {_figure(result.macro.kappa)}; {result.provenance.line()}")
    for id, item in result.criteria.items():
        if item.why:
            typer.echo(f"  {id}: {item.why}")
    list_some(list(checked.notes), what="more notes")


def _figure(value: Any) -> str:
    return "–" if value is None else f"{value:.2f}"
