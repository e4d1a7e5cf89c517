"""Dates as people write them."""

import re
from typing import Final

__all__ = ["DATE", "NUMERIC_DATE"]

_YEAR: Final = r"(?:19|20)\d\d"
_DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])"
NUMERIC_DATE: Final = re.compile(
    rf"(?<!\d)(?:{_YEAR}(?P<iso>[-./])(?:0?[1-9]|1[0-2])(?P=iso){_DAY}|{_DAY}(?P<day>[-./]){_DAY}(?P=day)(?:{_YEAR}|\d\d)|"
    rf"{_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?!\d)"
)
"""A date in digits, with a separator or as yyyymmdd."""

_MONTHS: Final = (
    "jan(?:uary|uar|vier|uari)?",
    "feb(?:ruary|ruar|ruari)?|f[ée]v(?:rier)?|febrero|febbraio",
    "mar(?:ch|s|zo|et)?|m[äa]rz|maart",
    "apr(?:il|ile)?|avr(?:il)?|abril",
    "may|mai|mayo|mei|maggio",
    "june?|juni|juin|junio|giugno",
    "july?|juli|juillet|julio|luglio",
    "aug(?:ust|ustus)?|ao[ûu]t|agosto",
    "sep(?:t(?:ember|embre|iembre)?)?|settembre",
    "oct(?:ober|obre)?|okt(?:ober)?|ottobre",
    "nov(?:ember|embre|iembre)?",
    "dec(?:ember)?|dez(?:ember)?|d[ée]c(?:embre)?|dic(?:iembre|embre)?",
    "enero|gen(?:naio)?",
)
_MONTH: Final = rf"(?:{'|'.join(_MONTHS)})\.?"
_SHORT_YEAR: Final = rf"(?:{_YEAR}|'?\d\d)"
DATE: Final = re.compile(
    r"(?<![\w.])(?:"
    rf"{_YEAR}\s?[-/.]\s?\d{{1,2}}\s?[-/.]\s?\d{{1,2}}"
    rf"|\d{{1,2}}\s?[-/.]\s?\d{{1,2}}\s?[-/.]\s?{_SHORT_YEAR}"
    rf"|\d{{1,2}} \d{{1,2}} {_SHORT_YEAR}"
    rf"|\d{{1,2}}(?:st|nd|rd|th|\.|er)?[\s-](?:of\s|de\s)?{_MONTH}(?:,?[\s-](?:of\s|de\s)?{_SHORT_YEAR})?"
    rf"|{_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s{_YEAR})?"
    r"|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19|20)\d\d"
    r")(?!\w|[./-]\d|:\d)",
    re.IGNORECASE,
)
"""A date in digits or with the name of its month, year or none."""
