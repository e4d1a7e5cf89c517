"""The rubric: the only place where a criterion is worded, scaled, weighed, gated and told how to be found.

A rubric is a YAML file. The prompt, the rules engine, the reply check, the report's sentences, the reviewer's page and
the docs all read it; nothing in the code knows a criterion by name. Four digests pin what depends on it: `prompt_hash`
(what an LLM reads), `rules_hash` (what the rules read), `scoring_hash` (applied when a grade is read, so that a new
weight costs no new grade) and `full_hash`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from clearbar.model import Model, digest

__all__ = [
    "Applies",
    "Band",
    "Criterion",
    "Decision",
    "Example",
    "Fault",
    "Gate",
    "Id",
    "Level",
    "Rubric",
    "Rules",
    "Scale",
    "Section",
    "SourcePoint",
    "Tally",
    "raise_faults",
]

RESERVED: Final = frozenset({"abstain", "na", "not_applicable", "ungraded"})
"""Words for states of a verdict that no level may take."""
Id = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)
Points = Annotated[int, Field(ge=-9, le=9)]


Fault = tuple[tuple[int | str, ...], str]
"""Where, as a path of keys and positions, and what."""


def raise_faults(title: str, faults: Iterable[Fault]) -> None:
    """Raise all faults of a model as one ValidationError, each at its own place; nothing if there is none."""
    details = [InitErrorDetails(type=PydanticCustomError("fault", "{what}", {"what": what}), loc=loc, input=None) for loc, what in faults]
    if details:
        raise ValidationError.from_exception_data(title, details, hide_input=True)


class Gate(StrEnum):
    """What a criterion at a failing level does beyond its points."""

    CONVERSATION = "conversation"
    """Critical: the conversation auto-fails."""
    SECTION = "section"
    """Critical for its section: the section's points become 0."""
    BAND = "band"
    """No auto-fail, but the conversation falls to the lowest band."""


class Level(Model):
    """One step of a scale."""

    id: str = Id
    name: str
    points: float = Field(ge=0, le=100)
    fails: bool = False
    """Whether this level counts as under the bar: it trips a gate and enters the share `below`."""
    means: str = ""
    """What the level means on any criterion."""


class Scale(Model):
    """Ordered levels, the lowest first."""

    id: str = Id
    levels: tuple[Level, ...] = Field(min_length=2)

    @property
    def ids(self) -> tuple[str, ...]:
        """The levels' ids, the lowest first."""
        return tuple(level.id for level in self.levels)


class Section(Model):
    """A group of criteria that are shown, and may be weighed, together."""

    id: str = Id
    name: str
    weight: float | None = Field(default=None, gt=0)
    """Where any section has a weight, the score is the weighted mean of the sections' scores."""


class Condition(Model):
    """A criterion that applies only if another one was given one of these levels."""

    criterion: str
    levels: tuple[str, ...] = Field(min_length=1)


class Applies(Model):
    """When a criterion applies; otherwise it is `not_applicable` and leaves numerator and denominator."""

    when: str
    """In words, for prompt and people; `always` where there is no condition."""
    condition: Condition | None = None
    min_agent_turns: int | None = Field(default=None, ge=1)

    @property
    def always(self) -> bool:
        """Whether there is no condition at all."""
        return self.when == "always" and self.condition is None and self.min_agent_turns is None


class Example(Model):
    """A short passage, written by the project, that shows a level."""

    level: str
    """A level's id or `not_applicable`."""
    passage: str
    why: str


class SourcePoint(Model):
    """A point of an article on which a criterion rests."""

    article: str
    """Id of the article in `sources.yaml`."""
    point: str
    """What this criterion takes from it, in the project's own words."""
    id: str | None = None
    """Id of the article's point in `sources.yaml`, where it is listed there."""


