"""Names of people: those of the record's own fields, and those that a greeting, an introduction or a signature gives away.

Every mention in the conversation is found, alone or in parts ("Jane Doe", "Jane", "Ms Doe"), as one person.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Final

from clearbar.redact.context import answers, asked
from clearbar.redact.kinds import Finding, Kind
from clearbar.redact.lexicon import lexicon, read_words
from clearbar.redact.name_parts import Spans, Trust, ends_clause, is_ambiguous, is_name, read_name
from clearbar.redact.people import TOKEN, People
from clearbar.redact.view import View

__all__ = ["Names"]

_INTRODUCED: Final = (
    r"\b(?:(?:my|his|her|their|full|first|last|sur|family|given|passenger|customer|guest|cardholder|holder|contact|maiden) ?name"
    r"(?: is| was|'s|:|\?s)|i(?:'|\?| a)?m called|name:|mein name ist|ich hei(?:ss|\?)e|je m'appelle|me llamo|mi chiamo|ik heet)[ :]"
)
_ENTITLED: Final = (
    r"\b(?:names? (?:on|of|for) [a-z ]{0,30} (?:is|are|was)|(?:first|last|full|sur|family) ?names are|(?:under|in) the name(?: of)?|"
    r"names? (?:is|are))[ :]"
)
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
_STATEMENT: Final = (
    r"(?:this is|it's|it\?s|it's me,|i(?:'|\?| a)m|hier (?:spricht|ist)|(?:you are|you're) through to|ici|c'est|soy|sono|met|ich bin|"
    r"je suis|ik ben|"
    r"addressed to|made out to|signed by|registered to|care of|attn:?) "
)
_PLAIN_STATEMENT: Final = (
    r"(?:im|(?:ask|asked|asking) for|(?:speak|spoke|spoken|talk|talked) (?:to|with)|"
    r"(?:my|his|her|our|their|the) (?:son|daughter|husband|wife|partner|mother|mum|mom|father|dad|brother|sister|friend|flatmate|"
    r"neighbou?r|"
    r"colleague|boss)) "
)
"""Only before a common given name."""
_SHORT_HAILED: Final = re.compile(r"\W*(?:morning|afternoon|evening)\W*", re.IGNORECASE)
_STATING: Final = re.compile(rf"\W*(?:{_STATEMENT}|{_PLAIN_STATEMENT})".replace(r"\?", "."), re.IGNORECASE)
_SELF: Final = r"[a-z?]+(?:['-][a-z?]+)? (?:here|speaking|hier|am apparat|is my name|is the name)\b"
_SIGNED: Final = r"[-~^] ?[a-z?]+ ?(?:[a-z?]+ ?)?(?:\x00|$)"
_LINE: Final = r"\n(?-i:[A-Z?])[a-z?'-]+ (?:[a-z]\. )?(?-i:[A-Z?])[a-z?'-]+ ?(?:[,\n\x00]|$)"
_ASKED: Final = r"\b(?:your|his|her|their|full|first|last|sur|(?:account|card) ?holder(?:'s)?|passenger(?:'s)?|whose) ?names?\b"

_GAP: Final = re.compile(r"[ :'\"*]{0,4}")
_AFTER_SELF: Final = re.compile(r"\s?(?:[,.!?;:)\n\0-]|$|(?:from|at|with|again|and)\b)", re.IGNORECASE)
_PREAMBLE: Final = re.compile(
    r"\s*(?:(?:yes|sure|ok|okay|of course|certainly|hi|hello|it is|it's|its|that's|that is|i'm|i am|my name is|name is|name's|the name is|"
    r"my full name is|this is)[,.!:]?\s+){0,3}",
    re.IGNORECASE,
)
_SHORT: Final = 4
"""Words of an answer that is nothing but a name."""
_BRANDED: Final = re.compile(r"(?:\bat |@ ?|\bcontacting |\bchoosing |\bcalling |\bcalled |\bmy |\byour )$", re.IGNORECASE)
_DOMAIN: Final = re.compile(r"\.[a-z]{2,}")
_WIDEST_GAP: Final = 3
"""Characters between the parts of a name, as in "J. Doe"."""
_LOOKED_AT: Final = 8
"""Mentions of a word that are looked at to tell whether it is a brand."""

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
        full = rf"(?-i:(?:{'|'.join(word.title() for word in given.split('|'))}) [A-Z?])"
        begun = rf"\b(?:{_TITLED}|(?:{_HAIL}|{_FAREWELL}){name}|{full})|(?:^|[\x00\n]|[.!?] ){_SHORT_HAIL}{name}"
        table: tuple[tuple[str, Reader], ...] = (
            (_INTRODUCED, partial(_read_after, trust=Trust.INTRODUCED)),
            (rf"{_ENTITLED}|{_CALLED}", partial(_read_after, trust=Trust.ENTITLED)),
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
        for spans in sorted(told, key=len, reverse=True):  # whole names first, so that their parts are known
            words = [view.text[start:end] for start, end in spans]
            if not (self._keep and any(word.lower() in self._keep for word in words)):
                person = people.add_told(words)
                yield from (Finding(start, end, Kind.NAME, person) for start, end in _joined(spans))
        yield from people.mentions(view)


def _joined(spans: Spans) -> Iterator[tuple[int, int]]:
    """Yield where a name stands: in one piece, or in several where its parts lie under keys of their own."""
    start, end = spans[0]
    for first, last in spans[1:]:
        if first - end > _WIDEST_GAP:
            yield start, end
            start = first
        end = last
    yield start, end


def _read_after(view: View, _: int, end: int, trust: Trust) -> Spans:
    gap = _GAP.match(view.text, end)
    return read_name(view.text, gap.end() if gap else end, trust)


def _read_begun(view: View, cue: int, end: int) -> Spans:
    """Read the name whose beginning a cue's match includes."""
    text, start = view.text, end
    while start > cue and text[start - 1].isalpha():
        start -= 1
    if text[cue : start - 1].lower() in lexicon().given and text[cue].isupper():
        return _read_full(text, cue)
    trust = Trust.GREETED
    if text[cue:start].rstrip(" .").lower() in lexicon().titles:
        trust = Trust.TITLED
    elif _STATING.fullmatch(text, cue, start):
        trust = Trust.STATED
    spans = read_name(text, start, trust)
    if not spans:
        return spans
    if text[max(start - 2, 0)] in "!.\n" or text[start - 1] == "\n":  # a new sentence or line: a signature, or the next thing said
        return spans if ends_clause(text, spans[-1][1]) and (len(spans) > 1 or not is_ambiguous(text, spans[0])) else []
    if trust is Trust.TITLED or text[slice(*spans[0])].lower() in lexicon().given:
        return spans
    short = _SHORT_HAILED.fullmatch(text, cue, start) is not None and not ends_clause(text, spans[-1][1])
    return [] if short or _is_brand(text, spans) else spans


