"""Notices: what a person should know."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from clearbar.review.web import Visitor, anybody, see

__all__ = ["router"]

router = APIRouter()


@router.get("/notices")
def show(visitor: Annotated[Visitor, Depends(anybody)]) -> Response:
    """List the visitor's notices."""
    return visitor.page("notices", notices=visitor.store.notices(visitor.name))


@router.post("/notices/read")
def read(visitor: Annotated[Visitor, Depends(anybody)]) -> Response:
    """Mark them as read."""
    visitor.store.read_notices(visitor.name)
    return see("/notices")
