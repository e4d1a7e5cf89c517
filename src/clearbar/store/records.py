"""What goes into the store and comes out of it, beyond clearbar's nouns."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from pydantic import Field

from clearbar.model import Model, digest
from clearbar.rubric import Rubric
from clearbar.transcript import Conversation, RedactedTranscript, Turn
from clearbar.verdict import Grade, Usage, Verdict

__all__ = [
    "AuditRef",
    "Counts",
    "Edition",
    "Erased",
    "Item",
    "JournalEntry",
    "Mark",
    "Outcome",
    "Outdated",
    "Published",
    "Recent",
    "Run",
    "Sampled",
    "SourceRef",
    "StoredAudit",
    "StoredConversation",
    "StoredRevision",
    "grading_hash",
]


def grading_hash(rubric: Rubric) -> str:
    """Return the digest of all in a rubric that a grader reads; a rubric that only scores differently has the same."""
    return digest([rubric.prompt_hash, rubric.rules_hash])


class Outcome(StrEnum):
    """What became of a pulled record. Each has exactly one."""

    GRADED = "graded"
    UNGRADED = "ungraded"
    """No grader could say anything of it."""
    REUSED = "reused"
    """Graded in an earlier run; nothing was paid."""
    DUPLICATE = "duplicate"
    FILTERED = "filtered"
    """Outside the period or team asked for, still open, or erased earlier."""
    REJECTED = "rejected"


class Mark(NamedTuple):
    """How far a source has been read: the last record of which all before it are committed."""

    updated_at: datetime
    id: str


class Item(Model):
    """A record that a run pulled, and what became of it; with transcript, grades and verdicts if it got that far."""

    source: str
    """Fingerprint."""
    place: str
    """What tells it from the other records of its source in the same run; saving a place twice counts once."""
    outcome: Outcome
    id: str | None = None
    """The record's id, where it could be read."""
    why: str = ""
    """Reason of anything but `graded` and `reused`; no value from the record."""
    transcript: RedactedTranscript | None = None
    grades: tuple[Grade, ...] = ()
    """What is new; grades that the store gave out need not come back."""
    verdicts: tuple[Verdict, ...] | None = None
    """The composed verdicts of the audit; null where there is none."""
    waiting: bool = False
    """Whether the grader that was asked first was away, so that the conversation waits for it."""
    usage: Usage = Usage()


class Counts(Model):
    """How many of a run's records had each outcome."""

    graded: int = 0
    ungraded: int = 0
    reused: int = 0
    duplicate: int = 0
    filtered: int = 0
    rejected: int = 0

    @property
    def pulled(self) -> int:
        """Their sum: every record that was pulled."""
        return sum(getattr(self, outcome) for outcome in Outcome)


class Run(Model):
    """One audit, check or other piece of work over many conversations."""

    id: str
    kind: str = "audit"
    state: Literal["running", "finished", "failed", "interrupted"] = "running"
    started_at: datetime
    finished_at: datetime | None = None
    rubric: str | None = None
    """Full hash."""
    grading_hash: str | None = None
    asked: str | None = None
    """The grader that was asked for: rules, llm, auto, cascade, with what else tells one way of asking from another."""
    parameters: Mapping[str, Any] = Field(default_factory=dict)
    counts: Counts = Counts()
    why: str = ""
    """Why it failed."""


class StoredConversation(Conversation):
    """A conversation's declared fields as stored, with its redacted turns where they were asked for and still exist."""

    turns: tuple[Turn, ...] = ()
    text_hash: str
    redactions: Mapping[str, int] = Field(default_factory=dict)
    speakers: tuple[str, ...] = ()
    main_agent: str | None = None

    @property
    def agents(self) -> tuple[str, ...]:
        """The agents who speak, in order of their first turn; known without the turns."""
        return self.speakers

    @property
    def agent(self) -> str | None:
        """The agent with the most turns; known without the turns."""
        return self.main_agent


class StoredAudit(Model):
    """The composed verdicts of a conversation; scores are computed from them with a rubric."""

    conversation: StoredConversation
    rubric: str
    """Full hash of the rubric it was made with."""
    grading_hash: str
    asked: str
    verdicts: tuple[Verdict, ...]
    usage: Usage
    run: str
    made_at: datetime


class Recent(NamedTuple):
    """An audited conversation as a count over very many reads it: no verdicts, no models."""

    id: str
    team: str | None
    agents: tuple[str, ...]
    fields: Mapping[str, Any]
    """The declared fields by name, those that it has."""
    turns: Sequence[tuple[str, str]]
    """Role and text; empty where they were not asked for or are gone."""


class AuditRef(NamedTuple):
    """Where an audit stands, without what it says."""

    number: int
    source: str
    id: str
    text_hash: str
    made_at: datetime
    team: str | None
    happened_at: datetime | None


class Sampled(Model):
    """A conversation that a run selected for review, with all that estimation and an auditor need to know of the draw."""

    run: str
    source: str
    id: str
    text_hash: str | None = None
    part: Literal["random", "targeted"] = "random"
    stratum: str = ""
    probability: float | None = Field(default=None, gt=0, le=1)
    """Chance of being selected, known before the draw; null in a targeted part drawn without one."""
    seed: int | None = None
    frame_hash: str = ""
    """Digest of the list that was drawn from."""
    why: str = ""


class Published(Model):
    """A report that lies somewhere as a page or file."""

    path: str
    """Path or URL."""
    team: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    run: str | None = None
    made_at: datetime
    stale: str = ""
    """Why it must be rewritten or removed; empty while it stands."""
    folder: str | None = None
    """Of the edition that it belongs to."""
    marks: int = 0
    """How often it was said that it no longer holds."""


class Edition(Model):
    """How the reports of a folder were made."""

    folder: str
    body: Mapping[str, Any]
    """What was asked for, and what else they say; without names and words of conversations."""
    made_at: datetime


class Outdated(Model):
    """Why a team's report no longer holds."""

    why: str
    marks: int
    """How often that was said."""


class StoredRevision(Model):
    """A team's report that was made anew because people corrected something."""

    folder: str
    slug: str
    revision: int
    """The first report is 1."""
    why: str
    replaced: str
    """SHA-256 of the page that it replaced."""
    marks: int
    """What it takes account of, as `Outdated` counts it."""
    at: datetime


class JournalEntry(Model):
    """One line of the audit trail."""

    at: datetime
    who: str
    action: str
    """view, export, reveal, correct, erase, retain, …"""
    source: str | None = None
    id: str | None = None
    why: str = ""


class SourceRef(Model):
    """Which source a fingerprint stands for."""

    fingerprint: str
    shown: str
    """Name for people, without credentials."""
    kind: str


class Erased(Model):
    """What an erasure did, and what it leaves to do."""

    conversations: int
    """Conversations that were in the store and are gone."""
    reports: tuple[str, ...]
    """Published pages that hold them: rewrite or remove, then `forget_report`."""
    scrubbed: bool
    """Whether the bytes are out of the files too; false where other processes kept the store open: `scrub` again later."""
