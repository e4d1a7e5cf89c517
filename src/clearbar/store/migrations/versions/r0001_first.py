"""Conversations, grades, audits, runs, labels, reports, erasure."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

APPEND_ONLY = ("labels", "journal")
"""Tables whose rows only an erasure may change."""


def upgrade() -> None:
    """Apply."""
    _create_names()
    _create_conversations()
    _create_audits()
    _create_runs()
    _create_labels()
    _create_reports()
    _create_erasure()
    salt = sa.table("facts", sa.column("name", sa.Text), sa.column("value", sa.Text))
    op.bulk_insert(salt, [{"name": "suppression_salt", "value": secrets.token_hex(32)}])
    for table in APPEND_ONLY:
        _refuse_changes(table)


def _create_names() -> None:
    """Create what the store knows of itself, sources, agents and rubrics."""
    op.create_table(
        "facts", sa.Column("name", NAME, nullable=False), sa.Column("value", sa.Text(), nullable=False), sa.PrimaryKeyConstraint("name")
    )
    op.create_table(
        "sources",
        sa.Column("fingerprint", NAME, nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint"),
    )
    op.create_table(
        "agents",
        sa.Column("pseudonym", NAME, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("pseudonym"),
    )
    op.create_table(
        "rubrics",
        sa.Column("hash", NAME, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("hash"),
    )


def _create_conversations() -> None:
    """Create texts, conversations and their versions."""
    op.create_table(
        "texts",
        sa.Column("hash", NAME, nullable=False),
        sa.Column("turns", sa.Text(), nullable=False),
        sa.Column("characters", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("hash"),
    )
    op.create_index("texts_seen_at", "texts", ["seen_at"], unique=False)
    op.create_table(
        "conversations",
        sa.Column("source", NAME, nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("text_hash", NAME, nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=True),
        sa.Column("first_run", NAME, nullable=False),
        sa.Column("last_run", NAME, nullable=False),
        sa.PrimaryKeyConstraint("source", "id"),
    )
    op.create_table(
        "versions",
        sa.Column("source", NAME, nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("text_hash", NAME, nullable=False),
        sa.Column("customer", NAME, nullable=True),
        sa.Column("team", NAME, nullable=True),
        sa.Column("agent", NAME, nullable=True),
        sa.Column("agents", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.Double(), nullable=True),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("run", NAME, nullable=False),
        sa.PrimaryKeyConstraint("source", "id", "text_hash"),
    )
    op.create_index("versions_customer", "versions", ["customer"], unique=False)
    op.create_index("versions_happened_at", "versions", ["happened_at"], unique=False)
    op.create_index("versions_text_hash", "versions", ["text_hash"], unique=False)


def _create_audits() -> None:
    """Create grades and audits."""
    op.create_table(
        "grades",
        sa.Column("key", NAME, nullable=False),
        sa.Column("text_hash", NAME, nullable=False),
        sa.Column("graded_by", sa.Text(), nullable=False),
        sa.Column("grader", sa.Text(), nullable=False),
        sa.Column("verdicts", sa.Text(), nullable=False),
        sa.Column("usage", sa.Text(), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("grades_text_hash", "grades", ["text_hash"], unique=False)
    op.create_table(
        "audits",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("source", NAME, nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("text_hash", NAME, nullable=False),
        sa.Column("grading_hash", NAME, nullable=False),
        sa.Column("asked", NAME, nullable=False),
        sa.Column("rubric", NAME, nullable=False),
        sa.Column("verdicts", sa.Text(), nullable=False),
        sa.Column("usage", sa.Text(), nullable=False),
        sa.Column("run", NAME, nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("source", "id", "text_hash", "grading_hash", "asked", name="audits_identity"),
    )
    op.create_index("audits_made_at", "audits", ["made_at"], unique=False)


def _create_runs() -> None:
    """Create runs, their items and watermarks."""
    op.create_table(
        "runs",
        sa.Column("id", NAME, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", sa.Double(), nullable=False),
        sa.Column("heard_at", sa.Double(), nullable=False),
        sa.Column("finished_at", sa.Double(), nullable=True),
        sa.Column("rubric", NAME, nullable=True),
        sa.Column("grading_hash", NAME, nullable=True),
        sa.Column("asked", NAME, nullable=True),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "run_items",
        sa.Column("run", NAME, nullable=False),
        sa.Column("source", NAME, nullable=False),
        sa.Column("place", NAME, nullable=False),
        sa.Column("id", NAME, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("text_hash", NAME, nullable=True),
        sa.PrimaryKeyConstraint("run", "source", "place"),
    )
    op.create_index("run_items_conversation", "run_items", ["source", "id"], unique=False)
    op.create_table(
        "watermarks",
        sa.Column("source", NAME, nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.PrimaryKeyConstraint("source"),
    )


def _create_labels() -> None:
    """Create labels and samples."""
    op.create_table(
        "labels",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("digest", NAME, nullable=False),
        sa.Column("source", NAME, nullable=True),
        sa.Column("id", NAME, nullable=False),
        sa.Column("text_hash", NAME, nullable=True),
        sa.Column("annotator", NAME, nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("erased", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index("labels_conversation", "labels", ["id", "source"], unique=False)
    op.create_table(
        "samples",
        sa.Column("run", NAME, nullable=False),
        sa.Column("source", NAME, nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("stratum", sa.Text(), nullable=False),
        sa.Column("probability", sa.Double(), nullable=True),
        sa.Column("seed", NUMBER, nullable=True),
        sa.Column("frame_hash", NAME, nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("text_hash", NAME, nullable=True),
        sa.PrimaryKeyConstraint("run", "source", "id"),
    )
    op.create_index("samples_conversation", "samples", ["source", "id"], unique=False)


def _create_reports() -> None:
    """Create the list of published pages."""
    op.create_table(
        "reports",
        sa.Column("path", NAME, nullable=False),
        sa.Column("team", NAME, nullable=True),
        sa.Column("since", sa.Double(), nullable=True),
        sa.Column("until", sa.Double(), nullable=True),
        sa.Column("run", NAME, nullable=True),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("stale", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("path"),
    )
    op.create_table(
        "report_conversations",
        sa.Column("path", NAME, nullable=False),
        sa.Column("source", NAME, nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.PrimaryKeyConstraint("path", "source", "id"),
    )
    op.create_index("report_conversations_conversation", "report_conversations", ["source", "id"], unique=False)


def _create_erasure() -> None:
    """Create tombstones, suppression list and audit trail."""
    op.create_table(
        "tombstones",
        sa.Column("token", NAME, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("token"),
    )
    op.create_table(
        "suppressions",
        sa.Column("kind", NAME, nullable=False),
        sa.Column("digest", NAME, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "digest"),
    )
    op.create_table(
        "journal",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("who", NAME, nullable=False),
        sa.Column("action", NAME, nullable=False),
        sa.Column("source", NAME, nullable=True),
        sa.Column("id", NAME, nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("journal_conversation", "journal", ["source", "id"], unique=False)
    op.create_table("erasing", sa.Column("name", NAME, nullable=False), sa.PrimaryKeyConstraint("name"))


def _refuse_changes(table: str) -> None:
    """Let the database refuse to change or remove rows, except inside the transaction of an erasure."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    if postgresql:
        op.execute(
            f"""CREATE FUNCTION {table}_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF NOT EXISTS (SELECT 1 FROM erasing) THEN RAISE EXCEPTION '{table} are append-only'; END IF;
                RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END; END $$"""  # noqa: S608 - constant names
        )
    for change in ("UPDATE", "DELETE"):
        name = f"{table}_{change.lower()}"
        if postgresql:
            op.execute(f"CREATE TRIGGER {name} BEFORE {change} ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_are_append_only()")
        else:
            op.execute(
                f"""CREATE TRIGGER {name} BEFORE {change} ON {table} WHEN NOT EXISTS (SELECT 1 FROM erasing)
                    BEGIN SELECT RAISE(ABORT, '{table} are append-only'); END"""  # noqa: S608 - constant names
            )
