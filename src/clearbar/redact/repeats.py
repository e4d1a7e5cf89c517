"""Later and earlier mentions of what one place in a conversation gave away."""

from collections.abc import Iterable, Iterator
from typing import Final

from clearbar.redact.kinds import Finding, Kind
from clearbar.redact.view import View

__all__ = ["find_repeats"]

_REPEATED: Final = frozenset((Kind.NATIONAL_ID, Kind.SECRET, Kind.IP))
"""Kinds that are told by their surroundings; the others are found wherever they stand, or look for repeats themselves."""
_SHORTEST: Final = 3
_MOST: Final = 200
"""Values that are looked for; more have been seen in no conversation."""


def find_repeats(view: View, found: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the other places where a value stands that was found by what stood around it."""
    told: dict[str, Finding] = {}
    for finding in found:
        if finding.kind in _REPEATED and finding.end - finding.start >= _SHORTEST and len(told) < _MOST:
            told.setdefault(view.folded[finding.start : finding.end], finding)
    for written, finding in told.items():
        place = view.folded.find(written)
        while place >= 0:
            end = place + len(written)
            if place != finding.start and _alone(view.text, place, end):
                yield finding._replace(start=place, end=end)
            place = view.folded.find(written, end)


def _alone(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start] if start else "", text[end : end + 2]
    return not (
        before.isalnum() or before in {"_", ".", ",", ":", "-", "/", "$", "€", "£"} or after[:1].isalnum() or after[:1] == "_"
    ) and not (after[:1] in {".", ",", ":", "-", "/"} and after[1:].isalnum())
