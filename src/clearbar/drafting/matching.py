"""Proposals without an LLM: sentences that ask for something, matched by their words to criteria, causes and steps that are known.

Nothing is understood here. A sentence counts where it holds a word such as *should* or *avoid*; it belongs to the known
item with which it shares the rarest words; and what matches none becomes a criterion of its own only where several
sentences share words. A person reads the result, with the passages beside it.
"""

import itertools
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from clearbar.articles import Advice, Articles
from clearbar.drafting.passages import MAX_QUOTE, ArticleText, identifier, words_of
from clearbar.drafting.proposals import Cause, NewCriterion, Proposals, Support, merge
from clearbar.rubric import Criterion, Rubric

__all__ = ["match_articles"]

SHARED: Final = 2
"""Words that a sentence shares at least with what it is matched to."""
SEVERAL: Final = 3
"""Sentences that are needed for a criterion of their own."""
MAX_SUPPORT: Final = 4
"""Passages that are kept for one item from one article: the closest."""
MAX_NEW: Final = 6
SHORTEST: Final = 5
"""Words of a sentence; a shorter one is a heading."""

_ASKS = re.compile(
    r"\b(?:should|must|shall|ought to|needs? to|ha(?:s|ve) to|never|always|avoid|ensure|make sure|be sure|remember to|try to|don['’]t"
    r"|do not|requires?|prioriti[sz]e|focus on|the goal is|(?:is|are) (?:essential|crucial|vital|important|key|critical)"
    r"|(?:good|great|excellent|real|best) (?:customer )?service (?:is|means|comes|requires)"
    r"|customers? (?:want|expect|deserve|need|appreciate|value|prefer|hate|remember)s?)\b",
    re.IGNORECASE,
)
_BLAMES = re.compile(
    r"\b(?:because|due to|lack(?:s|ing)? (?:of)?|leads? to|led to|results? (?:in|from)|caus(?:e|es|ed|ing)|root|reasons?"
    r"|fail(?:s|ure|ing)? to|instead of|rather than|too (?:often|many|much|few)|mistake|problem|without|pressure"
    r"|neglect(?:s|ed)?|ignor(?:e|es|ed|ing))\b",
    re.IGNORECASE,
)
_SERVED = re.compile(r"\b(?:customer|client|caller|guest|patient|visitor|shopper)s?\b", re.IGNORECASE)
"""What does not speak of them is hardly seen in a conversation, so that no criterion of its own is made of it."""
_HOLE = re.compile(r"\[(?:insert|name|add|cite)\b|\((?:cite|insert)\b", re.IGNORECASE)
"""Where a text was never finished."""
_STOP: Final = frozenset({
    "a", "about", "above", "after", "again", "agent", "all", "also", "always", "am", "an", "and", "any", "are", "as", "at", "avoid",
    "be", "because", "been", "before", "being", "best", "better", "business", "but", "by", "can", "cannot", "company", "could",
    "customer", "did", "do", "does", "doing", "done", "each", "ensure", "even", "ever", "every", "few", "first", "for", "from",
    "get", "give", "given", "go", "going", "good", "great", "had", "has", "have", "he", "her", "here", "him", "his", "how", "i",
    "if", "important", "in", "into", "is", "it", "its", "just", "key", "know", "let", "like", "make", "many", "may", "me", "mean",
    "might", "more", "most", "much", "must", "my", "need", "needs", "never", "new", "no", "nor", "not", "nothing", "now", "of",
    "off", "often", "on", "one", "only", "or", "other", "ought", "our", "out", "over", "own", "people", "per", "put", "really",
    "requires", "same", "say", "says", "see", "service", "shall", "she", "should", "so", "some", "something", "such", "sure",
    "take", "than", "that", "the", "their", "them", "then", "there", "these", "they", "thing", "this", "those", "through", "to",
    "too", "try", "up", "us", "use", "very", "want", "was", "way", "we", "well", "were", "what", "when", "where", "which", "while",
    "who", "whom", "why", "will", "with", "within", "without", "would", "you", "your",
})  # fmt: skip
_SUFFIX = re.compile(
    r"(?:ational|ization|isation|fulness|iveness|ously|ingly|edly|ment|ness|tion|sion|ally|ance|ence|able|ible"
    r"|ing|ies|ied|ful|ous|ive|ity|ly|ed|er|es|s|e|y)$"
)


