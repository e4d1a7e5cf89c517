"""Dates of birth: a date that is told as one, or answered when one was asked for. Other dates stay: appointments, deliveries, bills."""

import re
from collections.abc import Iterator
from typing import Final

from clearbar.redact.context import answers, asked
from clearbar.redact.kinds import Finding, Kind
from clearbar.redact.scan import compile_cue
from clearbar.redact.view import View

__all__ = ["BIRTH_CUE", "find_birth_dates"]

BIRTH_CUE: Final = (
    r"\b(?:dates? of birth|birth ?da(?:te|y)s?|d\.?o\.?b\b|born (?:on|in)?|geburtsdatum|geboren|geb\. |n\?e? le |date de naissance|fecha de nacimiento|"
    r"nacid[oa] el|data di nascita|nat[oa] il|geboortedatum)"
)
_CUE: Final = compile_cue(BIRTH_CUE)
_MONTH: Final = (
    r"(?:jan(?:uary|uar|vier|uari)?|feb(?:ruary|ruar|ruari)?|f[ée]v(?:rier)?|mar(?:ch|s|zo|et)?|m[äa]rz|maart|apr(?:il)?|avr(?:il)?|may|mai|mayo|mei|june?|juni|juin|july?|juli|juillet|"
    r"aug(?:ust|ustus)?|ao[ûu]t|sep(?:t(?:ember|embre|iembre)?)?|oct(?:ober|obre)?|okt(?:ober)?|nov(?:ember|embre|iembre)?|dec(?:ember)?|dez(?:ember)?|d[ée]c(?:embre)?|"
    r"enero|gen(?:naio)?|febrero|febbraio|abril|aprile|maggio|junio|giugno|julio|luglio|agosto|settembre|ottobre|dic(?:iembre|embre)?)\.?"
)
_DATE: Final = re.compile(
    rf"(?<![\w.])(?:(?:19|20)\d\d\s?[-/.]\s?\d{{1,2}}\s?[-/.]\s?\d{{1,2}}|\d{{1,2}}\s?[-/.]\s?\d{{1,2}}\s?[-/.]\s?(?:(?:19|20)\d\d|\d\d)|\d{{1,2}} \d{{1,2}} (?:19|20)?\d\d|"
    rf"\d{{1,2}}(?:st|nd|rd|th|\.|er)?[\s-](?:of\s|de\s)?{_MONTH}(?:,?[\s-](?:of\s|de\s)?(?:(?:19|20)\d\d|'?\d\d))?|{_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s(?:19|20)\d\d)?|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19|20)\d\d)(?![\w]|[./-]\d)",
    re.IGNORECASE,
)
_REACH: Final = 60
_NOT_COMPACT: Final = re.compile(r"[\W_]+")


def find_birth_dates(view: View) -> Iterator[Finding]:
    """Yield dates of birth."""
    for cue in _CUE.finditer(view.shadow):
        start, end = cue.span()
        found = _DATE.search(view.text, end, min(view.turn_end(end), end + _REACH))
        if found is None and asked(view, start, end):
            found = next((match for span in answers(view, end) if (match := _DATE.search(view.text, *span))), None)
        if found:
            yield Finding(*found.span(), Kind.BIRTH_DATE, _NOT_COMPACT.sub(" ", found[0]).casefold())
