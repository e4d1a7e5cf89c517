"""Every file format, plain and compressed, whole and damaged; one clear line for each fault, and the others are read."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from clearbar.errors import SourceError
from clearbar.sources import FieldMap, open_source
from clearbar.transcript import Role

Pull = Callable[..., Any]
TURNS = [{"role": "customer", "text": "Where is it?"}, {"role": "agent", "text": "On its way."}]
CSV = "conversation_id,role,text,time\n1,customer,Where is it?,10:00\n1,agent,On its way.,10:03\n2,customer,Hello,11:00\n"


def lines(*ids: str) -> str:
    return "".join(json.dumps({"id": id, "turns": TURNS}) + "\n" for id in ids)


def packed(kind: str, data: bytes) -> bytes:
    return gzip.compress(data) if kind == ".gz" else zstandard.ZstdCompressor().compress(data)


# JSON Lines and JSON


def test_json_lines_are_read_one_record_a_line(tmp_path: Path, pull: Pull) -> None:
    (tmp_path / "a.jsonl").write_text(lines("1") + "\n\n" + lines("2"), encoding="utf-8")
    found = pull(tmp_path / "a.jsonl")
    assert [item.id for item in found.transcripts] == ["1", "2"]
    assert [turn.role for turn in found.transcripts[0].turns] == [Role.CUSTOMER, Role.AGENT]
    assert found.rejections == []


def test_a_broken_line_is_rejected_by_its_number_and_the_others_are_read(tmp_path: Path, pull: Pull) -> None:
    (tmp_path / "a.jsonl").write_text(lines("1") + '{"id": "2", "turns": [\n' + lines("3"), encoding="utf-8")
    found = pull(tmp_path / "a.jsonl")
    assert [item.id for item in found.transcripts] == ["1", "3"]
    (fault,) = found.rejections
    assert fault.where == f"{tmp_path}/a.jsonl:2"
    assert "not valid JSON" in fault.reason
    assert "\n" not in str(fault)


@pytest.mark.parametrize("line", ["[1, 2]", '"text"', "17", "null", "[" * 100_000])
def test_a_line_that_is_no_object_is_rejected(tmp_path: Path, pull: Pull, line: str) -> None:
    (tmp_path / "a.jsonl").write_text(line + "\n" + lines("1"), encoding="utf-8")
    found = pull(tmp_path / "a.jsonl")
    assert len(found.rejections) == 1
    assert len(found.transcripts) == 1


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_json_file_holds_one_record_or_a_list_of_them(tmp_path: Path, pull: Pull, wrapped: bool) -> None:  # noqa: FBT001 - parameter
    records = [{"id": "1", "turns": TURNS}, {"id": "2", "turns": TURNS}]
    (tmp_path / "a.json").write_text(json.dumps({"count": 2, "conversations": records} if wrapped else records), encoding="utf-8")
    assert [item.id for item in pull(tmp_path / "a.json").transcripts] == ["1", "2"]
    (tmp_path / "a.json").write_text(json.dumps(records[0], indent=2), encoding="utf-8")
    assert [item.id for item in pull(tmp_path / "a.json").transcripts] == ["1"]


def test_lists_inside_a_single_record_are_not_taken_for_records(tmp_path: Path, pull: Pull) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"id": "1", "messages": TURNS, "items": [{"sku": 1}]}), encoding="utf-8")
    assert [item.id for item in pull(tmp_path / "a.json").transcripts] == ["1"]


def test_json_lines_called_json_are_read_all_the_same(tmp_path: Path, pull: Pull) -> None:
    (tmp_path / "a.json").write_text(lines("1", "2"), encoding="utf-8")
    assert len(pull(tmp_path / "a.json").transcripts) == 2


def test_a_broken_json_file_is_rejected_by_line_and_column(tmp_path: Path, pull: Pull) -> None:
    (tmp_path / "a.json").write_text('[{"id": "1"},\n {"id": ]', encoding="utf-8")
    (fault,) = pull(tmp_path / "a.json").rejections
    assert "line 2, column 9" in fault.reason


# Characters


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv"])
def test_unicode_survives_every_encoding(tmp_path: Path, pull: Pull, encoding: str, name: str) -> None:
    text = "Grüezi – où? 😀 日本"
    body = (
        f"conversation_id,role,text\n1,agent,{text}\n"
        if name == "a.csv"
        else json.dumps({"id": "1", "turns": [{"role": "agent", "text": text}]}, ensure_ascii=False)
    )
    (tmp_path / name).write_bytes(body.encode(encoding))
    (one,) = pull(tmp_path / name).transcripts
    assert one.turns[0].text == text
    assert one.replaced == 0


def test_lone_surrogates_and_nul_become_replacement_characters_and_are_counted(tmp_path: Path, pull: Pull) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": "1", "turns": [{"role": "agent", "text": "a\\ud800b\\u0000c"}]}\n', encoding="utf-8")
    (one,) = pull(tmp_path / "a.jsonl").transcripts
    assert one.turns[0].text == "a\ufffdb\ufffdc"
    assert one.replaced == 2


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_bytes_that_are_no_utf_8_are_replaced_and_counted(tmp_path: Path, pull: Pull, name: str) -> None:
    body = b'{"id": "1", "turns": [{"role": "agent", "text": "na\xefve"}]}\n'
    (tmp_path / name).write_bytes(b"conversation_id,role,text\n1,agent,na\xefve\n" if name == "a.csv" else body)
    (one,) = pull(tmp_path / name).transcripts
    assert one.turns[0].text == "na\ufffdve"
    assert one.replaced == 1


def test_a_stray_nul_in_a_table_costs_one_character(tmp_path: Path, pull: Pull) -> None:
    (tmp_path / "a.csv").write_bytes(b"conversation_id,role,text\n1,agent,h\x00i\n2,agent,there\n")
    found = pull(tmp_path / "a.csv")
    assert [item.turns[0].text for item in found.transcripts] == ["h\ufffdi", "there"]


@pytest.mark.parametrize("data", [bytes(range(256)) * 40, b"\x89PNG\r\n\x1a\n" + b"x" * 100, b"%PDF-1.7 text", b"SQLite format 3\x00"])
def test_a_binary_file_is_told_as_one(tmp_path: Path, pull: Pull, data: bytes) -> None:
    (tmp_path / "a.jsonl").write_bytes(data)
    (fault,) = pull(tmp_path / "a.jsonl").rejections
    assert "is a binary file" in fault.reason


def test_a_conversation_of_five_megabytes_is_rejected_by_its_length(tmp_path: Path, pull: Pull) -> None:
    long = json.dumps({"id": "big", "turns": [{"role": "agent", "text": "x" * 5_000_000}]})
    (tmp_path / "a.jsonl").write_text(long + "\n" + lines("1"), encoding="utf-8")
    found = pull(tmp_path / "a.jsonl")
    assert [item.id for item in found.transcripts] == ["1"]
    assert "5,000,000 characters long" in found.rejections[0].reason
    assert found.rejections[0].id == "big"


# CSV


def test_a_table_has_one_row_a_turn(tmp_path: Path, pull: Pull) -> None:
    (tmp_path / "a.csv").write_text(CSV, encoding="utf-8")
    first, second = pull(tmp_path / "a.csv").transcripts
    assert [(turn.role, turn.text, turn.time) for turn in first.turns] == [
        (Role.CUSTOMER, "Where is it?", 0),
        (Role.AGENT, "On its way.", 180),
    ]
    assert second.id == "2"


@pytest.mark.parametrize(("delimiter", "suffix"), [(",", ".csv"), (";", ".csv"), ("\t", ".tsv"), ("|", ".csv")])
def test_quoted_newlines_and_delimiters_stay_in_their_cell(tmp_path: Path, pull: Pull, delimiter: str, suffix: str) -> None:
    said = f'two\nlines{delimiter} and ""quotes""'
    rows = [delimiter.join(("conversation_id", "role", "text")), delimiter.join(("1", "agent", f'"{said}"'))]
    (tmp_path / f"a{suffix}").write_text("\r\n".join(rows) + "\r\n", encoding="utf-8", newline="")
    (one,) = pull(tmp_path / f"a{suffix}").transcripts
    assert one.turns[0].text == f'two\nlines{delimiter} and "quotes"'


def test_rows_of_conversations_may_be_mixed_and_are_put_in_order(tmp_path: Path, pull: Pull) -> None:
    rows = "conversation_id,turn,role,text\n1,2,agent,b\n2,1,agent,x\n1,1,customer,a\n1,10,agent,c\n"
    (tmp_path / "a.csv").write_text(rows, encoding="utf-8")
    first, second = pull(tmp_path / "a.csv").transcripts
    assert [turn.text for turn in first.turns] == ["a", "b", "c"]
    assert second.id == "2"


def test_short_and_long_rows_are_read_as_far_as_they_go(tmp_path: Path, pull: Pull) -> None:
    (tmp_path / "a.csv").write_text("conversation_id,role,text,team\n1,agent,hello\n2,agent,hi,blue,more,cells\n", encoding="utf-8")
    first, second = pull(tmp_path / "a.csv").transcripts
    assert (first.team, second.team) == (None, "blue")


def test_a_table_without_the_columns_says_which_there_are(tmp_path: Path, pull: Pull) -> None:
    (tmp_path / "a.csv").write_text("when,who\n1,2\n", encoding="utf-8")
    (fault,) = pull(tmp_path / "a.csv").rejections
    assert "'when', 'who'" in fault.reason
    assert "--map" not in fault.where


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.json", "a.vtt"])
def test_an_empty_file_harms_nothing(tmp_path: Path, pull: Pull, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    found = pull(tmp_path / name)
    assert found.transcripts == []
    assert all("\n" not in str(fault) for fault in found.rejections)


# Parquet


def test_parquet_is_read_nested_and_flat(tmp_path: Path, pull: Pull) -> None:
    pq.write_table(pa.table({"id": ["1"], "team": ["blue"], "turns": [TURNS]}), tmp_path / "nested.parquet")
    (nested,) = pull(tmp_path / "nested.parquet").transcripts
    pq.write_table(
        pa.table(
            {"conversation_id": ["1", "1"], "role": ["customer", "agent"], "text": ["Where is it?", "On its way."], "team": ["blue"] * 2}
        ),
        tmp_path / "flat.parquet",
    )
    (flat,) = pull(tmp_path / "flat.parquet").transcripts
    assert nested.turns == flat.turns
    assert nested.team == flat.team == "blue"


def test_a_column_of_json_is_read_as_turns_and_paths_lead_into_columns(tmp_path: Path, pull: Pull) -> None:
    columns = {"id": ["1"], "turns": [json.dumps(TURNS)], "meta": [json.dumps({"desk": {"team": "blue"}})]}
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    (one,) = pull(tmp_path / "a.parquet", "team=meta.desk.team").transcripts
    assert len(one.turns) == 2
    assert one.team == "blue"


def test_a_broken_parquet_file_is_told(tmp_path: Path, pull: Pull) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1 and nothing else")
    (fault,) = pull(tmp_path / "a.parquet").rejections
    assert "no readable Parquet" in fault.reason


# Compressed files


@pytest.mark.parametrize("kind", [".gz", ".zst"])
@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv", "a.vtt"])
def test_compressed_files_are_read(tmp_path: Path, pull: Pull, kind: str, name: str) -> None:
    body = {"a.csv": CSV, "a.vtt": "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Agent>Hello\n"}.get(name, lines("1"))
    (tmp_path / f"{name}{kind}").write_bytes(packed(kind, body.encode()))
    assert pull(tmp_path / f"{name}{kind}").transcripts[0].id in {"1", "a"}


@pytest.mark.parametrize("kind", [".gz", ".zst"])
def test_of_a_compressed_file_that_is_cut_off_the_whole_lines_are_kept(tmp_path: Path, pull: Pull, kind: str) -> None:
    body = "".join(
        json.dumps({"id": str(number), "turns": [{"role": "agent", "text": f"{number} {hash(number)}"}]}) + "\n" for number in range(9_000)
    )
    data = packed(kind, body.encode())
    (tmp_path / f"a.jsonl{kind}").write_bytes(data[: len(data) // 2])
    found = pull(tmp_path / f"a.jsonl{kind}")
    assert len(found.rejections) >= 1
    assert all("\n" not in str(fault) for fault in found.rejections)
    assert all(item.turns for item in found.transcripts)


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl.zst", "a.csv.zst"])
def test_what_is_only_called_compressed_is_told(tmp_path: Path, pull: Pull, name: str) -> None:
    (tmp_path / name).write_text(lines("1"), encoding="utf-8")
    (fault,) = pull(tmp_path / name).rejections
    assert "cannot be read" in fault.reason


# Folders and globs


def test_folders_are_read_to_their_depths_without_hidden_ones(tmp_path: Path, pull: Pull) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / ".git").mkdir()
    (tmp_path / "in" / "b.jsonl").write_text(lines("b"), encoding="utf-8")
    (tmp_path / "in" / "deep" / "a.jsonl").write_text(lines("a"), encoding="utf-8")
    (tmp_path / "in" / ".git" / "c.jsonl").write_text(lines("c"), encoding="utf-8")
    (tmp_path / "in" / "notes.md").write_text("no", encoding="utf-8")
    found = pull(tmp_path / "in")
    assert [item.id for item in found.transcripts] == ["b", "a"]
    (notice,) = found.notices
    assert notice.startswith(f"{tmp_path}/in: 1 file of another kind was skipped (read are .jsonl,")


def test_a_glob_takes_what_matches(tmp_path: Path, pull: Pull) -> None:
    for name in ("a1", "a2", "b1"):
        (tmp_path / f"{name}.jsonl").write_text(lines(name), encoding="utf-8")
    assert [item.id for item in pull(tmp_path / "a*.jsonl").transcripts] == ["a1", "a2"]


def test_a_file_url_is_a_path(tmp_path: Path, pull: Pull) -> None:
    (tmp_path / "a b.jsonl").write_text(lines("1"), encoding="utf-8")
    assert len(pull(f"file://{tmp_path}/a%20b.jsonl").transcripts) == 1


def test_a_missing_file_is_told_by_its_name(tmp_path: Path, pull: Pull) -> None:
    with pytest.raises(SourceError, match=r"no\.jsonl.*no such file"):
        pull(tmp_path / "no.jsonl")


def test_a_folder_with_nothing_to_read_is_told(tmp_path: Path, pull: Pull) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.md").write_text("x", encoding="utf-8")
    with pytest.raises(SourceError, match="holds 1 file and none"):
        pull(tmp_path / "in")


def test_an_unreadable_file_takes_no_others_along(tmp_path: Path, pull: Pull) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.parquet").write_bytes(b"no")
    (tmp_path / "in" / "b.json").write_text("{", encoding="utf-8")
    (tmp_path / "in" / "c.jsonl").write_text(lines("1"), encoding="utf-8")
    found = pull(tmp_path / "in")
    assert len(found.rejections) == 2
    assert [item.id for item in found.transcripts] == ["1"]


def test_label_files_among_conversations_are_skipped_aloud(tmp_path: Path, pull: Pull) -> None:
    (tmp_path / "labels.jsonl").write_text('{"id": "1", "levels": {"courtesy": 2}}\n{"id": "2", "levels": {}}\n', encoding="utf-8")
    (tmp_path / "talks.jsonl").write_text(lines("1"), encoding="utf-8")
    found = pull(tmp_path)
    assert [item.id for item in found.transcripts] == ["1"]
    assert found.rejections == []
    assert len(found.notices) == 1
    assert "2 records skipped that are labels" in found.notices[0]


def test_labels_inside_a_conversation_do_not_make_it_a_label(tmp_path: Path, pull: Pull) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"id": "1", "turns": TURNS, "labels": {"levels": {}}}) + "\n", encoding="utf-8")
    assert len(pull(tmp_path / "a.jsonl").transcripts) == 1


# Identity


def test_a_file_is_the_same_source_however_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl").write_text(lines("1"), encoding="utf-8")
    named = [str(tmp_path / "in" / "a.jsonl"), f"{tmp_path}/in/../in/a.jsonl", f"{tmp_path}/./in/a.jsonl"]
    sources = [open_source(name, FieldMap(), root=tmp_path, notice=print) for name in named]
    assert {source.name for source in sources} == {"in/a.jsonl"}
    assert len({source.fingerprint for source in sources}) == 1


def test_no_rejection_repeats_what_a_record_says(tmp_path: Path, pull: Pull) -> None:
    faults = [
        {"id": "1", "turns": [{"role": "Jane Secretname", "text": "hi"}]},
        {"id": "2", "turns": [{"role": "agent", "text": ["Secretname"]}]},
        {"id": "3", "turns": "Secretname"},
        {"id": "4", "turns": TURNS, "started_at": "Secretname"},
        {"id": "5", "turns": TURNS, "csat": "Secretname"},
        {"id": "6", "turns": [{"role": "agent", "text": "hi", "time": "Secretname"}]},
        {"id": ["Secretname"], "turns": TURNS},
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(fault) + "\n" for fault in faults) + '{"id": "Secretname\n', encoding="utf-8")
    found = pull(tmp_path / "a.jsonl")
    assert len(found.rejections) == len(faults) + 1
    assert not any("Secretname" in str(fault) for fault in found.rejections)
