"""Exclusions: kinds of conversations that nobody grades or reviews, with how many they are."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter
from fastapi.responses import Response

from clearbar.errors import UsageError
from clearbar.model import Model
from clearbar.pipeline.exclusions import FIELDS, check_rule, excludes, told
from clearbar.review.access import Right, covers
from clearbar.review.web import Number, Visitor, needs, see
from clearbar.store import Exclusion, StoredConversation

__all__ = ["router"]

router = APIRouter()
MONTH: Final = timedelta(days=31)
SHOWN: Final = 5
"""Conversations that are named as examples."""


class Rule(Model):
    """An exclusion with what it does."""

    rule: Exclusion
    words: str
    hits: int
    """Conversations in the queue that it leaves out."""
    month: int
    """Conversations of the last 31 days that were graded before it held and that it would leave out."""
    filtered: int
    """Conversations that audits have left out for it, or for another rule of the same words."""


class Tried(Model):
    """A rule that somebody thinks of, and what it would have done last month."""

    field: str
    value: str
    fault: str
    """Why it means nothing; empty where it does."""
    hits: int
    of: int
    teams: dict[str, int]
    examples: tuple[str, ...]
    """Ids of some of the conversations."""


class Rules(Model):
    """All exclusions."""

    rules: tuple[Rule, ...]
    month: int
    """Conversations of the last 31 days that were graded."""
    tried: Tried | None = None


@router.get("/exclusions")
@router.get("/exclusions.json")
def show(visitor: Annotated[Visitor, needs(Right.RUBRIC)], field: str = "", value: str = "") -> Response:
    """List the rules with what they leave out, and try one that is not set yet on last month."""
    rules = visitor.store.exclusions()
    month = _month(visitor)
    waiting = [
        item for item in visitor.store.queue(days=visitor.room.settings.review.days) if covers(visitor.person, item.team, item.agents)
    ]
    filtered = visitor.store.filtered_counts()
    data = Rules(
        rules=tuple(
            Rule(
                rule=one,
                words=FIELDS[one.field],
                hits=len(visitor.room.excluding.left_out(waiting, [one])),
                month=sum(excludes(one, talk) for talk in month),
                filtered=filtered.get(told(one), 0),
            )
            for one in rules
        ),
        month=len(month),
        tried=_tried(field, value.strip(), month) if field or value else None,
    )
    return visitor.page("exclusions", data=data, fields=FIELDS)


@router.post("/exclusions")
def add(visitor: Annotated[Visitor, needs(Right.RUBRIC)]) -> Response:
    """Leave a kind of conversation out of audits and review."""
    field = visitor.text("field")
    value, why = visitor.text("value", longest=200, required="a value"), visitor.text("why", longest=500, required="a reason")
    check_rule(field, value)
    visitor.store.add_exclusion(field=field, value=value, why=why, by=visitor.name)
    return see("/exclusions")


@router.post("/exclusions/{number}/end")
def end(visitor: Annotated[Visitor, needs(Right.RUBRIC)], number: Number) -> Response:
    """Take a kind of conversation back."""
    visitor.store.end_exclusion(number, by=visitor.name)
    return see("/exclusions")


def _month(visitor: Visitor) -> list[StoredConversation]:
    found = (audit.conversation for audit in visitor.store.audits(since=datetime.now(UTC) - MONTH, turns=True))
    return [one for one in found if covers(visitor.person, one.team, one.agents)]


def _tried(field: str, value: str, month: list[StoredConversation]) -> Tried:
    try:
        check_rule(field, value)
    except UsageError as error:
        return Tried(field=field, value=value, fault=f"{error.what}: {error.fix}", hits=0, of=len(month), teams={}, examples=())
    rule = Exclusion(number=0, field=field, value=value, why="", active=False, by="", made_at=datetime.now(UTC))
    hits = [one for one in month if excludes(rule, one)]
    return Tried(
        field=field,
        value=value,
        fault="",
        hits=len(hits),
        of=len(month),
        teams=dict(sorted(Counter(one.team or "no team" for one in hits).items())),
        examples=tuple(one.id for one in hits[:SHOWN]),
    )
