"""The rubric desk: what is in force, what is under way, and the way from draft to file; the file stays the source."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import Response

from clearbar.pipeline.rubric_desk import begin, carry, edited, known_rubrics, put_in_force, text_of
from clearbar.review.access import Right, may
from clearbar.review.rubric_desk import (
    OPEN,
    Desk,
    both_bodies,
    file_lines,
    find_change,
    form_links,
    listed,
    open_file,
    own_draft,
    require_same_file,
    version_seen,
    view_of,
)
from clearbar.review.rubric_form import Findings, place_name
from clearbar.review.web import Fault, Number, Visitor, needs, see
from clearbar.rubric_draft import body_of
from clearbar.store import ChangeState

__all__ = ["router"]

router = APIRouter()
Lead = Annotated[Visitor, needs(Right.RUBRIC)]


@router.get("/rubric")
@router.get("/rubric.json")
def show_desk(visitor: Lead, name: str = "") -> Response:
    """Show the rubric in force, what is under way, and its history."""
    put_in_force(visitor.room.project, visitor.store, now=datetime.now(UTC))
    file = open_file(visitor, name)
    changes = visitor.store.changes(rubric=file.name)
    desk = Desk(
        name=file.name,
        names=tuple(known_rubrics(visitor.room.project, visitor.room.settings.grading.rubric)),
        path=file.shown,
        read_only=file.read_only,
        rubric=file.rubric,
        under_way=tuple(listed(one) for one in changes if one.state in OPEN),
        history=tuple(listed(one) for one in changes if one.state is ChangeState.IN_FORCE),
    )
    return visitor.page("rubric", data=desk)


@router.post("/rubric/changes")
def begin_draft(visitor: Lead) -> Response:
    """Begin a draft of the rubric as it is now."""
    name = open_file(visitor, visitor.text("name", longest=200)).name
    return see(f"/rubric/changes/{begin(visitor.room.project, visitor.store, name, by=visitor.name)}")


@router.get("/rubric/changes/{number}")
@router.get("/rubric/changes/{number}.json")
def show_change(visitor: Lead, number: Number) -> Response:
    """Show what an edit changes, what should be mended, and what can be done with it."""
    put_in_force(visitor.room.project, visitor.store, now=datetime.now(UTC))
    change = find_change(visitor, number)
    base, body = edited(change)
    view = view_of(visitor, change)
    told: dict[str, Any] = {
        "body": body,
        "named": lambda place: place_name(place, both_bodies(body_of(base), body)),
        "link": form_links(number, body),
        "mine": change.author == visitor.name,
        "version": change.version,
        "lines": file_lines(change) if change.text else (),
        "today": datetime.now(UTC),
    }
    return visitor.page("rubric_change", data=view, told=Findings(view.findings), **told)


@router.post("/rubric/changes/{number}/propose")
def propose(visitor: Lead, number: Number) -> Response:
    """Send a draft for approval."""
    change = own_draft(visitor, number)
    why = visitor.text("why", longest=1000, required="a reason")
    effective = visitor.date("effective")
    if effective.date() < datetime.now(UTC).date():
        raise Fault(422, "That day is over", "Choose today or a later day. Go back to the form; what you wrote is still there.")
    require_same_file(visitor, change)
    body, text = text_of(visitor.room.project, change)
    visitor.store.propose_change(
        number,
        by=visitor.name,
        version=version_seen(visitor),
        body=json.dumps(body),
        text=text,
        why=why,
        effective=effective,
        tell=[one.name for one in visitor.store.people() if may(one, Right.RUBRIC)],
    )
    return see(f"/rubric/changes/{number}")


@router.post("/rubric/changes/{number}/approve")
def approve(visitor: Lead, number: Number) -> Response:
    """Approve somebody else's edit; it becomes the file at once where its day has come."""
    change = find_change(visitor, number)
    if change.author == visitor.name:
        raise Fault(409, "Not your own", "Nobody approves a change of their own; another lead or an admin can.")
    require_same_file(visitor, change)
    visitor.store.approve_change(number, by=visitor.name, version=version_seen(visitor), answer=visitor.text("answer", longest=1000))
    put_in_force(visitor.room.project, visitor.store, now=datetime.now(UTC))
    return see(f"/rubric/changes/{number}")


@router.post("/rubric/changes/{number}/return")
def give_back(visitor: Lead, number: Number) -> Response:
    """Make a draft again of what is not in force yet."""
    change = find_change(visitor, number)
    required = "" if change.author == visitor.name else "a reason"
    answer = visitor.text("answer", longest=1000, required=required)
    visitor.store.return_change(number, by=visitor.name, version=version_seen(visitor), answer=answer)
    return see(f"/rubric/changes/{number}")


@router.post("/rubric/changes/{number}/drop")
def drop(visitor: Lead, number: Number) -> Response:
    """End a draft."""
    change = find_change(visitor, number)
    if change.author != visitor.name and not visitor.may(Right.PEOPLE):
        raise Fault(409, "Not your draft", "Its author or an admin can drop it.")
    visitor.store.drop_change(number, by=visitor.name, version=version_seen(visitor))
    return see(f"/rubric?name={change.rubric}")


@router.post("/rubric/changes/{number}/carry")
def carry_edits(visitor: Lead, number: Number) -> Response:
    """Lay a draft's edits over the file as it is now."""
    change = own_draft(visitor, number)
    body, text, clashes = carry(visitor.room.project, change)
    visitor.store.save_change(number, by=visitor.name, version=version_seen(visitor), body=json.dumps(body), base_text=text)
    told = [place_name(place, body) for place in clashes]
    return visitor.page("rubric_carried", number=number, clashes=told)
