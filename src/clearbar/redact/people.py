"""The people of a conversation, and where its text mentions them."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from clearbar.redact.kinds import Finding, Kind
from clearbar.redact.lexicon import AMBIGUOUS, GIVEN, NO_NAMES, ORGANISATION, PARTICLES, TITLES
from clearbar.redact.view import View

__all__ = ["People", "name_tokens"]

_TOKEN: Final = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
_SHORTEST: Final = 2
_SURE_FROM: Final = 3
_CALLED: Final = re.compile(
    r"(?:\b(?:hi+|hello|hey+|dear|thanks?|thank you|cheers|morning|afternoon|evening|welcome|sorry|bye|regards|sincerely|this is|i'?m|name is|name's|called|"
    r"mr|mrs|ms|miss|dr|hallo|bonjour|hola)[,.!]?\s|,\s)$",
    re.IGNORECASE,
)
_CLAUSE_END: Final = frozenset(".,!?;:)\n\0")


def name_tokens(name: str) -> list[str]:
    """Return the parts of a written name that may be mentioned alone, in lower case: no titles, particles, roles or initials."""
    plain = unicodedata.normalize("NFC", name.partition("@")[0]).replace("\u2019", "'")
    parts = [match[0].casefold() for match in _TOKEN.finditer(plain)]
    return [part for part in parts if len(part) >= _SHORTEST and part not in TITLES | PARTICLES | ORGANISATION]


class People:
    """Who is known by name in one conversation."""

    def __init__(self) -> None:
        self._owners: dict[str, int] = {}
        self._strict: set[str] = set()
        self._count = 0

    def __bool__(self) -> bool:
        return self._count > 0

    def add_field(self, name: str) -> None:
        """Add a person whom the record names."""
        tokens = name_tokens(name)
        whole = name.strip().casefold()
        if any(character.isdigit() for character in whole) and any(character.isalpha() for character in whole):
            tokens.append(whole)
        if not tokens:
            return
        person = self._count
        self._count += 1
        for token in tokens:
            self._owners.setdefault(token, person)

    def add_told(self, words: list[str]) -> int:
        """Return the person whom the text names by some words: one known by the first, or by all; else a new one."""
        tokens = [token for word in words for token in name_tokens(word)]
        owners = [self._owners.get(token) for token in tokens]
        known = owners[0] if owners else None
        if known is None and owners and owners[-1] is not None and len(tokens) == 1:
            known = owners[-1]
        person = self._count if known is None else known
        self._count += known is None
        for token in tokens:
            if token not in self._owners:
                self._owners[token] = person
                if token not in GIVEN:
                    self._strict.add(token)
        return person

    def mentions(self, view: View) -> Iterator[Finding]:
        """Yield every mention of a person, neighbouring parts as one."""
        hits = sorted(hit for token, person in self._owners.items() for hit in self._hits(view, token, person))
        index = 0
        while index < len(hits):
            start, end, person, sure = hits[index]
            index += 1
            while index < len(hits) and hits[index][2] == person and view.text[end : hits[index][0]] in {" ", "-", ", "}:
                end, sure = hits[index][1], True
                index += 1
            if sure or self._called(view.text, start, end):
                yield Finding(start, end, Kind.NAME, person)

    def _hits(self, view: View, token: str, person: int) -> Iterator[tuple[int, int, int, bool]]:
        folded, text = view.folded, view.text
        place = folded.find(token)
        while place >= 0:
            end = place + len(token)
            if _alone(folded, place, end):
                capital = not text[place].islower()
                doubtful = token in AMBIGUOUS or token in NO_NAMES or len(token) < _SURE_FROM
                if capital or not (doubtful or token in self._strict):
                    yield place, end, person, not doubtful
            place = folded.find(token, end)

    @staticmethod
    def _called(text: str, start: int, end: int) -> bool:
        if _CALLED.search(text, max(0, start - 16), start) is None:
            return False
        return end >= len(text) or text[end] in _CLAUSE_END


def _alone(text: str, start: int, end: int) -> bool:
    if ord(text[start]) >= 0x2E80:  # noqa: PLR2004 - scripts without spaces between words
        return True
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    return not (before.isalnum() or before == "_" or after.isalnum() or after == "_")