def _read_full(text: str, start: int) -> Spans:
    """Read a common given name with a surname, which nothing introduces; not a street or a place that is called so."""
    spans = read_name(text, start, Trust.GREETED)
    following = TOKEN.match(text, spans[-1][1] + 1) if spans else None
    words = [text[slice(*span)].lower() for span in spans[1:]] + ([following[0].lower()] if following else [])
    place = any(word in read_words("street_words") or word in read_words("no_surnames") for word in words)
    return [] if len(spans) < 2 or place else spans  # noqa: PLR2004 - a given name and a surname


def _read_signature(view: View, start: int, _: int) -> Spans:
    begins = start == 0 or view.text[start - 1] in " .!?\n\0"
    return _read_after(view, start, start + 1, Trust.GREETED) if begins else []


def _read_line(view: View, start: int, _: int) -> Spans:
    spans = read_name(view.text, start + 1, Trust.GREETED)
    return spans if len(spans) > 1 and view.text[slice(*spans[0])].lower() in lexicon().given else []


def _read_answer(view: View, start: int, end: int) -> Spans:
    if not asked(view, start, end):
        return []
    for place, turn_end in answers(view, end):
        preamble = _PREAMBLE.match(view.text, place)
        place = preamble.end() if preamble else place  # noqa: PLW2901
        short = view.text.count(" ", place, turn_end) < _SHORT
        spans = read_name(view.text, place, Trust.INTRODUCED if short else Trust.ENTITLED)
        if spans and ends_clause(view.text, spans[-1][1]):
            return spans
    return []


def _read_self(view: View, start: int, end: int) -> Spans:
    text = view.text
    match = TOKEN.match(text, start)
    if match is None or _AFTER_SELF.match(text, end) is None or match[0].lower() in lexicon().ambiguous:
        return []
    return [match.span()] if is_name(text, match[0], match.end(), Trust.GREETED, later=False) else []


def _is_brand(text: str, spans: Spans) -> bool:
    """Whether what is no common given name is used like a company's name elsewhere in the conversation."""
    word = text[slice(*spans[0])]
    place = text.find(word)
    for _ in range(_LOOKED_AT):
        if place < 0:
            break
        end = place + len(word)
        if _BRANDED.search(text, max(0, place - 12), place) or _DOMAIN.match(text, end):
            return True
        following = TOKEN.match(text, end + 1)
        if following and following[0][0].isupper() and following[0].lower() in lexicon().organisations:
            return True
        place = text.find(word, end)
    return False
