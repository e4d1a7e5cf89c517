"""How clearbar's models become rows, and rows models again."""

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson
from pydantic import BaseModel, TypeAdapter
from sqlalchemy import RowMapping

from clearbar.store.records import StoredConversation
from clearbar.transcript import Conversation, RedactedTranscript, Turn
from clearbar.verdict import Usage, Verdict

__all__ = ["from_json", "read_fields", "read_turns", "read_usage", "read_verdicts", "to_json", "write_fields", "write_turns"]

_VERDICTS: Final = TypeAdapter(tuple[Verdict, ...])
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_APART: Final = frozenset({"source", "id", "turns", "text_hash"})
"""Fields that have a column or a table of their own."""


def to_json(value: Any) -> str:
    """Return JSON text; fields of models that are null are left out."""
    try:
        return orjson.dumps(value, default=_fields).decode()
    except TypeError:  # lone surrogates, which a model may write into a rationale
        return orjson.dumps(_well_formed(value)).decode()


def _fields(model: Any) -> dict[str, Any]:
    # several times faster than `model_dump`, and the same for these flat models
    return {name: value for name, value in model.__dict__.items() if value is not None}


def _well_formed(value: Any) -> Any:
    if isinstance(value, BaseModel):
        value = _fields(value)
    if isinstance(value, str):
        return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, Mapping):
        return {_well_formed(name): _well_formed(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_well_formed(item) for item in value]
    return value


def from_json(text: str) -> Any:
    """Return the value of JSON text."""
    return orjson.loads(text)


def read_verdicts(text: str) -> tuple[Verdict, ...]:
    """Return verdicts from their JSON."""
    return _VERDICTS.validate_json(text)


def read_usage(text: str) -> Usage:
    """Return usage from its JSON."""
    return Usage.model_validate_json(text)


def write_turns(transcript: RedactedTranscript) -> str:
    """Return turns as JSON rows, agents by their order: the same text may belong to other agents in another conversation."""
    order = {agent: place for place, agent in enumerate(transcript.agents)}
    return to_json([[turn.role, turn.text, turn.time, order.get(turn.agent or "")] for turn in transcript.turns])


def read_turns(text: str, agents: tuple[str, ...]) -> tuple[Turn, ...]:
    """Return turns from their JSON, with the names that this conversation gives its agents."""
    return tuple(
        Turn(role=role, text=words, time=time, agent=None if place is None else agents[place])
        for role, words, time, place in from_json(text)
    )


def write_fields(conversation: Conversation) -> str:
    """Return the declared fields as JSON, without what has a column of its own."""
    return to_json({name: value for name, value in _fields(conversation).items() if name not in _APART})


def read_fields(row: RowMapping) -> StoredConversation:
    """Return a stored conversation from a row of `versions`, with the turns where the row has them."""
    agents = tuple(from_json(row["agents"]))
    turns = row.get("turns")
    return StoredConversation(
        **from_json(row["fields"]),
        source=row["source"],
        id=row["id"],
        text_hash=row["text_hash"],
        speakers=agents,
        main_agent=row["agent"],
        turns=read_turns(turns, agents) if turns else (),
    )
