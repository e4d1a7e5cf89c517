"""From one record of any source to a transcript, or to the reason why it cannot be one."""

import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from clearbar.sources.mapping import FieldMap
from clearbar.sources.roles import UnknownRoleError, read_role
from clearbar.sources.times import BadTimeError, read_instant, read_times
from clearbar.transcript import Role, Transcript, Turn

__all__ = ["MAX_CHARACTERS", "RecordError", "read_record"]

MAX_CHARACTERS: Final = 4_000_000
"""A longer conversation is an export fault rather than a talk, and is rejected."""
_NOT_WELL_FORMED: Final = re.compile("[\ud800-\udfff\x00]")
_WORDS: Final = ("url", "customer", "team", "queue", "topic", "language", "channel", "disposition")
_INSTANTS: Final = ("started_at", "ended_at", "updated_at")
_FIGURES: Final = ("csat", "nps", "handle_time")
_CHANNELS: Final = {
    "livechat": "chat", "live_chat": "chat", "webchat": "chat", "web": "chat", "messaging": "chat", "sms": "chat", "whatsapp": "chat",
    "voice": "phone", "call": "phone", "telephone": "phone", "mail": "email", "e-mail": "email", "ticket": "email",
    "twitter": "social", "x": "social", "facebook": "social", "weibo": "social", "instagram": "social", "social_media": "social",
}  # fmt: skip


class RecordError(ValueError):
    """Why a record cannot be used: field and what was expected, without the value."""

    def __init__(self, reason: str, id: str | None = None) -> None:
        super().__init__(reason)
        self.id = id


def read_record(record: Any, source: str, fields: FieldMap) -> Transcript:
    """Return the transcript that a record holds; only declared fields are kept.

    Raises
    ------
    RecordError
        Naming the field and what was expected.
    """
    if not isinstance(record, Mapping):
        raise RecordError('is no object with fields (expected {"id": …, "turns": […]})')
    id = _id(fields.find(record, "id"))
    try:
        values = _declared(record, fields)
        turns, replaced, first = _turns(fields.find(record, "turns"), record, fields)
    except RecordError as error:
        raise RecordError(str(error), id) from None
    except (ValueError, OverflowError, RecursionError) as error:  # whatever it is, the other records go on; its words may repeat a value
        raise RecordError(f"cannot be read ({type(error).__name__})", id) from None
    values["started_at"] = values["started_at"] or first
    return Transcript(source=source, id=id, turns=turns, replaced=replaced, **values)


def _word(value: Any) -> str | None:
    """Return a word or a whole number, however a database gives it, as well-formed text; None where there is none."""
    if isinstance(value, float | Decimal) and math.isfinite(value) and value == int(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int | UUID):
        return None
    return _clean(str(value))[0].strip() or None


def _id(value: Any) -> str:
    word = _word(value)
    if word is None:
        raise RecordError("has no field 'id' (a text or whole number); name the field that identifies it with --map id=PATH")
    return word


def _declared(record: Mapping[str, Any], fields: FieldMap) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in _WORDS:
        values[name] = _word(fields.find(record, name))
    if values["channel"]:
        channel = values["channel"].casefold()
        values["channel"] = _CHANNELS.get(channel, channel)
    for name in _INSTANTS:
        value = fields.find(record, name)
        try:
            values[name] = None if value is None or value == "" else read_instant(value)
        except (BadTimeError, OverflowError) as error:
            if name in fields.paths or name in record:
                raise RecordError(f"field {name!r} {error}") from None
            values[name] = None
    for name in _FIGURES:
        values[name] = _figure(name, fields.find(record, name))
    return values


def _figure(name: str, value: Any) -> float | None:
    if value is None or value == "":
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise RecordError(f"field {name!r} is no number") from None
    if not math.isfinite(number):
        raise RecordError(f"field {name!r} is no finite number")
    return number


def _turns(found: Any, record: Mapping[str, Any], fields: FieldMap) -> tuple[tuple[Turn, ...], int, Any]:
    if found is None:
        raise RecordError('has no field \'turns\' (a list of {"role": …, "text": …}); name it with --map turns=PATH')
    if not isinstance(found, Sequence) or isinstance(found, str | bytes):
        raise RecordError('field \'turns\' is no list (expected [{"role": …, "text": …}, …])')
    if not found:
        raise RecordError("field 'turns' is empty; a conversation needs at least one turn")
    try:
        times, first = read_times([fields.find(turn, "time") if isinstance(turn, Mapping) else None for turn in found])
    except BadTimeError as error:
        place = f"[{error.args[1]}]" if len(error.args) > 1 else "[]"
        raise RecordError(f"field 'turns{place}.time' {error.args[0]}") from None
    except OverflowError:
        raise RecordError("field 'turns[].time' lies outside the years 1 to 9999") from None
    speaker = _word(fields.find(record, "agent"))
    turns, replaced = [], 0
    for index, (item, time) in enumerate(zip(found, times, strict=True)):
        turn, count = _turn(item, time, f"turns[{index}]", speaker, fields)
        turns.append(turn)
        replaced += count
    _check_size(turns)
    return tuple(turns), replaced, first


def _turn(item: Any, time: float | None, place: str, speaker: str | None, fields: FieldMap) -> tuple[Turn, int]:
    if not isinstance(item, Mapping):
        raise RecordError(f"field {place!r} is no object with 'role' and 'text'")
    value = fields.find(item, "role")
    if value is None:
        raise RecordError(f"field '{place}.role' is missing; name it with --map role=PATH")
    try:
        role = read_role(value, fields.roles)
    except UnknownRoleError as error:
        raise RecordError(f"field '{place}.role' {error}") from None
    text = fields.find(item, "text")
    if not isinstance(text, str):
        raise RecordError(f"field '{place}.text' is {'missing' if text is None else 'no text'}; name it with --map text=PATH")
    text, replaced = _clean(text)
    own = look_up_agent(item, fields) if role is Role.AGENT else None
    return Turn(role=role, text=text, time=time, agent=(own or speaker) if role is Role.AGENT else None), replaced


def look_up_agent(turn: Mapping[str, Any], fields: FieldMap) -> str | None:
    """Return the agent that a turn itself names: of a transfer."""
    value = fields.find(turn, "turn.agent") if "turn.agent" in fields.paths else turn.get("agent")
    return _word(value)


def _check_size(turns: Sequence[Turn]) -> None:
    size = sum(len(turn.text) for turn in turns)
    if size > MAX_CHARACTERS:
        raise RecordError(f"is {size:,} characters long, more than {MAX_CHARACTERS:,}; split it, or cut pasted files out of it")
    if not any(turn.text.strip() for turn in turns):
        raise RecordError("field 'turns' holds no words at all")


def _clean(text: str) -> tuple[str, int]:
    """Replace what is not well-formed Unicode, or no database takes, one for one."""
    return _NOT_WELL_FORMED.subn("\ufffd", text)