class Decision(Model):
    """If `when` holds over the signals, the level is `level`."""

    level: str
    """A level's id, `not_applicable`, or `abstain`."""
    when: str
    """A condition over named signals, as docs/rules.md tells: names, numbers, comparisons, `and`, `or`, `not`."""
    because: str
    """One sentence for the person who reads the verdict."""
    evidence: tuple[str, ...] = ()
    """Signals whose hits are quoted; those of the condition where none are named."""
    searched: Literal["agent", "customer", "all"] | None = None
    """Whose turns were searched, where the decision rests on an absence."""

    @property
    def names(self) -> frozenset[str]:
        """Words of the condition, names among them."""
        return frozenset(re.findall(r"[a-z_]\w*", self.when))


class Rules(Model):
    """How the deterministic grader decides; the first decision that holds wins, and none means `otherwise`."""

    decide: tuple[Decision, ...] = ()
    otherwise: str = "abstain"
    """`abstain`, `not_applicable`, or a level's id."""
    because: str = ""
    """One sentence for the person who reads a verdict of `otherwise`."""
    evidence: tuple[str, ...] = ()
    """Signals that are quoted where `otherwise` is a level."""
    given: dict[str, float] = {}
    """Figures that the conditions call by name, so that they can be refitted."""
    fitted: str = ""
    """On what, and when, the figures were fitted; empty where a person set them."""


class Tally(Model):
    """How many of several signals show at all: a scorecard in which each weighs the same, or has points of its own."""

    about: str
    """What they have in common; for people."""
    of: Annotated[tuple[str, ...], Field(min_length=1)] | Annotated[dict[str, Points], Field(min_length=1)]
    """Signals or groups of the lexicon. In a list, one that shows counts 1, however often it does; with points, these."""
    chosen: str = ""
    """How they were chosen, on what, and when."""

    @property
    def points(self) -> dict[str, int]:
        """What each signal counts if it shows."""
        return self.of if isinstance(self.of, dict) else dict.fromkeys(self.of, 1)

    @property
    def told(self) -> str:
        """What it counts, for people: `hold, gratitude -1`."""
        return ", ".join(name if points == 1 else f"{name} {points:+d}" for name, points in self.points.items())


class Criterion(Model):
    """One question about a conversation."""

    id: str = Id
    name: str
    asks: str
    """The question, as it is put to graders and people."""
    scale: str
    section: str
    weight: float = Field(gt=0)
    gate: Gate | None = None
    applies: Applies
    levels: dict[str, str]
    """What each level of the scale means here, by level id."""
    parts: Literal["worst", "best", "last"] = "worst"
    """Which part's level holds where a conversation is too long to be read at once: what any part failed, what any part
    reached, or how it stood in the last part that says something."""
    notes: tuple[str, ...] = ()
    """Advice for the cases on which careful readers hesitate."""
    examples: tuple[Example, ...] = ()
    sources: tuple[SourcePoint, ...] = ()
    causes: tuple[str, ...] = ()
    """Ids of root causes in `sources.yaml` to which weakness here points."""
    steps: tuple[str, ...] = ()
    """Ids of recommended steps in `sources.yaml`."""
    rules: Rules = Rules()


class Band(Model):
    """A name for a range of scores; the highest band whose conditions all hold is taken."""

    id: str = Id
    name: str
    from_score: float = Field(default=0.0, ge=0, le=100)
    none_failing: bool = False
    """No criterion may be at a failing level."""
    at_top: int = Field(default=0, ge=0)
    """At least so many criteria at the top level of their scale."""


