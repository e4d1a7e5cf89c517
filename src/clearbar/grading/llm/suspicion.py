"""Conversations that may speak to their grader: not withheld, since ordinary talk comes near, but a reason for a person to look.

`orders` takes out of a prompt what is plainly an order, by wordings that it knows. What this module looks for is wider: any turn that
speaks *of* grading, of what grading goes by, of instructions to a model, that has the shape of data about it, that hides letters, or
that is the odd one out in its language. Which verdicts such words have changed nobody can tell, so all of the conversation's are doubtful.
So they are where a model puts every criterion at the same end of its scale, whatever words brought it to that.
"""

import base64
import contextlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import pairwise
from operator import or_

from clearbar.grading.llm.cues import STEMS, UNSPACED, WORDS, Cue
from clearbar.rubric import Rubric
from clearbar.transcript import Role, Turn
from clearbar.verdict import Verdict

__all__ = ["Suspicion"]

WINDOW = 40
"""Words that are looked at together: in a long letter, words far apart have nothing to do with each other."""
NEAR = 10
"""Words between a criterion and a level that belong together: both are words of everyday talk as well."""
JOINED = 5
"""Turns of one speaker that are looked at together as well, so that an order in pieces is whole again."""
SHORT = 25
"""Words of a turn that may be a piece of something."""
SHORTEST = 4
"""Letters of a level that count as its name, as in `orders`."""
ONE_SIDED = 6
"""So many criteria at the same end of their scales are no chance: people hardly ever grade so."""
MANY_LEVELS = 3
"""Of yes and no, one is as common as the other may be."""
REMEMBERED = 50_000
"""Words whose cues are kept at hand."""
LONGEST_STEM = max(map(len, STEMS))
"""Letters of a word beyond which no stem reaches; longer ones are kept at hand only if they are names."""
FOREIGN_TURNS = 2
"""In more turns than this another language is that of the conversation's people."""
FOREIGN_LETTERS = 8
FOREIGN_WORDS = 4
"""Little words of another language that a turn must have more than of the conversation's own."""

