"""The words that a verdict rests on: the sentence around a hit, in code points of the redacted text."""

from typing import Final, Literal

import msgspec

from clearbar.grading.rules.engine import hits
from clearbar.grading.rules.signals import QUOTED, Signals

__all__ = ["Proof", "quote"]

_LONGEST: Final = 240
_ENDS: Final = ".!?\n。！？"  # noqa: RUF001


class Proof(msgspec.Struct, frozen=True):
    """Evidence without pydantic; its JSON is that of `clearbar.verdict.Evidence`."""

    turn: int
    start: int
    end: int
    quote: str
    status: Literal["verified"] = "verified"


def quote(signals: Signals, name: str, turn: int) -> Proof | None:
    """Return the sentence of a turn that shows a signal; None if the turn is empty."""
    text = signals.all[turn].text
    start, end = _sentence(text, *_hit(signals, name, turn))
    return Proof(turn=turn, start=start, end=end, quote=text[start:end]) if end > start else None


def _hit(signals: Signals, name: str, turn: int) -> tuple[int, int]:
    """Return the span of the first hit of the signal's groups; else where the text begins."""
    utterance, mask, bits = signals.utterances[turn], signals.masks[turn], signals.tongue.bits
    if utterance is not None:
        for group in (name,) if name in bits else QUOTED.get(name, ()):
            if mask & bits.get(group, 0):
                spans = hits(signals.tongue.by_name[group], utterance)
                if spans:
                    return spans[0]
    text = signals.all[turn].text
    first = len(text) - len(text.lstrip())
    return first, min(first + 1, len(text))


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the bounds of the sentence around a span, or of as much of it as may be quoted."""
    low = max((text.rfind(mark, max(0, start - _LONGEST), start) for mark in _ENDS), default=-1) + 1
    low = max(low, start - _LONGEST)
    high = _end(text, end, min(len(text), low + max(_LONGEST, end - low)))
    while low < start and text[low].isspace():
        low += 1
    while high > end and text[high - 1].isspace():
        high -= 1
    return low, high


def _end(text: str, end: int, limit: int) -> int:
    """Return where the sentence ends that holds the character before `end`."""
    if end and text[end - 1] in _ENDS:
        return end
    for place in range(end, limit):
        if text[place] in _ENDS:
            while place < limit and text[place] in _ENDS[:3]:
                place += 1  # noqa: PLW2901 - a run of marks belongs to the sentence
            return place
    space = text.rfind(" ", end, limit) if limit < len(text) else -1
    return limit if space < 0 else space
