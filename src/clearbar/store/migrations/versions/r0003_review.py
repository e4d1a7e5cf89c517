"""The reviewers' room: people, assignments, drafts, calibration, disputes, coaching, notices, exclusions."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    _create_people()
    _create_reviews()
    _create_sessions()
    _create_disputes()


def _create_people() -> None:
    """Create people, their sessions and what they are told."""
    op.create_table(
        "people",
        sa.Column("name", NAME, nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("password", sa.Text(), nullable=True),
        sa.Column("subject", NAME, nullable=True),
        sa.Column("teams", sa.Text(), nullable=False),
        sa.Column("agent", NAME, nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        sa.UniqueConstraint("subject"),
    )
    op.create_table(
        "sign_ins",
        sa.Column("token", NAME, nullable=False),
        sa.Column("person", NAME, nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("token"),
    )
    op.create_index("sign_ins_person", "sign_ins", ["person"], unique=False)
    op.create_table(
        "refusals",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("key", NAME, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("refusals_key", "refusals", ["key", "at"], unique=False)
    op.create_table(
        "notices",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("person", NAME, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("read_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("notices_person", "notices", ["person", "read_at"], unique=False)


def _create_reviews() -> None:
    """Create who reviews what."""
    op.create_table(
        "assignments",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("source", NAME, nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("text_hash", NAME, nullable=True),
        sa.Column("rubric", NAME, nullable=False),
        sa.Column("reviewer", NAME, nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("calibration", NUMBER, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("source", "id", "text_hash", "reviewer", name="assignments_once"),
    )
    op.create_index("assignments_calibration", "assignments", ["calibration"], unique=False)
    op.create_index("assignments_reviewer", "assignments", ["reviewer", "state"], unique=False)
    op.create_table(
        "drafts",
        sa.Column("assignment", NUMBER, autoincrement=False, nullable=False),
        sa.Column("criterion", NAME, nullable=False),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("spans", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("assignment", "criterion"),
    )
    op.create_table(
        "exclusions",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("by", NAME, nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )


def _create_sessions() -> None:
    """Create calibration sessions and the coaching log."""
    op.create_table(
        "calibrations",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("expert", NAME, nullable=True),
        sa.Column("due", sa.Double(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("made_by", NAME, nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("closed_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "calibration_conversations",
        sa.Column("calibration", NUMBER, autoincrement=False, nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", NAME, nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("text_hash", NAME, nullable=True),
        sa.Column("rubric", NAME, nullable=False),
        sa.PrimaryKeyConstraint("calibration", "place"),
    )
    op.create_index("calibration_conversations_conversation", "calibration_conversations", ["source", "id"], unique=False)
    op.create_table(
        "coaching",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("team", NAME, nullable=True),
        sa.Column("agent", NAME, nullable=True),
        sa.Column("criterion", NAME, nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("agreed_on", sa.Double(), nullable=False),
        sa.Column("by", NAME, nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("coaching_team", "coaching", ["team"], unique=False)


def _create_disputes() -> None:
    """Create disputes and closed periods."""
    op.create_table(
        "disputes",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("source", NAME, nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("text_hash", NAME, nullable=True),
        sa.Column("rubric", NAME, nullable=False),
        sa.Column("criterion", NAME, nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("proposed", sa.Text(), nullable=False),
        sa.Column("team", NAME, nullable=True),
        sa.Column("agent", NAME, nullable=True),
        sa.Column("by", NAME, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("passage", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decided", sa.Text(), nullable=True),
        sa.Column("decided_by", NAME, nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("due", sa.Double(), nullable=False),
        sa.Column("decided_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("disputes_conversation", "disputes", ["source", "id"], unique=False)
    op.create_index("disputes_state", "disputes", ["state"], unique=False)
    op.create_table(
        "closings",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.Column("by", NAME, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
