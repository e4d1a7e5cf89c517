"""`clearbar rubric …`: read, check, compare, draft and explain rubrics."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clearbar.cli.options import (
    GraderOption,
    JsonOption,
    ModelOption,
    ProjectOption,
    RubricOption,
    notice,
    open_project,
    print_json,
    read_date,
    table,
)
from clearbar.errors import UsageError
from clearbar.plural import plural

if TYPE_CHECKING:
    from clearbar.grading.rules import Explanation
    from clearbar.grading.rules.explanation import Measured
    from clearbar.transcript import RedactedTranscript

__all__ = ["register"]

commands = typer.Typer(help="Read, check, compare, draft and explain rubrics.", no_args_is_help=True)
NameArgument = Annotated[
    str | None, typer.Argument(metavar="RUBRIC", help="A name in rubrics/ or a YAML file; the project's rubric by default.")
]


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(commands, name="rubric", rich_help_panel="Trust")


@commands.command()
def show(rubric: NameArgument = None, as_json: JsonOption = False, project: ProjectOption = None) -> int:
    """Print a rubric for people: criteria, levels, weights, gates, and what they rest on."""
    from clearbar.articles import articles_for
    from clearbar.description import describe
    from clearbar.rubric_file import open_rubric

    where, settings = open_project(project)
    found = open_rubric(rubric or settings.grading.rubric, where, drafts=True)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        typer.echo(describe(found, articles_for(rubric or settings.grading.rubric, where)))
    return 0


@commands.command()
def lint(rubric: NameArgument = None, as_json: JsonOption = False, project: ProjectOption = None) -> int:
    """Check a rubric's wording and build: double questions, undefined N/A, overlapping levels, missing sources. Exits 1 on errors."""
    from clearbar.articles import articles_for
    from clearbar.lint import lint as find
    from clearbar.rubric_file import open_rubric

    where, settings = open_project(project)
    found = open_rubric(rubric or settings.grading.rubric, where, drafts=True)
    findings = find(found, articles_for(rubric or settings.grading.rubric, where))
    if as_json:
        print_json([finding.model_dump(mode="json") for finding in findings])
    else:
        for finding in findings:
            typer.echo(f"{finding.level}: {finding.place}: {finding.what}: {finding.fix}")
        typer.echo(
            f"{found.name} {found.version}: {plural(len(found.criteria), 'criterion', 'criteria')}, {plural(len(findings), 'finding')}"
        )
    return 1 if any(finding.level == "error" for finding in findings) else 0


