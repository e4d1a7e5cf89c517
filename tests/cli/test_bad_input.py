"""Records and files that cannot be used: one clear line each, the others are processed, and the exit code says so."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import SECRET, Clearbar, Write, talk, turns

AUDIT = ("audit", "--no-prefect", "--grader", "rules")
BAD: dict[str, tuple[Any, str]] = {
    "broken JSON": ('{"id": "b", "turns": [', "is not valid JSON"),
    "no JSON at all": (f"{SECRET} said hello", "is not valid JSON"),
    "a list": ([1, 2], "is no object with fields"),
    "no id": ({"turns": turns(SECRET)}, "has no field 'id'"),
    "an empty id": (talk(" "), "has no field 'id'"),
    "no turns": ({"id": "b"}, "has no field 'turns'"),
    "turns that are no list": ({"id": "b", "turns": SECRET}, "field 'turns' is no list"),
    "no turn": ({"id": "b", "turns": []}, "field 'turns' is empty"),
    "a turn that is no object": ({"id": "b", "turns": [SECRET]}, "field 'turns[0]' is no object"),
    "no role": ({"id": "b", "turns": [{"text": SECRET}]}, "field 'turns[0].role' is missing"),
    "an unknown role": ({"id": "b", "turns": [{"role": "sorcerer", "text": SECRET}]}, "field 'turns[0].role' is no known role"),
    "no text": ({"id": "b", "turns": [{"role": "agent"}]}, "field 'turns[0].text' is missing"),
    "text that is none": ({"id": "b", "turns": [{"role": "agent", "text": 7}]}, "field 'turns[0].text' is no text"),
    "words in no turn": (talk("b", turns=turns("", " \n")), "holds no words at all"),
    "a time that is none": ({"id": "b", "turns": [{"role": "agent", "text": "Hi", "time": SECRET}]}, "field 'turns[0].time'"),
    "a date that is none": (talk("b", started_at=SECRET), "field 'started_at'"),
    "a figure that is none": (talk("b", csat=SECRET), "field 'csat' is no number"),
    "5 MB of talk": (talk("b", turns=turns("word " * 1_000_000, "Hello")), "is 5,000,005 characters long, more than 4,000,000"),
    "nesting without end": ("[" * 100_000, "nested too deeply"),
}


def test_each_record_that_cannot_be_used_is_one_line_and_the_others_are_graded(clearbar: Clearbar, write: Write) -> None:
    faults = sorted(BAD)
    records = [json.dumps(BAD[fault][0]) if isinstance(BAD[fault][0], list) else BAD[fault][0] for fault in faults]
    said = clearbar(*AUDIT, "--source", write("talks.jsonl", talk("first"), *records, talk("last")))
    assert said.code == 1
    counts = f"{len(faults) + 2} pulled = 2 graded + 0 ungraded + 0 reused + 0 duplicate + 0 filtered + {len(faults)} rejected"
    assert said.out.startswith(counts)
    for number, fault in enumerate(faults, 2):
        (line,) = [line for line in said.err.splitlines() if f"talks.jsonl:{number}:" in line or f"talks.jsonl:{number} (" in line]
        assert BAD[fault][1] in line, fault
    assert not [word for word in (*SECRET.split(), "sorcerer") if word in said.err + said.out]


def test_rejected_records_are_counted_and_listed_in_the_report(clearbar: Clearbar, write: Write) -> None:
    source = write("talks.jsonl", *(talk(f"a{number}") for number in range(6)), "{broken", {"id": "b"})
    result = clearbar(*AUDIT, "--source", source, "--json").json
    page = Path(result["index"]).read_text(encoding="utf-8")
    assert "talks.jsonl:7" in page
    assert "has no field &#39;turns&#39;" in page or "has no field &#x27;turns&#x27;" in page or "has no field 'turns'" in page


def test_nothing_usable_ends_with_code_2(clearbar: Clearbar, write: Write) -> None:
    bad = write("bad.jsonl", "{broken")
    for words in ((*AUDIT, "--source", bad), ("grade", bad), ("redact", bad)):
        said = clearbar(*words)
        assert said.code == 2
        assert "bad.jsonl:1: is not valid JSON" in said.err


def test_an_empty_turn_is_no_fault_of_the_others(clearbar: Clearbar, write: Write) -> None:
    said = clearbar("grade", write("talks.jsonl", talk("a", turns=turns("Hello, can you help?", "", "Hello?", "Yes, I will."))))
    assert said.code == 0


def test_duplicates_are_counted_and_another_conversation_of_the_same_id_is_refused(clearbar: Clearbar, write: Write) -> None:
    said = clearbar(*AUDIT, "--source", write("talks.jsonl", talk("a"), talk("a"), talk("a", topic="another")))
    assert said.code == 1
    assert "3 pulled = 1 graded + 0 ungraded + 0 reused + 1 duplicate + 0 filtered + 1 rejected" in said.out
    assert "talks.jsonl:3 (id 'a'): its id stands already at talks.jsonl:1 with other content" in said.err


def test_lone_surrogates_and_nul_are_replaced_one_for_one(clearbar: Clearbar, write: Write) -> None:
    line = '{"id": "s", "turns": [{"role": "customer", "text": "a\\ud800b\\u0000c"}, {"role": "agent", "text": "Sure, done."}]}'
    source = write("talks.jsonl", line)
    said = clearbar("grade", source, "--with-text")
    assert said.code == 0
    assert said.json["turns"][0]["text"] == "a\ufffdb\ufffdc"
    assert clearbar(*AUDIT, "--source", source).code == 0


def test_bytes_that_are_no_utf8_are_replaced_and_the_rest_is_kept(clearbar: Clearbar, write: Write) -> None:
    source = write(
        "talks.jsonl", b'{"id": "l", "turns": [{"role": "customer", "text": "caf\xe9 caf\xe9"}, {"role": "agent", "text": "Oui"}]}'
    )
    assert clearbar("grade", source, "--with-text").json["turns"][0]["text"] == "caf\ufffd caf\ufffd"


FILES = {
    "noise.jsonl": (bytes(range(256)) * 20, "is a binary file (expected text in UTF-8"),
    "noise.csv": (bytes(range(256)) * 20, "is a binary file"),
    "noise.parquet": (b"PAR1 no", "is no readable Parquet file"),
    "packed.jsonl.gz": (b"no gzip at all", "cannot be read"),
    "packed.jsonl.zst": (b"no zstandard at all", "cannot be read (no Zstandard file, or a damaged one)"),
    "columns.csv": (b"a,b\n1,2\n", "no columns for a conversation's id, role and text"),
    "nothing.csv": (b"", "has no rows"),
    "broken.json": (b'{"conversations": [', "is not valid JSON"),
    "call.vtt": (b"no captions", "call.vtt"),
}


def test_each_file_that_cannot_be_read_is_one_line_and_the_others_are_graded(clearbar: Clearbar) -> None:
    Path("in").mkdir()
    for name, (content, _) in FILES.items():
        (Path("in") / name).write_bytes(content)
    (Path("in") / "good.jsonl").write_text(json.dumps(talk("a")), encoding="utf-8")
    said = clearbar(*AUDIT, "--source", "in")
    assert said.code == 1
    assert f"{len(FILES) + 1} pulled = 1 graded" in said.out
    for name, (_, expected) in FILES.items():
        (line,) = [line for line in said.err.splitlines() if name in line]
        assert expected in line


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("nowhere.jsonl", "source 'nowhere.jsonl': there is no such file or folder, and no file matches"),
        ("no*.jsonl", "quote a glob against the shell"),
        ("sqlite:///nowhere.db#talks", "there is no such database file"),
        ("sqlite:///some.db#talks", "talks"),
        ("sqlite:///some.db", "needs a table or a query"),
        ("postgresql://ann@127.0.0.1:1/x#talks", "the database refused"),
        ("postgresql://ann:quillpass@127.0.0.1:1/x#talks", "env:NAME"),
        ("klingon://x#talks", "klingon"),
        ("env:NOWHERE", "takes its address from the environment variable 'NOWHERE', which is not set"),
    ],
)
def test_a_source_that_is_not_there_is_one_line(source: str, expected: str, clearbar: Clearbar) -> None:
    with sqlite3.connect("some.db") as made:
        made.execute("create table other (id text)")
    made.close()
    said = clearbar(*AUDIT, "--source", source)
    assert said.code == 2
    assert len(said.err.splitlines()) == 1
    assert said.err.startswith("clearbar: ")
    assert expected in said.err
    assert "quillpass" not in said.err


def test_a_folder_without_conversations_is_one_line(clearbar: Clearbar) -> None:
    (Path("empty") / "deeper").mkdir(parents=True)
    assert "there is no such file or folder, and no file matches" in clearbar("grade", "empty").err
    (Path("empty") / "deeper" / "read.me").touch()
    said = clearbar("grade", "empty")
    assert said.code == 2
    assert "holds 1 file and none that can be read" in said.err


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("    weight:", "    wieght:", "wieght"),
        ("criteria:\n", "criteria: []\nother:\n", "criteria"),
        ("version:", "version: [", "service_bar.yaml"),
        ("scale: ", "scale: no_such_scale # ", "no_such_scale"),
    ],
)
def test_a_rubric_with_a_fault_is_one_line_with_its_place(old: str, new: str, expected: str, clearbar: Clearbar, small: Path) -> None:
    file = small / "rubrics" / "service_bar.yaml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    for words in (("rubric", "lint"), AUDIT):
        said = clearbar(*words)
        assert said.code == 2
        assert said.err.startswith("clearbar: ")
        assert "service_bar.yaml" in said.err
        assert expected in said.err


def test_a_label_that_cannot_be_used_is_one_line(clearbar: Clearbar, write: Write, small: Path) -> None:
    name = next((small / "evals" / "labels").glob("*.jsonl"))
    good = json.loads(name.read_text(encoding="utf-8").splitlines()[0])
    source = write("labels.jsonl", good, "{broken", {"id": "x"}, {**good, "levels": {"courtesy": "sublime"}})
    said = clearbar("labels", "import", source)
    assert said.code == 1
    assert "labels.jsonl:2" in said.err
    missing = clearbar("check", "--labels", "nowhere.jsonl")
    assert missing.code == 2
    assert "nowhere.jsonl" in missing.err
