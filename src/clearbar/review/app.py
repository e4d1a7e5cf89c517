"""The web app, put together."""

from pathlib import Path
from typing import Final

from argon2 import PasswordHasher
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from clearbar.errors import ClearbarError, StoreError, UsageError
from clearbar.project import Project
from clearbar.review.accounts import Accounts
from clearbar.review.oidc import OidcError
from clearbar.review.pages import ROUTERS
from clearbar.review.security import Guard
from clearbar.review.snapshot import Snapshots
from clearbar.review.web import Fault, Room, answer
from clearbar.settings import Settings
from clearbar.store import RefusedError, Store

__all__ = ["create_app"]

_STATIC: Final = Path(__file__).parent / "static"
_STATUS: Final = {"missing": 404, "closed": 409, "stale": 409, "incomplete": 422, "seen": 409}
_TITLES: Final = {
    "missing": "There is no such page for you",
    "closed": "Somebody was faster",
    "stale": "Changed in another window",
    "incomplete": "Not complete yet",
    "seen": "Not blind any more",
}


def create_app(project: Project, settings: Settings, store: Store, *, hasher: PasswordHasher | None = None) -> FastAPI:
    """Return the app over an open store, which the caller closes.

    Parameters
    ----------
    project, settings
        Where files lie, and how the room works.
    store
        Conversations, grades, people, labels.
    hasher
        For passwords; argon2id with its library's parameters by default.
    """
    app = FastAPI(title="clearbar review", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.room = Room(
        project=project,
        settings=settings,
        store=store,
        accounts=Accounts(store, hours=settings.review.session_hours, hasher=hasher),
        snapshots=Snapshots(project, settings.grading.rubric, store),
    )
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    app.add_middleware(Guard, https=settings.review.https)
    app.add_exception_handler(Fault, _on_fault)
    app.add_exception_handler(ClearbarError, _on_error)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_http)
    return app


async def _on_fault(request: Request, error: Exception) -> Response:
    assert isinstance(error, Fault)  # noqa: S101 - registered for it
    return answer(request, error)


async def _on_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ClearbarError)  # noqa: S101
    if isinstance(error, RefusedError):
        text = f"{_sentence(error.what)} {_sentence(error.fix)} Nothing that was saved is lost."
        return answer(request, Fault(_STATUS[error.kind], _TITLES[error.kind], text))
    if isinstance(error, UsageError):
        return answer(request, Fault(422, "That cannot be done", f"{_sentence(error.what)} {_sentence(error.fix)}"))
    status = 503 if isinstance(error, StoreError) else 400 if isinstance(error, OidcError) else 500
    return answer(request, Fault(status, "That did not work", f"{_sentence(error.what)} {_sentence(error.fix)} What was saved is kept."))


async def _on_http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    return answer(request, Fault(status, "There is no such page", "Check the address, or go on from the start page."))


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}." if words else ""
