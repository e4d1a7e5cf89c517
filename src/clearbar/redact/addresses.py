"""Postal addresses: a street with its number (and what follows of unit, postcode and place), boxes, postcodes."""

import re
from collections.abc import Iterator
from typing import Final

from clearbar.redact.context import told_or_answered
from clearbar.redact.kinds import Finding, Kind
from clearbar.redact.lexicon import read_words
from clearbar.redact.view import View

__all__ = ["ADDRESS_CUE", "POSTCODE_CUE", "find_addresses", "find_postcodes"]

_SURE: Final = "street|road|avenue|boulevard|blvd|crescent|terrace|parkway|pkwy|highway|hwy|turnpike|rd|ave"
"""Street words that are little else, in any case."""
_UNSURE: Final = (
    "st|lane|ln|drive|dr|court|ct|way|place|pl|square|sq|close|row|walk|hill|mews|gardens|grove|green|circle|cir|trail|trl|loop|park|view|rise|"
    "wharf|quay|cottages|yard"
)
"""Street words that are everyday words too: with capitals only."""
_COMPOUND: Final = r"stra(?:ss|\?)e|str\.|gasse|allee|weg|platz|damm|ufer|steig|laan|straat|plein|gracht|kade|dijk|singel"
_FRENCH: Final = r"rue|avenue|av\.|boulevard|bd|chemin|impasse|all[e?é]e|quai|route|cours|place"
_SOUTHERN: Final = r"calle|avenida|avda\.?|plaza|paseo|via|viale|piazza|corso|rua"
ADDRESS_CUE: Final = "|".join(
    (
        rf"\b[0-9]{{1,5}}[a-z]?,? (?:[a-z?][a-z?.'-]* ){{1,4}}(?:{_SURE}|{_UNSURE})\b",
        rf"(?:{_COMPOUND}) ?[0-9]{{1,4}}[a-z]?\b",
        rf"\b[0-9]{{1,4}},? ?(?:bis|ter)?,? (?:{_FRENCH}) ".replace("é", ""),
        rf"\b(?:{_SOUTHERN}) [a-z?]",
        r"\bp\.? ?o\.? ?box [0-9]|\bpostfach [0-9]",
        r"\b[a-z]{1,2}[0-9][0-9a-z]? [0-9][abd-hjlnp-uw-z]{2}\b",
        r", ?[a-z]{2} [0-9]{5}\b",
    )
)

