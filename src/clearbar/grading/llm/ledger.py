"""What the LLM grader asks of a store: claims, raw replies, budget, rate and batch jobs, shared by all processes that use the store.

A ledger is synchronous and takes many records at once: the grader calls it from one writer thread, which groups what has
gathered meanwhile, so that each method may be one short transaction. Methods may be called from several threads.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pydantic import Field

from clearbar.model import Model
from clearbar.verdict import Usage

__all__ = ["BatchJob", "JobState", "Ledger", "RateLimit", "RawReply", "Spend"]


class RawReply(Model):
    """One reply as the model gave it, kept so that reading it again never costs a call."""

    grade_key: str
    """The grade that it was asked for; several replies may belong to one grade."""
    request: str
    """Which request of that grade: attempt, vote, part, criteria, round. Unique together with `grade_key`."""
    text_hash: str
    """The redacted text that it speaks of (and may quote): erased together with it."""
    grader: str
    """Fingerprint of the grader that asked."""
    model: str
    """The model's name as the server returned it; a silently repointed alias shows here."""
    system_fingerprint: str | None = None
    content: str | None = None
    refusal: str | None = None
    finish_reason: str | None = None
    usage: Usage = Usage()
    seconds: float = 0
    """From sending to the last byte."""
    at: datetime


class Spend(Model):
    """An amount of calls, tokens and money; as a limit, null means that there is none."""

    calls: int | None = None
    tokens: int | None = None
    usd: float | None = None

    def exceeds(self, limit: "Spend") -> bool:
        """Whether any amount is over its limit."""
        pairs = ((self.calls, limit.calls), (self.tokens, limit.tokens), (self.usd, limit.usd))
        return any(cap is not None and (amount or 0) > cap for amount, cap in pairs)

    def __add__(self, other: "Spend") -> "Spend":
        """Return the sum, null counting as nothing."""
        return Spend(
            calls=(self.calls or 0) + (other.calls or 0),
            tokens=(self.tokens or 0) + (other.tokens or 0),
            usd=(self.usd or 0.0) + (other.usd or 0.0),
        )

    def negated(self) -> "Spend":
        """Return the same amount with the opposite sign."""
        return Spend(calls=-(self.calls or 0), tokens=-(self.tokens or 0), usd=-(self.usd or 0.0))


class RateLimit(Model):
    """How much a minute may hold; null means no limit."""

    requests: int | None = None
    tokens: int | None = None


class JobState(StrEnum):
    """How far a batch job has come."""

    PREPARED = "prepared"
    """Written down before anything was sent, so that a kill leaves a trace."""
    SUBMITTED = "submitted"
    COLLECTED = "collected"
    """Its replies are committed; nothing is left to do."""
    ABANDONED = "abandoned"
    """Failed, expired or cancelled, and what came of it is committed."""


class BatchJob(Model):
    """A batch that was sent to the provider's batch interface and is collected later, by this process or another."""

    id: str
    """Our own name for it, sent along as metadata, by which a lost submission is found again."""
    grader: str
    """Fingerprint of the grader that asked."""
    state: JobState
    batch_id: str | None = None
    """The provider's name for it."""
    file_id: str | None = None
    requests: dict[str, tuple[str, str, str]] = Field(default_factory=dict)
    """By custom id: grade key, request and text hash of the reply to come."""
    budget: str = ""
    reserved: Spend = Spend()
    """What was set aside for it in that budget."""
    at: datetime


class Ledger(Protocol):
    """Claims, raw replies, budget, rate and batch jobs."""

    def claim(self, keys: Collection[str], holder: str, lease: float) -> Mapping[str, str]:
        """Claim grade keys for `holder` for `lease` seconds and return the holder of each key that is someone else's now.

        A key is granted if nobody holds it, if its lease lapsed, or if `holder` holds it already (which renews the lease).
        So of two processes that ask for the same grade at once, one asks the model and the other waits for the replies.
        """

    def release(self, keys: Collection[str], holder: str) -> None:
        """Give up the claims that `holder` has on these keys; others' claims stay."""

    def replies(self, keys: Collection[str]) -> Sequence[RawReply]:
        """Return all stored raw replies of these grade keys, the oldest first."""

    def commit(self, replies: Sequence[RawReply]) -> None:
        """Store raw replies durably. One that is there already (same grade key and request) is left as it is."""

    def spend(self, budget: str, amount: Spend, limit: Spend) -> bool:
        """Add `amount` to what the budget of this name has spent and return True; return False and add nothing if that exceeds `limit`.

        Estimates are spent before a call and corrected after it by the difference, which may be negative and always fits;
        what a killed process had in flight stays spent, as the provider may well have billed it.
        """

    def take(self, bucket: str, requests: int, tokens: int, limit: RateLimit) -> float:
        """Take requests and tokens from the minute's allowance of a bucket and return the seconds to wait before sending.

        The allowance refills steadily and holds one minute's worth (generic cell rate); what is taken is taken at once.
        """

    def save_job(self, job: BatchJob) -> None:
        """Insert or replace a batch job by its id."""

    def jobs(self, grader: str) -> Sequence[BatchJob]:
        """Return this grader's batch jobs that are prepared or submitted, the oldest first."""
