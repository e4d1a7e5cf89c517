"""What all tests share: a bare environment, the checkout as project, and a state folder of their own."""

import json
import os
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

import pytest

from clearbar.project import Project, find_project

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
Record = dict[str, Any]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skipped test into a failed one where nothing may be missing; only conversations of others may."""
    report = yield
    if (
        report.skipped
        and os.environ.get("CLEARBAR_TEST_STRICT")
        and not hasattr(report, "wasxfail")
        and not item.get_closest_marker("shared")
    ):
        report.outcome = "failed"
        report.longrepr = f"skipped, and CLEARBAR_TEST_STRICT is set: {report.longrepr}"
    return report


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Settings of whoever runs the tests must not reach them, and their state lies apart."""
    for name in list(os.environ):
        if name.startswith(("OPENAI_", "CLEARBAR_")) and not name.startswith("CLEARBAR_TEST_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("CLEARBAR_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The checkout's rubrics, prompts and labelled sets, with state of its own."""
    found = find_project(ROOT)
    found.use_state(tmp_path / "state")
    return found


@pytest.fixture
def shared() -> Path:
    """The folder of real conversations, which is not part of the repository."""
    if not (SHARED / "data").is_dir():
        pytest.skip("needs conversations that are not part of the repository")
    return SHARED / "data"


def record(id: str, *turns: tuple[str, str], **fields: Any) -> Record:
    """Return a transcript record as the JSON Lines source reads it."""
    return {"id": id, "turns": [{"role": role, "text": text} for role, text in turns], **fields}


@pytest.fixture
def write_lines(tmp_path: Path) -> Callable[[str, Sequence[Record | str]], Path]:
    """Write records, or raw lines, to a file and return its path."""

    def write(name: str, records: Sequence[Record | str]) -> Path:
        path = tmp_path / name
        lines = [line if isinstance(line, str) else json.dumps(line) for line in records]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write
