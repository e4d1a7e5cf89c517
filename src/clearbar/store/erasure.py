"""Erasure of a customer's or a conversation's data, so that nothing of it is left and it does not come back."""

import secrets
from collections.abc import Collection, Iterable

from sqlalchemy import Connection, and_, or_, select, text

from clearbar.errors import StoreError
from clearbar.plural import plural
from clearbar.store.conversations import Key
from clearbar.store.database import Database, chunks, merge, now
from clearbar.store.records import Erased, JournalEntry
from clearbar.store.reports import ERASED, pass_gate, write_entry
from clearbar.store.review_tables import assignments, calibration_conversations, disputes, drafts
from clearbar.store.rows import from_json, read_fields, to_json
from clearbar.store.schema import backups
from clearbar.store.suppression import Suppression
from clearbar.store.tables import (
    audits,
    conversations,
    erasing,
    journal,
    labels,
    metadata,
    replies,
    report_conversations,
    reports,
    run_items,
    samples,
    texts,
    tombstones,
    versions,
    watermarks,
)

__all__ = ["Erasure"]


class Erasure(Database):
    """Erasure."""

    def erase(self, keys: Iterable[Key] = (), *, customer: str | None = None, who: str, why: str = "") -> Erased:
        """Remove conversations for ever and keep them from being stored again.

        What goes: every text and version, grades, audits, raw replies, notes and passages of labels, ids in runs, samples and the audit
        trail, and the copies that upgrades made; so does the same conversation under the name of another source. What stays: a tombstone
        under a random name, so that counts still add up; levels of labels under that name; salted digests that recognise the record when
        it is pulled again, from wherever. Replies that belong to no stored conversation go too, since nobody can tell whose they are.

        Parameters
        ----------
        keys
            Conversations: source fingerprint and id. They need not be in the store; then they are only suppressed.
        customer
            Pseudonym of a customer, all of whose conversations are erased, also those yet to come.
        who, why
            For the audit trail; must not name the person who is erased.
        """
        with self.write() as connection:
            pass_gate(connection)  # files that are moved into their places are there, or wait
            connection.execute(erasing.insert().values(name="erasure"))  # opens the append-only tables until the end of this block
            suppression = Suppression(connection)
            doomed = set(keys)
            if customer is not None:
                suppression.add("customer", customer, why=why)
                doomed |= _of_customer(connection, customer)
            doomed |= _copies(connection, doomed)
            known = 0
            for source, id in sorted(doomed):
                known += _erase_one(connection, suppression, source, id, who=who, why=why)
            stale = _mark_reports(connection, doomed)
            _purge_orphaned_replies(connection)
            write_entry(connection, JournalEntry(at=now(), who=who, action="erase", why=why or plural(len(doomed), "conversation")))
            connection.execute(erasing.delete())
        try:
            scrubbed = self.scrub()
        except StoreError:
            scrubbed = False
        return Erased(conversations=known, reports=tuple(stale), scrubbed=scrubbed)

    def erased_before(self, id: str) -> bool:
        """Return whether a conversation of this id was erased, in whatever source."""
        with self.read() as connection:
            return Suppression(connection).remembers(id)

    def scrub(self) -> bool:
        """Rewrite the store so that removed bytes are gone from its files, and remove the copies that upgrades made.

        Returns
        -------
        bool
            False where another process kept reading, so that the write-ahead log could not be emptied.
        """
        for copy in backups(self.file) if self.file else []:
            copy.unlink(missing_ok=True)
        with self.alone() as connection:
            if not self.sqlite:
                connection.execute(text("SET lock_timeout = '30s'"))
                for table in metadata.tables:
                    connection.execute(text(f"VACUUM (FULL) {table}"))
                return True
            connection.execute(text("VACUUM"))
            busy: int = connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).scalar_one()
            return not busy


def _of_customer(connection: Connection, customer: str) -> set[Key]:
    found = connection.execute(select(versions.c.source, versions.c.id).where(versions.c.customer == customer))
    return {(source, id) for source, id in found.tuples()}


