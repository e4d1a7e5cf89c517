"""Passwords, PINs and codes that someone tells."""

import re
from collections.abc import Iterator
from typing import Final

from clearbar.redact.context import answers, asked
from clearbar.redact.kinds import Finding, Kind
from clearbar.redact.lexicon import read_words
from clearbar.redact.view import View

__all__ = ["TOLD_CUE", "find_passwords"]

TOLD_CUE: Final = (
    r"\b(?:pass ?words?|pass ?phrase|pass ?code|passwd|pwd|pin\b(?: ?(?:code|number))?|cvv2?|cvc2?|cv2|security (?:code|number|word|"
    r"answer)|"
    r"(?:verification|activation|authori[sz]ation|authentication|access|login|sms|[46]-digit|(?:four|six)-digit) code|"
    r"one[- ]?time (?:code|password|pin|passcode)|otp|secret (?:word|answer|key)|memorable (?:word|information|name)|maiden name|"
    r"(?:api|access|secret|licen[cs]e)[- ]?(?:key|token)|bearer|kennwort|passwort|mot de passe|contrase\?a|wachtwoord)"
)
_VALUE: Final = r"""(?:(?P<quote>["'`])(?P<quoted>[^"'`\n\0]{3,64})(?P=quote)|["'`]?(?P<bare>[^\s\0"'`][^\s\0"`]{2,127}))"""
_LINK: Final = r"[:=(]|(?:is|was|are|will be|has been (?:set|changed) to|ist|lautet|est|es)\b:?"
_OBJECT: Final = r"(?:for|on|to)\s(?:[\w'-]{1,30}\s){1,4}?(?=(?:is|was)\b)"
_TOLD: Final = re.compile(
    rf"""["']?\s{{0,3}}(?:{_OBJECT})?(?P<link>{_LINK})?\s{{0,3}}(?:(?:now|actually|currently|just|simply|still)\s)?{_VALUE}""",
    re.IGNORECASE,
)
_SET: Final = re.compile(r"\b(?:set|sets|setting|changed?|changing|reset|resetting|updated?)\b[^.\n\0]{0,24}$", re.IGNORECASE)
_SET_TO: Final = re.compile(rf"\s(?:back\s)?to\s(?:be\s)?{_VALUE}", re.IGNORECASE)
_ANSWER: Final = re.compile(r"(?<![\w.,:/$€£-])\d{3,8}(?![\w]|[.,:/-]\d)")
_CODE: Final = re.compile(r"code|pin|cvv2?|cvc2?|cv2|otp|number|passcode", re.IGNORECASE)
_TRAILING: Final = ".,;:?)]}'\""
_LONG_ENOUGH: Final = 4
_VERBAL: Final = ("ed", "ing", "ly", "n't")


def find_passwords(view: View) -> Iterator[Finding]:
    """Yield what is told as a password, PIN, one-time code or security code, or answered when one was asked for."""
    for start, end in view.cues(TOLD_CUE):
        if found := _told(view, start, end):
            yield found
        elif _CODE.search(view.text, start, end) and asked(view, start, end):
            yield from _answered(view, end)


def _told(view: View, start: int, end: int) -> Finding | None:
    text = view.text
    setting = _SET_TO.match(text, end) if _SET.search(text, max(view.turn_start(start), start - 40), start) else None
    match = setting or _TOLD.match(text, end)
    if match is None:
        return None
    quoted = match["quoted"] is not None
    value = match["quoted"] or match["bare"].rstrip(_TRAILING)
    linked = setting is not None or match["link"] is not None or (text[end - 4 : end].lower() == "name" and value[:1].isupper())
    if not _is_secret(value, linked=linked, quoted=quoted, code=_CODE.search(text, start, end) is not None):
        return None
    place = match.start("quoted" if quoted else "bare")
    return Finding(place, place + len(value), Kind.SECRET, value)


def _is_secret(value: str, *, linked: bool, quoted: bool, code: bool) -> bool:
    """Whether a word is a secret, judged by how it is told and what it is made of.

    Parameters
    ----------
    value
        The word.
    linked
        Whether "is" or a colon leads to it.
    quoted
        Whether it stands in quotation marks.
    code
        Whether a code of digits was named, rather than a password.
    """
    if not value or value.startswith("[") or value.lower().strip(_TRAILING) in read_words("no_passwords"):
        return False
    digits = sum(character.isdigit() for character in value)
    if value.isdigit():
        return code or len(value) >= _LONG_ENOUGH
    if code and not digits:
        return False
    mixed = digits > 0 or any(not character.isalnum() and character not in "'-" for character in value[:-1])
    if quoted or mixed:
        return linked or quoted or (digits > 0 and len(value) > _LONG_ENOUGH)
    return linked and len(value) >= _LONG_ENOUGH and not value.lower().endswith(_VERBAL)


def _answered(view: View, end: int) -> Iterator[Finding]:
    for span in answers(view, end):
        if match := _ANSWER.search(view.text, *span):
            yield Finding(*match.span(), Kind.SECRET, match[0])
            return
