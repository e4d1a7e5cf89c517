"""An audit that is interrupted or killed loses at most the batches under way; the same command goes on from there."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.conftest import Clearbar, Write
from tests.llm.live import LiveServer, live_server

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
    assert told.splitlines()[-1] == "clearbar: interrupted; what was graded is kept, and the same command goes on from there"
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


@pytest.mark.prefect
def test_an_interrupted_flow_waits_for_replies_that_are_paid_for(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del small
    with live_server(LiveServer) as server:
        server.control(latency=6)  # longer than Prefect is given to hear of the interrupt
        for name, value in {"OPENAI_API_KEY": "test-key", "OPENAI_BASE_URL": server.url, "CLEARBAR_LLM__MODEL": "test-model"}.items():
            monkeypatch.setenv(name, value)
        store, told = tmp_path / "state" / "clearbar.db", tmp_path / "stderr"
        with told.open("wb") as stderr:
            command = [sys.executable, "-m", "clearbar", "audit", "--grader", "llm"]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=stderr, start_new_session=True)
        try:
            deadline = time.monotonic() + 200
            while server.stats()["requests"] < PROBE + 4 and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.05)
            os.killpg(process.pid, signal.SIGINT)
            process.wait(timeout=60)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        sent = server.stats()["requests"]
    assert process.returncode == 130
    with closing(sqlite3.connect(store)) as connection:
        (replies,) = connection.execute("select count(*) from replies").fetchone()
    assert 4 <= replies == sent - PROBE
