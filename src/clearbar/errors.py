"""What can go wrong, and how it is told.

    ClearbarError                 one line for the person, exit code 2
    ├── ProjectError              no project folder, or a file missing from it
    ├── SettingsError             a setting that cannot be used
    ├── RubricError               a rubric, lexicon or threshold file that cannot be used
    ├── SourceError               a source that cannot be read at all
    ├── LabelError                a label file that cannot be used
    ├── StoreError                the store cannot be opened, is newer than the program, or the disk is full
    ├── ErasedError               what was being written shows a conversation that was erased meanwhile
    ├── GraderUnavailableError    the asked-for grader cannot work (no key, wrong model, server down)
    └── UsageError                options that contradict each other

A record that cannot be used is no exception: it is a `Rejection`, counted and listed, and the others go on.
Neither errors nor rejections ever hold a value from a conversation; they name the file, the line and the field.
"""

from clearbar.model import Model

__all__ = [
    "ClearbarError",
    "ErasedError",
    "GraderUnavailableError",
    "LabelError",
    "ProjectError",
    "Rejection",
    "RubricError",
    "SettingsError",
    "SourceError",
    "StoreError",
    "UsageError",
]


class ClearbarError(Exception):
    """A fault that a person can mend.

    Parameters
    ----------
    what
        What is wrong, naming file and field.
    fix
        What to do about it; printed behind the fault.
    """

    def __init__(self, what: str, *, fix: str = "") -> None:
        self.what = what
        self.fix = fix
        super().__init__(f"{what}: {fix}" if fix else what)


class ProjectError(ClearbarError):
    """No project folder was found, or a file that belongs to it is missing."""


class SettingsError(ClearbarError):
    """A setting has a value that cannot be used."""


class RubricError(ClearbarError):
    """A rubric, lexicon or threshold file cannot be used."""


class SourceError(ClearbarError):
    """A source cannot be read at all."""


class LabelError(ClearbarError):
    """A label file cannot be used."""


class StoreError(ClearbarError):
    """The store cannot be opened, written or understood."""


class ErasedError(ClearbarError):
    """A conversation was erased while something that may show it was being written; reading again leaves it out."""


class GraderUnavailableError(ClearbarError):
    """The grader that was asked for cannot work now."""


class UsageError(ClearbarError):
    """Options that contradict each other or ask for something that is not there."""


class Rejection(Model):
    """A record that was read and cannot be used; it is counted and listed, and the others go on."""

    where: str
    """File and line (or table and row) as a person finds it: `calls.jsonl:17`."""
    reason: str
    """What is wrong and what was expected, without any value from the record."""
    id: str | None = None
    """The record's id, where it could be read."""

    def __str__(self) -> str:
        """Return one line for the terminal."""
        named = f" (id {self.id!r})" if self.id else ""
        return f"{self.where}{named}: {self.reason}"
