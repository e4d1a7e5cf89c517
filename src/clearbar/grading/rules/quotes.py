"""The words that a verdict rests on: the sentence around a hit, in code points of the redacted text."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from clearbar.grading.rules.signals import QUOTED, Signals
from clearbar.grading.rules.text import Quote, Utterance
from clearbar.grading.rules.texts import Texts

__all__ = ["Proof", "quoted"]


class Proof(msgspec.Struct, frozen=True, gc=False):
    """Evidence without pydantic; its JSON is that of `clearbar.verdict.Evidence`."""

    turn: int
    start: int
    end: int
    quote: str
    status: Literal["verified"] = "verified"


class Quotes:
    """What is quoted for a signal: the sentence of the first hit of some groups, else the first sentence; of each text found once.

    Parameters
    ----------
    texts
        Searched.
    groups
        Of the lexicon.
    """

    def __init__(self, texts: Texts, groups: Sequence[str]) -> None:
        self.known: dict[int, Quote | None] = {}
        """By the rows of the texts, as far as somebody asked."""
        self._texts = texts
        self._groups = groups

    def find(self, row: int) -> Quote | None:
        """Return, and keep, what is quoted of a text; None where it is blank."""
        utterance = self._texts[row]
        text = utterance.text
        quote: Quote | None = (0, len(text), text)
        if not utterance.single:  # there, the hit may stand wherever it wants
            start, end = utterance.sentence(*(self._span(row, utterance) or _beginning(text)))
            quote = (start, end, text[start:end]) if end > start else None
        self.known[row] = quote
        return quote

    def _span(self, row: int, utterance: Utterance) -> tuple[int, int] | None:
        finder = self._texts.finder
        for group in self._groups:
            if self._texts.holds(group, row):
                span = finder.first(finder.tongue.by_name[group], utterance.normal)
                if span is not None:
                    return utterance.original(*span)
        return None


def quoted(names: Sequence[str], signals: Signals, talks: Iterable[int], most: int) -> Iterator[list[Proof]]:
    """Yield up to so many quotes of each of some conversations, from the turns that signals or groups counted."""
    shown = [(signals.sets(name), quotes.known, quotes.find) for name in names for quotes in [_quotes(name, signals)]]
    rows, starts = signals.turns.rows, signals.turns.starts
    for talk in talks:
        start = starts[talk]
        proofs: list[Proof] = []
        for sets, known, find in shown:
            turns, left = sets[talk], most
            while turns and left:
                place = (turns & -turns).bit_length() - 1
                row = rows[start + place]
                quote = known[row] if row in known else find(row)
                if quote is not None:
                    proof = Proof(place, *quote)
                    if proof not in proofs:
                        proofs.append(proof)
                turns &= turns - 1
                left -= 1
            if len(proofs) >= most:
                break
        yield proofs if len(proofs) <= 1 else sorted(proofs[:most], key=_place)


def _place(proof: Proof) -> tuple[int, int]:
    return proof.turn, proof.start


def _quotes(name: str, signals: Signals) -> Quotes:
    if name not in signals.quotes:
        signals.quotes[name] = Quotes(signals.turns.texts, QUOTED.get(name, (name,)))
    quotes: Quotes = signals.quotes[name]
    return quotes


def _beginning(text: str) -> tuple[int, int]:
    first = len(text) - len(text.lstrip())
    return first, min(first + 1, len(text))
