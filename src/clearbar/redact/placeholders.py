"""Placeholders: `[EMAIL_1]`, numbered in a conversation so that the same value is the same placeholder."""

import re
from bisect import bisect_left
from collections.abc import Container, Sequence
from typing import Final

from clearbar.redact.kinds import Finding, Kind

__all__ = ["Placeholders", "settle"]

_PLACEHOLDER: Final = re.compile(r"\[([A-Z][A-Z0-9_]{0,40})_(\d{1,9})\]")
_RANKS: Final = {str(kind): kind.rank for kind in Kind}


class Placeholders:
    """Numbers values of one conversation, beyond every placeholder that already stands in its text.

    Parameters
    ----------
    text
        The conversation before redaction.
    words
        The words of placeholders, in capitals; what stands in brackets with another word is text like any other.
    """

    def __init__(self, text: str, words: Container[str]) -> None:
        self.standing: list[tuple[int, int]] = []
        """Where placeholders stand, whether an earlier run put them there or the text was written so."""
        self._last: dict[str, int] = {}
        if "[" in text:
            for match in _PLACEHOLDER.finditer(text):
                if match[1] in words:
                    self.standing.append(match.span())
                    self._last[match[1]] = max(int(match[2]), self._last.get(match[1], 0))
        self._given: dict[tuple[str, object], str] = {}
        self.counts: dict[str, int] = {}
        """Pieces replaced, by kind."""

    def masked(self, text: str) -> str:
        """Return the text with a word of small letters in the place and length of each placeholder."""
        pieces: list[str] = []
        done = 0
        for start, end in self.standing:
            pieces += (text[done:start], "x" * (end - start))
            done = end
        return "".join((*pieces, text[done:])) if pieces else text

    def of(self, finding: Finding) -> str:
        """Return the placeholder of a finding and count it."""
        kind = str(finding.kind)
        self.counts[kind] = self.counts.get(kind, 0) + 1
        key = (kind, finding.value)
        if key not in self._given:
            word = kind.upper()
            self._last[word] = self._last.get(word, 0) + 1
            self._given[key] = f"[{word}_{self._last[word]}]"
        return self._given[key]


def settle(findings: list[Finding], standing: Sequence[tuple[int, int]]) -> list[Finding]:
    """Return findings from left to right so that none overlap each other or a placeholder that stands in the text.

    Of one inside another the outer stays. Of two that overlap in part, the lower in rank keeps what the other leaves: nothing of either
    stays in the text.

    Parameters
    ----------
    findings
        In any order.
    standing
        Spans of placeholders in the text, from left to right.
    """
    if standing:
        findings = [finding for finding in findings if not _touches(finding, standing)]
    if len(findings) < 2:  # noqa: PLR2004 - nothing to settle
        return findings
    ordered = sorted(findings, key=_order)
    settled = [ordered[0]]
    for finding in ordered[1:]:
        last = settled[-1]
        if finding.start >= last.end:
            settled.append(finding)
        elif finding.end > last.end:
            if _rank(finding) < _rank(last):
                settled[-1] = last._replace(end=finding.start)
                settled.append(finding)
            else:
                settled.append(finding._replace(start=last.end))
    return settled


def _order(finding: Finding) -> tuple[int, int, int]:
    return finding.start, -finding.end, _rank(finding)


def _rank(finding: Finding) -> int:
    return _RANKS.get(finding.kind, -1)


def _touches(finding: Finding, standing: Sequence[tuple[int, int]]) -> bool:
    before = bisect_left(standing, (finding.end, 0)) - 1
    return before >= 0 and standing[before][1] > finding.start
