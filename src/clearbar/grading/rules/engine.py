"""Which groups of a lexicon a text holds, and where: google-re2, all groups of a side in one pass, or plain `re`, alike to the bit."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Final

from clearbar.errors import RubricError
from clearbar.grading.rules.lexicon import Group, Tongue
from clearbar.grading.rules.text import Side, Utterance

try:
    import re2
    from re2 import _re2
except ImportError:  # pragma: no cover - platforms without the engine
    re2 = None

__all__ = ["HAS_RE2", "Finder", "SetFinder", "open_finder"]

HAS_RE2: Final = re2 is not None
_ANYWHERE: Final = _re2.RE2.Anchor.UNANCHORED if HAS_RE2 else None
_SPEAKERS: Final = ("customer", "agent")
_MEMORY: Final = 256 << 20  # for the automaton, which grows as texts ask for it
_SENTINEL: Final = b"(?s)."  # found in every text; missing only if the automaton ran out of memory

Span = tuple[int, int]


class Finder:
    """Finds groups in texts with `re`, group by group; for platforms without RE2, and to check the other road by.

    Parameters
    ----------
    tongue
        The lexicon.
    """

    def __init__(self, tongue: Tongue) -> None:
        self.tongue = tongue
        self._groups = [_of(tongue, side) for side in (0, 1)]

    def find(self, side: Side, utterances: Sequence[Utterance]) -> list[int]:
        """Return of each text the bit set of the groups of this side that it holds."""
        return [self._find(side, utterance) for utterance in utterances]

    def _find(self, side: Side, utterance: Utterance) -> int:
        plain = utterance.normal.decode()
        mask = 0
        for group, bit in self._groups[side]:
            if _regex(group.pattern).search(plain) and (not group.unless or self.first(group, utterance) is not None):
                mask |= bit
        return mask

    def first(self, group: Group, utterance: Utterance) -> Span | None:
        """Return where a group first stands in a text, in code points of the text as it was written; None where it does not."""
        return next(self.hits(group, utterance), None)

    def hits(self, group: Group, utterance: Utterance) -> Iterator[Span]:
        """Yield where a group stands in a text outside what guards against it, in code points of the text as it was written."""
        guards = list(self._spans(group.unless, utterance)) if group.unless else []
        for start, end in self._spans(group.pattern, utterance):
            if not any(low < end and start < high for low, high in guards):
                yield utterance.original(start, end)

    def _spans(self, pattern: str, utterance: Utterance) -> Iterator[Span]:
        """Yield the spans of a group's phrases, or of its guard, in code points of the normal text."""
        for match in _regex(pattern).finditer(utterance.normal.decode()):
            yield match.span()


class SetFinder(Finder):
    """Finds all groups of a side at once with RE2's `Set`, and spans with RE2."""

    def __init__(self, tongue: Tongue) -> None:
        super().__init__(tongue)
        self._sides = [_Set(_of(tongue, side), self) for side in (0, 1)]
        self._compiled: dict[str, Any] = {}

    def find(self, side: Side, utterances: Sequence[Utterance]) -> list[int]:
        """Return of each text the bit set of the groups of this side that it holds."""
        masks = self._sides[side].find(utterances)
        return [self._find(side, utterance) if mask is None else mask for mask, utterance in zip(masks, utterances, strict=True)]

    def first(self, group: Group, utterance: Utterance) -> Span | None:
        """Return where a group first stands in a text, in code points of the text as it was written; None where it does not."""
        if group.unless or not utterance.normal.isascii():
            return super().first(group, utterance)
        normal = utterance.normal
        start, end = self._compile(group.pattern).Match(_ANYWHERE, normal, 0, len(normal))[0]
        return None if start < 0 else utterance.original(start, end)

    def _compile(self, pattern: str) -> Any:
        compiled = self._compiled.get(pattern)
        if compiled is None:
            compiled = self._compiled[pattern] = _re2.RE2(pattern.encode(), _options())
        return compiled

    def _spans(self, pattern: str, utterance: Utterance) -> Iterator[Span]:
        compiled = self._compile(pattern)
        normal, place = utterance.normal, 0
        length = len(normal)
        single = utterance.normal.isascii()
        while place < length:
            start, end = compiled.Match(_ANYWHERE, normal, place, length)[0]
            if start < 0:
                return
            yield (start, end) if single else (len(normal[:start].decode()), len(normal[:end].decode()))
            place = end


class _Set:
    """The groups of one side in one automaton."""

    def __init__(self, groups: Iterable[tuple[Group, int]], finder: Finder) -> None:
        groups = list(groups)
        # The wrapper of the package would double the cost of a short text.
        self._set: Any = _re2.Set(_ANYWHERE, _options())
        self._finder = finder
        self._bits: list[int] = []
        self._guarded: list[tuple[int, int, Group]] = []
        top = max((bit.bit_length() for _, bit in groups), default=0)
        self._own = (1 << top) - 1
        for group, bit in groups:
            self._add(group.pattern, bit, group)
        for number, (group, bit) in enumerate((group, bit) for group, bit in groups if group.unless):
            guard = 1 << (top + number)
            self._add(group.unless or "", guard, group)
            self._guarded.append((bit, guard, group))
        self._sentinel = self._set.Add(_SENTINEL)
        self._bits.append(0)
        self._set.Compile()

    def _add(self, pattern: str, bit: int, group: Group) -> None:
        if self._set.Add(pattern.encode()) < 0:
            raise RubricError(f"lexicon group {group.name!r}: its phrases are too large together for the engine", fix="split the group")
        self._bits.append(bit)

    def find(self, utterances: Sequence[Utterance]) -> list[int | None]:
        """Return the bit set of each text; None where the engine gave up."""
        match = self._set.Match
        found = [
            match(utterance.normal) for utterance in utterances
        ]  # nothing else in between, which would push the automaton out of the cache
        return [self._mask(ids, utterance) for ids, utterance in zip(found, utterances, strict=True)]

    def _mask(self, ids: list[int], utterance: Utterance) -> int | None:
        if len(ids) <= 1:
            return 0 if ids or not utterance.normal else None
        if self._sentinel not in ids:
            return None
        mask, bits = 0, self._bits
        for id in ids:
            mask |= bits[id]
        if mask > self._own:
            for bit, guard, group in self._guarded:
                if mask & guard and mask & bit and self._finder.first(group, utterance) is None:
                    mask ^= bit
            mask &= self._own
        return mask


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


def _options() -> Any:
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    return options


def _of(tongue: Tongue, side: Side) -> list[tuple[Group, int]]:
    return [(group, tongue.bits[group.name]) for group in tongue.groups if group.speaker in {_SPEAKERS[side], "any"}]


def open_finder(tongue: Tongue, *, plain: bool = False) -> Finder:
    """Return the finder of a lexicon: RE2 where it is installed, unless the plain road is asked for."""
    return SetFinder(tongue) if HAS_RE2 and not plain else Finder(tongue)
