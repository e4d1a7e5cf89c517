"""Signing in and out, and the page to begin with."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool

from clearbar.review.access import Right
from clearbar.review.accounts import TooManyAttemptsError, token_digest
from clearbar.review.oidc import MINUTES, Oidc
from clearbar.review.web import Fault, Room, Visitor, anybody, cookie_name, see

__all__ = ["enter", "router", "safe_address"]

router = APIRouter()
WAY_BACK = "clearbar-oidc"
"""Name of the cookie that a browser brings back from the identity provider."""
STARTS = (
    (Right.REVIEW, "/queue"),
    (Right.FIGURES, "/figures"),
    (Right.READ, "/conversations"),
    (Right.TRAIL, "/trail"),
)


@router.get("/")
def start(visitor: Annotated[Visitor, Depends(anybody)]) -> Response:
    """Send everybody to the page that they need most."""
    return see(next(address for right, address in STARTS if visitor.may(right)))


@router.get("/sign-in")
def ask(request: Request, next: str = "/") -> Response:
    """Show the form."""
    return _form(request, next)


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Check name and password, and start a session."""
    room: Room = request.app.state.room
    async with request.form(max_files=0) as form:
        name, password, address = (str(form.get(field, "")) for field in ("name", "password", "next"))
    client = request.client.host if request.client else ""
    try:
        token = await run_in_threadpool(room.accounts.sign_in, name.strip().lower(), password, client)
    except TooManyAttemptsError:
        return _form(request, address, status=429, fault="Too many tries failed. Wait a quarter of an hour, or ask an admin.")
    if token is None:
        return _form(request, address, status=401, fault="Name and password do not fit.")
    return enter(room, token, address)


@router.post("/sign-out")
def sign_out(visitor: Annotated[Visitor, Depends(anybody)]) -> Response:
    """End the session."""
    name = cookie_name(visitor.room)
    visitor.store.end_session(token_digest(visitor.request.cookies[name]))
    done = see("/sign-in")
    done.delete_cookie(name)
    done.headers["clear-site-data"] = '"cache"'
    return done


@router.get("/oidc/start")
def begin_oidc(request: Request, next: str = "/") -> Response:
    """Send the browser to the identity provider."""
    room: Room = request.app.state.room
    begun = _provider(room).begin(_redirect(request, room), safe_address(next))
    done = see(begun.address)
    done.set_cookie(
        WAY_BACK, begun.sealed, max_age=MINUTES * 60, httponly=True, secure=room.settings.review.https, samesite="lax", path="/oidc"
    )
    return done


@router.get("/oidc/callback")
def finish_oidc(request: Request, code: str = "", state: str = "") -> Response:
    """Start a session for the person whom the provider vouches for, if they have an account here."""
    room: Room = request.app.state.room
    sealed = request.cookies.get(WAY_BACK, "")
    subject, address = _provider(room).finish(_redirect(request, room), code=code, state=state, sealed=sealed)
    person = room.store.person_of_subject(subject)
    if person is None or not person.active:
        raise Fault(403, "You have no account here", "An admin can give you one. Tell them that you tried.", link=("/sign-in", "Sign in"))
    done = enter(room, room.accounts.start(person.name), address)
    done.delete_cookie(WAY_BACK, path="/oidc")
    return done


def _provider(room: Room) -> Oidc:
    if room.oidc is None:
        raise Fault(404, "There is no such page", "Signing in through a provider is not set up here.", link=("/sign-in", "Sign in"))
    return room.oidc


def _redirect(request: Request, room: Room) -> str:
    base = request.base_url
    return str((base.replace(scheme="https") if room.settings.review.https else base).replace(path="/oidc/callback"))


def enter(room: Room, token: str, address: str) -> Response:
    """Return the answer that gives a browser its session."""
    done = see(safe_address(address))
    done.set_cookie(cookie_name(room), token, httponly=True, secure=room.settings.review.https, samesite="lax", path="/")
    return done


def safe_address(address: str) -> str:
    """Return a path of this site, whatever was asked for."""
    return address if address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable() else "/"


def _form(request: Request, next: str, *, status: int = 200, fault: str = "") -> Response:
    room: Room = request.app.state.room
    oidc = room.settings.review.oidc
    values = {"next": safe_address(next), "next_quoted": quote(safe_address(next)), "fault": fault, "oidc": oidc.name if oidc else ""}
    return HTMLResponse(room.templates.get_template("sign_in.html.j2").render(values), status)
