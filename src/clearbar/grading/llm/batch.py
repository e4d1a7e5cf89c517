"""OpenAI's Batch API: requests sent as a file, answered within a day at a lower price.

A batch only fills the ledger with raw replies; grades are then made as always, so that what a batch did not answer
(expired, failed and missing lines) and what needs a second question goes by single calls. A job is written down before
anything is sent and found again by its name after a restart, at whatever moment the process ended.
"""

import json
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import orjson

from clearbar.grading.llm.asking import Asker, Request
from clearbar.grading.llm.caller import Budget, spend_of
from clearbar.grading.llm.client import Client
from clearbar.grading.llm.desk import Desk
from clearbar.grading.llm.faults import CallError, classify
from clearbar.grading.llm.halt import Halt
from clearbar.grading.llm.ledger import BatchJob, JobState, RawReply, Spend
from clearbar.grading.llm.prices import Prices
from clearbar.model import digest
from clearbar.settings import LlmSettings
from clearbar.verdict import Usage

__all__ = ["Batches"]

MAX_LINES = 20_000
MAX_BYTES = 90_000_000
"""Bounds of one batch, below the provider's own."""
NAME = "clearbar_job"
"""Metadata by which a job is found at the provider."""
OVER = frozenset({"completed", "expired", "failed", "cancelled"})
LOOKED_AT = 200
"""Batches of the provider, the newest first, among which a lost job is looked for."""


