"""Dates of birth: a date that is told as one, or answered when one was asked for. Other dates stay: appointments, deliveries, bills."""

import re
from collections.abc import Iterator
from typing import Final

from clearbar.redact.context import told_or_answered
from clearbar.redact.dates import DATE
from clearbar.redact.kinds import Finding, Kind
from clearbar.redact.view import View

__all__ = ["BIRTH_CUE", "find_birth_dates"]

BIRTH_CUE: Final = (
    r"\b(?:dates? of birth|birth ?dates?|birth ?day(?: is|'s| was|\?s|:)|(?:your|his|her|their) birth ?day\b|d\.?o\.?b\b|born (?:on|"
    r"in)?|geburtsdatum|geboren|geb\. |"
    r"n\?e? le |"
    r"date de naissance|fecha de nacimiento|nacid[oa] el|data di nascita|nat[oa] il|geboortedatum)"
)
_REACH: Final = 40
_CELEBRATED: Final = re.compile(r"[ -](?:party|cake|gift|present|card|dinner|trip|on|this|next|last|in|to|wish)", re.IGNORECASE)
"""What is said of a birthday that is no date of birth."""
_FOLLOWING: Final = "geboren"
"""German puts the date before it: "am 3.5.1980 geboren"."""
_NOT_COMPACT: Final = re.compile(r"[\W_]+")


def find_birth_dates(view: View) -> Iterator[Finding]:
    """Yield dates of birth."""
    for start, end in view.cues(BIRTH_CUE):
        found = _told_before(view, start, end) or (
            None if _CELEBRATED.match(view.text, end) else told_or_answered(view, (start, end), DATE, reach=_REACH)
        )
        if found:
            yield Finding(*found.span(), Kind.BIRTH_DATE, _NOT_COMPACT.sub(" ", found[0]).casefold())


def _told_before(view: View, start: int, end: int) -> re.Match[str] | None:
    if view.text[start:end].lower() != _FOLLOWING:
        return None
    dates = list(DATE.finditer(view.text, max(view.turn_start(start), start - _REACH), start))
    return dates[-1] if dates and not view.text[dates[-1].end() : start].strip() else None
