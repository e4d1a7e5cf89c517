"""Order, account, booking, customer, case and similar numbers: codes that are named as such, asked for as such, or told before."""

import re
from collections.abc import Iterator
from typing import Final

from clearbar.redact.context import asked
from clearbar.redact.kinds import Finding, Kind
from clearbar.redact.scan import compile_cue
from clearbar.redact.view import View

__all__ = ["References"]

_STRONG: Final = (
    r"orders?|accounts?|acct|a/c|bookings?|reservations?|confirmation|pnr|record locator|references?|ref|cases?|tickets?|claims?|policy|invoices?|"
    r"contracts?|tracking|consignment|customer|membership|loyalty|frequent[ -]flyer|subscriber|imei|sort code|bestell(?:ung|nummer|nr)|"
    r"kunden(?:nummer|nr)|auftrag(?:snummer|snr)?|rechnung(?:snummer|snr)?|vertrag(?:snummer|snr)?|vorgang(?:snummer|snr)?|buchung(?:snummer|snr)?|"
    r"konto(?:nummer|nr)?|commande|dossier|r\?servation|pedido|cuenta|reserva|ordine"
)
"""Things whose number identifies a person, named without 'number' too: 'order 4471902'."""
_WEAK: Final = (
    r"shipments?|parcels?|delivery|clients?|members?|users?|login|patient|student|employee|transactions?|payments?|refund|returns?|rma|meter|mpan|"
    r"mprn|serial|vin|licen[cs]e plate|registration|routing|gift card|voucher"
)
"""Things that need the word: 'payment id 4471902', but 'payment 12000'."""
_NUMBER_WORD: Final = r"(?:numbers?|num|no|nr|ids?|refs?|references?|codes?|nummer|num\?ro|n\?mero|numero)"
_ASK: Final = rf"(?:\b|_)(?:{_STRONG}|{_WEAK})[ _-]{{0,2}}{_NUMBER_WORD}\b|\b(?:{_STRONG})[^.\n\x00]{{0,40}}\?"
_CODE: Final = r"[a-z_-]*[0-9](?:[a-z0-9_/.-]{3,}|[a-z0-9-]{1,2}(?: [0-9]{2,6})+)|\b(?-i:[A-Z]{6})\b"

_LINK: Final = (
    r"(?:[^\w.?!\0\n]|_|\.(?=\d)|\b(?:no|nr|num|ref)\.|\b(?:numbers?|num|no|nr|ids?|refs?|references?|codes?|is|are|was|it's|its|the|my|your|our|under|"
    r"with|here|and|s|nummer|num[ée]ro|n[úu]mero|numero|ist|lautet|est|es|für|for|called|starting|beginning|this|one|confirmation|booking|order)\b){0,24}$"
)
_NAMED: Final = re.compile(rf"(?:\b|_)(?:(?P<strong>{_STRONG})|{_WEAK})(?P<link>{_LINK})".replace(r"\?", "."), re.IGNORECASE)
_EXPLICIT: Final = re.compile(
    r"(?:\b|_)(?:numbers?|num|no|nr|ids?|refs?|references?|codes?|nummer|num.ro|n.mero|numero)(?:\b|_)|#", re.IGNORECASE
)
_REACH: Final = 64
_CHAIN: Final = re.compile(r"\s{0,2}(?:,|;|&|/|and|or|und|et|y|e|,\s?and)\s{1,2}#?", re.IGNORECASE)
_QUANTITY: Final = re.compile(
    r"\d+(?:[.,]\d+)?(?:st|nd|rd|th|am|pm|h|hrs?|mins?|secs?|gb|mb|tb|kb|kg|g|lbs?|oz|cm|mm|km|m|ml|l|ft|in|px|p|x|k|w|kw|kwh|mw|v|hz|mhz|ghz|mbps|gbps|mbit|days?|eur|usd|gbp|chf)",
    re.IGNORECASE,
)
_DATE: Final = re.compile(
    r"(?:19|20)\d\d[-/.]\d{1,2}(?:[-/.]\d{1,2})?(?:t\d.*)?|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{2}|(?:19|20)\d\d)|\d{1,2}[-/]\d{1,2}|\d+\.\d+",
    re.IGNORECASE,
)
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_AMOUNT_BEFORE: Final = re.compile(r"(?:[$€£¥₹]\s?|\b(?:usd|eur|gbp|chf|rs)\s|\d[,.:])$", re.IGNORECASE)
_UNIT_AFTER: Final = re.compile(
    r"\s?(?:[$€£¥₹%°]|[,:]\d|(?:usd|eur|euros?|gbp|chf|dollars?|pounds?|pence|cents?|points?|miles|percent|days?|hours?|minutes?|mins?|weeks?|months?|years?|am|pm|items?|units?|"
    r"pieces|times|people|guests|kwh|gb|mb|mbps)\b)",
    re.IGNORECASE,
)
_NOT_COMPACT: Final = re.compile(r"[\W_]")
_TURNS: Final = 3
_LEAST_DIGITS, _LEAST_NAMED, _LEAST_TAIL = 5, 4, 6


