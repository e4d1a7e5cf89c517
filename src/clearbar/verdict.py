"""What a grader says of one criterion, with its evidence; what it says of a conversation; and what an audit adds up to."""

from enum import StrEnum
from typing import Any, Final, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from clearbar.model import Model, digest
from clearbar.transcript import Turn

__all__ = [
    "ABSTAINED",
    "NOT_APPLICABLE",
    "PASSING",
    "UNGRADED",
    "Audit",
    "AutoFail",
    "Evidence",
    "Failure",
    "Grade",
    "GradeFailure",
    "GradedBy",
    "RubricRef",
    "Usage",
    "Verdict",
    "failed",
    "grade_key",
]

NOT_APPLICABLE: Final = "not_applicable"
"""State: the conversation gave no occasion, by the rubric's words."""
UNGRADED: Final = "ungraded"
"""State: nobody could say, for the reason given."""
ABSTAINED: Final = "abstained"
"""Reason of an ungraded verdict: the grader saw no evidence either way."""

Failure = Literal[
    "unread", "refused", "truncated", "over-long", "timed out", "budget", "unreachable", "evidence", "language", "interrupted"
]


def failed(why: Failure) -> str:
    """Return the reason of an ungraded verdict for a fault of the grading itself."""
    return f"failed:{why}"


PASSING: Final = frozenset(failed(why) for why in ("unread", "truncated", "timed out", "budget", "unreachable", "interrupted"))
"""Failures that are no fault of the conversation; the next run asks again. A model that is mended or replaced reads what it could not."""


class GradedBy(StrEnum):
    """What kind of grader gave a verdict."""

    LLM = "llm"
    RULES = "rules"
    HUMAN = "human"


class _OmitsNone(Model):
    """Leaves its optional fields out of a dump instead of writing null."""

    @model_serializer(mode="wrap")
    def _dump(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        dumped: dict[str, Any] = handler(self)
        return {name: value for name, value in dumped.items() if value is not None}


class Evidence(Model):
    """Words of a turn that a verdict rests on: `turns[turn].text[start:end] == quote`, in code points of the redacted text."""

    turn: int = Field(ge=0)
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    quote: str
    status: Literal["verified", "repaired"] = "verified"
    """`repaired`: the grader's near miss was moved to the exact words."""


class Verdict(_OmitsNone):
    """A level of the criterion's own scale, `not_applicable`, or `ungraded` with a reason."""

    criterion: str
    level: str
    agent: str | None = None
    """Pseudonym of the agent whom the verdict concerns; filled in when an audit is assembled."""
    reason: str | None = None
    """Why it is ungraded: `abstained` or `failed:…`."""
    graded_by: GradedBy
    grader: str
    """Fingerprint of the grader."""
    rationale: str = ""
    evidence: tuple[Evidence, ...] = ()
    searched: tuple[int, ...] | None = None
    """Turns that were searched, where the verdict rests on an absence."""
    fallback_reason: str | None = None
    """Why not the grader that was asked for first."""
    agreement: float | None = None
    """Share of votes for this level, where several were taken."""
    doubt: str | None = None
    """Why a person should look at it: the grader may have been swayed, and by what."""

    @property
    def graded(self) -> bool:
        """Whether it is a level of the scale."""
        return self.level not in {NOT_APPLICABLE, UNGRADED}

    @property
    def failed(self) -> bool:
        """Whether the grading itself went wrong."""
        return self.level == UNGRADED and self.reason != ABSTAINED


class Usage(_OmitsNone):
    """What the calls for a conversation consumed."""

    calls: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    """Null where the model's price is not in the price table."""

    def __add__(self, other: "Usage") -> "Usage":
        """Return the sum; the cost is known if both are, or where one made no call."""
        costs = [usage.cost_usd for usage in (self, other) if usage.calls]
        known = [cost for cost in costs if cost is not None]
        return Usage(
            calls=self.calls + other.calls,
            input_tokens=self.input_tokens + other.input_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cost_usd=sum(known) if costs and len(known) == len(costs) else None,
        )


def grade_key(text_hash: str, grading_hash: str, grader: str, replicate: str = "") -> str:
    """Return the identity of a grade: what was read, by which words, by whom, and which repetition.

    Parameters
    ----------
    text_hash
        Hash of the redacted text.
    grading_hash
        The rubric's prompt hash for an LLM, its rules hash for rules.
    grader
        Fingerprint: model, parameters, endpoint, reply mode and prompt template; or the version of the rules engine and lexicon.
    replicate
        Vote index, stability seed or anchor night; empty for the plain grade.
    """
    return digest([text_hash, grading_hash, grader, replicate])


class Grade(Model):
    """All that one grader said of one conversation, before scoring; what the store keeps by `key` and never pays for again."""

    key: str
    text_hash: str
    graded_by: GradedBy
    grader: str
    verdicts: tuple[Verdict, ...]
    usage: Usage = Usage()

    @property
    def final(self) -> bool:
        """Whether asking again would bring nothing new: no verdict failed for a reason that passes (an outage, a spent budget)."""
        return not any(verdict.reason in PASSING for verdict in self.verdicts)


class GradeFailure(Model):
    """A conversation that a grader could not grade at all; never stored as a grade, so that the next run asks again."""

    text_hash: str
    reason: str
    """`failed:…`"""


class RubricRef(Model):
    """Which rubric an audit was made with."""

    name: str
    version: str
    hash: str


class AutoFail(Model):
    """A critical criterion that failed; provisional until a person confirms it."""

    criterion: str
    provisional: bool


class Audit(Model):
    """A graded conversation; one JSON line of `clearbar grade` is its dump."""

    transcript: str
    """The conversation's id at its source."""
    team: str | None
    agent: str | None
    rubric: RubricRef
    text_hash: str
    score: float | None
    """0 to 100; null where too little was graded."""
    band: str | None
    weight_graded: float
    """Share, by weight, of what applies or may apply that was graded; 0 to 1."""
    auto_fail: tuple[AutoFail, ...]
    verdicts: tuple[Verdict, ...]
    usage: Usage
    turns: tuple[Turn, ...] | None = None
    """The redacted turns, where asked for."""

    @model_serializer(mode="wrap")
    def _dump(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        dumped: dict[str, Any] = handler(self)
        if dumped["turns"] is None:
            del dumped["turns"]
        return dumped
