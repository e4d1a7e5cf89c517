"""Which of the wanted grades this process asks for: claims, stored replies, batches, and waiting for what others ask."""

import asyncio
import logging
import os
import socket
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from clearbar.errors import ClearbarError
from clearbar.grading.llm.asking import Asker, Wanted
from clearbar.grading.llm.batch import Batches
from clearbar.grading.llm.caller import Caller
from clearbar.grading.llm.client import untraced
from clearbar.grading.llm.desk import Desk
from clearbar.grading.llm.faults import CallError
from clearbar.grading.llm.ledger import BatchJob, RawReply
from clearbar.settings import LlmSettings
from clearbar.verdict import Grade, GradeFailure, failed

__all__ = ["Dispatcher"]

POLL = 0.3
"""Seconds between looks at grades that another process is asking for."""
log = logging.getLogger(__name__)


class Dispatcher:
    """Makes wanted grades, each asked for by one process only.

    Parameters
    ----------
    note
        Called with lines that a person should see.
    """

    def __init__(
        self,
        asker: Asker,
        caller: Caller,
        batches: Batches,
        desk: Desk,
        settings: LlmSettings,
        *,
        fingerprint: str,
        note: Callable[[str], None],
    ) -> None:
        self._asker = asker
        self._caller = caller
        self._batches = batches
        self._desk = desk
        self._settings = settings
        self._fingerprint = fingerprint
        self._note = note
        self._holder = f"{socket.gethostname()}/{os.getpid()}/{uuid.uuid4().hex}"

    async def grade(self, wanted: Mapping[str, Wanted]) -> dict[str, Grade | GradeFailure]:
        """Return one result a key: what can be claimed is graded, then what others are asking is waited for."""
        with untraced():
            return await self._grade(wanted)

    async def _grade(self, wanted: Mapping[str, Wanted]) -> dict[str, Grade | GradeFailure]:
        results: dict[str, Grade | GradeFailure] = {}
        claimed: set[str] = set()
        renewal = asyncio.create_task(self._renew(claimed))
        try:
            while len(results) < len(wanted):
                left = {key: item for key, item in wanted.items() if key not in results}
                others = await self._claim(list(left))
                mine = {key: item for key, item in left.items() if key not in others}
                claimed |= set(mine)
                results |= await self._grade_all(mine)
                if self._caller.halt.called:
                    results |= {key: _failure(left[key], failed("interrupted")) for key in others}
                elif not mine and not await self._evict(others):
                    await asyncio.sleep(POLL)
        finally:
            renewal.cancel()
            await self._release(claimed, self._holder)
        return results

    async def submit(self, wanted: Mapping[str, Wanted]) -> int:
        """Send what is neither answered nor under way as batches, and return how many requests."""
        others = await self._claim(list(wanted))
        mine = {key: item for key, item in wanted.items() if key not in others}
        try:
            return sum(len(job.requests) for job in await self._submit_missing(mine))
        finally:
            await self._release(list(mine), self._holder)

    async def _claim(self, keys: Collection[str]) -> Mapping[str, str]:
        return await self._desk.run(lambda: self._desk.ledger.claim(keys, self._holder, self._settings.lease))

    async def _release(self, keys: Collection[str], holder: str) -> None:
        await self._desk.run(lambda: self._desk.ledger.release(keys, holder))

    async def _renew(self, claimed: set[str]) -> None:
        while True:
            await asyncio.sleep(self._settings.lease / 3)
            if claimed:
                await self._claim(list(claimed))

    async def _evict(self, others: Mapping[str, str]) -> bool:
        """Release the claims of processes on this machine that have died and return whether there were any."""
        dead = {holder for holder in others.values() if _is_dead(holder)}
        for holder in dead:
            await self._release([key for key, who in others.items() if who == holder], holder)
        return bool(dead)

    async def _grade_all(self, mine: Mapping[str, Wanted]) -> dict[str, Grade | GradeFailure]:
        waiting = await self._fill_by_batch(mine) if mine and self._settings.mode == "batch" else set()
        reason = failed("interrupted" if self._caller.halt.called else "timed out")
        late = {key: _failure(mine[key], reason) for key in waiting}
        due = {key: item for key, item in mine.items() if key not in waiting}
        stored = await self._stored(due)
        graded = await asyncio.gather(*(self._grade_one(item, key, stored.get(key, [])) for key, item in due.items()))
        return late | dict(zip(due, graded, strict=True))

    async def _grade_one(self, item: Wanted, key: str, stored: Sequence[RawReply]) -> Grade | GradeFailure:
        try:
            return await self._asker.grade(item, key, stored)
        except ClearbarError:
            raise
        except Exception as error:  # noqa: BLE001 - one conversation never stops the others; its words stay out of the log
            where, name = _place(error.__traceback__), type(error).__name__
            log.error("conversation %s could not be graded: %s at %s", item.transcript.id, name, where)  # noqa: TRY400
            return _failure(item, failed("unread"))

    async def _stored(self, keys: Collection[str]) -> dict[str, list[RawReply]]:
        stored: dict[str, list[RawReply]] = defaultdict(list)
        for reply in await self._desk.run(lambda: self._desk.ledger.replies(list(keys))):
            stored[reply.grade_key].append(reply)
        return stored

    async def _fill_by_batch(self, mine: Mapping[str, Wanted]) -> set[str]:
        """Collect the batches that these grades wait for, sending what is missing, and return the keys still under way."""
        waiting: set[str] = set()
        for job in await self._open_jobs(mine):
            try:
                await self._batches.recover(job)
            except CallError as fault:
                self._note(f"a batch cannot be found again ({fault.words})")
        await self._submit_missing(mine)
        for job in await self._open_jobs(mine):
            try:
                if not await self._batches.collect(job):
                    waiting |= {entry[0] for entry in job.requests.values()} & set(mine)
            except CallError as fault:
                self._note(f"a batch cannot be collected ({fault.words}); its conversations are asked one by one")
        return waiting

    async def _submit_missing(self, mine: Mapping[str, Wanted]) -> list[BatchJob]:
        """Send what is neither answered nor under way; a server without batches is asked by single calls instead."""
        stored = await self._stored(mine)
        under_way = {entry[0] for job in await self._open_jobs(mine) for entry in job.requests.values()}
        missing = [
            request
            for key, item in mine.items()
            if key not in stored and key not in under_way
            for request in self._asker.requests(item, key)
        ]
        try:
            return await self._batches.submit(missing, self._asker, self._fingerprint, self._holder)
        except CallError as fault:
            if not self._caller.halt.called:
                self._note(f"batches cannot be sent ({fault.words}); conversations are asked one by one")
            return []

    async def _open_jobs(self, keys: Collection[str]) -> list[BatchJob]:
        """Return the jobs under way that hold requests of these grades."""
        jobs = await self._desk.run(lambda: self._desk.ledger.jobs(self._fingerprint))
        return [job for job in jobs if any(entry[0] in keys for entry in job.requests.values())]


def _failure(item: Wanted, reason: str) -> GradeFailure:
    return GradeFailure(text_hash=item.transcript.text_hash, reason=reason)


def _place(trace: TracebackType | None) -> str:
    """Return file and line where an error arose."""
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"


def _is_dead(holder: str) -> bool:
    """Whether a claim's holder was a process on this machine that is no more; one elsewhere is trusted until its lease lapses."""
    host, pid, _ = holder.split("/", 2)
    if host != socket.gethostname():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
