"""Exclusions: kinds of conversations that nobody grades or reviews, with how many they are."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter
from fastapi.responses import Response

from clearbar.errors import UsageError
from clearbar.model import Model
from clearbar.pipeline.exclusions import EXCLUDED, FIELDS, check_rule, excludes_recent, reads_turns, told
from clearbar.review.access import Right, covers
from clearbar.review.web import Number, Visitor, needs, see
from clearbar.store import Exclusion, Recent

__all__ = ["router"]

router = APIRouter()
MONTH: Final = timedelta(days=31)
SHOWN: Final = 5
"""Conversations that are named as examples."""
TRIED: Final = 0
"""Number of a rule that is not set."""


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
    tried, fault = _tried(field, value.strip()) if field or value else (None, "")
    month = _Month([*rules, tried] if tried else rules)
    month.read(visitor)
    waiting = [
        item for item in visitor.store.queue(days=visitor.room.settings.review.days) if covers(visitor.person, item.team, item.agents)
    ]
    filtered = visitor.store.filtered_counts(EXCLUDED)
    data = Rules(
        rules=tuple(
            Rule(
                rule=one,
                words=FIELDS[one.field],
                hits=len(visitor.room.excluding.left_out(waiting, [one])),
                month=month.hits[one.number],
                filtered=filtered.get(told(one), 0),
            )
            for one in rules
        ),
        month=month.conversations,
        tried=month.told(field, value.strip(), fault) if field or value else None,
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


class _Month:
    """Conversations of the last 31 days and the rules that leave them out, counted in one pass; none of them is kept.

    Parameters
    ----------
    rules
        Which may have one that is only tried among them.
    """

    def __init__(self, rules: Sequence[Exclusion]) -> None:
        self._rules = rules
        self.conversations = 0
        self.hits: Counter[int] = Counter()
        """By rule."""
        self._teams: Counter[str] = Counter()
        self._examples: list[str] = []

    def read(self, visitor: Visitor) -> None:
        """Count the visitor's; turns are read where a rule looks at them only."""
        turns = any(map(reads_turns, self._rules))
        for one in visitor.store.recent(datetime.now(UTC) - MONTH, turns=turns):
            if covers(visitor.person, one.team, one.agents):
                self._count(one)

    def _count(self, one: Recent) -> None:
        self.conversations += 1
        found = {rule.number for rule in self._rules if excludes_recent(rule, one)}
        self.hits.update(found)
        if TRIED in found:
            self._teams[one.team or "no team"] += 1
            self._examples += [one.id] if len(self._examples) < SHOWN else []

    def told(self, field: str, value: str, fault: str) -> Tried:
        """Return what the rule that is tried would have done."""
        teams, examples = dict(sorted(self._teams.items())), tuple(self._examples)
        of = self.conversations
        return Tried(field=field, value=value, fault=fault, hits=self.hits[TRIED], of=of, teams=teams, examples=examples)


def _tried(field: str, value: str) -> tuple[Exclusion | None, str]:
    """Return the rule that somebody thinks of, or why it means nothing."""
    try:
        check_rule(field, value)
    except UsageError as error:
        return None, f"{error.what}: {error.fix}"
    return Exclusion(number=TRIED, field=field, value=value, why="", active=False, by="", made_at=datetime.now(UTC)), ""
