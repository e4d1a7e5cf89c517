"""What a report is made of: graded conversations, a period, what was measured and estimated, what is known of the pull."""

from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from clearbar.errors import Rejection
from clearbar.model import Model
from clearbar.transcript import RedactedTranscript
from clearbar.verdict import Audit, GradedBy

__all__ = [
    "ALL_OTHERS",
    "Agreement",
    "Agreements",
    "Change",
    "Contest",
    "Difference",
    "Estimate",
    "Period",
    "PeriodBefore",
    "PullCounts",
    "ReportItem",
    "Revision",
    "RunFacts",
    "Shift",
    "Step",
    "TeamEstimates",
    "Trust",
    "Watched",
]

ALL_OTHERS = "*"
"""Stands for the mean of all other teams; no slug holds this sign."""


class Contest(Model):
    """A verdict that somebody contested, and what came of it."""

    criterion: str
    state: Literal["open", "overdue", "accepted", "partly", "rejected"]
    """`overdue`: open, and past the day by which it should have been decided."""


class ReportItem(Model):
    """A conversation with what was said of it."""

    transcript: RedactedTranscript
    audit: Audit
    """With what people corrected."""
    graded: Audit | None = None
    """As it was graded before people corrected anything; null where nobody did."""
    uncounted: Audit | None = None
    """As it would be with what people said after its period was closed; null where nobody said anything then."""
    contests: tuple[Contest, ...] = ()


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
    reviewed: int = 0
    """Conversations that were drawn at random and that people reviewed blind."""
    aimed: int = 0
    """Further ones that people reviewed blind without a known chance of having been drawn; they correct no figure of the others."""


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


class Step(Model):
    """A step that was agreed with a team or an agent, and how a criterion stood before and after."""

    criterion: str
    agent: str | None
    """Pseudonym; null where it was agreed with the whole team."""
    step: str
    agreed_on: date
    days: int
    """How far the figures look to either side."""
    before: Estimate
    """Share of conversations at a failing level, of those with a level, as graded."""
    after: Estimate
    difference: tuple[float, float, float] | None = None
    """After less before, with its interval; null where a side is too small."""
    graders_changed: bool = False
    """Whether other graders graded after than before."""


class Shift(Model):
    """By how much a figure moved, in shares (-1 to 1) or points, and where the truth may lie."""

    value: float
    low: float
    high: float


class Change(Model):
    """A figure against the period before, as graded in both, and what the grader explains of the change."""

    of: str
    """`clears`, `score`, or a criterion's id: the share that fails it."""
    before: Estimate
    after: Estimate
    total: Shift
    grader: Shift | None
    """By how much the grader of this period would have moved the figure of the period before; null where nobody can say."""
    rest: Shift | None
    """The agents, or the kind of conversations: all but the grader's part."""
    enough: bool
    """Whether the grader's part is known precisely enough to be told."""
    anchors: int
    """Fixed conversations that the grader's part rests on; 0 where the grader is known to be the same."""
    why_not: str = ""
    """Why the change cannot be taken apart."""
    differs: bool = False
    """Whether the figure changed at all, all changes of the team judged at once (Holm)."""
    rest_differs: bool = False
    """Whether something changed besides the grader, judged likewise."""


class PeriodBefore(Model):
    """How a team stands against the period before."""

    period: Period
    conversations: int
    small: bool = False
    """Whether either period holds too few conversations for figures to be shown."""
    changes: tuple[Change, ...] = ()
    """The share that clears the bar and the score first, then the criteria in the rubric's order."""
    causes: tuple[str, ...] = ()
    """What is known to have changed about the grader, in words."""


class Revision(Model):
    """A later edition of the same report, made because people corrected something."""

    number: int
    """The report as it came out first is 1."""
    on: date
    because: str
    replaced: str
    """SHA-256 of the page that it replaced."""


class Watched(Model):
    """What a fixed set of conversations, graded anew each night, says of a kind of grader."""

    graded_by: GradedBy
    nights: int
    anchors: int
    """Conversations that were graded in the last night."""
    alarm: bool
    """Whether the grader moved; about one false alarm a year is allowed."""
    says: str


class RunFacts(Model):
    """What is known of a pull beyond its conversations."""

    counts: PullCounts | None = None
    filtered: dict[str, int] = Field(default_factory=dict)
    """Why records were left out, and how many."""
    rejections: tuple[Rejection, ...] = ()
    why_rules: str | None = None
    """Why rules graded although an LLM may be wanted."""
    waiting: tuple[str, ...] = ()
    """Records that are dated in the future, a line each: no incremental pull takes them before that day."""
    watched: tuple[Watched, ...] = ()
    """Whether graders moved, for each kind that is watched."""
