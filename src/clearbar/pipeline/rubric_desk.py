"""The rubric desk behind its pages: drafts of a rubric's file, and approved ones that become the file on their day."""

import json
import os
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from clearbar.articles import Articles, articles_for
from clearbar.errors import ClearbarError, RubricError, UsageError
from clearbar.lint import Finding, Severity
from clearbar.model import Model
from clearbar.project import Project, replace_file
from clearbar.rubric import Rubric
from clearbar.rubric_draft import Body, body_of, carry_over, examine, next_version
from clearbar.rubric_file import parse_rubric, rubric_names, rubric_path
from clearbar.rubric_text import rewrite
from clearbar.store import ChangeState, RefusedError, RubricChange, Store

__all__ = ["Due", "RubricFile", "begin", "blocking", "carry", "edited", "known_rubrics", "put_in_force", "read_file", "text_of"]

DESK = "clearbar"
"""Who stands in the audit trail where no person acted."""


class RubricFile(Model):
    """A rubric's file as it is now."""

    name: str
    path: str
    shown: str
    """The path, from the project's folder on where it lies in it."""
    text: str
    rubric: Rubric
    read_only: str
    """Why it cannot be written; empty where it can."""


def read_file(project: Project, name: str) -> RubricFile:
    """Return a rubric's file; only those in the project's folder, or the one that the settings name, can be asked for.

    Raises
    ------
    RubricError
        If there is none, or it cannot be used.
    """
    path = rubric_path(name, project)
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RubricError(f"{path}: cannot be read", fix="see that it is a text file in UTF-8 that may be read") from error
    shown = path.relative_to(project.root) if path.is_relative_to(project.root) else path
    return RubricFile(
        name=name, path=str(path), shown=str(shown), text=text, rubric=_parsed(text, path), read_only=_why_read_only(project, path)
    )


def _why_read_only(project: Project, path: Path) -> str:
    if project.builtin:
        return "these rubrics belong to the installed package. Make a project of your own with: clearbar init DIR"
    if not (os.access(path, os.W_OK) and os.access(path.resolve().parent, os.W_OK)):
        return "its file, or the folder that it lies in, may not be written by the account that runs this server"
    return ""


def begin(project: Project, store: Store, name: str, *, by: str) -> int:
    """Begin a draft of a rubric as its file is now, and return its number.

    Raises
    ------
    UsageError
        If the file cannot be written, so that a draft would lead nowhere.
    """
    file = read_file(project, name)
    if file.read_only:
        raise UsageError(f"the rubric {name} cannot be edited here: {file.read_only}")
    return store.begin_change(name, base_text=file.text, body=json.dumps(body_of(file.rubric)), by=by)


def edited(change: RubricChange) -> tuple[Rubric, Body]:
    """Return what a draft began from, and what it is by now."""
    body: Body = json.loads(change.body)
    return _parsed(change.base_text, Path(f"{change.rubric}.yaml")), body


@lru_cache(maxsize=16)
def _parsed(text: str, path: Path) -> Rubric:
    return parse_rubric(text, path)


def blocking(project: Project, change: RubricChange, found: Sequence[Finding]) -> list[Finding]:
    """Return the errors that keep a draft from being sent: all that the rubric which it began from does not have itself."""
    base, _ = edited(change)
    known = {(one.place, one.what) for one in examine(body_of(base), _articles(project, change.rubric))[1]}
    return [one for one in found if one.level is Severity.ERROR and (one.place, one.what) not in known]


def text_of(project: Project, change: RubricChange) -> tuple[Body, str]:
    """Return what a draft comes to as body and as file: approved, and with a version of its own.

    Raises
    ------
    UsageError
        If it is no rubric, holds errors, or changes nothing.
    """
    base, body = edited(change)
    rubric, found = examine(body, _articles(project, change.rubric))
    if rubric is None or blocking(project, change, found):
        raise UsageError("the draft holds errors", fix="they are shown beside the fields; mend them first")
    if rubric == base:
        raise UsageError("the draft changes nothing", fix="change something, or drop it")
    version = next_version(base.version) if rubric.version == base.version else rubric.version
    ready = rubric.model_copy(update={"version": version, "status": "approved"})
    return body_of(ready), rewrite(change.base_text, base, ready)


def _articles(project: Project, name: str) -> Articles | None:
    try:
        return articles_for(name, project)
    except ClearbarError:
        return None


def carry(project: Project, change: RubricChange) -> tuple[Body, str, list[str]]:
    """Lay a draft over the file as it is now, and return the body, the file's text, and the places that both changed."""
    base, body = edited(change)
    if body["version"] == next_version(base.version):  # counted up when it was sent: no edit, and counted anew when it is sent again
        body = {**body, "version": base.version}
    file = read_file(project, change.rubric)
    made, clashes = carry_over(body_of(base), body, body_of(file.rubric))
    return made, file.text, clashes


class Due(Model):
    """What became of an approved edit whose day has come."""

    says: str
    done: bool
    """Whether it is in force."""


def put_in_force(project: Project, store: Store, *, now: datetime) -> list[Due]:
    """Write approved edits whose day has come into their files, the earliest first; audits, nightly runs and the desk do so.

    An edit whose file was changed by hand meanwhile is returned to its author: nothing by hand is ever overwritten. Killed at any
    moment, the next caller finishes what was begun.

    Returns
    -------
    list of Due
        What a person should see; empty on most days.
    """
    due = [one for one in store.changes(states=[ChangeState.APPROVED]) if one.effective is not None and one.effective <= now]
    return [_put(project, store, one, now) for one in sorted(due, key=lambda one: (one.effective, one.number))]


def _put(project: Project, store: Store, change: RubricChange, now: datetime) -> Due:
    named = f"change {change.number} of the rubric {change.rubric}"
    try:
        file = read_file(project, change.rubric)
        if file.text not in {change.text, change.base_text}:
            why = f"On {now:%Y-%m-%d} the file had been changed since this draft was begun. Carry your edits over, and send it again."
            store.return_change(change.number, by=DESK, version=change.version, answer=why)
            return Due(says=f"{named} is not in force: its file was changed by hand meanwhile; see the rubric desk", done=False)
        if file.text != change.text:
            if file.read_only:
                return Due(says=f"{named} is due but not in force: {file.read_only}", done=False)
            replace_file(Path(file.path), change.text.encode())
        store.put_change_in_force(change.number, now)
    except (RubricError, RefusedError, OSError) as error:
        told = error.what if isinstance(error, ClearbarError) else error.strerror
        return Due(says=f"{named} is due but not in force: {told}", done=False)
    return Due(says=f"{named} is in force", done=True)


def known_rubrics(project: Project, asked: str) -> list[str]:
    """Return the rubrics that the desk edits: that of the settings first, then the others of the project."""
    return list(dict.fromkeys([asked, *rubric_names(project)]))
