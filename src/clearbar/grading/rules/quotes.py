"""The words that a verdict rests on: the sentence around a hit, in code points of the redacted text."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from clearbar.grading.rules.signals import QUOTED, Signals
from clearbar.grading.rules.text import Quote, sentence, single
from clearbar.grading.rules.texts import Texts

__all__ = ["Proof", "quoted"]


class Proof(msgspec.Struct, frozen=True, gc=False):
    """Evidence without pydantic; its JSON is that of `clearbar.verdict.Evidence`."""

    turn: int
    start: int
    end: int
    quote: str
    status: Literal["verified"] = "verified"


class Quotes(dict[int, Quote | None]):
    """What is quoted of texts, by row: the sentence of the first hit of some groups, else the first sentence; None where it is blank.

    Parameters
    ----------
    texts
        Searched.
    groups
        Of the lexicon.
    """

    def __init__(self, texts: Texts, groups: Sequence[str]) -> None:
        super().__init__()
        self._texts = texts
        self._groups = groups

    def __missing__(self, row: int) -> Quote | None:
        """Find, and keep, what is quoted of a text."""
        text = self._texts.written[row]
        quote: Quote | None = (0, len(text), text)
        if not single(text):  # there, the hit may stand wherever it wants
            start, end = sentence(text, *(self._texts.first(self._groups, row) or _beginning(text)))
            quote = (start, end, text[start:end]) if end > start else None
        self[row] = quote
        return quote


def quoted(names: Sequence[str], signals: Signals, talks: Iterable[int], most: int) -> Iterator[tuple[Proof, ...]]:
    """Yield up to so many quotes of each of some conversations, from the turns that signals or groups counted."""
    shown = [(signals.sets(name), _quotes(name, signals)) for name in names]
    rows, starts = signals.turns.rows, signals.turns.starts
    for talk in talks:
        start = starts[talk]
        proofs: list[Proof] = []
        for sets, quotes in shown:
            turns, left = sets[talk], most
            while turns and left:
                place = (turns & -turns).bit_length() - 1
                quote = quotes[rows[start + place]]
                if quote is not None:
                    proof = Proof(place, *quote)
                    if proof not in proofs:
                        proofs.append(proof)
                turns &= turns - 1
                left -= 1
            if len(proofs) >= most:
                break
        yield tuple(proofs if len(proofs) <= 1 else sorted(proofs[:most], key=_place))


def _place(proof: Proof) -> tuple[int, int]:
    return proof.turn, proof.start


def _quotes(name: str, signals: Signals) -> Quotes:
    """Return the quotes of a signal or group, shared by all that quote the same groups."""
    groups = QUOTED.get(name, (name,))
    if groups not in signals.quotes:
        signals.quotes[groups] = Quotes(signals.turns.texts, groups)
    quotes: Quotes = signals.quotes[groups]
    return quotes


def _beginning(text: str) -> tuple[int, int]:
    first = len(text) - len(text.lstrip())
    return first, min(first + 1, len(text))
