"""`clearbar audit`: the flow from pull to report; with Prefect where it can be used, else the same work without."""

import os
import runpy
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clearbar.cli.interruption import interruptible
from clearbar.cli.options import (
    CallsOption,
    GraderOption,
    JsonOption,
    MapOption,
    ModelOption,
    ProjectOption,
    RubricOption,
    VotesOption,
    list_some,
    notice,
    open_project,
    print_json,
    read_date,
    table,
    warn,
)
from clearbar.cli.prefect_api import quiet, unusable
from clearbar.errors import ClearbarError
from clearbar.plural import plural
from clearbar.project import Project
from clearbar.settings import Settings

if TYPE_CHECKING:
    from clearbar.pipeline.audits import AuditResult
    from clearbar.pipeline.reporting import TeamSummary
    from clearbar.pipeline.request import AuditRequest

__all__ = ["register"]

NAME = 60
"""Characters of a team's name in the table; a longer one would leave no room for the figures."""


class Mode(StrEnum):
    """How an LLM is asked."""

    CALLS = "calls"
    BATCH = "batch"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Audit")(audit)


@interruptible()
def audit(
    source: Annotated[
        list[str] | None,
        typer.Option(
            "--source",
            metavar="URI|PATH|NAME",
            help="What to read: file, folder, glob, SQLAlchemy URL with #table, or a name in the settings (repeatable).",
            show_default=False,
        ),
    ] = None,
    map: MapOption = None,
    team: Annotated[str | None, typer.Option("--team", metavar="T", help="Only this team.", show_default=False)] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="D", help="Only conversations from this date on.", show_default=False)
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="D", help="Only conversations before this date.", show_default=False)
    ] = None,
    grader: GraderOption = None,
    model: ModelOption = None,
    votes: VotesOption = None,
    calls: CallsOption = None,
    rubric: RubricOption = None,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=1, help="Stop after N conversations.", show_default=False)
    ] = None,
    review: Annotated[
        int | None, typer.Option("--review", metavar="N", min=0, help="Sample N conversations for review.", show_default=False)
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Folder for the reports.", show_default=False)] = None,
    mode: Annotated[Mode, typer.Option("--mode", help="batch: ask the provider's batch interface, cheaper and slower.")] = Mode.CALLS,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Grade nothing: print conversations, tokens and cost.")] = False,
    no_prefect: Annotated[bool, typer.Option("--no-prefect", help="Do the same work without Prefect.")] = False,
    as_json: JsonOption = False,
    project: ProjectOption = None,
) -> int:
    """Audit conversations: pull, redact, grade, store, check, sample for review, and report for each team."""
    quiet()
    where, settings = open_project(project)
    from clearbar.pipeline.request import AuditRequest

    request = AuditRequest(
        sources=tuple(source or ()),
        map=tuple(map or ()),
        team=team,
        since=read_date(since, "--since"),
        until=read_date(until, "--until"),
        grader=grader.value if grader else None,
        model=model,
        votes=votes,
        calls=calls.value if calls else None,
        rubric=rubric,
        limit=limit,
        review=review,
        out=out.absolute() if out else None,
        mode=mode.value,
    )
    if dry_run:
        return _estimate(where, settings, request, as_json=as_json)
    result = _run(where, settings, request, no_prefect=no_prefect)
    if as_json:
        print_json(result.model_dump(mode="json"))
    else:
        _tell(result)
    return result.exit_code


def _run(where: Project, settings: Settings, request: "AuditRequest", *, no_prefect: bool) -> "AuditResult":
    from clearbar.cli.progress import watched
    from clearbar.pipeline.audits import run_audit

    with watched():
        why = "" if no_prefect else unusable(os.environ)
        if why is None:
            return _flow(where, settings, request)
        if why:
            notice(f"Prefect cannot be used, so this audit runs without it: {why}")
        return run_audit(where, settings, request, notice=notice)


