"""Which language a conversation is in: as declared, else by its function words, else by a detector."""

import re
from functools import cache
from typing import TYPE_CHECKING, Final

from clearbar.grading.rules.lexicon import Lexicon
from clearbar.grading.rules.text import normalize
from clearbar.grading.rules.texts import NOBODY, Heard

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


def recognize(declared: str | None, heard: Heard, lexicon: Lexicon) -> str | None:
    """Return the two-letter code of the language, or None where it is one that nobody could name.

    A talk too short to tell counts as the first lexicon's language.
    """
    if declared:
        return declared[:2].lower()
    for read in (_GLANCE, _READ):
        text = _beginning(heard, read)
        words = normalize(text)[0].translate(None, b',.!?;:"()').split()
        for code, tongue in lexicon.tongues.items():
            if words and len(list(filter(tongue.function_words.__contains__, words))) >= _ENOUGH * len(words):
                return code
    return _detect(text, next(iter(lexicon.tongues)))


def _beginning(heard: Heard, length: int) -> str:
    """Return so many code points of what customer and agent said."""
    parts, left = [], length
    for side, text in zip(heard.sides, heard.written, strict=True):
        if side != NOBODY:
            parts.append(text[:left])
            left -= len(text)
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
