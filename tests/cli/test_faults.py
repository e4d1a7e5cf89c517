"""Surroundings that fail: settings, store, disk, Prefect."""

import os
import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.conftest import Clearbar, Said, Write, talk

AUDIT = ("audit", "--no-prefect", "--grader", "rules")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("CLEARBAR_GRADING__GRADER", "oracle", "Input should be 'auto', 'rules', 'llm' or 'cascade'"),
        ("CLEARBAR_GRADING__BATCH", "0", "Input should be greater than or equal to 1"),
        ("CLEARBAR_REPORT__MIN_GROUP", "few", "Input should be a valid integer"),
        ("CLEARBAR_LLM__SEED", "quillpass", "Input should be a valid integer"),
        ("CLEARBAR_GRADING__NO_SUCH", "1", "there is no such setting"),
        ("CLEARBAR_SOURCES", "{quillpass", "CLEARBAR_SOURCES"),
        ("CLEARBAR_STORE_URL", "klingon://ann:quillpass@host/x", "klingon"),
        ("CLEARBAR_STORE_URL", "postgresql://ann:quillpass@127.0.0.1:1/x", "127.0.0.1"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(
    name: str, value: str, expected: str, clearbar: Clearbar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    said = clearbar("store", "show")
    assert said.code == 2
    assert len(said.err.splitlines()) == 1
    assert said.err.startswith("clearbar: ")
    assert expected in said.err
    if name != "CLEARBAR_STORE_URL":
        assert name in said.err
    assert "quillpass" not in said.err


@pytest.mark.parametrize("model", ["test-model", ""], ids=["with a model", "without a model"])
def test_a_server_address_that_is_none_is_told_and_auto_goes_on_by_rules(
    model: str, clearbar: Clearbar, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://ann:quillpass@127.0.0.1:port/v1")
    monkeypatch.setenv("CLEARBAR_LLM__MODEL", model)
    source, line = write("talks.jsonl", talk("one")), "the LLM server's address holds no host and port that can be read"
    for words in (["grade", source, "--grader", "llm"], ["audit", "--source", source, "--dry-run"]):
        said = clearbar(*words)
        assert said.code == 2
        assert said.err == f"clearbar: {line}: correct OPENAI_BASE_URL or CLEARBAR_LLM__BASE_URL\n"
    said = clearbar("grade", source, "--grader", "auto")
    assert said.code == 0
    assert f"note: the LLM cannot be used, so rules grade: {line}" in said.err
    assert "quillpass" not in said.err
    assert {verdict["graded_by"] for verdict in said.json["verdicts"]} == {"rules"}


@pytest.mark.parametrize("key", ["quillpass\nsk-2", "quillpäss", "quill\u200bpass"])
def test_a_key_that_cannot_be_sent_is_told_as_the_key_and_never_shown(
    key: str, clearbar: Clearbar, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key)
    monkeypatch.setenv("CLEARBAR_LLM__MODEL", "test-model")
    source = write("talks.jsonl", talk("one"))
    for words in (["grade", source, "--grader", "llm"], ["audit", "--source", source, "--dry-run"]):
        said = clearbar(*words)
        assert said.code == 2
        assert said.err.startswith("clearbar: the LLM's key holds characters that no key has")
        assert said.err.endswith(": check OPENAI_API_KEY or CLEARBAR_LLM__API_KEY\n")
        assert "quill" not in said.err


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[grading\n", "cannot be read as TOML"),
        ("[gradin]\n", "'gradin'"),
        ('[grading]\ngrader = "oracle"\n', "'grading__grader'"),
        ('[sources.chats]\nurl = "x"\n', "sources__chats"),
    ],
)
def test_a_settings_file_with_a_fault_is_one_line_that_names_it(text: str, expected: str, clearbar: Clearbar, small: Path) -> None:
    (small / "clearbar.toml").write_text(text, encoding="utf-8")
    said = clearbar("store", "show")
    assert said.code == 2
    assert len(said.err.splitlines()) == 1
    assert expected in said.err
    assert "clearbar.toml" in said.err


def test_a_setting_that_does_not_exist_is_told(clearbar: Clearbar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEARBAR_GRADNIG__GRADER", "rules")
    said = clearbar("store", "show")
    assert said.code == 2
    assert "CLEARBAR_GRADNIG__GRADER" in said.err
    assert "clearbar settings" in said.err


def test_a_store_that_is_newer_than_the_program_is_left_alone(clearbar: Clearbar, write: Write, tmp_path: Path) -> None:
    source = write("talks.jsonl", talk("a"))
    clearbar(*AUDIT, "--source", source)
    file = tmp_path / "state" / "clearbar.db"
    with sqlite3.connect(file) as store:
        store.execute("update clearbar_revision set version_num = '9999'")
    store.close()
    said = clearbar(*AUDIT, "--source", source)
    assert said.code == 2
    assert len(said.err.splitlines()) == 1
    assert "newer" in said.err


def test_a_store_that_is_no_store_is_one_line(clearbar: Clearbar, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "clearbar.db").write_bytes(os.urandom(8192))
    said = clearbar("store", "show")
    assert said.code == 2
    assert len(said.err.splitlines()) == 1


def in_little_room(limit: int, *words: str | Path) -> Said:
    """Run a command that may write no file larger than `limit` bytes: what a full disk is to it."""

    def restrict() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run(
        [sys.executable, "-m", "clearbar", *map(str, words)], capture_output=True, text=True, timeout=240, check=False, preexec_fn=restrict
    )
    return Said(done.returncode, done.stdout, done.stderr)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("limit", [2_000, 80_000, 700_000])
def test_a_disk_that_fills_up_is_one_line_and_the_next_run_goes_on(limit: int, clearbar: Clearbar, tmp_path: Path) -> None:
    said = in_little_room(limit, *AUDIT)
    assert said.code == 2
    assert len([line for line in said.err.splitlines() if line.startswith("clearbar: ")]) == 1
    assert "Traceback" not in said.err
    assert "a bug" not in said.err
    assert not list((tmp_path / "state").rglob("*.part"))
    after = clearbar(*AUDIT)
    assert after.code == 0
    assert "16 pulled = " in after.out


def test_output_that_cannot_be_written_is_one_line(program: Clearbar, write: Write, tmp_path: Path) -> None:
    source = write("talks.jsonl", talk("a"))
    with Path("/dev/full").open("wb") as full:
        for words in (("grade", source), ("store", "show"), ("doctor", "--json")):
            said = program(*words, stdout=full)
            assert said.code == 2
            assert [line for line in said.err.splitlines() if not line.startswith("note: ")] == said.err.splitlines()[-1:]
            assert "No space left on device" in said.err
    device = program("grade", source, "-o", "/dev/full")
    assert device.code == 2
    assert Path("/dev/full").is_char_device()
    nowhere = program("grade", source, "-o", tmp_path / "no" / "such" / "folder.jsonl")
    assert nowhere.code == 2
    assert "choose another place with -o" in nowhere.err


def test_a_reader_that_leaves_ends_the_program_quietly(small: Path, tmp_path: Path) -> None:
    talks = tmp_path / "many.jsonl"
    line = (small / "evals" / "conversations" / "banking.jsonl").read_text(encoding="utf-8").splitlines()[0]
    talks.write_text("\n".join(line.replace("banking-001", f"b{number}") for number in range(400)), encoding="utf-8")
    command = f"{sys.executable} -m clearbar redact {talks} | head -c 10; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run([shutil.which("bash") or "/bin/bash", "-c", command], capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 141
    assert done.stderr == ""


@pytest.fixture
def dead_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def test_an_audit_finishes_without_prefect_where_its_server_does_not_answer(
    clearbar: Clearbar, write: Write, dead_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", f"http://ann:quillpass@127.0.0.1:{dead_port}/api")
    said = clearbar("audit", "--grader", "rules", "--source", write("talks.jsonl", talk("a")))
    assert said.code == 0
    assert "1 pulled = 1 graded" in said.out
    assert "note: Prefect cannot be used, so this audit runs without it: no Prefect server answers at http://127.0.0.1" in said.err
    assert "quillpass" not in said.err
    assert clearbar("doctor").code == 1


@pytest.mark.parametrize("url", ["nonsense", "ftp://host/api", "http://"])
def test_an_audit_finishes_without_prefect_where_its_address_is_none(
    url: str, clearbar: Clearbar, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", url)
    said = clearbar("audit", "--grader", "rules", "--source", write("talks.jsonl", talk("a")))
    assert said.code == 0
    assert "PREFECT_API_URL" in said.err


def test_an_audit_finishes_without_prefect_where_its_home_cannot_be_written(
    clearbar: Clearbar, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "file"))
    said = clearbar("audit", "--grader", "rules", "--source", write("talks.jsonl", talk("a")))
    assert said.code == 0
    assert "set PREFECT_HOME to one that can" in said.err


def test_an_audit_finishes_without_prefect_where_its_database_is_damaged(clearbar: Clearbar, write: Write, tmp_path: Path) -> None:
    (tmp_path / "prefect").mkdir()
    (tmp_path / "prefect" / "prefect.db").write_bytes(os.urandom(8192))
    said = clearbar("audit", "--grader", "rules", "--source", write("talks.jsonl", talk("a")))
    assert said.code == 0
    assert "prefect.db is damaged; move it away" in said.err
    assert "1 pulled = 1 graded" in said.out


@pytest.mark.prefect
def test_an_audit_finishes_without_prefect_where_prefect_itself_fails(program: Clearbar, write: Write, tmp_path: Path) -> None:
    (tmp_path / "prefect").mkdir()
    with closing(sqlite3.connect(tmp_path / "prefect" / "prefect.db")) as newer:
        newer.executescript("CREATE TABLE alembic_version (version_num TEXT); INSERT INTO alembic_version VALUES ('of a newer Prefect')")
    soon = {"PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "2"}
    said = program("audit", "--grader", "rules", "--source", write("talks.jsonl", talk("a")), **soon)
    assert said.code == 0
    assert "note: Prefect failed" in said.err
    assert "1 pulled = 1 graded" in said.out


def test_a_state_folder_that_cannot_be_made_is_one_line(clearbar: Clearbar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CLEARBAR_STATE_DIR", str(tmp_path / "file" / "state"))
    said = clearbar("store", "show")
    assert said.code == 2
    assert "set CLEARBAR_STATE_DIR or pass --project DIR" in said.err


def test_pdf_without_the_library_for_it_is_one_line(program: Clearbar, write: Write, tmp_path: Path) -> None:
    program(*AUDIT, "--source", write("talks.jsonl", talk("a")))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "weasyprint.py").write_text("raise OSError('cannot load library libpango-1.0-0')\n", encoding="utf-8")
    said = program("report", "--pdf", PYTHONPATH=f"{tmp_path / 'broken'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    assert said.code == 2
    assert said.err.splitlines()[-1].startswith("clearbar: no PDF can be made: Pango, which sets its text, is not installed: on Debian: ")
    assert program("report").code == 0
