"""Personal data under well-known keys: what tools and systems answer is often JSON, where a key says what its value is.

A turn may be JSON, hold some among words, hold it escaped in a string, or hold what Python prints of a dictionary. So nothing is
parsed: a key in quotation marks with a colon behind it gives its value away wherever it stands.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Final

from clearbar.redact.kinds import Finding, Kind
from clearbar.redact.lexicon import lexicon
from clearbar.redact.name_parts import Spans
from clearbar.redact.people import TOKEN
from clearbar.redact.view import View

__all__ = ["JSON_CUE", "find_json_values", "json_keys", "read_json_names"]

_KEYS: Final[Mapping[Kind, str]] = {
    Kind.SECRET: "password passwd pwd pass_phrase pass_code pin pin_code otp one_time_code one_time_password cvv cvv2 cvc cvc2 "
    "security_code security_answer verification_code secret_key client_secret private_key api_key access_token refresh_token auth_token "
    "session_token id_token maiden_name",
    Kind.CARD: "card_number card_no credit_card debit_card cc_number pan",
    Kind.IBAN: "iban",
    Kind.NATIONAL_ID: "ssn social_security_number social_security national_id national_id_number national_insurance_number nino "
    "nhs_number tax_id tax_number passport passport_number passport_no identity_card id_card_number drivers_license driver_license "
    "drivers_licence driver_licence",
    Kind.PHONE: "phone phone_number mobile mobile_number mobile_phone cell cell_phone telephone tel fax contact_number",
    Kind.ADDRESS: "address address_1 address_2 address_3 address_line address_line_1 address_line_2 address_line_3 street street_1 "
    "street_2 street_address street_name postal_code post_code zip zip_code",
    Kind.BIRTH_DATE: "dob date_of_birth birth_date birthday",
    Kind.REFERENCE: "account_number account_no user_id user_name login customer_id customer_number member_id member_number "
    "membership_number loyalty_number frequent_flyer_number policy_number",
}
"""Keys by kind, whatever their case and joints; other words may stand before them: `billing_zip`, `customerPhone`."""
_NAME_PARTS: Final = "first_name last_name given_name family_name middle_name full_name surname"
_PERSONS: Final = (
    "customer client passenger traveller traveler guest member patient cardholder card_holder account_holder recipient sender addressee "
    "contact owner buyer spouse agent driver technician employee advisor"
)
"""Keys whose value may be somebody's name, or that say whose name `…_name` is."""
_KIND_OF: Final = {key.replace("_", ""): kind for kind, keys in _KEYS.items() for key in keys.split()}
_OF_NAMES: Final = frozenset(_NAME_PARTS.replace("_", "").split()) | {f"{one.replace('_', '')}name" for one in _PERSONS.split()}
_OF_PERSONS: Final = frozenset(_PERSONS.replace("_", "").split())
_FOREIGN: Final = frozenset(("email", "mail", "ip", "mac", "wallet", "web", "url", "contract", "memory", "forgot", "reset"))
"""Words before a key that make it something else: `ip_address`."""


def _spelt(keys: str) -> str:
    return "|".join(key.replace("_", "[_ -]?") for key in sorted(keys.split(), key=len, reverse=True))


_BEFORE: Final = """["'][a-z0-9_ -]*"""
_BEHIND: Final = r"""\\*["'][ \n\r\t]{0,4}:"""
JSON_CUE: Final = r"""["'][ \n\r\t]{0,4}:"""
"""What every text with keys holds; cheap to look for."""
_KEY: Final = f"{_BEFORE}(?:{_spelt(' '.join(('name', _NAME_PARTS, _PERSONS, *_KEYS.values())))}){_BEHIND}"
_JOINT: Final = re.compile(r"[_ -]+|(?<=[a-z])(?=[A-Z0-9])")
_STRING: Final = re.compile(r"""\s{0,40}(?P<quote>\\*["'])(?P<value>[^\0]{0,200}?)(?<!\\)(?P=quote)""")
_SECRET: Final = re.compile(r"""\s{0,40}(?P<quote>\\*["'])(?:(?P<value>[^\0]{0,16384}?)(?<!\\)(?P=quote)|(?P<open>[^\0]{16384}))""")
"""Tokens and keys are long; of one that does not end in time, what was read goes."""
_NUMBER: Final = re.compile(r"\s{0,40}(?P<value>-?\d[\d.]{0,30})(?=[\s,}\]\0]|$)")
_LIST: Final = re.compile(r"\s{0,40}\[")
_NEXT: Final = re.compile(r"\s{0,40},")
_MOST: Final = 2_000
"""Values of a list that are read."""
_NEAR: Final = 400
"""Characters of an object that are looked at around a key."""
_NEAR_BEFORE: Final = """["'][a-z0-9_ -]{0,40}?"""
_NEIGHBOUR: Final = re.compile(rf"""[^{{}}\0]{{0,40}}?{_NEAR_BEFORE}(?:{_spelt(_NAME_PARTS)}){_BEHIND}""", re.IGNORECASE)
_ABOUT: Final = " ".join(("e_mail", "first_name", "gender", *(_KEYS[kind] for kind in (Kind.PHONE, Kind.BIRTH_DATE, Kind.NATIONAL_ID))))
_ABOUT_SOMEBODY: Final = re.compile(f"{_NEAR_BEFORE}(?:{_spelt(_ABOUT)}){_BEHIND}", re.IGNORECASE)
"""Keys beside which a bare `name` is a person's."""
_COMPACT: Final = re.compile(r"[\W_]+")
_LONGEST_NAME: Final = 6


def json_keys(view: View) -> list[tuple[int, int]]:
    """Return where well-known keys stand, with their quotation marks and colons."""
    return view.cues(_KEY)


