"""Tables: one row a turn, or one row a conversation with its turns in a column."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import orjson

from clearbar.errors import SourceError
from clearbar.sources.mapping import CONVERSATION_FIELDS, FieldMap
from clearbar.sources.times import BadTimeError, read_moment

__all__ = ["TableShape", "group_turns"]


class TableShape:
    """Which columns of a table hold what.

    Parameters
    ----------
    names
        The table's columns.
    fields
        Where fields are said to stand.
    place
        The table, as people know it, for errors.

    Raises
    ------
    SourceError
        If the table can hold no conversations.
    """

    def __init__(self, names: Iterable[str], fields: FieldMap, place: str) -> None:
        names = list(names)
        self.fields = fields
        self.id = fields.column(names, "id")
        self.turns = fields.column(names, "turns") if "turns" in fields.paths or fields.column(names, "role") is None else None
        self.turn = {field: column for field in ("role", "text", "time") if (column := fields.column(names, field))}
        self.position = fields.column(names, "position") or next((name for name in names if name.casefold() in _POSITIONS), None)
        self.updated_at = fields.column(names, "updated_at")
        self.record_fields = fields if self.turns else FieldMap(roles=fields.roles)
        """Where the fields stand in the records that `group_turns` makes: what is put together from turns has their own names."""
        if self.id is None or (self.turns is None and not {"role", "text"} <= self.turn.keys()):
            shown = ", ".join(repr(name) for name in names[:20]) or "none"
            raise SourceError(
                f"{place}: no columns for a conversation's id, role and text (one row a turn), or id and turns; columns: {shown}",
                fix="name them with --map id=COLUMN,role=COLUMN,text=COLUMN",
            )


_POSITIONS = {"position", "turn", "turn_index", "turn_number", "index", "seq", "sequence", "part_number", "order"}


def group_turns(
    rows: Iterable[tuple[str, Mapping[str, Any]]], shape: TableShape, *, contiguous: bool = False, ordered: bool = True
) -> Iterator[tuple[str, Any]]:
    """Yield (place of the first row, record) a conversation.

    Parameters
    ----------
    rows
        Place of each row and its values.
    shape
        Of the table.
    contiguous
        Whether the rows of a conversation follow one another; then only one conversation is held in memory.
    ordered
        Whether they stand in the order of the talk; otherwise their position says it, or their time.
    """
    if shape.turns is not None:
        yield from ((place, _with_turns(row, shape)) for place, row in rows)
        return
    open_rows: dict[Any, tuple[str, list[Mapping[str, Any]]]] = {}
    for place, row in rows:
        found = row.get(shape.id or "")
        key = found if isinstance(found, Hashable) else None  # a list or a struct identifies nothing
        if contiguous and open_rows and key not in open_rows:
            yield from _records(open_rows, shape, ordered=ordered)
            open_rows = {}
        open_rows.setdefault(key, (place, []))[1].append(row)
    yield from _records(open_rows, shape, ordered=ordered)


def _records(
    open_rows: Mapping[Any, tuple[str, list[Mapping[str, Any]]]], shape: TableShape, *, ordered: bool
) -> Iterator[tuple[str, Any]]:
    for key, (place, rows) in open_rows.items():
        yield place, _record(key, _in_order(rows, shape, ordered=ordered), shape)


def _in_order(rows: list[Mapping[str, Any]], shape: TableShape, *, ordered: bool) -> list[Mapping[str, Any]]:
    """Return the rows of a conversation in the order of the talk, as far as the table tells it."""
    if shape.position and all(_number(row.get(shape.position)) is not None for row in rows):
        return sorted(rows, key=lambda row: _number(row.get(shape.position or "")) or 0.0)
    if ordered or "time" not in shape.turn:
        return rows
    try:
        moments = [read_moment(row.get(shape.turn["time"])) for row in rows]
    except BadTimeError:
        return rows
    return [rows[place] for place in sorted(range(len(rows)), key=lambda place: moments[place])]


def _record(key: Any, rows: list[Mapping[str, Any]], shape: TableShape) -> dict[str, Any]:
    names = list(rows[0])
    agent = shape.fields.column(names, "agent")
    speaker = shape.fields.column(names, "turn.agent") or agent
    record: dict[str, Any] = {"id": key}
    for field in CONVERSATION_FIELDS:
        column = shape.fields.column(names, field)
        if field not in {"id", "agent"} and column and column not in shape.turn.values():
            values = [value for row in rows if (value := row.get(column)) is not None and value != ""]
            # The newest state of a conversation is its last row's; all else is said once.
            record[field] = (values[-1] if field in {"updated_at", "ended_at"} else values[0]) if values else None
    record["turns"] = [
        {field: row.get(column) for field, column in shape.turn.items()} | {"agent": row.get(speaker) if speaker else None} for row in rows
    ]
    return record


def _with_turns(row: Mapping[str, Any], shape: TableShape) -> Any:
    turns = row.get(shape.turns or "")
    if isinstance(turns, str | bytes):
        try:
            turns = orjson.loads(turns)
        except orjson.JSONDecodeError:
            turns = None
    record = {name: value for name, value in row.items() if name != shape.turns}
    for path in shape.fields.paths.values():  # a column may hold JSON that a path leads into
        column = path.partition(".")[0]
        if path not in record and isinstance(record.get(column), str):
            with suppress(orjson.JSONDecodeError):
                record[column] = orjson.loads(record[column])
    return record | {shape.fields.paths.get("turns", "turns"): turns}


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
