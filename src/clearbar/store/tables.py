"""The tables, as the newest migration leaves them; a test compares the two.

Times are seconds since 1970 in UTC. JSON is text, so that a store can be read with any SQLite or PostgreSQL client, and so
that a search for a customer's words in the file means something.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Double,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

__all__ = [
    "Moment",
    "Name",
    "Number",
    "agents",
    "audits",
    "aware",
    "batch_jobs",
    "budgets",
    "claims",
    "conversations",
    "editions",
    "erasing",
    "facts",
    "grades",
    "journal",
    "labels",
    "metadata",
    "rates",
    "replies",
    "report_conversations",
    "reports",
    "revisions",
    "rubrics",
    "run_items",
    "runs",
    "samples",
    "sources",
    "suppressions",
    "texts",
    "tombstones",
    "versions",
    "watermarks",
]


def aware(moment: datetime) -> datetime:
    """Return a moment with its zone; without one it is taken as UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Moment(TypeDecorator[datetime]):
    """A point in time as seconds since 1970."""

    impl = Double
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """Return seconds."""
        return None if value is None else aware(value).timestamp()

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return a moment in UTC."""
        return None if value is None else datetime.fromtimestamp(value, UTC)


Name = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that sorts by code point on every engine, whatever the server's locale."""
Number = BigInteger().with_variant(Integer(), "sqlite")
"""An integer that SQLite counts up by itself when it is the primary key."""

metadata = MetaData()

facts = Table("facts", metadata, Column("name", Name, primary_key=True), Column("value", Text, nullable=False))
"""What the store knows of itself, such as the salt of its suppression list."""

