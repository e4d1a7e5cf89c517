"""What every page shares: who asks, what they may, and how it is answered."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated, Any
from urllib.parse import quote

import orjson
from fastapi import Depends, Path, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from clearbar.project import Project
from clearbar.review.access import Right, may
from clearbar.review.accounts import Accounts, csrf_token, token_digest
from clearbar.review.excluding import Excluding
from clearbar.review.oidc import Oidc
from clearbar.review.snapshot import Snapshots
from clearbar.settings import Settings
from clearbar.store import Person, Store

__all__ = ["Fault", "Number", "Room", "Visitor", "answer", "anybody", "cookie_name", "needs", "see"]


Number = Annotated[int, Path(ge=1, le=2**53)]
"""A number in an address; larger ones no database has."""


class Fault(Exception):  # noqa: N818 - a page, not a fault of the program
    """Something that the person must know instead of the page that they asked for.

    Parameters
    ----------
    status
        HTTP status.
    title, text
        What happened, and what to do; neither repeats a value from a conversation.
    link
        Where to go on: address and words.
    kept
        Fields of a form that was not taken, by name, so that they can be sent again from the page itself.
    """

    def __init__(
        self,
        status: int,
        title: str,
        text: str,
        *,
        link: tuple[str, str] = ("/", "Go to the start page"),
        kept: Mapping[str, list[str]] | None = None,
    ) -> None:
        self.status = status
        self.title = title
        self.text = text
        self.link = link
        self.kept = {name: values for name, values in (kept or {}).items() if name != "password"}
        super().__init__(title)


@dataclass(frozen=True)
class Room:
    """What the pages work with."""

    project: Project
    settings: Settings
    store: Store
    accounts: Accounts
    snapshots: Snapshots

    @cached_property
    def excluding(self) -> Excluding:
        """What nobody should review."""
        return Excluding(self.store)

    @cached_property
    def oidc(self) -> Oidc | None:
        """The identity provider; null where none is set up."""
        settings = self.settings.review.oidc
        return Oidc(settings, self.project.secret()) if settings else None

    @cached_property
    def templates(self) -> Environment:
        """The page templates: whatever is put into them is text, not markup."""
        made = Environment(
            loader=PackageLoader("clearbar.review"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        made.filters["day"] = _day
        made.filters["moment"] = _moment
        made.globals["Right"] = Right
        made.globals["may"] = may
        return made


@dataclass(frozen=True)
class Visitor:
    """Somebody who is signed in, and what they sent."""

    request: Request
    room: Room
    person: Person
    csrf: str
    form: Mapping[str, str] = field(default_factory=dict)
    many: Mapping[str, list[str]] = field(default_factory=dict)
    """All values of fields that may be given several times."""

    @property
    def store(self) -> Store:
        """The store."""
        return self.room.store

    @property
    def name(self) -> str:
        """What stands in the audit trail."""
        return self.person.name

    def may(self, right: Right) -> bool:
        """Return whether the person's role has a right."""
        return may(self.person, right)

    def page(self, template: str, *, status: int = 200, data: BaseModel | None = None, **values: Any) -> Response:
        """Return a page, or its data where the address ends in `.json`."""
        if data is not None and self.request.url.path.endswith(".json"):
            return JSONResponse(json.loads(data.model_dump_json()), status)
        told = {"visitor": self, "csrf": self.csrf, "path": self.request.url.path, "data": data, **values}
        told["unread"] = len(self.store.notices(self.name, unread=True))
        return HTMLResponse(self.room.templates.get_template(f"{template}.html.j2").render(told), status)

    def text(self, name: str, *, longest: int | None = None, required: str = "") -> str:
        """Return a field of the form without spaces around it.

        Raises
        ------
        Fault
            If it is empty though `required` names it, or too long.
        """
        value = self.form.get(name, "").strip()
        limit = longest or self.room.settings.review.note_length
        if len(value) > limit:
            what = f"The text has {len(value)} characters and may have {limit}."
            raise Fault(422, "That is too long", f"{what} Nothing was lost: go back and shorten it.")
        if required and not value:
            raise Fault(422, "Something is missing", f"Please give {required}. Go back to the form; what you wrote is still there.")
        return value

    def date(self, name: str) -> datetime:
        """Return the midnight (UTC) of a day in the form.

        Raises
        ------
        Fault
            If it is no day.
        """
        try:
            return datetime.fromisoformat(self.form.get(name, "")).replace(tzinfo=UTC)
        except ValueError:
            raise Fault(422, "That is no day", "Write it as 2026-11-30. Go back to the form; what you wrote is still there.") from None


