"""From a raw reply to what it says of each criterion, or what is wrong with it.

Everything in a reply is data: ids, levels, turns and quotes are checked; nothing is guessed, and no fault ever becomes a level.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import Field, ValidationError

from clearbar.grading.llm.evidence import Locator
from clearbar.grading.llm.ledger import RawReply
from clearbar.grading.llm.orders import Orders
from clearbar.grading.llm.parts import Part
from clearbar.grading.llm.schema import ABSTAIN, allowed_levels
from clearbar.model import Model
from clearbar.rubric import Rubric
from clearbar.transcript import Role, Turn
from clearbar.verdict import NOT_APPLICABLE, Evidence, Failure

__all__ = ["Fault", "FaultKind", "Reader", "Reading", "Said", "read_object"]

MAX_WHY = 600
"""Characters of a rationale that are kept."""
MAX_QUOTES = 8

_FENCE = re.compile(r"^```[a-zA-Z]*\s*\n(.*?)\n?```$", re.DOTALL)
_THINKING = re.compile(r"^\s*<think>.*?</think>\s*", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+")


class FaultKind(StrEnum):
    """What can be wrong with what a reply says of a criterion."""

    UNREAD = "unread"
    """The reply is no JSON object of the shape asked for."""
    REFUSED = "refused"
    TRUNCATED = "truncated"
    MISSING = "missing"
    DUPLICATE = "duplicate"
    MALFORMED = "malformed"
    LEVEL = "level"
    EVIDENCE = "evidence"


class Fault(Model):
    """Why a criterion cannot be read from a reply, in words that the model is shown when it is asked again."""

    kind: FaultKind
    words: str

    @property
    def failure(self) -> Failure:
        """The reason for which a verdict stays ungraded."""
        match self.kind:
            case FaultKind.REFUSED:
                return "refused"
            case FaultKind.TRUNCATED:
                return "truncated"
            case FaultKind.EVIDENCE:
                return "evidence"
            case _:
                return "unread"


@dataclass(frozen=True, slots=True)
class Said:
    """What a reply says of one criterion: a level of its scale, `not_applicable` or `abstain`."""

    level: str
    why: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What could be read of a reply, and what could not; each criterion asked is in one of both."""

    said: dict[str, Said]
    faults: dict[str, Fault]


class _Quote(Model):
    turn: int
    text: str = Field(max_length=20_000)


class _Item(Model):
    id: str
    why: str
    quotes: tuple[_Quote, ...]
    level: str


class Reader:
    """Reads replies on the criteria of one rubric."""

    def __init__(self, rubric: Rubric) -> None:
        self._allowed = {criterion.id: allowed_levels(criterion, rubric) for criterion in rubric.criteria}
        self._orders = Orders(rubric)
        self._failing = {
            criterion.id: {level.id for level in rubric.scale_of(criterion.id).levels if level.fails} for criterion in rubric.criteria
        }

    def read(self, reply: RawReply, asked: Sequence[str], turns: Sequence[Turn], part: Part) -> Reading:
        """Return what a raw reply says of the criteria `asked`, on one part of a conversation's turns."""
        items, fault = _items(reply)
        if fault:
            return Reading(said={}, faults=dict.fromkeys(asked, fault))
        locator = Locator(turns, part.first, part.last)
        by_id: dict[str, list[Any]] = {}
        for item in items:
            if isinstance(item, dict) and isinstance(item.get("id"), str):
                by_id.setdefault(item["id"].strip().lower(), []).append(item)
        results = {id: self._one(id, by_id.get(id, []), locator) for id in asked}
        return Reading(
            said={id: result for id, result in results.items() if isinstance(result, Said)},
            faults={id: result for id, result in results.items() if isinstance(result, Fault)},
        )

    def _one(self, id: str, found: Sequence[Any], locator: Locator) -> Said | Fault:
        if not found:
            return Fault(kind=FaultKind.MISSING, words="it is missing from the reply")
        if any(other != found[0] for other in found[1:]):
            return Fault(kind=FaultKind.DUPLICATE, words="it was given more than once, with differences")
        try:
            item = _Item.model_validate(found[0])
        except ValidationError as error:
            field = ".".join(str(part) for part in error.errors(include_input=False, include_url=False)[0]["loc"])
            return Fault(kind=FaultKind.MALFORMED, words=f"the field {field!r} is missing or has another type")
        return self._judge(id, item, locator)

    def _judge(self, id: str, item: _Item, locator: Locator) -> Said | Fault:
        level = item.level.strip().lower()
        if level not in self._allowed[id]:
            why = "it always applies" if level == NOT_APPLICABLE else "there is no such level"
            return Fault(kind=FaultKind.LEVEL, words=f"{why}; its levels: {', '.join(self._allowed[id])}")
        located = [locator.find(quote.turn, quote.text) for quote in item.quotes[:MAX_QUOTES]]
        evidence = tuple(dict.fromkeys(piece for piece in located if piece and not self._orders.found(piece.quote)))
        said = Said(level, _CONTROL.sub(" ", item.why).strip()[:MAX_WHY], evidence)
        if level in {NOT_APPLICABLE, ABSTAIN}:
            return said
        if not evidence:
            return Fault(kind=FaultKind.EVIDENCE, words=_missing_evidence(item))
        if level not in self._failing[id] and not any(locator.role(piece.turn) is Role.AGENT for piece in evidence):
            return Fault(kind=FaultKind.EVIDENCE, words=f"the level {level!r} needs the agent's own words, and no quote is the agent's")
        return said


def read_object(reply: RawReply) -> dict[str, Any] | Fault:
    """Return the one JSON object that a reply is, or the fault that makes all of it unreadable."""
    if reply.refusal or reply.finish_reason == "content_filter":
        return Fault(kind=FaultKind.REFUSED, words="the reply was refused; judging the words of others is all that is asked")
    if reply.finish_reason == "length":
        return Fault(kind=FaultKind.TRUNCATED, words="the reply was cut off at the limit of its length; be brief")
    content = _THINKING.sub("", reply.content or "").strip()
    if fenced := _FENCE.match(content):
        content = fenced[1].strip()
    try:
        document = json.loads(content, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        document = None
    return document if isinstance(document, dict) else Fault(kind=FaultKind.UNREAD, words="the reply is not one JSON object")


def _items(reply: RawReply) -> tuple[list[Any], Fault | None]:
    """Return the list of verdicts in a reply, or the fault that makes all of it unreadable."""
    document = read_object(reply)
    if isinstance(document, Fault):
        return [], document
    verdicts = document.get("verdicts")
    if not isinstance(verdicts, list):
        return [], Fault(kind=FaultKind.UNREAD, words='the reply has no list "verdicts"')
    return verdicts, None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object; one that names a key twice says two things and is refused."""
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError
    return made


def _missing_evidence(item: _Item) -> str:
    if not item.quotes:
        return "a level needs a quote, and there is none"
    places = ", ".join(str(quote.turn) for quote in item.quotes[:MAX_QUOTES])
    return f"no quote stands in the conversation word for word (looked for in turn {places})"
