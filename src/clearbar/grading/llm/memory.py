"""A ledger without a store: for `clearbar grade`, which keeps nothing beyond its own run."""

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence

from clearbar.grading.llm.ledger import BatchJob, JobState, RateLimit, RawReply, Spend

__all__ = ["MemoryLedger", "gcra"]

MINUTE = 60.0


def gcra(arrival: float, now: float, amount: int, per_minute: int | None) -> tuple[float, float]:
    """Return the next theoretical arrival time and the seconds to wait, by the generic cell rate algorithm.

    Parameters
    ----------
    arrival
        Theoretical arrival time so far, on the clock of `now`; 0 for a fresh bucket.
    amount
        What is taken now. More than a minute's worth is let through after the bucket has emptied, and paid off afterwards.
    per_minute
        Allowance of one minute, also the burst; null takes nothing.
    """
    if per_minute is None:
        return arrival, 0.0
    after = max(arrival, now) + amount * MINUTE / per_minute
    burst = max(MINUTE, amount * MINUTE / per_minute)
    return after, max(0.0, after - now - burst)


class MemoryLedger:
    """Claims, replies, budget, rate and jobs in this process's memory."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._claims: dict[str, tuple[str, float]] = {}
        self._replies: dict[str, dict[str, RawReply]] = {}
        self._spent: dict[str, Spend] = {}
        self._rates: dict[str, tuple[float, float]] = {}
        self._jobs: dict[str, BatchJob] = {}

    def claim(self, keys: Collection[str], holder: str, lease: float) -> Mapping[str, str]:
        """See `Ledger.claim`."""
        with self._lock:
            now = self._clock()
            held = {key: self._claims[key][0] for key in keys if key in self._claims and self._claims[key][1] > now}
            others = {key: who for key, who in held.items() if who != holder}
            self._claims.update({key: (holder, now + lease) for key in keys if key not in others})
            return others

    def release(self, keys: Collection[str], holder: str) -> None:
        """See `Ledger.release`."""
        with self._lock:
            for key in keys:
                if key in self._claims and self._claims[key][0] == holder:
                    del self._claims[key]

    def replies(self, keys: Collection[str]) -> Sequence[RawReply]:
        """See `Ledger.replies`."""
        with self._lock:
            return [reply for key in keys for reply in self._replies.get(key, {}).values()]

    def commit(self, replies: Sequence[RawReply]) -> None:
        """See `Ledger.commit`."""
        with self._lock:
            for reply in replies:
                self._replies.setdefault(reply.grade_key, {}).setdefault(reply.request, reply)

    def spend(self, budget: str, amount: Spend, limit: Spend) -> bool:
        """See `Ledger.spend`."""
        with self._lock:
            after = self._spent.get(budget, Spend()) + amount
            growing = any((part or 0) > 0 for part in (amount.calls, amount.tokens, amount.usd))
            if growing and after.exceeds(limit):
                return False
            self._spent[budget] = after
            return True

    def take(self, bucket: str, requests: int, tokens: int, limit: RateLimit) -> float:
        """See `Ledger.take`."""
        with self._lock:
            now = self._clock()
            first, second = self._rates.get(bucket, (0.0, 0.0))
            first, wait = gcra(first, now, requests, limit.requests)
            second, other = gcra(second, now, tokens, limit.tokens)
            self._rates[bucket] = (first, second)
            return max(wait, other)

    def save_job(self, job: BatchJob) -> None:
        """See `Ledger.save_job`."""
        with self._lock:
            self._jobs[job.id] = job

    def jobs(self, grader: str) -> Sequence[BatchJob]:
        """See `Ledger.jobs`."""
        with self._lock:
            live = {JobState.PREPARED, JobState.SUBMITTED}
            return [job for job in self._jobs.values() if job.grader == grader and job.state in live]
