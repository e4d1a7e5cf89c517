"""One record that cannot be read never takes others along, and no error repeats what a record says."""

import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clearbar.errors import Rejection
from clearbar.sources import FieldMap, open_source
from clearbar.transcript import Transcript

Write = Callable[[str, Sequence[dict[str, Any] | str]], Path]


def pull(source: object, **fields: str) -> list[Transcript | Rejection]:
    opened = open_source(str(source), FieldMap.of(fields), root=Path("/"), notice=print)
    return [item for _, item in opened.pull()]


def talk(id: str, **others: Any) -> dict[str, Any]:
    return {"id": id, "turns": [{"role": "customer", "text": "Where is it?"}, {"role": "agent", "text": "On its way."}], **others}


@pytest.mark.parametrize(
    ("others", "field"),
    [
        ({"started_at": "0001-01-01T00:00+14:00"}, "'started_at' is no time"),
        ({"turns": [{"role": "customer", "text": "Hm", "time": "0001-01-01T00:00+14:00"}]}, "'turns[].time' is no time"),
        ({"turns": [{"role": "customer", "text": "Hm", "time": "9" * 400}]}, "'turns[0].time' is no time"),
        ({"csat": "nan"}, "'csat' is no finite number"),
        ({"nps": "1e999"}, "'nps' is no finite number"),
    ],
)
def test_a_value_out_of_all_bounds_rejects_its_record_alone(write_lines: Write, others: dict[str, Any], field: str) -> None:
    before, bad, after = pull(write_lines("talks.jsonl", [talk("a"), talk("b", **others), talk("c")]))
    assert isinstance(before, Transcript)
    assert isinstance(after, Transcript)
    assert isinstance(bad, Rejection)
    assert bad.id == "b"
    assert field in bad.reason


def test_a_number_of_too_many_digits_rejects_its_line_alone(write_lines: Write) -> None:
    line = json.dumps(talk("b")).replace("Where", "\\ud800") + "\n"
    found = pull(write_lines("talks.jsonl", [line.replace('"id": "b"', f'"id": "b", "csat": {"9" * 5000}').strip(), talk("c")]))
    assert [type(item) for item in found] == [Rejection, Transcript]


def test_lists_in_the_columns_of_a_table_reject_no_other_row(tmp_path: Path) -> None:
    columns = {"role": ["customer", "agent"], "text": ["Where is it?", "On its way."], "topic": [["parcel"], ["late"]]}
    pq.write_table(pa.table({"id": ["a", "a"], **columns}), tmp_path / "talks.parquet")
    (one,) = pull(tmp_path / "talks.parquet")
    assert isinstance(one, Transcript)
    pq.write_table(pa.table({"id": [["a"], ["b"]], **columns}), tmp_path / "talks.parquet")
    (bad,) = pull(tmp_path / "talks.parquet")
    assert isinstance(bad, Rejection)
    assert "has no field 'id'" in bad.reason


def test_a_cell_that_is_too_long_rejects_its_conversation_and_not_the_file(tmp_path: Path) -> None:
    file = tmp_path / "talks.csv"
    file.write_text(f"id,role,text\na,customer,Where is it?\na,agent,On its way.\nb,customer,{'x' * 9_000_000}\n", encoding="utf-8")
    good, bad = pull(file)
    assert isinstance(good, Transcript)
    assert isinstance(bad, Rejection)
    assert "characters long" in bad.reason


def test_bytes_that_are_no_utf_8_in_a_database_are_replaced_and_counted(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "chats.db")) as chats, chats:
        chats.execute("create table talks (id, role, text)")
        chats.execute("insert into talks values('a', 'customer', cast(x'636166e9' as text)), ('a', 'agent', 'Yes?'), ('b', 'agent', 'Hm.')")
    one, other = pull(f"sqlite:///{tmp_path / 'chats.db'}#talks")
    assert isinstance(one, Transcript)
    assert one.turns[0].text == "caf\ufffd"
    assert one.replaced == 1
    assert isinstance(other, Transcript)
