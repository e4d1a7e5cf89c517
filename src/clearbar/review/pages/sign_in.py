"""Signing in and out, and the page to begin with."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool

from clearbar.review.access import Right
from clearbar.review.accounts import TooManyAttemptsError, token_digest
from clearbar.review.web import Room, Visitor, anybody, cookie_name, see

__all__ = ["enter", "router", "safe_address"]

router = APIRouter()
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
