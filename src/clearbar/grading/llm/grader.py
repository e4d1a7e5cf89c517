"""The LLM grader as others see it: synchronous, usable from several threads, with its event loop and connections inside."""

import asyncio
import contextlib
import logging
import os
import socket
import threading
import uuid
from collections import defaultdict
from collections.abc import Collection, Coroutine, Mapping, Sequence
from concurrent.futures import CancelledError
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from clearbar.errors import ClearbarError, GraderUnavailableError, RubricError
from clearbar.grading.llm.asking import Asker, Sizes, window
from clearbar.grading.llm.batch import Batches
from clearbar.grading.llm.caller import Budget, Caller
from clearbar.grading.llm.client import Client
from clearbar.grading.llm.desk import Desk
from clearbar.grading.llm.dialect import ReplyMode, default_dialect, endpoint
from clearbar.grading.llm.faults import CallError
from clearbar.grading.llm.ledger import BatchJob, Ledger, RawReply, Spend
from clearbar.grading.llm.prices import load_prices
from clearbar.grading.llm.probe import mode_note, negotiate
from clearbar.grading.llm.prompt import Prompt
from clearbar.rubric import Rubric
from clearbar.settings import LlmSettings
from clearbar.transcript import RedactedTranscript
from clearbar.verdict import Grade, GradedBy, GradeFailure, Usage, failed, grade_key

__all__ = ["LlmGrader", "available", "why_unavailable"]

T = TypeVar("T")
log = logging.getLogger(__name__)

GRACE = 10.0
"""Seconds that calls under way are given to end when the run is interrupted."""
POLL = 0.3
"""Seconds between looks at grades that another process is asking for."""
VERSION = 1
"""Of how replies are asked for and merged, beyond what the fingerprint's other parts say."""


def why_unavailable(settings: LlmSettings) -> str | None:
    """Return why no LLM is configured, in one line, or None if one is."""
    if not settings.model:
        return "no model is set (CLEARBAR_LLM__MODEL)"
    if settings.api_key is None and settings.base_url is None:
        return "neither a key (OPENAI_API_KEY) nor a server (OPENAI_BASE_URL) is set"
    return None


def available(settings: LlmSettings) -> bool:
    """Whether a model and a key or a server are configured; whether they work is what `probe` finds out."""
    return why_unavailable(settings) is None


