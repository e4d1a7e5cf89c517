"""Names of people: those of the record's own fields, and those that a greeting, an introduction or a signature gives away.

Every mention in the conversation is found, alone or in parts ("Jane Doe", "Jane", "Ms Doe"), as one person.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum
from functools import partial
from typing import Final

from clearbar.redact.context import answers, asked
from clearbar.redact.kinds import Finding, Kind
from clearbar.redact.lexicon import lexicon
from clearbar.redact.people import TOKEN, People, is_unspaced
from clearbar.redact.view import View

__all__ = ["Names", "Spans"]


class _Trust(Enum):
    """How surely a cue is followed by a name."""

    INTRODUCED = "my name is"
    ENTITLED = "in the name of"
    TITLED = "Mr"
    GREETED = "Hi"
    STATED = "I'm"


_INTRODUCED: Final = (
    r"\b(?:(?:my|his|her|their|full|first|last|sur|family|given|passenger|customer|guest|cardholder|holder|contact|maiden) ?name"
    r"(?: is| was|'s|:|\?s)|i(?:'|\?| a)?m called|name:|mein name ist|ich hei(?:ss|\?)e|je m'appelle|me llamo|mi chiamo|ik heet)[ :]"
)
_ENTITLED: Final = r"\b(?:names? (?:on|of|for) [a-z ]{0,30} (?:is|are|was)|(?:first|last|full|sur|family) ?names are|(?:under|in) the name(?: of)?|names? (?:is|are))[ :]"
_CALLED: Final = (
    r"\b(?:(?:some(?:one|body)|guy|man|woman|lady|person|friend|colleague|agent|manager|driver|technician|engineer) (?:called|named)|"
    r"signed (?:for )?by) "
)
_TITLED: Final = r"(?:mr|mrs|ms|mx|dr|prof|professor|miss|herrn?|frau|monsieur|madame|mme|mlle|se\?ora?|signora?|mevrouw)\b\.? [a-z?]"
_HAIL: Final = (
    r"(?:hi+|hello|hey+|dear|good (?:morning|afternoon|evening|day)|thanks?(?: you)?(?: so much| very much| again| a lot)?|thx|ty|cheers|"
    r"welcome(?: back)?|sorry|apologies|bye|goodbye|take care|nice to meet you|call me|(?:speaking|chatting|talking) (?:to|with)|hallo|"
    r"guten (?:tag|morgen|abend)|moin|gr\?ezi|servus|liebe[r]?|sehr geehrte[r]?|bonjour|bonsoir|salut|hola|ciao|buongiorno)"
    r"(?:[,:]? {1,2}|!+ |,? - |[,!.]? ?\n{1,3} ?)"
)
_SHORT_HAIL: Final = r"(?:morning|afternoon|evening)(?:[,!]? |,? ?\n{1,3} ?)"
"""Only at the beginning of what is said."""
_FAREWELL: Final = (
    r"(?:regards|wishes|all the best|best|sincerely|faithfully|yours|cordialement|saludos|gr(?:\?|u|ue)(?:\?|ss)e?)(?:, |[,!.]? ?\n{1,3} ?)"
)
_STATEMENT: Final = r"(?:this is|it's|it\?s|i(?:'|\?| a)m|hier (?:spricht|ist)|(?:you are|you're) through to) "
_PLAIN_STATEMENT: Final = (
    r"(?:im|ich bin|je suis|c'est|soy|sono|ik ben|met|(?:ask|asked|asking) for|(?:speak|spoke|spoken|talk|talked) (?:to|with)|"
    r"(?:my|his|her|our|their|the) (?:son|daughter|husband|wife|partner|mother|mum|mom|father|dad|brother|sister|friend|flatmate|neighbou?r|"
    r"colleague|boss)) "
)
"""Only before a common given name."""
_STATING: Final = re.compile(rf"\W*(?:{_STATEMENT}|{_PLAIN_STATEMENT})".replace(r"\?", "."), re.IGNORECASE)
_SELF: Final = r"[a-z?]+(?:['-][a-z?]+)? (?:here|speaking)\b"
_SIGNED: Final = r"[-~^] ?[a-z?]+ ?(?:[a-z?]+ ?)?(?:\x00|$)"
_LINE: Final = r"\n(?-i:[A-Z?])[a-z?'-]+ (?:[a-z]\. )?(?-i:[A-Z?])[a-z?'-]+ ?(?:[,\n\x00]|$)"
_ASKED: Final = r"\b(?:your|his|her|their|full|first|last|sur|(?:account|card) ?holder(?:'s)?|passenger(?:'s)?|whose) ?names?\b"

_GAP: Final = re.compile(r"[ :'\"*]{0,4}")
_AFTER_STATED: Final = re.compile(
    r"\s?(?:[,.!?;)\n\0]|$|(?:and|from|calling|your|with|here|speaking|the|a|an|again|at|of)\b)", re.IGNORECASE
)
_AFTER_SELF: Final = re.compile(r"\s?(?:[,.!?;:)\n\0-]|$|(?:from|at|with|again|and)\b)", re.IGNORECASE)
_PREAMBLE: Final = re.compile(
    r"\s*(?:(?:yes|sure|ok|okay|of course|certainly|hi|hello|it is|it's|its|that's|that is|i'm|i am|my name is|name is|name's|the name is|"
    r"my full name is|this is)[,.!:]?\s+){0,3}",
    re.IGNORECASE,
)
_BRANDED: Final = re.compile(r"(?:\bat |@ ?|\bcontacting |\bchoosing |\bcalling |\bcalled |\bmy |\byour )$", re.IGNORECASE)
_DOMAIN: Final = re.compile(r"\.[a-z]{2,}")
_ENDS: Final = frozenset(".,!?;:)\n\0")
_MOST: Final = 4
_VERBAL: Final = ("ing", "ly")
_SHOUTED: Final = 0.7

Spans = list[tuple[int, int]]
"""Where the parts of one name stand."""
Reader = Callable[[View, int, int], Spans]
"""Reads the name beside the span of a cue; empty if there is none."""


class Names:
    """Finds names.

    Parameters
    ----------
    keep
        Words that are never taken for a name: brands, products, places.
    """

    def __init__(self, keep: Iterable[str] = ()) -> None:
        self._keep = frozenset(word.lower() for word in keep)
        given = "|".join(sorted(word for word in lexicon().given if word.isascii()))
        name = rf"(?:(?-i:[A-Z?])|(?:{given})\b)"
        begun = rf"\b(?:{_TITLED}|(?:{_HAIL}|{_FAREWELL}){name})|(?:^|[\x00\n]|[.!?] ){_SHORT_HAIL}{name}"
        table: tuple[tuple[str, Reader], ...] = (
            (_INTRODUCED, partial(_read_after, trust=_Trust.INTRODUCED)),
            (rf"{_ENTITLED}|{_CALLED}", partial(_read_after, trust=_Trust.ENTITLED)),
            (begun, _read_begun),
            (rf"\b(?:{_STATEMENT}{name}|{_PLAIN_STATEMENT}(?:{given})\b)", _read_begun),
            (_SELF, _read_self),
            (_SIGNED, _read_signature),
            (_LINE, _read_line),
            (_ASKED, _read_answer),
        )
        self.readers = table
        """What stands beside a name, and what reads it."""

    def find(self, view: View, fields: Sequence[str], told: Sequence[Spans]) -> Iterator[Finding]:
        """Yield all mentions of the people whom the record's fields or the text name.

        Parameters
        ----------
        view
            The conversation.
        fields
            Names that the record gives.
        told
            What `readers` read.
        """
        people = People(self._keep)
        for name in fields:
            people.add_field(name)
        for spans in told:
            words = [view.text[start:end] for start, end in spans]
            if not (self._keep and any(word.lower() in self._keep for word in words)):
                yield Finding(spans[0][0], spans[-1][1], Kind.NAME, people.add_told(words))
        yield from people.mentions(view)


def _read_after(view: View, _: int, end: int, trust: _Trust) -> Spans:
    gap = _GAP.match(view.text, end)
    return _read(view.text, gap.end() if gap else end, trust)


def _read_begun(view: View, cue: int, end: int) -> Spans:
    """Read the name whose beginning a cue's match includes."""
    text, start = view.text, end
    while start > cue and text[start - 1].isalpha():
        start -= 1
    trust = _Trust.GREETED
    if text[cue:start].rstrip(" .").lower() in lexicon().titles:
        trust = _Trust.TITLED
    elif _STATING.fullmatch(text, cue, start):
        trust = _Trust.STATED
    spans = _read(text, start, trust)
    if not spans:
        return spans
    if text[start - 2] in "!.\n" or text[start - 1] == "\n":  # a new sentence or line: a signature, or the next thing said
        return spans if _ends(text, spans[-1][1]) and (len(spans) > 1 or not _is_ambiguous(text, spans[0])) else []
    return [] if trust is not _Trust.TITLED and _is_brand(text, spans) else spans


