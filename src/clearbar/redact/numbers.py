"""Payment cards, IBANs and telephone numbers: runs of digits that a library confirms, or that their surroundings name."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

import phonenumbers
from stdnum import iban, luhn

from clearbar.redact.kinds import Finding, Kind
from clearbar.redact.scan import compile_cue
from clearbar.redact.view import View

__all__ = ["find_ibans", "find_numbers"]

_RUN: Final = compile_cue(r"[+(]?\(?[0-9](?:[ ./()-]{0,3}[0-9]){6,47}")
_GROUP: Final = re.compile(r"\d+")
_DATE: Final = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d([-./ ]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])|(?:0?[1-9]|[12]\d|3[01])([-./])(?:0?[1-9]|[12]\d|3[01])\2(?:19|20)?\d\d)(?!\d)"
)
_DOTTED_QUAD: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_CURRENCY_BEFORE: Final = re.compile(r"(?:[$€£¥₹]|\b(?:usd|eur|gbp|chf|rs\.?|inr))\s{0,2}[-+]?(?:\d{1,3}[.,' ])*$", re.IGNORECASE)
_UNIT_AFTER: Final = re.compile(
    r"\s{0,2}(?:[$€£¥₹%°]|(?:usd|eur|euros?|gbp|chf|dollars?|pounds?|points?|miles|percent|k[mgw]h?|m[bw]h?|gb|tb|kwh|mbps|units?|steps|followers|views|years?|days?|hours?|am|pm)\b)",
    re.IGNORECASE,
)
_PHONE_CUE: Final = re.compile(
    r"(?:\bphones?|\btele(?:phone)?|\btel\b|\bmobile|\bcell(?:phone)?\b|\bfax|\bwhats ?app|\bcall(?:ing|ed|s)?\b|\bcall ?back|\btext(?:ing|ed)?\b|\bsms|\bring\b|\breach(?:ed)?\b|\bcontact|\bdial|\bhandy|\bnatel|\btelefon|\bt[ée]l[ée]phone|\bportable|\bm[óo]vil|\bnumber is|\bmy number|\blandline|\bextension)",
    re.IGNORECASE,
)
_OTHER_CUE: Final = re.compile(
    r"(?:\border|\baccount|\bbooking|\breservation|\breference|\bref\b|\bticket|\bcase\b|\btracking|\bparcel|\binvoice|\bserial|\bimei|\bmodel|\bversion|\bsku|\bisbn|\bitem|\bproduct|\barticle|\bpart\b|\berror|\bcode\b|\bmeter|\bpolicy|\bmember|\bcustomer n|\bid\b|\bssn|\bsocial|\bnhs|\bpassport|\btax|\bsteuer)",
    re.IGNORECASE,
)
_CUE_REACH: Final = 48
_NANP: Final = re.compile(r"\(?[2-9]\d\d\)?[ ./-]{1,3}[2-9]\d\d[ .-]\d{4}")
_LEAST_PHONE, _MOST_PHONE = 7, 15
_LEAST_CARD, _MOST_CARD = 12, 19
_MOST_GROUPS: Final = 12
_CARD_PREFIX: Final = re.compile(
    r"4\d{12}(?:\d{3})?(?:\d{3})?|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11,13}|"
    r"6(?:011|5\d\d|4[4-9]\d)\d{12}(?:\d{3})?|62\d{14,17}|35(?:2[89]|[3-8]\d)\d{12}|(?:50|5[6-9]|6[0-9])\d{10,17}"
)


def find_numbers(view: View, regions: Sequence[str]) -> Iterator[Finding]:
    """Yield payment cards and telephone numbers.

    A card has an issuer's prefix, its length and a valid check digit. A telephone number begins with `+` or `00`, or is valid in a region
    and written as such, or something around it says that it is one.
    """
    for match in _RUN.finditer(view.shadow):
        start, end = match.span()
        yield from _read_run(view, start, end, regions)


def _read_run(view: View, start: int, end: int, regions: Sequence[str]) -> Iterator[Finding]:
    text = view.text
    if _part_of_word(text, start, end):
        return
    for part_start, part_end in _between_dates(text, start, end):
        spans = [group.span() for group in _GROUP.finditer(text, part_start, part_end)][:_MOST_GROUPS]
        place = 0
        while place < len(spans):
            for last in range(len(spans), place, -1):
                first = _with_sign(text, spans[place][0], part_start)
                if found := _classify(view, first, spans[last - 1][1], regions):
                    yield found
                    place = last
                    break
            else:
                place += 1


def _part_of_word(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    if before.isalnum() or before in {"_", "#", "@"} or after.isalnum() or after in {"_", "@"}:
        return True
    return before in {"-", "/", "."} and text[max(start - 2, 0) : start - 1].isalnum()


def _between_dates(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for match in _DATE.finditer(text, start, end):
        yield start, match.start()
        start = match.end()
    yield start, end


def _with_sign(text: str, start: int, floor: int) -> int:
    while start > floor and text[start - 1] in "+(":
        start -= 1
    return start


def _classify(view: View, start: int, end: int, regions: Sequence[str]) -> Finding | None:
    written = view.text[start:end]
    if _DOTTED_QUAD.fullmatch(written):
        return None
    digits = "".join(filter(str.isdigit, written))
    if _LEAST_CARD <= len(digits) <= _MOST_CARD and "+" not in written and _CARD_PREFIX.fullmatch(digits) and luhn.is_valid(digits):
        return Finding(start, end, Kind.CARD, digits)
    if _LEAST_PHONE <= len(digits) <= _MOST_PHONE and (number := _phone(view, start, end, written, digits, regions)):
        return Finding(start, end, Kind.PHONE, number)
    return None


def _phone(view: View, start: int, end: int, written: str, digits: str, regions: Sequence[str]) -> str | None:
    if written.lstrip("(").startswith("+") or (written.startswith("00") and len(digits) > 9):  # noqa: PLR2004 - 00, country, number
        return _international(written) or (digits.removeprefix("00") if len(digits) > 7 else None)  # noqa: PLR2004
    before = view.text[max(view.turn_start(start), start - _CUE_REACH) : start]
    if _CURRENCY_BEFORE.search(before) or _UNIT_AFTER.match(view.text, end) or re.search(r"\d[.,:]$", before):
        return None
    cues = [(match.end(), True) for match in _PHONE_CUE.finditer(before)] + [(match.end(), False) for match in _OTHER_CUE.finditer(before)]
    named = max(cues)[1] if cues else None
    if named is False:
        return None
    grouped = not written.isdigit()
    national = _national(written, tuple(regions)) if grouped or digits.startswith("0") or named else None
    if national and (named or digits.startswith("0") or (grouped and _NANP.fullmatch(written))):
        return national
    if named or (grouped and len(digits) == 10 and _NANP.fullmatch(written)):  # noqa: PLR2004 - also the numbers kept for fiction
        return digits
    return None


@lru_cache(maxsize=4096)
def _international(written: str) -> str | None:
    try:
        number = phonenumbers.parse("+" + written.lstrip("(+0") if not written.startswith("+") else written, None)
    except phonenumbers.NumberParseException:
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


_IBAN: Final = compile_cue(r"\b[a-z]{2}[0-9]{2}(?:[ -]?[a-z0-9]{4}){2,7}(?:[ -]?[a-z0-9]{1,4})?\b")
_LEAST_IBAN: Final = 15


def find_ibans(view: View) -> Iterator[Finding]:
    """Yield IBANs with valid check digits and the structure of their country."""
    for match in _IBAN.finditer(view.shadow):
        start, end = match.span()
        while end - start >= _LEAST_IBAN:
            compact = re.sub(r"[ -]", "", view.text[start:end]).upper()
            if iban.is_valid(compact):
                yield Finding(start, end, Kind.IBAN, compact)
                break
            # What follows may have been taken for its last groups.
            end = max(view.text.rfind(" ", start, end), view.text.rfind("-", start, end))
