"""What goes into the reviewers' room's part of the store and comes out of it."""

from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

from clearbar.errors import ClearbarError
from clearbar.model import Model

__all__ = [
    "ALL_TEAMS",
    "Assignment",
    "Calibration",
    "ChangeState",
    "Closing",
    "Coaching",
    "Dispute",
    "DisputeState",
    "Draft",
    "Exclusion",
    "Mode",
    "Notice",
    "Person",
    "QueueItem",
    "RefusedError",
    "RubricChange",
    "Span",
    "StaffRole",
    "State",
]

ALL_TEAMS: Final = "*"
"""Among a person's teams: every team, and conversations without one."""
Span = tuple[int, int, int]
"""Turn, start and end in code points."""


class RefusedError(ClearbarError):
    """A change that the store does not make, because something else came first; nothing that was saved is lost.

    Parameters
    ----------
    kind
        What stands in the way.
    what, fix
        As for every error.
    """

    def __init__(self, kind: Literal["missing", "closed", "stale", "incomplete", "seen"], what: str, *, fix: str = "") -> None:
        self.kind = kind
        super().__init__(what, fix=fix)


class StaffRole(StrEnum):
    """What a person is here to do."""

    ADMIN = "admin"
    LEAD = "lead"
    REVIEWER = "reviewer"
    TEAM_LEAD = "team_lead"
    AGENT = "agent"
    AUDITOR = "auditor"
    VIEWER = "viewer"


class Person(Model):
    """Somebody with an account."""

    name: str
    """What they sign in with; stands in labels and in the audit trail."""
    shown: str
    role: StaffRole
    teams: tuple[str, ...] = ()
    """Whose conversations they may see; `*` is all."""
    agent: str | None = None
    """Their own pseudonym, where they are an agent."""
    active: bool = True
    local: bool = False
    """Whether they have a password here."""
    subject: str | None = None
    """Who they are to the identity provider."""
    made_at: datetime


class Mode(StrEnum):
    """How an assignment is graded."""

    BLIND = "blind"
    VERIFY = "verify"
    """The grader's levels are shown; does not count as blind."""


class State(StrEnum):
    """How far an assignment is."""

    OPEN = "open"
    COMMITTED = "committed"
    """The blind levels stand; differences are being looked at."""
    DONE = "done"
    SKIPPED = "skipped"
    CLOSED = "closed"
    """Its calibration session ended first."""


class Assignment(Model):
    """One person's review of one text of a conversation."""

    number: int
    source: str
    id: str
    text_hash: str | None
    """Null once the conversation was erased."""
    rubric: str
    """Full hash of the rubric that it is graded with, whatever becomes of the file meanwhile."""
    reviewer: str
    mode: Mode
    calibration: int | None
    state: State
    why: str
    """Why it was skipped."""
    made_at: datetime
    ended_at: datetime | None


class Draft(Model):
    """What a reviewer has put down for one criterion."""

    criterion: str
    level: str | None = None
    note: str = ""
    spans: tuple[Span, ...] = ()
    version: int = 0
    """Counts saves; a save that names an older one is refused."""


class QueueItem(Model):
    """A sampled conversation, and who has it."""

    source: str
    id: str
    text_hash: str
    rubric: str
    team: str | None
    agents: tuple[str, ...]
    fields: dict[str, str] = {}
    """Declared fields with a plain value, for exclusions."""
    run: str
    taken_by: frozenset[str]
    """Who has it or has had it, skippers included."""
    taken: int
    """How many review it or have done so."""
    done: int


class Calibration(Model):
    """A session in which several people grade the same conversations blind."""

    number: int
    title: str
    expert: str | None
    due: datetime | None
    state: Literal["open", "closed"]
    made_by: str
    made_at: datetime
    closed_at: datetime | None
    conversations: tuple[tuple[str, str, str | None, str], ...] = ()
    """Source, id, text and rubric of each."""


class DisputeState(StrEnum):
    """How a dispute stands."""

    OPEN = "open"
    ACCEPTED = "accepted"
    PARTLY = "partly"
    REJECTED = "rejected"


class Dispute(Model):
    """A verdict that an agent or team lead contests."""

    number: int
    source: str
    id: str
    text_hash: str | None
    rubric: str
    criterion: str
    level: str
    """What is contested."""
    proposed: str
    team: str | None
    agent: str | None
    by: str
    reason: str
    passage: str
    """The words of the conversation that it rests on."""
    state: DisputeState
    decided: str | None
    decided_by: str | None
    answer: str
    made_at: datetime
    due: datetime
    decided_at: datetime | None


class Closing(Model):
    """A period whose numbers stand."""

    number: int
    until: datetime
    by: str
    at: datetime


class Coaching(Model):
    """A step agreed with an agent or a team."""

    number: int
    team: str | None
    agent: str | None
    criterion: str
    step: str
    agreed_on: datetime
    by: str
    made_at: datetime


class Notice(Model):
    """Something a person should know."""

    number: int
    person: str
    text: str
    link: str
    made_at: datetime
    read_at: datetime | None


class Exclusion(Model):
    """A kind of conversation that nobody should grade or review."""

    number: int
    field: str
    """A declared field of conversations, or something that can be counted or found in the turns."""
    value: str
    """What it is, in capitals or not."""
    why: str
    active: bool
    by: str
    made_at: datetime


class ChangeState(StrEnum):
    """How far an edit of a rubric is."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    """Waits for somebody else than its author."""
    APPROVED = "approved"
    """Becomes the file on its day."""
    IN_FORCE = "in_force"
    """Was written into the file."""
    DROPPED = "dropped"


class RubricChange(Model):
    """An edit of a rubric, from the draft to the file."""

    number: int
    rubric: str
    """Name of its file."""
    state: ChangeState
    author: str
    why: str
    base_text: str
    """The file as it was when the draft was begun, or last carried over."""
    body: str
    """The rubric under way as JSON, whether or not it hangs together."""
    text: str
    """The file as it is to be; empty until the edit is sent for approval."""
    version: int
    """Counts saves; what names an older one is refused."""
    effective: datetime | None
    decided_by: str | None
    answer: str
    begun_at: datetime
    saved_at: datetime
    decided_at: datetime | None
    in_force_at: datetime | None
