"""Tables and the machine twin."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pyarrow.parquet as pq
import pytest

from clearbar.report import ReportItem, TeamReport, build_index
from clearbar.report.tables import (
    CONVERSATION_COLUMNS,
    VERDICT_COLUMNS,
    conversation_rows,
    to_json,
    verdict_rows,
    write_csv,
    write_parquet,
)

Item = Callable[..., ReportItem]
Build = Callable[..., TeamReport]


def to_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    file = io.BytesIO()
    write_csv(columns, rows, file)
    return file.getvalue()


def to_parquet(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    file = io.BytesIO()
    write_parquet(columns, rows, file)
    return file.getvalue()


def read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＠x"])  # noqa: RUF001
def test_a_cell_that_a_spreadsheet_would_run_is_made_inert(item: Item, build: Build, start: str) -> None:
    made = item(1, {"help": "below"}, texts=("?", start), rationale=start, topic=start, disposition=start, url=start)
    report = build([made.model_copy(update={"transcript": made.transcript.model_copy(update={"id": start})})], team=start)
    verdicts = read(to_csv(VERDICT_COLUMNS, verdict_rows(report)))
    conversations = read(to_csv(CONVERSATION_COLUMNS, conversation_rows(report)))
    cells = [cell for row in (*verdicts, *conversations) for cell in row.values()]
    assert cells.count(f"'{start}") == 3 * 5 + 5
    assert not [cell for cell in cells if cell.startswith(start)]


def test_figures_are_left_as_figures(item: Item, build: Build) -> None:
    (row,) = read(to_csv(CONVERSATION_COLUMNS, conversation_rows(build([item(1, nps=-20.0)]))))
    assert row["nps"] == "-20.0"


def test_there_is_a_row_for_each_conversation_and_criterion(item: Item, build: Build) -> None:
    report = build([item(number, agents=(f"agent-{number % 2}",)) for number in range(1, 13)])
    rows = read(to_csv(VERDICT_COLUMNS, verdict_rows(report)))
    assert len(rows) == 36
    assert rows[0]["quotes"] == "That is not my problem."
    assert rows[0]["trust"] == "unmeasured"
    assert len(read(to_csv(CONVERSATION_COLUMNS, conversation_rows(report)))) == 12


def test_commas_quotes_and_line_breaks_come_back_whole(item: Item, build: Build) -> None:
    text = 'He said "no",\nand; left\r\n😀'
    rows = read(to_csv(VERDICT_COLUMNS, verdict_rows(build([item(1, texts=("?", text))]))))
    assert rows[0]["quotes"] == text


def test_tables_leave_out_agents_and_words_that_may_not_be_shown(item: Item, build: Build) -> None:
    report = build(
        [item(1, {"help": "below"}, agents=("agent-few",), rationale="Said so.", by={"duty": "llm"})], settings={"quotes": False}
    )
    text = (to_csv(VERDICT_COLUMNS, verdict_rows(report)) + to_csv(CONVERSATION_COLUMNS, conversation_rows(report))).decode()
    assert "agent-few" not in text
    assert "not my problem" not in text


def test_parquet_holds_the_same_rows(item: Item, build: Build) -> None:
    report = build([item(1), item(2, {"courtesy": "?", "help": "?", "duty": "?"})])
    for columns, rows in ((VERDICT_COLUMNS, verdict_rows), (CONVERSATION_COLUMNS, conversation_rows)):
        table = pq.read_table(io.BytesIO(to_parquet(columns, rows(report))))
        assert tuple(table.column_names) == columns
        assert [tuple(row.values()) for row in table.to_pylist()] == list(rows(report))


def test_the_machine_twin_holds_the_figures_and_no_conversation_beyond_those_shown(item: Item, build: Build) -> None:
    report = build([item(number) for number in range(1, 9)])
    twin = json.loads(to_json(report))
    assert twin["conversations"] == 8
    assert twin["clears"]["count"] == 8
    assert "rows" not in twin
    assert "not my problem" not in to_json(report).decode()
    assert json.loads(to_json(build_index([report], None)))["teams"][0]["slug"] == "orders"
