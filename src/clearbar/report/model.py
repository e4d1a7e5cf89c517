"""What a team's report says, before it is put into any form. All of it is plain values, so that every form tells the same."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field, InstanceOf

from clearbar.errors import Rejection
from clearbar.model import Model
from clearbar.report.inputs import (
    Agreement,
    Agreements,
    Difference,
    Estimate,
    Period,
    PeriodBefore,
    PullCounts,
    Revision,
    Step,
    Trust,
    Watched,
)
from clearbar.report.rows import PackedRows
from clearbar.rubric import Gate
from clearbar.transcript import Role
from clearbar.verdict import GradedBy, RubricRef, Usage

__all__ = [
    "AdviceReport",
    "AgentReport",
    "AutoFailReport",
    "Citation",
    "Coaching",
    "ConversationReport",
    "CriterionReport",
    "DataQuality",
    "DisputeCounts",
    "GraderUse",
    "HeldBackReport",
    "IndexReport",
    "LevelCount",
    "Quote",
    "Tally",
    "TeamReport",
    "VerdictReport",
]


class Tally(Model):
    """A number with its name."""

    id: str
    name: str
    count: int


class LevelCount(Model):
    """How many conversations were given a level."""

    id: str
    name: str
    count: int
    fails: bool


class CriterionReport(Model):
    """How a team stands on one criterion."""

    id: str
    name: str
    asks: str
    section: str
    weight: float
    gate: Gate | None
    levels: tuple[LevelCount, ...]
    """The lowest first."""
    not_applicable: int
    abstained: int
    failed: int
    """How often the grading itself went wrong."""
    fails: Estimate
    graders: tuple[Tally, ...]
    """Verdicts other than ungraded, by kind of grader."""
    trust: Trust
    """The worst over the kinds of grader that were used here."""
    agreements: tuple[tuple[GradedBy, Agreement], ...]

    @property
    def graded(self) -> int:
        """Conversations with a level."""
        return sum(level.count for level in self.levels)

    @property
    def ungraded(self) -> int:
        """Conversations of which nobody could say."""
        return self.abstained + self.failed

    @property
    def failing(self) -> int:
        """Conversations at a failing level."""
        return sum(level.count for level in self.levels if level.fails)

    def trust_in(self, kind: GradedBy) -> Trust:
        """Return whether one kind of grader may be believed here; people may."""
        if kind is GradedBy.HUMAN:
            return Trust.GO
        return next((agreement.trust for by, agreement in self.agreements if by is kind), Trust.UNMEASURED)

    @property
    def total(self) -> int:
        """All conversations of the team that were asked about."""
        return self.graded + self.not_applicable + self.ungraded


class Quote(Model):
    """Words of a turn with a little of what stands around them."""

    turn: int
    """Number of the turn, from 0."""
    role: Role
    before: str
    words: str
    after: str
    repaired: bool = False


class VerdictReport(Model):
    """A verdict that decided."""

    criterion: str
    name: str
    level: str
    level_name: str
    fails: bool
    graded_by: GradedBy
    trust: Trust
    rationale: str
    quotes: tuple[Quote, ...]
    same_as: str
    """Name of the criterion under which the same words are shown already; empty where there are none."""
    searched: int
    """How many turns were searched in vain, where the verdict rests on an absence."""


class ConversationReport(Model):
    """A conversation that somebody should look at."""

    id: str
    source: str
    url: str | None
    started_at: datetime | None
    channel: str | None
    topic: str | None
    agent: str | None
    """Pseudonym; null where it is hidden."""
    score: float | None
    band: str | None
    why: str
    """Why it is shown."""
    verdicts: tuple[VerdictReport, ...]
    more: int
    """How many deciding verdicts are not shown."""


class AutoFailReport(Model):
    """A critical criterion that conversations failed."""

    criterion: str
    name: str
    scope: Literal["conversation", "section"]
    provisional: int
    """Given by a machine and confirmed by nobody."""
    confirmed: int
    overturned: int
    """Given by a machine and lifted by a person."""
    conversations: tuple[str, ...]
    """Ids of those that stand."""


class Citation(Model):
    """An article."""

    id: str
    author: str
    title: str
    publisher: str
    year: str
    caveat: str


class AdviceReport(Model):
    """A likely cause or a recommended step."""

    id: str
    name: str
    says: str
    articles: tuple[str, ...]
    """Ids of citations."""


class Coaching(Model):
    """A weak criterion, with what the articles say about its causes and about steps against it."""

    criterion: str
    name: str
    asks: str
    fails: Estimate
    trust: Trust
    bar: str
    """What it takes not to fail, in the rubric's words."""
    causes: tuple[AdviceReport, ...]
    steps: tuple[AdviceReport, ...]
    examples: tuple[ConversationReport, ...]
    """Conversations in which it failed, one verdict each."""
    model: ConversationReport | None
    """A conversation of this team in which it was done best."""
    passage: str
    """The rubric's own example of doing it well."""


class AgentReport(Model):
    """How an agent stands. Only conversations that the agent handled alone count."""

    agent: str
    conversations: int
    shared: int
    """Further conversations in which others spoke, too; not counted."""
    score: Estimate
    clears: Estimate
    failing: tuple[Tally, ...]
    """Criteria most often failed, by verdicts that concern this agent in any conversation."""


class GraderUse(Model):
    """A grader that gave verdicts."""

    graded_by: GradedBy
    grader: str
    """Fingerprint."""
    verdicts: int
    """Levels and not applicable."""
    ungraded: int
    """Where it could not say, or failed."""


