"""Which pages were published and whom they show, so that an erasure finds them; names behind pseudonyms; the audit trail."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, select

from clearbar.errors import ErasedError
from clearbar.store.database import Database, chunks, merge, now
from clearbar.store.records import JournalEntry, Published, SourceRef
from clearbar.store.suppression import SALT
from clearbar.store.tables import agents, facts, journal, report_conversations, reports, sources, tombstones

__all__ = ["ERASED", "TOO_OLD", "Reports", "pass_gate", "write_entry"]

ERASED: Final = "a conversation in it was erased"
"""Why a page that shows what was erased is to go."""
TOO_OLD: Final = "kept long enough"
"""Why a page is to go that was published longer ago than the settings allow."""
_ROWS: Final = 5_000
"""Rows written at a time."""
Key = tuple[str, str]
"""Source fingerprint and id."""


class Reports(Database):
    """Published pages, names, and the audit trail."""

    def erasures(self) -> int:
        """Return how many conversations were erased so far: a number that never goes down."""
        with self.read() as connection:
            return _erasures(connection)

    @contextmanager
    def no_erasure_since(self, seen: int) -> Iterator[None]:
        """Let no erasure begin while the block runs, which must be short.

        Parameters
        ----------
        seen
            How many `erasures` there were before the first conversation was read that the block puts somewhere.

        Raises
        ------
        ErasedError
            If one came since.
        """
        with self.write() as connection:
            _refuse_erased(connection, seen)
            yield

    def announce_report(self, report: Published, conversations: Iterable[Key], *, seen: int) -> None:
        """Write down which conversations a page will show, beside those that the page at its path shows now.

        An erasure then finds it, whatever becomes of the process that writes it. Raises `ErasedError` as `no_erasure_since` does.
        """
        with self.write() as connection:
            _refuse_erased(connection, seen)
            merge(connection, reports, [report.model_dump()])
            _add_shown(connection, report.path, set(conversations) - _shown(connection, report.path))

    def add_report(self, report: Published, conversations: Iterable[Key], *, seen: int | None = None) -> None:
        """Write down that a page was published and which conversations it shows; an earlier page at its path is replaced.

        It stands, unless something came in after its `marks` were looked up.

        Parameters
        ----------
        report, conversations
            The page, and source and id of those that it shows.
        seen
            How many `erasures` there were before it was made; where one came since, `ErasedError` is raised. Null asks nothing.
        """
        with self.write() as connection:
            if seen is not None:
                _refuse_erased(connection, seen)
            row = report.model_dump()
            query = select(reports.c.stale, reports.c.marks).where(reports.c.path == report.path).with_for_update()
            before = connection.execute(query).one_or_none()
            if before is not None and before.marks > report.marks:
                row |= {"stale": before.stale, "marks": before.marks}
            merge(connection, reports, [row], update=["team", "since", "until", "run", "made_at", "stale", "folder", "marks"])
            known, shown = _shown(connection, report.path), set(conversations)
            _drop_shown(connection, report.path, known - shown, all=not known & shown)
            _add_shown(connection, report.path, shown - known)

    def reports(self, *, stale: bool | None = None) -> list[Published]:
        """Return published pages by path: all, those that must be rewritten or removed, or those that stand."""
        query = select(reports).order_by(reports.c.path)
        if stale is not None:
            query = query.where(reports.c.stale != "" if stale else reports.c.stale == "")
        with self.read() as connection:
            return [Published(**row) for row in connection.execute(query).mappings()]

    def forget_report(self, path: str) -> None:
        """Write down that a page which was to go is gone; one that was made anew meanwhile stays."""
        with self.write() as connection:
            gone = reports.delete().where(reports.c.path == path, reports.c.stale != "")
            if connection.execute(gone).rowcount:
                connection.execute(report_conversations.delete().where(report_conversations.c.path == path))

    def save_source(self, source: SourceRef) -> None:
        """Write down what to call a source."""
        with self.write() as connection:
            merge(connection, sources, [source.model_dump()], update=["shown", "kind"])

    def sources(self) -> dict[str, SourceRef]:
        """Return the known sources by fingerprint."""
        with self.read() as connection:
            rows = connection.execute(select(sources).order_by(sources.c.fingerprint)).mappings()
            return {row["fingerprint"]: SourceRef(**row) for row in rows}

    def save_agents(self, names: Mapping[str, str]) -> None:
        """Keep the names behind agents' pseudonyms, for `reveal_agent` alone."""
        if not names:
            return
        with self.write() as connection:
            merge(connection, agents, [{"pseudonym": pseudonym, "name": name} for pseudonym, name in names.items()], update=["name"])

    def reveal_agent(self, pseudonym: str, *, who: str, why: str) -> str | None:
        """Return an agent's name, and write down who asked and for what purpose; null where it is not known."""
        with self.write() as connection:
            write_entry(connection, JournalEntry(at=now(), who=who, action="reveal", why=f"agent {pseudonym}: {why}"))
            return connection.execute(select(agents.c.name).where(agents.c.pseudonym == pseudonym)).scalar()

    def enter(self, action: str, *, who: str, source: str | None = None, id: str | None = None, why: str = "") -> None:
        """Append a line to the audit trail."""
        with self.write() as connection:
            write_entry(connection, JournalEntry(at=now(), who=who, action=action, source=source, id=id, why=why))

    def journal(self, *, since: datetime | None = None, action: str | None = None) -> list[JournalEntry]:
        """Return the audit trail, the oldest line first."""
        wanted = [
            *([journal.c.at >= since] if since else []),
            *([journal.c.action == action] if action is not None else []),
        ]
        columns = [column for column in journal.c if column.name != "number"]
        with self.read() as connection:
            rows = connection.execute(select(*columns).where(*wanted).order_by(journal.c.number)).mappings()
            return [JournalEntry(**row) for row in rows]


def write_entry(connection: Connection, entry: JournalEntry) -> None:
    """Append a line to the audit trail inside a transaction."""
    connection.execute(journal.insert().values(**entry.model_dump()))


def pass_gate(connection: Connection) -> None:
    """Wait until no other transaction is behind the gate that erasures and publications pass one at a time.

    On SQLite every writing transaction is alone; elsewhere a row stands for the gate.
    """
    connection.execute(select(facts.c.value).where(facts.c.name == SALT).with_for_update())


def _refuse_erased(connection: Connection, seen: int) -> None:
    pass_gate(connection)
    if _erasures(connection) != seen:
        raise ErasedError("a conversation was erased while its report was being written", fix="write it again")


def _erasures(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(tombstones)).scalar_one()


def _shown(connection: Connection, path: str) -> set[Key]:
    query = select(report_conversations.c.source, report_conversations.c.id).where(report_conversations.c.path == path)
    return {(source, id) for source, id in connection.execute(query).tuples()}


def _add_shown(connection: Connection, path: str, keys: Collection[Key]) -> None:
    for some in chunks(keys, _ROWS):
        merge(connection, report_conversations, [{"path": path, "source": source, "id": id} for source, id in some])


def _drop_shown(connection: Connection, path: str, keys: Collection[Key], *, all: bool) -> None:
    """Take conversations off a page; `all` says that these are all of it."""
    own = report_conversations.c.path == path
    if all:
        connection.execute(report_conversations.delete().where(own))
        return
    by_source: dict[str, list[str]] = {}
    for source, id in keys:
        by_source.setdefault(source, []).append(id)
    for source, ids in by_source.items():
        for some in chunks(ids):
            connection.execute(
                report_conversations.delete().where(own, report_conversations.c.source == source, report_conversations.c.id.in_(some))
            )
