"""Conversations, their redacted texts, grades and audits: saved together, batch by batch."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, or_, select

from clearbar.store.database import Database, chunks, merge, now
from clearbar.store.records import Item, Mark, Outcome, Run, StoredConversation
from clearbar.store.rows import read_fields, read_usage, read_verdicts, to_json, write_fields, write_turns
from clearbar.store.runs import advance, write_items
from clearbar.store.suppression import Readable, Suppression
from clearbar.store.tables import audits, conversations, grades, run_items, texts, versions
from clearbar.transcript import RedactedTranscript
from clearbar.verdict import Grade

__all__ = ["Conversations", "Key"]

_KEPT: Final = frozenset({Outcome.GRADED, Outcome.UNGRADED, Outcome.REUSED})
"""Outcomes with which a text is stored; a duplicate must not overwrite the record that it repeats."""
Key = tuple[str, str]
"""Source fingerprint and id."""


class Conversations(Database):
    """Conversations and grades."""

    def save_batch(self, run: Run, items: Iterable[Item], *, advance_to: Mapping[str, Mark] | None = None) -> list[Item]:
        """Save records with their texts, grades, verdicts and outcomes in one transaction; saving them again counts once.

        Parameters
        ----------
        run
            The run that pulled them.
        items
            Records with what became of them.
        advance_to
            Watermarks by source that hold once these records are saved.

        Returns
        -------
        list of Item
            What was saved: a conversation that was erased earlier stands there as `filtered`, without its text.
        """
        with self.write() as connection:
            kept = _without_suppressed(connection, list(items))
            _write(connection, run, kept)
            for source, mark in (advance_to or {}).items():
                advance(connection, source, mark)
        return kept

    def suppressed(self, found: Iterable[Readable]) -> set[tuple[str, str]]:
        """Return source and id of the conversations that were erased and must not be graded or stored again.

        Customers are recognised by pseudonym, so ask with redacted conversations.
        """
        with self.read() as connection:
            return Suppression(connection).found(found)

    def known_grades(self, keys: Iterable[str]) -> dict[str, Grade]:
        """Return the grades that are there already, by key."""
        found = {}
        with self.read() as connection:
            for some in chunks(keys):
                for row in connection.execute(select(grades).where(grades.c.key.in_(some))):
                    found[row.key] = Grade(
                        key=row.key,
                        text_hash=row.text_hash,
                        graded_by=row.graded_by,
                        grader=row.grader,
                        verdicts=read_verdicts(row.verdicts),
                        usage=read_usage(row.usage),
                    )
        return found

    def save_grades(self, made: Iterable[Grade]) -> None:
        """Save grades that belong to no audit, such as votes and repetitions for stability."""
        with self.write() as connection:
            _write_grades(connection, list(made), now())

    def conversation(self, source: str, id: str, text_hash: str | None = None) -> StoredConversation | None:
        """Return a conversation with its turns: its current text, or the one asked for."""
        query = _with_turns().where(versions.c.source == source, versions.c.id == id)
        with self.read() as connection:
            row = connection.execute(_of_text(query, text_hash)).mappings().one_or_none()
        return read_fields(row) if row else None

    def conversations(self, keys: Iterable[Key]) -> Iterator[StoredConversation]:
        """Yield conversations with their current turns, by source and id; what is not there is left out."""
        by_source: dict[str, list[str]] = {}
        for source, id in sorted(set(keys)):
            by_source.setdefault(source, []).append(id)
        for source, ids in by_source.items():
            for some in chunks(ids):
                query = _of_text(_with_turns().where(versions.c.source == source, versions.c.id.in_(some)), None)
                with self.read() as connection:
                    rows = connection.execute(query.order_by(versions.c.id)).mappings().all()
                yield from map(read_fields, rows)

    def find_conversation(self, id: str) -> list[Key]:
        """Return the conversations of this id that were ever pulled, of whatever source, stored or not."""
        found: set[Key] = set()
        with self.read() as connection:
            for table in (conversations, run_items):
                found |= {(source, id) for source in connection.execute(select(table.c.source).where(table.c.id == id)).scalars()}
        return sorted(found)

    def find_customer(self, pseudonym: str) -> list[Key]:
        """Return the conversations of a customer, by source and id."""
        query = select(versions.c.source, versions.c.id).where(versions.c.customer == pseudonym).distinct()
        with self.read() as connection:
            return sorted((source, id) for source, id in connection.execute(query).tuples())


def _with_turns() -> Select[Any]:
    return select(versions, texts.c.turns).join(texts, texts.c.hash == versions.c.text_hash, isouter=True)


def _of_text(query: Select[Any], text_hash: str | None) -> Select[Any]:
    if text_hash is not None:
        return query.where(versions.c.text_hash == text_hash)
    current = (conversations.c.source == versions.c.source) & (conversations.c.id == versions.c.id)
    return query.join(conversations, current & (conversations.c.text_hash == versions.c.text_hash))


def _without_suppressed(connection: Connection, items: list[Item]) -> list[Item]:
    suppression = Suppression(connection)
    gone = suppression.found(item.transcript for item in items if item.transcript)
    # a duplicate, or one that a filter left out, must not bring the id back
    gone |= suppression.records((item.source, item.id) for item in items if item.id)
    if not gone:
        return items
    erased = [(item.source, item.transcript.id if item.transcript else item.id) in gone for item in items]
    # what graders said of it before the erasure came may be there already
    suppression.purge(
        (item.transcript.text_hash for item, is_erased in zip(items, erased, strict=True) if is_erased and item.transcript), why=""
    )
    return [suppression.emptied(item) if is_erased else item for item, is_erased in zip(items, erased, strict=True)]


def _write(connection: Connection, run: Run, items: list[Item]) -> None:
    moment = now()
    full = [(item, item.transcript) for item in items if item.transcript and item.outcome in _KEPT]
    transcripts = [transcript for _, transcript in full]
    _write_transcripts(connection, run, transcripts, moment)
    _write_grades(connection, [grade for item, _ in full for grade in item.grades], moment)
    rows = [_audit_row(run, item, transcript, moment) for item, transcript in full if item.verdicts is not None]
    _write_audits(connection, rows)
    write_items(connection, run.id, items)


def _write_transcripts(connection: Connection, run: Run, transcripts: Sequence[RedactedTranscript], moment: datetime) -> None:
    text_rows = [
        {"hash": one.text_hash, "turns": write_turns(one), "characters": sum(len(turn.text) for turn in one.turns), "seen_at": moment}
        for one in transcripts
    ]
    # a text that comes from the store itself was not seen again: its retention goes on from the pull
    merge(connection, texts, text_rows, update=[] if run.kind == "regrading" else ["seen_at"])
    version_rows = [_version_row(run, one) for one in transcripts]
    merge(connection, versions, version_rows, update=["customer", "team", "agent", "agents", "happened_at", "fields", "run"])
    _write_current(connection, run, transcripts)


def _version_row(run: Run, one: RedactedTranscript) -> dict[str, Any]:
    return {
        "source": one.source,
        "id": one.id,
        "text_hash": one.text_hash,
        "customer": one.customer,
        "team": one.team,
        "agent": one.agent,
        "agents": to_json(one.agents),
        "happened_at": one.started_at or one.ended_at or one.updated_at,
        "fields": write_fields(one),
        "run": run.id,
    }


def _write_current(connection: Connection, run: Run, transcripts: Sequence[RedactedTranscript]) -> None:
    """Point each conversation at its newest text; an older export that is read again does not turn it back."""
    rows = [
        {
            "source": one.source,
            "id": one.id,
            "text_hash": one.text_hash,
            "updated_at": one.updated_at,
            "first_run": run.id,
            "last_run": run.id,
        }
        for one in transcripts
    ]
    merge(
        connection,
        conversations,
        rows,
        update=["text_hash", "updated_at", "last_run"],
        where=lambda new: or_(conversations.c.updated_at.is_(None), new.updated_at.is_(None), new.updated_at >= conversations.c.updated_at),
    )


def _write_grades(connection: Connection, made: Sequence[Grade], moment: datetime) -> None:
    rows = [
        {
            "key": grade.key,
            "text_hash": grade.text_hash,
            "graded_by": grade.graded_by.value,
            "grader": grade.grader,
            "verdicts": to_json(grade.verdicts),
            "usage": to_json(grade.usage),
            "made_at": moment,
        }
        for grade in made
        if grade.final  # what an outage left with holes is asked again by the next run
    ]
    merge(connection, grades, rows)


def _audit_row(run: Run, item: Item, transcript: RedactedTranscript, moment: datetime) -> dict[str, Any]:
    return {
        "source": transcript.source,
        "id": transcript.id,
        "text_hash": transcript.text_hash,
        "grading_hash": run.grading_hash or "",
        "asked": run.asked or "",
        "rubric": run.rubric or "",
        "verdicts": to_json(item.verdicts),
        "usage": to_json(item.usage),
        "run": run.id,
        "made_at": moment,
        "waiting": int(item.waiting),
    }


def _write_audits(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    identity = ("source", "id", "text_hash", "grading_hash", "asked")
    merge(connection, audits, rows, key=identity, update=["rubric", "verdicts", "usage", "run", "made_at", "waiting"])
