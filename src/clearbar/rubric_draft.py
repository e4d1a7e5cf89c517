"""A rubric while it is being edited: a mapping that need not hang together yet, what is wrong with it, and what was changed."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from clearbar.articles import Articles
from clearbar.lint import Finding, Severity, lint
from clearbar.model import Model
from clearbar.rubric import Rubric

__all__ = ["Body", "Edit", "body_of", "carry_over", "edits", "examine", "next_version"]

Body = dict[str, Any]
"""What `Rubric.model_dump(mode="json")` gives, with whatever a person has typed into it."""
_GONE: Final = object()


class Edit(Model):
    """One thing that was changed."""

    place: str
    """Path of the field, such as `criteria.courtesy.weight`."""
    old: str
    """Empty where it is new."""
    new: str
    """Empty where it was taken out."""


def body_of(rubric: Rubric) -> Body:
    """Return a rubric as a mapping that can be edited."""
    return rubric.model_dump(mode="json")


def examine(body: Body, articles: Articles | None = None) -> tuple[Rubric | None, list[Finding]]:
    """Return the rubric that a body makes, null where it makes none, and what should be mended, by place.

    Parameters
    ----------
    body
        A rubric under way.
    articles
        Where its sources, causes and steps are described, as for `lint`.
    """
    try:
        rubric = Rubric.model_validate(body)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
        return None, [
            Finding(level=Severity.ERROR, place=_place(fault["loc"], body), what=_what(fault["msg"]), fix="mend this field")
            for fault in faults
        ]
    return rubric, [finding for finding in lint(rubric, articles) if finding.place != "status"]


def _what(message: str) -> str:
    return message.removeprefix("Value error, ").replace("Input should be", "should be")


def _place(loc: Sequence[int | str], body: Body) -> str:
    parts, here = list[str](), body
    for part in loc:
        try:
            here = here[part]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            here = {}
        named = here.get("id") if isinstance(part, int) and isinstance(here, dict) else None
        parts.append(str(named or part))
    return ".".join(parts)


def edits(old: Body, new: Body) -> list[Edit]:
    """Return what stands differently in two bodies, field by field; items go by their id, and their order does not count."""
    before, after = dict(_leaves(old)), dict(_leaves(new))
    places = [*before, *(place for place in after if place not in before)]
    found = [Edit(place=place, old=before.get(place, ""), new=after.get(place, "")) for place in places]
    return [edit for edit in found if edit.old != edit.new]


def _leaves(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Yield place and text of every field that says something."""
    keyed = _keyed(value)
    if keyed is not None:
        for key, item in keyed.items():
            yield from _leaves(item, f"{place}.{key}" if place else str(key))
    elif value not in (None, "", False, []):
        yield place, _shown(value)


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return ", ".join(map(_shown, value)) if isinstance(value, list) else str(value)


def _keyed(value: Any) -> Mapping[str, Any] | None:
    """Return mappings, and lists of mappings by the id or place of each item; null for what is one field."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
        return None
    ids = [str(item.get("id")) if "id" in item and "article" not in item else str(place) for place, item in enumerate(value, 1)]
    return dict(zip(ids, value, strict=True)) if len(set(ids)) == len(ids) else None


def carry_over(base: Body, mine: Body, theirs: Body) -> tuple[Body, list[str]]:
    """Lay the edits that lead from `base` to `mine` over `theirs`.

    Returns
    -------
    tuple of Body and list of str
        The body with both, and the places that both changed differently: there `mine` stands.
    """
    clashes: list[str] = []
    return _carried(base, mine, theirs, "", clashes), clashes


def _carried(base: Any, mine: Any, theirs: Any, place: str, clashes: list[str]) -> Any:
    if mine == base:
        return theirs
    if theirs in (base, mine):
        return mine
    parts = [_by_id(one) for one in (base, mine, theirs)]
    if any(part is None for part in parts):
        clashes.append(place)
        return mine
    was, own, other = (part or {} for part in parts)
    made = {}
    for key in [*other, *(key for key in own if key not in other)]:
        one = _carried(was.get(key, _GONE), own.get(key, _GONE), other.get(key, _GONE), f"{place}.{key}" if place else key, clashes)
        if one is not _GONE:
            made[key] = one
    return list(made.values()) if isinstance(mine, list) else made


def _by_id(value: Any) -> Mapping[str, Any] | None:
    """As `_keyed`, but only for what keeps its identity when something is put before it."""
    if isinstance(value, dict):
        return value
    listed = isinstance(value, list) and value and all(isinstance(item, dict) and "id" in item and "article" not in item for item in value)
    return _keyed(value) if listed else None


def next_version(version: str) -> str:
    """Return the version after one: its last number counted up."""
    last = re.search(r"\d{1,9}(?!.*\d)", version)
    return f"{version}.1" if last is None else f"{version[: last.start()]}{int(last[0]) + 1}{version[last.end() :]}"
