"""The words that a verdict rests on: the sentence around a hit, in code points of the redacted text."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from clearbar.grading.rules.signals import QUOTED, Signals
from clearbar.grading.rules.text import Quote, Utterance

__all__ = ["Proof", "Shown"]


class Proof(msgspec.Struct, frozen=True, gc=False):
    """Evidence without pydantic; its JSON is that of `clearbar.verdict.Evidence`."""

    turn: int
    start: int
    end: int
    quote: str
    status: Literal["verified"] = "verified"


class Shown:
    """How a signal is shown: the sentences of the turns that it counted.

    Parameters
    ----------
    name
        Of a signal or a group.
    """

    __slots__ = ("groups", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.groups = QUOTED.get(name, (name,))

    def proofs(self, signals: Signals, talk: int, most: int) -> list[Proof]:
        """Return the quotes of the first so many turns of a conversation."""
        turns = signals.sets(self.name)[talk]
        utterances = signals.heard[talk].utterances
        proofs = []
        while turns and most:
            here = turns & -turns
            place = here.bit_length() - 1
            utterance = utterances[place]
            found = None if utterance is None else self._quote(signals, utterance)
            if found is not None:
                proofs.append(Proof(place, *found))
            turns ^= here
            most -= 1
        return proofs

    def _quote(self, signals: Signals, utterance: Utterance) -> Quote | None:
        quotes, groups = utterance.quotes, self.groups
        if groups not in quotes:
            quotes[groups] = _found(signals, groups, utterance)
        return quotes[groups]


def _found(signals: Signals, groups: Sequence[str], utterance: Utterance) -> Quote | None:
    """Return the sentence of the first hit of the groups, else the first sentence."""
    text = utterance.text
    if utterance.single:  # wherever the hit stands
        return 0, len(text), text
    span = None
    for group in groups:
        if signals.holds(group, utterance):
            span = signals.finder.first(signals.tongue.by_name[group], utterance)
            if span is not None:
                break
    if span is None:
        first = len(text) - len(text.lstrip())
        span = first, min(first + 1, len(text))
    start, end = utterance.sentence(*span)
    return (start, end, text[start:end]) if end > start else None