def see(address: str) -> RedirectResponse:
    """Return the answer that sends a browser on after a form."""
    return RedirectResponse(address, 303)


def cookie_name(room: Room) -> str:
    """Return the name of the session cookie; the prefix binds it to this host over TLS."""
    return "__Host-clearbar" if room.settings.review.https else "clearbar"


async def anybody(request: Request) -> Visitor:
    """Return who asks.

    Raises
    ------
    Fault
        401 where nobody is signed in, 403 where a form is not of this session.
    """
    room: Room = request.app.state.room
    token = request.cookies.get(cookie_name(room), "")
    person = await run_in_threadpool(room.store.signed_in, token_digest(token)) if token else None
    if person is None:
        many = {} if request.method in {"GET", "HEAD"} or "x-csrf" in request.headers else await _form(request)
        more = " What you sent just now stands on this page: sign in, come back here, and send it again." if many else ""
        raise Fault(401, "Please sign in", f"Your session is over. What you saved is kept.{more}", link=("/sign-in", "Sign in"), kept=many)
    visitor = Visitor(request=request, room=room, person=person, csrf=csrf_token(token))
    return visitor if request.method in {"GET", "HEAD"} else await _with_form(visitor)


async def _with_form(visitor: Visitor) -> Visitor:
    request = visitor.request
    sent = request.headers.get("x-csrf", "")
    many = {} if sent else await _form(request)
    if (sent or many.get("csrf", [""])[0]) != visitor.csrf:
        kept = {**many, "csrf": [visitor.csrf]} if many else {}
        text = "Nothing was changed, and nothing is lost: what you sent stands on this page. Send it again if you still want to."
        text = text if many else "Nothing was changed. Reload the page and send it again."
        raise Fault(403, "This form is from an earlier session", text, kept=kept)
    form_values = {name: values[0] for name, values in many.items()}
    return Visitor(request=request, room=visitor.room, person=visitor.person, csrf=visitor.csrf, form=form_values, many=many)


async def _form(request: Request) -> dict[str, list[str]]:
    many: dict[str, list[str]] = {}
    async with request.form(max_files=0) as form:
        for name, value in form.multi_items():
            many.setdefault(name, []).append(str(value).replace("\r\n", "\n").replace("\0", "\N{REPLACEMENT CHARACTER}"))
    return many


def needs(right: Right) -> Any:
    """Return the dependency that lets only those in whose role has a right.

    Raises
    ------
    Fault
        403 for everybody else.
    """

    async def allowed(request: Request) -> Visitor:
        visitor = await anybody(request)
        if not visitor.may(right):
            raise Fault(403, "Not for your role", "Your account does not have the right to do this. An admin can change that.")
        return visitor

    allowed.__doc__ = f"Needs the right: {right}"
    return Depends(allowed)


def answer(request: Request, fault: Fault) -> Response:
    """Return a fault as page or as JSON, whichever was asked for."""
    room: Room = request.app.state.room
    if request.url.path.endswith(".json") or request.headers.get("x-csrf") is not None:
        return Response(orjson.dumps({"error": fault.title, "what": fault.text}), fault.status, media_type="application/json")
    if fault.status == 401 and request.method == "GET":  # noqa: PLR2004 - the one way in
        return RedirectResponse(f"/sign-in?next={quote(request.url.path + ('?' + request.url.query if request.url.query else ''))}", 303)
    return HTMLResponse(room.templates.get_template("fault.html.j2").render(fault=fault, path=request.url.path), fault.status)


def _day(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d}"


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
