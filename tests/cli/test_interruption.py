"""An audit that is interrupted or killed loses at most the batches under way; the same command goes on from there."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.conftest import Clearbar, Write, talk, turns
from tests.llm.live import LiveServer, live_server

SAID = "clearbar: interrupted; what is in the store is kept, and the same command goes on from there"
COPIES = 60
BATCH = 16
PROBE = 1
"""Calls without a conversation, before all others."""


@pytest.fixture
def many(small: Path, write: Write) -> Path:
    """Enough conversations for an audit that lasts; each has words of its own."""
    lines = [
        json.loads(line)
        for file in sorted((small / "evals" / "conversations").glob("*.jsonl"))
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    talks = [
        {**line, "id": f"{line['id']}/{copy}", "turns": [*line["turns"], {"role": "note", "text": f"copy {copy}"}]}
        for copy in range(COPIES)
        for line in lines
    ]
    return write("many.jsonl", *talks)


def kept(store: Path) -> int:
    """Return how many grades a store holds, while another process writes it."""
    if not store.exists():
        return 0
    try:
        with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
            return int(connection.execute("select count(*) from grades").fetchone()[0])
    except sqlite3.Error:
        return 0


def stopped(words: list[str], by: signal.Signals, folder: Path) -> tuple[int, str, int]:
    """Start an audit, stop it when something is graded, and return exit code, stderr and what was kept."""
    store, told = folder / "state" / "clearbar.db", folder / "stderr"
    environ = {**os.environ, "CLEARBAR_GRADING__BATCH": str(BATCH)}
    command = [sys.executable, "-m", "clearbar", *words]
    with told.open("wb") as stderr:  # a group of its own, as in a terminal, where an interrupt reaches Prefect's server too
        process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=stderr, start_new_session=True)
    try:
        deadline = time.monotonic() + 200
        while kept(store) < 2 * BATCH and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        if by is signal.SIGINT:
            os.killpg(process.pid, by)
        else:
            process.send_signal(by)
        process.wait(timeout=120)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # a killed audit leaves Prefect's temporary server behind
        process.wait()
    return process.returncode, told.read_text(encoding="utf-8"), kept(store)


@pytest.mark.parametrize(
    "prefect", [["--no-prefect"], pytest.param([], marks=pytest.mark.prefect)], ids=["without Prefect", "with Prefect"]
)
def test_an_interrupted_audit_says_so_and_goes_on_from_there(prefect: list[str], many: Path, tmp_path: Path, clearbar: Clearbar) -> None:
    total, audit = 16 * COPIES, ["audit", "--grader", "rules", "--source", str(many)]
    code, told, before = stopped([*audit, *prefect], signal.SIGINT, tmp_path)
    assert code == 130
    assert told.splitlines()[-1] == SAID
    assert "Traceback" not in told
    assert 0 < before < total
    (run,) = clearbar("store", "show", "--json").json
    assert run["state"] == "interrupted"
    again = clearbar(*audit, "--no-prefect", "--json").json["counts"]
    assert again["graded"] + again["reused"] == total
    assert again["reused"] >= before


def test_a_killed_audit_goes_on_from_there(many: Path, tmp_path: Path, clearbar: Clearbar) -> None:
    total, audit = 16 * COPIES, ["audit", "--no-prefect", "--grader", "rules", "--source", str(many)]
    code, _, before = stopped(audit, signal.SIGKILL, tmp_path)
    assert code == -signal.SIGKILL
    assert 0 < before < total
    again = clearbar(*audit, "--json").json["counts"]
    assert (again["graded"], again["reused"]) == (total - before, before)
    states = [run["state"] for run in clearbar("store", "show", "--json").json if run["kind"] == "audit"]
    assert "finished" in states


WITH_AND_WITHOUT = [pytest.param([], id="with Prefect", marks=pytest.mark.prefect), pytest.param(["--no-prefect"], id="without Prefect")]


@pytest.fixture
def slow(small: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveServer]:
    """A server that replies later than Prefect is given to hear of an interrupt, and before calls are given up."""
    del small
    with live_server(LiveServer) as server:
        server.control(latency=6)
        settings = {"OPENAI_API_KEY": "test-key", "OPENAI_BASE_URL": server.url, "CLEARBAR_LLM__MODEL": "test-model"}
        for name, value in (settings | {"CLEARBAR_LLM__TIMEOUT": "3600"}).items():
            monkeypatch.setenv(name, value)
        yield server


def interrupted(server: LiveServer, folder: Path, *words: str, times: int = 1) -> list[str]:
    """Interrupt a command, but none of its children, while calls are under way, and return what it said on stderr."""
    told = folder / "stderr"
    with told.open("wb") as stderr:
        command = [sys.executable, "-m", "clearbar", *words, "--grader", "llm"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=stderr, start_new_session=True)
    try:
        deadline = time.monotonic() + 200
        while server.stats()["requests"] < PROBE + 4 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        for _ in range(times):
            process.send_signal(signal.SIGINT)
            time.sleep(1)  # two signals that wait for a process are one
        process.wait(timeout=60)
        deadline = time.monotonic() + 60
        while (left := members(process.pid)) and time.monotonic() < deadline:  # Prefect's server takes its time to end
            time.sleep(0.05)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert process.returncode == 130
    assert not left
    return told.read_text(encoding="utf-8").splitlines()


def members(group: int) -> list[str]:
    """Return the commands of a process group that still run."""
    listed = subprocess.run(["ps", "-A", "-o", "pgid=,stat=,args="], capture_output=True, text=True, check=True).stdout
    found = [line.split(None, 2) for line in listed.splitlines()]
    return [command for number, state, command in found if int(number) == group and not state.startswith("Z")]


def replies(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "state" / "clearbar.db")) as connection:
        return int(connection.execute("select count(*) from replies").fetchone()[0])


@pytest.mark.parametrize("prefect", WITH_AND_WITHOUT)
def test_an_interrupted_audit_waits_for_replies_that_are_paid_for(prefect: list[str], slow: LiveServer, tmp_path: Path) -> None:
    told = interrupted(slow, tmp_path, "audit", *prefect)
    assert told[-1] == SAID
    assert 4 <= replies(tmp_path) == slow.stats()["requests"] - PROBE


def test_an_interrupted_audit_does_not_wait_as_long_as_a_call_may_take(slow: LiveServer, tmp_path: Path, clearbar: Clearbar) -> None:
    slow.control(latency=3600)
    assert interrupted(slow, tmp_path, "audit", "--no-prefect").count(SAID) == 1
    assert replies(tmp_path) == 0
    assert [run["state"] for run in clearbar("store", "show", "--json").json if run["kind"] == "audit"] == ["interrupted"]


@pytest.mark.parametrize("prefect", WITH_AND_WITHOUT)
def test_a_second_interrupt_waits_for_nothing(prefect: list[str], slow: LiveServer, tmp_path: Path) -> None:
    assert interrupted(slow, tmp_path, "audit", *prefect, times=2)[-1] == SAID
    assert replies(tmp_path) == 0


@pytest.mark.parametrize("command", ["grade", "check"])
def test_other_commands_that_grade_are_ended_by_an_interrupt_as_well(command: str, slow: LiveServer, write: Write, tmp_path: Path) -> None:
    slow.control(latency=3600)
    talks = [talk(str(number), turns=turns(f"Where is parcel {number}?", "On its way to you.")) for number in range(8)]
    words = [str(write("talks.jsonl", *talks))] if command == "grade" else []
    assert interrupted(slow, tmp_path, command, *words, times=2).count(SAID) == 1
