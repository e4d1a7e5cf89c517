"""The same conversations from JSON Lines, CSV and SQL, stored in SQLite and in PostgreSQL, are graded alike."""

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.conftest import ROOT
from tests.postgres import new_database, postgres_server

from clearbar.pipeline.audits import AuditResult, run_audit
from clearbar.pipeline.request import AuditRequest
from clearbar.pipeline.workspace import open_store
from clearbar.project import Project
from clearbar.settings import load_settings

NOW = datetime(2026, 11, 20, tzinfo=UTC)
COLUMNS = ("conversation_id", "position", "speaker", "message", "sent_at", "team", "agent", "channel", "started_at", "language")


def rows() -> Iterator[tuple[Any, ...]]:
    for line in (ROOT / "evals" / "conversations" / "orders.jsonl").read_text(encoding="utf-8").splitlines()[:25]:
        record = json.loads(line)
        for position, turn in enumerate(record["turns"]):
            speaker = turn.get("agent", record["agent"])
            time = turn.get("time")
            kept = (record["team"], speaker, record["channel"], record["started_at"], record["language"])
            yield (record["id"], position, turn["role"], turn["text"], None if time is None else str(time), *kept)


def levels(project: Project) -> dict[str, Any]:
    with open_store(project, load_settings(project)) as store:
        return {item.conversation.id: [(verdict.criterion, verdict.level) for verdict in item.verdicts] for item in store.audits()}


def audit(project: Project, source: str, *options: str) -> AuditResult:
    request = AuditRequest(sources=(source,), map=options, grader="rules")
    return run_audit(project, load_settings(project), request, notice=print, now=NOW)


@pytest.fixture
def expected(project: Project, tmp_path: Path) -> dict[str, Any]:
    lines = (ROOT / "evals" / "conversations" / "orders.jsonl").read_text(encoding="utf-8").splitlines()[:25]
    source = tmp_path / "orders.jsonl"
    source.write_text("\n".join(lines), encoding="utf-8")
    assert audit(project, str(source)).counts.graded == 25
    found = levels(project)
    (tmp_path / "state").rename(tmp_path / "state-of-jsonl")
    project.use_state(tmp_path / "state")
    return found


def fill(url: str) -> None:
    engine = sa.create_engine(url)
    table = sa.Table("messages", sa.MetaData(), *(sa.Column(name, sa.Integer if name == "position" else sa.Text) for name in COLUMNS))
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(table.insert(), [dict(zip(COLUMNS, row, strict=True)) for row in rows()])
    engine.dispose()


def test_csv_with_a_row_a_turn_is_graded_like_json_lines(project: Project, expected: dict[str, Any], tmp_path: Path) -> None:
    with (tmp_path / "orders.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, delimiter=";")
        writer.writerow(COLUMNS)
        writer.writerows(rows())
    assert audit(project, str(tmp_path / "orders.csv")).counts.graded == 25
    assert levels(project) == expected


def test_a_sqlite_table_is_graded_like_json_lines(project: Project, expected: dict[str, Any], tmp_path: Path) -> None:
    fill(f"sqlite:///{tmp_path / 'chats.db'}")
    assert audit(project, f"sqlite:///{tmp_path / 'chats.db'}#messages").counts.graded == 25
    assert levels(project) == expected


@pytest.mark.postgres
def test_a_postgresql_table_into_a_postgresql_store_is_graded_like_json_lines(
    project: Project, expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with postgres_server() as server, new_database(server) as chats, new_database(server) as state:
        fill(chats)
        monkeypatch.setenv("CLEARBAR_STORE_URL", state)
        monkeypatch.setenv("CHATS_URL", f"{chats}#messages")
        assert audit(project, "env:CHATS_URL").counts.graded == 25
        assert levels(project) == expected
        again = audit(project, "env:CHATS_URL")
        assert (again.counts.graded, again.counts.reused) == (0, 25)
    assert not list((tmp_path / "state").glob("*.db"))
