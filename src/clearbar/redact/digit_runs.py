"""Payment cards, IBANs and telephone numbers: runs of digits that a library confirms, or that their surroundings name."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import phonenumbers
from stdnum import iban, luhn

from clearbar.redact.dates import NUMERIC_DATE
from clearbar.redact.kinds import Finding, Kind
from clearbar.redact.view import View

__all__ = ["IBAN_FORM", "RUN_FORM", "find_ibans", "find_numbers"]

RUN_FORM: Final = r"[+(]?\(?[0-9](?:[ ./()-]{0,3}[0-9]){6,47}"
_GROUP: Final = re.compile(r"\d+")
_MOST_GROUPS: Final = 24
_EXTENSION: Final = re.compile(r" ?(?:x|ext\.? ?|extension )\d{1,6}(?!\w)", re.IGNORECASE)
_EXTENSION_OFF: Final = re.compile(r" ?(?:x|ext).*", re.IGNORECASE)
_DOTTED_QUAD: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_CURRENCY_BEFORE: Final = re.compile(
    r"(?:[$€£¥₹]|\b(?:usd|eur|gbp|chf|rs\.?|inr))\s{0,2}[-+]?(?:\d{1,3}[.,' ]){0,6}$|\d[.,:]$", re.IGNORECASE
)
_UNIT_AFTER: Final = re.compile(
    r"\s{0,2}(?:[$€£¥₹%°]|(?:usd|eur|euros?|gbp|chf|dollars?|pounds?|points?|miles|percent|k[mgw]h?|m[bw]h?|gb|tb|mbps|units?|steps|"
    r"followers|views|years?|days?|hours?|am|pm)\b)",
    re.IGNORECASE,
)
_PHONE: Final = (
    r"\bphones?|\btele(?:phone)?\b|\btel\b|\bmobile|\bcell(?:phone)?\b|\bfax|\bwhats ?app|(?<!tool )\bcall(?:ing|ed|s)?\b|\bcall ?back|"
    r"\btext(?:ing|ed)?\b|\bsms|\bring\b|\brang\b|\breach(?:ed)?\b|\bcontact|\bdial|\bhandy|\bnatel|\btelefon|\bt[ée]l[ée]phone|\bportable|"
    r"\bm[óo]vil|\bmy (?:new |old |own )?number|\blandline|\bextension|\bhot ?line"
)
_NUMBER_CUE: Final = re.compile(r"\bnumber(?: is|'s|:)|\bnumero\b", re.IGNORECASE)
_OTHER: Final = (
    r"\border|\baccount|\bacct|\bbooking|\breservation|\breference|\bref\b|\bticket|\bcase\b|\btracking|\bparcel|\binvoice|\bserial|\bimei|\bmodel|"
    r"\bversion|\bsku|\bisbn|\bitem|\bproduct|\barticle|\bpart\b|\berror|\bcode\b|\bmeter|\bpolicy|\bmember|\bcustomer n|\bid\b|_id\b|\bssn|"
    r"\bsocial|\bnhs|\bpassport|\btax|\bsteuer|\biban|\bcard|\bpin\b"
)
_NAMED: Final = re.compile(rf"(?P<phone>{_PHONE})|{_OTHER}", re.IGNORECASE)
_CUE_REACH: Final = 48
_ASK_REACH: Final = 160
_NANP: Final = re.compile(r"\(?[2-9]\d\d(?:\)[ ./-]{0,3}|[ ./-]{1,3})[2-9]\d\d[ .-]\d{4}")
_NANP_DIGITS: Final = 10
_LEAST_PHONE, _MOST_PHONE = 7, 15
_LEAST_ABROAD: Final = 8
_LEAST_SPELT_ABROAD: Final = 11
_LEAST_CARD, _MOST_CARD = 12, 19
_CARD_FORM: Final = re.compile(r"\d(?:[ -]?\d)+")
_CARD_PREFIX: Final = re.compile(
    r"4\d{12}(?:\d{3})?(?:\d{3})?|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|"
    r"3(?:0[0-5]|[689]\d)\d{11,13}|6(?:011|5\d\d|4[4-9]\d)\d{12}(?:\d{3})?|62\d{14,17}|35(?:2[89]|[3-8]\d)\d{12}|(?:50|5[6-9]|6\d)\d{10,17}"
)
"""Issuers' prefixes with their lengths (ISO/IEC 7812): Visa, Mastercard, American Express, Diners, Discover, UnionPay, JCB, Maestro."""


def find_numbers(view: View, regions: tuple[str, ...]) -> Iterator[Finding]:
    """Yield payment cards and telephone numbers.

    A card has an issuer's prefix, its length and a valid check digit. A telephone number begins with `+`, or is valid in a region and
    written as such, or something around it says that it is one.
    """
    known: dict[str, str] = {}
    rest: list[tuple[int, int]] = []
    for start, end in view.cues(RUN_FORM):
        if _part_of_word(view.text, start, end):
            continue
        found = False
        for part_start, part_end in _between_dates(view.text, start, end):
            for finding in _read_run(view, part_start, part_end, regions):
                found = True
                if finding.kind is Kind.PHONE:
                    known[_digits(_EXTENSION_OFF.sub("", view.text[finding.start : finding.end]))] = str(finding.value)
                yield finding
        if not found:
            rest.append((start, end))
    for start, end in rest if known else ():
        if value := known.get(_digits(view.text[start:end])):
            yield _phone_finding(view, start, end, value)


