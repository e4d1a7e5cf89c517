"""Text as the patterns read it: lower case, plain quotes, single-character spaces, nothing invisible; offsets lead back."""

import re
import unicodedata
from typing import Final

__all__ = ["READ", "Side", "Utterance", "normalize"]

READ: Final = 16_384
"""So many code points of a turn are read; what lies behind is pasted matter, and time stays bounded."""

_ASCII: Final = bytes(ord(" ") if code < 32 or code == 127 else ord(chr(code).lower()) for code in range(128)) + bytes(range(128, 256))
_WORDS: Final = bytes(
    code if chr(code).isalnum() or code == ord("'") or code >= 128 else ord(" ") for code in range(256)
)  # what splits words; bytes of other alphabets stay
_QUESTION: Final = re.compile(rb"[^.!?]*\?")
_QUOTES: Final = {"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "“": '"', "”": '"', "…": ".", "–": "-", "—": "-", "！": "!", "？": "?"}  # noqa: RUF001


class _Table(dict[int, str]):
    """Maps each code point to one code point, or to nothing where it is invisible; filled as characters turn up."""

    def __missing__(self, code: int) -> str:
        self[code] = found = _plain(chr(code))
        return found


def _plain(char: str) -> str:
    if char in _QUOTES:
        return _QUOTES[char]
    category = unicodedata.category(char)
    if category in {"Cf", "Mn"}:  # zero-width, directional and combining marks, which can hide inside a word
        return ""
    if category in {"Cc", "Zs", "Zl", "Zp"}:
        return " "
    compatible = unicodedata.normalize("NFKD", char)[:1]
    lower = (compatible if compatible.isascii() and compatible.isalnum() else char).lower()
    return lower if len(lower) == 1 else char


_TABLE: Final = _Table()


def normalize(text: str) -> tuple[bytes, list[int] | None]:
    """Return the text as patterns read it, in UTF-8, and where each of its code points stood; None where they all stood there.

    Only the first `READ` code points are read.
    """
    read = text if len(text) <= READ else text[:READ]
    if read.isascii():
        return read.encode().translate(_ASCII), None
    plain = read.translate(_TABLE)
    places = None if len(plain) == len(read) else [place for place, char in enumerate(read) if _TABLE[ord(char)]]
    return plain.encode("utf-8", "replace"), places


Side = int
"""0 for the customer, 1 for the agent."""


class Utterance:
    """A distinct text of one side, with what was found in it; stock texts are shared by all turns of a block that hold them."""

    __slots__ = ("_stated", "_words", "mask", "normal", "places", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.normal, self.places = normalize(text)
        self.mask = 0
        """Bit set of the lexicon's groups that were found."""
        self._words: frozenset[bytes] | None = None
        self._stated: frozenset[bytes] | None = None

    @property
    def words(self) -> frozenset[bytes]:
        """The distinct words."""
        if self._words is None:
            self._words = frozenset(self.normal.translate(_WORDS).split())
        return self._words

    @property
    def stated(self) -> frozenset[bytes]:
        """The distinct words outside questions."""
        if self._stated is None:
            self._stated = self.words
            if b"?" in self.normal:
                self._stated = frozenset(_QUESTION.sub(b" ", self.normal).translate(_WORDS).split())
        return self._stated

    def find(self, regex: re.Pattern[str]) -> list[tuple[int, int]]:
        """Return the spans, in code points of the text, at which a pattern is found."""
        plain = self.normal.decode()
        spans = [match.span() for match in regex.finditer(plain)]
        places = self.places
        return spans if places is None else [(places[start], places[end - 1] + 1) for start, end in spans if end > start]
