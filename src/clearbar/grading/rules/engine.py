"""Which groups of a lexicon a text holds: one pass of google-re2's `Set` for all groups of a side, or plain `re`, alike to the bit."""

from collections.abc import Iterable
from typing import Any, Final, Protocol

from clearbar.errors import RubricError
from clearbar.grading.rules.lexicon import Group, Tongue
from clearbar.grading.rules.text import Side, Utterance

try:
    import re2
    from re2 import _re2
except ImportError:  # pragma: no cover - platforms without the engine
    re2 = None

__all__ = ["HAS_RE2", "Finder", "first_hit", "hits", "open_finder", "unguarded"]

HAS_RE2: Final = re2 is not None
_SPEAKERS: Final = ("customer", "agent")
_MEMORY: Final = 256 << 20  # for the automaton, which grows as texts ask for it
_SENTINEL: Final = b"(?s)."  # found in every text; missing only if the automaton ran out of memory


class Finder(Protocol):
    """Finds groups in texts."""

    def find(self, side: Side, utterance: Utterance) -> int:
        """Return the bit set of the groups of this side that the text holds."""


class PlainFinder:
    """Searches group by group with `re`; for platforms without RE2, and to check the other road by."""

    def __init__(self, tongue: Tongue) -> None:
        self._groups = [[(group, bit) for group, bit in _of(tongue, side)] for side in (0, 1)]

    def find(self, side: Side, utterance: Utterance) -> int:
        """Return the bit set of the groups of this side that the text holds."""
        plain = utterance.normal.decode()
        mask = 0
        for group, bit in self._groups[side]:
            if group.regex.search(plain) and (group.guard is None or unguarded(group, plain)):
                mask |= bit
        return mask


class SetFinder:
    """Searches all groups of a side at once with RE2's `Set`."""

    def __init__(self, tongue: Tongue) -> None:
        self._plain = PlainFinder(tongue)
        self._sides = [_Set(_of(tongue, side)) for side in (0, 1)]

    def find(self, side: Side, utterance: Utterance) -> int:
        """Return the bit set of the groups of this side that the text holds."""
        found = self._sides[side].find(utterance.normal)
        return self._plain.find(side, utterance) if found is None else found


class _Set:
    def __init__(self, groups: Iterable[tuple[Group, int]]) -> None:
        options = re2.Options()
        options.max_mem = _MEMORY
        options.log_errors = False
        self._set: Any = _re2.Set(re2._Anchor.UNANCHORED, options)  # noqa: SLF001 - the wrapper doubles the cost of a short text
        self._bits: list[int] = []
        self._guarded: list[tuple[int, int, Group]] = []
        for group, bit in groups:
            self._add(group.pattern.encode(), bit, group)
        tops = max(self._bits, default=1).bit_length() + 1
        for group, bit in ((group, bit) for group, bit in groups if group.unless):
            guard = 1 << (tops := tops + 1)
            self._add((group.unless or "").encode(), guard, group)
            self._guarded.append((bit, guard, group))
        self._sentinel = self._set.Add(_SENTINEL)
        self._bits.append(0)
        self._own = (1 << max((bit for _, bit in groups), default=1).bit_length()) - 1
        self._set.Compile()

    def _add(self, pattern: bytes, bit: int, group: Group) -> None:
        if self._set.Add(pattern) < 0:
            raise RubricError(f"lexicon group {group.name!r}: the phrases are too large together for the engine", fix="split the group")
        self._bits.append(bit)

    def find(self, normal: bytes) -> int | None:
        """Return the bit set; None if the engine gave up."""
        ids = self._set.Match(normal)
        if len(ids) <= 1:
            return 0 if ids or not normal else None
        if self._sentinel not in ids:
            return None
        mask = 0
        bits = self._bits
        for id in ids:
            mask |= bits[id]
        if mask > self._own:
            for bit, guard, group in self._guarded:
                if mask & guard and mask & bit and not unguarded(group, normal.decode()):
                    mask ^= bit
            mask &= self._own
        return mask


def _of(tongue: Tongue, side: Side) -> list[tuple[Group, int]]:
    return [(group, tongue.bits[group.name]) for group in tongue.groups if group.speaker in {_SPEAKERS[side], "any"}]


def unguarded(group: Group, plain: str) -> bool:
    """Return whether a hit of the group stands outside all hits of its guard."""
    if group.guard is None:
        return True
    guards = [match.span() for match in group.guard.finditer(plain)]
    return any(
        not any(low <= start and end <= high for low, high in guards) for start, end in (hit.span() for hit in group.regex.finditer(plain))
    )


def open_finder(tongue: Tongue, *, plain: bool = False) -> Finder:
    """Return the finder of a lexicon: RE2 where it is installed, unless the plain road is asked for."""
    return PlainFinder(tongue) if plain or re2 is None else SetFinder(tongue)


def hits(group: Group, utterance: Utterance) -> list[tuple[int, int]]:
    """Return where a group stands in a text, in code points of the text as it was written."""
    plain = utterance.normal.decode()
    spans = [match.span() for match in group.regex.finditer(plain)]
    if group.guard is not None:
        guards = [match.span() for match in group.guard.finditer(plain)]
        spans = [(start, end) for start, end in spans if not any(low <= start and end <= high for low, high in guards)]
    return [utterance.original(start, end) for start, end in spans]


def first_hit(group: Group, utterance: Utterance) -> tuple[int, int] | None:
    """Return where a group first stands in a text; None where it does not."""
    if group.guard is not None:
        found = hits(group, utterance)
        return found[0] if found else None
    match = group.regex.search(utterance.normal.decode())
    return None if match is None else utterance.original(*match.span())
