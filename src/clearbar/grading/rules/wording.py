"""Which of some turns say what an earlier one said."""

from collections.abc import Iterable, Mapping
from typing import Final

from clearbar.grading.rules.text import Utterance, spelled

__all__ = ["Stems", "Telling", "same_as_before", "worded_as_before"]

_SAME: Final = 0.9  # share of common words from which two turns say the same
_ALIKE: Final = 0.6  # ratio of lengths from which that is worth finding out
_STOCK: Final = 20  # words of a turn that may be a set text with something filled in
_NEARLY: Final = 0.95
_SHORT: Final = 3  # letters
_STEM: Final = 6

Said = Iterable[tuple[int, Utterance]]
"""Turns in order: their places and what was said there."""


def same_as_before(said: Said) -> int:
    """Return the set of the turns that have nearly all words in common with an earlier one."""
    found = 0
    earlier: dict[Utterance, None] = {}
    for place, here in said:
        if here in earlier or any(_same(here, other) for other in earlier):
            found |= 1 << place
        earlier[here] = None
    return found


def _same(one: Utterance, other: Utterance) -> bool:
    if one.length < _ALIKE * other.length or other.length < _ALIKE * one.length:
        return False
    left, right = one.words, other.words
    return len(left & right) >= _SAME * max(len(left), len(right))


def worded_as_before(said: Said) -> int:
    """Return the set of the turns that have the words of an earlier one, or nearly all of them where they are long."""
    found = 0
    earlier: set[frozenset[bytes]] = set()
    for place, here in said:
        if here.words in earlier or _nearly(here.words, earlier):
            found |= 1 << place
        earlier.add(here.words)
    return found


class Telling(dict[int, frozenset[bytes]]):
    """Words of texts that can tell one case from another, by the row of the text."""

    def __init__(self, texts: Mapping[int, Utterance], common: frozenset[bytes]) -> None:
        super().__init__()
        self._texts = texts
        self._common = common

    def __missing__(self, row: int) -> frozenset[bytes]:
        words = self._texts[row].words
        telling = frozenset([word for word in words if (len(word) > _SHORT or word.isdigit()) and word not in self._common])
        self[row] = telling
        return telling


class Stems(dict[int, frozenset[bytes]]):
    """How the words of texts begin that can tell one matter from another, by the row of the text."""

    def __init__(self, texts: Mapping[int, Utterance], common: frozenset[bytes]) -> None:
        super().__init__()
        self._texts = texts
        self._common = common

    def __missing__(self, row: int) -> frozenset[bytes]:
        self[row] = stems = self.of(self._texts[row].words)
        return stems

    def asked(self, row: int) -> frozenset[bytes]:
        """Return those of the questions in a text."""
        return self.of(spelled(self._texts[row].asked))

    def of(self, words: Iterable[bytes]) -> frozenset[bytes]:
        """Return those of some words."""
        return frozenset([word[:_STEM] for word in words if (len(word) > _SHORT or word.isdigit()) and word not in self._common])


def _nearly(words: frozenset[bytes], earlier: Iterable[frozenset[bytes]]) -> bool:
    length = len(words)
    return length >= _STOCK and any(len(words & other) >= _NEARLY * max(length, len(other)) for other in earlier)
