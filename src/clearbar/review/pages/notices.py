"""Notices: what a person should know."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from clearbar.model import Model
from clearbar.review.web import Visitor, anybody, see
from clearbar.store import Notice

__all__ = ["router"]

router = APIRouter()


class NoticeList(Model):
    """What the page shows."""

    notices: tuple[Notice, ...]


@router.get("/notices")
@router.get("/notices.json")
def show(visitor: Annotated[Visitor, Depends(anybody)]) -> Response:
    """List the visitor's notices."""
    return visitor.page("notices", data=NoticeList(notices=tuple(visitor.store.notices(visitor.name))))


@router.post("/notices/read")
def read(visitor: Annotated[Visitor, Depends(anybody)]) -> Response:
    """Mark them as read."""
    visitor.store.read_notices(visitor.name)
    return see("/notices")
