"""Several processes on one store; processes that die in the middle."""

import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.store.made import made_item, made_rubric, made_transcript

from clearbar.label import Label, LabelKind
from clearbar.store import Published, Store

ROOT = Path(__file__).parents[2]


def started(url: str | Path, task: str, first: int) -> "subprocess.Popen[str]":
    """Start a process that works on the store; `first` keeps apart what must not meet."""
    command = [sys.executable, "-m", "tests.store.work", str(url), task, str(first)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finished(processes: "list[subprocess.Popen[str]]") -> list[str]:
    """Return the last line of each, all having ended well."""
    lines = []
    for process in processes:
        output, errors = process.communicate(timeout=240)
        assert process.returncode == 0, errors
        lines.append(output.splitlines()[-1])
    return lines


def killed_after(process: "subprocess.Popen[str]", lines: int) -> list[str]:
    """Kill a process as soon as it has said so many lines, and return all that it has said."""
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(lines)]
    process.send_signal(signal.SIGKILL)
    rest, _ = process.communicate(timeout=60)
    # the pipe may end in the middle of a line, which then was not acknowledged
    return [line for line in ("".join(said) + rest).splitlines(keepends=True) if line.endswith("\n")]


def test_processes_that_make_the_store_at_once_find_one_store(url: str) -> None:
    finished([started(url, "spend", number) for number in range(3)])
    with Store.open(url) as store:
        assert len(store.runs()) == 3


def test_processes_that_write_the_same_rows_lose_nothing_and_never_fail(url: str) -> None:
    Store.open(url).close()
    assert finished([started(url, "share", first) for first in (100, 200, 300)]) == ["done"] * 3
    with Store.open(url) as store:
        assert {store.finish_run(run.id).counts.graded for run in store.runs()} == {50}
        assert len(list(store.audits())) == 20 + 3 * 30


def test_a_budget_and_claims_hold_across_processes(url: str) -> None:
    Store.open(url).close()
    told = [tuple(map(int, line.split())) for line in finished([started(url, "spend", number) for number in range(2)])]
    assert sum(granted for granted, _ in told) == 70
    assert sum(claimed for _, claimed in told) == 60


@pytest.mark.parametrize("lines", [1, 2, 9, 40])
def test_a_kill_in_the_middle_of_saves_loses_nothing_that_was_acknowledged(url: str, lines: int) -> None:
    acknowledged = [line.strip() for line in killed_after(started(url, "save", 0), lines)[1:]]
    with Store.open(url) as store:
        found = [audit.conversation.id for audit in store.audits(turns=True) if audit.conversation.turns]
        # a batch is there as a whole or not at all, and at most one was under way
        assert {found.count(id) for id in found} <= {7}
        assert set(found) >= {f"c{int(number):05}" for number in acknowledged}
        assert len(set(found)) <= len(acknowledged) + 1
        (run,) = store.runs()
        assert (run.state, store.run(run.id).counts.pulled) == ("running", len(found))
        again = store.start_run(rubric=made_rubric(), asked="rules")
        store.save_batch(again, [made_item(made_transcript(0))])


def test_a_kill_in_the_middle_of_corrections_loses_nothing_that_was_acknowledged(url: str) -> None:
    acknowledged = {tuple(line.split()) for line in killed_after(started(url, "review", 0), 120)[1:]}
    with Store.open(url) as store:
        assert acknowledged <= {(label.annotator, label.id) for label in store.labels()}
    assert len(acknowledged) > 20


def test_of_corrections_that_come_at_once_each_is_marked(store: Store) -> None:
    """As otherwise a report made anew for one of them would count as one that knows the other, too."""
    page, number = "/reports/parcels/index.html", 24
    shown = [("desk", f"c{place}") for place in range(number)]
    store.add_report(Published(path=page, made_at=datetime.now(UTC), folder="/reports"), shown)
    said = [Label(id=id, source=source, levels={"courtesy": "clears"}, annotator="lea", kind=LabelKind.CONSENSUS) for source, id in shown]
    with ThreadPoolExecutor(number) as pool:
        assert list(pool.map(lambda label: store.add_consensus(label, "0" * 64), said)) == [[page]] * number
    assert store.marks() == {page: number}


def test_a_killed_writer_leaves_a_sound_file(file: Path) -> None:
    killed_after(started(file, "save", 0), 20)
    with closing(sqlite3.connect(file)) as plain:
        assert plain.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
