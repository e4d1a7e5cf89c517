"""Which pages were published and whom they show, so that an erasure finds them; names behind pseudonyms; the audit trail."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from clearbar.store.database import Database, chunks, merge, now
from clearbar.store.records import JournalEntry, Published, SourceRef
from clearbar.store.tables import agents, journal, report_conversations, reports, sources

__all__ = ["Reports", "write_entry"]

_ROWS = 5_000
"""Rows written at a time."""


class Reports(Database):
    """Published pages, names, and the audit trail."""

    def add_report(self, report: Published, conversations: Iterable[tuple[str, str]]) -> None:
        """Write down that a page was published and which conversations (source, id) it shows; an earlier page at its path is replaced.

        It stands, unless something came in after its `marks` were looked up.
        """
        with self.write() as connection:
            row = report.model_dump()
            query = select(reports.c.stale, reports.c.marks).where(reports.c.path == report.path).with_for_update()
            before = connection.execute(query).one_or_none()
            if before is not None and before.marks > report.marks:
                row |= {"stale": before.stale, "marks": before.marks}
            merge(connection, reports, [row], update=["team", "since", "until", "run", "made_at", "stale", "folder", "marks"])
            connection.execute(report_conversations.delete().where(report_conversations.c.path == report.path))
            for some in chunks(conversations, _ROWS):
                rows = [{"path": report.path, "source": source, "id": id} for source, id in some]
                merge(connection, report_conversations, rows)

    def reports(self, *, stale: bool | None = None) -> list[Published]:
        """Return published pages by path: all, those that must be rewritten or removed, or those that stand."""
        query = select(reports).order_by(reports.c.path)
        if stale is not None:
            query = query.where(reports.c.stale != "" if stale else reports.c.stale == "")
        with self.read() as connection:
            return [Published(**row) for row in connection.execute(query).mappings()]

    def forget_report(self, path: str) -> None:
        """Write down that a page is gone."""
        with self.write() as connection:
            for table in (report_conversations, reports):
                connection.execute(table.delete().where(table.c.path == path))

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
