"""Where the project's files lie: rubrics, prompts, labelled sets, flows, settings; and where its state goes."""

import os
import secrets
import tempfile
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from clearbar.errors import ProjectError

__all__ = ["FOLDERS", "STATE", "Project", "find_project", "replace_file"]

FOLDERS = ("flows", "prompts", "rubrics", "evals")
"""The folders that make a project."""
STATE = ".clearbar"
"""The folder for the store, reports and the secret, inside the project or the working directory."""

_PACKAGE = Path(__file__).resolve().parent
_BUILTIN = _PACKAGE / "_project"


class Project:
    """A folder with rubrics, prompts, labelled sets and flows.

    Parameters
    ----------
    root
        The folder.
    builtin
        Whether it is the copy inside the installed package, which is read-only: state then goes to the working directory.
    """

    def __init__(self, root: Path, *, builtin: bool = False) -> None:
        self.root = root
        self.builtin = builtin
        self._state: Path | None = None

    def use_state(self, folder: Path) -> None:
        """Keep store, reports and secret in another folder."""
        self._state = folder
        self.__dict__.pop("state", None)

    def path(self, relative: str) -> Path:
        """Return a file or folder of the project.

        Raises
        ------
        ProjectError
            If it is missing.
        """
        found = self.root / relative
        if not found.exists():
            beside = sorted(entry.name for entry in found.parent.iterdir()) if found.parent.is_dir() else []
            there = f"there is: {', '.join(beside[:12])}" if beside else f"there is no folder {found.parent}"
            raise ProjectError(f"{relative!r} is missing from the project {self.root}", fix=there)
        return found

    @cached_property
    def state(self) -> Path:
        """The folder for store, reports and secret, made when first asked for."""
        base = Path.cwd() if self.builtin or not os.access(self.root, os.W_OK) else self.root
        folder = self._state or base / STATE
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (folder / ".gitignore").write_text("*\n", encoding="utf-8")
        except OSError as error:
            raise ProjectError(
                f"the state folder {folder} cannot be made ({error.strerror})", fix="set CLEARBAR_STATE_DIR or pass --project DIR"
            ) from error
        return folder

    def secret(self) -> bytes:
        """Return the project's secret, made on first use; it keys pseudonyms and the marker around a conversation in a prompt."""
        file = self.state / "secret"
        if not file.is_file():
            fresh = self.state / f"secret.{os.getpid()}"
            fresh.touch(mode=0o600)
            try:
                fresh.write_text(secrets.token_hex(32), encoding="ascii")
                os.link(fresh, file)  # appears whole or not at all; of several processes the first one wins
            except FileExistsError:
                pass
            finally:
                fresh.unlink(missing_ok=True)
        return bytes.fromhex(file.read_text(encoding="ascii"))


def find_project(asked: Path | None = None, environ: Mapping[str, str] | None = None) -> Project:
    """Return the project: the one asked for, else `CLEARBAR_PROJECT`, else the checkout, else the package's own copy.

    The working directory or one of its parents counts as a checkout if it holds a project's folders.

    Raises
    ------
    ProjectError
        If the folder asked for is not a project.
    """
    environ = os.environ if environ is None else environ
    named = asked or (Path(environ["CLEARBAR_PROJECT"]) if environ.get("CLEARBAR_PROJECT") else None)
    if named is not None:
        if not (named / "rubrics").is_dir():
            raise ProjectError(
                f"{str(named)!r} is no clearbar project (it has no folder 'rubrics')", fix="make one with: clearbar init DIR"
            )
        return Project(named.resolve(), builtin=named.resolve() == _BUILTIN)
    here = Path.cwd()
    for folder in (here, *here.parents, _PACKAGE.parents[1]):
        if all((folder / name).is_dir() for name in FOLDERS):
            return Project(folder)
    return Project(_BUILTIN, builtin=True)


def replace_file(path: Path, content: bytes) -> None:
    """Put a new file in a file's place, or where none is: whole or not at all, whoever else writes it or is killed. It keeps its mode.

    Raises
    ------
    OSError
        If it cannot be written; what was there is still there.
    """
    target = path.resolve()
    number, made = tempfile.mkstemp(prefix=f".{target.stem}.", suffix=".new", dir=target.parent)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            Path(made).chmod(target.stat().st_mode & 0o7777)
        Path(made).replace(target)
    except BaseException:
        Path(made).unlink(missing_ok=True)
        raise
