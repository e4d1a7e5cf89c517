"""The wheel, installed alone with its pinned dependencies in an environment of its own, outside the checkout, audits."""

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UV = Path(sys.executable).with_name("uv")
FOLDERS = ("evals", "flows", "prompts", "rubrics")
pytestmark = pytest.mark.timeout(900)


def run(*words: str | Path, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    foreign = ("CLEARBAR_", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return subprocess.run(
        [str(word) for word in words], cwd=cwd, env={**environment, **environ}, capture_output=True, text=True, timeout=600, check=False
    )


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with wheel and source distribution; the wheel is built from the latter, as an index does it."""
    folder = tmp_path_factory.mktemp("dist")
    done = run(UV, "build", "--no-build-isolation", "--python", sys.executable, "--out-dir", folder, ROOT, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def bare(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment that holds the wheel and what is pinned, and nothing else."""
    home = tmp_path_factory.mktemp("bare") / "venv"
    (wheel,) = built.glob("*.whl")
    install = (UV, "pip", "install", "--quiet", "--system-certs", "--no-deps", "--python", home / "bin" / "python")
    for words in (
        (UV, "venv", "--quiet", "--python", sys.executable, home),
        (*install, "--require-hashes", "-r", ROOT / "requirements.lock"),
        (*install, wheel),
        (UV, "pip", "check", "--python", home / "bin" / "python"),
    ):
        done = run(*words, cwd=built)
        assert done.returncode == 0, done.stderr
    return home / "bin"


def test_the_wheel_holds_the_project_and_nothing_of_the_workshop(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "clearbar/py.typed" in names
    for folder in FOLDERS:
        here = {
            path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts
        }
        assert {name.removeprefix("clearbar/_project/") for name in names if name.startswith(f"clearbar/_project/{folder}/")} == here
    code = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src").rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert {name for name in names if name.startswith("clearbar/") and "/_project/" not in name} == code
    assert {name.split("/")[0] for name in names if not name.startswith("clearbar/")} == {f"clearbar-{wheel.name.split('-')[1]}.dist-info"}
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_source_distribution_holds_what_its_tests_need(built: Path) -> None:
    (source,) = built.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    assert {"go.py", "pyproject.toml", "LICENSE", "README.md", "CHANGELOG.md", "requirements-test.lock", "tests/conftest.py"} <= names
    assert not [name for name in names if ".clearbar" in name or ".venv" in name or name.endswith(".pyc")]


def test_the_wheel_alone_audits_the_sample_and_keeps_its_state_where_it_is_run(bare: Path, tmp_path: Path) -> None:
    desk = tmp_path / "desk"
    desk.mkdir()
    done = run(bare / "clearbar", "audit", "--grader", "rules", "--json", cwd=desk, PREFECT_HOME=str(tmp_path / "prefect"))
    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads(done.stdout)
    assert result["counts"]["graded"] == result["pulled"] >= 120
    assert len(result["teams"]) >= 4
    assert Path(result["index"]).is_relative_to(desk / ".clearbar")
    assert Path(result["index"]).is_file()
    assert sorted(path.name for path in desk.iterdir()) == [".clearbar"]
    library = next((bare.parent / "lib").glob("python*/site-packages/clearbar/_project"))
    assert not list(library.rglob(".clearbar"))


def test_the_wheel_alone_is_well_and_makes_a_project(bare: Path, tmp_path: Path) -> None:
    said = run(bare / "clearbar", "doctor", "--json", cwd=tmp_path, PREFECT_HOME=str(tmp_path / "prefect"))
    assert said.returncode == 0, said.stderr
    assert "built in, read-only" in json.loads(said.stdout)["project"]
    made = run(bare / "clearbar", "init", "mine", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert {*FOLDERS, "clearbar.toml", "prefect.yaml"} <= {path.name for path in (tmp_path / "mine").iterdir()}
    checked = run(bare / "clearbar", "rubric", "lint", cwd=tmp_path / "mine")
    assert checked.returncode == 0, checked.stderr
