"""What is declared is used, what is used is declared, and what is pinned is all of it, by hash, from nowhere in particular."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT: Any = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
NOT_IMPORTED = {
    "psycopg",  # SQLAlchemy's driver
    "python-multipart",  # Starlette reads forms with it
    "hatchling", "editables", "mypy", "ruff", "pytest-timeout", "pytest-xdist", "types-pyyaml",  # tools
}  # fmt: skip
APART = {ROOT / "benchmarks" / "llm_peers.py"}  # runs where benchmarks/requirements-peers.txt is installed
OWN = {"clearbar", "tests", "prefect.yaml"}


def declared(groups: Iterable[str] = ()) -> list[Requirement]:
    lines = [*PROJECT["project"]["dependencies"], *(line for group in groups for line in PROJECT["dependency-groups"][group])]
    return [Requirement(line) for line in lines]


def imported(*folders: str) -> set[str]:
    """Return the distributions that the code of some folders imports."""
    found = set()
    for folder in folders:
        for path in sorted({*(ROOT / folder).rglob("*.py")} - APART):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    found |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    found.add(node.module.split(".")[0])
    provided = packages_distributions()
    beside = {path.stem for folder in folders for path in (ROOT / folder).rglob("*.py")}
    third = {name for name in found - set(sys.stdlib_module_names) - OWN if name in provided or name not in beside}
    return {canonicalize_name(min(provided.get(name, [name]), key=len)) for name in third}  # of a package and its parts, the package


def brought_along(requirement: Requirement) -> set[str]:
    """Return what a dependency itself requires, and so guarantees."""
    try:
        lines = [Requirement(line) for line in requires(requirement.name) or []]
    except PackageNotFoundError:
        return set()
    extras = ["", *requirement.extras]
    return {
        canonicalize_name(line.name) for line in lines if line.marker is None or any(line.marker.evaluate({"extra": e}) for e in extras)
    }


@pytest.mark.parametrize(("folders", "groups"), [(("src", "flows"), ()), (("tests", "benchmarks"), ("test", "build"))], ids=["run", "test"])
def test_every_import_is_declared_or_brought_along_by_what_is_declared(folders: tuple[str, ...], groups: tuple[str, ...]) -> None:
    known: set[str] = {canonicalize_name(item.name) for item in declared(groups)}
    known |= {name for item in declared(groups) for name in brought_along(item)}
    assert sorted(imported(*folders) - known) == []


def test_every_declared_package_is_imported() -> None:
    run = {canonicalize_name(item.name) for item in declared()}
    assert sorted(run - imported("src", "flows") - NOT_IMPORTED) == []
    more = {canonicalize_name(Requirement(line).name) for group in ("test", "build") for line in PROJECT["dependency-groups"][group]}
    assert sorted(more - imported("tests", "benchmarks") - NOT_IMPORTED) == []


def pins(lock: str) -> dict[str, str]:
    """Return version by package of a lock file."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    return {canonicalize_name(name): version for name, version in re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, re.MULTILINE)}


@pytest.mark.parametrize(("lock", "groups"), [("requirements.lock", ("build",)), ("requirements-test.lock", ("build", "test"))])
def test_a_lock_pins_all_that_is_declared_by_hash(lock: str, groups: tuple[str, ...]) -> None:
    pinned = pins(lock)
    for item in declared(groups):
        assert item.specifier.contains(pinned[canonicalize_name(item.name)], prereleases=True), str(item)
    text = (ROOT / lock).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[\w.-]+==)", text.strip())
    assert len(entries) == len(re.findall(r"^[\w.-]+==", text, re.MULTILINE))
    assert [entry.split(" ")[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert "://" not in text
    assert "@ " not in text


def test_both_locks_pin_the_same_versions() -> None:
    run, test = pins("requirements.lock"), pins("requirements-test.lock")
    assert {name: (version, test.get(name)) for name, version in run.items() if test.get(name) != version} == {}
