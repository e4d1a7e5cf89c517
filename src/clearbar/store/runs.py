"""Runs, what became of each record that they pulled, and how far each source has been read."""

import secrets
from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from typing import Any, Final, Literal

from sqlalchemy import Connection, Row, func, select, update

from clearbar.errors import StoreError
from clearbar.model import canonical_json
from clearbar.rubric import Rubric
from clearbar.store.database import Database, merge, now
from clearbar.store.records import Counts, Item, Mark, Outcome, Run, grading_hash
from clearbar.store.rows import from_json, to_json
from clearbar.store.tables import aware, rubrics, run_items, runs, watermarks

__all__ = ["Runs", "advance", "write_items"]

SILENCE: Final = timedelta(days=2)
"""A run that has saved nothing for so long was killed; a batch at the provider may take a day."""


class Runs(Database):
    """Runs and watermarks."""

    def start_run(
        self, *, kind: str = "audit", rubric: Rubric | None = None, asked: str | None = None, parameters: Mapping[str, Any] | None = None
    ) -> Run:
        """Write down that a run begins, together with its rubric.

        Parameters
        ----------
        kind
            What it does: audit, check, stability, …
        rubric
            What it grades with.
        asked
            The grader that was asked for; audits are kept apart by it.
        parameters
            How it was called, without secrets.
        """
        started = now()
        run = Run(
            id=f"{started:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}",
            kind=kind,
            started_at=started,
            rubric=rubric.full_hash if rubric else None,
            grading_hash=grading_hash(rubric) if rubric else None,
            asked=asked,
            parameters=parameters or {},
        )
        with self.write() as connection:
            stale = runs.update().where(runs.c.state == "running", runs.c.heard_at < started - SILENCE)
            connection.execute(stale.values(state="interrupted", why="nothing was heard of it"))
            if rubric:
                save_rubric(connection, rubric)
            values = run.model_dump(exclude={"parameters", "counts"})
            connection.execute(runs.insert().values(**values, heard_at=started, parameters=to_json(run.parameters), counts="{}"))
        return run

    def finish_run(self, run: str, *, state: Literal["finished", "failed", "interrupted"] = "finished", why: str = "") -> Run:
        """Write down that a run ended, count its records by outcome, and return it."""
        with self.write() as connection:
            counts = _counts(connection, run)
            done = runs.update().where(runs.c.id == run)
            connection.execute(done.values(state=state, finished_at=now(), heard_at=now(), counts=to_json(counts), why=why))
        return self.run(run)

    def run(self, id: str) -> Run:
        """Return a run; while it goes on its counts are those so far.

        Raises
        ------
        StoreError
            If there is none of that id.
        """
        with self.read() as connection:
            row = connection.execute(select(runs).where(runs.c.id == id)).one_or_none()
            if row is None:
                raise StoreError(f"store {self.name}: there is no run {id!r}", fix="list them with: clearbar store show")
            found = _run(row)
            return found if found.state != "running" else found.model_copy(update={"counts": _counts(connection, id)})

    def runs(self, *, kind: str | None = None, limit: int | None = None) -> list[Run]:
        """Return runs, the newest first."""
        query = select(runs).order_by(runs.c.started_at.desc(), runs.c.id.desc()).limit(limit)
        with self.read() as connection:
            return [_run(row) for row in connection.execute(query.where(runs.c.kind == kind) if kind else query)]

    def items(self, run: str, outcomes: Collection[Outcome] = ()) -> Iterator[Item]:
        """Yield what became of each record of a run, by source and place, without the texts; only these outcomes, where given."""
        query = select(run_items).where(run_items.c.run == run).order_by(run_items.c.source, run_items.c.place)
        if outcomes:
            query = query.where(run_items.c.outcome.in_([outcome.value for outcome in outcomes]))
        with self.read() as connection:
            rows = connection.execute(query).all()
        for row in rows:
            yield Item(source=row.source, place=row.place, id=row.id, outcome=row.outcome, why=row.why)

    def watermark(self, source: str) -> Mark | None:
        """Return how far a source has been read; null before the first time."""
        with self.read() as connection:
            row = connection.execute(select(watermarks).where(watermarks.c.source == source)).one_or_none()
        return Mark(row.updated_at, row.id) if row else None

    def advance(self, source: str, mark: Mark) -> None:
        """Move a source's watermark forward; never back. All before the mark must be saved."""
        with self.write() as connection:
            advance(connection, source, mark)

    def rubric(self, hash: str) -> Rubric | None:
        """Return a rubric that was graded with, by its full hash."""
        with self.read() as connection:
            body = connection.execute(select(rubrics.c.body).where(rubrics.c.hash == hash)).scalar()
        return Rubric.model_validate_json(body) if body else None


def advance(connection: Connection, source: str, mark: Mark) -> None:
    """Move a watermark forward inside a transaction."""
    row = connection.execute(select(watermarks).where(watermarks.c.source == source).with_for_update()).one_or_none()
    if row is None or (row.updated_at, row.id) < (aware(mark.updated_at), mark.id):
        values = {"source": source, "updated_at": mark.updated_at, "id": mark.id}
        merge(connection, watermarks, [values], update=["updated_at", "id"])


def save_rubric(connection: Connection, rubric: Rubric) -> None:
    """Keep a rubric, so that its audits can be read with it for ever."""
    body = canonical_json(rubric.model_dump(mode="json")).decode()
    merge(connection, rubrics, [{"hash": rubric.full_hash, "name": rubric.name, "version": rubric.version, "body": body}])


def write_items(connection: Connection, run: str, items: list[Item]) -> None:
    """Write what became of records; a place that was written before is replaced."""
    rows = [
        {
            "run": run,
            "source": item.source,
            "place": item.place,
            "id": item.transcript.id if item.transcript else item.id,
            "outcome": item.outcome.value,
            "why": item.why,
            "text_hash": item.transcript.text_hash if item.transcript else None,
        }
        for item in items
    ]
    merge(connection, run_items, rows, update=["id", "outcome", "why", "text_hash"])
    connection.execute(update(runs).where(runs.c.id == run).values(heard_at=now()))


def _counts(connection: Connection, run: str) -> Counts:
    query = select(run_items.c.outcome, func.count()).where(run_items.c.run == run).group_by(run_items.c.outcome)
    return Counts(**dict(connection.execute(query).tuples().all()))


def _run(row: Row[Any]) -> Run:
    values = {name: value for name, value in row._mapping.items() if name != "heard_at"}  # noqa: SLF001 - SQLAlchemy's public name
    return Run(**{**values, "parameters": from_json(row.parameters), "counts": Counts(**from_json(row.counts))})
