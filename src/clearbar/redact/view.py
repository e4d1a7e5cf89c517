"""A conversation as the detectors read it: turns joined, look-alike characters made plain, positions traceable."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Final

from clearbar.redact.scan import Scanner

__all__ = ["SEPARATOR", "View"]

SEPARATOR: Final = "\0"
"""Between turns. Patterns never cross it: it is neither a word character nor white space."""

_INVISIBLE: Final = (
    "\u00ad\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\ufeff\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
_INVISIBLES: Final = re.compile(f"[{_INVISIBLE}]")
_DIGIT_ZEROS: Final = (
    0x0660,
    0x06F0,
    0x07C0,
    0x0966,
    0x09E6,
    0x0A66,
    0x0AE6,
    0x0B66,
    0x0BE6,
    0x0C66,
    0x0CE6,
    0x0D66,
    0x0E50,
    0x0ED0,
    0x0F20,
)
_PLAIN: Final = (
    {zero + digit: str(digit) for zero in _DIGIT_ZEROS for digit in range(10)}
    | {0xFF01 + offset: chr(0x21 + offset) for offset in range(94)}  # full-width forms
    | dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63"), "-")
    | dict.fromkeys(map(ord, "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"), " ")
    | dict.fromkeys(map(ord, "\u2018\u2019\u02bc\u00b4"), "'")
    | dict.fromkeys(map(ord, "\u201c\u201d\u201e\u00ab\u00bb"), '"')
)


class View:
    """Turns as one text, made plain for detection.

    Parameters
    ----------
    texts
        The turns.
    scanner
        Finds cues in it.
    """

    __slots__ = ("__dict__", "_origins", "_scanner", "original", "shadow", "text")

    def __init__(self, texts: Sequence[str], scanner: Scanner) -> None:
        self._scanner = scanner
        joined = SEPARATOR.join(texts)
        if joined.count(SEPARATOR) != max(len(texts) - 1, 0):
            joined = SEPARATOR.join(text.replace(SEPARATOR, "\ufffd") for text in texts)
        self.original = joined
        """The turns as they stand; what placeholders are put into."""
        self._origins: list[int] | None = None
        self.text = joined if joined.isascii() else self._plain(joined)
        """What detectors read: digits, dashes, spaces and quotes of every script in their ASCII forms, nothing invisible."""
        self.shadow = self.text.encode("ascii", "replace")
        """`text` with one byte for each code point, for scans over bytes."""

    def _plain(self, joined: str) -> str:
        plain = joined.translate(_PLAIN)
        if _INVISIBLES.search(plain) is None:
            return plain
        self._origins = [place for place, character in enumerate(plain) if character not in _INVISIBLE]
        self._origins.append(len(plain))
        return _INVISIBLES.sub("", plain)

    def cues(self, pattern: str) -> Iterator[tuple[int, int]]:
        """Yield where a cue matches in `text`."""
        return self._scanner.spans(pattern, self.shadow)

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Return where a span of `text` lies in `original`."""
        if self._origins is None:
            return start, end
        return self._origins[start], self._origins[end - 1] + 1

    @cached_property
    def folded(self) -> str:
        """`text` in lower case, character by character."""
        lower = self.text.lower()
        if len(lower) == len(self.text):
            return lower
        return "".join(small if len(small := character.lower()) == 1 else character for character in self.text)

    @cached_property
    def starts(self) -> list[int]:
        """Where each turn starts in `text`."""
        return list(accumulate((len(turn) + 1 for turn in self.text.split(SEPARATOR)[:-1]), initial=0))

    def turn(self, place: int) -> int:
        """Return the index of the turn at a place of `text`."""
        return bisect_right(self.starts, place) - 1

    def turn_start(self, place: int) -> int:
        """Return where the turn at a place starts."""
        return self.text.rfind(SEPARATOR, 0, place) + 1

    def turn_end(self, place: int) -> int:
        """Return where the turn at a place ends."""
        end = self.text.find(SEPARATOR, place)
        return len(self.text) if end < 0 else end