_TOKEN = re.compile(r"[^\W_]+")
_APART = {number: " " for number in range(128) if not _TOKEN.match(chr(number))}
"""The same for plain letters, many times as fast."""
_SIGNS = re.compile(r"[{<=|`\[#/]|\.\.\.\.|--")
_SHAPED = re.compile(
    r"[\"'][\w ]+[\"']\s*:|</?[a-z_][\w-]*[ >]|<!--|/\*|```|\w\s*(?:=|:=|->|=>)\s*\w|\|.*\||^#{2,4} |<\||\.{5,}|\[\w+:\w+"
    r"|\[/?(?:INST|SYS|ADMIN|QA|TOOL|END|BEGIN)|^\w+;\w+",
    re.MULTILINE,
)
"""Data, markup, code, comments, tables, assignments."""
_ASKED = re.compile(r"\bplease rate\b|how would you rate|rate (?:us|our|your|my|me)\b|\bsurvey\b|\bfeedback\b", re.IGNORECASE)
_LONG = re.compile(r"[A-Za-z0-9+/_-]{20,}={0,2}")
_PAIRS = re.compile(r"\b[0-9a-fA-F]{2}(?:[ :][0-9a-fA-F]{2}){9,}\b")
_CODED = re.compile(r"(?:\b[01]{8}\s+){5}|(?:[.–-]{1,5}[ /]+){10}|(?:%[2-7][0-9a-fA-F]){6}|(?:&#x?[0-9a-fA-F]{2,6};){4}")
"""Binary digits, Morse, letters as in addresses and pages: nobody writes so much of it to a shop."""
ENCODED = 20
"""Letters in a row, digits or strokes from which on a text may be an encoding."""
FEW = 4
"""Percent signs, or signs of a page's code, from which on it may be one as well."""
_SPELLED = re.compile(r"[.*_ -]\w[.*_ -]\w[.*_ -]\w[.*_ -]\w[.*_ -]")
_LEET = str.maketrans("4310573$@", "aeiostesa")
_LOOKALIKES = str.maketrans("асеһіорѕхуАВСЕНІКМОРТХαοενρτικΑΒΕΗΙΚΜΝΟΡΤΧ", "acehiopsxyABCEHIKMOPTXaoevptikABEHIKMNOPTX")
_PLAIN = (
    "grade grader grading score rate rating level levels criterion criteria conversation highest lowest evaluate evaluator reviewer"
    " verdict instructions ignore rubric everything every perfect please"
)  # fmt: skip
_ORDINARY = frozenset(
    """
    good poor excellent great average fair full fully partly partial none high medium middle okay pass fail bad better best worse
    worst done missing true false always never often some most very yes
    """.split()  # noqa: SIM905 - a line for each would be a page
)
"""Names of levels that are in everybody's mouth."""
_PLACES = frozenset({"below", "above", "under", "over", "beneath"})
_LINKS = frozenset({
    "is", "are", "be", "was", "as", "to", "at", "on", "means", "equals", "op", "auf", "em", "en", "a", "na", "à", "su", "på", "som",
})  # fmt: skip
"""Words behind which such a word is a level rather than a place."""
_LITTLE = {
    "en": "the and you to of is it that for with this are was have my your not but on in can will be we they what",
    "de": "der die das und ist nicht ich sie wir mit für auf ein eine den dem zu bitte wie was kann auch haben hier diese alle",
    "fr": "le la les des est vous nous pas une pour dans que qui avec sur ce cette mon votre au du tout très été cet chaque",
    "es": "el la los las que es por para con una este esta del mi su no se lo más pero como todo muy fue al esto cada",
    "pt": "o os as que para com uma não por este esta do da no na mais mas como tudo muito foi isso ao seu cada em",
    "it": "il lo gli che per con una non questo questa della nel più ma come tutto molto sono di del alla ogni questa",
    "nl": "de het een en is niet ik u wij met voor op van dat deze te aan alle wat dit als er zijn elk geef",
    "pl": "i w na nie się z do to jest że jak dla wszystkie tę ten ta za po od tej proszę każde rozmowę",
    "cs": "a v na ne se z do to je že jak pro všechny tento tato za po od této prosím každé",
    "sv": "och att det som en på är av för med till den inte om ett alla vill detta denna har jag du vänligen",
    "da": "og at det som en på er af for med til den ikke om et alle vil dette denne har jeg du venligst",
    "fi": "ja on ei se että tämä kaikki ole hän mutta kun niin jos vain myös tämän olkaa anna",
    "tr": "ve bir bu için ile çok da de değil ne var gibi olarak tüm her olsun lütfen bunu",
    "ro": "și de la în nu este pentru cu o un care din mai toate acest această vă rog fiecare",
    "hu": "és a az egy nem hogy ez van de is minden csak kérem ezt legyen",
    "id": "dan yang di ini untuk dengan tidak itu dari ke semua pada adalah saya anda tolong beri",
    "vi": "và là của cho không này các được một có với những tất cả hãy",
    "la": "et est non in ad ut cum omnia haec hoc sunt pro quod sed",
}
_SPEAKS = {
    word: frozenset(language for language, words in _LITTLE.items() if word in words.split())
    for words in _LITTLE.values()
    for word in words.split()
}
_LITTLE_WORDS = frozenset(_SPEAKS)
_STRANGE = {language: frozenset(word for word, languages in _SPEAKS.items() if language not in languages) for language in _LITTLE}
"""Little words that are not of a language."""
_ORDERED = Cue.SET_ASIDE | Cue.TOLD
_NAMED = Cue.CRITERION | Cue.LEVEL
_PIECES = Cue.GRADE | Cue.RUBRIC | Cue.JUDGE | Cue.READER | Cue.ITEM | Cue.STEP
_BEYOND_LATIN = re.compile(r"[^\W\d_\u0000-\u024f\u1e00-\u1eff\uff21-\uff5a\U0001d400-\U0001d7ff]")
_INVISIBLE = "\u00ad\u200b\u2060\u2062-\u2064\ufeff\U000e0020-\U000e007e\U000e0100-\U000e01ef"
_FLAGS = "\U0001f1e6-\U0001f1ff"
_COSTUMES = "\uff21-\uff5a\U0001d400-\U0001d7ff\u24b6-\u24e9\U0001f130-\U0001f189"
_GREEK_OR_CYRILLIC = "\u0370-\u03ff\u0400-\u04ff"
_HIDING = (
    (re.compile(f"[{_INVISIBLE}]"), 5),
    (re.compile(f"[{_FLAGS}](?: [{_FLAGS}])+"), 1),
    (re.compile(f"[{_COSTUMES}]"), 5),
    (re.compile(f"[A-Za-z][{_GREEK_OR_CYRILLIC}]|[{_GREEK_OR_CYRILLIC}][A-Za-z]"), 2),
)
"""Invisible signs, letters in a costume, alphabets mixed within words; and how many of them in a turn are no chance."""
_HIDES = re.compile(f"[{_INVISIBLE}{_FLAGS}{_COSTUMES}{_GREEK_OR_CYRILLIC}]")
"""What a text must have in it somewhere to hide anything."""


