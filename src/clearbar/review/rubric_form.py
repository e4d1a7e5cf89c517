"""Forms of the rubric desk: what was typed becomes a draft, whether or not it hangs together; and findings beside their fields."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from clearbar.drafting.passages import identifier
from clearbar.lint import Finding
from clearbar.rubric_draft import Body

__all__ = ["Findings", "new_criterion", "place_name", "with_criterion", "with_whole", "without_criterion"]

_FIELD_NAMES: Final = {
    "asks": "question",
    "applies.when": "when it applies",
    "min_agent_turns": "turns of the agent",
    "parts": "long conversations",
}
Form = Mapping[str, str]
Many = Mapping[str, list[str]]


class Findings:
    """What should be mended in a draft, asked for by place.

    Parameters
    ----------
    found
        As `examine` gives them.
    """

    def __init__(self, found: Sequence[Finding]) -> None:
        self.all = tuple(found)

    def at(self, place: str, *, deep: bool = False) -> list[Finding]:
        """Return what was found at a place, or also below it."""
        return [one for one in self.all if one.place == place or (deep and one.place.startswith(f"{place}."))]

    def errors(self, place: str = "") -> int:
        """Return how many errors there are, at or below a place or in all."""
        return sum(one.level == "error" for one in (self.at(place, deep=True) if place else self.all))

    def warnings(self, place: str = "") -> int:
        """Return how many warnings there are, likewise."""
        return len(self.at(place, deep=True) if place else self.all) - self.errors(place)


def place_name(place: str, body: Body) -> str:
    """Return what people call a place: `Courtesy: weight` for `criteria.courtesy.weight`."""
    kind, _, rest = place.partition(".")
    id, _, field = rest.partition(".")
    named = next((str(one.get("name") or id) for one in body.get(kind) or () if isinstance(one, dict) and one.get("id") == id), "")
    words = _FIELD_NAMES.get(field, field if named else place).replace("_", " ").replace(".", " ")
    return f"{named}: {words}" if named and words else named or words


def with_criterion(body: Body, id: str, form: Form, many: Many) -> Body:
    """Return the draft with what was typed into the form of one criterion."""
    return {**body, "criteria": [_criterion(one, body, form, many) if one["id"] == id else one for one in body["criteria"]]}


def without_criterion(body: Body, id: str) -> Body:
    """Return the draft without a criterion."""
    return {**body, "criteria": [one for one in body["criteria"] if one["id"] != id]}


def new_criterion(body: Body, name: str) -> tuple[Body, str]:
    """Return the draft with a further criterion, whose wording is to come, and its id."""
    id = identifier(name, {one["id"] for one in body["criteria"]}, "item")
    like = body["criteria"][-1]
    made = {"id": id, "name": name, "asks": "", "scale": like["scale"], "section": like["section"], "weight": like["weight"], "gate": None}
    made |= {"applies": {"when": "always", "condition": None, "min_agent_turns": None}, "parts": "worst", "notes": [], "examples": []}
    made |= {"levels": dict.fromkeys(_levels(body, like["scale"]), ""), "sources": [], "causes": [], "steps": []}
    made["rules"] = {"decide": [], "otherwise": "abstain", "because": "", "evidence": [], "given": {}, "fitted": ""}
    return {**body, "criteria": [*body["criteria"], made]}, id


def _criterion(before: dict[str, Any], body: Body, form: Form, many: Many) -> dict[str, Any]:
    scale = form.get("scale", before["scale"])
    condition = {"criterion": form["condition"], "levels": many.get("condition_levels", [])} if form.get("condition") else None
    return {
        **before,
        "name": _text(form, "name"),
        "asks": _text(form, "asks"),
        "section": form.get("section", before["section"]),
        "scale": scale,
        "weight": _number(form.get("weight", "")),
        "gate": form.get("gate") or None,
        "parts": form.get("parts", before["parts"]),
        "applies": {"when": _text(form, "when"), "condition": condition, "min_agent_turns": _number(form.get("min_agent_turns", ""))},
        "levels": {level: _text(form, f"level.{level}") for level in _levels(body, scale)},
        "notes": _lines(form.get("notes", "")),
        "examples": _examples(form),
    }


def _examples(form: Form) -> list[dict[str, str]]:
    rows = sorted({int(found[1]) for name in form if (found := re.fullmatch(r"example\.(\d{1,4})\.passage", name))})
    made = [{part: _text(form, f"example.{row}.{part}") for part in ("level", "passage", "why")} for row in rows]
    return [one for one in made if one["passage"]]


def with_whole(body: Body, form: Form) -> Body:
    """Return the draft with what was typed into the form of the whole rubric."""
    return {
        **body,
        "title": _text(form, "title"),
        "version": _text(form, "version"),
        "about": _text(form, "about"),
        "instructions": _lines(form.get("instructions", "")),
        "auto_fail_score": form.get("auto_fail_score", "keep"),
        "min_weight_graded": _number(form.get("min_weight_graded", "")),
        "scales": [_scale(one, form) for one in body["scales"]],
        "sections": _rows(body["sections"], "section", form, {"weight": _number}),
        "bands": _bands(body["bands"], form),
        "limits": _limits(body["limits"], form),
    }


def _scale(before: dict[str, Any], form: Form) -> dict[str, Any]:
    def level(one: dict[str, Any]) -> dict[str, Any]:
        prefix = f"scale.{before['id']}.{one['id']}"
        typed = {"name": _text(form, f"{prefix}.name"), "points": _number(form.get(f"{prefix}.points", ""))}
        return {**one, **typed, "fails": form.get(f"{prefix}.fails") == "yes", "means": _text(form, f"{prefix}.means")}

    return {**before, "levels": [level(one) for one in before["levels"]]}


def _bands(before: list[dict[str, Any]], form: Form) -> list[dict[str, Any]]:
    made = _rows(before, "band", form, {"from_score": _number_or_0, "at_top": _number_or_0, "none_failing": lambda text: text == "yes"})
    return sorted(made, key=lambda one: one["from_score"] if isinstance(one["from_score"], int | float) else math.inf)


def _rows(before: list[dict[str, Any]], kind: str, form: Form, fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return named items: those whose name was emptied are left out, and one with a new name is added."""
    made = []
    for one in [*before, {"id": ""}]:
        name = _text(form, f"{kind}.{one['id']}.name")
        if name:
            id = one["id"] or identifier(name, {item["id"] for item in before}, "item")
            typed = {field: read(form.get(f"{kind}.{one['id']}.{field}", "")) for field, read in fields.items()}
            made.append({**one, "id": id, "name": name, **typed})
    return made


def _limits(before: Mapping[str, Mapping[str, float]], form: Form) -> dict[str, dict[str, Any]]:
    made: dict[str, dict[str, Any]] = {}
    typed = [(channel, name, form.get(f"limit.{channel}.{name}", "")) for channel, limits in before.items() for name in limits]
    typed.append((_slug(form.get("limit_channel", "")), _slug(form.get("limit_name", "")), form.get("limit_value", "")))
    for channel, name, value in typed:
        if channel and name and value.strip():
            made.setdefault(channel, {})[name] = _number(value)
    return made


def _levels(body: Body, scale: str) -> list[str]:
    return [level["id"] for one in body["scales"] if one["id"] == scale for level in one["levels"]]


def _text(form: Form, name: str) -> str:
    return " ".join(form.get(name, "").split())


def _lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def _number(text: str) -> float | int | str | None:
    """Return a number, or what was typed instead of one, so that it is shown again with what is wrong with it."""
    text = text.strip().replace(",", ".")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        return text
    if not math.isfinite(value):
        return f"“{text}”"
    return int(value) if value.is_integer() else value


def _number_or_0(text: str) -> float | int | str:
    return _number(text) or 0


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:60]
