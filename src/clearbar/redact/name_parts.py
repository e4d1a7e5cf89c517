"""Reading a name where one may stand: which of the words that follow are its parts."""

import re
from enum import Enum
from typing import Final

from clearbar.redact.lexicon import lexicon
from clearbar.redact.people import TOKEN, is_unspaced

__all__ = ["Spans", "Trust", "ends_clause", "is_ambiguous", "is_name", "read_name"]


class Trust(Enum):
    """How surely a name follows."""

    INTRODUCED = "my name is"
    ENTITLED = "in the name of"
    TITLED = "Mr"
    GREETED = "Hi"
    STATED = "I'm"


Spans = list[tuple[int, int]]
"""Where the parts of one name stand."""

_NAMED: Final = frozenset((Trust.INTRODUCED, Trust.ENTITLED))
_SAID: Final = frozenset((Trust.GREETED, Trust.STATED))
_AFTER_STATED: Final = re.compile(
    r"\s?(?:[,.!?;)\n\0]|$|(?:and|from|calling|your|with|here|speaking|the|a|an|again|at|of)\b)", re.IGNORECASE
)
_TITLE_END: Final = re.compile(r"\.? ?")
_ENDS: Final = frozenset(".,!?;:)\n\0")
_MOST: Final = 6
_MOST_TITLES: Final = 2
_VERBAL: Final = ("ing", "ly")
_SHOUTED: Final = 0.7


def read_name(text: str, place: int, trust: Trust) -> Spans:
    """Return the spans of the parts of the name that begins at a place; empty if none does."""
    place, titled = _past_titles(text, place)
    trust = Trust.TITLED if titled else trust
    spans: Spans = []
    while len(spans) < _MOST and (match := TOKEN.match(text, place)):
        word, end = match[0], match.end()
        if word.lower() in lexicon().organisations and not word.islower() and trust not in _NAMED:
            return []
        if not is_name(text, word, end, trust, later=bool(spans)):
            break
        spans.append(match.span())
        place = end + (len(word) == 1 and text[end : end + 1] == ".")
        if text[place : place + 1] != " ":
            break
        place += 1
    while spans and _never_last(text[slice(*spans[-1])]):
        spans.pop()
    return [] if trust is Trust.STATED and spans and not _states_name(text, spans) else spans


def _past_titles(text: str, place: int) -> tuple[int, bool]:
    titled = False
    for _ in range(_MOST_TITLES):
        match = TOKEN.match(text, place)
        if match is None or match[0].lower() not in lexicon().titles:
            break
        titled = True
        gap = _TITLE_END.match(text, match.end())
        place = gap.end() if gap else match.end()
    return place, titled


def _never_last(word: str) -> bool:
    return (len(word) == 1 and not is_unspaced(word)) or word.lower() in lexicon().particles


def _states_name(text: str, spans: Spans) -> bool:
    first = text[slice(*spans[0])].lower()
    if first in lexicon().given or (first in lexicon().ambiguous and len(spans) > 1):
        return True
    return first not in lexicon().ambiguous and _AFTER_STATED.match(text, spans[-1][1]) is not None


def is_name(text: str, word: str, end: int, trust: Trust, *, later: bool) -> bool:
    """Whether a word is part of a name, given what leads to it.

    Parameters
    ----------
    text
        Where it stands.
    word
        As written.
    end
        Where it ends.
    trust
        How surely a name stands there.
    later
        Whether another part of the name precedes it.
    """
    folded, lists = word.lower(), lexicon()
    if later and _continues(text, word, folded, end):
        return True
    if (len(word) == 1 and not is_unspaced(word)) or folded in lists.no_names or folded.partition("'")[0] in lists.no_names:
        return False
    if folded in lists.ambiguous and not later:
        return _is_doubtful_name(text, word, end, trust)
    if folded in lists.given:
        return True
    if word.islower() or (word.isupper() and (trust in _SAID or _shouted(text, end))):
        return _is_small_name(text, folded, end, trust, later=later)
    return word[0].isupper() or (is_unspaced(word[0]) and trust in _NAMED)


def _continues(text: str, word: str, folded: str, end: int) -> bool:
    """Whether a word continues a name by itself: an initial, a particle, an everyday word that ends the clause."""
    if len(word) == 1:
        return word.isupper()
    return folded in lexicon().particles or (word[0].isupper() and folded in lexicon().ambiguous and ends_clause(text, end))


def _is_doubtful_name(text: str, word: str, end: int, trust: Trust) -> bool:
    if trust is Trust.INTRODUCED:
        return word[0].isupper() or ends_clause(text, end)
    if not word[0].isupper():
        return False
    following = TOKEN.match(text, end + 1) if text[end : end + 1] == " " else None
    surname = following is not None and following[0][0].isupper() and following[0].lower() not in lexicon().no_names
    return surname or trust in {Trust.TITLED, Trust.ENTITLED} or (trust is Trust.GREETED and ends_clause(text, end))


def _is_small_name(text: str, folded: str, end: int, trust: Trust, *, later: bool) -> bool:
    if trust is Trust.TITLED:
        title = text[max(0, end - len(folded) - 5) : end - len(folded)].strip(" .\0\n").lower()
        return not later and title.endswith(("mr", "mrs"))
    return trust is Trust.INTRODUCED and not folded.endswith(_VERBAL)


def is_ambiguous(text: str, span: tuple[int, int]) -> bool:
    """Whether what stands at a span is an everyday word too."""
    return text[slice(*span)].lower() in lexicon().ambiguous


def ends_clause(text: str, end: int) -> bool:
    """Whether a clause, a line or the text ends at a place."""
    return end >= len(text) or text[end] in _ENDS


def _shouted(text: str, end: int) -> bool:
    letters = [character for character in text[max(0, end - 40) : end + 20] if character.isalpha()]
    return sum(character.isupper() for character in letters) > len(letters) * _SHOUTED
