"""A conversation as the detectors read it: turns joined, look-alike characters made plain, positions traceable."""

import re
from bisect import bisect_right
from collections.abc import Container, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Final

from clearbar.redact.kinds import Finding
from clearbar.redact.placeholders import Placeholders
from clearbar.redact.scan import Scanner

__all__ = ["SEPARATOR", "View"]

SEPARATOR: Final = "\0"
"""Between turns. Patterns never cross it: it is neither a word character nor white space."""

_INVISIBLE: Final = "".join(
    map(chr, (0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), *range(0x2066, 0x206A), 0xFEFF))
)
_INVISIBLES: Final = re.compile(f"[{_INVISIBLE}]")
_COMMON: Final = (
    ("\u2019", "'"),
    ("\u2018", "'"),
    ("\u201c", '"'),
    ("\u201d", '"'),
    ("\u2013", "-"),
    ("\u2014", "-"),
    ("\u2011", "-"),
    ("\u00a0", " "),
    ("\u202f", " "),
)
"""Look-alikes that many texts hold."""
_DIGIT_ZEROS: Final = (0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xE50, 0xED0, 0xF20)
_RARE: Final = (
    {zero + digit: str(digit) for zero in _DIGIT_ZEROS for digit in range(10)}
    | {0xFF01 + offset: chr(0x21 + offset) for offset in range(94)}  # full-width forms
    | dict.fromkeys((0x2010, 0x2012, 0x2015, 0x2212, 0xFE63), "-")
    | dict.fromkeys((0x1680, *range(0x2000, 0x200B), 0x205F, 0x3000), " ")
    | dict.fromkeys((0x2BC, 0xB4), "'")
    | dict.fromkeys((0x201E, 0xAB, 0xBB), '"')
)
_RARE_FORM: Final = f"[{re.escape(''.join(map(chr, _RARE)))}{_INVISIBLE}]"


_LONG: Final = 1 << 14
"""In longer texts separators are looked up, not searched for."""


class View:
    """Turns as one text, made plain for detection.

    Parameters
    ----------
    texts
        The turns.
    scanner
        Finds cues in it.
    words
        The words of placeholders, in capitals.
    """

    __slots__ = ("__dict__", "_origins", "_scanner", "original", "placeholders", "shadow", "text")

    def __init__(self, texts: Sequence[str], scanner: Scanner, words: Container[str]) -> None:
        self._scanner = scanner
        joined = SEPARATOR.join(texts)
        if joined.count(SEPARATOR) != max(len(texts) - 1, 0):
            joined = SEPARATOR.join(text.replace(SEPARATOR, "\ufffd") for text in texts)
        self.original = joined
        """The turns as they stand; what placeholders are put into."""
        self.placeholders = Placeholders(joined, words)
        """Those that stand in the text already; to detectors they are words without meaning."""
        joined = self.placeholders.masked(joined)
        self._origins: list[int] | None = None
        self.text = joined if joined.isascii() else self._plain(joined)
        """What detectors read: digits, dashes, spaces and quotes of every script in their ASCII forms, nothing invisible."""
        self.shadow = self.text.encode("ascii", "replace")
        """`text` with one byte for each code point, for scans over bytes."""

    def _plain(self, joined: str) -> str:
        for look_alike, plain in _COMMON:
            joined = joined.replace(look_alike, plain)
        if not self._scanner.holds(_RARE_FORM, joined):
            return joined
        joined = joined.translate(_RARE)
        if _INVISIBLES.search(joined) is None:
            return joined
        self._origins = [place for place, character in enumerate(joined) if character not in _INVISIBLE]
        self._origins.append(len(joined))
        return _INVISIBLES.sub("", joined)

    def cues(self, pattern: str) -> list[tuple[int, int]]:
        """Return where a cue matches in `text`."""
        return self._scanner.spans(pattern, self.shadow)

    def located(self, findings: list[Finding]) -> list[Finding]:
        """Return findings in `text` with their places in `original`."""
        origins = self._origins
        if origins is None:
            return findings
        return [finding._replace(start=origins[finding.start], end=origins[finding.end - 1] + 1) for finding in findings]

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
        if len(self.text) > _LONG:
            return self.starts[self.turn(place)]
        return self.text.rfind(SEPARATOR, 0, place) + 1

    def turn_end(self, place: int) -> int:
        """Return where the turn at a place ends."""
        if len(self.text) > _LONG:
            following = self.turn(place) + 1
            return self.starts[following] - 1 if following < len(self.starts) else len(self.text)
        end = self.text.find(SEPARATOR, place)
        return len(self.text) if end < 0 else end