class DataQuality(Model):
    """What the records held, and what they lacked."""

    turns: int
    without_date: int
    without_times: int
    without_agent: int
    without_agent_turns: int
    transferred: int
    languages: tuple[Tally, ...]
    channels: tuple[Tally, ...]
    redactions: tuple[Tally, ...]


class DisputeCounts(Model):
    """Contested verdicts of a team's conversations, by what came of them."""

    opened: int
    """All of them; the others add up to it."""
    open: int
    overdue: int
    """Open past the day by which they should have been decided, as of the day on which the report was made."""
    accepted: int
    partly: int
    rejected: int


class HeldBackReport(Model):
    """What people said after the period was closed, which changes no figure, and what it would have changed."""

    conversations: int
    verdicts: int
    """Levels that would differ."""
    auto_fails: int
    """By how many the conversations with an auto-fail would change; negative where they would be fewer."""
    score: float | None
    """What the mean score would be, as graded."""
    clears: float | None
    """What the share above the lowest band would be, as graded."""


class TeamReport(Model):
    """All that a team's report says."""

    team: str | None
    slug: str
    """Name of its folder and of its files."""
    period: Period
    first: date | None
    last: date | None
    """Days of the first and the last conversation."""
    conversations: int
    small: bool
    """Whether the team is too small for its figures to be shown."""
    min_group: int
    rubric: RubricRef
    rubric_title: str
    rubric_about: str
    score: Estimate
    clears: Estimate
    reviewed: int
    """Conversations that were drawn at random and that people reviewed blind."""
    aimed: int
    """Further ones that people reviewed blind without a known chance of having been drawn; they correct no figure of the others."""
    bands: tuple[LevelCount, ...]
    """The lowest first, without conversations whose auto-fail nobody has confirmed."""
    provisional: int
    """Conversations in the lowest band with an auto-fail that nobody has confirmed."""
    unscored: int
    by_conversation: tuple[Tally, ...]
    by_verdict: tuple[Tally, ...]
    fallbacks: tuple[Tally, ...]
    """Why verdicts were not given by the grader that was asked first."""
    ungraded: tuple[Tally, ...]
    """Why verdicts are missing."""
    why_rules: str | None
    pull: PullCounts | None
    filtered: tuple[Tally, ...]
    rejections: tuple[Rejection, ...]
    """The first of the records that could not be used; `pull` counts them all."""
    coaching: tuple[Coaching, ...]
    """The weakest criteria, the weakest first."""
    strengths: tuple[str, ...]
    """Ids of the criteria that the team does best."""
    citations: tuple[Citation, ...]
    criteria: tuple[CriterionReport, ...]
    measured: tuple[Agreements, ...]
    watched: tuple[Watched, ...]
    """Whether the kinds of grader that were used here moved."""
    look_at: tuple[ConversationReport, ...]
    look_at_of: int
    """How many there are that deserve a look."""
    exemplary: tuple[ConversationReport, ...]
    auto_fails: tuple[AutoFailReport, ...]
    auto_failed: int
    """Conversations with an auto-fail."""
    auto_failed_confirmed: int
    """Conversations with an auto-fail that a person has confirmed."""
    disputes: DisputeCounts | None
    """Null where the team is too small."""
    held_back: HeldBackReport | None
    """Null where nothing was said after the closing, or the team is too small."""
    revisions: tuple[Revision, ...]
    """Later editions, the newest first."""
    steps: tuple[Step, ...]
    """What was agreed in coaching, the newest first."""
    before: PeriodBefore | None
    """Against the period before; null where this one has no beginning, nothing lies before it, or the team is too small."""
    agents_shown: Literal["pseudonym", "name", "hidden"]
    agents: tuple[AgentReport, ...]
    agents_left_out: int
    """Agents whose group is too small to be shown, or would give a small one away."""
    agent_names: dict[str, str]
    """Names by pseudonym, where they may be shown."""
    quality: DataQuality
    graders: tuple[GraderUse, ...]
    usage: Usage
    """What was paid for these grades, whenever it was."""
    quotes: bool
    """Whether words of conversations may be shown."""
    waiting: tuple[str, ...]
    """Records of the whole pull that are dated in the future."""
    rows: InstanceOf[PackedRows] = Field(exclude=True, repr=False)
    """The conversations themselves, for the tables."""

    @property
    def title(self) -> str:
        """The team's name for people."""
        return self.team or "No team"

    def agent_label(self, agent: str | None) -> str:
        """Return how an agent is called in this report; empty where it is not told."""
        return "" if agent is None else self.agent_names.get(agent, agent)

    def criterion(self, id: str) -> CriterionReport:
        """Return how the team stands on a criterion; KeyError if it is not in the rubric."""
        found = next((item for item in self.criteria if item.id == id), None)
        if found is None:
            raise KeyError(id)
        return found


class IndexReport(Model):
    """What is said over all teams."""

    teams: tuple[TeamReport, ...]
    """In alphabetical order."""
    period: Period
    rubric: RubricRef
    rubric_title: str
    pull: PullCounts | None
    rejections: tuple[Rejection, ...]
    """The first of the records that could not be used."""
    differences: tuple[Difference, ...] | None
    """Pairs of teams that can be told apart; null where nobody tested."""

    @property
    def conversations(self) -> int:
        """Conversations of all teams."""
        return sum(report.conversations for report in self.teams)