class Suspicion:
    """Finds turns that may speak to the grader of a rubric."""

    def __init__(self, rubric: Rubric) -> None:
        names = {"CRITERION": [one.id for one in rubric.criteria], "LEVEL": [one.id for scale in rubric.scales for one in scale.levels]}
        self._words = dict(WORDS)
        self._phrases: list[tuple[frozenset[str], int]] = []
        for kind, ids in names.items():
            for parts in (_words(id) for id in ids if len(id) >= SHORTEST):
                if len(parts) == 1:
                    cue = Cue.WISH if parts[0] in _ORDINARY else Cue.PLACE if parts[0] in _PLACES else Cue[kind]
                    self._words[parts[0]] = self._words.get(parts[0], 0) | cue
                else:
                    self._phrases.append((frozenset(parts), Cue[kind]))
        plain = {*_PLAIN.split(), *(word for ids in names.values() for id in ids for word in _words(id))}
        for word in plain:
            if len(word) > SHORTEST and word.isascii() and word.isalpha():
                self._words.setdefault(word[::-1], Cue.DISGUISED)
                for shift in range(1, 26):
                    self._words.setdefault("".join(chr((ord(char) - ord("a") + shift) % 26 + ord("a")) for char in word), Cue.DISGUISED)
        self._plain = plain
        scales = {one.id: rubric.scale_of(one.id).ids for one in rubric.criteria}
        self._ends = {id: {levels[0]: "bottom", levels[-1]: "top"} for id, levels in scales.items() if len(levels) >= MANY_LEVELS}
        self._met: dict[str, int] = {}

    def doubt(self, turns: Sequence[Turn], verdicts: Sequence[Verdict]) -> str | None:
        """Return why a model may have been swayed: by what was said to it, or because what it says is one-sided; None where nothing is."""
        turn = self.turn(turns)
        if turn is not None:
            return f"words in turn {turn} may be meant for the grader"
        ends = [
            self._ends[verdict.criterion].get(verdict.level) for verdict in verdicts if verdict.graded and verdict.criterion in self._ends
        ]
        one_sided = len(ends) >= ONE_SIDED and ends[0] is not None and all(end == ends[0] for end in ends)
        return f"each of {len(ends)} criteria is at the {ends[0]} of its scale, which is rare" if one_sided else None

    def turn(self, turns: Sequence[Turn]) -> int | None:
        """Return the first turn that may speak to the grader; None where none does."""
        texts = [turn.text for turn in turns]
        whole = "\n".join(texts)
        words = frozenset(_words(whole))
        speaking, own = self._may_speak(words, whole), _mixed_with(words, whole)
        hiding, encoding = _hides(whole), _may_encode(whole)
        if not (speaking or own or hiding or encoding):  # which spares most conversations a look at each turn
            return None
        tokens = [_words(text) for text in texts] if speaking or own else [[] for _ in texts]
        cues = [self._cues(spoken) for spoken in tokens]
        for number, text in enumerate(texts):
            if self._speaks(cues[number], tokens[number], text) or (hiding and _hides(text)) or (encoding and self._encoded(text)):
                return number
        found = self._in_pieces(turns, tokens, cues)
        return found if found is not None else _odd_one_out(texts, tokens, own) if own else None

    def _may_speak(self, words: frozenset[str], whole: str) -> bool:
        """Whether the words of a whole conversation, wherever they stand, have it in them to speak to a grader."""
        cues = self._cues(tuple(words))
        if cues & Cue.PLACE:
            cues |= Cue.LEVEL
        return (
            cues & _NAMED == _NAMED
            or bool(cues & Cue.LEVEL and cues & Cue.ALL and cues & _PIECES)
            or bool(cues & (Cue.GRADE | Cue.LEVEL) and _SIGNS.search(whole))
            or self._tells(cues, asked=False)
        )

    def cue_words(self, text: str) -> list[str]:
        """Return the words of a text that speak of grading."""
        return [word for word in _words(text) if self._cues([word])]

    def _speaks(self, cues: int, words: Sequence[str], text: str) -> bool:
        """Whether words that stand together speak to a grader; what all words of a turn together do not, no part of them does."""
        if not cues:
            return False
        if cues & _NAMED == _NAMED and any(self._cues(some) & _NAMED == _NAMED for some in _windows(words, 2 * NEAR)):
            return True
        if self._shaped(cues, text):
            return True
        if not self._tells(cues, asked=False):
            return False
        asked = _ASKED.search(text) is not None
        return any(self._tells(self._cues(some), asked=asked) for some in _windows(words, WINDOW))

    def _shaped(self, cues: int, text: str) -> bool:
        """Whether a line is data, markup or code about grading."""
        if not cues & (Cue.GRADE | Cue.LEVEL) or not _SIGNS.search(text):
            return False
        lines = [line for line in text.split("\n") if _SHAPED.search(line)]
        return any(self._cues(_words(line)) & (Cue.GRADE | Cue.LEVEL) for line in lines)

    def _cues(self, words: Sequence[str]) -> int:
        met, cues = self._met, 0
        for word in words:
            cues |= met[word] if word in met else self._look_up(word)
        if self._phrases:
            there = frozenset(words)
            for phrase, cue in self._phrases:
                if phrase <= there:
                    cues |= cue
        if cues & Cue.PLACE and any(
            met.get(word, 0) & Cue.PLACE and (before in _LINKS or met.get(before, 0) & Cue.CRITERION) for before, word in pairwise(words)
        ):
            cues |= Cue.LEVEL
        return cues

    def _look_up(self, word: str) -> int:
        if len(self._met) > REMEMBERED:
            self._met.clear()
        cue = self._words.get(word, 0)
        for size in range(2, min(len(word), LONGEST_STEM) + 1):
            cue |= STEMS.get(word[:size], 0)
        if not word.isascii():
            for part, unspaced in UNSPACED.items():
                if part in word:
                    cue |= unspaced
            plain = unicodedata.normalize("NFKC", word).translate(_LOOKALIKES)
            if plain != word and plain.isascii() and plain in self._plain:
                cue |= Cue.DISGUISED
        elif not word.isalpha() and not word.isdigit() and word.translate(_LEET) in self._plain:
            cue |= Cue.DISGUISED
        if len(word) <= LONGEST_STEM or word in self._words:
            self._met[word] = int(cue)
        return int(cue)

    def _tells(self, cues: int, *, asked: bool) -> bool:
        """Whether words together speak to a grader; `asked` if they ask the customer for a mark."""
        graded = bool(cues & Cue.GRADE) and not (asked and not cues & Cue.JUDGE)
        named = bool(cues & (Cue.CRITERION | Cue.LEVEL))
        return bool(
            cues & Cue.DISGUISED
            or cues & _ORDERED == _ORDERED
            or (cues & Cue.JUDGE and (graded or named or cues & (Cue.WISH | Cue.RUBRIC | Cue.SET_ASIDE)))
            or (graded and cues & Cue.WISH and (named or cues & (Cue.TALK | Cue.RUBRIC | Cue.READER)))
            or (cues & Cue.READER and (graded or (cues & Cue.TALK and (named or cues & Cue.WISH))))
            or (cues & Cue.MACHINE and (graded or cues & Cue.TOLD))
            or (cues & Cue.RUBRIC and (graded or cues & Cue.LEVEL or (cues & Cue.STEP and cues & (Cue.ALL | Cue.WISH))))
            or (cues & Cue.LEVEL and cues & Cue.ALL and (graded or cues & (Cue.ITEM | Cue.STEP)))
        )

    def _encoded(self, text: str) -> bool:
        """Whether a text carries readable words in an encoding, or words of grading letter by letter."""
        if _CODED.search(text) or any(map(_readable, _decoded(text))):
            return True
        if _SPELLED.search(text):
            joined = re.sub(r"(?<=\b\w)[.*_ -](?=\w\b)", "", text.lower())
            return any(word in self._plain or word in self._words for word in _words(joined) if word not in text.lower())
        return False

    def _in_pieces(self, turns: Sequence[Turn], tokens: Sequence[Sequence[str]], cues: Sequence[int]) -> int | None:
        """Return where short turns of one speaker, read together, speak to a grader by the rubric's own names."""
        if not reduce(or_, cues, 0) & Cue.LEVEL:
            return None
        for role in (Role.CUSTOMER, Role.AGENT):
            own = [number for number, turn in enumerate(turns) if turn.role is role and len(tokens[number]) <= SHORT]
            for place in range(len(own) - 1):
                together = reduce(or_, (cues[number] for number in own[place : place + JOINED]))
                if together & Cue.LEVEL and (together & Cue.CRITERION or (together & Cue.ALL and together & _PIECES)):
                    return own[place]
        return None


