"""Postal addresses: a street with its number (and what follows of unit, postcode and place), boxes, postcodes of distinct form."""

import re
from collections.abc import Iterator
from typing import Final

from clearbar.redact.kinds import Finding, Kind
from clearbar.redact.scan import compile_cue
from clearbar.redact.view import View

__all__ = ["ADDRESS_CUE", "find_addresses"]

_SURE: Final = r"street|road|avenue|boulevard|blvd|crescent|terrace|parkway|pkwy|highway|hwy|turnpike|rd|ave"
"""Street words that are little else, in any case."""
_UNSURE: Final = r"st|lane|ln|drive|dr|court|ct|way|place|pl|square|sq|close|row|walk|hill|mews|gardens|grove|green|circle|cir|trail|trl|loop|park|view|rise|wharf|quay"
"""Street words that are also everyday words: with capitals only."""
ADDRESS_CUE: Final = (
    rf"\b[0-9]{{1,5}}[a-z]?,? (?:[a-z?][a-z?.'-]* ){{1,4}}(?:{_SURE}|{_UNSURE})\b"
    r"|[a-z?]{3,}(?:stra(?:ss|\?)e|str\.|gasse|allee|weg|platz|ring|damm|ufer|steig|laan|straat|plein|gracht|kade) ?[0-9]{1,4}\b"
    r"|\b(?:stra(?:ss|\?)e|gasse|allee|platz) ?[0-9]{1,4}\b"
    r"|\b[0-9]{1,4},? ?(?:bis|ter)?,? (?:rue|avenue|av\.|boulevard|bd|chemin|impasse|all\?e|quai|route|cours|place) "
    r"|\b(?:calle|avenida|avda\.?|plaza|paseo|via|viale|piazza|corso|rua) [a-z?]"
    r"|\bp\.? ?o\.? ?box [0-9]|\bpostfach [0-9]"
    r"|\b[a-z]{1,2}[0-9][0-9a-z]? ?[0-9][abd-hjlnp-uw-z]{2}\b"
    r"|\b[a-z]{2},? [0-9]{5}\b"
)
_WORD: Final = r"[^\W\d_][\w.'-]*"
_UNIT: Final = r"(?:,?\s(?:apt|apartment|suite|ste|unit|flat|floor|fl|room|rm|no|#)\.?\s?#?\w{1,6})"
_UK: Final = (
    r"(?:GIR ?0AA|[A-PR-UWYZ](?:[0-9]{1,2}|[A-HK-Y][0-9]{1,2}|[0-9][A-HJKPSTUW]|[A-HK-Y][0-9][ABEHMNPRV-Y]) ?[0-9][ABD-HJLNP-UW-Z]{2})"
)
_STATE: Final = r"(?:A[LKZR]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY])"
_PLACE: Final = rf"(?:[A-ZÀ-Þ][\w.'-]*(?:[ -](?:(?:am|an der|upon|on|le|la|les|de|sur|under|im|in der)[ -])?[A-ZÀ-Þ][\w.'-]*){{0,3}})"
_TAIL: Final = (
    rf"(?:,?\s?\n?(?:{_UNIT}))?"
    rf"(?:(?:,\s?|\s|\n)(?:{_PLACE},?\s(?:{_STATE},?\s\d{{5}}(?:-\d{{4}})?|{_UK}|\d{{4,5}}\b)|(?:[A-Z]{{1,2}}-)?\d{{4,5}}\s{_PLACE}|{_UK}))?"
)
_PATTERNS: Final = (
    re.compile(
        rf"(?<![\w$€£.,:/-])(?:(?:flat|apt|apartment|unit|suite)\.?\s?\w{{1,4}},?\s)?\d{{1,5}}[A-Za-z]?(?:\s?-\s?\d{{1,5}})?,?\s"
        rf"(?:(?!(?i:{_SURE})\b)(?P<lead>{_WORD})\s){{1,4}}(?P<type>(?i:{_SURE})|{'|'.join(word.capitalize() for word in _UNSURE.split('|'))}|ST|DR|LN|CT)\b\.?(?:\s(?:North|South|East|West|[NSEW]{{1,2}})\b)?"
        + _TAIL
    ),
    re.compile(
        rf"(?<![\w])(?:[A-ZÀ-Þ][\w.-]*[ -]){{0,3}}[A-ZÀ-Þ]?[\w-]*(?i:stra(?:ss|ß)e|str\.|gasse|allee|weg|platz|ring|damm|ufer|steig|laan|straat|plein|gracht|kade)\s?\d{{1,4}}\s?[a-zA-Z]?\b(?:\s?-\s?\d{{1,4}})?"
        + _TAIL
    ),
    re.compile(
        rf"(?<![\w$€£.,:/-])\d{{1,4}},?\s?(?:bis|ter)?,?\s(?i:rue|avenue|av\.|boulevard|bd|chemin|impasse|allée|quai|route|cours|place)\s(?:(?i:de|du|des|la|le|les|l'|d'|de la|de l'|of|saint|st)[\s-]?){{0,3}}[A-ZÀ-Þ][\w'-]*(?:[\s-][A-ZÀ-Þ][\w'-]*){{0,3}}"
        + _TAIL
    ),
    re.compile(
        rf"\b(?:Calle|Avenida|Avda\.?|Plaza|Paseo|Via|Viale|Piazza|Corso|Rua)\s(?:(?:de|del|della|delle|dei|la|las|los|di|da|do|dos)\s){{0,3}}{_PLACE},?\s(?:n[º°.]?\s?)?\d{{1,4}}\b"
        + _TAIL
    ),
    re.compile(r"\b(?i:p\.?\s?o\.?\s?box|postfach)\s\d[\d ]{0,8}\d?\b" + _TAIL),
    re.compile(rf"(?<![\w-]){_UK}(?![\w-])"),
    re.compile(rf"(?:\b{_PLACE},\s?)?\b{_STATE},?\s\d{{5}}(?:-\d{{4}})?(?![\w-])"),
)
_NOT_STREETS: Final = frozenset(
    "the a an and or of on off to in at for from by with your my our this that these those is was are were has have had be been minutes hours days weeks months "
    "years times people items percent more other new old different per each every euros dollars pounds points until then but than i you we they it he she".split()
)
_CUE: Final = compile_cue(ADDRESS_CUE)
_NOT_COMPACT: Final = re.compile(r"[\W_]+")
_MARGIN: Final = 60


def find_addresses(view: View) -> Iterator[Finding]:
    """Yield postal addresses."""
    done = 0
    for cue in _CUE.finditer(view.shadow):
        start, end = cue.span()
        floor = max(done, view.turn_start(start), start - _MARGIN)
        ceiling = min(view.turn_end(end), end + 2 * _MARGIN)
        for pattern in _PATTERNS:
            match = pattern.search(view.text, floor, ceiling)
            if match and match.end() >= end - 1 and _is_street(match):
                done = match.end()
                yield Finding(match.start(), match.end(), Kind.ADDRESS, _NOT_COMPACT.sub(" ", match[0]).casefold())
                break


def _is_street(match: re.Match[str]) -> bool:
    groups = match.groupdict()
    if groups.get("lead") is None:
        return True
    words = match[0].casefold().split()
    named = words[1 : words.index(groups["type"].casefold().rstrip(".,"))] if groups["type"].casefold() in words else words[1:]
    return not any(word.strip(".,'") in _NOT_STREETS for word in named[:4])