def _read_signature(view: View, start: int, _: int) -> Spans:
    begins = start == 0 or view.text[start - 1] in " .!?\n\0"
    return _read_after(view, start, start + 1, _Trust.GREETED) if begins else []


def _read_line(view: View, start: int, _: int) -> Spans:
    spans = _read(view.text, start + 1, _Trust.GREETED)
    return spans if len(spans) > 1 and view.text[slice(*spans[0])].lower() in lexicon().given else []


def _read_answer(view: View, start: int, end: int) -> Spans:
    if not asked(view, start, end):
        return []
    for place, turn_end in answers(view, end):
        preamble = _PREAMBLE.match(view.text, place)
        place = preamble.end() if preamble else place  # noqa: PLW2901
        short = view.text.count(" ", place, turn_end) < _MOST
        spans = _read(view.text, place, _Trust.INTRODUCED if short else _Trust.ENTITLED)
        if spans and _ends(view.text, spans[-1][1]):
            return spans
    return []


def _read_self(view: View, start: int, end: int) -> Spans:
    text = view.text
    match = TOKEN.match(text, start)
    if match is None or _AFTER_SELF.match(text, end) is None or match[0].lower() in lexicon().ambiguous:
        return []
    return [match.span()] if _is_name(text, match[0], match.end(), _Trust.GREETED, later=False) else []


