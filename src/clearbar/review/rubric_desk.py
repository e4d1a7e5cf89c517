"""What the rubric desk's pages show, and which drafts a visitor may write."""

import difflib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from clearbar.articles import articles_for
from clearbar.errors import ClearbarError
from clearbar.lint import Finding
from clearbar.model import Model
from clearbar.pipeline.rubric_desk import RubricFile, blocking, edited, known_rubrics, read_file
from clearbar.review.web import Fault, Visitor
from clearbar.rubric import Rubric
from clearbar.rubric_diff import needs_grading
from clearbar.rubric_draft import Body, Edit, body_of, edits, examine
from clearbar.store import ChangeState, RubricChange

__all__ = [
    "OPEN", "ChangeView", "Desk", "ListedChange", "both_bodies", "examined", "file_lines", "find_change", "form_links", "listed",
    "open_file", "own_draft", "require_criterion", "require_same_file", "version_seen", "view_of",
]  # fmt: skip

OPEN: Final = (ChangeState.DRAFT, ChangeState.PROPOSED, ChangeState.APPROVED)


class ListedChange(Model):
    """An edit in a list."""

    number: int
    state: ChangeState
    author: str
    why: str
    effective: datetime | None
    decided_by: str | None
    saved_at: datetime
    in_force_at: datetime | None
    version: str
    """Of the rubric that it makes."""


class Desk(Model):
    """The desk of one rubric."""

    name: str
    names: tuple[str, ...]
    """All that can be edited."""
    path: str
    read_only: str
    rubric: Rubric
    under_way: tuple[ListedChange, ...]
    history: tuple[ListedChange, ...]


class ChangeView(Model):
    """One edit as its page shows it."""

    change: ListedChange
    answer: str
    edits: tuple[Edit, ...]
    findings: tuple[Finding, ...]
    blocked: int
    """Errors that must be mended before it is sent."""
    usable: bool
    """Whether it is a rubric."""
    regrades: bool
    """Whether conversations would have to be graded anew."""
    file_changed: bool
    """Whether the file is another than the one that the draft began from."""
    trouble: str
    """Why an approved edit whose day has come is not in force."""


def open_file(visitor: Visitor, name: str) -> RubricFile:
    """Return a rubric's file; that of the settings where none is named."""
    names = known_rubrics(visitor.room.project, visitor.room.settings.grading.rubric)
    if name and name not in names:
        raise Fault(404, "There is no such rubric", "Choose one on the rubric desk.", link=("/rubric", "Rubric desk"))
    return read_file(visitor.room.project, name or names[0])


def find_change(visitor: Visitor, number: int) -> RubricChange:
    """Return an edit."""
    found = visitor.store.change(number)
    if found is None:
        raise Fault(404, "There is no such change", "Look on the rubric desk.", link=("/rubric", "Rubric desk"))
    return found


def own_draft(visitor: Visitor, number: int) -> RubricChange:
    """Return a draft that the visitor may write.

    Raises
    ------
    Fault
        409 where it is no draft any more, or somebody else's.
    """
    found = find_change(visitor, number)
    link = (f"/rubric/changes/{number}", "To the change")
    if found.state is not ChangeState.DRAFT:
        raise Fault(409, "No draft any more", f"It is {found.state.replace('_', ' ')} by now. What was saved is kept.", link=link)
    if found.author != visitor.name:
        raise Fault(409, "Not your draft", "Its author writes it. Begin one of your own, or tell them.", link=link)
    return found


def require_criterion(body: Body, criterion: str) -> None:
    """Refuse a criterion that a draft does not have."""
    if criterion not in {one["id"] for one in body["criteria"]}:
        raise Fault(404, "There is no such criterion", "The draft does not have it; perhaps it was taken out in another window.")


def require_same_file(visitor: Visitor, change: RubricChange) -> None:
    """Refuse to go on where the file is another one than the draft began from."""
    if read_file(visitor.room.project, change.rubric).text != change.base_text:
        what = "Somebody changed it outside this draft, or another change came into force. The draft is kept as it is."
        link = (f"/rubric/changes/{change.number}", "Carry the edits over")
        raise Fault(409, "The rubric's file is another one by now", what, link=link)


def version_seen(visitor: Visitor) -> int:
    """Return which state of a draft the visitor's form was made from."""
    known = visitor.form.get("version_seen", "")
    return int(known) if known.isascii() and known.isdigit() and len(known) < 10 else 0  # noqa: PLR2004 - no version is so long


def examined(visitor: Visitor, change: RubricChange, body: Body) -> tuple[Rubric | None, list[Finding]]:
    """Return the rubric that a draft makes, if it makes one, and what should be mended."""
    try:
        articles = articles_for(change.rubric, visitor.room.project)
    except ClearbarError:
        articles = None
    return examine(body, articles)


def view_of(visitor: Visitor, change: RubricChange) -> ChangeView:
    """Return an edit as its page shows it."""
    base, body = edited(change)
    rubric, found = examined(visitor, change, body)
    file = read_file(visitor.room.project, change.rubric)
    late = change.state is ChangeState.APPROVED and change.effective is not None and change.effective <= datetime.now(UTC)
    return ChangeView(
        change=listed(change),
        answer=change.answer,
        edits=tuple(edits(body_of(base), body)),
        findings=tuple(found),
        blocked=len(blocking(visitor.room.project, change, found)),
        usable=rubric is not None,
        regrades=rubric is not None and needs_grading(base, rubric),
        file_changed=change.state in OPEN and file.text != change.base_text,
        trouble=file.read_only if late else "",
    )


def listed(change: RubricChange) -> ListedChange:
    """Return an edit as lists show it."""
    version = str(json.loads(change.body).get("version", ""))
    return ListedChange(**{name: getattr(change, name) for name in ListedChange.model_fields if name != "version"}, version=version)


def both_bodies(base: Body, body: Body) -> Body:
    """Return a body in which what was taken out can still be called by its name."""
    gone = {kind: [*body[kind], *base[kind]] for kind in ("criteria", "sections", "scales", "bands")}
    return {**body, **gone}


def form_links(number: int, body: Body) -> Callable[[str], str]:
    """Return what gives the address of the form on which a place is edited."""
    ids = {one["id"] for one in body["criteria"]}

    def address(place: str) -> str:
        kind, *rest = place.split(".")
        if kind == "criteria" and rest and rest[0] in ids:
            return f"/rubric/changes/{number}/criteria/{rest[0]}"
        return f"/rubric/changes/{number}/whole" if kind != "criteria" else ""

    return address


def file_lines(change: RubricChange) -> tuple[str, ...]:
    """Return what the edit does to the file, line by line."""
    before, after = change.base_text.splitlines(), change.text.splitlines()
    return tuple(difflib.unified_diff(before, after, lineterm="", n=1))[2:]
