"""A planted customer is audited, reported and erased; nothing is found afterwards, and the next pull does not bring it back."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from clearbar.errors import UsageError
from clearbar.pipeline.audits import run_audit
from clearbar.pipeline.erasure import erase_from_everywhere
from clearbar.pipeline.request import AuditRequest
from clearbar.pipeline.workspace import open_store
from clearbar.project import Project
from clearbar.settings import load_settings

NOW = datetime(2026, 11, 20, tzinfo=UTC)
Write = Callable[[str, Sequence[dict[str, Any]]], Path]
PLANTED = (b"quillfeather", b"glimmerhorn", b"planted-77")
"""The customer's name, a word only that customer used, and the conversation's id."""


def talk(id: str, customer: str, words: str) -> dict[str, Any]:
    return {
        "id": id,
        "team": "north",
        "customer": customer,
        "agent": "Ada Example",
        "started_at": "2026-11-02T09:00:00+00:00",
        "turns": [
            {"role": "customer", "text": f"I am furious, my {words} has not arrived and nobody answers."},
            {"role": "agent", "text": f"That is not my department. The {words} is somebody else's problem."},
            {"role": "customer", "text": f"So what happens to my {words} now?"},
            {"role": "agent", "text": "No idea."},
        ],
    }


def audit(project: Project, source: Path, out: Path) -> Any:
    request = AuditRequest(sources=(str(source),), grader="rules", out=out)
    return run_audit(project, load_settings(project), request, notice=print, now=NOW)


def found(*folders: Path) -> list[str]:
    return [
        f"{path.name}: {word.decode()}"
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file()
        for word in PLANTED
        if word in path.read_bytes().lower()
    ]


@pytest.fixture
def source(write_lines: Write) -> Path:
    others = [talk(f"t{number}", "Somebody Else", "ordinary kettle") for number in range(7)]
    return write_lines("talks.jsonl", [talk("planted-77", "Zelda Quillfeather", "glimmerhorn"), *others])


@pytest.mark.parametrize("by", ["customer", "conversation"])
def test_nothing_of_a_planted_customer_is_left_and_no_pull_brings_it_back(project: Project, source: Path, tmp_path: Path, by: str) -> None:
    out = tmp_path / "out"
    audit(project, source, out)
    assert found(tmp_path / "state", out)
    what: dict[str, Any] = {"customer": "Zelda Quillfeather"} if by == "customer" else {"conversations": ("planted-77",)}
    done = erase_from_everywhere(
        project, load_settings(project), **{"conversations": (), "customer": None, **what}, who="test", why="asked for", notice=print
    )
    assert done.conversations == 1
    assert done.complete
    assert found(tmp_path / "state", out) == []
    again = audit(project, source, out)
    assert (again.counts.filtered, again.counts.reused) == (1, 7)
    assert again.pulled == 8
    assert found(tmp_path / "state", out) == []
    elsewhere = tmp_path / "elsewhere" / "copy.jsonl"  # the same records are another source there
    elsewhere.parent.mkdir()
    elsewhere.write_bytes(source.read_bytes())
    copied = audit(project, elsewhere, out)
    assert (copied.counts.filtered, copied.pulled) == (1, 8)
    assert found(tmp_path / "state", out) == []
    with open_store(project, load_settings(project)) as store:
        assert store.find_conversation("planted-77") == []
        assert any(entry.action == "erase" for entry in store.journal())


def test_erasing_an_unknown_conversation_is_refused(project: Project, source: Path, tmp_path: Path) -> None:
    audit(project, source, tmp_path / "out")
    with pytest.raises(UsageError, match="knows no conversation"):
        erase_from_everywhere(
            project, load_settings(project), conversations=("nobody",), customer=None, who="test", why="asked for", notice=print
        )


def test_an_unknown_customer_is_kept_from_coming_in(project: Project, source: Path, tmp_path: Path) -> None:
    told: list[str] = []
    done = erase_from_everywhere(
        project, load_settings(project), conversations=(), customer="zelda quillfeather", who="test", why="asked for", notice=told.append
    )
    assert done.conversations == 0
    assert told
    result = audit(project, source, tmp_path / "out")
    assert (result.counts.filtered, result.counts.graded) == (1, 7)
    assert found(tmp_path / "state", tmp_path / "out") == []
