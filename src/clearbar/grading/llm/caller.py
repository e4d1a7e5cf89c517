"""Sends requests: limits, circuit breaker, budget, one retry policy; commits each raw reply before its slot is free again."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from clearbar.grading.llm.breaker import Breaker
from clearbar.grading.llm.client import Client, Completion
from clearbar.grading.llm.desk import Desk, Settlement
from clearbar.grading.llm.dialect import endpoint
from clearbar.grading.llm.faults import CallError, classify
from clearbar.grading.llm.halt import Halt
from clearbar.grading.llm.ledger import RateLimit, RawReply, Spend
from clearbar.grading.llm.limits import Pace
from clearbar.grading.llm.prices import Prices
from clearbar.settings import LlmSettings
from clearbar.verdict import Usage

__all__ = ["Budget", "Caller", "Request", "spend_of"]

BACKOFF = 0.5
"""Seconds before the second try, at most; doubled for each further one."""
LONGEST_BACKOFF = 20.0


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, and where its reply belongs."""

    grade_key: str
    name: str
    """Which request of that grade it is."""
    grader: str
    """Fingerprint of the grader that asks."""
    text_hash: str
    messages: Callable[[], Sequence[tuple[str, str]]]
    """Role and text of each message; rendered when there is a free slot."""
    fields: Mapping[str, Any]
    input_tokens: int
    """Estimated."""
    output_tokens: int
    """At most."""


MAYBE_BILLED = frozenset({"timed out", "unread"})
"""Faults after which a provider may want to be paid all the same, so that the budget counts them."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Name and limit of what may be spent."""

    name: str
    limit: Spend

    @classmethod
    def of(cls, settings: LlmSettings, run: str) -> Self:
        """Return the budget that a run takes part in: its own, the day's or the month's, by the settings."""
        now = datetime.now(UTC)
        names = {"run": f"run {run}", "day": f"day {now:%Y-%m-%d}", "month": f"month {now:%Y-%m}"}
        limit = Spend(calls=settings.budget_calls, tokens=settings.budget_tokens, usd=settings.budget_usd)
        return cls(names[settings.budget_per], limit)

    @property
    def bounded(self) -> bool:
        """Whether there is any limit."""
        return self.limit != Spend()


