# ruff: noqa: RUF001 - typographic signs are what is made alike here
"""Evidence is checked by code: a quote must stand in the conversation, and what is kept is the exact span, in code points.

A quote that stands in the turn it names, but for case, spaces, typographic quotes and dashes, and invisible characters, is
*verified*. A near miss is *repaired* to the exact span and marked: the right words under a wrong turn number, a quote with words left
out behind dots, or one with a few words changed, unless a changed word is a number or a negation. All else is dropped.
"""

import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import cached_property

from clearbar.transcript import Role, Turn
from clearbar.verdict import Evidence

__all__ = ["Locator"]

MIN_CHARS = 6
"""A shorter quote must be a whole turn: it would be found nearly anywhere."""
ELSEWHERE_WORDS = 3
"""Quotes of fewer words are looked for in the named turn only."""
FUZZY_WORDS = 5
"""Quotes of fewer words are not matched loosely."""
FUZZY_SHARE = 0.8
"""Share of the quote's words, and of the span's, that must agree."""

_SAME = str.maketrans({"‘": "'", "’": "'", "‚": "'", "‛": "'", "`": "'", "´": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
                       "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "−": "-"})  # fmt: skip
_HEADER = re.compile(r"^\s*\d+[ACBSN]\d*(?:\+[0-9dhms]+)?:\s*")
_CONTINUED = re.compile(r"\n\s*\|\s?")
_BROKEN_UP = re.compile(r"(?<=<) (?=\||/?s>)|(?<=\|) (?=>)|(?<=\[) (?=/?INST\b)", re.IGNORECASE)
"""The spaces that a prompt puts into control tokens of chat templates."""
_DOTS = re.compile(r"\s*(?:\[?\.{3,}\]?|\[?…\]?)\s*")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_NEGATIONS = frozenset({
    "not", "no", "never", "none", "nothing", "nobody", "cannot", "without", "nicht", "kein", "keine", "keinen", "nie", "niemals",
    "ohne", "ne", "pas", "jamais", "sans", "non", "nunca", "sin", "mai", "senza",
})  # fmt: skip


class _Folded:
    """A text with case, spaces and signs made alike, and the way back to its code points."""

    def __init__(self, text: str) -> None:
        chars: list[str] = []
        self.origin: list[int] = []
        space = True  # leading space is dropped
        for index, char in enumerate(text):
            if (unicodedata.category(char) in {"Cf", "Cc"} and not char.isspace()) or "\U000e0100" <= char <= "\U000e01ef":
                continue
            if char.isspace():
                if not space:
                    chars.append(" ")
                    self.origin.append(index)
                space = True
                continue
            space = False
            folded = unicodedata.normalize("NFKC", char).translate(_SAME).casefold()
            chars.append(folded)
            self.origin.extend([index] * len(folded))
        self.text = "".join(chars)

    def find(self, wanted: str) -> tuple[int, int] | None:
        """Return start and end in the original text of the first occurrence that begins and ends where words do."""
        at = self.text.find(wanted)
        while at >= 0:
            end = at + len(wanted)
            if _parted(self.text, at, wanted[0]) and _parted(self.text, end, wanted[-1]):
                return self.origin[at], self.origin[end - 1] + 1
            at = self.text.find(wanted, at + 1)
        return None

    @cached_property
    def words(self) -> list[tuple[str, int, int]]:
        """Return each word with its start and end in the folded text."""
        return [(found[0], found.start(), found.end()) for found in _WORD.finditer(self.text)]


def _parted(text: str, at: int, edge: str) -> bool:
    """Whether a boundary at `at` does not cut a word; signs, and letters of scripts without spaces, may stand anywhere."""
    if not (0 < at < len(text)) or not edge.isalnum() or not edge.isascii():
        return True
    before, after = text[at - 1], text[at]
    return not (before.isalnum() and before.isascii() and after.isalnum() and after.isascii())


class Locator:
    """Finds quotes in the turns of one conversation, or of a part of it.

    Parameters
    ----------
    turns
        All turns of the conversation.
    first, last
        What was read: turns from `first` up to, not including, `last`. A quote from elsewhere is not accepted.
    """

    def __init__(self, turns: Sequence[Turn], first: int = 0, last: int | None = None) -> None:
        self._turns = turns
        self._range = range(first, len(turns) if last is None else last)
        self._folded: dict[int, _Folded] = {}

    def find(self, turn: int, quote: str) -> Evidence | None:
        """Return the evidence that a quote stands for, or None if it stands nowhere."""
        named = turn in self._range
        if named and self._long_enough(turn, quote):
            text = self._turns[turn].text
            at = text.find(quote)
            if at >= 0 and _parted(text, at, quote[0]) and _parted(text, at + len(quote), quote[-1]):
                return Evidence(turn=turn, start=at, end=at + len(quote), quote=quote)
        wanted = _Folded(_bare(quote)).text.strip()
        if not wanted:
            return None
        if named and (found := self._find_folded(turn, wanted)):
            return self._evidence(turn, found, verified=True)
        return self._repair(turn, wanted)

    def role(self, turn: int) -> Role:
        """Return who speaks in a turn."""
        return self._turns[turn].role

    def _repair(self, turn: int, wanted: str) -> Evidence | None:
        """Return the exact words that a near miss means."""
        fragment = max(_DOTS.split(wanted), key=len).strip()
        for other in sorted(self._range, key=lambda index: abs(index - turn)):
            if (other == turn or _count(fragment) >= ELSEWHERE_WORDS) and fragment and (found := self._find_folded(other, fragment)):
                return self._evidence(other, found, verified=False)
        if turn in self._range and _count(wanted) >= FUZZY_WORDS and (found := self._find_loosely(turn, wanted)):
            return self._evidence(turn, found, verified=False)
        return None

    def _evidence(self, turn: int, span: tuple[int, int], *, verified: bool) -> Evidence:
        quote = self._turns[turn].text[span[0] : span[1]]
        return Evidence(turn=turn, start=span[0], end=span[1], quote=quote, status="verified" if verified else "repaired")

    def _long_enough(self, turn: int, quote: str) -> bool:
        return len(quote.strip()) >= MIN_CHARS or (quote.strip() != "" and quote.strip() == self._turns[turn].text.strip())

    def _find_folded(self, turn: int, wanted: str) -> tuple[int, int] | None:
        folded = self._fold(turn)
        if len(wanted) < MIN_CHARS and wanted != folded.text.strip():
            return None
        return folded.find(wanted)

    def _find_loosely(self, turn: int, wanted: str) -> tuple[int, int] | None:
        """Return the span of the turn that agrees with the quote in most words, and differs in no number and no negation."""
        said = [found[0] for found in _WORD.finditer(wanted)]
        there = self._fold(turn).words
        if not there:
            return None
        blocks = SequenceMatcher(None, said, [word for word, _, _ in there], autojunk=False).get_matching_blocks()
        blocks = [block for block in blocks if block.size]
        if not blocks:
            return None
        first, last = blocks[0].b, blocks[-1].b + blocks[-1].size
        agreed = sum(block.size for block in blocks)
        if agreed < FUZZY_SHARE * max(len(said), last - first):
            return None
        kept = {place for block in blocks for place in range(block.a, block.a + block.size)}
        met = {place for block in blocks for place in range(block.b, block.b + block.size)}
        changed = [said[place] for place in range(len(said)) if place not in kept]
        changed += [there[place][0] for place in range(first, last) if place not in met]
        if any(map(_decides, changed)):
            return None
        origin = self._fold(turn).origin
        return origin[there[first][1]], origin[there[last - 1][2] - 1] + 1

    def _fold(self, turn: int) -> _Folded:
        if turn not in self._folded:
            self._folded[turn] = _Folded(self._turns[turn].text)
        return self._folded[turn]


def _bare(quote: str) -> str:
    """Return a quote without the header, the continuation bars and the quotation marks that a model may copy along."""
    quote = _HEADER.sub("", _CONTINUED.sub("\n", _BROKEN_UP.sub("", quote))).strip()
    if len(quote) > 1 and quote[0] in "\"'“‘«„" and quote[-1] in "\"'”’»“":
        quote = quote[1:-1]
    return re.sub(r"^(?:\.{3}|…)\s*|\s*(?:\.{3}|…)$", "", quote)


def _count(text: str) -> int:
    return len(_WORD.findall(text))


def _decides(word: str) -> bool:
    return word in _NEGATIONS or word.endswith("n't") or any(char.isdigit() for char in word)
