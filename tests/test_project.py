"""Where a project is found, and where its state goes."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from clearbar.errors import ProjectError
from clearbar.project import FOLDERS, Project, find_project, replace_file

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FOLDERS:
        (tmp_path / "mine" / name).mkdir(parents=True)
    return tmp_path / "mine"


def test_the_folder_asked_for_comes_first_then_the_environment_then_where_one_stands(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    (other / "rubrics").mkdir(parents=True)
    assert find_project(folder, {"CLEARBAR_PROJECT": str(other)}).root == folder
    assert find_project(None, {"CLEARBAR_PROJECT": str(other)}).root == other
    (folder / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(folder / "deep" / "er")
    assert find_project(None, {}).root == folder
    monkeypatch.chdir(tmp_path)
    assert find_project(None, {}).root == ROOT


def test_a_folder_that_is_no_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"is no clearbar project .*: make one with: clearbar init DIR"):
        find_project(tmp_path)


def test_a_missing_file_is_named_with_what_lies_beside_it(folder: Path) -> None:
    (folder / "rubrics" / "other.yaml").touch()
    with pytest.raises(ProjectError, match=r"'rubrics/sources.yaml' is missing from the project .*: there is: other.yaml"):
        Project(folder).path("rubrics/sources.yaml")


def test_state_lies_in_the_project_and_is_private(folder: Path) -> None:
    state = Project(folder).state
    assert state == folder / ".clearbar"
    assert state.stat().st_mode & 0o077 == 0
    assert (state / ".gitignore").read_text(encoding="utf-8") == "*\n"


def test_state_of_a_read_only_project_lies_in_the_working_directory(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Project(folder, builtin=True).state == tmp_path / ".clearbar"


def test_the_secret_is_made_once_and_is_private(folder: Path) -> None:
    first = Project(folder).secret()
    assert len(first) == 32
    assert Project(folder).secret() == first
    assert (folder / ".clearbar" / "secret").stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in (folder / ".clearbar").iterdir()) == [".gitignore", "secret"]


def test_processes_that_begin_together_share_one_secret(folder: Path) -> None:
    code = f"from clearbar.project import Project; from pathlib import Path; print(Project(Path({str(folder)!r})).secret().hex())"

    def ask(_: int) -> str:
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(ask, range(6)))) == 1


def test_a_file_is_replaced_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "rubric.yaml"
    replace_file(file, b"first")
    file.chmod(0o640)
    replace_file(file, b"second")
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"second", 0o640)
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_cannot_be_replaced_is_left_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "rubric.yaml"
    folder.mkdir()
    with pytest.raises(OSError, match="directory"):
        replace_file(folder, b"text")
    assert list(tmp_path.iterdir()) == [folder]
