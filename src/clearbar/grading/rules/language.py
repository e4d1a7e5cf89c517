"""Which language a conversation is in: as declared, else by its function words, else by a detector."""

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from clearbar.grading.rules.lexicon import Lexicon
from clearbar.grading.rules.text import normalize

if TYPE_CHECKING:
    from lingua import LanguageDetector

__all__ = ["recognize"]

_ENOUGH: Final = 0.2  # share of function words by which a text is of a lexicon's language without further asking
_FEW: Final = 4  # words: too little to tell
_LETTERS: Final = 8
_UNTELLING: Final = re.compile(r"\S*[0-9_@/\\]\S*|[\[<{][^\]>}\s]*[\]>}]")
"""Numbers, placeholders, addresses, paths."""
_GLANCE: Final = 300  # code points that are looked at first
_READ: Final = 2_000  # code points that are looked at


def recognize(talk: Any, sides: Sequence[int], lexicon: Lexicon) -> str | None:
    """Return the two-letter code of the language, or None where it is one that nobody could name.

    A talk too short to tell counts as the first lexicon's language.
    """
    if talk.language:
        return str(talk.language)[:2].lower()
    for read in (_GLANCE, _READ):
        text = _beginning(talk.turns, sides, read)
        words = normalize(text)[0].translate(None, b',.!?;:"()').split()
        for code, tongue in lexicon.tongues.items():
            if words and sum(map(tongue.function_words.__contains__, words)) >= _ENOUGH * len(words):
                return code
    return _detect(text, next(iter(lexicon.tongues)))


def _beginning(turns: Sequence[Any], sides: Sequence[int], length: int) -> str:
    parts, left = [], length
    for turn, side in zip(turns, sides, strict=True):
        if side >= 0:
            parts.append(turn.text[:left])
            left -= len(parts[-1])
            if left <= 0:
                break
    return " ".join(parts)


def _detect(text: str, fallback: str) -> str | None:
    """Return what the detector says; the fallback where it cannot tell, as for numbers, placeholders or a word or two."""
    text = _UNTELLING.sub(" ", text)
    letters = sum(map(str.isalpha, text))
    if letters < _LETTERS or (text.isascii() and len(text.split()) < _FEW):
        return fallback
    found = _detector().detect_language_of(text)
    return fallback if found is None else found.iso_code_639_1.name.lower()


@cache
def _detector() -> "LanguageDetector":
    from lingua import LanguageDetectorBuilder  # noqa: PLC0415 - its models are loaded only where a text asks for them

    return LanguageDetectorBuilder.from_all_languages().with_low_accuracy_mode().build()