def _flow(where: Project, settings: Settings, request: "AuditRequest") -> "AuditResult":
    """Run the project's flow; if Prefect itself fails, finish without it: what was graded is in the store and not graded again."""
    from clearbar.pipeline.audits import run_audit

    try:
        entry = runpy.run_path(str(where.path("flows/audit.py")))
        result: AuditResult = entry["audit"](request=request, project=str(where.root))
    except (ClearbarError, KeyboardInterrupt):
        raise
    except Exception as error:  # noqa: BLE001 - whatever fails inside Prefect must not cost the audit
        if _interrupted(error):
            raise KeyboardInterrupt from None
        notice(f"Prefect failed ({type(error).__name__}), so this audit goes on without it")
        return run_audit(where, settings, request, notice=notice)
    return result


def _interrupted(error: BaseException | None) -> bool:
    """Say whether a fault followed from an interrupt, which ends Prefect's temporary server before the flow can tell it."""
    while error and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _estimate(where: Project, settings: Settings, request: "AuditRequest", *, as_json: bool) -> int:
    from clearbar.pipeline.estimate import estimate_cost

    found = estimate_cost(where, settings, request, notice=notice)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return 0
    cost = "cost unknown: the model is not in the price table" if found.cost_usd is None else f"at most ${found.cost_usd:.2f}"
    typer.echo(
        f"{plural(found.conversations, 'conversation')}, {plural(found.calls, 'call')}, {plural(found.input_tokens, 'input token')}"
        f" (up to {found.cached_tokens:,} of them cached), {plural(found.output_tokens, 'output token')}; {cost}"
    )
    if found.prices:
        notice(found.prices)
    if found.over_long:
        typer.echo(f"{plural(found.over_long, 'conversation is', 'conversations are')} too long for the model and would go to the rules")
    return 0


def _tell(result: "AuditResult") -> None:
    """Print what an audit did, the place of the reports last."""
    from clearbar.report import usage_words

    counts = result.counts
    typer.echo(
        f"{result.pulled} pulled = {counts.graded} graded + {counts.ungraded} ungraded + {counts.reused} reused"
        f" + {counts.duplicate} duplicate + {counts.filtered} filtered + {counts.rejected} rejected"
    )
    for rule, number in sorted(result.excluded.items()):
        typer.echo(f"  of those filtered, {number} {rule}")
    if any(result.verdicts.values()):
        typer.echo(f"verdicts in the reports: {_given(result)}")
    if result.usage.calls:
        typer.echo(usage_words(result.usage))
    for reason, number in sorted(result.fallbacks.items()):
        warn(f"{plural(number, 'conversation')} fell back to rules: {reason}")
    if result.regraded.left:
        again = result.regraded
        typer.echo(f"of {plural(again.left, 'conversation')} left to the rules before, the LLM graded {again.regraded} now")
    if result.listed:
        warn("records to look at:")
        list_some([str(item) for item in result.listed])
    if result.teams:
        table(
            "",
            ("team", "conversations", "score", "clears the bar", "weakest"),
            [_row(team) for team in result.teams],
            right=(1, 2, 3),
        )
    if result.sampled:
        typer.echo(f"{plural(result.sampled, 'conversation')} sampled for review: clearbar sample, clearbar review")
    typer.echo(f"reports: {result.index}" if result.index else "no report: nothing was graded")


def _given(result: "AuditResult") -> str:
    """Say who gave the verdicts; those who gave none are left out."""
    given = [f"{number:,} {'' if name == 'ungraded' else 'by '}{name}" for name, number in result.verdicts.items() if number]
    return ", ".join(given) + (f" (rules because {result.why_rules})" if result.why_rules else "")


def _row(team: "TeamSummary") -> tuple[str, ...]:
    name = " ".join((team.team or "(no team)").split())
    return (
        name if len(name) <= NAME else f"{name[: NAME - 1]}…",
        str(team.conversations),
        team.score,
        team.clears,
        ", ".join(team.weakest) or "–",
    )
