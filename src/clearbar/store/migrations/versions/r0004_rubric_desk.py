"""The rubric desk: edits of rubrics from draft to file."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "rubric_changes",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("rubric", NAME, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("author", NAME, nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("base_text", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("effective", sa.Double(), nullable=True),
        sa.Column("decided_by", NAME, nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.Double(), nullable=False),
        sa.Column("saved_at", sa.Double(), nullable=False),
        sa.Column("decided_at", sa.Double(), nullable=True),
        sa.Column("in_force_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("rubric_changes_state", "rubric_changes", ["state"], unique=False)
