"""Help, wrong use, and what all commands have in common."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer.main
from tests.cli.conftest import Clearbar

from clearbar.cli import app

PROMISED = {"audit", "grade", "check", "report", "sample", "review", "rubric", "labels", "redact", "erase", "store", "init", "doctor"}
PRINTS_NO_TABLE = {
    "grade",  # prints lines
    "redact",  # same
    "labels export",  # same
    "labels import",
    "period close",
    "init",
    "store upgrade",
    "store retain",
    "review",  # serves
    "review serve",
    "review user add",
    "review user lock",
}


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield the name and definition of every command."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


COMMANDS = dict(commands(typer.main.get_command(app)))


def test_help_names_every_command_that_was_promised(clearbar: Clearbar) -> None:
    said = clearbar("--help")
    assert said.code == 0
    assert {word for word in PROMISED if f" {word} " in said.out} == PROMISED
    assert "Exit codes: 0 done" in said.out


def test_without_a_command_the_help_is_shown_and_the_use_is_wrong(clearbar: Clearbar) -> None:
    said = clearbar()
    assert said.code == 2
    assert "Usage: clearbar" in said.out


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_and_takes_a_project(name: str, clearbar: Clearbar) -> None:
    said = clearbar(*name.split(), "--help")
    assert said.code == 0
    assert "Usage: clearbar" in said.out
    assert COMMANDS[name].help
    options = {option: parameter for parameter in COMMANDS[name].params for option in parameter.opts}
    assert "--project" in options
    assert ("--json" in options) != (name in PRINTS_NO_TABLE)
    assert [parameter.name for parameter in options.values() if not getattr(parameter, "help", None)] == []


def test_the_version_is_printed(clearbar: Clearbar) -> None:
    said = clearbar("--version")
    assert said.code == 0
    assert said.out.startswith("clearbar ")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["adit"], "no such command 'adit'. Did you mean 'audit'?: see clearbar --help"),
        (["audit", "--limt", "3"], "no such option: --limt (Possible options: --limit): see clearbar audit --help"),
        (["audit", "--limit", "0"], "invalid value for '--limit': Input should be greater than or equal to 1"),
        (["audit", "--limit", "many"], "invalid value for '--limit'"),
        (["audit", "extra"], "got unexpected extra argument"),
        (["grade"], "missing argument 'PATH…': see clearbar grade --help"),
        (["grade", "x.jsonl", "--grader", "oracle"], "'oracle' is not one of 'auto', 'rules', 'llm', 'cascade'"),
        (["rubric", "polish"], "no such command 'polish': see clearbar rubric --help"),
        (["audit", "--since", "yesterday"], "--since 'yesterday' is no date: write it as 2026-11-01"),
        (["audit", "--until", "2026-02-30"], "--until '2026-02-30' is no date"),
        (["audit", "--no-prefect", "--since", "2026-02-01", "--until", "2026-01-01"], "--since is not before --until"),
        (["report", "--since", "2026-02-01", "--until", "2026-01-01"], "--since is not before --until"),
        (["audit", "--no-prefect", "--map", "team"], "--map 'team' is not of the form field=path"),
        (["audit", "--grader", "foo"], "invalid value for '--grader': 'foo' is not one of 'auto', 'rules'"),
        (["audit", "--no-prefect", "--map", "tema=x"], "'tema' is no field of a transcript: fields: agent, channel"),
        (["audit", "--no-prefect", "--map", "role.Bob=chef"], "'chef' is no role: roles: customer, agent"),
        (["audit", "--no-prefect", "--rubric", "nosuch"], "there is no rubric 'nosuch'"),
        (["audit", "--no-prefect", "--grader", "llm"], "--grader llm needs an LLM and none is set up"),
        (["audit", "--dry-run"], "nothing to estimate"),
        (["audit", "--project", "nowhere"], "'nowhere' is no clearbar project"),
        (["erase"], "nothing to erase was named: give --conversation ID or --customer NAME"),
        (["erase", "--conversation", "x"], "the store knows no conversation 'x': nothing was erased"),
        (["report"], "the store holds no conversation that was graded by this rubric: grade some first: clearbar audit"),
        (["sample", "--run", "nosuch"], "no run 'nosuch'"),
    ],
)
def test_wrong_use_is_one_line_that_says_what_to_do(words: list[str], expected: str, clearbar: Clearbar) -> None:
    said = clearbar(*words)
    assert said.code == 2
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert said.err.startswith("clearbar: ")
    assert expected in said.err


def test_debug_shows_the_traceback_and_the_line(clearbar: Clearbar) -> None:
    said = clearbar("rubric", "show", "nosuch", "--debug")
    assert said.code == 2
    assert "Traceback" in said.err
    assert said.err.splitlines()[-1].startswith("clearbar: there is no rubric 'nosuch'")


@pytest.mark.parametrize("name", ["", *sorted(COMMANDS)])
def test_flags_and_arguments_show_no_type(name: str, clearbar: Clearbar) -> None:
    said = clearbar(*name.split(), "--help").out
    assert [word for word in ("<bool>", "<str>", "<path>", "<list[") if word in said] == []


def test_all_settings_are_listed_with_what_they_take_and_mean(clearbar: Clearbar) -> None:
    listed = {one["name"]: one for one in clearbar("settings", "--json").json}
    assert listed["llm.model"]["variable"] == "CLEARBAR_LLM__MODEL"
    assert {"store_url", "retention.texts", "redaction.regions", "review.oidc.issuer", "sources.NAME.uri"} <= set(listed)
    assert all(one["values"] and one["default"] and one["says"] for one in listed.values())


def test_settings_are_found_by_words(clearbar: Clearbar) -> None:
    said = clearbar("settings", "Retention", "raw")
    assert (said.code, "retention.replies" in said.out, "retention.texts" in said.out) == (0, True, False)
    none = clearbar("settings", "nonsense")
    assert (none.code, none.err) == (2, "clearbar: no setting holds 'nonsense': clearbar settings lists them all\n")