def find_json_values(view: View, keys: Iterable[tuple[int, int]], found: Iterable[Finding]) -> Iterator[Finding]:
    """Yield what keys give away and nothing else found, but for names.

    Parameters
    ----------
    view, keys
        The conversation, and where keys stand.
    found
        What was found by its form: where that is a part of a value, the value is the same piece of data.
    """
    known = _Known(found)
    for start, end in keys:
        kind = _kind(view.text[start:end])
        if kind is None:
            continue
        for first, last in _values(view.text, end, string=_SECRET if kind is Kind.SECRET else _STRING):
            value = view.text[first:last]
            if _MAY_BE[kind](value) and not known.covers(first, last):
                same = known.within(kind, first, last) or (value if kind is Kind.SECRET else _COMPACT.sub("", value).upper())
                yield Finding(first, last, kind, same)


class _Known:
    """What was found already, asked by place.

    Parameters
    ----------
    found
        In any order.
    """

    def __init__(self, found: Iterable[Finding]) -> None:
        self._found = sorted(found, key=lambda one: one.start)
        self._starts = [one.start for one in self._found]
        self._reach = list(accumulate((one.end for one in self._found), max))

    def covers(self, first: int, last: int) -> bool:
        """Whether one of them holds a span."""
        count = bisect_right(self._starts, first)
        return count > 0 and self._reach[count - 1] >= last

    def within(self, kind: Kind, first: int, last: int) -> object:
        """Return the value of one of a kind that lies in a span; null if none does."""
        inside = self._found[bisect_left(self._starts, first) : bisect_right(self._starts, last)]
        return next((one.value for one in inside if one.kind == kind and one.end <= last), None)


def read_json_names(view: View, keys: Iterable[tuple[int, int]]) -> list[Spans]:
    """Return the names under keys."""
    return [spans for start, end in keys if (spans := _read_name(view.text, start, end))]


def _read_name(text: str, start: int, end: int) -> Spans:
    """Read the name under a key, with the other part of it where that is the next in its object; empty if there is none."""
    key = _words(text[start:end])
    if not _names_somebody(text, key, start, end):
        return []
    spans = [span for first, last in _values(text, end) for span in _name(text, first, last, sure=key[-1] != "name" or len(key) > 1)]
    part = "".join(key[-2:])
    if spans and part in _OF_NAMES and part != "fullname" and (other := _NEIGHBOUR.match(text, spans[-1][1])):
        spans += [span for first, last in _values(text, other.end()) for span in _name(text, first, last, sure=True)]
    return spans


def _words(key: str) -> list[str]:
    """Return the words of a key as it stands in the text, in lower case."""
    bare = key.rstrip(": \n\r\t").rstrip("\"'\\")[1:]
    return [word.lower() for word in _JOINT.split(bare) if word]


def _kind(key: str) -> Kind | None:
    words = _words(key)
    for first in range(len(words)):
        kind = _KIND_OF.get("".join(words[first:]))
        if kind is not None:
            return None if first and words[first - 1] in _FOREIGN else kind
    return None


def _names_somebody(text: str, key: Sequence[str], start: int, end: int) -> bool:
    if key == ["name"]:
        left, right = text.rfind("{", max(0, start - _NEAR), start), text.find("}", end, end + _NEAR)
        return left >= 0 and _ABOUT_SOMEBODY.search(text, left, right if right >= 0 else end + _NEAR) is not None
    ends = {"".join(key[-count:]) for count in (1, 2, 3)}
    return bool(ends & (_OF_NAMES | _OF_PERSONS))


def _values(text: str, place: int, *, string: re.Pattern[str] = _STRING) -> Iterator[tuple[int, int]]:
    """Yield the spans of the text, the number, or the texts of a list that stand behind a colon."""
    if found := _LIST.match(text, place):
        place = found.end()
    for _ in range(_MOST if found else 1):
        match = string.match(text, place) or _NUMBER.match(text, place)
        if match is None:
            return
        if match["value"] is None:
            yield match.span("open")
            return
        if match["value"].strip():
            yield match.span("value")
        following = _NEXT.match(text, match.end())
        if following is None:
            return
        place = following.end()


def _name(text: str, first: int, last: int, *, sure: bool) -> Spans:
    """Return the parts of a name that a value is; empty where it reads as something else."""
    spans = [match.span() for match in TOKEN.finditer(text, first, last)]
    words = [text[start:end] for start, end in spans]
    lists = lexicon()
    if not words or len(words) > _LONGEST_NAME or any(word.lower() in lists.organisations for word in words):
        return []
    if any(character.isdigit() for character in text[first:last]):
        return []
    if sure:
        return [] if all(word.islower() for word in words) and any(word in lists.no_names for word in words) else spans
    return spans if all(not word[0].islower() or word in lists.particles for word in words) else []


def _digits(fewest: int) -> Callable[[str], bool]:
    return lambda value: sum(character.isdigit() for character in value) >= fewest


def _is_secret(value: str) -> bool:
    return any(map(str.isalnum, value)) and value.lower() not in {"null", "none", "true", "false"}


def _is_address(value: str) -> bool:
    return any(map(str.isalnum, value)) and not re.match(r"\S+@|\w+://|0x|\d+\.\d+\.\d|null$|none$", value, re.IGNORECASE)


_MAY_BE: Final[Mapping[Kind, Callable[[str], bool]]] = {
    Kind.SECRET: _is_secret,
    Kind.CARD: _digits(8),
    Kind.IBAN: _digits(8),
    Kind.NATIONAL_ID: _digits(4),
    Kind.PHONE: _digits(5),
    Kind.ADDRESS: _is_address,
    Kind.BIRTH_DATE: _digits(2),
    Kind.REFERENCE: _digits(1),
}
