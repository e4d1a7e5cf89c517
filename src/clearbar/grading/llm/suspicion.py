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
from itertools import chain
from operator import or_

from clearbar.grading.llm.cues import STEMS, UNSPACED, WORDS, Cue
from clearbar.grading.llm.orders import Orders
from clearbar.rubric import Rubric
from clearbar.transcript import Role, Turn
from clearbar.verdict import Verdict

__all__ = ["Suspicion"]

WINDOW = 40
"""Words that are looked at together: in a long letter, words far apart have nothing to do with each other."""
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
FOREIGN_TURNS = 2
"""In more turns than this another language is that of the conversation's people."""
FOREIGN_LETTERS = 8
FOREIGN_WORDS = 4
"""Little words of another language that a turn must have more than of the conversation's own."""

_TOKEN = re.compile(r"[^\W_]+")
_SIGNS = re.compile(r"[{<=|`\[#/]|\.\.\.\.|--")
_SHAPED = re.compile(
    r"[\"'][\w ]+[\"']\s*:|</?[a-z_][\w-]*[ >]|<!--|/\*|```|\w\s*(?:=|:=|->|=>)\s*\w|\|.*\||^#{2,4} |<\||\.{5,}|\[\w+:\w+"
    r"|\[/?(?:INST|SYS|ADMIN|QA|TOOL|END|BEGIN)|^-{3,}|^\w+;\w+",
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
_STRANGE = {language: frozenset(word for word, languages in _SPEAKS.items() if language not in languages) for language in _LITTLE}
"""Little words that are not of a language."""
_NONE = Cue(0)
_ORDERED = Cue.SET_ASIDE | Cue.TOLD
_NAMED = Cue.CRITERION | Cue.LEVEL
_PIECES = Cue.GRADE | Cue.RUBRIC | Cue.JUDGE | Cue.READER | Cue.ITEM | Cue.STEP
_BEYOND_LATIN = re.compile(r"[^\W\d_\u0000-\u024f\u1e00-\u1eff\uff21-\uff5a\U0001d400-\U0001d7ff]")
_HIDING = (
    (re.compile("[\u00ad\u200b\u2060\u2062-\u2064\ufeff\U000e0020-\U000e007e\U000e0100-\U000e01ef]"), 5),
    (re.compile("[\U0001f1e6-\U0001f1ff](?: [\U0001f1e6-\U0001f1ff])+"), 1),
    (re.compile("[\uff21-\uff5a\U0001d400-\U0001d7ff\u24b6-\u24e9\U0001f130-\U0001f189]"), 5),
    (re.compile("[A-Za-z][\u0370-\u03ff\u0400-\u04ff]|[\u0370-\u03ff\u0400-\u04ff][A-Za-z]"), 2),
)
"""Invisible signs, letters in a costume, alphabets mixed within words; and how many of them in a turn are no chance."""


class Suspicion:
    """Finds turns that may speak to the grader of a rubric."""

    def __init__(self, rubric: Rubric) -> None:
        self._orders = Orders(rubric)
        names = {"CRITERION": [one.id for one in rubric.criteria], "LEVEL": [one.id for scale in rubric.scales for one in scale.levels]}
        self._words = dict(WORDS)
        self._phrases: list[tuple[frozenset[str], Cue]] = []
        for kind, ids in names.items():
            for parts in (_TOKEN.findall(id.lower()) for id in ids if len(id) >= SHORTEST):
                if len(parts) == 1:
                    cue = Cue.WISH if parts[0] in _ORDINARY else Cue[kind]
                    self._words[parts[0]] = self._words.get(parts[0], _NONE) | cue
                else:
                    self._phrases.append((frozenset(parts), Cue[kind]))
        plain = {*_PLAIN.split(), *(word for ids in names.values() for id in ids for word in _TOKEN.findall(id.lower()))}
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
        tokens = [_TOKEN.findall(turn.text.lower()) for turn in turns]
        cues = [self._cues(words) for words in tokens]
        for number, turn in enumerate(turns):
            if self._speaks(cues[number], tokens[number], turn.text) or _hides(turn.text) or self._encoded(turn.text):
                return number
        found = self._in_pieces(turns, tokens, cues)
        return found if found is not None else _odd_one_out([turn.text for turn in turns], tokens)

    def cue_words(self, text: str) -> list[str]:
        """Return the words of a text that speak of grading."""
        return [word for word in _TOKEN.findall(text.lower()) if self._cues([word])]

    def _speaks(self, cues: Cue, words: Sequence[str], text: str) -> bool:
        """Whether words that stand together speak to a grader; what all words of a turn together do not, no part of them does."""
        if not self._tells(cues, text, asked=False):
            return False
        windows = [words[start : start + WINDOW] for start in range(0, max(1, len(words) - WINDOW // 2), WINDOW // 2)]
        return any(self._tells(self._cues(window), text, asked=_ASKED.search(text) is not None) for window in windows)

    def _cues(self, words: Sequence[str]) -> Cue:
        met, cues = self._met, 0
        for word in words:
            cues |= met[word] if word in met else self._look_up(word)
        if self._phrases:
            there = frozenset(words)
            for phrase, cue in self._phrases:
                if phrase <= there:
                    cues |= cue
        return Cue(cues) if cues else _NONE

    def _look_up(self, word: str) -> int:
        if len(self._met) > REMEMBERED:
            self._met.clear()
        cue = self._words.get(word, Cue(0))
        for size in range(2, len(word) + 1):
            cue |= STEMS.get(word[:size], Cue(0))
        if not word.isascii():
            for part, unspaced in UNSPACED.items():
                if part in word:
                    cue |= unspaced
            plain = unicodedata.normalize("NFKC", word).translate(_LOOKALIKES)
            if plain != word and plain.isascii() and plain in self._plain:
                cue |= Cue.DISGUISED
        elif not word.isalpha() and not word.isdigit() and word.translate(_LEET) in self._plain:
            cue |= Cue.DISGUISED
        self._met[word] = int(cue)
        return int(cue)

    def _tells(self, cues: Cue, text: str, *, asked: bool) -> bool:
        """Whether words together speak to a grader; `asked` if they ask the customer for a mark."""
        if not cues:
            return False
        graded = Cue.GRADE in cues and not (asked and Cue.JUDGE not in cues)
        named = bool(cues & (Cue.CRITERION | Cue.LEVEL))
        return (
            Cue.DISGUISED in cues
            or _ORDERED in cues
            or _NAMED in cues
            or (Cue.JUDGE in cues and (graded or named or bool(cues & (Cue.WISH | Cue.RUBRIC | Cue.SET_ASIDE))))
            or (graded and Cue.WISH in cues and (named or bool(cues & (Cue.TALK | Cue.RUBRIC | Cue.READER))))
            or (Cue.READER in cues and (graded or (Cue.TALK in cues and (named or Cue.WISH in cues))))
            or (Cue.MACHINE in cues and (graded or Cue.TOLD in cues))
            or (Cue.RUBRIC in cues and (graded or Cue.LEVEL in cues or (Cue.STEP in cues and bool(cues & (Cue.ALL | Cue.WISH)))))
            or (Cue.LEVEL in cues and Cue.ALL in cues and (graded or bool(cues & (Cue.ITEM | Cue.STEP))))
            or ((graded or Cue.LEVEL in cues) and _SIGNS.search(text) is not None and _SHAPED.search(text) is not None)
        )

    def _encoded(self, text: str) -> bool:
        """Whether a text carries readable words in an encoding, or words of grading letter by letter."""
        digits, strokes = sum(map(text.count, "0123456789")), sum(map(text.count, ".–-%"))
        if (digits >= ENCODED // 2 or strokes >= ENCODED // 2) and _CODED.search(text):
            return True
        long = max(map(len, text.split()), default=0) >= ENCODED or (digits >= ENCODED // 2 and _PAIRS.search(text))
        if long and any(map(_readable, _decoded(text))):
            return True
        if _SPELLED.search(text):
            joined = re.sub(r"(?<=\b\w)[.*_ -](?=\w\b)", "", text.lower())
            return any(word in self._plain or self._words.get(word, Cue(0)) for word in _TOKEN.findall(joined) if word not in text.lower())
        return False

    def _in_pieces(self, turns: Sequence[Turn], tokens: Sequence[Sequence[str]], cues: Sequence[Cue]) -> int | None:
        """Return where short turns of one speaker, read together, speak to a grader by the rubric's own names."""
        if Cue.LEVEL not in reduce(or_, cues, _NONE):
            return None
        for role in (Role.CUSTOMER, Role.AGENT):
            own = [number for number, turn in enumerate(turns) if turn.role is role and len(tokens[number]) <= SHORT]
            for place in range(len(own) - 1):
                together = reduce(or_, (cues[number] for number in own[place : place + JOINED]))
                if Cue.LEVEL in together and (Cue.CRITERION in together or (Cue.ALL in together and together & _PIECES)):
                    return own[place]
        return None


def _hides(text: str) -> bool:
    """Whether a text hides letters: invisible signs among them, letters of another alphabet or in a costume."""
    return not text.isascii() and any(len(signs.findall(text)) >= enough for signs, enough in _HIDING)


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


def _odd_one_out(texts: Sequence[str], tokens: Sequence[Sequence[str]]) -> int | None:
    """Return a turn in another script or language than nearly all others; None where people mix them."""
    if not all(text.isascii() for text in texts):
        beyond = [len(_BEYOND_LATIN.findall(text)) for text in texts]
        odd = [place for place, letters in enumerate(beyond) if letters >= FOREIGN_LETTERS]
        if 0 < len(odd) <= FOREIGN_TURNS and len(texts) > 2 * len(odd) and 2 * sum(beyond) < sum(map(len, texts)):
            return odd[0]
    spoken = Counter(language for word in frozenset(chain.from_iterable(tokens)).intersection(_SPEAKS) for language in _SPEAKS[word])
    if not spoken:
        return None
    own = spoken.most_common(1)[0][0]
    odd = [place for place, words in enumerate(tokens) if _foreign(words, own)]
    return odd[0] if 0 < len(odd) <= FOREIGN_TURNS and len(texts) > 2 * len(odd) else None


def _foreign(words: Sequence[str], own: str) -> bool:
    """Whether the little words of a turn are another language's."""
    strange = _STRANGE[own].intersection(words)
    if len(strange) < FOREIGN_WORDS:
        return False
    other = Counter(language for word in strange for language in _SPEAKS[word]).most_common(1)[0][1]
    return other >= FOREIGN_WORDS + sum(own in _SPEAKS[word] for word in frozenset(words).intersection(_SPEAKS))