def _copies(connection: Connection, keys: Collection[Key]) -> set[Key]:
    """Return what has id and text of one of these conversations under the name of another source."""
    found: set[Key] = set()
    for source, id in keys:
        hashes = select(versions.c.text_hash).where(versions.c.source == source, versions.c.id == id)
        same = select(versions.c.source, versions.c.id).where(versions.c.id == id, versions.c.text_hash.in_(hashes))
        found |= {(source, id) for source, id in connection.execute(same).tuples()}
    return found


def _erase_one(connection: Connection, suppression: Suppression, source: str, id: str, *, who: str, why: str) -> bool:
    """Erase a conversation and return whether it was in the store."""
    token = f"erased-{secrets.token_hex(8)}"
    merge(connection, tombstones, [{"token": token, "at": now(), "who": who, "why": why}])
    suppression.add("conversation", source, id, why=why)
    suppression.add("id", id, why=why)
    own = select(versions).where(versions.c.source == source, versions.c.id == id)
    texts = [read_fields(row) for row in connection.execute(own).mappings()]
    for one in texts:
        suppression.add_copies(one, why=why)
    for table in (versions, conversations, audits):
        connection.execute(table.delete().where(table.c.source == source, table.c.id == id))
    suppression.purge((one.text_hash for one in texts), why=why)
    _unname_items(connection, suppression, source, id, token)
    _unname_labels(connection, source, id, token)
    mine = select(assignments.c.number).where(assignments.c.source == source, assignments.c.id == id)
    connection.execute(drafts.delete().where(drafts.c.assignment.in_(mine)))
    for table, values in (
        (samples, {"id": token, "text_hash": None, "why": ""}),
        (journal, {"source": None, "id": token, "why": ""}),
        (watermarks, {"id": ""}),
        (assignments, {"id": token, "text_hash": None, "why": ""}),
        (disputes, {"id": token, "text_hash": None, "reason": "", "passage": "", "answer": ""}),
        (calibration_conversations, {"id": token, "text_hash": None}),
    ):
        connection.execute(table.update().where(table.c.source == source, table.c.id == id).values(**values))
    return bool(texts)


def _unname_items(connection: Connection, suppression: Suppression, source: str, id: str, token: str) -> None:
    # a record without a readable id may still carry the id in its place
    own = and_(run_items.c.source == source, or_(run_items.c.id == id, run_items.c.place == id))
    for row in connection.execute(select(run_items.c.run, run_items.c.place).where(own)).all():
        one = and_(run_items.c.source == source, run_items.c.run == row.run, run_items.c.place == row.place)
        values = {"id": token, "place": suppression.digest("place", source, row.place), "text_hash": None}
        connection.execute(run_items.update().where(one).values(**values))


def _unname_labels(connection: Connection, source: str, id: str, token: str) -> None:
    own = and_(labels.c.id == id, or_(labels.c.source == source, labels.c.source.is_(None)))
    for row in connection.execute(select(labels.c.number, labels.c.body).where(own)).all():
        body = from_json(row.body)
        kept = {name: body[name] for name in ("levels", "rubric", "probability", "at") if name in body}
        values = {"id": token, "digest": f"{token}-{row.number}", "text_hash": None, "erased": True, "body": to_json(kept)}
        connection.execute(labels.update().where(labels.c.number == row.number).values(**values))


def _mark_reports(connection: Connection, keys: Collection[Key]) -> list[str]:
    """Mark the files that show conversations, and return their paths."""
    paths: set[str] = set()
    for source, id in sorted(keys):
        own = and_(report_conversations.c.source == source, report_conversations.c.id == id)
        paths |= set(connection.execute(select(report_conversations.c.path).where(own)).scalars())
        connection.execute(report_conversations.delete().where(own))
    for some in chunks(paths):
        connection.execute(reports.update().where(reports.c.path.in_(some)).values(stale=ERASED))
    return sorted(paths)


def _purge_orphaned_replies(connection: Connection) -> None:
    # a run that was killed between a reply and its conversation leaves replies of which only the text's digest is known
    connection.execute(replies.delete().where(replies.c.text_hash.not_in(select(texts.c.hash))))
