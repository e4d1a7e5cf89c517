"""A conversation as HTML: whatever stands in it is text, passages are marked, redactions are seen as such."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from markupsafe import Markup, escape

from clearbar.store import Span
from clearbar.transcript import Role, Turn

__all__ = ["Mark", "show_turns", "show_words"]

_PLACEHOLDER: Final = re.compile(r"\[([A-Z][A-Z0-9_]{0,40})_\d{1,9}\]")
_SPEAKERS: Final = {Role.CUSTOMER: "Customer", Role.AGENT: "Agent", Role.BOT: "Bot", Role.SYSTEM: "System", Role.NOTE: "Internal note"}
LONG_GAP: Final = 60.0
"""Seconds between two turns from which on the wait is shown."""


class Mark(NamedTuple):
    """A passage and the criterion that rests on it."""

    span: Span
    criterion: str
    name: str


def show_turns(turns: Sequence[Turn], marks: Iterable[Mark] = (), *, names: bool) -> Markup:
    """Return the items of a list of turns.

    Parameters
    ----------
    turns
        In order.
    marks
        Passages to mark.
    names
        Whether agents are shown by pseudonym; else they are numbered where there are several.
    """
    by_turn: dict[int, list[Mark]] = {}
    for mark in marks:
        by_turn.setdefault(mark.span[0], []).append(mark)
    agents = list(dict.fromkeys(turn.agent for turn in turns if turn.role is Role.AGENT and turn.agent))
    parts, before = list[str](), None
    for place, turn in enumerate(turns):
        parts.append(_item(place, turn, before, by_turn.get(place, ()), _speaker(turn, agents, names=names)))
        before = turn.time if turn.time is not None else before
    return Markup("".join(parts))  # noqa: S704 - every part is escaped below


def show_words(text: str, marks: Sequence[Mark]) -> Markup:
    """Return the words of a turn with passages marked and placeholders told apart; the text content is exactly the text."""
    if not marks and "[" not in text:
        return _escaped(text)
    gone = [(match.start(), match.end(), match[1]) for match in _PLACEHOLDER.finditer(text)]
    edges = {0, len(text)} | {min(edge, len(text)) for mark in marks for edge in mark.span[1:]}
    edges |= {edge for start, end, _ in gone for edge in (start, end)}
    cuts = sorted(edges)
    parts = [_segment(text, start, end, marks, gone) for start, end in pairwise(cuts)]
    return Markup("".join(parts))  # noqa: S704 - segments are escaped


def _segment(text: str, start: int, end: int, marks: Sequence[Mark], gone: Sequence[tuple[int, int, str]]) -> str:
    words = str(_escaped(text[start:end]))
    kind = next((kind for first, last, kind in gone if first <= start and end <= last), None)
    if kind is not None:
        words = f'<span class="gone" title="taken out: {escape(kind.lower().replace("_", " "))}">{words}</span>'
    over = [mark for mark in marks if mark.span[1] <= start and end <= mark.span[2]]
    if not over:
        return words
    ids, names = " ".join(dict.fromkeys(mark.criterion for mark in over)), ", ".join(dict.fromkeys(mark.name for mark in over))
    return f'<mark data-criteria="{escape(ids)}" title="{escape(names)}">{words}</mark>'


def _escaped(text: str) -> Markup:
    # a parser turns a bare carriage return into a line feed, and offsets would no longer fit
    return escape(text).replace("\r", Markup("&#13;"))


def _item(place: int, turn: Turn, before: float | None, marks: Sequence[Mark], speaker: str) -> str:
    gap = _gap(before, turn.time)
    time = "" if turn.time is None else f'<span class="time">{_clock(turn.time)}</span>'
    return (
        (f'<li class="gap" aria-label="wait of {gap}"><span>{gap} later</span></li>' if gap else "")
        + f'<li class="turn {turn.role.value}" id="t{place}"><p class="who"><b>{escape(speaker)}</b>{time}</p>'
        + f'<p class="words" dir="auto" data-turn="{place}">{show_words(turn.text, marks)}</p></li>'
    )


def _speaker(turn: Turn, agents: Sequence[str], *, names: bool) -> str:
    word = _SPEAKERS[turn.role]
    if turn.role is not Role.AGENT or not turn.agent or not agents:
        return word
    if names:
        return f"{word} {turn.agent}"
    return f"{word} {agents.index(turn.agent) + 1}" if len(agents) > 1 else word


def _gap(before: float | None, time: float | None) -> str:
    waited = 0.0 if before is None or time is None else time - before
    return _length(waited) if waited >= LONG_GAP else ""


def _length(seconds: float) -> str:
    for name, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            number = round(seconds / size)
            return f"{number} {name}{'' if number == 1 else 's'}"
    return f"{seconds:.0f} seconds"


def _clock(seconds: float) -> str:
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
