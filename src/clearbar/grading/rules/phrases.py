"""From phrases, as people write them in a lexicon, to regular expressions that cannot run away.

    (a|b)      either; `(really|) sorry` makes a word optional; `i ('m|am)` takes a contraction too
    a( b|,)    either, right behind a word: an option that starts with a blank is a word of its own
    refund*    any ending of the word
    #          a number
    ...        up to four words of the same sentence
    {name}     any of the phrases under `macros: name:`
    ^  $       start or end of the turn; `$#` is an amount of dollars
    >          start of a sentence

Case, kinds of quotation marks and spacing do not matter, a comma between words may be there or not, and an apostrophe may
be left out. There are no repetitions, so that no phrase can take long to search for, on either engine.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from clearbar.errors import RubricError

__all__ = ["compile_phrases"]

_TOKEN: Final = re.compile(r"\s*\.\.\.\s*|>\s*|\$#|\{[a-z_]+\}|\s+|[()|*#^$']|[^\s()|*#^$'>{}.]+|.")
_SPACE: Final = ",? {1,3}"
_GAP: Final = ",? {1,3}(?:[^ .?!]+ {1,3}){0,4}"
_SPECIAL: Final = {
    "*": "[a-z']{0,12}",
    "#": "[0-9]{1,12}",
    "'": "'?",
    "^": "^ {0,3}",
    ">": "(?:^|[.!?:] {0,3}) ?",
    "$": "[ .!?,]{0,6}$",
    "$#": r"\$ ?[0-9]{1,12}",
}
_WHOLE: Final = r"\b"
_DEPTH: Final = 8
_HELP: Final = "the phrases in rubrics/lexicon/ show what one may hold"


class _Sequence(list["_Part"]):
    """What follows one another."""


class _Choice(list[_Sequence]):
    """Either of these."""


_Part = str | _Choice
_BLANK: Final = " "
_ANY_WORDS: Final = "..."
_MARKS: Final = tuple(map(re.escape, ".!?,"))
_NO_WORD: Final = (_BLANK, _ANY_WORDS, _SPECIAL["^"], _SPECIAL[">"])


def compile_phrases(place: str, phrases: Sequence[str], macros: Mapping[str, Sequence[str]]) -> str:
    """Return one regular expression for all phrases, in the syntax that `re` and RE2 share; empty for no phrases.

    Raises
    ------
    RubricError
        Naming the place, the phrase and what is wrong with it.
    """
    return "|".join(_compile(f"{place}[{number}]", phrase, macros) for number, phrase in enumerate(phrases))


def _compile(place: str, phrase: str, macros: Mapping[str, Sequence[str]]) -> str:
    plain = phrase.strip().lower()
    inner = _pattern(_Reader(place, phrase, macros).read(plain, 0), last=True)
    head = r"\b" if plain[:1].isalnum() or plain[:1] in {"(", "{", "#"} else ""
    pattern = f"{head}(?:{inner})"
    if any(re.search(pattern, nothing, re.ASCII) for nothing in ("", " ", "x")):
        raise RubricError(f"{place}: {phrase!r} would be found everywhere", fix="give it at least one word")
    return pattern


class _Reader:
    """Reads a phrase into parts."""

    def __init__(self, place: str, phrase: str, macros: Mapping[str, Sequence[str]]) -> None:
        self._place = f"{place}: {phrase!r}"
        self._macros = macros

    def read(self, text: str, depth: int) -> _Sequence:
        """Return the parts of a text that stands inside so many macros."""
        if depth > _DEPTH:
            raise RubricError(f"{self._place} has macros that hold one another", fix="let a macro hold simpler ones only")
        tokens: list[str] = _TOKEN.findall(text)
        read, rest = self._sequence(tokens, 0, depth)
        if rest < len(tokens):
            raise RubricError(f"{self._place} has a {tokens[rest]!r} too many", fix=_HELP)
        return read

    def _sequence(self, tokens: list[str], place: int, depth: int) -> tuple[_Sequence, int]:
        found = _Sequence()
        while place < len(tokens) and tokens[place] not in {"|", ")"}:
            here = tokens[place]
            place += 1
            if here.startswith("("):
                choice, place = self._choice(tokens, place, depth)
                found.append(choice)
            else:
                found.append(self._macro(here, depth) if here.startswith("{") else _literal(here))
        return found, place

    def _choice(self, tokens: list[str], place: int, depth: int) -> tuple[_Choice, int]:
        choice = _Choice()
        while True:
            option, place = self._sequence(tokens, place, depth)
            choice.extend(_opened(option))
            if place >= len(tokens):
                raise RubricError(f"{self._place} has a '(' that is not closed", fix=_HELP)
            place += 1
            if tokens[place - 1] == ")":
                return choice, place

    def _macro(self, token: str, depth: int) -> _Choice:
        name = token.strip("{}")
        if name not in self._macros:
            raise RubricError(f"{self._place}: there is no macro {token!r}", fix=f"macros: {', '.join(self._macros) or 'none'}")
        choice = _Choice()
        for item in self._macros[name]:
            choice.extend(_opened(self.read(item.lower(), depth + 1)))
        return choice


def _opened(option: _Sequence) -> list[_Sequence]:
    """Return the options of an option that is one choice, so that a contraction among them takes no blank, and a missing one may miss."""
    return option[0] if len(option) == 1 and isinstance(option[0], _Choice) else [option]


def _literal(token: str) -> str:
    if token.strip() == _ANY_WORDS:
        return _ANY_WORDS
    return _BLANK if token.isspace() else _SPECIAL.get(token.strip()) or re.escape(token)


def _pattern(parts: _Sequence, *, last: bool) -> str:
    """Return the expression of a sequence; blanks around what may be missing are shared, so that one is enough.

    What a phrase ends in (`last`) is a whole word, or a mark.
    """
    written: list[str] = []
    blank = False  # a blank is due before the next part
    taken = False  # the blank that comes next was written already
    for number, part in enumerate(parts):
        ends = last and number == len(parts) - 1
        if part == _BLANK:
            blank = not taken
            taken = False
        elif part == _ANY_WORDS:
            written.append(_GAP)
            blank = False
        elif isinstance(part, str):
            written.append((_SPACE if blank else "") + part + (_WHOLE if ends and _is_word(part) else ""))
            blank = False
        else:
            following = parts[number + 1] if number + 1 < len(parts) else None
            attached = not blank and number > 0 and parts[number - 1] not in _NO_WORD
            expression, due = _either(part, blank=blank, following=following, attached=attached, last=ends)
            taken = following == _BLANK and not due
            blank = False
            written.append(expression)
    return "".join(written)


def _either(choice: _Choice, *, blank: bool, following: _Part | None, attached: bool, last: bool) -> tuple[str, bool]:
    """Return the expression of a choice, and whether a blank is due behind it.

    The blank before a choice goes into its options, where a contraction does without and a missing word leaves it to the
    blank behind. Without a blank before, a missing word takes the blank behind along, unless it is attached to a word;
    there, an option brings its own blank along, or does without. A blank behind one option is behind all that end in a word.
    """
    followed = following == _BLANK and all(option[-1:] != [_ANY_WORDS] for option in choice)  # any words hold the blank behind them
    behind = (
        not followed and following not in (None, _ANY_WORDS) and (following == _BLANK or any(option[-1:] == [_BLANK] for option in choice))
    )
    texts, missing = [], None
    for option in choice:
        short = _stripped(option)
        if short:
            lead = _lead(short) if blank else _SPACE if attached and option[0] == _BLANK else ""
            closed = short[-1] == _ANY_WORDS or (_is_mark(short[-1]) and _BLANK not in (option[-1], following))
            texts.append(lead + _pattern(short, last=last) + (_SPACE if behind and not closed else ""))
        elif option and attached and following != _BLANK:
            texts.append(_SPACE)
        else:
            missing = _SPACE if behind and (blank or (attached and following == _BLANK)) else _WHOLE if last else ""
    inner = "|".join(texts)
    if missing is None:
        return f"(?:{inner})", followed
    if followed and not attached and not blank:
        return f"(?:(?:{inner}){_SPACE}|)", False
    return f"(?:{inner}|{missing})", followed


def _lead(option: _Sequence) -> str:
    """Return what stands between a word and an option that is not attached to it."""
    if option[0] in _MARKS:
        return " {0,3}"
    return "" if _contracted(option) or option[0] == _SPECIAL["$"] else _SPACE


def _is_mark(part: _Part) -> bool:
    return isinstance(part, str) and not _is_word(part) and part != _SPECIAL["*"]


def _is_word(part: str) -> bool:
    return part[-1:].isalnum() or part == _SPECIAL["#"]


def _stripped(option: _Sequence) -> _Sequence:
    start, end = 0, len(option)
    while start < end and option[start] == _BLANK:
        start += 1
    while end > start and option[end - 1] == _BLANK:
        end -= 1
    return _Sequence(option[start:end])


def _contracted(option: _Sequence) -> bool:
    first = "".join(part for part in option[:2] if isinstance(part, str))
    return first.startswith(("'?", "n'?"))
