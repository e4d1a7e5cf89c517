"""The fast road: JSON Lines of redacted conversations in, JSON Lines of verdicts out, block by block, without pydantic."""

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Final

import msgspec

from clearbar.grading.rules.judge import Judge, Ruling

__all__ = ["BLOCK", "Record", "grade_lines"]

BLOCK: Final = 1_024
"""Conversations that are read, searched and written together; their stock texts are searched once, and the automaton stays at hand."""


class Said(msgspec.Struct, gc=False):
    """A turn."""

    role: str
    text: str
    time: float | None = None


class Record(msgspec.Struct, gc=False):
    """A redacted conversation, as far as rules read it; other fields are passed over."""

    id: str
    turns: list[Said]
    started_at: datetime | None = None
    channel: str | None = None
    language: str | None = None


class Graded(msgspec.Struct):
    """A line that was graded."""

    transcript: str
    verdicts: list[Ruling]


class Refused(msgspec.Struct):
    """A line that is no conversation."""

    rejected: str
    reason: str


def grade_lines(lines: Iterable[bytes], judge: Judge, *, block: int = BLOCK) -> Iterator[bytes]:
    """Yield a line of verdicts for each line of a conversation, in order; the size of a block changes no byte.

    A line that cannot be read is answered by a line that says so, by its number.
    """
    decode, encode = msgspec.json.Decoder(Record).decode, msgspec.json.Encoder().encode
    source, number = iter(lines), 0
    while taken := list(islice(source, block)):
        read = (_read(line, place, decode) for place, line in enumerate(taken, number + 1))
        with _collector_at_rest():
            told = _told(read, judge, encode)
        number += len(taken)
        yield from told
        del told  # the next block is made without it


def _told(read: Iterable[Record | Refused], judge: Judge, encode: Callable[[object], bytes]) -> list[bytes]:
    """Return the lines of a block; all else that was made for it is gone when this returns."""
    known: list[str | Refused] = []

    def records() -> Iterator[Record]:
        for record in read:
            known.append(record if isinstance(record, Refused) else record.id)
            if isinstance(record, Record):
                yield record

    rulings = judge.rule(records())
    return [encode(Graded(id, next(rulings)) if isinstance(id, str) else id) + b"\n" for id in known]


def _read(line: bytes, number: int, decode: Callable[[bytes], Record]) -> Record | Refused:
    try:
        return decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Refused(f"line {number}", "no conversation with id and turns of role, text and time")


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Keep the cycle collector from walking all that the program holds, again and again, while a block makes no cycles."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
