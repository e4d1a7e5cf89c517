"""Passwords, PINs and codes that someone tells."""

import re
from collections.abc import Iterator
from typing import Final

from clearbar.redact.context import answers, asked
from clearbar.redact.kinds import Finding, Kind
from clearbar.redact.scan import compile_cue
from clearbar.redact.view import View

__all__ = ["PASSWORD_CUE", "find_passwords"]

PASSWORD_CUE: Final = (
    r"\b(?:pass ?words?|pass ?phrase|pass ?code|passwd|pwd|pin\b(?: ?(?:code|number))?|cvv2?|cvc2?|cv2|security (?:code|number|word|answer)|"
    r"(?:verification|activation|authori[sz]ation|authentication|access|login|sms|6-digit|six-digit|4-digit) code|"
    r"one[- ]?time (?:code|password|pin|passcode)|otp|secret (?:word|answer|key)|memorable (?:word|information|name)|maiden name|"
    r"(?:api|access|secret|licen[cs]e)[- ]?(?:key|token)|bearer|kennwort|passwort|mot de passe|contrase\?a|wachtwoord)"
)
_CUE: Final = compile_cue(PASSWORD_CUE)
_TOLD: Final = re.compile(
    r"""["']?(?P<link>\s{0,3}(?:[:=]|(?:for|to|on)\s(?:\w+\s){0,3}?(?:is|was)\b|(?:is|was|are|will\sbe|has\sbeen\s(?:set|changed)\sto|to|ist|lautet|est|es)\b:?|\()\s{0,3}"""
    r"""|\s{1,3})(?:(?:now|actually|currently|just|simply|still)\s)?(?P<quote>["'`])?(?P<value>[^\s\0"`]{3,128})""",
    re.IGNORECASE,
)
_NUMERIC: Final = re.compile(r"(?<![\w.,:/-])\d{3,8}(?![\w]|[.,:/-]\d)")
_NO_VALUE: Final = frozenset(
    """not wrong incorrect invalid expired the my a an your our their his her its this that these those it same no none too very required needed case still
    correct right never always for what being been also just now as good fine okay safe secure weak strong new old different saved short long sent
    reset reset. changed working accepted recognised recognized locked blocked forgotten unknown missing empty set asked asking failing denied refused
    rejected stored there here done ready about because but and when where which who how why only must should can cannot could would will won't isn't
    doesn't wasn't don't didn't has have had does did was were please thanks thank you yes manager field page box screen prompt reset-link link email mail
    hint policy change recovery protected protection attempts pad entry terminal letter twice once again either anymore enough mandatory optional
    something anything nothing everything someone one two three four five six seven eight nine ten with without from via into onto over under before after
    in on at by of or if so to is are be we they he she them i me nicht falsch richtig abgelaufen ist incorrecte fausse""".split()
)
_TRAILING: Final = ".,;:?)]}'\""
_LONG_ENOUGH: Final = 4
_CODE_CUE: Final = re.compile(r"(?:code|pin|cvv2?|cvc2?|cv2|otp|number|passcode)", re.IGNORECASE)


def find_passwords(view: View) -> Iterator[Finding]:
    """Yield what is told as a password, PIN, one-time code or security code, or answered when one was asked for."""
    for cue in _CUE.finditer(view.shadow):
        start, end = cue.span()
        named = view.text[start:end]
        if found := _told(view.text, start, end):
            yield found
        elif _CODE_CUE.search(named) and asked(view, start, end):
            yield from _answered(view, end)


def _told(text: str, start: int, end: int) -> Finding | None:
    match = _TOLD.match(text, end)
    if match is None:
        return None
    value = match["value"] if match["quote"] else match["value"].rstrip(_TRAILING)
    value = value.removesuffix(match["quote"] or "")
    linked = match["link"].strip() != ""
    if not _credible(value, linked=linked, quoted=match["quote"] is not None, code=_CODE_CUE.search(text, start, end) is not None):
        return None
    place = match.start("value")
    return Finding(place, place + len(value), Kind.SECRET, value)


def _credible(value: str, *, linked: bool, quoted: bool, code: bool) -> bool:
    if value.startswith("[") or value.casefold().rstrip(_TRAILING) in _NO_VALUE:
        return False
    digits = sum(character.isdigit() for character in value)
    if value.isdigit():
        return code or len(value) >= _LONG_ENOUGH
    if code and not digits:
        return False
    mixed = digits > 0 or any(not character.isalnum() and character not in "'-" for character in value[:-1])
    if quoted or mixed:
        return linked or quoted or (digits > 0 and len(value) > _LONG_ENOUGH)
    return linked and len(value) >= _LONG_ENOUGH and not value.casefold().endswith(("ed", "ing", "ly", "n't"))


def _answered(view: View, end: int) -> Iterator[Finding]:
    for span in answers(view, end):
        if match := _NUMERIC.search(view.text, *span):
            yield Finding(*match.span(), Kind.SECRET, match[0])
            return