class Caller:
    """Asks the model and keeps what it says.

    Parameters
    ----------
    budget
        What may be spent; the allowance of requests and tokens a minute is that of all who use the same endpoint and model.
    """

    def __init__(self, client: Client, desk: Desk, settings: LlmSettings, prices: Prices, *, budget: Budget) -> None:
        self._client = client
        self._desk = desk
        self._settings = settings
        self._prices = prices
        self._budget = budget
        self._bucket = f"{settings.model} at {endpoint(settings)}"
        self._slots = asyncio.Semaphore(settings.in_flight)
        self.halt = Halt()
        self._breaker = Breaker(settings.outage_patience, pause=self.halt.pause)
        self._pace = Pace()
        self._rate = RateLimit(requests=settings.requests_per_minute, tokens=settings.tokens_per_minute)
        self._jitter = random.Random()
        self.spent = Usage()
        """What the calls of this caller have consumed."""
        self.models: Counter[tuple[str, str]] = Counter()
        """How many replies each model gave, by the name and system fingerprint that the server returned."""
        self.faults: Counter[str] = Counter()
        """How often a call brought no reply, by what happened."""

    async def ask(self, request: Request) -> RawReply:
        """Return the reply to a request, stored.

        Raises
        ------
        CallError
            If there is none, after trying as often as that can help.
        """
        limit = self._settings.timeout
        for attempt in range(1, self._settings.attempts + 1):
            try:
                return await self._try(request, limit)
            except CallError as fault:
                self.faults[fault.words] += 1
                late = fault.failure == "timed out"
                if not fault.again or attempt == self._settings.attempts or (late and limit < self._settings.timeout):
                    raise
                limit = self._settings.timeout / 2 if late else limit
                await self.halt.pause(self._delay(fault, attempt))
        raise AssertionError  # pragma: no cover - the last attempt returns or raises

    def _delay(self, fault: CallError, attempt: int) -> float:
        """Return the seconds before the next try: what the server asked for, else a random share of a doubling bound."""
        if fault.limited:
            self._pace.refused(fault.wait if fault.wait is not None else BACKOFF)
        if fault.failure == "timed out":
            return 0.0
        if fault.wait is not None:
            return fault.wait * (1 + 0.1 * self._jitter.random())
        bound: float = min(LONGEST_BACKOFF, BACKOFF * 2.0 ** (attempt - 1))
        return bound * (0.5 + 0.5 * self._jitter.random())

    async def _try(self, request: Request, limit: float) -> RawReply:
        async with self._slots:
            trial = await self._breaker.admit()
            try:
                await self._wait(request)
                return await self._send(request, limit, trial=trial)
            finally:
                self._breaker.abandon(trial=trial)

    async def _wait(self, request: Request) -> None:
        if self._rate != RateLimit():
            tokens = request.input_tokens + request.output_tokens // 4
            await self.halt.pause(await self._desk.run(lambda: self._desk.ledger.take(self._bucket, 1, tokens, self._rate)))
        if wait := self._pace.wait():
            await self.halt.pause(wait)
        self.halt.check()

    async def _send(self, request: Request, limit: float, *, trial: bool) -> RawReply:
        reserved = await self._reserve(request)
        try:
            async with asyncio.timeout(limit):
                completion = await self._client.complete(request.messages(), request.fields)
        except (CallError, TimeoutError) as error:
            fault = error if isinstance(error, CallError) else classify(error)
            self._breaker.fail(fault, trial=trial, text=request.text_hash)
            if self._budget.bounded and fault.failure not in MAYBE_BILLED:
                unspent = self._settlement(reserved, Spend())
                await self._desk.run(lambda: self._desk.ledger.spend(*unspent, Spend()))
            raise fault from error
        self._breaker.succeed()
        self._pace.answered(completion.headers, request.input_tokens)
        reply = self._record(request, completion)
        actual = spend_of(reply.usage, reply.usage.cost_usd) if self._budget.bounded else None
        await self._desk.commit(reply, self._settlement(reserved, actual) if actual else None)
        return reply

    def _record(self, request: Request, completion: Completion) -> RawReply:
        usage = Usage(
            calls=1, input_tokens=completion.input_tokens, cached_tokens=completion.cached_tokens, output_tokens=completion.output_tokens
        )
        usage = usage.model_copy(update={"cost_usd": self._prices.cost(self._settings.model or "", usage)})
        self.spent += usage
        self.models[completion.model, completion.system_fingerprint or ""] += 1
        return RawReply(
            grade_key=request.grade_key,
            request=request.name,
            text_hash=request.text_hash,
            grader=request.grader,
            model=completion.model,
            system_fingerprint=completion.system_fingerprint,
            content=completion.content,
            refusal=completion.refusal,
            finish_reason=completion.finish_reason,
            usage=usage,
            seconds=round(completion.seconds, 3),
            at=datetime.now(UTC),
        )

    async def _reserve(self, request: Request) -> Spend:
        """Spend the most that a call may take, or refuse it."""
        if not self._budget.bounded:
            return Spend()
        most = Usage(calls=1, input_tokens=request.input_tokens, output_tokens=request.output_tokens)
        amount = spend_of(most, self._prices.cost(self._settings.model or "", most))
        if not await self._desk.run(lambda: self._desk.ledger.spend(self._budget.name, amount, self._budget.limit)):
            raise CallError("budget", "the budget is spent")
        return amount

    def _settlement(self, reserved: Spend, actual: Spend) -> Settlement:
        return Settlement(self._budget.name, actual + reserved.negated())


def spend_of(usage: Usage, cost: float | None) -> Spend:
    """Return a usage as an amount of a budget."""
    return Spend(calls=usage.calls, tokens=usage.input_tokens + usage.output_tokens, usd=cost)