def _digits(written: str) -> str:
    return "".join(filter(str.isdigit, written))


def _phone_finding(view: View, start: int, end: int, value: str) -> Finding:
    extension = _EXTENSION.match(view.text, end)
    return Finding(start, extension.end() if extension else end, Kind.PHONE, value)


def _read_run(view: View, start: int, end: int, regions: tuple[str, ...]) -> Iterator[Finding]:
    """Yield what the groups of a run of digits make, the longest first."""
    spans = [group.span() for group in _GROUP.finditer(view.text, start, end)][:_MOST_GROUPS]
    place = 0
    while place < len(spans):
        first = spans[place][0]
        while first > start and view.text[first - 1] in "+(":
            first -= 1
        for last in range(len(spans), place, -1):
            if found := _classify(view, first, spans[last - 1][1], regions):
                yield found
                place = last
                break
        else:
            place += 1


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


def _classify(view: View, start: int, end: int, regions: tuple[str, ...]) -> Finding | None:
    written = view.text[start:end]
    digits = _digits(written)
    if len(digits) < _LEAST_PHONE or _DOTTED_QUAD.fullmatch(written):
        return None
    if (
        _LEAST_CARD <= len(digits) <= _MOST_CARD
        and _CARD_FORM.fullmatch(written)
        and _CARD_PREFIX.fullmatch(digits)
        and luhn.is_valid(digits)
    ):
        return Finding(start, end, Kind.CARD, digits)
    if len(digits) <= _MOST_PHONE and (number := _phone(view, start, end, regions)):
        return _phone_finding(view, start, end, number)
    return None


def _phone(view: View, start: int, end: int, regions: tuple[str, ...]) -> str | None:
    """Return what makes a telephone number the same as another: country and national number where they can be told, else its digits."""
    written = view.text[start:end]
    digits = _digits(written)
    if written.lstrip("(").startswith("+"):
        return _abroad(written) or (digits if len(digits) >= _LEAST_ABROAD else None)
    if _CURRENCY_BEFORE.search(view.text, max(0, start - 24), start) or _UNIT_AFTER.match(view.text, end):
        return None
    named = _named(view, start)
    if named is False:
        return None
    if written.startswith("00") and (
        number := _abroad(written) or (digits if len(digits) >= _LEAST_SPELT_ABROAD and written != digits else None)
    ):
        return number
    if named or digits.startswith("0") or _NANP.fullmatch(written):
        national = _national(written, regions)
        fictional = len(digits) == _NANP_DIGITS and _NANP.fullmatch(written) is not None  # 555-01xx is valid nowhere
        return national or (digits if fictional or (named and " - " not in written) else None)
    return None


def _named(view: View, place: int) -> bool | None:
    """Whether what stands before a number calls it a telephone number, something else, or nothing."""
    turn = view.turn_start(place)
    before = view.text[max(turn, place - _CUE_REACH) : place]
    named = _last_cue(before)
    if named is None and turn and place - turn < _CUE_REACH:
        asking = view.text[max(view.turn_start(turn - 1), turn - _ASK_REACH) : turn]
        named = _last_cue(asking) if "?" in asking or "please" in asking.lower() else None
    return named


def _last_cue(before: str) -> bool | None:
    last = None
    for last in _NAMED.finditer(before):
        pass
    if last is None:
        return True if _NUMBER_CUE.search(before) else None
    return last["phone"] is not None


@lru_cache(maxsize=4096)
def _abroad(written: str) -> str | None:
    try:
        number = phonenumbers.parse("+" + written.lstrip("(+0"), None)
    except phonenumbers.NumberParseException:
        return None
    if not (written.lstrip("(").startswith("+") or phonenumbers.is_valid_number(number)):
        return None
    return f"{number.country_code}{number.national_number}"


@lru_cache(maxsize=4096)
def _national(written: str, regions: tuple[str, ...]) -> str | None:
    for region in regions:
        try:
            number = phonenumbers.parse(written, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return f"{number.country_code}{number.national_number}"
    return None


IBAN_FORM: Final = r"\b[a-z]{2}[0-9]{2}(?:[ -]?[a-z0-9]{4}){2,7}(?:[ -]?[a-z0-9]{1,4})?\b"
_LEAST_IBAN: Final = 15


def find_ibans(view: View) -> Iterator[Finding]:
    """Yield IBANs with valid check digits and the structure of their country."""
    for start, end in view.cues(IBAN_FORM):
        while end - start >= _LEAST_IBAN:
            compact = re.sub(r"[ -]", "", view.text[start:end]).upper()
            if iban.is_valid(compact):
                yield Finding(start, end, Kind.IBAN, compact)
                break
            # What follows may have been taken for its last groups.
            end = max(view.text.rfind(" ", start, end), view.text.rfind("-", start, end))
