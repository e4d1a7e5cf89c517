"""The store: what was pulled, what graders said of it, what people said of it. The only place with SQL.

SQLite in a file by default, PostgreSQL by URL; several processes may use one store at once. See docs/store.md.
"""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from clearbar.store import schema
from clearbar.store.assignments import Assignments
from clearbar.store.audits import Audits
from clearbar.store.calibrations import Calibrations
from clearbar.store.conversations import Conversations
from clearbar.store.database import Database
from clearbar.store.disputes import Disputes
from clearbar.store.editions import Editions
from clearbar.store.erasure import Erasure
from clearbar.store.labels import Labels
from clearbar.store.people import People
from clearbar.store.records import (
    AuditRef,
    Counts,
    Edition,
    Erased,
    Item,
    JournalEntry,
    Mark,
    Outcome,
    Outdated,
    Published,
    Recent,
    Run,
    Sampled,
    SourceRef,
    StoredAudit,
    StoredConversation,
    StoredRevision,
    grading_hash,
)
from clearbar.store.reports import ERASED, TOO_OLD, Reports
from clearbar.store.retention import Removed, Retention
from clearbar.store.review_records import (
    ALL_TEAMS,
    Assignment,
    Calibration,
    ChangeState,
    Closing,
    Coaching,
    Dispute,
    DisputeState,
    Draft,
    Exclusion,
    Mode,
    Notice,
    Person,
    QueueItem,
    RefusedError,
    RubricChange,
    Span,
    StaffRole,
    State,
)
from clearbar.store.rubric_changes import RubricChanges
from clearbar.store.runs import Runs

if TYPE_CHECKING:
    from clearbar.store.ledger import StoreLedger

__all__ = [
    "ALL_TEAMS",
    "ERASED",
    "TOO_OLD",
    "Assignment",
    "AuditRef",
    "Calibration",
    "ChangeState",
    "Closing",
    "Coaching",
    "Counts",
    "Dispute",
    "DisputeState",
    "Draft",
    "Edition",
    "Erased",
    "Exclusion",
    "Item",
    "JournalEntry",
    "Mark",
    "Mode",
    "Notice",
    "Outcome",
    "Outdated",
    "Person",
    "Published",
    "QueueItem",
    "Recent",
    "RefusedError",
    "Removed",
    "RubricChange",
    "Run",
    "Sampled",
    "SourceRef",
    "Span",
    "StaffRole",
    "State",
    "Store",
    "StoredAudit",
    "StoredConversation",
    "StoredRevision",
    "grading_hash",
    "upgrade",
]


class Store(
    Runs, Conversations, Audits, Labels, Reports, People, Assignments, Disputes, Calibrations, Editions, RubricChanges, Erasure, Retention
):
    """An open store; close it, or use it in a `with`. It may be shared by threads."""

    @classmethod
    def open(cls, url: str | Path, *, create: bool = True) -> Self:
        """Open a store, making it or bringing a SQLite file up to date where needed.

        Parameters
        ----------
        url
            Path of a SQLite file, or a SQLAlchemy URL of SQLite or PostgreSQL.
        create
            Whether to make a store that is not there.

        Raises
        ------
        StoreError
            If it cannot be opened, belongs to another program, is newer than this one, or is an older one on PostgreSQL.
        """
        store = cls(url)
        try:
            schema.prepare(store, create=create)
        except BaseException:
            store.close()
            raise
        return store

    @cached_property
    def ledger(self) -> "StoreLedger":
        """Claims, raw replies, budgets, rates and batch jobs of the LLM grader."""
        from clearbar.store.ledger import StoreLedger  # noqa: PLC0415 - pulls in the LLM grader's package, which rules do without

        return StoreLedger(self)


def upgrade(url: str | Path) -> tuple[str | None, str]:
    """Bring a store to this program's revision, on PostgreSQL too, and return its revision before and after.

    Raises
    ------
    StoreError
        If it cannot be opened, belongs to another program, or is newer than this one.
    """
    with Database(url) as database:
        return schema.upgrade(database), schema.HEAD
