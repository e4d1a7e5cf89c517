"""The ledger of the LLM grader: replies, claims, budgets, rates, batch jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "replies",
        sa.Column("grade_key", NAME, nullable=False),
        sa.Column("request", NAME, nullable=False),
        sa.Column("text_hash", NAME, nullable=False),
        sa.Column("grader", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("system_fingerprint", sa.Text(), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("refusal", sa.Text(), nullable=False),
        sa.Column("finish_reason", sa.Text(), nullable=True),
        sa.Column("usage", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("grade_key", "request"),
    )
    op.create_index("replies_at", "replies", ["at"], unique=False)
    op.create_index("replies_text_hash", "replies", ["text_hash"], unique=False)
    op.create_table(
        "claims",
        sa.Column("key", NAME, nullable=False),
        sa.Column("holder", NAME, nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "budgets",
        sa.Column("name", NAME, nullable=False),
        sa.Column("calls", NUMBER, nullable=False),
        sa.Column("tokens", NUMBER, nullable=False),
        sa.Column("usd", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "rates",
        sa.Column("bucket", NAME, nullable=False),
        sa.Column("requests", sa.Double(), nullable=False),
        sa.Column("tokens", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("bucket"),
    )
    op.create_table(
        "batch_jobs",
        sa.Column("id", NAME, nullable=False),
        sa.Column("grader", NAME, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
