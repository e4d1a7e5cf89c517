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

RUN_FORM: Final = r"[+(]?\(?(?:[0-9][ ./()-]{0,3}){6,}[0-9]"
_GROUP: Final = re.compile(r"\d+")
_LONG_GROUP: Final = 4
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
        if _DOTTED_QUAD.fullmatch(view.text, start, end):
            continue
        start, end = _alone(view.text, start, end)  # noqa: PLW2901
        found = [finding for part in _between_dates(view.text, start, end) for finding in _read_run(view.text, *part, phones)]
        known |= {_digits(view.text[item.start : item.end]): str(item.value) for item in found if item.kind is Kind.PHONE}
        if not found:
            rest.append((start, end))
        yield from found
    for start, end in rest if known else ():
        if value := known.get(_digits(view.text[start:end])):
            yield _phone(view.text, start, end, value)


def _read_run(text: str, start: int, end: int, phones: Phones) -> Iterator[Finding]:
    """Yield the cards in a run of digits, and the telephone numbers between them."""
    groups = [group.span() for group in _GROUP.finditer(text, start, end)]
    place = first = 0
    while first < len(groups):
        last = _card_from(text, groups, first)
        if last is None:
            first += 1
            continue
        yield from _read_phones(text, start, groups[place:first], phones)
        yield Finding(groups[first][0], groups[last][1], Kind.CARD, _digits(text[groups[first][0] : groups[last][1]]))
        place = first = last + 1
    yield from _read_phones(text, start, groups[place:], phones)


def _card_from(text: str, groups: list[tuple[int, int]], first: int) -> int | None:
    """Return the last group of the longest card that begins with a group."""
    if first and not _may_begin(text, groups[first - 1], groups[first]) and groups[first][1] - groups[first][0] < _LONG_GROUP:
        return None
    count = 0
    found = None
    for last in range(first, len(groups)):
        count += groups[last][1] - groups[last][0]
        if count > _MOST_CARD:
            break
        if count >= _LEAST_CARD and _is_card(text[groups[first][0] : groups[last][1]]):
            found = last
    return found


def _read_phones(text: str, floor: int, groups: list[tuple[int, int]], phones: Phones) -> Iterator[Finding]:
    """Yield what groups of digits make telephone numbers, the longest first."""
    place = 0
    while place < len(groups):
        if place and not _may_begin(text, groups[place - 1], groups[place]):
            place += 1
            continue
        first = groups[place][0]
        while first > floor and text[first - 1] in "+(":
            first -= 1
        ends = [end for _, end in groups[place : place + MOST_DIGITS]]
        found = phones.read(first, ends[::-1])
        if found is None:
            place += 1
            continue
        yield _phone(text, first, *found)
        place += 1 + ends.index(found[0])


def _may_begin(text: str, before: tuple[int, int], group: tuple[int, int]) -> bool:
    """Whether another number may begin with a group: behind a long group or a wide gap, or with 0 or + or a bracket."""
    gap = group[0] - before[1]
    return before[1] - before[0] >= _LONG_GROUP or gap > 1 or text[group[0]] == "0" or text[group[0] - 1] in "+("


def _is_card(written: str) -> bool:
    digits = _digits(written)
    return _CARD_FORM.fullmatch(written) is not None and _CARD_PREFIX.fullmatch(digits) is not None and bool(luhn.is_valid(digits))


def _phone(text: str, start: int, end: int, value: str) -> Finding:
    extension = _EXTENSION.match(text, end)
    return Finding(start, extension.end() if extension else end, Kind.PHONE, value)


def _digits(written: str) -> str:
    """Return the digits of a number without its extension."""
    return "".join(filter(str.isdigit, written.lower().partition("x")[0].partition("e")[0]))


def _alone(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span of a run without first and last digits that belong to a word: a code, a handle."""
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    hyphened = before in {"-", "/", "."} and text[max(start - 2, 0) : start - 1].isalnum()
    if before.isalnum() or before in {"_", "#", "@"} or hyphened:
        while start < end and text[start] != " ":
            start += 1
    if after in {"_", "@"} or (after.isalnum() and not _EXTENSION.match(text, end)):
        while end > start and text[end - 1] != " ":
            end -= 1
    return start, end


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
