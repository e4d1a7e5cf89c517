"""What a report is made of: graded conversations, a period, what was measured and estimated, what is known of the pull."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from clearbar.errors import Rejection
from clearbar.model import Model
from clearbar.transcript import RedactedTranscript
from clearbar.verdict import Audit, GradedBy

__all__ = [
    "ALL_OTHERS",
    "Agreement",
    "Agreements",
    "Difference",
    "Estimate",
    "Period",
    "PullCounts",
    "ReportItem",
    "RunFacts",
    "TeamEstimates",
    "Trust",
]

ALL_OTHERS = "*"
"""Stands for the mean of all other teams; no slug holds this sign."""


class ReportItem(Model):
    """A conversation with what was said of it."""

    transcript: RedactedTranscript
    audit: Audit


class Period(Model):
    """The period a report covers, as it was asked for; null is open."""

    since: datetime | None = None
    """Its first moment."""
    until: datetime | None = None
    """The first moment after it."""


class Estimate(Model):
    """A share (0 to 1) or a mean score (0 to 100), and where the truth may lie."""

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int
    """Conversations it rests on."""
    count: int | None = None
    """How many of them, where it is a plain share."""
    level: float = 0.95
    """How often such an interval holds the truth, by its assumptions."""
    enough: bool = True
    """Whether it is precise enough to be called a figure; else too few were graded to say."""
    corrected: bool = False
    """Whether it was corrected for the grader's measured error."""
    raw: float | None = None
    """The same as it was graded, where it was corrected."""
    note: str = ""
    """What it assumes, in a sentence for people."""


class TeamEstimates(Model):
    """A team's figures."""

    score: Estimate
    """Mean score of a conversation."""
    clears: Estimate
    """Share of conversations above the lowest band."""
    fails: dict[str, Estimate]
    """By criterion: share of conversations at a failing level, of those with a level."""


class Difference(Model):
    """Two teams of which it can be told which does better."""

    better: str
    worse: str
    """Slugs of the two teams; `ALL_OTHERS` is the mean of all teams but the one it is compared with."""
    of: str
    """What differs, for people."""
    p: float
    """Of this comparison alone; it is listed only because it holds when all comparisons are judged at once."""


class Trust(StrEnum):
    """Whether a grader may be believed on a criterion."""

    GO = "go"
    NO_GO = "no_go"
    TOO_FEW = "too_few"
    """Labels are too few to tell; counts as not trusted."""
    UNMEASURED = "unmeasured"


class Agreement(Model):
    """How far a grader agrees with labels on one criterion, beyond chance."""

    n: int
    """Labelled conversations."""
    kappa: float | None
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    trust: Trust
    why: str = ""
    annotators: float | None = None
    """Kappa of those who labelled, among themselves: what a grader can reach."""


class Agreements(Model):
    """How far one grader agrees with one labelled set."""

    graded_by: GradedBy
    grader: str
    labelled_set: str
    """Its name."""
    labelled_by: str
    """Who or what gave the labels, for people."""
    criteria: dict[str, Agreement]


class PullCounts(Model):
    """What became of every record that was pulled, in all teams; the parts add up to `pulled`.

    Grades of an earlier run count as graded: a report is the same whichever run made it.
    """

    pulled: int
    graded: int = 0
    ungraded: int = 0
    duplicate: int = 0
    filtered: int = 0
    rejected: int = 0

    @property
    def close(self) -> bool:
        """Whether the parts add up."""
        return self.pulled == self.graded + self.ungraded + self.duplicate + self.filtered + self.rejected


class RunFacts(Model):
    """What is known of a pull beyond its conversations."""

    counts: PullCounts | None = None
    filtered: dict[str, int] = Field(default_factory=dict)
    """Why records were left out, and how many."""
    rejections: tuple[Rejection, ...] = ()
    why_rules: str | None = None
    """Why rules graded although an LLM may be wanted."""
