"""Which groups of a lexicon a text holds, and where: google-re2, all groups of a side in one pass, or plain `re`, alike to the bit."""

import re
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from itertools import chain
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from clearbar.errors import RubricError
from clearbar.grading.rules.lexicon import Group, Tongue
from clearbar.grading.rules.text import Side

try:
    import re2
    from re2 import _re2
except ImportError:  # pragma: no cover - platforms without the engine
    re2 = None

__all__ = ["HAS_RE2", "Finder", "Found", "SetFinder", "Span", "open_finder"]

HAS_RE2: Final = re2 is not None
_ANYWHERE: Final = _re2.RE2.Anchor.UNANCHORED if HAS_RE2 else None
_SPEAKERS: Final = ("customer", "agent")
_MEMORY: Final = 256 << 20  # for the automaton, which grows as texts ask for it
_SENTINEL: Final = b"(?s)."  # found in every text; missing only if the automaton ran out of memory

Span = tuple[int, int]
Found = NDArray[np.bool_]


class Finder:
    """Finds groups in texts with `re`, group by group; for platforms without RE2, and to check the other road by.

    Parameters
    ----------
    tongue
        The lexicon.
    groups
        Which of it are searched together; its groups, and not its strategies of politeness, unless told.
    """

    def __init__(self, tongue: Tongue, groups: Sequence[Group] | None = None) -> None:
        self.tongue = tongue
        self.groups = tongue.groups if groups is None else groups
        """In the order of their columns."""
        self._columns = {group.name: column for column, group in enumerate(self.groups)}
        self._groups = [[group for group in self.groups if group.speaker in {_SPEAKERS[side], "any"}] for side in (0, 1)]

    @cached_property
    def of_strategies(self) -> "Finder":
        """The finder, of the same engine, of the lexicon's strategies of politeness; made for those who ask for it."""
        return type(self)(self.tongue, tuple(self.tongue.strategies))

    def find(self, side: Side, normals: Sequence[bytes], found: Found) -> None:
        """Note which groups of this side (columns, in their order) each normal text (row) holds."""
        for row, normal in enumerate(normals):
            self._note(found[row], side, normal)

    def _note(self, row: Found, side: Side, normal: bytes) -> None:
        plain = normal.decode()
        for group in self._groups[side]:
            if _regex(group.pattern).search(plain) and (not group.unless or self.first(group, normal) is not None):
                row[self._columns[group.name]] = True

    def first(self, group: Group, normal: bytes) -> Span | None:
        """Return where a group first stands in a text, in code points of the normal text; None where it does not."""
        return next(self.hits(group, normal), None)

    def hits(self, group: Group, normal: bytes) -> Iterator[Span]:
        """Yield where a group stands in a text outside what guards against it, in code points of the normal text."""
        guards = list(self._spans(group.unless, normal)) if group.unless else []
        for start, end in self._spans(group.pattern, normal):
            if not any(low < end and start < high for low, high in guards):
                yield start, end

    def _spans(self, pattern: str, normal: bytes) -> Iterator[Span]:
        """Yield the spans of a group's phrases, or of its guard, in code points of the normal text."""
        for match in _regex(pattern).finditer(normal.decode()):
            yield match.span()


class SetFinder(Finder):
    """Finds all groups of a side at once with RE2's `Set`, and spans with RE2."""

    def __init__(self, tongue: Tongue, groups: Sequence[Group] | None = None) -> None:
        super().__init__(tongue, groups)
        self._sets = [_Set(groups) for groups in self._groups]
        self._compiled: dict[str, Any] = {}

    def find(self, side: Side, normals: Sequence[bytes], found: Found) -> None:
        """Note which groups of this side (columns, in their order) each normal text (row) holds."""
        groups = self._groups[side]
        own, guarded, lost = self._sets[side].find(normals)
        for row, place in guarded:
            own[row, place] = self.first(groups[place], normals[row]) is not None
        found[:, [self._columns[group.name] for group in groups]] = own
        for row in lost:
            self._note(found[row], side, normals[row])

    def first(self, group: Group, normal: bytes) -> Span | None:
        """Return where a group first stands in a text, in code points of the normal text; None where it does not."""
        if not normal.isascii():
            return super().first(group, normal)
        start, end = self._match(group.pattern, normal)
        if group.unless and self._match(group.unless, normal)[0] >= 0:
            return super().first(group, normal)
        return None if start < 0 else (start, end)

    def _match(self, pattern: str, normal: bytes) -> Span:
        """Return where a pattern first stands, in bytes; (-1, -1) where it does not."""
        span: Span = self._compile(pattern).Match(_ANYWHERE, normal, 0, len(normal))[0]
        return span

    def _compile(self, pattern: str) -> Any:
        compiled = self._compiled.get(pattern)
        if compiled is None:
            compiled = self._compiled[pattern] = _re2.RE2(pattern.encode(), _options())
        return compiled

    def _spans(self, pattern: str, normal: bytes) -> Iterator[Span]:
        compiled = self._compile(pattern)
        place, length = 0, len(normal)
        single = normal.isascii()
        while place < length:
            start, end = compiled.Match(_ANYWHERE, normal, place, length)[0]
            if start < 0:
                return
            yield (start, end) if single else (len(normal[:start].decode()), len(normal[:end].decode()))
            place = end


class _Set:
    """The groups of one side in one automaton, and behind them what guards against some of them."""

    def __init__(self, groups: Sequence[Group]) -> None:
        # The wrapper of the package would double the cost of a short text.
        self._set: Any = _re2.Set(_ANYWHERE, _options())
        self._groups = len(groups)
        self._guarded = [place for place, group in enumerate(groups) if group.unless]
        for group in groups:
            self._add(group.pattern, group)
        for place in self._guarded:
            self._add(groups[place].unless or "", groups[place])
        self._sentinel = self._set.Add(_SENTINEL)
        self._set.Compile()

    def _add(self, pattern: str, group: Group) -> None:
        if self._set.Add(pattern.encode()) < 0:
            raise RubricError(f"lexicon group {group.name!r}: its phrases are too large together for the engine", fix="split the group")

    def find(self, normals: Sequence[bytes]) -> tuple[Found, list[Span], list[int]]:
        """Return which groups each text holds, where one of them stands beside its guard, and in which texts the engine gave up."""
        ids = list(map(self._set.Match, normals))  # nothing in between that would push the automaton out of the cache
        hits = np.zeros((len(ids), self._sentinel + 1), np.bool_)
        hits[np.repeat(np.arange(len(ids)), list(map(len, ids))), np.fromiter(chain.from_iterable(ids), np.intp)] = True
        own, guards = hits[:, : self._groups], hits[:, self._groups : self._sentinel]
        beside = own[:, self._guarded] & guards
        guarded = [(place // guards.shape[1], self._guarded[place % guards.shape[1]]) for place in np.flatnonzero(beside).tolist()]
        lost = [row for row in np.flatnonzero(~hits[:, self._sentinel]).tolist() if normals[row]]
        own[lost] = False
        return own, guarded, lost


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


def _options() -> Any:
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    return options


def open_finder(tongue: Tongue, *, plain: bool = False) -> Finder:
    """Return the finder of a lexicon: RE2 where it is installed, unless the plain road is asked for."""
    return SetFinder(tongue) if HAS_RE2 and not plain else Finder(tongue)