class _Sentence(NamedTuple):
    """A sentence of an article."""

    article: ArticleText
    words: str
    stems: frozenset[str]


class _Index:
    """Known items by their words; a word that stands in few items weighs more."""

    def __init__(self, items: Mapping[str, str]) -> None:
        self._stems = {id: _stems(text) for id, text in items.items()}
        met = Counter(stem for stems in self._stems.values() for stem in stems)
        self._weight = {stem: math.log(1 + len(items) / number) for stem, number in met.items()}

    def nearest(self, stems: frozenset[str]) -> tuple[str, float] | None:
        """Return the item that shares the heaviest words and their weight, the earlier one at a tie; None where too few are shared."""
        best: tuple[str, float] | None = None
        for id, known in self._stems.items():
            shared = stems & known
            weight = math.fsum(self._weight[stem] for stem in shared)
            if len(shared) >= SHARED and (best is None or weight > best[1]):
                best = (id, weight)
        return best


def match_articles(articles: Sequence[ArticleText], rubric: Rubric, known: Articles) -> Proposals:
    """Return what articles ask for, by rules alone; the same texts always give the same.

    Parameters
    ----------
    articles
        What is read.
    rubric
        Whose criteria are known.
    known
        What its criteria rest on, and the known causes and steps.
    """
    asking = [sentence for article in articles for sentence in _sentences(article, _ASKS)]
    blaming = [sentence for article in articles for sentence in _sentences(article, _BLAMES)]
    criteria = _Index({criterion.id: _about(criterion, known) for criterion in rubric.criteria})
    matched, unknown = _match(asking, criteria)
    names = {criterion.id: criterion.name for criterion in rubric.criteria}
    steps, no_steps = _match(asking, _Index({step.id: f"{step.name} {step.says}" for step in known.steps}))
    causes, _ = _match(blaming, _Index({cause.id: f"{cause.name} {cause.says}" for cause in known.causes}))
    left = [sentence for sentence in unknown if sentence in no_steps and _SERVED.search(sentence.words)]
    return Proposals(
        known={id: _support(found, f"Shares words with the criterion {names[id]}; read the passage.") for id, found in matched.items()},
        new=tuple(_propose(left, rubric)),
        causes=_advice(causes, known.causes),
        steps=_advice(steps, known.steps),
    )


def _sentences(article: ArticleText, cue: re.Pattern[str]) -> list[_Sentence]:
    """Return the sentences of an article that hold a cue."""
    return [
        _Sentence(article, words, _stems(words))
        for words in article.sentences
        if cue.search(words) and not _HOLE.search(words) and not words.endswith("?") and len(words_of(words)) >= SHORTEST
    ]


def _match(sentences: Sequence[_Sentence], index: _Index) -> tuple[dict[str, list[tuple[float, _Sentence]]], list[_Sentence]]:
    """Return the sentences of each item with their weight, and those that match none."""
    matched: dict[str, list[tuple[float, _Sentence]]] = {}
    left = []
    for sentence in sentences:
        found = index.nearest(sentence.stems)
        if found is None:
            left.append(sentence)
        else:
            matched.setdefault(found[0], []).append((found[1], sentence))
    return matched, left


def _support(found: Sequence[tuple[float, _Sentence]], point: str) -> tuple[Support, ...]:
    """Return the closest passages from each article, in the order of the text."""
    kept: Counter[str] = Counter()
    chosen = set()
    for place, (_, sentence) in sorted(enumerate(found), key=lambda item: (-item[1][0], item[0])):
        kept[sentence.article.id] += 1
        if kept[sentence.article.id] <= MAX_SUPPORT:
            chosen.add(place)
    quoted = [_quote(sentence, point) for place, (_, sentence) in enumerate(found) if place in chosen]
    return merge(item for item in quoted if item)


