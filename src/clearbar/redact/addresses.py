"""Postal addresses: a street with its number (and what follows of unit, postcode and place), boxes, postcodes."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

from clearbar.redact.context import told_or_answered
from clearbar.redact.kinds import Finding, Kind
from clearbar.redact.lexicon import read_words
from clearbar.redact.view import View

__all__ = ["address_detectors"]

_SURE: Final = "street|road|avenue|boulevard|blvd|crescent|terrace|parkway|pkwy|highway|hwy|turnpike|rd|ave"
"""Street words that are little else, in any case; those of the word list only with capitals."""
_COMPOUND: Final = "strasse|straße|str\\.|gasse|allee|weg|platz|damm|ufer|steig|laan|straat|plein|gracht|kade|dijk|singel"
_FRENCH: Final = "rue|avenue|av\\.|boulevard|bd|chemin|impasse|allée|quai|route|cours|place"
_SOUTHERN: Final = (
    "calle|avenida|avda\\.?|plaza|paseo|camino|carrera|ronda|travesía|callejón|pasaje|via|viale|piazza|piazzale|corso|rua|strada|contrada|"
    "borgo|vicolo|largo|salita"
)


def _shadowed(pattern: str) -> str:
    return "".join(character if character.isascii() else r"\?" for character in pattern)


_COMPOUND_CUE: Final = rf"(?:{_shadowed(_COMPOUND)}|ring) ?[0-9]{{1,4}}[a-z]?\b"
_FRENCH_CUE: Final = rf"\b[0-9]{{1,4}},? ?(?:bis|ter)?,? (?:{_shadowed(_FRENCH)}) "
_FRENCH_NAMED_CUE: Final = r"\b(?:rue|avenue|boulevard|chemin|impasse|all\?e|quai|route) [a-z?]"
_SOUTHERN_CUE: Final = rf"\b(?:{_shadowed(_SOUTHERN)}) [a-z?]"
_BOX_CUE: Final = r"\bp\.? ?o\.? ?box [0-9]|\bpostfach [0-9]"
_CODE_CUE: Final = r"\b[a-z]{1,2}[0-9][0-9a-z]? [0-9][abd-hjlnp-uw-z]{2}\b|\b(?-i:[A-Z]{2}),? [0-9]{5}\b"
_POSTCODE_CUE: Final = r"\b(?:zip(?: ?codes?)?|post ?codes?|postal codes?|plz|postleitzahl|code postal|c\?digo postal|cap)\b"

_CAPITAL: Final = r"[A-ZÀ-Þ][\w'-]*"
_PLACE: Final = rf"{_CAPITAL}(?:[ -](?:(?:am|an der|upon|on|le|la|les|de|sur|under|im|in der)[ -])?{_CAPITAL}){{0,3}}"
_UNIT: Final = r"(?:apt|apartment|suite|ste|unit|flat|floor|fl|room|rm|no|piano|appartamento|interno|piso|puerta)\b\.?\s?#?\w{1,6}\b"
_NOT_MORE: Final = r"(?!\w|[ .-]?\d)"
_UK: Final = r"(?:GIR 0AA|[A-PR-UWYZ](?:\d{1,2}|[A-HK-Y]\d{1,2}|\d[A-HJKPSTUW]|[A-HK-Y]\d[ABEHMNPRV-Y]) \d[ABD-HJLNP-UW-Z]{2})(?![\w-])"
_STATE: Final = (
    r"(?:A[LKSZR]|C[AOT]|D[CE]|F[LM]|G[AU]|HI|I[ADLN]|K[SY]|LA|M[ADEHINOPST]|N[CDEHJMVY]|O[HKR]|P[ARW]|RI|S[CD]|T[NX]|UT|V[AIT]|W[AIVY])"
)
_ZIP: Final = rf"{_STATE},?\s\d{{5}}(?:-\d{{4}})?{_NOT_MORE}"
_TAIL: Final = (
    rf"(?i:,?[ \n]{_UNIT})?"
    rf"(?:,?[ \n]{{1,2}}(?:{_PLACE},?[ \n](?:{_ZIP}|{_UK}|\d{{4,5}}{_NOT_MORE})|(?:[A-Z]{{1,2}}-)?\d{{4,5}}(?:\s[A-Z]{{2}})?\s{_PLACE}|"
    rf"\d{{4}}\s?[A-Z]{{2}}\b|{_UK}|{_ZIP}))?"
)
"""Unit, place and postcode behind a street."""
_PLAIN_NUMBER: Final = r"(?<![\w$€£.,:/-])\d{1,5}[A-Za-z]?(?:\s?-\s?\d{1,5})?"
_NUMBER: Final = rf"{_PLAIN_NUMBER},?"
_HOUSE: Final = rf"\s?\d{{1,4}}(?:\s?/\s?\d{{1,4}})?(?:\s?[a-zA-Z]\b)?(?:\s?-\s?\d{{1,4}})?{_NOT_MORE}"
_DOT: Final = r"(?:(?<=\bSt|\bRd|\bDr|\bLn|\bCt|\bPl|\bSq)\.|(?<=\bAve|\bHwy)\.|(?<=\bBlvd|\bPkwy)\.)?"
_DIRECTION: Final = r"(?:\s(?:North|South|East|West|[NSEW]{1,2})\b)?"
_LEAD: Final = rf"(?P<words>(?:{_CAPITAL}|(?:St|Mt)\.)(?:\s(?:{_CAPITAL}|(?:St|Mt)\.|of|the)){{0,3}}?)"
_SMALL_LEAD: Final = r"(?P<words>[^\W\d_][\w'-]*(?:\s[^\W\d_][\w'-]*){0,2}?)"
_ARTICLES: Final = r"(?:(?i:de la|de l'|de|du|des|la|le|les|l'|d'|saint|st)[\s-]?){0,2}"
_PREPOSITIONS: Final = r"(?:(?:de|del|della|delle|dei|la|las|los|di|da|do|dos)\s){0,3}"


Detector = Callable[[View], Iterator[Finding]]


def address_detectors() -> Iterator[tuple[tuple[str, ...], Detector]]:
    """Yield detectors of postal addresses, each with the cues that must all occur."""
    words = sorted(read_words("street_words"))
    capitals = "|".join([*(word.capitalize() for word in words), "ST", "DR", "LN", "CT", "PL"])
    end = rf"(?![\w'-]){_DOT}{_DIRECTION}{_TAIL}"
    street_cue = rf"\b[0-9]{{1,5}}[a-z]?(?:-[0-9]{{1,5}})?,? (?:[a-z?][a-z?.'-]* ){{1,4}}(?:{'|'.join(words)})\b"
    yield (
        (rf"\b(?:{_SURE}|(?-i:{capitals}))\b", "[0-9]"),
        _detector(
            street_cue,
            rf"(?i:(?<!\w){_UNIT},?\s)?{_PLAIN_NUMBER}\s{_LEAD}\s(?:(?i:{_SURE})|{capitals}){end}",
            rf"{_NUMBER}\s{_LEAD}\s(?i:{_SURE}){end}",
            rf"{_NUMBER}\s{_SMALL_LEAD}\s(?i:{_SURE}){end}",
        ),
    )
    yield (
        (_COMPOUND_CUE,),
        _detector(
            _COMPOUND_CUE,
            rf"(?<!\w)(?:(?:{_CAPITAL}[ -]){{0,3}}(?i:stra(?:ss|ß)e|allee)|[A-ZÀ-Þ][\w.-]{{2,40}}(?i:{_COMPOUND})){_HOUSE}{_TAIL}",
            rf"(?<!\w)[A-ZÀ-Þ][\w.-]{{2,40}}-Ring{_HOUSE}{_TAIL}",
            rf"(?<!\w)[A-ZÀ-Þ][\w.-]{{2,40}}ring{_HOUSE},?[ \n](?:[A-Z]{{1,2}}-)?\d{{4,5}}\s{_PLACE}",
            rf"(?<!\w)[a-zà-ÿ]{{3,40}}(?:stra(?:ss|ß)e|str\.|straat){_HOUSE}",
        ),
    )
    yield (
        (_FRENCH_CUE,),
        _detector(_FRENCH_CUE, rf"{_NUMBER}\s?(?:bis|ter)?,?\s(?i:{_FRENCH})\s{_ARTICLES}{_CAPITAL}(?:[\s-]{_CAPITAL}){{0,3}}{_TAIL}"),
    )
    yield (
        (_FRENCH_NAMED_CUE, "[0-9]"),
        _detector(
            _FRENCH_NAMED_CUE,
            rf"(?<!\w)(?i:{_FRENCH})\s{_ARTICLES}{_CAPITAL}(?:[\s-]{_CAPITAL}){{0,3}},?\s\d{{1,4}}[a-z]?{_NOT_MORE}{_TAIL}",
            rf"(?<!\w)(?i:{_FRENCH})\s{_ARTICLES}{_CAPITAL}(?:[\s-]{_CAPITAL}){{0,3}},\s(?:CH-|F-|B-)?\d{{4,5}}\s{_PLACE}",
        ),
    )
    yield (
        (_SOUTHERN_CUE, "[0-9]"),
        _detector(_SOUTHERN_CUE, rf"(?<!\w)(?i:{_SOUTHERN})\s{_PREPOSITIONS}{_PLACE},?\s(?:n[º°.]?\s?)?\d{{1,4}}{_NOT_MORE}{_TAIL}"),
    )
    yield (_BOX_CUE,), _detector(_BOX_CUE, rf"\b(?i:p\.?\s?o\.?\s?box|postfach)\s\d[\d ]{{0,8}}\d?\b{_TAIL}")
    yield (
        (_CODE_CUE,),
        _detector(
            _CODE_CUE,
            rf"{_NUMBER}\s{_LEAD},?\s(?:{_PLACE},?\s)?(?:{_UK}|{_ZIP})",
            rf"(?<![\w-]){_UK}",
            rf"(?<!\w){_PLACE},\s?{_ZIP}",
        ),
    )
    yield (_POSTCODE_CUE, "[0-9]"), _find_postcodes


_NOT_COMPACT: Final = re.compile(r"[\W_]+")
_BEFORE, _BEHIND = 60, 100
"""How far around a cue an address may reach."""


def _detector(cue: str, *forms: str) -> Detector:
    return partial(_find, cue=cue, forms=tuple(map(re.compile, forms)))


def _find(view: View, cue: str, forms: Sequence[re.Pattern[str]]) -> Iterator[Finding]:
    """Yield what has the first of some forms around a cue."""
    done = 0
    for start, end in view.cues(cue):
        floor, ceiling = max(done, view.turn_start(start), start - _BEFORE), min(view.turn_end(end), end + _BEHIND)
        for form in forms:
            match = form.search(view.text, floor, ceiling)
            if match and match.end() > start and _is_street(match):
                done = match.end()
                yield _address(match)
                break


def _is_street(match: re.Match[str]) -> bool:
    words = match.groupdict().get("words")
    return words is None or not any(word.strip("'").lower() in read_words("no_streets") for word in words.split()[:3])


def _address(match: re.Match[str]) -> Finding:
    return Finding(match.start(), match.end(), Kind.ADDRESS, _NOT_COMPACT.sub(" ", match[0]).casefold())


_POSTCODE: Final = re.compile(
    rf"(?<![\w./-])(?:{_UK.replace(' ', ' ?')}|\d{{5}}(?:-\d{{4}})?|(?!(?:19|20)\d\d\b)\d{{4}}(?: ?[A-Z]{{2}}\b)?|"
    rf"[A-Z]\d[A-Z] ?\d[A-Z]\d){_NOT_MORE}",
    re.IGNORECASE,
)
_POSTCODE_REACH: Final = 32


def _find_postcodes(view: View) -> Iterator[Finding]:
    """Yield postcodes that are told or asked for as such."""
    for cue in view.cues(_POSTCODE_CUE):
        if match := told_or_answered(view, cue, _POSTCODE, reach=_POSTCODE_REACH):
            yield _address(match)
