"""Which of some turns say what an earlier one said, and the words that can tell; of each distinct text found once."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from clearbar.grading.rules.sharing import Earlier
from clearbar.grading.rules.text import asked, spelled

__all__ = ["Stems", "Telling", "Words", "details", "matter", "same_as_before", "worded_as_before"]

_SAME: Final = 0.9  # share of common words from which two turns say the same
_ALIKE: Final = 0.6  # ratio of lengths from which that is worth finding out
_STOCK: Final = 20  # words of a turn that may be a set text with something filled in
_NEARLY: Final = 0.95
_SHORT: Final = 3  # letters
_STEM: Final = 6
_PLACEHOLDER: Final = re.compile(rb"\[[a-z][a-z0-9_]*_[0-9]+\]")
"""What redaction leaves of personal data: the same one for the same datum."""

Said = Iterable[tuple[int, int]]
"""Turns in order: their places and the rows of their texts."""


class Words(dict[int, frozenset[bytes]]):
    """The distinct words of texts, by row, each text split when it is first asked for.

    Parameters
    ----------
    normals
        The texts as patterns read them.
    """

    def __init__(self, normals: Sequence[bytes]) -> None:
        super().__init__()
        self.normals = normals

    def __missing__(self, row: int) -> frozenset[bytes]:
        self[row] = words = frozenset(spelled(self.normals[row]))
        return words


def matter(words: frozenset[bytes], common: frozenset[bytes]) -> frozenset[bytes]:
    """Return those of a text's words that can tell what it is about."""
    return frozenset([word for word in words - common if len(word) > _SHORT])


def details(words: Words) -> Mapping[int, frozenset[bytes]]:
    """Return the distinct words of texts, by row, of which redacted data are one each, with its number."""
    return _Details(words) if any(b"[" in normal for normal in words.normals) else words


class _Details(dict[int, frozenset[bytes]]):
    """Those, each text looked into when it is first asked for."""

    def __init__(self, words: Words) -> None:
        super().__init__()
        self._words = words

    def __missing__(self, row: int) -> frozenset[bytes]:
        normal = self._words.normals[row]
        redacted = _PLACEHOLDER.findall(normal) if b"[" in normal else []
        self[row] = found = frozenset([*spelled(_PLACEHOLDER.sub(b" ", normal)), *redacted]) if redacted else self._words[row]
        return found


class Telling(dict[int, frozenset[bytes]]):
    """Words that can tell one case from another, of texts, by row."""

    def __init__(self, words: Words, common: frozenset[bytes]) -> None:
        super().__init__()
        self._words = words
        self._common = common

    def __missing__(self, row: int) -> frozenset[bytes]:
        self[row] = telling = self._of(self._words[row])
        return telling

    def _of(self, words: frozenset[bytes]) -> frozenset[bytes]:
        return frozenset([word for word in words - self._common if len(word) > _SHORT or word.isdigit()])


class Stems(Telling):
    """How those words begin."""

    def asked(self, row: int) -> frozenset[bytes]:
        """Return those of the questions in a text."""
        return self._of(frozenset(spelled(asked(self._words.normals[row]))))

    def _of(self, words: frozenset[bytes]) -> frozenset[bytes]:
        return frozenset([word[:_STEM] for word in super()._of(words)])


def same_as_before(said: Said, words: Words) -> int:
    """Return the set of the turns that have nearly all words in common with an earlier one."""
    found = 0
    earlier: dict[int, None] = {}
    for place, row in said:
        if row in earlier or any(_same(row, other, words) for other in earlier):
            found |= 1 << place
        earlier[row] = None
    return found


def _same(one: int, other: int, words: Words) -> bool:
    length, width = (words.normals[row].count(b" ") + 1 for row in (one, other))
    if length < _ALIKE * width or width < _ALIKE * length:
        return False
    left, right = words[one], words[other]
    return len(left & right) >= _SAME * max(len(left), len(right))


def worded_as_before(said: Said, words: Words) -> int:
    """Return the set of the turns that have the words of an earlier one, or nearly all of them where they are long."""
    found = 0
    earlier: set[frozenset[bytes]] = set()
    long = Earlier()
    for place, row in said:
        here = words[row]
        if here in earlier or _nearly(here, long):
            found |= 1 << place
        if here not in earlier and len(here) >= _NEARLY * _STOCK:  # a shorter one is nearly none that is long
            long.add(here)
        earlier.add(here)
    return found


def _nearly(words: frozenset[bytes], earlier: Earlier) -> bool:
    length = len(words)
    return length >= _STOCK and earlier.shares(words, lambda size: _NEARLY * max(length, size))