sources = Table(
    "sources",
    metadata,
    Column("fingerprint", Name, primary_key=True),
    Column("shown", Text, nullable=False),
    Column("kind", Text, nullable=False),
)
agents = Table("agents", metadata, Column("pseudonym", Name, primary_key=True), Column("name", Text, nullable=False))
rubrics = Table(
    "rubrics",
    metadata,
    Column("hash", Name, primary_key=True),
    Column("name", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("body", Text, nullable=False),
)

texts = Table(
    "texts",
    metadata,
    Column("hash", Name, primary_key=True),
    Column("turns", Text, nullable=False),
    Column("characters", Integer, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Index("texts_seen_at", "seen_at"),
)
"""Redacted turns, never changed: `[[role, text, time, which agent]…]`, agents by order of appearance (see `versions.agents`)."""

conversations = Table(
    "conversations",
    metadata,
    Column("source", Name, primary_key=True),
    Column("id", Name, primary_key=True),
    Column("text_hash", Name, nullable=False),
    Column("updated_at", Moment),
    Column("first_run", Name, nullable=False),
    Column("last_run", Name, nullable=False),
)
"""Which text of a conversation is the current one."""

versions = Table(
    "versions",
    metadata,
    Column("source", Name, primary_key=True),
    Column("id", Name, primary_key=True),
    Column("text_hash", Name, primary_key=True),
    Column("customer", Name),
    Column("team", Name),
    Column("agent", Name),
    Column("agents", Text, nullable=False),
    Column("happened_at", Moment),
    Column("fields", Text, nullable=False),
    Column("run", Name, nullable=False),
    Index("versions_customer", "customer"),
    Index("versions_text_hash", "text_hash"),
    Index("versions_happened_at", "happened_at"),
)
"""The declared fields of a conversation beside each text that it has had."""

grades = Table(
    "grades",
    metadata,
    Column("key", Name, primary_key=True),
    Column("text_hash", Name, nullable=False),
    Column("graded_by", Text, nullable=False),
    Column("grader", Text, nullable=False),
    Column("verdicts", Text, nullable=False),
    Column("usage", Text, nullable=False),
    Column("made_at", Moment, nullable=False),
    Index("grades_text_hash", "text_hash"),
)
audits = Table(
    "audits",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("source", Name, nullable=False),
    Column("id", Name, nullable=False),
    Column("text_hash", Name, nullable=False),
    Column("grading_hash", Name, nullable=False),
    Column("asked", Name, nullable=False),
    Column("rubric", Name, nullable=False),
    Column("verdicts", Text, nullable=False),
    Column("usage", Text, nullable=False),
    Column("run", Name, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("waiting", Integer, nullable=False, server_default="0"),
    UniqueConstraint("source", "id", "text_hash", "grading_hash", "asked", name="audits_identity"),
    Index("audits_made_at", "made_at"),
    Index("audits_waiting", "grading_hash", "made_at", sqlite_where=text("waiting = 1"), postgresql_where=text("waiting = 1")),
)
"""Composed verdicts. Scores are not here: they are computed with the rubric on reading. `waiting` is 1 where the grader that was asked
first was away; an index holds those alone."""

runs = Table(
    "runs",
    metadata,
    Column("id", Name, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("heard_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("rubric", Name),
    Column("grading_hash", Name),
    Column("asked", Name),
    Column("parameters", Text, nullable=False),
    Column("counts", Text, nullable=False),
    Column("why", Text, nullable=False),
)
run_items = Table(
    "run_items",
    metadata,
    Column("run", Name, primary_key=True),
    Column("source", Name, primary_key=True),
    Column("place", Name, primary_key=True),
    Column("id", Name),
    Column("outcome", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("text_hash", Name),
    Index("run_items_conversation", "source", "id"),
)
"""One row for each record that a run pulled, so that its counts can be told and checked."""

watermarks = Table(
    "watermarks",
    metadata,
    Column("source", Name, primary_key=True),
    Column("updated_at", Moment, nullable=False),
    Column("id", Name, nullable=False),
)

labels = Table(
    "labels",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("digest", Name, nullable=False, unique=True),
    Column("source", Name),
    Column("id", Name, nullable=False),
    Column("text_hash", Name),
    Column("annotator", Name),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("erased", Boolean, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Index("labels_conversation", "id", "source"),
)
"""Append-only: a trigger refuses changes outside an erasure."""

samples = Table(
    "samples",
    metadata,
    Column("run", Name, primary_key=True),
    Column("source", Name, primary_key=True),
    Column("id", Name, primary_key=True),
    Column("part", Text, nullable=False),
    Column("stratum", Text, nullable=False),
    Column("probability", Double),
    Column("seed", Number),
    Column("frame_hash", Name, nullable=False),
    Column("why", Text, nullable=False),
    Column("text_hash", Name),
    Index("samples_conversation", "source", "id"),
)

reports = Table(
    "reports",
    metadata,
    Column("path", Name, primary_key=True),
    Column("team", Name),
    Column("since", Moment),
    Column("until", Moment),
    Column("run", Name),
    Column("made_at", Moment, nullable=False),
    Column("stale", Text, nullable=False),
    Column("folder", Name),
    Column("marks", Integer, nullable=False, server_default="0"),
    Index("reports_folder", "folder"),
)
"""Published pages; `stale` says why one must be rewritten or removed, `marks` counts how often that was said."""
editions = Table(
    "editions",
    metadata,
    Column("folder", Name, primary_key=True),
    Column("body", Text, nullable=False),
    Column("made_at", Moment, nullable=False),
)
"""What was asked for when the reports of a folder were made, so that they can be made again."""
revisions = Table(
    "revisions",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("folder", Name, nullable=False),
    Column("slug", Name, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("why", Text, nullable=False),
    Column("replaced", Text, nullable=False),
    Column("marks", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    UniqueConstraint("folder", "slug", "revision", name="revisions_once"),
)
"""Which reports were made anew because people corrected something, why, and what they replaced."""
report_conversations = Table(
    "report_conversations",
    metadata,
    Column("path", Name, primary_key=True),
    Column("source", Name, primary_key=True),
    Column("id", Name, primary_key=True),
    Index("report_conversations_conversation", "source", "id"),
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("token", Name, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
)
"""Stands in runs, samples and labels for a conversation that was erased."""
suppressions = Table(
    "suppressions",
    metadata,
    Column("kind", Name, primary_key=True),
    Column("digest", Name, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("why", Text, nullable=False),
)
"""Salted digests of conversations, customers and texts that must not come back."""

journal = Table(
    "journal",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("who", Name, nullable=False),
    Column("action", Name, nullable=False),
    Column("source", Name),
    Column("id", Name),
    Column("why", Text, nullable=False),
    Index("journal_conversation", "source", "id"),
)
"""The audit trail: who looked at, changed, exported or erased what. Append-only, as labels are."""

erasing = Table("erasing", metadata, Column("name", Name, primary_key=True))
"""Holds a row only inside the transaction of an erasure, which the append-only triggers then let pass."""

replies = Table(
    "replies",
    metadata,
    Column("grade_key", Name, primary_key=True),
    Column("request", Name, primary_key=True),
    Column("text_hash", Name, nullable=False),
    Column("grader", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("system_fingerprint", Text),
    Column("content", Text, nullable=False),
    Column("refusal", Text, nullable=False),
    Column("finish_reason", Text),
    Column("usage", Text, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("at", Moment, nullable=False),
    Index("replies_text_hash", "text_hash"),
    Index("replies_at", "at"),
)
"""What an LLM answered, word for word, so that a better reader costs nothing."""
claims = Table(
    "claims",
    metadata,
    Column("key", Name, primary_key=True),
    Column("holder", Name, nullable=False),
    Column("until", Double, nullable=False),
)
budgets = Table(
    "budgets",
    metadata,
    Column("name", Name, primary_key=True),
    Column("calls", Number, nullable=False),
    Column("tokens", Number, nullable=False),
    Column("usd", Double, nullable=False),
)
rates = Table(
    "rates",
    metadata,
    Column("bucket", Name, primary_key=True),
    Column("requests", Double, nullable=False),
    Column("tokens", Double, nullable=False),
)
"""Theoretical arrival times of the generic cell rate algorithm."""
batch_jobs = Table(
    "batch_jobs",
    metadata,
    Column("id", Name, primary_key=True),
    Column("grader", Name, nullable=False),
    Column("state", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", Moment, nullable=False),
)