class Rubric(Model):
    """Criteria with their scales, sections, gates and bands."""

    name: str = Id
    version: str
    title: str
    language: str = "en"
    status: Literal["approved", "draft"] = "approved"
    """Nothing grades with a draft."""
    about: str
    """What the rubric is for; for people."""
    instructions: tuple[str, ...] = ()
    """What every grader must keep to, one sentence each."""
    scales: tuple[Scale, ...] = Field(min_length=1)
    sections: tuple[Section, ...] = Field(min_length=1)
    criteria: tuple[Criterion, ...] = Field(min_length=1)
    bands: tuple[Band, ...] = Field(min_length=1)
    """The lowest first; a failed gate means the first."""
    auto_fail_score: Literal["keep", "zero"] = "keep"
    """What a conversation-wide auto-fail does to the score."""
    min_weight_graded: float = Field(default=0.5, ge=0, le=1)
    """Below this share of graded weight there is no score."""
    limits: dict[str, dict[str, float]] = {}
    """Figures that rules and prompt share, by channel: for example `chat: {gap_seconds: 180}`."""
    tallies: dict[str, Tally] = {}
    """Scorecards that the conditions of the rules call by name."""

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        raise_faults(type(self).__name__, _faults(self))
        return self

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy that does not inherit the digests and indexes computed of the original."""
        copied = super().model_copy(update=update, deep=deep)
        for name in set(copied.__dict__).difference(type(self).model_fields):
            del copied.__dict__[name]
        return copied

    def criterion(self, id: str) -> Criterion:
        """Return the criterion with this id; KeyError if there is none."""
        return self._by_id[id]

    def scale_of(self, criterion: str) -> Scale:
        """Return the scale of a criterion."""
        return self._scales[self._by_id[criterion].scale]

    def level(self, criterion: str, level: str) -> Level:
        """Return a level of a criterion's scale; KeyError if it has none of that id."""
        return self._levels[criterion, level]

    def rank(self, criterion: str, level: str) -> int:
        """Return the place of a level on its criterion's scale, the lowest 0."""
        return self.scale_of(criterion).ids.index(level)

    @cached_property
    def _by_id(self) -> dict[str, Criterion]:
        return {criterion.id: criterion for criterion in self.criteria}

    @cached_property
    def _scales(self) -> dict[str, Scale]:
        return {scale.id: scale for scale in self.scales}

    @cached_property
    def _levels(self) -> dict[tuple[str, str], Level]:
        return {(criterion.id, level.id): level for criterion in self.criteria for level in self._scales[criterion.scale].levels}

    @cached_property
    def prompt_view(self) -> dict[str, Any]:
        """All that an LLM may read of the rubric; a prompt that is rendered from it alone changes if and only if `prompt_hash` does."""
        return {
            "title": self.title,
            "instructions": list(self.instructions),
            "limits": self.limits,
            "scales": {scale.id: [level.model_dump(include={"id", "means"}) for level in scale.levels] for scale in self.scales},
            "criteria": [criterion.model_dump(mode="json", include=_PROMPT_FIELDS) for criterion in self.criteria],
        }

    @cached_property
    def rules_view(self) -> dict[str, Any]:
        """All that the rules may read of the rubric, in an order that does not depend on the file's."""
        return {
            "limits": self.limits,
            "tallies": {name: tally.model_dump(mode="json")["of"] for name, tally in self.tallies.items()},
            "scales": {scale.id: list(scale.ids) for scale in self.scales},
            "criteria": {criterion.id: criterion.model_dump(mode="json", include=_RULES_FIELDS) for criterion in self.criteria},
        }

    @cached_property
    def scoring_view(self) -> dict[str, Any]:
        """All that the score depends on besides verdicts, in an order that does not depend on the file's."""
        return {
            "scales": {scale.id: [level.model_dump(include={"id", "points", "fails"}) for level in scale.levels] for scale in self.scales},
            "sections": {section.id: section.weight for section in self.sections},
            "criteria": {criterion.id: criterion.model_dump(mode="json", include=_SCORING_FIELDS) for criterion in self.criteria},
            "bands": [band.model_dump(exclude={"name"}) for band in self.bands],
            "auto_fail_score": self.auto_fail_score,
            "min_weight_graded": self.min_weight_graded,
        }

    @cached_property
    def prompt_hash(self) -> str:
        """Digest of what an LLM reads."""
        return digest(self.prompt_view)

    @cached_property
    def rules_hash(self) -> str:
        """Digest of what the rules read; the lexicon's own digest is part of the rules grader's fingerprint."""
        return digest(self.rules_view)

    @cached_property
    def scoring_hash(self) -> str:
        """Digest of points, weights, gates, bands, and the conditions that make a criterion apply."""
        return digest(self.scoring_view)

    @cached_property
    def full_hash(self) -> str:
        """Digest of the whole rubric, so far as it says more than the defaults: a field that a later version adds changes no rubric."""
        return digest(self.model_dump(mode="json", exclude_defaults=True))