class References:
    """Finds the codes of orders, accounts and the like.

    Parameters
    ----------
    native
        Whether RE2 may be used.
    """

    pattern = rf"(?:\b|_)(?:{_STRONG}|{_WEAK}|#[0-9])"
    """What a conversation with such a code holds."""

    def __init__(self, *, native: bool = True) -> None:
        self._code = compile_cue(_CODE, native=native)
        self._ask = compile_cue(_ASK, native=native)

    def find(self, view: View) -> Iterator[Finding]:
        """Yield references; one that was told is found wherever it stands."""
        codes = [span for match in self._code.finditer(view.shadow) if (span := _trimmed(view.text, *match.span()))]
        if not codes:
            return
        known: dict[str, str] = {}
        asking: set[int] | None = None
        pending = []
        last_end = -1
        for start, end in codes:
            written = view.text[start:end]
            chained = last_end >= 0 and _CHAIN.fullmatch(view.text, last_end, start) is not None and _is_code(written, explicit=False)
            if chained or _named(view, start, end):
                yield _finding(view, start, end, known)
                last_end = end
                continue
            if _is_code(written, explicit=False) and not _measured(view.text, start, end):
                asking = self._asking(view) if asking is None else asking
                if asking and view.turn(start) in asking:
                    yield _finding(view, start, end, known)
                    continue
            pending.append((start, end))
        for start, end in pending if known else ():
            if value := known.get(_compact(view.text[start:end])):
                yield Finding(start, end, Kind.REFERENCE, value)

    def _asking(self, view: View) -> set[int]:
        turns: set[int] = set()
        for match in self._ask.finditer(view.shadow):
            start, end = match.span()
            if asked(view, start, end):
                turn = view.turn(start)
                turns.update(range(turn + 1, turn + 1 + _TURNS))
        return turns


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    while start < end and text[start] in "-_/.":
        start += 1
    while end > start and text[end - 1] in "-_/.":
        end -= 1
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    whole = not (before.isalnum() or after.isalnum() or before == "@" or after == "@")
    return (start, end) if whole and end - start >= _LEAST_NAMED else None


def _named(view: View, start: int, end: int) -> bool:
    text = view.text
    floor = max(view.turn_start(start), start - _REACH)
    hash_mark = text[start - 1 : start] == "#"
    match = _NAMED.search(text, floor, start)
    if match is None and not hash_mark:
        return False
    explicit = hash_mark or _EXPLICIT.search(text, match.start() if match else start, start) is not None
    if not explicit and (match is None or match["strong"] is None):
        return False
    written = text[start:end]
    return _is_code(written, explicit=explicit) and not _measured(text, start, end)


def _is_code(written: str, *, explicit: bool) -> bool:
    if _QUANTITY.fullmatch(written) or (_DATE.fullmatch(written) and not explicit):
        return False
    digits = sum(character.isdigit() for character in written)
    letters = sum(character.isalpha() for character in written)
    if not digits:
        return explicit
    if not letters:
        return digits >= (_LEAST_NAMED if explicit else _LEAST_DIGITS)
    if explicit:
        return True
    return len(written) >= _LEAST_DIGITS and (digits > 1 or written.isupper())


def _measured(text: str, start: int, end: int) -> bool:
    return _AMOUNT_BEFORE.search(text, max(0, start - 8), start) is not None or _UNIT_AFTER.match(text, end) is not None


def _finding(view: View, start: int, end: int, known: dict[str, str]) -> Finding:
    value = _compact(view.text[start:end])
    value = known.setdefault(value, value)
    digits = "".join(filter(str.isdigit, value))
    if len(digits) >= _LEAST_TAIL:
        value = known.setdefault(digits, value)
        known[_compact(view.text[start:end])] = value
    return Finding(start, end, Kind.REFERENCE, value)


def _compact(written: str) -> str:
    return _NOT_COMPACT.sub("", written).upper()
