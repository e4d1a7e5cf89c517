"""Runs of digits: payment cards by prefix, length and check digit; telephone numbers; and IBANs."""

import re
from collections.abc import Iterator
from typing import Final

from stdnum import iban, luhn

from clearbar.redact.dates import NUMERIC_DATE
from clearbar.redact.kinds import Finding, Kind
from clearbar.redact.phones import MOST_DIGITS, Phones
from clearbar.redact.view import View

__all__ = ["IBAN_FORM", "RUN_FORM", "find_ibans", "find_numbers"]

RUN_FORM: Final = r"[+(]?\(?[0-9](?:[ ./()-]{0,3}[0-9]){6,47}"
_GROUP: Final = re.compile(r"\d+")
_MOST_GROUPS: Final = 24
_LEAST_DIGITS: Final = 7
_EXTENSION: Final = re.compile(r" ?(?:x|ext\.? ?|extension )\d{1,6}(?!\w)", re.IGNORECASE)
_DOTTED_QUAD: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_LEAST_CARD, _MOST_CARD = 12, 19
_CARD_FORM: Final = re.compile(r"\d(?:[ -]?\d)+")
_CARD_PREFIX: Final = re.compile(
    r"4\d{12}(?:\d{3})?(?:\d{3})?|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|"
    r"3(?:0[0-5]|[689]\d)\d{11,13}|6(?:011|5\d\d|4[4-9]\d)\d{12}(?:\d{3})?|62\d{14,17}|35(?:2[89]|[3-8]\d)\d{12}|(?:50|5[6-9]|6\d)\d{10,17}"
)
"""Issuers' prefixes with their lengths (ISO/IEC 7812): Visa, Mastercard, American Express, Diners, Discover, UnionPay, JCB, Maestro."""


def find_numbers(view: View, regions: tuple[str, ...]) -> Iterator[Finding]:
    """Yield payment cards and telephone numbers; a telephone number that was told is found wherever it stands."""
    phones = Phones(view, regions)
    known: dict[str, str] = {}
    rest: list[tuple[int, int]] = []
    for start, end in view.cues(RUN_FORM):
        if _part_of_word(view.text, start, end):
            continue
        found = False
        for part in _between_dates(view.text, start, end):
            for finding in _read_run(view.text, *part, phones):
                found = True
                if finding.kind is Kind.PHONE:
                    known[_digits(view.text[finding.start : finding.end])] = str(finding.value)
                yield finding
        if not found:
            rest.append((start, end))
    for start, end in rest if known else ():
        if value := known.get(_digits(view.text[start:end])):
            yield _phone(view.text, start, end, value)


def _read_run(text: str, start: int, end: int, phones: Phones) -> Iterator[Finding]:
    """Yield what the groups of a run of digits make, the longest first."""
    spans = [group.span() for group in _GROUP.finditer(text, start, end)][:_MOST_GROUPS]
    place = 0
    while place < len(spans):
        first = spans[place][0]
        while first > start and text[first - 1] in "+(":
            first -= 1
        for last in range(len(spans), place, -1):
            if found := _classify(text, first, spans[last - 1][1], phones):
                yield found
                place = last
                break
        else:
            place += 1


def _classify(text: str, start: int, end: int, phones: Phones) -> Finding | None:
    written = text[start:end]
    digits = _digits(written)
    if len(digits) < _LEAST_DIGITS or _DOTTED_QUAD.fullmatch(written):
        return None
    if _LEAST_CARD <= len(digits) <= _MOST_CARD and _is_card(written, digits):
        return Finding(start, end, Kind.CARD, digits)
    if len(digits) <= MOST_DIGITS and (number := phones.read(start, end)):
        return _phone(text, start, end, number)
    return None


def _is_card(written: str, digits: str) -> bool:
    return _CARD_FORM.fullmatch(written) is not None and _CARD_PREFIX.fullmatch(digits) is not None and bool(luhn.is_valid(digits))


def _phone(text: str, start: int, end: int, value: str) -> Finding:
    extension = _EXTENSION.match(text, end)
    return Finding(start, extension.end() if extension else end, Kind.PHONE, value)


def _digits(written: str) -> str:
    """Return the digits of a number without its extension."""
    return "".join(filter(str.isdigit, written.lower().partition("x")[0].partition("e")[0]))


def _part_of_word(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    if before.isalnum() or before in {"_", "#", "@"} or after == "_" or (after.isalnum() and not _EXTENSION.match(text, end)):
        return True
    return before in {"-", "/", "."} and text[max(start - 2, 0) : start - 1].isalnum()


def _between_dates(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for match in NUMERIC_DATE.finditer(text, start, end):
        yield start, match.start()
        start = match.end()
    yield start, end


IBAN_FORM: Final = r"\b[a-z]{2}[0-9]{2}(?:[ -]?[a-z0-9]{4}){2,7}(?:[ -]?[a-z0-9]{1,4})?\b"
_LEAST_IBAN: Final = 15


def find_ibans(view: View) -> Iterator[Finding]:
    """Yield IBANs with valid check digits and the structure of their country."""
    for start, last in view.cues(IBAN_FORM):
        end = last
        while end - start >= _LEAST_IBAN:
            compact = view.text[start:end].replace(" ", "").replace("-", "").upper()
            if iban.is_valid(compact):
                yield Finding(start, end, Kind.IBAN, compact)
                break
            # What follows may have been taken for its last groups.
            end = max(view.text.rfind(" ", start, end), view.text.rfind("-", start, end))
