"""Removal of what has been kept long enough, each kind of data after its own number of days."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, exists, select, text

from clearbar.model import Model
from clearbar.plural import plural
from clearbar.store.database import Database, chunks, now
from clearbar.store.reports import TOO_OLD
from clearbar.store.rows import read_verdicts, to_json
from clearbar.store.tables import audits, claims, conversations, grades, replies, reports, texts, versions

__all__ = ["Removed", "Retention"]


class Removed(Model):
    """How much was removed by retention, and what is left to do."""

    texts: int = 0
    audits: int = 0
    replies: int = 0
    reports: tuple[str, ...] = ()
    """Published pages whose time is over: remove, then `forget_report`."""

    def line(self) -> str:
        """Return it in words."""
        told = [plural(self.texts, "text"), plural(self.audits, "audit"), plural(self.replies, "raw reply", "raw replies")]
        return ", ".join([*told, plural(len(self.reports), "report file")])


class Retention(Database):
    """Retention."""

    def apply_retention(
        self,
        *,
        texts: int | None = None,
        audits: int | None = None,
        replies: int | None = None,
        reports: int | None = None,
        at: datetime | None = None,
    ) -> Removed:
        """Remove what is older than so many days; null keeps it.

        Labels, counts of runs and the audit trail stay. Unlike an erasure this suppresses nothing: what is pulled again is stored again.

        Parameters
        ----------
        texts
            Days since a conversation was last pulled. Its grades and raw replies go with the text; its audits lose quotes and reasons
            but keep their levels.
        audits
            Days since an audit was composed. A conversation that then has neither text nor audit goes too.
        replies
            Days since an LLM answered.
        reports
            Days since a page was published; the caller removes the page.
        at
            The moment to count from; now, if left out.
        """
        moment = at or now()
        with self.write() as connection:
            removed = Removed(
                texts=_remove_texts(connection, moment - timedelta(days=texts)) if texts is not None else 0,
                audits=_remove_audits(connection, moment - timedelta(days=audits)) if audits is not None else 0,
                replies=_remove_replies(connection, moment - timedelta(days=replies)) if replies is not None else 0,
                reports=_outdate_reports(connection, moment - timedelta(days=reports)) if reports is not None else (),
            )
            connection.execute(claims.delete().where(claims.c.until < (moment - timedelta(days=1)).timestamp()))
        if self.sqlite:
            with self.alone() as connection:
                connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        return removed


def _remove_texts(connection: Connection, before: datetime) -> int:
    old = connection.execute(select(texts.c.hash).where(texts.c.seen_at < before)).scalars().all()
    for some in chunks(old):
        _strip_audits(connection, some)
        for table in (grades, replies):
            connection.execute(table.delete().where(table.c.text_hash.in_(some)))
        connection.execute(texts.delete().where(texts.c.hash.in_(some)))
    return len(old)


def _strip_audits(connection: Connection, hashes: list[str]) -> None:
    """Take everything out of audits that repeats the text."""
    for row in connection.execute(select(audits.c.number, audits.c.verdicts).where(audits.c.text_hash.in_(hashes))).all():
        bare = [verdict.model_copy(update={"rationale": "", "evidence": ()}) for verdict in read_verdicts(row.verdicts)]
        connection.execute(audits.update().where(audits.c.number == row.number).values(verdicts=to_json(bare)))


def _remove_audits(connection: Connection, before: datetime) -> int:
    removed = connection.execute(audits.delete().where(audits.c.made_at < before)).rowcount
    connection.execute(grades.delete().where(grades.c.made_at < before))
    audited = and_(audits.c.source == versions.c.source, audits.c.id == versions.c.id, audits.c.text_hash == versions.c.text_hash)
    kept = exists().where(audited) | exists().where(texts.c.hash == versions.c.text_hash)
    connection.execute(versions.delete().where(~kept))
    left = exists().where(versions.c.source == conversations.c.source, versions.c.id == conversations.c.id)
    connection.execute(conversations.delete().where(~left))
    return removed


def _remove_replies(connection: Connection, before: datetime) -> int:
    return connection.execute(replies.delete().where(replies.c.at < before)).rowcount


def _outdate_reports(connection: Connection, before: datetime) -> tuple[str, ...]:
    old = reports.c.made_at < before
    paths = connection.execute(select(reports.c.path).where(old).order_by(reports.c.path)).scalars().all()
    connection.execute(reports.update().where(old).values(stale=TOO_OLD))
    return tuple(paths)
