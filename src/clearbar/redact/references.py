"""Order, account, booking, customer, case and similar numbers: codes that are named as such, asked for as such, or told before."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

from clearbar.redact.context import asked
from clearbar.redact.dates import NUMERIC_DATE
from clearbar.redact.kinds import Finding, Kind
from clearbar.redact.view import View

__all__ = ["REFERENCE_NEEDS", "find_references"]

_NAMED_ALONE: Final = (
    r"orders?|accounts?|acct|a/c|bookings?|reservations?|confirmation|pnr|record locator|references?|ref|cases?|tickets?|claims?|policy|"
    r"invoices?|"
    r"contracts?|tracking|consignment|customer|membership|loyalty|frequent[ -]flyer|subscriber|imei|sort code|job|"
    r"bestell(?:ung|nummer|nr)|kunden(?:nummer|nr)|auftrag(?:snummer|snr)?|rechnung(?:snummer|snr)?|vertrag(?:snummer|snr)?|"
    r"vorgang(?:snummer|snr)?|buchung(?:snummer|snr)?|konto(?:nummer|nr)?|commande|dossier|r\?servation|pedido|cuenta|reserva|ordine"
)
"""Things whose number follows them directly too: 'order 4471902'."""
_NAMED_WITH_WORD: Final = (
    r"shipments?|parcels?|delivery|clients?|members?|users?|login|patient|student|employee|transactions?|payments?|refund|returns?|rma|"
    r"meter|mpan|"
    r"mprn|serial|vin|licen[cs]e plate|registration|routing|gift card|voucher|application|recall"
)
"""Things that need the word: 'payment id 4471902', but 'payment 12000'."""
_WORD: Final = r"(?:numbers?|num|no|nr|ids?|refs?|references?|codes?|nummer|num\?ro|n\?mero|numero)"
_CODE: Final = r"[a-z_-]{3,}[0-9][a-z0-9_/.-]*|[a-z_-]*[0-9](?:[a-z0-9_/.-]{3,}|[a-z0-9-]{1,2}(?: [0-9]{2,6})+)|\b(?-i:[A-Z]{6})\b"
_ASK: Final = rf"(?:\b|_)(?:{_NAMED_ALONE}|{_NAMED_WITH_WORD})[ _-]{{0,2}}{_WORD}\b|\b(?:{_NAMED_ALONE})[^.?\n\x00]*\?|\b{_WORD}\?"

_NAMED: Final = rf"(?:\b|_)(?:{_NAMED_ALONE}|{_NAMED_WITH_WORD})(?:\b|_|[0-9])"
_LINK_WORD: Final = (
    r"numbers?|num|no|nr|ids?|refs?|references?|codes?|is|are|was|it's|its|the|my|your|our|under|with|here|and|s|nummer|num\?ro|n\?mero|"
    r"numero|ist|"
    r"lautet|est|es|f\?r|for|called|starting|beginning|this|one|confirmation|booking|order|um|uh|er|hm|would be|should be|i think|still|"
    r"again"
)
_DIRECT: Final = rf"{_NAMED}(?:[^a-z0-9.!\x00\n]|\.|{_LINK_WORD})*(?:[a-z_-]*[0-9][a-z0-9_/ .-]{{3}}|[a-z_-]{{3,}}[0-9]|(?-i:[A-Z]{{6}}))"
REFERENCE_NEEDS: Final = ((_DIRECT,), (_CODE, _ASK), (r"#[0-9]{4}|\b(?-i:(?:[A-Z]{2,4}-[0-9-]|[A-Z]-[0-9])[0-9]{3}|1Z)",))
"""A code behind what it is the number of; a code, and a question for one; or a code of distinct form."""
_NEEDS_WORD: Final = re.compile(rf"_?(?:{_NAMED_WITH_WORD})[_\d]?".replace(r"\?", "."), re.IGNORECASE)
_LINKING: Final = re.compile(
    rf"(?:[^\w.!\0\n]|_|\.(?=\d)|(?<![^\W_])(?:no|nr|num|ref)\.|(?<![^\W_])(?:{_LINK_WORD})(?![^\W_])){{0,24}}".replace(r"\?", "."),
    re.IGNORECASE,
)
_AFTER: Final = re.compile(
    rf",? (?:is|was|as|being|for) (?:the|my|our|your|his|her|its) (?:{_NAMED_ALONE}|{_NAMED_WITH_WORD})\b".replace(r"\?", "."),
    re.IGNORECASE,
)
_EXPLICIT: Final = re.compile(rf"(?:\b|_){_WORD}(?:\b|_)|#".replace(r"\?", "."), re.IGNORECASE)
_REACH: Final = 64
_CHAIN: Final = re.compile(r"\s{0,2}(?:,|;|&|/|and|or|und|et|y|e|,\s?and)\s{1,2}#?", re.IGNORECASE)
_QUANTITY: Final = re.compile(
    r"\d{1,4}(?:[.,]\d+)?(?:st|nd|rd|th|am|pm|h|hrs?|mins?|secs?|ms|gb|mb|tb|kb|kg|g|lbs?|oz|cm|mm|km|m|ml|l|ft|in|px|p|x|k|w|kw|kwh|mw|"
    r"v|hz|mhz|ghz|"
    r"mbps|gbps|mbit|days?|eur|usd|gbp|chf)|\d+-[a-z]{3,}|\d{1,2}[-/]\d{1,2}|\d+\.\d+|(?:19|20)\d\d-\d\d(?:-\d\d)?t\d.*",
    re.IGNORECASE,
)
_DOMAIN: Final = re.compile(r"\.[a-z]{2,}$", re.IGNORECASE)
_AMOUNT_BEFORE: Final = re.compile(r"(?:[$€£¥₹]\s?|\b(?:usd|eur|gbp|chf|rs)\s|\d[,.:])$", re.IGNORECASE)
_UNIT_AFTER: Final = re.compile(
    r" ?(?:[$€£¥₹%°]|[,:]\d|(?:usd|eur|euros?|gbp|chf|dollars?|pounds?|pence|cents?|points?|miles|percent|days?|hours?|minutes?|mins?|"
    r"weeks?|"
    r"months?|years?|am|pm|items?|units?|pieces|times|people|guests|kwh|gb|mb|mbps)\b)",
    re.IGNORECASE,
)
_SHAPED: Final = re.compile(
    r"(?!(?:ISO|UTF|RFC|DIN|IEC|CVE|SHA|AES|USB|COVID)-)(?:[A-Z]{2,4}-(?:\d{2}-)?\d{4,10}|[A-Z]-\d{5,10})(?:-[A-Z0-9]{1,4})?|1Z[0-9A-Z]{16}"
)
"""Forms that companies give to such codes and to little else."""
_OTHERWISE: Final = re.compile(
    r"\b(?:errors?|code|model|part|sku|items?|articles?|product|version|build|type|series|update|standard|cve|kb|firmware|spec|iso|din|"
    r"channel|gate|"
    r"platform|flight|train|coach|room|seat|size|ending|ends|last (?:four|4)|err)\b[^\w\0]{0,3}(?:\w+[^\w\0]{1,3})?$",
    re.IGNORECASE,
)
_NOT_COMPACT: Final = re.compile(r"[\W_]")
_TURNS: Final = 3
_LEAST_DIGITS, _LEAST_NAMED, _LEAST_ANSWERED, _LEAST_TAIL = 5, 4, 6, 6
_SHORT_ANSWER: Final = 16
"""Code points beside the code in a turn that says little else."""


def find_references(view: View) -> Iterator[Finding]:
    """Yield references; one that was told is found wherever it stands."""
    codes = [span for start, end in view.cues(_CODE) if (span := _trimmed(view.text, start, end))]
    names = view.cues(_NAMED) if codes else []
    shaped = {span for span in codes if _SHAPED.fullmatch(view.text, *span)}
    other = {view.text[start:end] for start, end in shaped if _is_otherwise(view, start)}
    asking: dict[int, int] | None = None
    known: dict[str, str] = {}
    rest: list[tuple[int, int]] = []
    before = -1
    for start, end in codes:
        told = (
            _named(view, names, start, end)
            or _chained(view, before, start, end)
            or ((start, end) in shaped and view.text[start:end] not in other)
        )
        if not told and _may_answer(view, start, end):
            asking = _asking(view) if asking is None else asking
            told = bool(asking) and not _is_otherwise(view, start) and (turn := view.turn(start)) in asking
            if told:  # the question is answered
                asking = {later: asked_in for later, asked_in in asking.items() if later <= turn or asked_in >= turn}
        if told:
            yield Finding(start, end, Kind.REFERENCE, _known(view.text[start:end], known))
            before = end
        else:
            rest.append((start, end))
    for start, end in rest if known else ():
        if value := known.get(_compact(view.text[start:end])):
            yield Finding(start, end, Kind.REFERENCE, value)


def _asking(view: View) -> dict[int, int]:
    """Return the turns in which the answer to a question for such a code may be expected, with the turn that asks."""
    turns: dict[int, int] = {}
    for start, end in view.cues(_ASK):
        if asked(view, start, end - 1):
            turn = view.turn(start)
            turns |= dict.fromkeys(range(turn + 1, turn + 1 + _TURNS), turn)
    return turns


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Return the span without the punctuation around it; none if it is too short or part of a longer word."""
    while start < end and text[start] in "-_/.":
        start += 1
    while end > start and text[end - 1] in "-_/.":
        end -= 1
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    whole = not (before.isalnum() or after.isalnum() or before == "@" or after == "@")
    return (start, end) if whole and end - start >= _LEAST_NAMED else None


