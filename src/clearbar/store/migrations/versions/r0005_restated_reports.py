"""Reports that are made anew when people correct something: how each was made, and its revisions."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    op.add_column("reports", sa.Column("folder", NAME, nullable=True))
    op.add_column("reports", sa.Column("marks", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("reports_folder", "reports", ["folder"], unique=False)
    op.create_table(
        "editions",
        sa.Column("folder", NAME, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("folder"),
    )
    op.create_table(
        "revisions",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("folder", NAME, nullable=False),
        sa.Column("slug", NAME, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("replaced", sa.Text(), nullable=False),
        sa.Column("marks", sa.Integer(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("folder", "slug", "revision", name="revisions_once"),
    )
