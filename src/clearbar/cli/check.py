"""`clearbar check`: a grader against labels."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypedDict

import typer

from clearbar.cli.interruption import interruptible
from clearbar.cli.options import (
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
from clearbar.errors import UsageError
from clearbar.plural import plural
from clearbar.project import Project
from clearbar.settings import Settings

if TYPE_CHECKING:
    from clearbar.check import CheckResult
    from clearbar.pipeline.checking import Checked
    from clearbar.stability import ErrorRate, FlipRate

__all__ = ["register"]


Part = Literal["test", "dev", "all"]


class Split(StrEnum):
    """Part of the labelled set."""

    TEST = "test"
    DEV = "dev"
    ALL = "all"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Trust")(check)


@interruptible()
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
    split: Annotated[
        Split | None,
        typer.Option(
            "--split", help="Part of the project's own labelled set: test, or dev with --stability and --fairness.", show_default=False
        ),
    ] = None,
    stability: Annotated[
        bool, typer.Option("--stability", help="Instead: how often verdicts flip when asked again or in other words.")
    ] = False,
    fairness: Annotated[bool, typer.Option("--fairness", help="Instead: how often verdicts flip with another way of writing.")] = False,
    save: Annotated[
        bool, typer.Option("--save-baseline", help="Keep this check of the rules as what later ones are held against.")
    ] = False,
    page: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a page with confusions and disagreements.")] = None,
    as_json: JsonOption = False,
    project: ProjectOption = None,
) -> int:
    """Compare a grader with labelled conversations, and decide for each criterion whether it may be trusted. Exits 1 on no-go."""
    where, settings = open_project(project)
    asked: _Asked = {
        "labels": tuple(labels or ()),
        "transcripts": tuple(transcripts or ()),
        "map": tuple(map or ()),
        "grader": grader.value if grader else None,
        "model": model,
        "rubric": rubric,
    }
    part: Part | None = split.value if split else None
    if not (stability or fairness):
        return _compare(where, settings, asked, split=part or "test", save=save, page=page, as_json=as_json)
    if stability and fairness:
        raise UsageError("--stability and --fairness are two questions", fix="ask one after the other")
    if page is not None:
        raise UsageError("--html goes with a plain check only", fix="use --json to keep what --stability or --fairness found")
    return _probe(where, settings, asked, probes="stability" if stability else "fairness", split=part or "dev", as_json=as_json)


class _Asked(TypedDict):
    """What is compared with what."""

    labels: tuple[str, ...]
    transcripts: tuple[str, ...]
    map: tuple[str, ...]
    grader: Literal["auto", "rules", "llm", "cascade"] | None
    model: str | None
    rubric: str | None


def _compare(where: Project, settings: Settings, asked: _Asked, *, split: Part, save: bool, page: Path | None, as_json: bool) -> int:
    from clearbar.pipeline.baseline import against_baseline, load_baseline, save_baseline
    from clearbar.pipeline.checking import CheckRequest, run_check
    from clearbar.report.check_page import render_check

    checked = run_check(where, settings, CheckRequest(split=split, **asked), notice=notice)
    if page is not None:
        with writer(str(page)) as stream:
            stream.write(render_check(checked.result, labelled_set=checked.labelled_set, graders=checked.graders).encode())
    since = against_baseline(load_baseline(where), checked)
    if save:
        save_baseline(where, checked)
    if as_json:
        print_json(checked.as_json())
    else:
        _tell(checked)
        if since:
            typer.echo(since)
    if checked.rejected:
        warn(f"{plural(len(checked.rejected), 'record')} could not be used:")
        list_some([str(item) for item in checked.rejected])
    return checked.exit_code


def _probe(
    where: Project, settings: Settings, asked: _Asked, *, probes: Literal["stability", "fairness"], split: Part, as_json: bool
) -> int:
    from clearbar.pipeline.steadiness import SteadinessRequest, run_probes

    request = SteadinessRequest(probes=probes, split=split, **asked)
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
            *_rate(item),
        )
        for item in found.rates
        if item.flips
    ]
    table(
        f"{request.probes} of {found.grader}",
        ("what was changed", "criterion", "conversations", "flips", "rate", "95 %"),
        rows,
        right=range(2, 6),
    )
    quiet = sum(not item.flips for item in found.rates)
    typer.echo(f"{quiet} of {plural(len(found.rates), 'pair')} of change and criterion without a flip")
    for probe, number in found.failed.items():
        if number:
            typer.echo(f"{plural(number, 'grading')} failed under: {probe}; no rate counts that")
    if found.errors:
        wrong = [(item.group, item.criterion, str(item.compared), str(item.wrong), *_rate(item)) for item in found.errors]
        table("errors against the labels", ("group", "criterion", "labels", "wrong", "rate", "95 %"), wrong, right=range(2, 6))
    return 0


def _rate(item: "FlipRate | ErrorRate") -> tuple[str, str]:
    known = item.rate is not None and item.low is not None and item.high is not None
    return (f"{item.rate:.1%}", f"{item.low:.1%} to {item.high:.1%}") if known else ("–", "–")


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
    table(f"{checked.grader} against {checked.labelled_set}: {plural(result.n, 'conversation')}", columns, rows)
    typer.echo(f"macro kappa {_figure(result.macro.kappa)}; {result.provenance.line()}")
    typer.echo(f"intervals by {result.clustered_by}; {_together(result)}; {_looks(result.looks)}")
    _tell_beside(result)
    _tell_graders(checked)
    for id, item in result.criteria.items():
        if item.why:
            typer.echo(f"  {id}: {item.why}")
    list_some(list(checked.notes), what="more notes")


def _together(result: "CheckResult") -> str:
    trusted = [id for id, item in result.criteria.items() if item.trusted_together]
    return f"trusted when all criteria are judged at once (Holm): {', '.join(trusted) or 'none'}"


def _looks(looks: int | None) -> str:
    return f"look {looks} at this set, and every look makes its figures a little too kind" if looks else "looks at this set are not counted"


def _tell_beside(result: "CheckResult") -> None:
    """Print what nothing is decided by: the annotators' own agreement, parts of the task, everyday prevalence."""
    columns = ("criterion", "annotators", "AC1", "alpha", "applies", "below", "everyday: under", "kappa", "below: prec.")
    rows = [
        (
            id,
            _figure(item.annotators.kappa if item.annotators else None),
            _figure(item.ac1),
            _figure(item.alpha),
            _figure(item.applicable_kappa),
            _figure(item.below_kappa),
            _figure(item.reweighted.prevalence_below if item.reweighted else None),
            _figure(item.reweighted.kappa if item.reweighted else None),
            _figure(item.reweighted.precision_below if item.reweighted else None),
        )
        for id, item in result.criteria.items()
    ]
    told = "the annotators' own kappa, the grader's AC1 and alpha, kappa of its two halves, and at everyday prevalence"
    table(f"Beside it: {told}", columns, rows)


def _tell_graders(checked: "Checked") -> None:
    """Print how far graders and annotators cover, overlap and conflict, over all criteria; the page and the JSON have each."""
    names = list(dict.fromkeys(item.grader for item in checked.graders))
    if len(names) < 2:  # noqa: PLR2004 - nobody to compare with
        return
    rows = []
    for name in names:
        own = [item for item in checked.graders if item.grader == name]
        parts = ([item.coverage for item in own], [item.overlap for item in own], [item.conflict for item in own])
        rows.append((name, *(_figure(_mean(part)) for part in (*parts, [item.accuracy for item in own]))))
    table("Who says what", ("grader", "coverage", "overlap", "conflict", "as the labels"), rows)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _figure(value: Any) -> str:
    return "–" if value is None else f"{value:.2f}"