def _named(view: View, names: list[tuple[int, int]], start: int, end: int) -> bool:
    """Whether a code follows what it is the number of, with nothing but linking words between."""
    text = view.text
    written = text[start:end]
    if not _is_code(written, explicit=True):
        return False
    named = explicit = text[start - 1 : start] == "#" and text[start - 2 : start - 1] != "&" and written.isdigit()
    floor = start - _REACH
    for place in range(bisect_right(names, (start, 0)) - 1, -1, -1):
        name, name_end = names[place]
        if name_end <= floor or named:
            break
        name_end -= text[name_end - 1].isdigit()
        if name_end <= start and _LINKING.fullmatch(text, name_end, start):
            explicit = _EXPLICIT.search(text, name, start) is not None
            named = explicit or not _NEEDS_WORD.fullmatch(text, name, name_end)
    if not named:
        named = _is_code(written, explicit=False) and _AFTER.match(text, end) is not None
    return named and (explicit or _is_code(written, explicit=False)) and not _measured(text, start, end)


def _chained(view: View, before: int, start: int, end: int) -> bool:
    chained = before >= 0 and _CHAIN.fullmatch(view.text, before, start) is not None
    return chained and _is_code(view.text[start:end], explicit=False)


def _is_otherwise(view: View, start: int) -> bool:
    return _OTHERWISE.search(view.text, max(view.turn_start(start), start - 24), start) is not None