@commands.command()
def draft(
    articles: Annotated[list[Path], typer.Argument(metavar="ARTICLES…", help="Text or Markdown files on service, or folders of them.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="The rubric to write; its sources go beside it.")],
    grader: GraderOption = None,
    model: ModelOption = None,
    rubric: RubricOption = None,
    as_json: JsonOption = False,
    project: ProjectOption = None,
) -> int:
    """Propose a rubric from articles, each point with the passage it rests on. A draft: nothing grades with it until you approve it."""
    from clearbar.pipeline.drafting import draft_rubric

    if out.suffix != ".yaml":
        raise UsageError(f"-o {out} is no YAML file", fix="let the name end in .yaml")
    where, settings = open_project(project)
    made = draft_rubric(
        where,
        settings,
        articles,
        name=out.stem,
        rubric=rubric,
        grader=grader.value if grader else None,
        model=model,
        notice=notice,
    )
    beside = made.write(out)
    if as_json:
        print_json(made.model_dump(mode="json"))
        return 0
    points = {(article.id, point.id): point for article in made.articles.articles for point in article.points}
    rows = [
        (
            item.id,
            "new" if item.id in made.new else "known",
            str(len(item.sources)),
            next((point.passage.quote for source in item.sources if (point := points[source.article, source.id or ""]).passage), ""),
        )
        for item in made.rubric.criteria
    ]
    table(f"drafted {made.how}", ("criterion", "", "passages", "the first"), rows, right=(2,))
    held = plural(len(made.articles.causes), "cause"), plural(len(made.articles.steps), "step"), plural(made.passages, "passage")
    typer.echo(f"{', '.join(held)} in all")
    typer.echo(f"a draft lies in {out}, its passages in {beside}; next: clearbar rubric lint {out}")
    return 0


@commands.command()
def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The rubric in force.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The edited rubric.")],
    since: Annotated[
        str | None, typer.Option("--since", metavar="D", help="Only conversations from this date on.", show_default=False)
    ] = None,
    as_json: JsonOption = False,
    project: ProjectOption = None,
) -> int:
    """Show what an edit would have done to stored conversations, before it goes live. A change of scoring alone costs nothing."""
    from clearbar.pipeline.rubric_change import compare_rubrics

    where, settings = open_project(project)
    found = compare_rubrics(where, settings, old, new, since=read_date(since, "--since"), notice=notice)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return 0
    for words, names in (
        ("added", found.added),
        ("removed", found.removed),
        ("reworded", found.reworded),
        ("other rules", found.other_rules),
    ):
        if names:
            typer.echo(f"{words}: {', '.join(names)}")
    typer.echo("scoring changed" if found.scoring_changed else "scoring is the same")
    flips = [
        (item.criterion, str(item.compared), str(item.flips), ", ".join(f"{move} ({number})" for move, number in item.moves.items()))
        for item in found.criteria
        if item.flips
    ]
    if flips:
        table("verdicts that flip", ("criterion", "compared", "flips", "from → to"), flips, right=(1, 2))
    teams = [
        (
            item.team or "(no team)",
            str(item.conversations),
            _score(item.old_score),
            _score(item.new_score),
            str(item.bands_changed),
            f"{item.auto_fails:+d}",
        )
        for item in found.teams
    ]
    table("teams", ("team", "conversations", "score now", "score then", "bands changed", "auto-fails"), teams)
    for note in found.notes:
        notice(note)
    return 0


@commands.command()
def explain(
    conversation: Annotated[str, typer.Argument(metavar="CONVERSATION", help="Its id.")],
    source: Annotated[
        list[str] | None, typer.Option("--source", metavar="PATH", help="Where it lies (repeatable).", show_default=False)
    ] = None,
    rubric: RubricOption = None,
    as_json: JsonOption = False,
    project: ProjectOption = None,
) -> int:
    """Show what the rules see in a conversation, coloured in the text, and what each verdict rests on."""
    from clearbar.pipeline.explaining import explain_conversation

    where, settings = open_project(project)
    transcript, found = explain_conversation(where, settings, conversation, sources=tuple(source or ()), rubric=rubric, notice=notice)
    if as_json:
        print_json({"transcript": transcript.id, **found.model_dump(mode="json")})
        return 0
    _colour(transcript, found)
    table("signals", ("signal", "value", "turns", "what it is"), [_signal(item) for item in found.signals], right=(1,))
    rows = [
        (item.criterion, item.level if item.graded else f"({item.level})", item.rationale or item.reason or "") for item in found.verdicts
    ]
    table("verdicts", ("criterion", "level", "because"), rows, right=())
    return 0


@commands.command()
def fit(
    labels: Annotated[
        list[str] | None, typer.Option("--labels", metavar="PATH", help="Label files (repeatable).", show_default=False)
    ] = None,
    transcripts: Annotated[
        list[str] | None,
        typer.Option("--transcripts", metavar="PATH-OR-GLOB", help="The conversations that they label.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="FILE", help="Write the rubric with what does better on parts left out.", show_default=False),
    ] = None,
    rubric: RubricOption = None,
    as_json: JsonOption = False,
    project: ProjectOption = None,
) -> int:
    """Refit the rules' named figures and the points of scorecards on labels and print them; you decide what goes into the rubric file."""
    from clearbar.pipeline.explaining import fit_rules

    where, settings = open_project(project)
    found = fit_rules(
        where, settings, labels=tuple(labels or ()), transcripts=tuple(transcripts or ()), rubric=rubric, out=out, notice=notice
    )
    if as_json:
        print_json([item.model_dump(mode="json") for item in found])
        return 0
    rows = [
        (
            item.criterion,
            f"{item.tally}: {item.name}" if item.tally else item.name,
            f"{item.before:g}",
            f"{item.after:g}",
            _kappa(item.kappa_before),
            _kappa(item.kappa_after),
            _kappa(item.kappa_unseen),
            str(item.n),
        )
        for item in found
    ]
    table(
        "figures of the rules",
        ("criterion", "figure", "now", "fitted", "kappa now", "fitted", "on unseen parts", "labels"),
        rows,
        right=range(2, 8),
    )
    return 0


def _score(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _kappa(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _signal(item: "Measured") -> tuple[str, str, str, str]:
    turns = ", ".join(str(turn) for turn in item.turns[:8]) + (", …" if len(item.turns) > 8 else "")  # noqa: PLR2004 - what fits a line
    return (item.name, f"{item.value:g}", turns, item.about)


def _colour(transcript: "RedactedTranscript", found: "Explanation") -> None:
    """Print the turns with what the lexicon found in colour, and its group behind it."""
    from rich.console import Console
    from rich.text import Text

    console = Console()
    for number, turn in enumerate(transcript.turns):
        line = Text(f"{number:>3} {turn.role:<9}", style="dim") + Text(turn.text)
        begin = len(line) - len(turn.text)
        hits = [hit for hit in found.hits if hit.turn == number]
        for hit in hits:
            line.stylize("bold magenta" if turn.role == "agent" else "bold cyan", begin + hit.start, begin + hit.end)
        if hits:
            line.append(f"  [{', '.join(dict.fromkeys(hit.group for hit in hits))}]", style="italic dim")
        console.print(line)
