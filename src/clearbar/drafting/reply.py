"""From a model's reply to proposals: its shape as a strict JSON schema, and every item checked by code before it counts."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import Field, ValidationError

from clearbar.articles import Articles
from clearbar.drafting.draft import why_unusable
from clearbar.drafting.passages import ArticleText, identifier
from clearbar.drafting.proposals import Cause, NewCriterion, Proposals, Support, merge
from clearbar.grading.llm.schema import exact_object
from clearbar.model import Model
from clearbar.rubric import Rubric

__all__ = ["draft_schema", "read_proposals"]

MAX_ITEMS: Final = 40
"""Items of one kind that are read of a reply."""
MAX_POINT: Final = 300
"""Characters of what is taken from a passage."""


class _Passage(Model):
    quote: str = Field(max_length=4000)
    point: str


class _Criterion(Model):
    id: str = Field(min_length=1)
    name: str = Field(min_length=1, max_length=80)
    section: str
    passages: tuple[_Passage, ...]
    asks: str = Field(min_length=8, max_length=400)
    when: str = Field(min_length=1, max_length=400)
    levels: dict[str, str]
    causes: tuple[str, ...]
    steps: tuple[str, ...]


class _Advice(Model):
    id: str = Field(min_length=1)
    name: str = Field(min_length=1, max_length=80)
    passages: tuple[_Passage, ...]
    says: str = Field(min_length=8, max_length=400)


def draft_schema(rubric: Rubric) -> dict[str, Any]:
    """Return the JSON schema of a reply, with the levels of the rubric's scale and its sections."""
    text = {"type": "string"}
    passages = _list(exact_object({"quote": text, "point": text}))
    levels = exact_object(dict.fromkeys(rubric.scale_of(rubric.criteria[0].id).ids, text))
    section = {"type": "string", "enum": [section.id for section in rubric.sections]}
    criterion = {"id": text, "name": text, "section": section, "passages": passages, "asks": text, "when": text}
    advice = exact_object({"id": text, "name": text, "passages": passages, "says": text})
    parts = {
        "criteria": _list(exact_object(criterion | {"levels": levels, "causes": _list(text), "steps": _list(text)})),
        "causes": _list(advice),
        "steps": _list(advice),
    }
    return exact_object(parts)


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def read_proposals(document: Mapping[str, Any], article: ArticleText, rubric: Rubric, known: Articles) -> tuple[Proposals, dict[str, str]]:
    """Return what of a reply holds, and by item what is wrong with the rest, in words that the model may be shown.

    Parameters
    ----------
    document
        The reply.
    article
        What it speaks of: each quote must stand there.
    rubric, known
        Whose ids are known. A known criterion keeps its own wording.
    """
    faults: dict[str, str] = {}
    causes = tuple(_advice(document, "causes", article, {item.id: item for item in known.causes}, faults))
    steps = tuple(_advice(document, "steps", article, {item.id: item for item in known.steps}, faults))
    supported: dict[str, tuple[Support, ...]] = {}
    new: list[NewCriterion] = []
    for place, item in _items(document, "criteria", faults):
        found = _criterion(place, item, article, rubric, faults)
        if found is None:
            continue
        if found.id in {criterion.id for criterion in rubric.criteria}:
            supported[found.id] = merge((*supported.get(found.id, ()), *found.support))
        else:
            new.append(found)
    return Proposals() + Proposals(known=supported, new=tuple(new), causes=causes, steps=steps), faults


def _items(document: Mapping[str, Any], kind: str, faults: dict[str, str]) -> Iterator[tuple[str, Any]]:
    """Yield name and value of each item of a kind."""
    items = document.get(kind)
    if not isinstance(items, list):
        faults[kind] = f"the reply has no list {kind!r}"
        return
    for place, item in enumerate(items[:MAX_ITEMS], 1):
        named = item.get("id") if isinstance(item, dict) else None
        yield f"{kind}.{identifier(named, frozenset(), 'item') if isinstance(named, str) else place}", item


def _criterion(place: str, item: Any, article: ArticleText, rubric: Rubric, faults: dict[str, str]) -> NewCriterion | None:
    try:
        said = _Criterion.model_validate(item)
    except ValidationError as error:
        faults[place] = _malformed(error)
        return None
    support = _support(said.passages, article)
    if not support:
        faults[place] = _UNSUPPORTED
        return None
    id = identifier(said.id, frozenset(), "criterion")
    made = NewCriterion(
        id=id,
        name=said.name,
        asks=said.asks.strip(),
        when=said.when.strip().rstrip("."),
        section=said.section,
        levels={level.strip(): text.strip() for level, text in said.levels.items()},
        support=support,
        causes=tuple(identifier(cause, frozenset(), "cause") for cause in said.causes),
        steps=tuple(identifier(step, frozenset(), "step") for step in said.steps),
    )
    if all(criterion.id != id for criterion in rubric.criteria) and (wrong := why_unusable(made, rubric)):
        faults[place] = wrong
        return None
    return made


def _advice(
    document: Mapping[str, Any], kind: str, article: ArticleText, known: Mapping[str, Any], faults: dict[str, str]
) -> Iterator[Cause]:
    for place, item in _items(document, kind, faults):
        try:
            said = _Advice.model_validate(item)
        except ValidationError as error:
            faults[place] = _malformed(error)
            continue
        support = _support(said.passages, article)
        if not support:
            faults[place] = _UNSUPPORTED
            continue
        id = identifier(said.id, frozenset(), kind.removesuffix("s"))
        same = known.get(id)
        yield Cause(id=id, name=same.name if same else said.name, says=same.says if same else said.says, support=support)


_UNSUPPORTED: Final = "none of its passages stands in the article word for word"


def _support(passages: Sequence[_Passage], article: ArticleText) -> tuple[Support, ...]:
    """Return the passages that stand in the article."""
    found = [(article.find(item.quote), item.point.strip()[:MAX_POINT]) for item in passages]
    return merge(Support(article=article.id, passage=passage, point=point) for passage, point in found if passage and point)


def _malformed(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    return f"the field {'.'.join(map(str, first['loc']))!r} is missing or has another type"
