"""Whether one of many earlier sets of words shares many words with another, without comparing them one by one."""

from collections.abc import Callable, Iterable
from math import ceil
from typing import Final

__all__ = ["Earlier", "Least"]

_FULL: Final = 2048  # sets of a shelf: a word that stands in one of them takes at most so many bits
_EVER: Final = -1

Least = Callable[[int], float]
"""How many words, one or more, another set must share, given its size."""


class _Shelf:
    """Some sets of words, as for each word the set of those that hold it, a bit each."""

    def __init__(self) -> None:
        self.many = 0
        self._holders: dict[bytes, int] = {}
        self._sized: dict[int, int] = {}

    def add(self, words: frozenset[bytes]) -> None:
        """Put a set on the shelf."""
        bit, holders, size = 1 << self.many, self._holders, len(words)
        for word in words:
            holders[word] = holders.get(word, 0) | bit
        self._sized[size] = self._sized.get(size, 0) | bit
        self.many += 1

    def shares(self, words: frozenset[bytes], least: Least) -> bool:
        """Return whether one of the sets shares as many words as one of its size must."""
        digits = _added(self._holders[word] for word in words if word in self._holders)
        needs: dict[int, int] = {}
        for size, those in self._sized.items():
            need = ceil(least(size))
            if need <= min(size, len(words)):
                needs[need] = needs.get(need, 0) | those
        return any(need.bit_length() <= len(digits) and _reach(digits, need) & those for need, those in needs.items())


def _added(sets: Iterable[int]) -> list[int]:
    """Return in how many of some sets each bit stands: the digits of all these numbers, base two, lowest first."""
    digits: list[int] = []
    for held in sets:
        carry = held
        for place, digit in enumerate(digits):
            if not carry:
                break
            digits[place], carry = digit ^ carry, digit & carry
        if carry:
            digits.append(carry)
    return digits


def _reach(digits: list[int], need: int) -> int:
    """Return the bits whose number is at least this one; it has no more digits than they."""
    reach = _EVER
    for place, digit in enumerate(digits):
        reach = digit & reach if need >> place & 1 else digit | reach
    return reach


class Earlier:
    """Sets of words in the order in which they came.

    They go on shelves when it is first asked for one that shares words which all of them together do hold: most talks never ask.
    """

    def __init__(self) -> None:
        self._held: set[bytes] = set()
        self._waiting: list[frozenset[bytes]] = []
        self._shelves: list[_Shelf] = []

    def add(self, words: frozenset[bytes]) -> None:
        """Take in a set."""
        self._held |= words
        self._waiting.append(words)

    def shares(self, words: frozenset[bytes], least: Least) -> bool:
        """Return whether one of the sets shares as many words as one of its size must, of which a larger one must share no fewer."""
        if len(words & self._held) < least(0):
            return False
        self._shelve()
        return any(shelf.shares(words, least) for shelf in self._shelves)

    def _shelve(self) -> None:
        for words in self._waiting:
            if not self._shelves or self._shelves[-1].many == _FULL:
                self._shelves.append(_Shelf())
            self._shelves[-1].add(words)
        self._waiting.clear()
