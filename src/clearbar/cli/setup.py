"""`clearbar init` and `clearbar doctor`."""

import importlib.metadata
import os
import platform
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clearbar.cli.options import JsonOption, ProjectOption, open_project, print_json, table
from clearbar.errors import ClearbarError, UsageError
from clearbar.plural import plural
from clearbar.project import FOLDERS, Project, find_project
from clearbar.settings import Settings

if TYPE_CHECKING:
    from clearbar.settings_guide import Described, Section

__all__ = ["register"]

PACKAGES = ("prefect", "langchain-core", "langchain-openai", "openai", "pydantic", "sqlalchemy", "google-re2", "fastapi")
SETTINGS = """\
# Settings of this project; every one can also be given in the environment: CLEARBAR_GRADING__GRADER=rules
# All settings, with what they take and mean: clearbar settings

[grading]
# grader = "auto"          # auto, rules, llm, cascade
# rubric = "service_bar"

# [sources.chats]
# uri = "env:CHATS_URL"    # a secret stays in the environment
# table = "messages"
# map = { id = "conversation_id", role = "speaker", text = "body" }
"""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(rich_help_panel="Project")(init)
    app.command(rich_help_panel="Project")(doctor)
    app.command("settings", rich_help_panel="Project")(list_settings)


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    project: ProjectOption = None,
) -> int:
    """Make a project of your own: rubrics, prompts, evals, flows and settings to edit."""
    source = find_project(project)
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty", fix="name a new folder")
    try:
        for name in FOLDERS:
            shutil.copytree(source.path(name), folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "clearbar.toml").write_text(SETTINGS, encoding="utf-8")
        if (source.root / "prefect.yaml").is_file():
            shutil.copy(source.root / "prefect.yaml", folder / "prefect.yaml")
    except OSError as error:
        raise ClearbarError(f"{folder} cannot be written ({error.strerror})", fix="choose another place") from error
    typer.echo(f"A project lies in {folder}. Next: cd {folder} && clearbar audit")
    return 0


def doctor(as_json: JsonOption = False, project: ProjectOption = None) -> int:
    """Say what works here: project, store, LLM, Prefect, versions. Exits 1 where something asked for does not."""
    where, settings = open_project(project)
    facts: dict[str, str] = {
        "python": platform.python_version(),
        "project": f"{where.root}{' (built in, read-only)' if where.builtin else ''}",
        "state": str(where.state),
        "rubric": settings.grading.rubric,
        "grader": settings.grading.grader,
        **{name: _version(name) for name in PACKAGES},
    }
    checks = {"store": _store(where, settings), "llm": _llm(settings), "prefect": _prefect()}
    if as_json:
        print_json({**facts, **{name: {"ok": ok, "says": says} for name, (ok, says) in checks.items()}})
    else:
        rows = list(facts.items()) + [(name, ("ok: " if ok else "TROUBLE: ") + says) for name, (ok, says) in checks.items()]
        table("clearbar doctor", ("what", "says"), rows, right=())
    return 0 if all(ok for ok, _ in checks.values()) else 1


def list_settings(
    words: Annotated[list[str] | None, typer.Argument(metavar="WORD…", help="Only settings with all of these in name or meaning.")] = None,
    as_json: JsonOption = False,
    project: ProjectOption = None,
) -> int:
    """List the settings: what they take, what holds without them, and what they mean."""
    from clearbar.settings_guide import describe_settings

    del project  # the same in every project
    wanted = [word.casefold() for word in words or ()]
    found = [(section, [one for one in section.settings if _holds(section, one, wanted)]) for section in describe_settings()]
    if not any(shown for _, shown in found):
        raise UsageError(f"no setting holds {' and '.join(map(repr, words or ()))}", fix="clearbar settings lists them all")
    if as_json:
        print_json([{**one._asdict(), "variable": one.variable} for _, shown in found for one in shown])
        return 0
    typer.echo("Written in clearbar.toml (llm.model is model under [llm]) or in the environment, which wins (CLEARBAR_LLM__MODEL).")
    for section, shown in found:
        if shown:
            rows = [(one.name, one.values.replace("`", ""), one.default, one.says) for one in shown]
            table(f"\n{section.title} {section.says}".rstrip(), ("setting", "values", "without it", ""), rows, right=())
    return 0


def _holds(section: "Section", one: "Described", words: Sequence[str]) -> bool:
    text = f"{section.says} {one.name} {one.variable} {one.says}".casefold()
    return all(word in text for word in words)


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _store(where: Project, settings: Settings) -> tuple[bool, str]:
    from clearbar.pipeline.workspace import open_store

    try:
        with open_store(where, settings) as store:
            return True, f"{store.name}: {plural(len(store.runs()), 'run')}, {plural(len(store.teams()), 'team')}"
    except ClearbarError as error:
        return False, str(error)


def _llm(settings: Settings) -> tuple[bool, str]:
    from clearbar.grading.llm import find_model, why_unavailable

    found = list[str]()
    try:
        llm = find_model(settings.llm, found.append)
    except ClearbarError as error:
        return settings.grading.grader == "rules", str(error)
    if why := why_unavailable(llm):
        return settings.grading.grader in {"auto", "rules"}, f"none is set up, so rules grade: {why}"
    return True, f"{llm.model} is set up; `clearbar audit --dry-run` asks it nothing and prints what it would cost"


def _prefect() -> tuple[bool, str]:
    from clearbar.cli.prefect_api import unusable

    why = unusable(os.environ)
    return why is None, why or os.environ.get("PREFECT_API_URL") or "a temporary server is started when a flow runs"
