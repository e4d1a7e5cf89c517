"""Names of people: those of the record's own fields, and those that a greeting, an introduction or a signature gives away.

Every mention in the conversation is found, alone or in parts ("Jane Doe", "Jane", "Ms Doe"), as one person.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from functools import partial
from typing import Final

from clearbar.redact.context import answers, asked
from clearbar.redact.kinds import Finding, Kind
from clearbar.redact.lexicon import AMBIGUOUS, GIVEN, NO_NAMES, ORGANISATION, PARTICLES, TITLES
from clearbar.redact.people import People
from clearbar.redact.scan import compile_cue
from clearbar.redact.view import View

__all__ = ["Names"]


class _Trust(Enum):
    """How surely a cue is followed by a name."""

    INTRODUCED = "my name is"
    TITLED = "Mr"
    GREETED = "Hi"
    STATED = "I'm"


_INTRODUCED: Final = (
    r"\b(?:(?:my|his|her|their|full|first|last|sur|family|given|passenger|customer|guest|cardholder|holder|contact|maiden) ?names?(?: is| was|'s|:| are|\?s)"
    r"|names? (?:on|of|for) [a-z ]{0,30} (?:is|are|was)|i(?:'|\?| a)?m called|call me|(?:under|in) the name(?: of)?|name:"
    r"|mein name ist|ich hei(?:ss|\?)e|je m'appelle|me llamo|mi chiamo|ik heet|(?:speaking|chatting|talking) (?:to|with))[ :]"
)
_TITLED: Final = r"\b(?:mr|mrs|ms|mx|dr|prof|professor|miss|herrn?|frau|monsieur|madame|mme|mlle|se\?ora?|signora?|mevrouw)\b\.? "
_GREETED: Final = (
    r"\b(?:hi+|hello|hey+|dear|(?:good )?(?:morning|afternoon|evening|day)|thanks?(?: you)?(?: so much| very much| again| a lot)?|thx|ty|cheers|welcome(?: back)?|"
    r"sorry|apologies|bye|goodbye|take care|nice to meet you|pleasure|regards|wishes|sincerely|faithfully|yours|hallo|guten tag|moin|gr\?ezi|servus|liebe[r]?|"
    r"sehr geehrte[r]?|bonjour|bonsoir|salut|hola|ciao|buongiorno|gr(?:\?|u|ue)(?:\?|ss)e?|cordialement|saludos)[,!.:]?[ \n-]"
)
_STATED: Final = r"\b(?:this is|it's|it\?s|i(?:'| a|\?)?m) "
_SELF: Final = r"[a-z?]+ (?:here|speaking)\b"
_SIGNED: Final = r"[-~] ?[a-z?]+ ?(?:[a-z?]+ ?)?(?:\x00|$)"
_ASKED: Final = r"\b(?:your|full|first|last|sur|(?:account|card) ?holder(?:'s)?|passenger(?:'s)?|whose) ?names?\b"

_TOKEN: Final = re.compile(r"[^\W\d_]+(?:['-](?!s\b)[^\W\d_]+)*")
_GAP: Final = re.compile(r"[\s,:'\"*-]{0,6}")
_AFTER_STATED: Final = re.compile(
    r"\s?(?:[,.!?;)\n\0]|$|(?:and|from|calling|your|with|here|speaking|the|a|an|again|at|of)\b)", re.IGNORECASE
)
_AFTER_SELF: Final = re.compile(r"\s?(?:[,.!?;:)\n\0-]|$|(?:from|at|with|again|and)\b)", re.IGNORECASE)
_PREAMBLE: Final = re.compile(
    r"\s*(?:(?:yes|sure|ok|okay|of course|certainly|hi|hello|it is|it's|its|that's|that is|i'm|i am|my name is|name is|name's|the name is|my full name is|this is)[,.!:]?\s+){0,3}",
    re.IGNORECASE,
)
_MOST: Final = 4
_VERBAL: Final = ("ing", "ly")


class Names:
    """Finds names.

    Parameters
    ----------
    native
        Whether RE2 may be used.
    """

    cues: Final = (_INTRODUCED, _TITLED, _GREETED, _STATED, _SELF, _SIGNED, _ASKED)
    """What stands beside a name."""

    def __init__(self, *, native: bool = True) -> None:
        readers = (*(partial(_read_after, trust=trust) for trust in _Trust), _read_before, _read_signature, _read_answer)
        self._cues = [(compile_cue(cue, native=native), reader) for cue, reader in zip(self.cues, readers, strict=True)]

    def find(self, view: View, fields: Sequence[str], present: Iterable[int]) -> Iterator[Finding]:
        """Yield all mentions of the people whom the record's fields or the text name.

        Parameters
        ----------
        view
            The conversation.
        fields
            Names that the record gives.
        present
            Which of `cues` occur in it.
        """
        people = People()
        for name in fields:
            people.add_field(name)
        for spans in self._told(view, sorted(present)):
            person = people.add_told([view.text[start:end] for start, end in spans])
            yield Finding(spans[0][0], spans[-1][1], Kind.NAME, person)
        if people:
            yield from people.mentions(view)

    def _told(self, view: View, present: Sequence[int]) -> Iterator[list[tuple[int, int]]]:
        for cue, reader in map(self._cues.__getitem__, present):
            for match in cue.finditer(view.shadow):
                if spans := reader(view, *match.span()):
                    yield spans


def _read_after(view: View, _: int, end: int, trust: _Trust) -> list[tuple[int, int]]:
    return _read(view.text, end, trust)


def _read_signature(view: View, start: int, _: int) -> list[tuple[int, int]]:
    begins = start == 0 or view.text[start - 1] in " .!?\n\0"
    return _read(view.text, start + 1, _Trust.GREETED) if begins else []


def _read_answer(view: View, start: int, end: int) -> list[tuple[int, int]]:
    if not asked(view, start, end):
        return []
    for place, _ in answers(view, end):
        preamble = _PREAMBLE.match(view.text, place)
        spans = _read(view.text, preamble.end() if preamble else place, _Trust.INTRODUCED)
        if spans and _ends(view.text, spans[-1][1]):
            return spans
    return []


def _read(text: str, place: int, trust: _Trust) -> list[tuple[int, int]]:
    gap = _GAP.match(text, place)
    place = gap.end() if gap else place
    spans: list[tuple[int, int]] = []
    while len(spans) < _MOST and (match := _TOKEN.match(text, place)):
        word, end = match[0], match.end()
        if not spans and word.casefold() in TITLES:
            trust = _Trust.TITLED
            place = end + len(text[end : end + 2]) - len(text[end : end + 2].lstrip(". "))
            continue
        if word.casefold() in ORGANISATION and not word.islower() and trust is not _Trust.INTRODUCED:
            return []
        if not _is_name(text, word, end, trust, later=bool(spans)):
            break
        spans.append(match.span())
        dotted = len(word) == 1 and text[end : end + 1] == "."
        place = end + dotted
        if text[place : place + 1] != " ":
            break
        place += 1
    while spans and (len(last := text[slice(*spans[-1])]) == 1 or last.casefold() in PARTICLES):
        spans.pop()
    if trust is _Trust.STATED and spans and not _states_name(text, spans):
        return []
    return spans


def _states_name(text: str, spans: list[tuple[int, int]]) -> bool:
    first = text[slice(*spans[0])].casefold()
    return first in GIVEN or (first not in AMBIGUOUS and _AFTER_STATED.match(text, spans[-1][1]) is not None)


def _is_name(text: str, word: str, end: int, trust: _Trust, *, later: bool) -> bool:
    folded = word.casefold()
    if later and folded in PARTICLES:
        return True
    if later and len(word) == 1:
        return word.isupper()
    if len(word) == 1:
        return False
    if word[0].isupper() and not (word.isupper() and _shouted(text, end)):
        if folded in AMBIGUOUS and not later:
            return trust in {_Trust.INTRODUCED, _Trust.TITLED} or (trust is _Trust.GREETED and _ends(text, end))
        return folded not in NO_NAMES
    if word[0].isupper() or word.islower():
        return _is_small_name(text, folded, end, trust, later=later)
    return ord(word[0]) > 0x2E80 and trust is _Trust.INTRODUCED  # noqa: PLR2004 - scripts without capitals


def _is_small_name(text: str, folded: str, end: int, trust: _Trust, *, later: bool) -> bool:
    if folded in NO_NAMES:
        return False
    if folded in AMBIGUOUS:
        return trust is _Trust.INTRODUCED and _ends(text, end)
    if folded in GIVEN:
        return True
    if trust is _Trust.TITLED:
        return not later
    return trust is _Trust.INTRODUCED and not folded.endswith(_VERBAL)


def _ends(text: str, end: int) -> bool:
    return end >= len(text) or text[end] in ".,!?;:)\n\0"


def _shouted(text: str, end: int) -> bool:
    around = text[max(0, end - 40) : end + 20]
    letters = [character for character in around if character.isalpha()]
    return sum(character.isupper() for character in letters) > len(letters) * 0.7


def _read_before(view: View, start: int, end: int) -> list[tuple[int, int]]:
    text = view.text
    match = _TOKEN.match(text, start)
    if match is None or _AFTER_SELF.match(text, end) is None or match[0].casefold() in AMBIGUOUS:
        return []
    return [match.span()] if _is_name(text, match[0], match.end(), _Trust.GREETED, later=False) else []
