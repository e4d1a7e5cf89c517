"""People, the audit trail, settings, and erasure."""

import re
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import Response

from clearbar.model import Model
from clearbar.pipeline.erasure import apply_retention, erase_from_everywhere
from clearbar.review.access import Right
from clearbar.review.web import Fault, Visitor, needs, see
from clearbar.store import Person, StaffRole

__all__ = ["router"]

router = APIRouter()
NEWEST = 500
"""Lines of the audit trail on its page; the JSON twin holds all."""
_CREDENTIALS = re.compile(r"//[^/\s]*@")


class PeopleData(Model):
    """Everybody with an account."""

    people: tuple[Person, ...]


class TrailEntry(Model):
    """A line of the audit trail, without content."""

    at: datetime
    who: str
    action: str
    source: str | None
    id: str | None
    why: str


class Trail(Model):
    """The audit trail, the newest line first."""

    entries: tuple[TrailEntry, ...]
    total: int


@router.get("/people")
@router.get("/people.json")
def show_people(visitor: Annotated[Visitor, needs(Right.PEOPLE)]) -> Response:
    """List people, and show the form that adds or changes one."""
    return visitor.page("people", data=PeopleData(people=tuple(visitor.store.people())), roles=list(StaffRole))


@router.post("/people")
def save_person(visitor: Annotated[Visitor, needs(Right.PEOPLE)]) -> Response:
    """Add a person, or change one."""
    role, name = visitor.text("role"), visitor.text("name", longest=64).lower()
    if role not in set(StaffRole):
        raise Fault(422, "There is no such role", "Choose one of the list. Go back; what you wrote is still there.")
    if name == visitor.name and (role != StaffRole.ADMIN or visitor.form.get("active") != "yes"):
        raise Fault(422, "Not yourself", "You cannot take your own rights away; another admin can.")
    before = visitor.store.person(name)
    password = visitor.form.get("password") or None
    if before is None and password is None and not visitor.text("subject"):
        raise Fault(
            422, "Something is missing", "A new person needs a password, or a subject at the identity provider. Go back to the form."
        )
    visitor.room.accounts.add(
        name,
        role=StaffRole(role),
        password=password,
        shown=visitor.text("shown", longest=100),
        teams=tuple(part.strip() for part in visitor.text("teams").split(",") if part.strip()),
        agent=visitor.text("agent", longest=100) or None,
        subject=visitor.text("subject", longest=200) or None,
        active=visitor.form.get("active") == "yes",
        by=visitor.name,
    )
    return see("/people")


@router.get("/trail")
@router.get("/trail.json")
def show_trail(visitor: Annotated[Visitor, needs(Right.TRAIL)], action: str = "") -> Response:
    """Show who looked at, changed, exported, revealed or erased what."""
    found = visitor.store.journal(action=action or None)[::-1]
    whole = visitor.request.url.path.endswith(".json")
    entries = tuple(TrailEntry(**one.model_dump()) for one in (found if whole else found[:NEWEST]))
    if whole:
        visitor.store.enter("export", who=visitor.name, why="audit trail")
    settings = visitor.room.settings.model_dump(mode="json") if not whole else {}
    return visitor.page("trail", data=Trail(entries=entries, total=len(found)), action=action, settings=_flat(settings))


@router.get("/erase")
def show_erase(visitor: Annotated[Visitor, needs(Right.ERASE)]) -> Response:
    """Show the forms for erasure and retention."""
    return visitor.page("erase", retention=visitor.room.settings.retention.model_dump(), told="")


@router.post("/erase")
def erase(visitor: Annotated[Visitor, needs(Right.ERASE)]) -> Response:
    """Erase a conversation or a customer for ever."""
    conversation, customer = visitor.text("conversation", longest=500), visitor.text("customer", longest=500)
    if not conversation and not customer:
        raise Fault(422, "Nothing was named", "Give a conversation's id or a customer. Nothing was erased.")
    done = erase_from_everywhere(
        visitor.room.project,
        visitor.room.settings,
        conversations=(conversation,) if conversation else (),
        customer=customer or None,
        who=visitor.name,
        why=visitor.text("why", longest=500) or "erasure was asked for",
        notice=lambda _: None,
    )
    return visitor.page("erase", retention=visitor.room.settings.retention.model_dump(), told=done.line())


@router.post("/retain")
def retain(visitor: Annotated[Visitor, needs(Right.ERASE)]) -> Response:
    """Remove what is older than the settings allow."""
    removed = apply_retention(visitor.room.project, visitor.store, visitor.room.settings)
    visitor.store.enter("retain", who=visitor.name)
    told = f"Removed: {removed.line()}."
    return visitor.page("erase", retention=visitor.room.settings.retention.model_dump(), told=told)


def _flat(settings: dict[str, Any], above: str = "") -> list[tuple[str, str]]:
    """Return settings as lines; secrets show as asterisks, and what stands before the host of an address not at all."""
    lines: list[tuple[str, str]] = []
    for name, value in settings.items():
        if isinstance(value, dict) and value:
            lines += _flat(value, f"{above}{name}.")
        else:
            lines.append((f"{above}{name}", "" if value is None else _CREDENTIALS.sub("//…@", str(value))))
    return lines
