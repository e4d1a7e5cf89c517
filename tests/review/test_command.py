"""`clearbar review`: who may enter, and that nobody's password travels in clear."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
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
        (("--certificate", "nowhere.pem", "--key", "nowhere.key", "--port", "0"), "--certificate and --key cannot be used"),
        (("--port", "99999"), "invalid value for '--port'"),
    ],
)
def test_wrong_use_is_one_line(project: Project, words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]) -> None:

    assert run("review", *words, "--project", str(project.root)) == 2
    line = capsys.readouterr().err
    assert told in line
    assert line.splitlines()[-1].startswith("clearbar: ")
    assert len([one for one in line.splitlines() if not one.startswith("nobody can sign in yet")]) == 1


def test_a_port_that_another_program_holds_is_told_in_a_line(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = str(held.getsockname()[1])
        assert run("review", "--port", port, "--project", str(project.root)) == 2
    assert f"--port {port} cannot be listened on" in capsys.readouterr().err


def test_the_room_says_its_address_and_answers_there_until_it_is_interrupted(project: Project) -> None:
    command = [sys.executable, "-m", "clearbar", "review", "--port", "0", "--project", str(project.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": ""}) as room:
        assert room.stdout is not None
        line = room.stdout.readline()
        address = line.split("room: ")[1].split()[0]
        with urllib.request.urlopen(f"{address}/sign-in", timeout=30) as page:  # noqa: S310
            assert page.status == 200
        room.send_signal(signal.SIGINT)
        assert room.wait() == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--role", "team_lead"), "without a team they see no conversation"),
        (("--role", "team_lead", "--team", "parsels"), "no stored conversation is of team 'parsels' yet"),
    ],
)
def test_whoever_would_see_nothing_is_added_with_a_note(
    project: Project, words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("review", "user", "add", "tom", *words, "--sso", "subject-8", "--project", str(project.root)) == 0
    assert told in capsys.readouterr().err
