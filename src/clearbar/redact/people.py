"""The people of a conversation, and where its text mentions them."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from clearbar.redact.kinds import Finding, Kind
from clearbar.redact.lexicon import lexicon
from clearbar.redact.view import View

__all__ = ["TOKEN", "People", "is_unspaced"]

TOKEN: Final = re.compile(r"[^\W\d_]+(?:['-](?!s\b)[^\W\d_]+)*")
"""A part of a name."""
_SHORTEST: Final = 2
_SURE_FROM: Final = 3
_UNSPACED_FROM: Final = "\u2e80"
_CALLED: Final = re.compile(
    r"(?:\b(?:hi+|hello|hey+|dear|thanks?|thank you|cheers|morning|afternoon|evening|welcome|sorry|bye|regards|sincerely|this is|i'?m|"
    r"name is|"
    r"name's|called|mr|mrs|ms|miss|dr|hallo|bonjour|hola)[,.!]?\s|,\s|\n)$",
    re.IGNORECASE,
)
_WITHIN: Final = re.compile(r"\b[a-z]['a-z]*[,;]? $")
"""A word in small letters before it: it does not begin a sentence or a title."""
_MONTHS: Final = frozenset(("march", "april", "may", "june", "august"))
_MOST_TOKENS: Final = 400
"""Parts of names that are looked for in the whole of a conversation; those told beyond are replaced where they are told."""
_PAUSES: Final = frozenset(",\n\0")
_ENDS: Final = frozenset(".,!?;:)\n\0")
_JOINTS: Final = frozenset(".@/-")
_ADDRESS: Final = re.compile(r"\S@\S|://|\.[a-z]{2,12}(?:[/:?]|\W?$)", re.IGNORECASE)
_LONGEST_CHUNK: Final = 80

Hit = tuple[int, int, int, bool]
"""Start, end, person, and whether the token is a name wherever it stands."""


def is_unspaced(character: str) -> bool:
    """Whether a character is of a script that writes words without spaces."""
    return character >= _UNSPACED_FROM


@lru_cache(maxsize=4096)
def name_tokens(name: str) -> tuple[str, ...]:
    """Return the parts of a written name that may be mentioned alone, in lower case: no titles, particles, roles or initials."""
    plain = unicodedata.normalize("NFC", name.partition("@")[0]).replace("\u2019", "'")
    passed_over = lexicon().titles | lexicon().particles | lexicon().organisations
    parts = [match[0].lower() for match in TOKEN.finditer(plain)]
    parts += [half for part in parts if "-" in part for half in part.split("-")]
    tokens = [part for part in parts if len(part) >= _SHORTEST and part not in passed_over]
    whole = plain.strip().lower()
    if tokens and any(character.isdigit() for character in whole):
        tokens.append(whole)
    return tuple(tokens)


class People:
    """Who is known by name in one conversation.

    Parameters
    ----------
    keep
        Words that are never taken for a name, in lower case.
    """

    def __init__(self, keep: frozenset[str]) -> None:
        self._keep = keep
        self._owners: dict[str, int] = {}
        self._capital_only: set[str] = set()
        self._count = 0

    def add_field(self, name: str) -> None:
        """Add a person whom the record names."""
        tokens = [token for token in name_tokens(name) if token not in self._keep]
        for token in tokens:
            self._owners.setdefault(token, self._count)
        self._count += bool(tokens)

    def add_told(self, words: Sequence[str]) -> int:
        """Return the person whom the text names by some words: one who is known by the first of them, else a new one."""
        tokens = [token for word in words for token in name_tokens(word)]
        known = self._owners.get(tokens[0]) if tokens else None
        person = self._count if known is None else known
        self._count += known is None
        given = lexicon().given
        for token in tokens:
            if token not in self._owners and len(self._owners) < _MOST_TOKENS:
                self._owners[token] = person
                if token not in given:
                    self._capital_only.add(token)
        return person

    def mentions(self, view: View) -> Iterator[Finding]:
        """Yield every mention of a person, neighbouring parts of a name as one."""
        hits: list[Hit] = []
        for token, person in self._owners.items():
            place = view.folded.find(token)
            if place >= 0:
                self._add_hits(view, token, person, place, hits)
        hits.sort()
        index = 0
        while index < len(hits):
            start, end, person, sure = hits[index]
            index += 1
            while index < len(hits) and hits[index][2] == person and view.text[end : hits[index][0]] in {" ", "-"}:
                end, sure = hits[index][1], True
                index += 1
            if sure or _called(view.text, start, end):
                yield Finding(start, end, Kind.NAME, person)

    def _add_hits(self, view: View, token: str, person: int, place: int, hits: list[Hit]) -> None:
        folded, text = view.folded, view.text
        doubtful = len(token) < _SURE_FROM or token in lexicon().ambiguous or token in lexicon().no_names
        small_too = not doubtful and token not in self._capital_only
        while place >= 0:
            end = place + len(token)
            if (small_too or not text[place].islower()) and _alone(folded, place, end):
                hits.append((place, end, person, not doubtful))
            place = folded.find(token, end)


def _called(text: str, start: int, end: int) -> bool:
    """Whether a word that may be a name is one here: alone with a capital within a sentence, or addressed by it."""
    before = text[max(0, start - 24) : start].rsplit("\0", 1)[-1]
    following = TOKEN.match(text, end + 1)
    if _WITHIN.search(before) and not (following and following[0][0].isupper()) and text[start:end].lower() not in _MONTHS:
        return True
    if end < len(text) and text[end] not in _ENDS and not text.startswith((" here", " speaking"), end):
        return False
    if text[start:end].lower() not in lexicon().no_names and (end >= len(text) or text[end] in _PAUSES):
        return True
    return not before or _CALLED.search(before) is not None


def _alone(text: str, start: int, end: int) -> bool:
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    if before.isalnum() or before == "_" or after.isalnum() or after == "_":
        return is_unspaced(text[start])
    if before in _JOINTS or after in _JOINTS:
        return not _in_address(text, start, end)
    return True


def _in_address(text: str, start: int, end: int) -> bool:
    left = start
    while left > 0 and start - left < _LONGEST_CHUNK and not text[left - 1].isspace() and text[left - 1] != "\0":
        left -= 1
    right = end
    while right < len(text) and right - end < _LONGEST_CHUNK and not text[right].isspace() and text[right] != "\0":
        right += 1
    return _ADDRESS.search(text, left, right) is not None
