"""The program as a new user meets it: a small project, and two ways to run commands in it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from clearbar.cli import main

ROOT = Path(__file__).resolve().parents[2]
SECRET = "Zanzibar Quill"
PER_TEAM = 4


class Said(NamedTuple):
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.out, self.err
        return json.loads(self.out)


Clearbar = Callable[..., Said]
Write = Callable[..., Path]


def turns(*texts: str) -> list[dict[str, Any]]:
    """Return turns of customer and agent in alternation."""
    return [{"role": ("customer", "agent")[place % 2], "text": text} for place, text in enumerate(texts)]


def talk(id: str, **fields: Any) -> dict[str, Any]:
    """Return a conversation that can be graded."""
    said = turns("My parcel never came and I am upset.", "I am sorry about that. I will send a new one today and mail you by 5 pm.")
    return {"id": id, "team": "north", "agent": "Ada Example", "turns": said, **fields}


@pytest.fixture(scope="session")
def small_evals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project's files with a few labelled conversations, so that an audit takes a moment only."""
    root = tmp_path_factory.mktemp("small")
    for name in ("flows", "prompts", "rubrics"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for folder in ("conversations", "labels"):
        (root / "evals" / folder).mkdir(parents=True)
        for file in sorted((ROOT / "evals" / folder).glob("*.jsonl")):
            lines = file.read_text(encoding="utf-8").splitlines()[:PER_TEAM]
            (root / "evals" / folder / file.name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    for file in (ROOT / "evals").glob("*.*"):
        shutil.copy(file, root / "evals")
    return root


@pytest.fixture
def small(small_evals: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project of this test's own, which commands find by themselves; the working directory lies beside it."""
    root = shutil.copytree(small_evals, tmp_path / "project")
    (tmp_path / "desk").mkdir()
    monkeypatch.chdir(tmp_path / "desk")
    monkeypatch.setenv("CLEARBAR_PROJECT", str(root))
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    return root


@pytest.fixture
def clearbar(small: Path, capsys: pytest.CaptureFixture[str]) -> Clearbar:
    """Run a command in this process."""
    del small

    def run(*words: object) -> Said:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in words])
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Said(ended.value.code, said.out, said.err)

    return run


@pytest.fixture
def program(small: Path) -> Clearbar:
    """Run a command in a process of its own."""
    del small

    def run(*words: object, stdin: str = "", stdout: Any = subprocess.PIPE, **environ: str) -> Said:
        command = [sys.executable, "-m", "clearbar", *map(str, words)]
        done = subprocess.run(
            command,
            input=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environ},
            timeout=240,
            check=False,
        )
        return Said(done.returncode, done.stdout or "", done.stderr)

    return run


@pytest.fixture
def write() -> Write:
    """Write records, or raw lines, to a file in the working directory."""

    def write(name: str, *records: dict[str, Any] | str | bytes) -> Path:
        lines = [item if isinstance(item, bytes) else (item if isinstance(item, str) else json.dumps(item)).encode() for item in records]
        path = Path(name)
        path.write_bytes(b"\n".join(lines) + b"\n")
        return path

    return write
