import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from clearbar.errors import LabelError
from clearbar.labels_file import Provenance, is_label, read_labels, read_provenance, resolve
from clearbar.rubric_file import load_rubric


def write(path: Path, *records: Any) -> Path:
    path.write_text("".join(f"{item if isinstance(item, str) else json.dumps(item)}\n" for item in records), encoding="utf-8")
    return path


def test_labels_of_their_own_and_inside_transcripts_are_read_alike(tmp_path: Path) -> None:
    turns = [{"role": "agent", "text": "Good morning"}]
    file = write(
        tmp_path / "a.jsonl",
        {"id": "1", "levels": {"care": 1}},
        {"id": "2", "turns": turns, "labels": {"levels": {"care": "na"}, "annotator": "ben"}},
        {"id": "3", "turns": turns, "labels": [{"levels": {"care": 0}, "annotator": "a"}, {"levels": {"care": 1}, "annotator": "b"}]},
    )
    told: list[str] = []
    labels, rejections = read_labels([file], told.append)
    assert [(label.id, label.annotator, label.levels["care"]) for label in labels] == [
        ("1", None, 1),
        ("2", "ben", "na"),
        ("3", "a", 0),
        ("3", "b", 1),
    ]
    assert not rejections
    assert not told


def test_other_fields_are_ignored_and_counted(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", {"id": "1", "levels": {}, "passes": "3+1"}, {"id": "2", "levels": {}, "passes": "1", "set": "x"})
    told: list[str] = []
    labels, _ = read_labels([file], told.append)
    assert len(labels) == 2
    assert told == ["a.jsonl: fields that no label has were ignored: passes (2), set (1)"]


def test_transcripts_without_levels_are_counted(tmp_path: Path) -> None:
    told: list[str] = []
    labels, rejections = read_labels([write(tmp_path / "a.jsonl", {"id": "1", "turns": [], "labels": {"done": True}})], told.append)
    assert (labels, rejections) == ([], [])
    assert told == ["a.jsonl: 1 transcript holds no levels"]


def test_a_record_that_cannot_be_used_is_listed_with_its_line_and_the_others_go_on(tmp_path: Path) -> None:
    file = write(
        tmp_path / "a.jsonl",
        "{broken",
        [1],
        {"id": "x"},
        {"id": "y", "levels": {}, "kind": "guess"},
        {"levels": {}},
        {"id": "z", "levels": {"care": 1}},
    )
    labels, rejections = read_labels([file], lambda _: None)
    assert [label.id for label in labels] == ["z"]
    assert [item.where for item in rejections] == [f"a.jsonl:{line}" for line in range(1, 6)]
    assert "guess" not in " ".join(map(str, rejections))


def test_a_level_that_is_no_level_counts_as_missing_and_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    levels = {"care": True, "speed": 1.5, "proof": None, "tone": 2.0, "end": "N/A"}
    labels, _ = read_labels([write(tmp_path / "a.jsonl", {"id": 7, "levels": levels})], told.append)
    assert labels[0].id == "7"
    assert labels[0].levels == {"tone": 2, "end": "na"}
    assert [line.split(" is neither")[0] for line in told] == ["a.jsonl:1: levels.care", "a.jsonl:1: levels.speed"]


def test_folders_globs_and_packed_files_are_read_and_each_file_once(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", {"id": "1", "levels": {}})
    with gzip.open(tmp_path / "b.jsonl.gz", "wt", encoding="utf-8") as packed:
        packed.write('{"id": "2", "levels": {}}\n')
    labels, _ = read_labels([tmp_path, str(tmp_path / "*.jsonl")], lambda _: None)
    assert [label.id for label in labels] == ["1", "2"]


@pytest.mark.parametrize("name", ["missing.jsonl", "*.jsonl"])
def test_a_path_that_names_nothing_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(LabelError, match="there is no such file"):
        read_labels([tmp_path / name], lambda _: None)


def test_a_damaged_packed_file_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b'{"id": "1", "levels": {}}\n' * 500)[:40])
    with pytest.raises(LabelError, match="it is damaged"):
        read_labels([tmp_path / "a.jsonl.gz"], lambda _: None)


def test_a_label_is_told_from_a_transcript() -> None:
    assert is_label({"id": "1", "levels": {}})
    assert not is_label({"id": "1", "levels": {}, "turns": []})
    assert not is_label(["levels"])


def test_provenance_stands_in_a_file_beside_the_labels(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", {"id": "1", "levels": {}})
    assert read_provenance([file]) == Provenance()
    (tmp_path / "provenance.json").write_text('{"annotators": "people"}', encoding="utf-8")
    assert read_provenance([file]) == Provenance(annotators="people")
    stated = Provenance(annotators="people", conversations="real", selection="random", comparable=("north", "south"))
    (tmp_path / "a.provenance.json").write_text(stated.model_dump_json(), encoding="utf-8")
    assert read_provenance([file]) == stated


def test_of_several_files_only_what_all_say_holds(tmp_path: Path) -> None:
    for name, conversations in (("a", "real"), ("b", "invented")):
        write(tmp_path / f"{name}.jsonl", {"id": "1", "levels": {}})
        stated = Provenance(annotators="people", conversations=conversations, comparable=("north", name))
        (tmp_path / f"{name}.provenance.json").write_text(stated.model_dump_json(), encoding="utf-8")
    found = read_provenance([tmp_path])
    assert (found.annotators, found.conversations, found.comparable) == ("people", "mixed", ("north",))


def test_a_provenance_file_with_a_fault_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", {"id": "1", "levels": {}})
    (tmp_path / "a.provenance.json").write_text('{"conversations": "true ones"}', encoding="utf-8")
    with pytest.raises(LabelError, match="conversations"):
        read_provenance([file])


SHARED = Path(__file__).parents[2] / ".." / "shared" / "data" / "service_bar.labels.jsonl"


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_file(), reason="the conversations are not part of the repository")
def test_labels_of_real_conversations_resolve_without_loss() -> None:
    rubric = load_rubric(Path(__file__).parents[2] / "rubrics" / "service_bar.yaml")
    labels, rejections = read_labels([SHARED], lambda _: None)
    resolved = resolve(labels, rubric)
    assert not rejections
    assert {id: len(given) for id, given in resolved.rulings.items()} == {label.id: len(label.levels) for label in labels}


def test_a_label_without_an_id_is_rejected_with_its_line(tmp_path: Path) -> None:
    labels, rejections = read_labels([write(tmp_path / "a.jsonl", {"id": "", "levels": {"care": 1}})], print)
    assert labels == []
    assert [item.where for item in rejections] == ["a.jsonl:1"]
