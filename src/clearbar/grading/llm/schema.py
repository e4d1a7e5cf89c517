"""The shape of a reply as a strict JSON schema: reason and quotes before the level, each criterion with its own scale's levels."""

from collections.abc import Mapping, Sequence
from typing import Any

from clearbar.rubric import Criterion, Rubric
from clearbar.verdict import NOT_APPLICABLE

__all__ = ["ABSTAIN", "allowed_levels", "exact_object", "reply_schema", "response_format", "shape_in_words", "tool_choice"]

ABSTAIN = "abstain"
"""What the model says in place of a level when the words do not let it tell."""
NAME = "grade"


def exact_object(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of an object with these properties, all of them and no others, as strict schemas demand."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


_QUOTE = exact_object({"turn": {"type": "integer"}, "text": {"type": "string"}})


def allowed_levels(criterion: Criterion, rubric: Rubric) -> tuple[str, ...]:
    """Return what may be said of a criterion; one that always applies is never `not_applicable`."""
    states = (ABSTAIN,) if criterion.applies.always else (NOT_APPLICABLE, ABSTAIN)
    return (*rubric.scale_of(criterion.id).ids, *states)


def reply_schema(rubric: Rubric, asked: Sequence[str]) -> dict[str, Any]:
    """Return the JSON schema of a reply on the criteria `asked`.

    A list of verdicts, with one alternative for each scale that is used: a third of the tokens of an object with a key for
    each criterion, which every request would carry. That each criterion comes once is checked when the reply is read, as it
    has to be anyway for servers that keep to no schema.
    """
    by_scale: dict[str, list[str]] = {}
    for id in asked:
        by_scale.setdefault(rubric.criterion(id).scale, []).append(id)
    kinds = [_verdict(ids, (*rubric.scale_of(ids[0]).ids, NOT_APPLICABLE, ABSTAIN)) for ids in by_scale.values()]
    verdicts = {"type": "array", "items": kinds[0] if len(kinds) == 1 else {"anyOf": kinds}}
    return exact_object({"verdicts": verdicts})


def _verdict(ids: Sequence[str], levels: Sequence[str]) -> dict[str, Any]:
    return exact_object(
        {
            "id": {"type": "string", "enum": list(ids)},
            "why": {"type": "string"},
            "quotes": {"type": "array", "items": _QUOTE},
            "level": {"type": "string", "enum": list(levels)},
        }
    )


def response_format(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the request's `response_format` for a server that keeps to JSON schemas."""
    return {"type": "json_schema", "json_schema": {"name": NAME, "strict": True, "schema": schema}}


def tool_choice(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the request's fields for a server that knows tools but no JSON schemas for replies."""
    function = {"name": NAME, "description": "Hand in the verdicts.", "parameters": schema}
    return {"tools": [{"type": "function", "function": function}], "tool_choice": {"type": "function", "function": {"name": NAME}}}


def shape_in_words(rubric: Rubric, asked: Sequence[str]) -> str:
    """Return the shape of a reply for a prompt, where the server cannot be told a schema."""
    by_levels: dict[str, list[str]] = {}
    for id in asked:
        by_levels.setdefault(" | ".join(allowed_levels(rubric.criterion(id), rubric)), []).append(id)
    one = '{"verdicts": [{"id": "…", "why": "…", "quotes": [{"turn": 0, "text": "…"}], "level": "…"}, …]}'
    return "\n".join([one, *(f"level of {', '.join(ids)}: {levels}" for levels, ids in by_levels.items())])
