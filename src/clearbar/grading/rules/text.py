"""Text as the patterns read it: lower case, plain quotes, single-character spaces, nothing invisible; offsets lead back."""

import re
import unicodedata
from typing import Final

__all__ = ["READ", "Quote", "Side", "asked", "normalize", "sentence", "shouts", "single", "spelled"]

READ: Final = 16_384
"""So many code points of a turn are read; what lies behind is pasted matter, and time stays bounded."""

_SPACE: Final = ord(" ")
_DELETE: Final = 127
_ASCII: Final = bytes(
    _SPACE if code < _SPACE or code == _DELETE else ord(chr(code).lower()) if code < _DELETE else code for code in range(256)
)
_WORDS: Final = bytes(code if chr(code).isalnum() or code == ord("'") or code > _DELETE else _SPACE for code in range(256))
"""Splits words; bytes of other alphabets stay."""
_ENDS: Final = ".!?。！？"  # noqa: RUF001 - full-width marks end sentences too
_BREAKS: Final = (*_ENDS, "\n")
_SENTENCE: Final = re.compile(rf"(?:[^{_ENDS}\n]+|(?<=[0-9])\.(?=[0-9]))+[{_ENDS}]*|[{_ENDS}]+")
"""A point between digits ends nothing: `219.00`, `section 4.2`."""
_LONGEST: Final = 240  # code points of a quote
_SHOUTED: Final = 12  # capitals
_PLAIN: Final = {
    "’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "“": '"', "”": '"', "…": ".", "–": "-", "—": "-", "！": "!", "？": "?",  # noqa: RUF001
}  # fmt: skip


class _Table(dict[int, str]):
    """Maps each code point to one code point, or to nothing where it is invisible; filled as characters turn up."""

    def __missing__(self, code: int) -> str:
        self[code] = found = _plain(chr(code))
        return found


def _plain(char: str) -> str:
    if char in _PLAIN:
        return _PLAIN[char]
    category = unicodedata.category(char)
    if category in {"Cf", "Mn"}:  # zero-width, directional and combining marks, which can hide inside a word
        return ""
    if category in {"Cc", "Zs", "Zl", "Zp"}:
        return " "
    base = unicodedata.normalize("NFKD", char)[:1]
    lower = (base if base.isascii() and base.isalnum() else char).lower()
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


def spelled(normal: bytes) -> list[bytes]:
    """Return the words of a normal text, without quotation marks around them."""
    words = normal.translate(_WORDS).strip(b" '")
    if b" '" in words or b"' " in words:
        words = words.replace(b" '", b" ").replace(b"' ", b" ")
    return words.split()


def shouts(text: str) -> bool:
    """Return whether a text has runs of ! or ?, or is in capitals."""
    if "!" in text and ("!!" in text or "?!" in text):
        return True
    return ("?" in text and "??" in text) or (text.isupper() and sum(map(str.isalpha, text[:200])) >= _SHOUTED)


def asked(normal: bytes) -> bytes:
    """Return the questions of a normal text."""
    *questions, _ = normal.split(b"?")
    return b" ".join([text[_last_end(text) :] for text in questions])


def _last_end(normal: bytes) -> int:
    """Return where the last sentence begins that did not end yet."""
    return max(normal.rfind(b"."), normal.rfind(b"!")) + 1


Side = int
"""0 for the customer, 1 for the agent."""
Quote = tuple[int, int, str]
"""A span of a text in code points, and its words."""


def single(text: str) -> bool:
    """Return whether a text is one sentence, short enough to be quoted, with no blanks around it."""
    if not 0 < len(text) <= _LONGEST or text[0].isspace() or text[-1].isspace():
        return False
    return not any(map(text.rstrip(_ENDS).__contains__, _BREAKS))


def sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the bounds of the sentence that a span stands in, or of as much of it as may be quoted."""
    for match in _SENTENCE.finditer(text, 0, READ):
        low, high = match.span()
        if low <= start < high:
            return _trimmed(text, (low, max(high, end)), start, end)
    return start, end


def _trimmed(text: str, bounds: tuple[int, int], start: int, end: int) -> tuple[int, int]:
    low, high = bounds
    if high - low > _LONGEST:
        low = max(low, start - _LONGEST // 4)
        high = max(end, low + _LONGEST)
    while low < start and text[low].isspace():
        low += 1
    high = min(high, len(text))
    while high > end and text[high - 1].isspace():
        high -= 1
    return low, high