_PROMPT_FIELDS: Any = {"id": True, "asks": True, "scale": True, "applies": {"when"}, "levels": True, "notes": True, "examples": True}
_RULES_FIELDS: Any = {"scale": True, "applies": {"min_agent_turns"}, "rules": True}
_SCORING_FIELDS: Any = {"scale": True, "section": True, "weight": True, "gate": True, "applies": {"condition"}}  # applied to verdicts


def _faults(rubric: Rubric) -> Iterator[Fault]:
    """Yield what does not hang together."""
    for kind in ("scales", "sections", "criteria", "bands"):
        yield from _repeats(kind, [item.id for item in getattr(rubric, kind)])
    for place, scale in enumerate(rubric.scales):
        for fault in _scale_faults(scale):
            yield ("scales", place, "levels"), fault
    for place, criterion in enumerate(rubric.criteria):
        for key, fault in _criterion_faults(criterion, rubric):
            yield ("criteria", place, key), fault


def _repeats(kind: str, ids: Sequence[str]) -> Iterator[Fault]:
    for place, id in enumerate(ids):
        if id in ids[:place]:
            yield (kind, place, "id"), f"{id!r} stands twice; ids must differ"


def _scale_faults(scale: Scale) -> Iterator[str]:
    if len(set(scale.ids)) < len(scale.ids):
        yield "a level's id stands twice; ids must differ"
    if reserved := RESERVED.intersection(scale.ids):
        yield f"{min(reserved)!r} is a state of every verdict, not a level; leave it out"
    points = [level.points for level in scale.levels]
    if points != sorted(points):
        yield f"the lowest level comes first, but the points are {', '.join(f'{value:g}' for value in points)}"
    fails = [level.fails for level in scale.levels]
    if fails != sorted(fails, reverse=True):
        yield "a level that fails stands above one that does not"


def _criterion_faults(criterion: Criterion, rubric: Rubric) -> Iterator[tuple[str, str]]:
    scales = {scale.id: scale for scale in rubric.scales}
    sections = [section.id for section in rubric.sections]
    if criterion.section not in sections:
        yield "section", f"there is no section {criterion.section!r}; sections: {', '.join(sections)}"
    if criterion.scale not in scales:
        yield "scale", f"there is no scale {criterion.scale!r}; scales: {', '.join(scales)}"
        return
    levels = scales[criterion.scale].ids
    if set(criterion.levels) != set(levels):
        yield "levels", f"must word exactly the levels of scale {criterion.scale!r}: {', '.join(levels)}"
    states = (*levels, "not_applicable")
    for kind, named in (("examples", criterion.examples), ("rules", criterion.rules.decide)):
        for item in named:
            if item.level not in states and not (kind == "rules" and item.level == "abstain"):
                yield kind, f"{item.level!r} is no level of scale {criterion.scale!r}; levels: {', '.join(states)}"
    if criterion.rules.otherwise not in {*states, "abstain"}:
        yield "rules", f"otherwise: {criterion.rules.otherwise!r} is neither 'abstain' nor a level; levels: {', '.join(states)}"
    for fault in _condition_faults(criterion, rubric.criteria, scales):
        yield "applies", fault


def _condition_faults(criterion: Criterion, criteria: Sequence[Criterion], scales: Mapping[str, Scale]) -> Iterator[str]:
    condition = criterion.applies.condition
    if condition is None:
        return
    other = next((item for item in criteria if item.id == condition.criterion and item is not criterion), None)
    if other is None:
        yield f"condition: there is no other criterion {condition.criterion!r}"
    elif other.scale in scales and (unknown := set(condition.levels).difference(scales[other.scale].ids, ["not_applicable"])):
        yield f"condition: {other.id!r} has no level {min(unknown)!r}; levels: {', '.join(scales[other.scale].ids)}"