class Batches:
    """Sends requests as batches and collects their replies.

    Parameters
    ----------
    halt
        Tells whether the run was interrupted; jobs then stay open for the next one.
    """

    def __init__(self, client: Client, desk: Desk, settings: LlmSettings, prices: Prices, *, budget: Budget, halt: Halt) -> None:
        self._client = client
        self._desk = desk
        self._settings = settings
        self._prices = prices
        self._budget = budget
        self._halt = halt
        self.spent = Usage()
        """What the batches collected by this process have consumed."""
        self.models: Counter[tuple[str, str]] = Counter()
        """How many of their replies each model gave, by the name and system fingerprint that the server returned."""

    async def submit(self, requests: Sequence[Request], asker: Asker, grader: str, holder: str) -> list[BatchJob]:
        """Send requests in as few batches as the bounds allow.

        Raises
        ------
        CallError
            If the server takes no batches.
        """
        jobs = []
        group: list[tuple[Request, bytes]] = []
        size = 0
        for request in requests:
            line = orjson.dumps(
                {"custom_id": _custom_id(request), "method": "POST", "url": "/v1/chat/completions", "body": asker.body(request)}
            )
            if group and (len(group) >= MAX_LINES or size + len(line) > MAX_BYTES):
                jobs.append(await self._send(group, grader, holder))
                group, size = [], 0
            group.append((request, line))
            size += len(line) + 1
        if group:
            jobs.append(await self._send(group, grader, holder))
        return [job for job in jobs if job is not None]

    async def _send(self, group: Sequence[tuple[Request, bytes]], grader: str, holder: str) -> BatchJob | None:
        self._halt.check()
        granted, reserved = await self._reserve(group)
        if not granted:
            return None
        job = BatchJob(
            id=uuid.uuid4().hex,
            grader=grader,
            state=JobState.PREPARED,
            requests={_custom_id(request): (request.grade_key, request.name, request.text_hash) for request, _ in granted},
            budget=self._budget.name,
            reserved=reserved,
            at=datetime.now(UTC),
        )
        await self._desk.run(lambda: self._desk.ledger.claim([job.id], holder, self._settings.lease))
        await self._save(job)
        try:
            content = b"\n".join(line for _, line in granted) + b"\n"
            file = await self._client.api.files.create(file=("batch.jsonl", content), purpose="batch")
            batch = await self._client.api.batches.create(
                completion_window="24h", endpoint="/v1/chat/completions", input_file_id=file.id, metadata={NAME: job.id}
            )
        except Exception as error:
            fault = classify(error)
            if fault.status is not None:  # refused for certain; after a lost connection the batch may exist
                await self._close(job, JobState.ABANDONED, Spend())
            raise fault from error
        submitted = job.model_copy(update={"state": JobState.SUBMITTED, "batch_id": batch.id, "file_id": file.id})
        await self._save(submitted)
        return submitted

    async def _reserve(self, group: Sequence[tuple[Request, bytes]]) -> tuple[list[tuple[Request, bytes]], Spend]:
        """Return the requests that the budget covers, and what was set aside for them."""
        if not self._budget.bounded:
            return list(group), Spend()
        granted, reserved = [], Spend()
        for request, line in group:
            most = Usage(calls=1, input_tokens=request.input_tokens, output_tokens=request.output_tokens)
            amount = spend_of(most, self._prices.cost(self._settings.model or "", most, batch=True))
            if not await self._desk.run(lambda amount=amount: self._desk.ledger.spend(self._budget.name, amount, self._budget.limit)):  # type: ignore[misc]
                break
            granted.append((request, line))
            reserved += amount
        return granted, reserved

    async def recover(self, job: BatchJob) -> None:
        """Find out what became of a job whose process ended while it was sent."""
        if job.state is JobState.PREPARED:
            batch = await self._find(job)
            if batch is None:
                await self._close(job, JobState.ABANDONED, Spend())
            else:
                await self._save(job.model_copy(update={"state": JobState.SUBMITTED, "batch_id": batch.id, "file_id": batch.input_file_id}))

    async def collect(self, job: BatchJob) -> bool:
        """Wait for a job's end, commit its replies and return whether it has ended.

        It has not where the run was interrupted, the wait of the settings is over, or the server cannot be reached now.
        """
        deadline = time.monotonic() + self._settings.batch_wait
        pause = min(1.0, self._settings.batch_poll)
        while True:
            try:
                batch = await self._find(job)
                if batch is None or getattr(batch, "status", "") in OVER:  # a proxy's page has none: the library hands it over as text
                    await self._take_in(job, batch)
                    return True
            except CallError as fault:
                if not fault.again:
                    raise
            if self._halt.called or time.monotonic() > deadline:
                return False
            with suppress(CallError):  # looked at once more, as it may have ended meanwhile
                await self._halt.pause(pause)
            pause = min(self._settings.batch_poll, 2 * pause)

    async def _find(self, job: BatchJob) -> Any:
        """Return the provider's batch of a job; None if it never got there."""
        try:
            if job.batch_id is not None:
                return await self._client.api.batches.retrieve(job.batch_id)
            seen = 0
            async for batch in self._client.api.batches.list(limit=100):
                seen += 1
                if (batch.metadata or {}).get(NAME) == job.id:
                    return batch
                if seen >= LOOKED_AT:
                    break
        except Exception as error:
            raise classify(error) from error
        return None

    async def _take_in(self, job: BatchJob, batch: Any) -> None:
        replies: list[RawReply] = []
        if batch is not None and batch.output_file_id:
            try:
                file = await self._client.api.files.content(batch.output_file_id)
            except Exception as error:
                raise classify(error) from error
            replies = [reply for line in file.content.splitlines() if line.strip() and (reply := self._reply(job, line))]
        await self._desk.run(lambda: self._desk.ledger.commit(replies))
        usage = sum((reply.usage for reply in replies), Usage())
        self.spent += usage
        self.models.update((reply.model, reply.system_fingerprint or "") for reply in replies)
        await self._close(job, JobState.COLLECTED, spend_of(usage, usage.cost_usd))

    def _reply(self, job: BatchJob, line: bytes) -> RawReply | None:
        """Return the raw reply of a line, or None where it holds none that can be told."""
        try:
            item = json.loads(line)
            key, name, text_hash = job.requests[item["custom_id"]]
            if (item.get("response") or {}).get("status_code") != 200:  # noqa: PLR2004
                return None
            body = item["response"]["body"]
            choice = body["choices"][0]
            message, counted = choice["message"], body.get("usage") or {}
            calls = message.get("tool_calls") or []
            cached = (counted.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
            usage = Usage(
                calls=1,
                input_tokens=counted.get("prompt_tokens") or 0,
                cached_tokens=cached,
                output_tokens=counted.get("completion_tokens") or 0,
            )
            return RawReply(
                grade_key=key,
                request=name,
                text_hash=text_hash,
                grader=job.grader,
                model=str(body.get("model") or ""),
                system_fingerprint=body.get("system_fingerprint"),
                content=calls[0]["function"]["arguments"] if calls else message.get("content"),
                refusal=message.get("refusal"),
                finish_reason=choice.get("finish_reason"),
                usage=usage.model_copy(update={"cost_usd": self._prices.cost(self._settings.model or "", usage, batch=True)}),
                at=datetime.now(UTC),
            )
        except (ValueError, KeyError, IndexError, TypeError):
            return None

    async def _close(self, job: BatchJob, state: JobState, actual: Spend) -> None:
        await self._save(job.model_copy(update={"state": state}))
        if job.budget and job.reserved != Spend():
            amount = actual + job.reserved.negated()
            await self._desk.run(lambda: self._desk.ledger.spend(job.budget, amount, Spend()))

    async def _save(self, job: BatchJob) -> None:
        await self._desk.run(lambda: self._desk.ledger.save_job(job))


def _custom_id(request: Request) -> str:
    return digest([request.grade_key, request.name])[:32]
