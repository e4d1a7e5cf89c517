"""Words that decided, with a little of what stands around them, short enough for a page."""

import re
import unicodedata
from typing import Final

from clearbar.report.model import Quote
from clearbar.transcript import Turn
from clearbar.verdict import Evidence

__all__ = ["excerpt", "shorten"]

_AROUND: Final = 90
_WORDS: Final = 260
_REACH: Final = 18
"""How far a cut may move to fall between words."""
_SPACE: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_JOINS: Final = frozenset("\u200d\ufe0e\ufe0f")


def excerpt(turn: Turn, evidence: Evidence) -> Quote:
    """Return the decisive words and their neighbourhood; what is left out is shown by `…`."""
    text = turn.text
    before = text[max(evidence.start - 4 * _AROUND, 0) : evidence.start]
    after = text[evidence.end : evidence.end + 4 * _AROUND]
    whole_start, whole_end = evidence.start <= 4 * _AROUND, len(text) - evidence.end <= 4 * _AROUND
    return Quote(
        turn=evidence.turn,
        role=turn.role,
        before=_tail(_flat(before), _AROUND, whole=whole_start),
        words=_middle_out(_flat(text[evidence.start : evidence.end]).strip(), _WORDS),
        after=_head(_flat(after), _AROUND, whole=whole_end),
        repaired=evidence.status == "repaired",
    )


def shorten(text: str, length: int) -> str:
    """Return the text on one line, cut behind a word where it is longer than `length` code points."""
    return _head(_flat(text).strip(), length, whole=True)


def _flat(text: str) -> str:
    """Put text on one line: neither line breaks nor control characters."""
    return _SPACE.sub(" ", text)


def _head(text: str, length: int, *, whole: bool) -> str:
    if len(text) <= length:
        return text if whole else text + "…"
    return text[: _cut(text, length, -1)].rstrip() + "…"


def _tail(text: str, length: int, *, whole: bool) -> str:
    if len(text) <= length:
        return text if whole else "…" + text
    return "…" + text[_cut(text, len(text) - length, 1) :].lstrip()


def _middle_out(text: str, length: int) -> str:
    if len(text) <= length:
        return text
    half = length // 2
    return f"{text[: _cut(text, half, -1)].rstrip()} … {text[_cut(text, len(text) - half, 1) :].lstrip()}"


def _cut(text: str, at: int, step: int) -> int:
    """Return a place near `at` between words; where there is none, one that parts no character from its marks."""
    for place in range(at, at + step * _REACH, step):
        if 0 < place < len(text) and (text[place].isspace() or text[place - 1].isspace()):
            return place
    while 0 < at < len(text) and _joined(text, at):
        at += step
    return at


def _joined(text: str, at: int) -> bool:
    """Whether the characters before and behind a place are drawn as one."""
    following, previous = text[at], text[at - 1]
    return (
        unicodedata.combining(following) > 0
        or following in _JOINS
        or previous == "\u200d"
        or "\U0001f3fb" <= following <= "\U0001f3ff"
        or ("\U0001f1e6" <= following <= "\U0001f1ff" and "\U0001f1e6" <= previous <= "\U0001f1ff")
    )
