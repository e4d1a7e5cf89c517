"""The tables of the reviewers' room: people, who reviews what, disputes, calibration, coaching, notices."""

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text, UniqueConstraint

from clearbar.store.tables import Moment, Name, Number, metadata

__all__ = [
    "assignments",
    "calibration_conversations",
    "calibrations",
    "closings",
    "coaching",
    "disputes",
    "drafts",
    "exclusions",
    "notices",
    "people",
    "refusals",
    "rubric_changes",
    "sign_ins",
]

people = Table(
    "people",
    metadata,
    Column("name", Name, primary_key=True),
    Column("shown", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("password", Text),
    Column("subject", Name, unique=True),
    Column("teams", Text, nullable=False),
    Column("agent", Name),
    Column("active", Boolean, nullable=False),
    Column("made_at", Moment, nullable=False),
)
sign_ins = Table(
    "sign_ins",
    metadata,
    Column("token", Name, primary_key=True),
    Column("person", Name, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("until", Moment, nullable=False),
    Index("sign_ins_person", "person"),
)
"""Sessions by the SHA-256 of their token: whoever reads the store cannot take one over."""
refusals = Table(
    "refusals",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("key", Name, nullable=False),
    Column("at", Moment, nullable=False),
    Index("refusals_key", "key", "at"),
)
"""Failed sign-ins, by name and by address."""

assignments = Table(
    "assignments",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("source", Name, nullable=False),
    Column("id", Name, nullable=False),
    Column("text_hash", Name),
    Column("rubric", Name, nullable=False),
    Column("reviewer", Name, nullable=False),
    Column("mode", Text, nullable=False),
    Column("calibration", Number),
    Column("state", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("ended_at", Moment),
    UniqueConstraint("source", "id", "text_hash", "reviewer", name="assignments_once"),
    Index("assignments_reviewer", "reviewer", "state"),
    Index("assignments_calibration", "calibration"),
)
drafts = Table(
    "drafts",
    metadata,
    Column("assignment", Number, primary_key=True, autoincrement=False),
    Column("criterion", Name, primary_key=True),
    Column("level", Text),
    Column("note", Text, nullable=False),
    Column("spans", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("saved_at", Moment, nullable=False),
)
"""What a reviewer has put down and not yet finished; it becomes a label and goes."""

calibrations = Table(
    "calibrations",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("title", Text, nullable=False),
    Column("expert", Name),
    Column("due", Moment),
    Column("state", Text, nullable=False),
    Column("made_by", Name, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("closed_at", Moment),
)
calibration_conversations = Table(
    "calibration_conversations",
    metadata,
    Column("calibration", Number, primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("source", Name, nullable=False),
    Column("id", Name, nullable=False),
    Column("text_hash", Name),
    Column("rubric", Name, nullable=False),
    Index("calibration_conversations_conversation", "source", "id"),
)

disputes = Table(
    "disputes",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("source", Name, nullable=False),
    Column("id", Name, nullable=False),
    Column("text_hash", Name),
    Column("rubric", Name, nullable=False),
    Column("criterion", Name, nullable=False),
    Column("level", Text, nullable=False),
    Column("proposed", Text, nullable=False),
    Column("team", Name),
    Column("agent", Name),
    Column("by", Name, nullable=False),
    Column("reason", Text, nullable=False),
    Column("passage", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("decided", Text),
    Column("decided_by", Name),
    Column("answer", Text, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("due", Moment, nullable=False),
    Column("decided_at", Moment),
    Index("disputes_conversation", "source", "id"),
    Index("disputes_state", "state"),
)
closings = Table(
    "closings",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("until", Moment, nullable=False),
    Column("by", Name, nullable=False),
    Column("at", Moment, nullable=False),
)
"""Periods that are closed: what people say later of conversations before `until` leaves their reports as they are."""

coaching = Table(
    "coaching",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("team", Name),
    Column("agent", Name),
    Column("criterion", Name, nullable=False),
    Column("step", Text, nullable=False),
    Column("agreed_on", Moment, nullable=False),
    Column("by", Name, nullable=False),
    Column("made_at", Moment, nullable=False),
    Index("coaching_team", "team"),
)
notices = Table(
    "notices",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("person", Name, nullable=False),
    Column("text", Text, nullable=False),
    Column("link", Text, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("read_at", Moment),
    Index("notices_person", "person", "read_at"),
)
exclusions = Table(
    "exclusions",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("field", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("by", Name, nullable=False),
    Column("made_at", Moment, nullable=False),
)
"""Kinds of conversations that are not shown for review: spam, tests, abandoned ones."""
rubric_changes = Table(
    "rubric_changes",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("rubric", Name, nullable=False),
    Column("state", Text, nullable=False),
    Column("author", Name, nullable=False),
    Column("why", Text, nullable=False),
    Column("base_text", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("effective", Moment),
    Column("decided_by", Name),
    Column("answer", Text, nullable=False),
    Column("begun_at", Moment, nullable=False),
    Column("saved_at", Moment, nullable=False),
    Column("decided_at", Moment),
    Column("in_force_at", Moment),
    Index("rubric_changes_state", "state"),
)
"""Edits of rubrics from the first draft to the file, which the last of them wrote; both texts stay for ever."""
