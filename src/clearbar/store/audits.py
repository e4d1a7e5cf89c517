"""Reading audits: the latest of each conversation, by period, team, rubric and grader."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, and_, case, exists, func, literal_column, or_, select

from clearbar.store.database import CHUNK, Database, chunks
from clearbar.store.records import AuditRef, Outcome, Recent, StoredAudit
from clearbar.store.rows import from_json, read_fields, read_usage, read_verdicts
from clearbar.store.tables import audits, conversations, rubrics, run_items, texts, versions

__all__ = ["Audits"]

_PAGE = 500
"""Audits read at a time: a reader that is slow between them holds no transaction open."""


class Audits(Database):
    """Audits."""

    def audits(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        teams: Sequence[str] = (),
        sources: Sequence[str] = (),
        ids: Sequence[str] = (),
        grading: str | None = None,
        asked: str | None = None,
        run: str | None = None,
        turns: bool = False,
    ) -> Iterator[StoredAudit]:
        """Yield the latest audit of each conversation, by source and id.

        An audit of the conversation's current text comes before one of an earlier text; among several the one made last counts.

        Parameters
        ----------
        since, until
            Half-open period in which the conversation began (else ended, else last changed); without any of these times it is in no
            period.
        teams, sources, ids
            Only these, where given.
        grading
            Only audits made with a rubric of this `grading_hash`; what differs only in scoring counts too.
        asked
            Only audits for which this grader was asked.
        run
            Only conversations that this run graded, or found graded.
        turns
            Whether the conversations carry their redacted turns.
        """
        wanted = [
            *([audits.c.source.in_(sources)] if sources else []),
            *([audits.c.id.in_(ids)] if 0 < len(ids) <= CHUNK else []),
            *([audits.c.grading_hash == grading] if grading is not None else []),
            *([audits.c.asked == asked] if asked is not None else []),
            *([_in_run(run)] if run is not None else []),
        ]
        found = self._latest(wanted, _of(since, until, teams), set(ids))
        yield from self.read_audits([one.number for one in found], turns=turns)

    def audit_index(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        teams: Sequence[str] = (),
        sources: Sequence[str] = (),
        grading: str | None = None,
        rubric: str | None = None,
        asked: str | None = None,
    ) -> list[AuditRef]:
        """Return which audits `audits` would yield, in the same order, without reading them; of all words of a rubric by its name."""
        wanted = [
            *([audits.c.source.in_(sources)] if sources else []),
            *([audits.c.grading_hash == grading] if grading is not None else []),
            *([audits.c.rubric.in_(select(rubrics.c.hash).where(rubrics.c.name == rubric))] if rubric is not None else []),
            *([audits.c.asked == asked] if asked is not None else []),
        ]
        return self._latest(wanted, _of(since, until, teams), set())

    def read_audits(self, numbers: Sequence[int], *, turns: bool = False) -> Iterator[StoredAudit]:
        """Yield audits by their numbers, in that order; one that was erased meanwhile is left out."""
        for some in chunks(numbers, _PAGE):
            found = dict(self._read(some, turns=turns))
            yield from (found[number] for number in some if number in found)

    def recent(self, since: datetime, *, turns: bool) -> Iterator[Recent]:
        """Yield the conversations that were audited and began at or after a moment, as each one's latest audit read it.

        A twentieth of what `audits` costs, for counts over whole months.

        Parameters
        ----------
        since
            As for `audits`.
        turns
            Whether their turns are read.
        """
        same = (versions.c.source == audits.c.source) & (versions.c.id == audits.c.id) & (versions.c.text_hash == audits.c.text_hash)
        query = select(versions.c.id, versions.c.team, versions.c.agents, versions.c.fields).join(versions, same).select_from(audits)
        if turns:
            query = query.add_columns(texts.c.turns).join(texts, texts.c.hash == versions.c.text_hash, isouter=True)
        for some in chunks([ref.number for ref in self.audit_index(since=since)], _PAGE):
            with self.read() as connection:
                rows = connection.execute(query.where(audits.c.number.in_(some)).order_by(audits.c.number)).all()
            for row in rows:
                said = [(role, words) for role, words, *_ in from_json(row.turns)] if turns and row.turns else ()
                yield Recent(row.id, row.team, tuple(from_json(row.agents)), from_json(row.fields), said)

    def waiting(self, *, grading: str, asked: str, sources: Sequence[str]) -> list[tuple[str, str]]:
        """Return source and id of conversations that wait for a grader that was away, the newest audit first.

        Those whose current text is still kept, and either that grader's audit has holes, or rules graded in its place and it has not
        been asked since. It costs what there is of them: an index holds no other audits.
        """
        current = (conversations.c.source == audits.c.source) & (conversations.c.id == audits.c.id)
        later = audits.alias()
        same = and_(*(later.c[name] == audits.c[name] for name in ("source", "id", "text_hash", "grading_hash")), later.c.asked == asked)
        query = (
            select(audits.c.source, audits.c.id)
            .join(conversations, current & (conversations.c.text_hash == audits.c.text_hash))
            .join(texts, texts.c.hash == audits.c.text_hash)
            .where(audits.c.waiting == literal_column("1"), audits.c.grading_hash == grading, audits.c.source.in_(sources))
            .where(or_(audits.c.asked == asked, (audits.c.asked == "rules") & ~exists().where(same)))
            .order_by(audits.c.made_at.desc(), audits.c.number.desc())
        )
        with self.read() as connection:
            return list(dict.fromkeys((source, id) for source, id in connection.execute(query).tuples()))

    def teams(self) -> list[str]:
        """Return the teams of all stored conversations."""
        with self.read() as connection:
            found = connection.execute(select(versions.c.team).where(versions.c.team.is_not(None)).distinct()).scalars()
            return sorted(found)

    def _latest(self, wanted: Sequence[ColumnElement[bool]], where: Sequence[ColumnElement[bool]], ids: set[str]) -> list[AuditRef]:
        """Return which audits to read, in order; more ids than a statement holds are picked out here."""
        current = case((conversations.c.text_hash == audits.c.text_hash, 0), else_=1)
        place = func.row_number().over(
            partition_by=(audits.c.source, audits.c.id), order_by=(current, audits.c.made_at.desc(), audits.c.number.desc())
        )
        ranked = (
            select(audits.c.number, audits.c.source, audits.c.id, audits.c.text_hash, audits.c.made_at, place.label("place"))
            .join(conversations, (conversations.c.source == audits.c.source) & (conversations.c.id == audits.c.id))
            .where(*wanted)
            .subquery()
        )
        same = (versions.c.source == ranked.c.source) & (versions.c.id == ranked.c.id) & (versions.c.text_hash == ranked.c.text_hash)
        query = (
            select(
                *(ranked.c[name] for name in ("number", "source", "id", "text_hash", "made_at")), versions.c.team, versions.c.happened_at
            )
            .join(versions, same)
            .where(ranked.c.place == 1, *where)
            .order_by(ranked.c.source, ranked.c.id)
        )
        with self.read() as connection:
            return [AuditRef(*row) for row in connection.execute(query).tuples() if not ids or row[2] in ids]

    def _read(self, numbers: Sequence[int], *, turns: bool) -> Iterator[tuple[int, StoredAudit]]:
        same = (versions.c.source == audits.c.source) & (versions.c.id == audits.c.id) & (versions.c.text_hash == audits.c.text_hash)
        kept = [audits.c[name] for name in ("rubric", "grading_hash", "asked", "verdicts", "usage", "made_at")]
        query = select(versions, *kept, audits.c.run.label("made_in"), audits.c.number).join(versions, same).select_from(audits)
        if turns:
            query = query.add_columns(texts.c.turns).join(texts, texts.c.hash == versions.c.text_hash, isouter=True)
        with self.read() as connection:
            rows = connection.execute(query.where(audits.c.number.in_(numbers))).mappings().all()
        yield from ((row["number"], _audit(row)) for row in rows)


def _of(since: datetime | None, until: datetime | None, teams: Sequence[str]) -> list[ColumnElement[bool]]:
    return [
        *([versions.c.happened_at >= since] if since else []),
        *([versions.c.happened_at < until] if until else []),
        *([versions.c.team.in_(teams)] if teams else []),
    ]


def _in_run(run: str) -> ColumnElement[bool]:
    done = run_items.c.outcome.in_([Outcome.GRADED, Outcome.UNGRADED, Outcome.REUSED])
    same = (run_items.c.source == audits.c.source) & (run_items.c.id == audits.c.id)
    return exists().where(run_items.c.run == run, done, same)


def _audit(row: RowMapping) -> StoredAudit:
    values: dict[str, Any] = {name: row[name] for name in ("rubric", "grading_hash", "asked", "made_at")}
    return StoredAudit(
        **values,
        conversation=read_fields(row),
        verdicts=read_verdicts(row["verdicts"]),
        usage=read_usage(row["usage"]),
        run=row["made_in"],
    )
