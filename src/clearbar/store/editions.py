"""How the reports of a folder were made, which of them no longer hold, and which replaced them."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from clearbar.store.database import Database, chunks, merge, now
from clearbar.store.records import Edition, JournalEntry, Outdated, StoredRevision
from clearbar.store.reports import ERASED, write_entry
from clearbar.store.review_tables import closings
from clearbar.store.rows import from_json, to_json
from clearbar.store.tables import editions, report_conversations, reports, revisions, versions

__all__ = ["Editions", "outdate"]


class Editions(Database):
    """Reports as they were made, and made anew."""

    def save_edition(self, edition: Edition, pages: Collection[str] | None) -> None:
        """Write down how the reports of a folder were made, in place of what stood there.

        Pages of the folder that are none of `pages` were left by earlier editions and belong to no edition any more. Null leaves
        them to this one, for where not all of it could be put in its place.
        """
        row = {"folder": edition.folder, "body": to_json(edition.body), "made_at": edition.made_at}
        with self.write() as connection:
            merge(connection, editions, [row], update=["body", "made_at"])
            known = connection.execute(select(reports.c.path).where(reports.c.folder == edition.folder)).scalars().all()
            for some in chunks([] if pages is None else sorted(set(known) - set(pages))):
                connection.execute(reports.update().where(reports.c.path.in_(some)).values(folder=None))

    def edition(self, folder: str) -> Edition | None:
        """Return how the reports of a folder were made."""
        return next((one for one in self.editions() if one.folder == folder), None)

    def editions(self) -> list[Edition]:
        """Return all folders with reports, by name."""
        with self.read() as connection:
            rows = connection.execute(select(editions).order_by(editions.c.folder)).all()
        return [Edition(folder=row.folder, body=from_json(row.body), made_at=row.made_at) for row in rows]

    def outdated(self, folder: str | None = None) -> dict[str, dict[str, Outdated]]:
        """Return by folder, and by team's folder in it, what no longer holds because people corrected something."""
        query = select(reports).where(reports.c.stale.not_in(("", ERASED)), reports.c.folder.is_not(None)).order_by(reports.c.path)
        found: dict[str, dict[str, Outdated]] = defaultdict(dict)
        with self.read() as connection:
            for row in connection.execute(query if folder is None else query.where(reports.c.folder == folder)):
                known = found[row.folder].get(_slug(row.path))
                if known is None or known.marks < row.marks:
                    found[row.folder][_slug(row.path)] = Outdated(why=row.stale, marks=row.marks)
        return dict(found)

    def shown(self, folder: str) -> set[tuple[str, str]]:
        """Return source and id of the conversations that the reports of a folder show."""
        own = select(reports.c.path).where(reports.c.folder == folder)
        query = select(report_conversations.c.source, report_conversations.c.id).where(report_conversations.c.path.in_(own)).distinct()
        with self.read() as connection:
            return {(source, id) for source, id in connection.execute(query).tuples()}

    def revisions(self, folder: str) -> dict[str, list[StoredRevision]]:
        """Return what replaced the first reports of a folder, by team's folder, the oldest first."""
        found: dict[str, list[StoredRevision]] = defaultdict(list)
        with self.read() as connection:
            rows = connection.execute(select(revisions).where(revisions.c.folder == folder).order_by(revisions.c.revision)).mappings()
            for row in rows:
                found[row["slug"]].append(StoredRevision(**{name: row[name] for name in StoredRevision.model_fields}))
        return dict(found)

    def add_revision(self, revision: StoredRevision, *, who: str) -> None:
        """Write down that a report is made anew, in the audit trail, too; the same one again changes nothing."""
        why = f"{revision.folder}/{revision.slug}, revision {revision.revision}: {revision.why}; it replaces the page {revision.replaced}"
        with self.write() as connection:
            if merge(connection, revisions, [revision.model_dump()], key=["folder", "slug", "revision"]):
                write_entry(connection, JournalEntry(at=now(), who=who, action="restate", why=why))

    def forget_revisions(self, folder: str, slug: str) -> None:
        """Let a team's report in a folder count as new."""
        with self.write() as connection:
            connection.execute(revisions.delete().where(revisions.c.folder == folder, revisions.c.slug == slug))

    def marks(self) -> dict[str, int]:
        """Return by path how often it was said of a page that it no longer holds."""
        with self.read() as connection:
            return dict(connection.execute(select(reports.c.path, reports.c.marks).where(reports.c.marks > 0)).tuples().all())


def _slug(path: str) -> str:
    return path.rsplit("/", 2)[-2]


def outdate(connection: Connection, source: str, id: str, text_hash: str | None, why: str) -> list[str]:
    """Mark the reports that show a conversation of which people said something, and return their paths.

    Those of a closed period are marked, too: they keep their numbers, and say what came after. Where nobody says which text was
    read, the first is meant.
    """
    same = (versions.c.source == source, versions.c.id == id, *([versions.c.text_hash == text_hash] if text_hash else []))
    happened_at: datetime | None = connection.execute(select(func.min(versions.c.happened_at)).where(*same)).scalar()
    closed = connection.execute(select(func.max(closings.c.until))).scalar()
    if closed is not None and happened_at is not None and happened_at < closed:
        why = f"{why}, after its period was closed"
    own = select(report_conversations.c.path).where(report_conversations.c.source == source, report_conversations.c.id == id)
    shown = select(reports.c.path, reports.c.stale, reports.c.marks).where(reports.c.path.in_(own)).order_by(reports.c.path)
    rows = connection.execute(shown.with_for_update()).all()  # one correction after the other, or one would undo what another marked
    for row in rows:
        said = row.stale.split("; ") if row.stale else []
        values: dict[str, Any] = {"stale": "; ".join(dict.fromkeys([*said, why])), "marks": row.marks + 1}
        connection.execute(reports.update().where(reports.c.path == row.path).values(**values))
    return sorted(row.path for row in rows)