def _quote(sentence: _Sentence, point: str) -> Support | None:
    """Return the sentence as support; of a long one the words around its cue."""
    words = sentence.words.split()
    cue = _ASKS.search(sentence.words) or _BLAMES.search(sentence.words)
    at = len(sentence.words[: cue.start()].split()) if cue else 0
    first = max(0, min(at - MAX_QUOTE // 3, len(words) - MAX_QUOTE))
    passage = sentence.article.find(" ".join(words[first : first + MAX_QUOTE]))
    return Support(article=sentence.article.id, passage=passage, point=point) if passage else None


def _advice(matched: Mapping[str, Sequence[tuple[float, _Sentence]]], known: Sequence[Advice]) -> tuple[Cause, ...]:
    """Return the known causes or steps that sentences were matched to, with those as support."""
    made = [
        Cause(id=item.id, name=item.name, says=item.says, support=_support(matched[item.id], item.says))
        for item in known
        if item.id in matched
    ]
    return tuple(item for item in made if item.support)


def _propose(left: Sequence[_Sentence], rubric: Rubric) -> list[NewCriterion]:
    """Return criteria for groups of sentences that no known criterion has, the largest group first."""
    made: list[NewCriterion] = []
    rest = list(left)
    while len(made) < MAX_NEW and (topic := _topic(rest)):
        group = [sentence for sentence in rest if topic <= sentence.stems]
        rest = [sentence for sentence in rest if not topic <= sentence.stems]
        support = _support([(1.0, sentence) for sentence in group], "One of several passages that ask for this.")
        if len(support) >= SEVERAL:
            made.append(_criterion(_spelled(topic, group), support, rubric, {item.id for item in made}))
    return made


def _topic(sentences: Sequence[_Sentence]) -> frozenset[str] | None:
    """Return the pair of words that most sentences share; None where fewer than `SEVERAL` do."""
    pairs = Counter(pair for sentence in sentences for pair in itertools.combinations(sorted(sentence.stems), 2))
    if not pairs:
        return None
    pair, number = min(pairs.items(), key=lambda item: (-item[1], item[0]))
    return frozenset(pair) if number >= SEVERAL else None


def _spelled(topic: frozenset[str], group: Sequence[_Sentence]) -> str:
    """Return the words of a topic as the sentences write them most often, in their order."""
    met: dict[str, Counter[str]] = {stem: Counter() for stem in topic}
    for word in words_of(" ".join(sentence.words for sentence in group)):
        if (stem := _stem(word)) in met:
            met[stem][word] += 1
    first = words_of(group[0].words)
    ordered = sorted(topic, key=lambda stem: next((place for place, word in enumerate(first) if _stem(word) == stem), 0))
    return ", ".join(min(met[stem].items(), key=lambda item: (-item[1], item[0]))[0] for stem in ordered)


def _criterion(topic: str, support: tuple[Support, ...], rubric: Rubric, taken: set[str]) -> NewCriterion:
    """Return a criterion in words that any topic fits; a person has to word it anew."""
    scale = rubric.scale_of(rubric.criteria[0].id)
    return NewCriterion(
        id=identifier(topic, taken | {item.id for item in rubric.criteria}, "criterion"),
        name=topic.capitalize(),
        asks=f"Did the agent do what the passages under sources ask about {topic.replace(', ', ' with ')}?",
        when=f"the talk comes to {topic.replace(', ', ' with ')}",
        section=rubric.sections[0].id,
        levels={level.id: f"{level.name}. {level.means}".strip() for level in scale.levels},
        support=support,
    )


def _about(criterion: Criterion, known: Articles) -> str:
    """Return the words by which a criterion is known: what it asks, its levels, and the points it rests on."""
    points = {(article.id, point.id): point for article in known.articles for point in article.points}
    named = [points[source.article, source.id] for source in criterion.sources if source.id and (source.article, source.id) in points]
    said = [f"{point.name} {point.says}" for point in named]
    return " ".join((criterion.name, criterion.asks, *criterion.levels.values(), *(source.point for source in criterion.sources), *said))


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem for word in words_of(text) if (stem := _stem(word)))


@lru_cache(maxsize=20_000)
def _stem(word: str) -> str:
    """Return the stem of a word that says something; empty for the others."""
    plain = word.replace("’", "'").removesuffix("'s")
    if plain in _STOP or plain.removesuffix("s") in _STOP or len(plain) < 4 or "'" in plain or plain.isdigit():  # noqa: PLR2004
        return ""
    bare = _SUFFIX.sub("", plain)
    return bare if len(bare) >= 3 else plain  # noqa: PLR2004
