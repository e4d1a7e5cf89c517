"""The texts of conversations that are read together: each distinct one is made ready and searched once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import count, islice
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from clearbar.grading.rules.engine import Finder, Found, Span
from clearbar.grading.rules.lexicon import TRAITS, Group
from clearbar.grading.rules.once import Once
from clearbar.grading.rules.text import normalize, shouts
from clearbar.grading.rules.wording import Words

__all__ = ["AGENT", "CUSTOMER", "NOBODY", "Heard", "Spoken", "Texts"]

CUSTOMER: Final = 0
AGENT: Final = 1
NOBODY: Final = -1
"""Whom nobody grades: bot, system, note."""
_SIDES: Final = {"customer": CUSTOMER, "agent": AGENT}
_END: Final = b"\n"  # stands in no normal text
_BLANK: Final = ord(" ")
_QUESTION: Final = ord("?")
_SHORT: Final = 3  # words
_CLAUSE: Final = 5
_LONG: Final = 12
_USED: Final = 3  # times; more of the same is no politer
_WEIGHTY: Final = ("refusal", "done", "promise", "instruction", "ask_detail", "handoff", "not_understood")
_MANNERS: Final = ("greeting", "farewell", "anything_else", "gratitude", "leave", "courtesies")


class Spoken(Protocol):
    """A turn, as pydantic's and msgspec's both are."""

    @property
    def role(self) -> str:
        """Customer, agent, bot, system or note."""

    @property
    def text(self) -> str:
        """What was said."""

    @property
    def time(self) -> float | None:
        """Seconds from the start of the conversation."""


class Heard:
    """A conversation, taken apart.

    Parameters
    ----------
    turns
        All turns, in order.
    started_at
        When it began, where that is known.
    """

    __slots__ = ("rows", "sides", "started_at", "turns", "written")

    rows: Sequence[int]
    """Of each turn, which of its side's distinct texts it is, once `Texts` gathered it; `NOBODY` where nobody searches it."""

    def __init__(self, turns: Sequence[Spoken], started_at: datetime | None = None) -> None:
        self.turns = turns
        self.started_at = started_at
        self.sides = [_SIDES.get(turn.role, NOBODY) for turn in turns]
        self.written = [turn.text for turn in turns]


class Texts:
    """Distinct texts, the customers' before the agents', and what was found in them.

    Parameters
    ----------
    finder
        Which searches them.
    """

    def __init__(self, finder: Finder) -> None:
        self.finder = finder
        self._distinct = _Distinct(), _Distinct()

    def gather(self, heard: Heard) -> None:
        """Take in what was said in a conversation, best while it is fresh in the processor's cache."""
        distinct = self._distinct
        heard.rows = [distinct[side][text] if side >= 0 else NOBODY for side, text in zip(heard.sides, heard.written, strict=True)]

    def search(self) -> None:
        """Search all that was gathered, together, which keeps the automaton in the processor's cache."""
        finder = self.finder
        customers, agents = self._distinct
        self.written = [*customers, *agents]
        self.customers = many = len(customers)
        """How many of the texts are customers'."""
        read = list(map(normalize, self.written))
        normals = self.normals = [normal for normal, _ in read]
        self._places = [places for _, places in read]
        groups = len(finder.tongue.groups)
        self.found: Found = np.zeros((len(normals), groups + len(TRAITS)), np.bool_)
        """Which groups of the lexicon, and which traits, (columns) each text (row) holds."""
        finder.find(CUSTOMER, normals[:many], self.found[:many])
        finder.find(AGENT, normals[many:], self.found[many:])
        self._note(self.found[:, groups:], many)
        self._held = self.found.tobytes()
        self.words = Words(normals)
        """Of each text."""

    @Once
    def strategies(self) -> NDArray[np.intp]:
        """Of each text of an agent, behind the customers', how often it uses each strategy of politeness, counted up to three times."""
        finder, normals = self.finder.of_strategies, self.normals[self.customers :]
        found: Found = np.zeros((len(normals), len(finder.groups)), np.bool_)
        finder.find(AGENT, normals, found)
        used = found.astype(np.intp)
        for row, column in np.argwhere(found).tolist():
            used[row, column] = sum(1 for _ in islice(finder.hits(finder.groups[column], normals[row]), _USED))
        return used

    def _note(self, traits: Found, customers: int) -> None:
        """Note of each text what is no group, in the order of the lexicon's `TRAITS`."""
        letters = np.frombuffer(_END.join(self.normals) + _END, np.uint8)
        starts = np.cumsum([0, *map(len, self.normals[:-1])]) + np.arange(len(self.normals))
        words = np.add.reduceat(letters == _BLANK, starts, dtype=np.intp) + 1
        weighty, manners = self._any(_WEIGHTY), self._any(_MANNERS)
        traits[:, 0] = np.logical_or.reduceat(letters == _QUESTION, starts)
        traits[:, 1] = words >= _CLAUSE
        traits[:, 2] = (words <= _LONG) & ~weighty & ((words <= _SHORT) | manners)
        traits[:customers, 3] = [shouts(text) for text in self.written[:customers]]

    def _any(self, names: Iterable[str]) -> NDArray[np.bool_]:
        """Return which texts hold any of some groups."""
        columns = self.finder.tongue.columns
        held: NDArray[np.bool_] = np.any(self.found[:, [columns[name] for name in names if name in columns]], axis=1)
        return held

    def hits(self, group: Group, row: int) -> Iterator[Span]:
        """Yield where a group stands in a text, in code points of the text as it was written."""
        if self.found[row, self.finder.tongue.columns[group.name]]:
            for span in self.finder.hits(group, self.normals[row]):
                yield self._original(row, *span)

    def first(self, groups: Iterable[str], row: int) -> Span | None:
        """Return where the first of some groups that stands in a text is first found there; None where none stands."""
        tongue, start = self.finder.tongue, row * self.found.shape[1]
        for name in groups:
            column = tongue.columns.get(name)
            if column is not None and self._held[start + column]:
                span = self.finder.first(tongue.by_name[name], self.normals[row])
                if span is not None:
                    return self._original(row, *span)
        return None

    def _original(self, row: int, start: int, end: int) -> Span:
        """Return where a span of a normal text's code points stands in the text."""
        places = self._places[row]
        return (start, end) if places is None or end <= start else (places[start], places[end - 1] + 1)


class _Distinct(defaultdict[str, int]):
    """Texts and their numbers, by which they were first met."""

    def __init__(self) -> None:
        super().__init__(count().__next__)