def _read(text: str, place: int, trust: _Trust) -> Spans:
    """Return the spans of the parts of the name that begins at a place; empty if none does."""
    lists = lexicon()
    spans: Spans = []
    while len(spans) < _MOST and (match := TOKEN.match(text, place)):
        word, end = match[0], match.end()
        folded = word.lower()
        if not spans and folded in lists.titles:
            trust = _Trust.TITLED
            place = end + len(text[end : end + 2]) - len(text[end : end + 2].lstrip(". "))
            continue
        if folded in lists.organisations and not word.islower() and trust not in {_Trust.INTRODUCED, _Trust.ENTITLED}:
            return []
        if not _is_name(text, word, end, trust, later=bool(spans)):
            break
        spans.append(match.span())
        place = end + (len(word) == 1 and text[end : end + 1] == ".")
        if text[place : place + 1] != " ":
            break
        place += 1
    while spans and _never_last(text[slice(*spans[-1])]):
        spans.pop()
    return [] if trust is _Trust.STATED and spans and not _states_name(text, spans) else spans


def _is_ambiguous(text: str, span: tuple[int, int]) -> bool:
    return text[slice(*span)].lower() in lexicon().ambiguous


def _never_last(word: str) -> bool:
    return (len(word) == 1 and not is_unspaced(word)) or word.lower() in lexicon().particles


def _states_name(text: str, spans: Spans) -> bool:
    first = text[slice(*spans[0])].lower()
    if first in lexicon().given:
        return True
    return first not in lexicon().ambiguous and _AFTER_STATED.match(text, spans[-1][1]) is not None


def _is_name(text: str, word: str, end: int, trust: _Trust, *, later: bool) -> bool:
    folded, lists = word.lower(), lexicon()
    if len(word) == 1 and not is_unspaced(word):
        return later and word.isupper()
    if later and folded in lists.particles:
        return True
    if later and word[0].isupper() and folded in lists.ambiguous and _ends(text, end):
        return True
    if folded in lists.no_names or folded.partition("'")[0] in lists.no_names:
        return False
    if folded in lists.ambiguous and not later:
        return _is_doubtful_name(text, word, end, trust)
    if folded in lists.given:
        return True
    if word.islower() or (word.isupper() and (trust in {_Trust.GREETED, _Trust.STATED} or _shouted(text, end))):
        return _is_small_name(text, folded, end, trust, later=later)
    return word[0].isupper() or (is_unspaced(word[0]) and trust in {_Trust.INTRODUCED, _Trust.ENTITLED})


def _is_doubtful_name(text: str, word: str, end: int, trust: _Trust) -> bool:
    if trust is _Trust.INTRODUCED:
        return word[0].isupper() or _ends(text, end)
    return word[0].isupper() and (trust in {_Trust.TITLED, _Trust.ENTITLED} or (trust is _Trust.GREETED and _ends(text, end)))


def _is_small_name(text: str, folded: str, end: int, trust: _Trust, *, later: bool) -> bool:
    if trust is _Trust.TITLED:
        title = text[max(0, end - len(folded) - 5) : end - len(folded)].strip(" .\0\n").lower()
        return not later and title.endswith(("mr", "mrs"))
    return trust is _Trust.INTRODUCED and not folded.endswith(_VERBAL)


def _is_brand(text: str, spans: Spans) -> bool:
    """Whether what is no common given name is used like a company's name elsewhere in the conversation."""
    word = text[slice(*spans[0])]
    if word.lower() in lexicon().given:
        return False
    place = text.find(word)
    while place >= 0:
        end = place + len(word)
        if _BRANDED.search(text, max(0, place - 12), place) or _DOMAIN.match(text, end):
            return True
        following = TOKEN.match(text, end + 1)
        if following and following[0][0].isupper() and following[0].lower() in lexicon().organisations:
            return True
        place = text.find(word, end)
    return False


def _ends(text: str, end: int) -> bool:
    return end >= len(text) or text[end] in _ENDS


def _shouted(text: str, end: int) -> bool:
    letters = [character for character in text[max(0, end - 40) : end + 20] if character.isalpha()]
    return sum(character.isupper() for character in letters) > len(letters) * _SHOUTED