def _may_answer(view: View, start: int, end: int) -> bool:
    written = view.text[start:end]
    around = view.turn_end(end) - view.turn_start(start) - len(written)
    if written.isalpha():  # a record locator may have no digit
        return around <= 1
    short = around <= _SHORT_ANSWER
    if not _is_code(written, explicit=short) or _measured(view.text, start, end) or NUMERIC_DATE.fullmatch(written):
        return False
    return short or not written.isdigit() or len(written) >= _LEAST_ANSWERED


def _is_code(written: str, *, explicit: bool) -> bool:
    """Whether a token may be a code: not an amount, a date or a measure, and long enough for how it is named."""
    if written.isdigit():
        return len(written) >= (_LEAST_NAMED if explicit else _LEAST_DIGITS)
    if _QUANTITY.fullmatch(written) or _DOMAIN.search(written) or NUMERIC_DATE.fullmatch(written):
        return False
    digits = sum(character.isdigit() for character in written)
    if explicit:
        return True
    letters = sum(character.isalpha() for character in written)
    if not letters:
        return digits >= _LEAST_DIGITS
    return len(written) >= _LEAST_DIGITS and (digits > 1 or (digits > 0 and written.isupper()))


def _measured(text: str, start: int, end: int) -> bool:
    return _AMOUNT_BEFORE.search(text, max(0, start - 8), start) is not None or _UNIT_AFTER.match(text, end) is not None


def _known(written: str, known: dict[str, str]) -> str:
    """Return the value of a code and remember it, with and without its letters."""
    compact = _compact(written)
    digits = "".join(filter(str.isdigit, compact))
    value = known.get(compact) or (known.get(digits) if len(digits) >= _LEAST_TAIL else None) or compact
    known[compact] = value
    if len(digits) >= _LEAST_TAIL:
        known[digits] = value
    return value


def _compact(written: str) -> str:
    return _NOT_COMPACT.sub("", written).upper()
