"""The conversations behind a report as tables: one row a conversation, and one row a conversation and criterion."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import IO, Any, Final

import orjson

from clearbar.model import Model
from clearbar.report.model import TeamReport
from clearbar.report.rows import CONVERSATION_COLUMNS, VERDICT_COLUMNS, Cell
from clearbar.verdict import GradedBy

__all__ = ["CONVERSATION_COLUMNS", "VERDICT_COLUMNS", "conversation_rows", "to_json", "verdict_rows", "write_csv", "write_parquet"]

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - spreadsheets take the wide signs, too
_GROUP: Final = 5_000
"""Rows of a Parquet file written at a time."""
_INDENT: Final = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


def conversation_rows(report: TeamReport) -> Iterator[tuple[Cell, ...]]:
    """Yield a row for each conversation, in the order of `CONVERSATION_COLUMNS`."""
    shown = _shown(report)
    for cells, _ in report.rows:
        told = {**cells, "team": report.title, "agent": shown.get(str(cells["agent"]), "")}
        yield tuple(told[name] for name in CONVERSATION_COLUMNS)


def verdict_rows(report: TeamReport) -> Iterator[tuple[Cell, ...]]:
    """Yield a row for each conversation and criterion, in the order of `VERDICT_COLUMNS`."""
    shown = _shown(report)
    trust = {(item.id, kind.value): item.trust_in(kind).value for item in report.criteria for kind in GradedBy}
    for conversation, verdicts in report.rows:
        for cells in verdicts:
            told = {**conversation, **cells, "team": report.title, "agent": shown.get(str(cells["agent"]), "")}
            told["trust"] = trust[str(cells["criterion"]), str(cells["graded_by"])]
            if not report.quotes:
                told["quotes"] = ""
                told["rationale"] = cells["rationale"] if cells["graded_by"] == GradedBy.RULES else ""
            yield tuple(told[name] for name in VERDICT_COLUMNS)


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[Cell]], file: IO[bytes]) -> None:
    """Write a table that spreadsheets read: UTF-8 with its mark, and no text that would run as a formula."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_inert(cell) for cell in row] for row in rows)
    text.detach()


def write_parquet(columns: Sequence[str], rows: Iterable[Sequence[Cell]], file: IO[bytes]) -> None:
    """Write a table as Parquet; texts as they are, since nothing runs them."""
    import pyarrow as pa  # noqa: PLC0415 - a quarter of a second that few reports need
    import pyarrow.parquet as pq  # noqa: PLC0415 - as above

    schema = pa.schema([(name, _type(name, columns)) for name in columns])
    rest = iter(rows)
    with pq.ParquetWriter(file, schema) as writer:
        while held := list(islice(rest, _GROUP)):
            by_column = zip(*held, strict=True)
            writer.write_table(pa.table([pa.array(cells, field.type) for cells, field in zip(by_column, schema, strict=True)], schema))


def to_json(model: Model, *, exclude: Any = None) -> bytes:
    """Return the machine twin of a page, always in the same order."""
    return orjson.dumps(model.model_dump(mode="json", exclude=exclude), option=_INDENT)


def _type(name: str, columns: Sequence[str]) -> Any:
    import pyarrow as pa  # noqa: PLC0415 - as above

    if name in {"score", "weight_graded", "csat", "nps", "handle_time"}:
        return pa.float64()
    if name in {"by_llm", "by_rules", "by_human", "not_applicable", "ungraded", "disputes"}:
        return pa.int64()
    if name == "turns" and "quotes" not in columns:  # how many there are; elsewhere which ones
        return pa.int64()
    return pa.bool_() if name == "auto_fail_provisional" else pa.string()


def _inert(cell: Cell) -> Cell:
    """Keep a text from running as a formula: an apostrophe before what starts like one."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _shown(report: TeamReport) -> dict[str, str]:
    """Return how agents are called who may appear: those of small groups do not."""
    return {agent.agent: report.agent_label(agent.agent) for agent in report.agents}
