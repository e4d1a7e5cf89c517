"""The forms of a draft: one for each criterion, one for the rest; findings stand beside the fields."""

import json
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter
from fastapi.responses import Response

from clearbar.pipeline.rubric_desk import edited
from clearbar.review.access import Right
from clearbar.review.rubric_desk import examined, find_change, own_draft, require_criterion, version_seen
from clearbar.review.rubric_form import Findings, new_criterion, with_criterion, with_whole, without_criterion
from clearbar.review.web import Fault, Number, Visitor, needs, see
from clearbar.rubric_draft import Body
from clearbar.rubric_file import parse_rubric
from clearbar.store import ChangeState, RefusedError, RubricChange

__all__ = ["router"]

router = APIRouter()
Lead = Annotated[Visitor, needs(Right.RUBRIC)]
LONGEST: Final = 4000
"""Characters of a field."""


@router.get("/rubric/changes/{number}/criteria/{criterion}")
def show_criterion(visitor: Lead, number: Number, criterion: str) -> Response:
    """Show the form of a criterion, with findings beside the fields."""
    change = find_change(visitor, number)
    return _criterion_page(visitor, change, edited(change)[1], criterion)


@router.post("/rubric/changes/{number}/criteria")
def add_criterion(visitor: Lead, number: Number) -> Response:
    """Add a criterion, whose wording is to come."""
    change = own_draft(visitor, number)
    body, id = new_criterion(edited(change)[1], visitor.text("name", longest=100, required="a name"))
    _save(visitor, change, body)
    return see(f"/rubric/changes/{number}/criteria/{id}")


@router.post("/rubric/changes/{number}/criteria/{criterion}")
def save_criterion(visitor: Lead, number: Number, criterion: str) -> Response:
    """Keep what was typed for a criterion, also where it does not hang together yet."""
    change = own_draft(visitor, number)
    _check_lengths(visitor)
    body = edited(change)[1]
    require_criterion(body, criterion)
    typed = with_criterion(body, criterion, visitor.form, visitor.many)
    try:
        _save(visitor, change, typed)
    except RefusedError as error:
        if error.kind != "stale":
            raise
        return _criterion_page(visitor, find_change(visitor, number), typed, criterion, stale=True)
    return see(f"/rubric/changes/{number}/criteria/{criterion}?saved=yes")


@router.post("/rubric/changes/{number}/criteria/{criterion}/remove")
def remove_criterion(visitor: Lead, number: Number, criterion: str) -> Response:
    """Take a criterion out of the draft."""
    change = own_draft(visitor, number)
    body = edited(change)[1]
    require_criterion(body, criterion)
    _save(visitor, change, without_criterion(body, criterion))
    return see(f"/rubric/changes/{number}")


@router.get("/rubric/changes/{number}/whole")
def show_whole(visitor: Lead, number: Number) -> Response:
    """Show the form of what concerns the whole rubric: scales, sections, bands, limits."""
    change = find_change(visitor, number)
    return _whole_page(visitor, change, edited(change)[1])


@router.post("/rubric/changes/{number}/whole")
def save_whole(visitor: Lead, number: Number) -> Response:
    """Keep what was typed there."""
    change = own_draft(visitor, number)
    _check_lengths(visitor)
    typed = with_whole(edited(change)[1], visitor.form)
    try:
        _save(visitor, change, typed)
    except RefusedError as error:
        if error.kind != "stale":
            raise
        return _whole_page(visitor, find_change(visitor, number), typed, stale=True)
    return see(f"/rubric/changes/{number}/whole?saved=yes")


def _check_lengths(visitor: Visitor) -> None:
    for value in visitor.form.values():
        if len(value) > LONGEST:
            what = f"A field has {len(value)} characters and may have {LONGEST}. Nothing was lost: go back and shorten it."
            raise Fault(422, "That is too long", what)


def _save(visitor: Visitor, change: RubricChange, body: Body) -> None:
    visitor.store.save_change(change.number, by=visitor.name, version=version_seen(visitor), body=json.dumps(body))


def _criterion_page(visitor: Visitor, change: RubricChange, body: Body, criterion: str, *, stale: bool = False) -> Response:
    require_criterion(body, criterion)
    ids = [one["id"] for one in body["criteria"]]
    place = ids.index(criterion)
    item = body["criteria"][place]
    base = parse_rubric(change.base_text, Path(f"{change.rubric}.yaml")).model_dump(mode="json")
    told: dict[str, Any] = {"item": item, "before": next((one for one in base["criteria"] if one["id"] == criterion), None)}
    told |= {"scale": next((one for one in body["scales"] if one["id"] == item["scale"]), {"levels": []})}
    told |= {"prior": ids[place - 1] if place else "", "next": ids[place + 1] if place + 1 < len(ids) else ""}
    told |= {"level_ids": [*dict.fromkeys(level["id"] for one in body["scales"] for level in one["levels"]), "not_applicable"]}
    return _form_page(visitor, change, body, "rubric_criterion", stale=stale, **told)


def _whole_page(visitor: Visitor, change: RubricChange, body: Body, *, stale: bool = False) -> Response:
    return _form_page(visitor, change, body, "rubric_whole", stale=stale)


def _form_page(visitor: Visitor, change: RubricChange, body: Body, template: str, *, stale: bool, **values: Any) -> Response:
    may_write = change.state is ChangeState.DRAFT and change.author == visitor.name
    told = Findings(examined(visitor, change, body)[1])
    saved = visitor.request.query_params.get("saved") == "yes"
    status = 409 if stale else 200
    return visitor.page(
        template,
        status=status,
        change=change,
        body=body,
        told=told,
        may_write=may_write,
        stale=stale,
        saved=saved,
        longest=LONGEST,
        **values,
    )
