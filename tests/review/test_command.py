"""`clearbar review`: who may enter, and that nobody's password travels in clear."""

import json
from pathlib import Path

import pytest

from clearbar.cli import main
from clearbar.project import Project


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as done:
        main([*words])
    return int(done.value.code or 0)


def test_people_are_added_listed_and_locked_out(project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    password = tmp_path / "password"
    password.write_text("long enough a password\n")
    where = ("--project", str(project.root))
    assert run("review", "user", "add", "tom", "--role", "team_lead", "--team", "parcels", "--password-file", str(password), *where) == 0
    assert run("review", "user", "add", "sue", "--role", "viewer", "--team", "*", "--sso", "subject-9", *where) == 0
    assert run("review", "user", "lock", "tom", *where) == 0
    capsys.readouterr()
    assert run("review", "user", "list", "--json", *where) == 0
    sue, tom = json.loads(capsys.readouterr().out)
    assert (tom["role"], tom["teams"], tom["active"], tom["local"]) == ("team_lead", ["parcels"], False, True)
    assert (sue["subject"], sue["local"]) == ("subject-9", False)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("user", "add", "zoe", "--role", "boss", "--sso", "s"), "there is: admin, lead, reviewer"),
        (("user", "add", "zoe", "--role", "agent", "--sso", "s"), "needs the agent's pseudonym"),
        (("user", "add", "zoe", "--password-file", "/nowhere"), "cannot be read"),
        (("user", "add", "zoe"), "no password was given: run this in a terminal"),
        (("user", "lock", "nobody"), "there is nobody named"),
        (("--host", "0.0.0.0"), "passwords would travel in clear"),  # noqa: S104
        (("--certificate", "x.pem"), "go together"),
    ],
)
def test_wrong_use_is_one_line(project: Project, words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]) -> None:

    assert run("review", *words, "--project", str(project.root)) == 2
    line = capsys.readouterr().err
    assert told in line
    assert line.count("\n") == 1
