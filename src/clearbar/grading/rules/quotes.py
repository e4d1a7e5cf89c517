"""The words that a verdict rests on: the sentence around a hit, in code points of the redacted text."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from clearbar.grading.rules.signals import QUOTED, Signals
from clearbar.grading.rules.text import Utterance

__all__ = ["Proof", "quote"]


class Proof(msgspec.Struct, frozen=True, gc=False):
    """Evidence without pydantic; its JSON is that of `clearbar.verdict.Evidence`."""

    turn: int
    start: int
    end: int
    quote: str
    status: Literal["verified"] = "verified"


def quote(signals: Signals, name: str, turn: int) -> Proof | None:
    """Return the sentence of a turn that shows a signal; None if the turn is empty."""
    utterance = signals.utterances[turn]
    if utterance is None:
        return None
    quotes = utterance.quotes
    if name in quotes:
        found = quotes[name]
    else:
        groups = (name,) if name in signals.tongue.bits else QUOTED.get(name, ())
        found = quotes[name] = _found(signals, groups, utterance)
    return None if found is None else Proof(turn, found[0], found[1], found[2])


def _found(signals: Signals, groups: Sequence[str], utterance: Utterance) -> tuple[int, int, str] | None:
    """Return the sentence of the first hit of the groups, else the first sentence."""
    text, bits = utterance.text, signals.tongue.bits
    span = None
    for group in groups:
        if utterance.mask & bits.get(group, 0):
            span = signals.finder.first(signals.tongue.by_name[group], utterance)
            if span is not None:
                break
    if span is None:
        first = len(text) - len(text.lstrip())
        span = first, min(first + 1, len(text))
    start, end = utterance.sentence(*span)
    return (start, end, text[start:end]) if end > start else None
