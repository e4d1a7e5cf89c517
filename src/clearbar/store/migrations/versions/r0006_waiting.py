"""Which audits wait for a grader that was away, so that finding them costs what there is of them and not the whole history."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

AWAY = (
    *(
        f'"{field}":"failed:{why}"'
        for field in ("fallback_reason", "reason")
        for why in ("unreachable", "timed out", "budget", "interrupted")
    ),
    '"fallback_reason":"the LLM could not be used',
)
"""What stands in the verdicts of such an audit."""


def upgrade() -> None:
    """Apply."""
    op.add_column("audits", sa.Column("waiting", sa.Integer(), nullable=False, server_default="0"))
    audits = sa.table("audits", sa.column("verdicts", sa.Text()), sa.column("waiting", sa.Integer()))
    told = sa.or_(*(audits.c.verdicts.contains(words, autoescape=True) for words in AWAY))
    op.execute(audits.update().where(told).values(waiting=1))
    only = sa.text("waiting = 1")
    op.create_index("audits_waiting", "audits", ["grading_hash", "made_at"], unique=False, sqlite_where=only, postgresql_where=only)
