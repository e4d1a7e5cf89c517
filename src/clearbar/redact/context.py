"""What is told of a value around it: named just before, or asked for a turn or two earlier."""

import re
from collections.abc import Iterator
from typing import Final

from clearbar.redact.view import View

__all__ = ["answers", "asked", "told_or_answered"]

_REQUEST: Final = re.compile(
    r"\b(?:(?:could|can|may|would|will) (?:i|you|u|we)|please|pls|what|what's|which|provide|confirm|verify|share|give|enter|tell|send|need|"
    r"let me|type|state|spell)\b",
    re.IGNORECASE,
)
_REACH: Final = 160
_TURNS: Final = 3
_BARE: Final = 32
"""A turn of so few code points that names something asks for it: "And your date of birth."."""
_ANSWER_LIMIT: Final = 400


def asked(view: View, start: int, end: int) -> bool:
    """Whether what is named at a place is asked for there."""
    turn_start, turn_end = view.turn_start(start), view.turn_end(end)
    if turn_end - turn_start <= _BARE:
        return True
    behind = view.text[end : min(turn_end, end + _REACH)]
    if "?" in behind or "please" in behind.lower():
        return True
    return _REQUEST.search(view.text, max(turn_start, start - _REACH), start) is not None


def answers(view: View, place: int) -> Iterator[tuple[int, int]]:
    """Yield the spans of the next turns, up to where an answer to the turn at a place may be expected."""
    end = view.turn_end(place)
    for _ in range(_TURNS):
        if end >= len(view.text):
            return
        start = end + 1
        end = view.turn_end(start)
        yield start, min(end, start + _ANSWER_LIMIT)


def told_or_answered(view: View, cue: tuple[int, int], value: re.Pattern[str], *, reach: int) -> re.Match[str] | None:
    """Return the value that follows a cue in its turn, or the first one in the answers to a turn that asks for it.

    Parameters
    ----------
    view
        The conversation.
    cue
        Span of the words that name the value.
    value
        What it looks like.
    reach
        How many code points behind the cue it may end.
    """
    start, end = cue
    if found := value.search(view.text, end, min(view.turn_end(end), end + reach)):
        return found
    if not asked(view, start, end):
        return None
    return next((found for span in answers(view, end) if (found := value.search(view.text, *span))), None)
