"""`clearbar rubric …`: read, check, compare, draft and explain rubrics."""

from typing import Annotated

import typer

from clearbar.cli.options import JsonOption, ProjectOption, open_project, print_json

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
    from clearbar.articles import load_articles
    from clearbar.description import describe
    from clearbar.rubric_file import open_rubric

    where, settings = open_project(project)
    found = open_rubric(rubric or settings.grading.rubric, where, drafts=True)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        typer.echo(describe(found, load_articles(where.path("rubrics/sources.yaml"))))
    return 0


@commands.command()
def lint(rubric: NameArgument = None, as_json: JsonOption = False, project: ProjectOption = None) -> int:
    """Check a rubric's wording and build: double questions, undefined N/A, overlapping levels, missing sources. Exits 1 on errors."""
    from clearbar.articles import load_articles
    from clearbar.lint import lint as find
    from clearbar.rubric_file import open_rubric

    where, settings = open_project(project)
    found = open_rubric(rubric or settings.grading.rubric, where, drafts=True)
    findings = find(found, load_articles(where.path("rubrics/sources.yaml")))
    if as_json:
        print_json([finding.model_dump(mode="json") for finding in findings])
    else:
        for finding in findings:
            typer.echo(f"{finding.level}: {finding.place}: {finding.what}: {finding.fix}")
        typer.echo(f"{found.name} {found.version}: {len(found.criteria)} criteria, {len(findings)} findings")
    return 1 if any(finding.level == "error" for finding in findings) else 0