def _words(text: str) -> list[str]:
    """Return the words of a text, in small letters."""
    text = text.lower()
    return text.translate(_APART).split() if text.isascii() else _TOKEN.findall(text)


def _windows(words: Sequence[str], size: int) -> list[Sequence[str]]:
    """Return the words that stand together, each next window half a window on."""
    return [words[start : start + size] for start in range(0, max(1, len(words) - size // 2), size // 2)]


def _hides(text: str) -> bool:
    """Whether a text hides letters: invisible signs among them, letters of another alphabet or in a costume."""
    if text.isascii() or not _HIDES.search("".join(frozenset(text))):
        return False
    return any(len(signs.findall(text)) >= enough for signs, enough in _HIDING)


def _may_encode(text: str) -> bool:
    """Whether a text has the signs of any encoding: letters by themselves, a long word, or many of a few characters."""
    if _SPELLED.search(text):
        return True
    if max(map(len, text.split()), default=0) >= ENCODED and _LONG.search(text):
        return True
    if sum(map(text.count, "4567")) >= ENCODED // 2 and _PAIRS.search(text):  # letters in hexadecimal digits
        return True
    digits, strokes = text.count("0") + text.count("1"), text.count(".") + text.count("-") + text.count("–")
    many = max(digits, strokes) >= 2 * ENCODED or text.count("%") + text.count("&#") >= FEW
    return many and _CODED.search(text) is not None


def _decoded(text: str) -> Iterator[str]:
    for chunk in (*_LONG.findall(text), *_PAIRS.findall(text)):
        with contextlib.suppress(ValueError):
            yield bytes.fromhex(re.sub(r"[ :]", "", chunk)).decode()
        with contextlib.suppress(ValueError):
            bare = chunk.replace("-", "+").replace("_", "/").rstrip("=")
            yield base64.b64decode(bare + "=" * (-len(bare) % 4)).decode()


def _readable(text: str) -> bool:
    """Whether decoded bytes are words: chance gives letters, not words with spaces between them."""
    return text.isprintable() and len(re.findall(r"[A-Za-z]{3,}", text)) > 1 and " " in text


def _mixed_with(words: frozenset[str], whole: str) -> str | None:
    """Return the language of most little words of a conversation if others have words or letters in it as well, else None."""
    spoken = Counter(language for word in words & _LITTLE_WORDS for language in _SPEAKS[word])
    own = max(_LITTLE, key=spoken.__getitem__)
    letters = not whole.isascii() and len(_BEYOND_LATIN.findall(whole)) >= FOREIGN_LETTERS
    return own if letters or _most_of_one(words & _STRANGE[own]) >= FOREIGN_WORDS else None


def _odd_one_out(texts: Sequence[str], tokens: Sequence[Sequence[str]], own: str) -> int | None:
    """Return a turn in another script or language than nearly all others, whose language is `own`; None where people mix them."""
    if not all(text.isascii() for text in texts):
        beyond = [len(_BEYOND_LATIN.findall(text)) for text in texts]
        odd = [place for place, letters in enumerate(beyond) if letters >= FOREIGN_LETTERS]
        if 0 < len(odd) <= FOREIGN_TURNS and len(texts) > 2 * len(odd) and 2 * sum(beyond) < sum(map(len, texts)):
            return odd[0]
    odd = [place for place, words in enumerate(tokens) if len(words) >= FOREIGN_WORDS and _foreign(words, own)]
    return odd[0] if 0 < len(odd) <= FOREIGN_TURNS and len(texts) > 2 * len(odd) else None


def _foreign(words: Sequence[str], own: str) -> bool:
    """Whether the little words of a turn are another language's."""
    strange = _STRANGE[own].intersection(words)
    if len(strange) < FOREIGN_WORDS:
        return False
    return _most_of_one(strange) >= FOREIGN_WORDS + sum(own in _SPEAKS[word] for word in frozenset(words).intersection(_LITTLE_WORDS))


def _most_of_one(strange: frozenset[str]) -> int:
    """Return how many of some little words belong to one language at most."""
    return max(Counter(language for word in strange for language in _SPEAKS[word]).values(), default=0)