_COMPOUND_READ: Final = _COMPOUND.replace(r"\?", "ß")
_CAPITAL: Final = r"[A-ZÀ-Þ][\w'-]*"
_PLACE: Final = rf"{_CAPITAL}(?:[ -](?:(?:am|an der|upon|on|le|la|les|de|sur|under|im|in der)[ -])?{_CAPITAL}){{0,3}}"
_UNIT: Final = r"(?:apt|apartment|suite|ste|unit|flat|floor|fl|room|rm|no|#)\.?\s?#?\w{1,6}"
_NOT_MORE: Final = r"(?!\w|[ .-]?\d)"
_UK: Final = r"(?:GIR 0AA|[A-PR-UWYZ](?:\d{1,2}|[A-HK-Y]\d{1,2}|\d[A-HJKPSTUW]|[A-HK-Y]\d[ABEHMNPRV-Y]) \d[ABD-HJLNP-UW-Z]{2})(?![\w-])"
_STATE: Final = r"(?:A[LKZR]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY])"
_ZIP: Final = rf"{_STATE},?\s\d{{5}}(?:-\d{{4}})?{_NOT_MORE}"
_TAIL: Final = (
    rf"(?i:,?[ \n]{_UNIT})?"
    rf"(?:,?[ \n]{{1,2}}(?:{_PLACE},?[ \n](?:{_ZIP}|{_UK}|\d{{4,5}}{_NOT_MORE})|(?:[A-Z]{{1,2}}-)?\d{{4,5}}(?:\s[A-Z]{{2}})?\s{_PLACE}|"
    rf"\d{{4}}\s?[A-Z]{{2}}\b|{_UK}|{_ZIP}))?"
)
"""Unit, place and postcode behind a street."""
_NUMBER: Final = r"(?<![\w$€£.,:/-])\d{1,5}[A-Za-z]?(?:\s?-\s?\d{1,5})?,?"
_ABBREVIATED: Final = r"(?:(?<=\bSt|\bRd|\bDr|\bLn|\bCt|\bPl|\bSq)\.|(?<=\bAve|\bHwy)\.|(?<=\bBlvd|\bPkwy)\.)?"
_UNSURE_CAPITAL: Final = "|".join(word.capitalize() for word in _UNSURE.split("|")) + "|ST|DR|LN|CT|PL"
_DIRECTION: Final = r"(?:\s(?:North|South|East|West|[NSEW]{1,2})\b)?"
_STREETS: Final = (
    re.compile(
        rf"(?i:(?<!\w){_UNIT},?\s)?{_NUMBER}\s(?P<words>(?:{_CAPITAL}|(?:St|Mt)\.)(?:\s(?:{_CAPITAL}|(?:St|Mt)\.|of|the)){{0,3}}?)\s"
        rf"(?:(?i:{_SURE})|{_UNSURE_CAPITAL})(?![\w'-]){_ABBREVIATED}{_DIRECTION}{_TAIL}"
    ),
    re.compile(rf"{_NUMBER}\s(?P<words>[^\W\d_][\w'-]*(?:\s[^\W\d_][\w'-]*){{0,2}}?)\s(?i:{_SURE})(?![\w'-]){_ABBREVIATED}{_TAIL}"),
    re.compile(
        rf"(?<!\w)(?:(?:{_CAPITAL}[ -]){{0,3}}(?i:stra(?:ss|ß)e|allee)|[A-ZÀ-Þ][\w.-]{{2,40}}(?i:{_COMPOUND_READ}))"
        rf"\s?\d{{1,4}}(?:\s?[a-zA-Z]\b)?(?:\s?-\s?\d{{1,4}})?{_NOT_MORE}{_TAIL}"
    ),
    re.compile(r"(?<!\w)[a-zà-ÿ]{3,40}(?:stra(?:ss|ß)e|str\.|straat)\s?\d{1,4}(?:\s?[a-z]\b)?" + _NOT_MORE),
    re.compile(
        rf"{_NUMBER}\s?(?:bis|ter)?,?\s(?i:{_FRENCH})\s(?:(?i:de la|de l'|de|du|des|la|le|les|l'|d'|saint|st)[\s-]?){{0,2}}"
        rf"{_CAPITAL}(?:[\s-]{_CAPITAL}){{0,3}}{_TAIL}"
    ),
    re.compile(
        rf"(?<!\w)(?i:{_SOUTHERN})\s(?:(?:de|del|della|delle|dei|la|las|los|di|da|do|dos)\s){{0,3}}{_PLACE},?\s(?:n[º°.]?\s?)?\d{{1,4}}"
        rf"{_NOT_MORE}{_TAIL}"
    ),
    re.compile(rf"\b(?i:p\.?\s?o\.?\s?box|postfach)\s\d[\d ]{{0,8}}\d?\b{_TAIL}"),
    re.compile(rf"(?<![\w-]){_UK}"),
    re.compile(rf"(?<!\w){_PLACE},\s?{_ZIP}"),
)
_NOT_COMPACT: Final = re.compile(r"[\W_]+")
_BEFORE, _BEHIND = 60, 100
"""How far around a cue an address may reach."""


def find_addresses(view: View) -> Iterator[Finding]:
    """Yield postal addresses."""
    done = 0
    for start, end in view.cues(ADDRESS_CUE):
        floor, ceiling = max(done, view.turn_start(start), start - _BEFORE), min(view.turn_end(end), end + _BEHIND)
        for pattern in _STREETS:
            match = pattern.search(view.text, floor, ceiling)
            if match and match.end() > start and _is_street(match):
                done = match.end()
                yield _address(match)
                break


def _is_street(match: re.Match[str]) -> bool:
    words = match.groupdict().get("words")
    return words is None or not any(word.strip("'").lower() in read_words("no_streets") for word in words.split()[:3])


def _address(match: re.Match[str]) -> Finding:
    return Finding(match.start(), match.end(), Kind.ADDRESS, _NOT_COMPACT.sub(" ", match[0]).casefold())


POSTCODE_CUE: Final = r"\b(?:zip(?: ?codes?)?|post ?codes?|postal codes?|plz|postleitzahl|code postal|c\?digo postal|cap)\b"
_POSTCODE: Final = re.compile(
    rf"(?<![\w-])(?:{_UK.replace(' ', ' ?')}|\d{{5}}(?:-\d{{4}})?|\d{{4}}(?: ?[A-Z]{{2}})?|[A-Z]\d[A-Z] ?\d[A-Z]\d){_NOT_MORE}",
    re.IGNORECASE,
)
_POSTCODE_REACH: Final = 32


def find_postcodes(view: View) -> Iterator[Finding]:
    """Yield postcodes that are told or asked for as such."""
    for cue in view.cues(POSTCODE_CUE):
        if match := told_or_answered(view, cue, _POSTCODE, reach=_POSTCODE_REACH):
            yield _address(match)
