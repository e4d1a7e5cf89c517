"""Claims, raw replies, budgets, rates and batch jobs of the LLM grader, shared by all processes that use the store.

Each method is one short transaction. See `clearbar.grading.llm.ledger.Ledger` for what they mean.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, or_, select, text

from clearbar.grading.llm.ledger import BatchJob, JobState, RateLimit, RawReply, Spend
from clearbar.grading.llm.memory import gcra
from clearbar.store.database import Database, chunks, merge
from clearbar.store.rows import from_json, to_json
from clearbar.store.suppression import Suppression
from clearbar.store.tables import batch_jobs, budgets, claims, rates, replies

__all__ = ["StoreLedger"]

_COLUMNS = tuple(column.name for column in replies.c)
_COMMIT = text(
    f"INSERT INTO replies ({', '.join(_COLUMNS)}) VALUES ({', '.join(f':{name}' for name in _COLUMNS)}) ON CONFLICT DO NOTHING"  # noqa: S608 - our own names
).bindparams(*(bindparam(column.name, type_=column.type) for column in replies.c))
"""In words, because SQLAlchemy puts an insert with ON CONFLICT together anew each time, which takes longer than the rest of a commit."""


class StoreLedger:
    """The ledger in a store.

    Parameters
    ----------
    database
        Where the tables are.
    clock
        Seconds since 1970; the clocks of machines that share a store should agree to within a fraction of a lease.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    def claim(self, keys: Collection[str], holder: str, lease: float) -> Mapping[str, str]:
        """See `Ledger.claim`."""
        now = self._clock()
        rows = [{"key": key, "holder": holder, "until": now + lease} for key in set(keys)]
        with self._database.write() as connection:
            free = or_(claims.c.holder == holder, claims.c.until <= now)
            merge(connection, claims, rows, update=["holder", "until"], where=lambda _: free)
            return {
                key: other
                for some in chunks(keys)
                for key, other in connection.execute(
                    select(claims.c.key, claims.c.holder).where(claims.c.key.in_(some), claims.c.holder != holder)
                ).tuples()
            }

    def release(self, keys: Collection[str], holder: str) -> None:
        """See `Ledger.release`."""
        with self._database.write() as connection:
            for some in chunks(keys):
                connection.execute(claims.delete().where(claims.c.key.in_(some), claims.c.holder == holder))

    def replies(self, keys: Collection[str]) -> Sequence[RawReply]:
        """See `Ledger.replies`."""
        found: list[RawReply] = []
        with self._database.read() as connection:
            for some in chunks(set(keys)):
                rows = connection.execute(select(replies).where(replies.c.grade_key.in_(some))).mappings()
                found += map(_reply, rows)
        return sorted(found, key=lambda reply: (reply.at, reply.grade_key, reply.request))

    def models(self, grader: str) -> Sequence[str]:
        """Return the names of the models that have answered a grader so far, as the server returned them."""
        query = select(replies.c.model).where(replies.c.grader == grader).distinct()
        with self._database.read() as connection:
            return sorted(connection.execute(query).scalars())

    def commit(self, replies_made: Sequence[RawReply]) -> None:
        """See `Ledger.commit`; a reply to a text that was erased meanwhile is dropped."""
        with self._database.write() as connection:
            erased = Suppression(connection).texts({reply.text_hash for reply in replies_made})
            kept = [reply for reply in replies_made if reply.text_hash not in erased]
            if kept:
                connection.execute(_COMMIT, [_row(reply) for reply in sorted(kept, key=lambda reply: (reply.grade_key, reply.request))])

    def spend(self, budget: str, amount: Spend, limit: Spend) -> bool:
        """See `Ledger.spend`."""
        growing = any((part or 0) > 0 for part in (amount.calls, amount.tokens, amount.usd))
        with self._database.write() as connection:
            spent = _spent(connection, budget)
            after = spent + amount
            if growing and after.exceeds(limit):
                return False
            connection.execute(budgets.update().where(budgets.c.name == budget).values(**after.model_dump()))
        return True

    def spent(self, budget: str) -> Spend:
        """Return what a budget has spent so far."""
        with self._database.read() as connection:
            row = connection.execute(select(budgets).where(budgets.c.name == budget)).one_or_none()
        return Spend(calls=row.calls, tokens=row.tokens, usd=row.usd) if row else Spend(calls=0, tokens=0, usd=0.0)

    def take(self, bucket: str, requests: int, tokens: int, limit: RateLimit) -> float:
        """See `Ledger.take`."""
        now = self._clock()
        with self._database.write() as connection:
            merge(connection, rates, [{"bucket": bucket, "requests": 0.0, "tokens": 0.0}])
            row = connection.execute(select(rates).where(rates.c.bucket == bucket).with_for_update()).one()
            first, wait = gcra(row.requests, now, requests, limit.requests)
            second, other = gcra(row.tokens, now, tokens, limit.tokens)
            connection.execute(rates.update().where(rates.c.bucket == bucket).values(requests=first, tokens=second))
        return max(wait, other)

    def save_job(self, job: BatchJob) -> None:
        """See `Ledger.save_job`."""
        row = {"id": job.id, "grader": job.grader, "state": job.state.value, "body": job.model_dump_json(), "at": job.at}
        with self._database.write() as connection:
            merge(connection, batch_jobs, [row], update=["grader", "state", "body", "at"])

    def jobs(self, grader: str) -> Sequence[BatchJob]:
        """See `Ledger.jobs`."""
        live = batch_jobs.c.state.in_([JobState.PREPARED, JobState.SUBMITTED])
        query = select(batch_jobs.c.body).where(batch_jobs.c.grader == grader, live).order_by(batch_jobs.c.at, batch_jobs.c.id)
        with self._database.read() as connection:
            return [BatchJob.model_validate_json(body) for body in connection.execute(query).scalars()]


def _row(reply: RawReply) -> dict[str, Any]:
    # as JSON strings, because PostgreSQL's text cannot hold the NUL that a model may send
    return {**reply.model_dump(), **{name: to_json(getattr(reply, name)) for name in ("usage", "content", "refusal")}}


def _reply(row: RowMapping) -> RawReply:
    return RawReply(**{**row, **{name: from_json(row[name]) for name in ("usage", "content", "refusal")}})


def _spent(connection: Connection, budget: str) -> Spend:
    """Return what was spent, with the row locked until the transaction ends."""
    merge(connection, budgets, [{"name": budget, "calls": 0, "tokens": 0, "usd": 0.0}])
    row = connection.execute(select(budgets).where(budgets.c.name == budget).with_for_update()).one()
    return Spend(calls=row.calls, tokens=row.tokens, usd=row.usd)
