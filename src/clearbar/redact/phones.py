"""Telephone numbers: what is written as one abroad or at home, and what its surroundings call one."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import phonenumbers

from clearbar.redact.view import View

__all__ = ["MOST_DIGITS", "Phones"]

MOST_DIGITS: Final = 15
"""Of a number with its country (ITU-T E.164)."""
_LEAST_DIGITS: Final = 7
_LEAST_ABROAD: Final = 8
_LEAST_SPELT_ABROAD: Final = 11
_LEAST_HOME, _MOST_AT_HOME = 9, 13
_SAME: Final = 9
"""Numbers that agree in so many last digits are one, whether the country is written or not."""

_PHONE: Final = (
    r"phones?|tele(?:phone)?\b|tel\b|mobile|cell(?:phone)?\b|fax|whats ?app|call(?:ing|ed|s)?\b|call ?back|text(?:ing|ed)?\b|sms|ring\b|"
    r"rang\b|"
    r"reach(?:ed)?\b|contact|dial|handy|natel|telefon|t[e?]l[e?]phone|portable|m[o?]vil|my (?:new |old |own )?number|landline|extension|"
    r"hot ?line"
)
_OTHER: Final = (
    r"tool (?:call|result)|order|account|acct|booking|reservation|reference|ref\b|ticket|case\b|tracking|parcel|invoice|serial|imei|"
    r"model|version|"
    r"sku|isbn|item|product|article|part\b|error|code\b|meter|policy|member|customer n|id\b|ssn|social|nhs|passport|tax|steuer|iban|"
    r"card|pin\b"
)
_CUE: Final = rf"(?:\b|_)(?:{_OTHER}|{_PHONE})"
_IS_OTHER: Final = re.compile(rf"_?(?:{_OTHER})", re.IGNORECASE)
_CUE_REACH: Final = 48
_ASK_REACH: Final = 160
_NUMBER: Final = re.compile(r"\bnumber(?: is|'s|:)|\bnumero\b", re.IGNORECASE)
_AMOUNT_BEFORE: Final = re.compile(
    r"(?:[$€£¥₹]|\b(?:usd|eur|gbp|chf|rs\.?|inr))\s{0,2}[-+]?(?:\d{1,3}[.,' ]){0,6}$|\d[.,:]$", re.IGNORECASE
)
_UNIT_AFTER: Final = re.compile(
    r"\s{0,2}(?:[$€£¥₹%°]|(?:usd|eur|euros?|gbp|chf|dollars?|pounds?|points?|miles|percent|k[mgw]h?|m[bw]h?|gb|tb|mbps|units?|steps|"
    r"followers|views|years?|days?|hours?|am|pm)\b)",
    re.IGNORECASE,
)
_NANP: Final = re.compile(r"\(?[2-9]\d\d(?:\)[ ./-]{0,3}|[ ./-]{1,3})[2-9]\d\d[ .-]\d{4}")
"""The grouping of North America, which few other numbers have; 555-01xx, kept for fiction, is valid nowhere."""
_ZERO_FREE: Final = frozenset(("US", "CA", "ES"))
"""Where national numbers do not begin with 0."""


class Phones:
    """Tells the telephone numbers of one conversation.

    Parameters
    ----------
    view
        The conversation.
    regions
        Whose national formats count.
    """

    def __init__(self, view: View, regions: tuple[str, ...]) -> None:
        self._view = view
        self._regions = tuple(region for region in regions if region not in _ZERO_FREE)
        self._cues = view.cues(_CUE)

    def read(self, start: int, ends: Sequence[int]) -> tuple[int, str] | None:
        """Return where the number that begins at a place ends, and what makes it the same as another; None if none begins there.

        Parameters
        ----------
        start
            Its first digit, or what stands before it: `+`, a bracket.
        ends
            Where it may end, the farthest first.
        """
        text = self._view.text
        plausible = [
            end for end in ends if _LEAST_DIGITS <= len(_digits(text[start:end])) <= MOST_DIGITS and not _UNIT_AFTER.match(text, end)
        ]
        if not plausible:
            return None
        if text[start : start + 2].lstrip("(").startswith("+"):
            valid = (end for end in plausible if _is_valid("+" + _digits(text[start:end]), None))
            end = next(valid, plausible[0])
        elif (chosen := self._read_at_home(start, plausible)) is not None:
            end = chosen
        else:
            return None
        return end, _digits(text[start:end])[-_SAME:]

    def _read_at_home(self, start: int, ends: Sequence[int]) -> int | None:
        text = self._view.text
        if _AMOUNT_BEFORE.search(text, max(0, start - 24), start) or (named := self._named(start)) is False:
            return None
        if named and " - " not in text[start : ends[0]]:
            return next((end for end in ends if len(_digits(text[start:end])) <= _MOST_AT_HOME), ends[-1])
        return next((end for end in ends if _NANP.fullmatch(text, start, end) or self._is_written_so(text[start:end])), None)

    def _is_written_so(self, written: str) -> bool:
        digits = _digits(written)
        if not digits.startswith("0"):
            return False
        if digits.startswith("00") and len(digits) >= _LEAST_SPELT_ABROAD and (written != digits or _is_valid_abroad(digits)):
            return True
        return len(digits) >= _LEAST_HOME and _is_valid_at_home(digits, self._regions)

    def _named(self, place: int) -> bool | None:
        """Whether what stands before a number calls it a telephone number, something else, or nothing."""
        text = self._view.text
        turn = self._view.turn_start(place)
        floor = max(turn, place - _CUE_REACH)
        named = self._last_cue(floor, place)
        if named is None and _NUMBER.search(text, floor, place):
            return True
        if named is None and turn and place - turn < _CUE_REACH:
            floor = max(self._view.turn_start(turn - 1), turn - _ASK_REACH)
            if "?" in (asking := text[floor:turn]) or "please" in asking.lower():
                return self._last_cue(floor, turn)
        return named

    def _last_cue(self, floor: int, place: int) -> bool | None:
        """Whether the last cue of a stretch is one of telephones."""
        last = bisect_right(self._cues, (place, 0)) - 1
        if last < 0 or self._cues[last][0] < floor or self._cues[last][1] > place:
            return None
        return _IS_OTHER.match(self._view.text, self._cues[last][0]) is None


def _digits(written: str) -> str:
    return "".join(filter(str.isdigit, written))


@lru_cache(maxsize=4096)
def _is_valid_abroad(digits: str) -> bool:
    return _is_valid("+" + digits.removeprefix("00"), None)


@lru_cache(maxsize=4096)
def _is_valid_at_home(digits: str, regions: tuple[str, ...]) -> bool:
    return any(_is_valid(digits, region) for region in regions)


def _is_valid(digits: str, region: str | None) -> bool:
    try:
        return bool(phonenumbers.is_valid_number(phonenumbers.parse(digits, region)))
    except phonenumbers.NumberParseException:
        return False