class LlmGrader:
    """Grades conversations by an LLM.

    Parameters
    ----------
    secret
        Keys the mark around a conversation in a prompt.
    ledger
        Claims, raw replies, budget and rate, shared with other processes where it is the store's.
    prompt_folder
        The project's `prompts`.
    replicate
        Which repetition this is (stability seed, anchor night): another one is really asked again.
    run
        Name of the run that a budget per run belongs to; several graders and processes of one run give the same.

    Raises
    ------
    GraderUnavailableError
        If no LLM is configured.
    RubricError
        If the rubric is a draft.
    """

    graded_by = GradedBy.LLM

    def __init__(
        self,
        rubric: Rubric,
        settings: LlmSettings,
        *,
        secret: bytes,
        ledger: Ledger,
        prompt_folder: Path,
        replicate: str = "",
        run: str = "",
    ) -> None:
        if (why := why_unavailable(settings)) is not None:
            raise GraderUnavailableError(f"there is no LLM: {why}", fix="configure one, or use --grader rules")
        if rubric.status == "draft":
            raise RubricError(f"the rubric {rubric.name!r} is a draft", fix="let a person approve it: set status: approved")
        self.rubric = rubric
        self.settings = settings
        self.prices = load_prices(prompt_folder / "prices.yaml")
        self._price = self.prices.of(settings.model or "")
        self.notes: list[str] = []
        """What a person should know about this server and model."""
        self._folder = prompt_folder
        self._secret = secret
        self._replicate = replicate
        self._dialect = default_dialect(settings)
        self._prompt = self._make_prompt()
        self._desk = Desk(ledger)
        self._client = Client(settings)
        bucket = f"{settings.model} at {endpoint(settings)}"
        budget = self._budget(run or uuid.uuid4().hex)
        self._caller = Caller(self._client, self._desk, settings, self.prices, budget=budget, bucket=bucket)
        self._batches = Batches(self._client, self._desk, settings, self.prices, budget=budget, stopping=lambda: self._caller.stopping)
        self._asker: Asker | None = None
        self._thread: _LoopThread | None = None
        self._starting = threading.Lock()

    def _make_prompt(self) -> Prompt:
        shaped = self._dialect.mode in {ReplyMode.JSON_OBJECT, ReplyMode.TEXT}
        return Prompt(self.rubric, self._folder, self._secret, shaped=shaped)

    @property
    def fingerprint(self) -> str:
        """Model, endpoint, reply mode, parameters and prompt templates; exact once `probe` has asked the server."""
        settings = self.settings
        sampling = (
            f"temperature={settings.temperature:g}" if settings.votes == 1 else f"votes={settings.votes}@{settings.vote_temperature:g}"
        )
        return (
            f"llm/{VERSION} {settings.model} at {endpoint(settings)} {self._dialect} {sampling} seed={settings.seed}"
            f" calls={settings.calls} window={window(self.settings, self._price)} prompt={self._prompt.hash}"
        )

    @property
    def spent(self) -> Usage:
        """What this grader's own calls have consumed so far; stored replies cost nothing."""
        return self._caller.spent + self._batches.spent

    @property
    def models(self) -> Mapping[str, int]:
        """How many replies each model gave, by name and system fingerprint as returned."""
        return dict(self._caller.models)

    @property
    def faults(self) -> Mapping[str, int]:
        """How often a call brought no reply, by what happened."""
        return dict(self._caller.faults)

    def key(self, transcript: RedactedTranscript) -> str:
        """Return the identity of a grade. Ask `probe` first: it may find another reply mode."""
        return grade_key(transcript.text_hash, self.rubric.prompt_hash, self.fingerprint, self._replicate)

    def probe(self) -> None:
        """Find out whether the LLM can be used and how it wants to be asked, by one tiny call without any conversation.

        Raises
        ------
        GraderUnavailableError
            In one line: wrong key, unknown model, wrong address, no LLM there, quota exhausted.
        """
        self._dialect, _ = self._wait(negotiate(self._client, self.settings, self._dialect))
        self._prompt = self._make_prompt()
        self._asker = None
        if note := mode_note(self._dialect):
            self._note(note)

    def _note(self, line: str) -> None:
        if line not in self.notes:
            self.notes.append(line)

    def bodies(self, transcript: RedactedTranscript) -> list[dict[str, Any]]:
        """Return the requests about a conversation as they would be sent, for people who want to see them. Sends nothing."""
        asker = self._make_asker()
        return [asker.body(request) for request in asker.requests(transcript, self.key(transcript))]

    def submit(self, batch: Sequence[RedactedTranscript]) -> int:
        """In batch mode, send requests without waiting for replies and return how many; `grade` collects them later.

        For many conversations: submit them all, then grade them. What is stored, or under way already, is not sent again.
        """
        return self._wait(self._submit(batch)) if self.settings.mode == "batch" else 0

    def grade(self, batch: Sequence[RedactedTranscript]) -> list[Grade | GradeFailure]:
        """Return one result a transcript, in order; what the ledger holds replies for is not asked again."""
        return self._wait(self._grade(batch))

    async def _grade(self, batch: Sequence[RedactedTranscript]) -> list[Grade | GradeFailure]:
        from langsmith import tracing_context  # noqa: PLC0415 - heavy

        keys = [self.key(transcript) for transcript in batch]
        by_key = dict(zip(keys, batch, strict=True))
        with tracing_context(enabled=False):  # conversations go to the model, and nowhere else
            results = await self._grade_claimed(by_key)
        return [results[key] for key in keys]

    async def _grade_claimed(self, wanted: Mapping[str, RedactedTranscript]) -> dict[str, Grade | GradeFailure]:
        """Grade what can be claimed, then wait for what others are asking."""
        holder = _new_holder()
        results: dict[str, Grade | GradeFailure] = {}
        claimed: set[str] = set()
        renewal = asyncio.create_task(self._renew(claimed, holder))
        try:
            while len(results) < len(wanted):
                left = {key: transcript for key, transcript in wanted.items() if key not in results}
                others = await self._claim(list(left), holder)
                mine = {key: transcript for key, transcript in left.items() if key not in others}
                claimed |= set(mine)
                results |= await self._grade_all(mine, holder)
                if self._caller.stopping:
                    results |= {key: GradeFailure(text_hash=left[key].text_hash, reason=failed("interrupted")) for key in others}
                elif not mine and not await self._evict(others):
                    await asyncio.sleep(POLL)
        finally:
            renewal.cancel()
            await self._release(claimed, holder)
        return results

    async def _claim(self, keys: Collection[str], holder: str) -> Mapping[str, str]:
        return await self._desk.run(lambda: self._desk.ledger.claim(keys, holder, self.settings.lease))

    async def _release(self, keys: Collection[str], holder: str) -> None:
        await self._desk.run(lambda: self._desk.ledger.release(keys, holder))

    async def _evict(self, others: Mapping[str, str]) -> bool:
        """Release the claims of processes on this machine that have died and return whether there were any."""
        dead = {holder for holder in others.values() if _is_dead(holder)}
        for holder in dead:
            await self._release([key for key, who in others.items() if who == holder], holder)
        return bool(dead)

    async def _renew(self, claimed: set[str], holder: str) -> None:
        while True:
            await asyncio.sleep(self.settings.lease / 3)
            if claimed:
                await self._claim(list(claimed), holder)

    async def _submit(self, batch: Sequence[RedactedTranscript]) -> int:
        wanted = {self.key(transcript): transcript for transcript in batch}
        holder = _new_holder()
        others = await self._claim(list(wanted), holder)
        mine = {key: transcript for key, transcript in wanted.items() if key not in others}
        try:
            return sum(len(job.requests) for job in await self._submit_missing(mine, await self._stored(mine), holder))
        finally:
            await self._release(list(mine), holder)

    async def _submit_missing(
        self, mine: Mapping[str, RedactedTranscript], stored: Mapping[str, Sequence[RawReply]], holder: str
    ) -> list[BatchJob]:
        """Send what is neither answered nor under way; a server without batches is asked by single calls instead."""
        under_way = {entry[0] for job in await self._open_jobs() for entry in job.requests.values()}
        asker = self._make_asker()
        missing = [
            request
            for key, transcript in mine.items()
            if key not in stored and key not in under_way
            for request in asker.requests(transcript, key)
        ]
        try:
            return await self._batches.submit(missing, asker, self.fingerprint, holder)
        except CallError as fault:
            self._note(f"batches cannot be sent ({fault.words}); conversations are asked one by one")
            return []

    async def _open_jobs(self) -> Sequence[BatchJob]:
        return await self._desk.run(lambda: self._desk.ledger.jobs(self.fingerprint))

    async def _fill_by_batch(self, mine: Mapping[str, RedactedTranscript], holder: str) -> set[str]:
        """Collect the batches that these grades wait for, sending what is missing, and return the keys still under way."""
        waiting: set[str] = set()
        for job in self._of(mine, await self._open_jobs()):
            try:
                await self._batches.recover(job)
            except CallError as fault:
                self._note(f"a batch cannot be found again ({fault.words})")
        await self._submit_missing(mine, await self._stored(mine), holder)
        for job in self._of(mine, await self._open_jobs()):
            keys = {entry[0] for entry in job.requests.values()} & set(mine)
            try:
                if not await self._batches.collect(job):
                    waiting |= keys
            except CallError as fault:
                self._note(f"a batch cannot be collected ({fault.words}); its conversations are asked one by one")
        return waiting

    @staticmethod
    def _of(keys: Collection[str], jobs: Sequence[BatchJob]) -> list[BatchJob]:
        """Return the jobs that hold requests of these grades."""
        return [job for job in jobs if any(entry[0] in keys for entry in job.requests.values())]

    async def _stored(self, keys: Collection[str]) -> dict[str, list[RawReply]]:
        stored: dict[str, list[RawReply]] = defaultdict(list)
        for reply in await self._desk.run(lambda: self._desk.ledger.replies(list(keys))):
            stored[reply.grade_key].append(reply)
        return stored

    async def _grade_all(self, mine: Mapping[str, RedactedTranscript], holder: str) -> dict[str, Grade | GradeFailure]:
        waiting = await self._fill_by_batch(mine, holder) if mine and self.settings.mode == "batch" else set()
        late = {key: GradeFailure(text_hash=mine[key].text_hash, reason=failed("timed out")) for key in waiting}
        mine = {key: transcript for key, transcript in mine.items() if key not in waiting}
        stored = await self._stored(mine)
        asker = self._make_asker()
        graded = await asyncio.gather(*(self._grade_one(asker, item, key, stored.get(key, [])) for key, item in mine.items()))
        return late | dict(zip(mine, graded, strict=True))

    async def _grade_one(self, asker: Asker, transcript: RedactedTranscript, key: str, stored: Sequence[RawReply]) -> Grade | GradeFailure:
        try:
            return await asker.grade(transcript, key, stored)
        except ClearbarError:
            raise
        except Exception as error:  # noqa: BLE001 - one conversation never stops the others; its words stay out of the log
            place = error.__traceback__
            while place and place.tb_next:
                place = place.tb_next
            where = f"{Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}" if place else "?"
            log.error("conversation %s could not be graded: %s at %s", transcript.id, type(error).__name__, where)  # noqa: TRY400
            return GradeFailure(text_hash=transcript.text_hash, reason=failed("unread"))

    def _make_asker(self) -> Asker:
        if self._asker is None:
            sizes = Sizes.of(self._prompt, self.settings, self._price)
            self._asker = Asker(self._prompt, self._caller, self.settings, self._dialect, fingerprint=self.fingerprint, sizes=sizes)
        return self._asker

    def _budget(self, run: str) -> Budget:
        settings = self.settings
        limit = Spend(calls=settings.budget_calls, tokens=settings.budget_tokens, usd=settings.budget_usd)
        now = datetime.now(UTC)
        names = {"run": f"run {run}", "day": f"day {now:%Y-%m-%d}", "month": f"month {now:%Y-%m}"}
        return Budget(names[settings.budget_per], limit)

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the grader's loop; an interruption lets calls under way end and keeps their replies."""
        with self._starting:
            self._client.prepare()
            if self._thread is None:
                self._thread = _LoopThread()
            thread = self._thread
        future = asyncio.run_coroutine_threadsafe(work, thread.loop)
        try:
            return future.result()
        except KeyboardInterrupt:
            self._caller.stopping = True
            with contextlib.suppress(TimeoutError, CancelledError, Exception):
                future.result(min(GRACE, self.settings.timeout))
            future.cancel()
            raise

    def close(self) -> None:
        """Close connections and threads."""
        if self._thread is not None:
            asyncio.run_coroutine_threadsafe(self._client.close(), self._thread.loop).result()
            self._thread.close()
            self._thread = None
        self._desk.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class _LoopThread:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="llm-loop", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
        finally:
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
            self.loop.close()

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()


def _new_holder() -> str:
    return f"{socket.gethostname()}/{os.getpid()}/{uuid.uuid4().hex}"


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
