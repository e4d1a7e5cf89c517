"""The texts of conversations that are read together: each distinct one is made ready and searched once."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from clearbar.grading.rules.engine import Finder, Found
from clearbar.grading.rules.lexicon import TRAITS
from clearbar.grading.rules.text import Utterance, normalize, shouts
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
    """

    __slots__ = ("sides", "turns", "written")

    def __init__(self, turns: Sequence[Spoken]) -> None:
        self.turns = turns
        self.sides = [_SIDES.get(turn.role, NOBODY) for turn in turns]
        self.written = [turn.text for turn in turns]


class Texts(dict[int, Utterance]):
    """Distinct texts, the customers' before the agents', and what was found in them; made ready to be quoted when first asked for.

    Parameters
    ----------
    heard
        The conversations that they stand in.
    finder
        Which searches them.
    """

    def __init__(self, heard: Sequence[Heard], finder: Finder) -> None:
        super().__init__()
        self.finder = finder
        said = list(zip(chain.from_iterable(one.sides for one in heard), chain.from_iterable(one.written for one in heard), strict=True))
        customers, agents = (dict.fromkeys(text for side, text in said if side == whose) for whose in (CUSTOMER, AGENT))
        self._written = [*customers, *agents]
        many = len(customers)
        self.rows = dict(zip(customers, range(many), strict=True)), dict(zip(agents, range(many, len(self._written)), strict=True))
        """Of each side, where each text stands."""
        self._read = [normalize(text) for text in self._written]
        normals = self.normals = [normal for normal, _ in self._read]
        groups = len(finder.tongue.groups)
        self.found: Found = np.zeros((len(normals), groups + len(TRAITS)), np.bool_)
        """Which groups of the lexicon, and which traits, (columns) each text (row) holds."""
        finder.find(CUSTOMER, normals[:many], self.found[:many])
        finder.find(AGENT, normals[many:], self.found[many:])
        self._note(self.found[:, groups:], many)
        self._held = self.found.tobytes()
        self.words = Words(normals)
        """Of each text."""

    def _note(self, traits: Found, customers: int) -> None:
        """Note of each text what is no group, in the order of the lexicon's `TRAITS`."""
        letters = np.frombuffer(_END.join(self.normals) + _END, np.uint8)
        starts = np.cumsum([0, *map(len, self.normals[:-1])]) + np.arange(len(self.normals))
        words = np.add.reduceat(letters == _BLANK, starts, dtype=np.intp) + 1
        weighty, manners = self._any(_WEIGHTY), self._any(_MANNERS)
        traits[:, 0] = np.logical_or.reduceat(letters == _QUESTION, starts)
        traits[:, 1] = words >= _CLAUSE
        traits[:, 2] = (words <= _LONG) & ~weighty & ((words <= _SHORT) | manners)
        traits[:customers, 3] = [shouts(text) for text in self._written[:customers]]

    def _any(self, names: Iterable[str]) -> NDArray[np.bool_]:
        """Return which texts hold any of some groups."""
        columns = self.finder.tongue.columns
        held: NDArray[np.bool_] = np.any(self.found[:, [columns[name] for name in names if name in columns]], axis=1)
        return held

    def __missing__(self, row: int) -> Utterance:
        self[row] = utterance = Utterance(row, self._written[row], *self._read[row])
        return utterance

    def holds(self, group: str, row: int) -> bool:
        """Return whether a group of the lexicon was found in a text."""
        column = self.finder.tongue.columns.get(group)
        return column is not None and self._held[row * self.found.shape[1] + column] != 0
