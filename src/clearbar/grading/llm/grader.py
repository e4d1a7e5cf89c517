"""The LLM grader as others see it: synchronous, usable from several threads, with its event loop and connections inside."""

import asyncio
import contextlib
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures import wait as wait_for
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from clearbar.errors import GraderUnavailableError, RubricError
from clearbar.grading.llm.asking import Asker, Sizes, Wanted, window
from clearbar.grading.llm.batch import Batches
from clearbar.grading.llm.caller import Budget, Caller
from clearbar.grading.llm.client import Client
from clearbar.grading.llm.desk import Desk
from clearbar.grading.llm.dialect import ReplyMode, default_dialect, endpoint
from clearbar.grading.llm.dispatch import Dispatcher
from clearbar.grading.llm.ledger import Ledger
from clearbar.grading.llm.prices import load_prices
from clearbar.grading.llm.probe import mode_note, negotiate
from clearbar.grading.llm.prompt import Prompt
from clearbar.rubric import Rubric
from clearbar.settings import LlmSettings
from clearbar.transcript import RedactedTranscript
from clearbar.verdict import Grade, GradedBy, GradeFailure, Usage, grade_key

__all__ = ["GRACE", "THREAD", "LlmGrader", "available", "why_unavailable"]

T = TypeVar("T")

GRACE = 10.0
"""Seconds that calls under way are given to end when the run is interrupted."""
THREAD = "llm-loop"
"""Name of the thread in which calls are under way; it ends when the grader is closed."""
VERSION = 1
"""Of how replies are asked for and merged, beyond what the fingerprint's other parts say."""


def why_unavailable(settings: LlmSettings) -> str | None:
    """Return why no LLM is configured, in one line, or None if one is."""
    if not settings.model:
        needs = "" if settings.api_key or settings.base_url else ", and OPENAI_API_KEY or OPENAI_BASE_URL"
        return f"no model is set (CLEARBAR_LLM__MODEL, OPENAI_MODEL or --model{needs})"
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
        If no LLM is configured, or a budget in dollars is set for a model without a price.
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
        self.prices.check_budget(settings)
        self._price = self.prices.of(settings.model or "")
        self.notes: list[str] = []
        """What a person should know about this server, model and its price."""
        if stale := self.prices.stale(settings.model or "", datetime.now(UTC).date()):
            self._note(stale)
        self._folder = prompt_folder
        self._secret = secret
        self._replicate = replicate
        self._dialect = default_dialect(settings)
        self._prompt = self._make_prompt()
        self.fingerprint = self._make_fingerprint()
        """Model, endpoint, reply mode, parameters and prompt templates; exact once `probe` has asked the server."""
        self._desk = Desk(ledger)
        self._client = Client(settings)
        budget = Budget.of(settings, run or uuid.uuid4().hex)
        self._caller = Caller(self._client, self._desk, settings, self.prices, budget=budget)
        self._batches = Batches(self._client, self._desk, settings, self.prices, budget=budget, halt=self._caller.halt)
        self._asker: Asker | None = None
        self._thread: _LoopThread | None = None
        self._starting = threading.Lock()
        self._open: set[Future[Any]] = set()
        """What was begun and has not ended."""
        self._until = 0.0
        """When what is still under way is given up, on the clock `time.monotonic`, once the run was interrupted."""

    def _make_prompt(self) -> Prompt:
        shaped = self._dialect.mode in {ReplyMode.JSON_OBJECT, ReplyMode.TEXT}
        return Prompt(self.rubric, self._folder, self._secret, shaped=shaped)

    def _make_fingerprint(self) -> str:
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
        return {f"{name} {mark}".strip(): count for (name, mark), count in self._answered().items()}

    @property
    def model_names(self) -> frozenset[str]:
        """The names under which models answered: an alias that was pointed at another one shows here."""
        return frozenset(name for name, _ in self._answered() if name)

    def _answered(self) -> Counter[tuple[str, str]]:
        return self._caller.models + self._batches.models

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
        self.fingerprint = self._make_fingerprint()
        self._asker = None
        if note := mode_note(self._dialect):
            self._note(note)

    def _note(self, line: str) -> None:
        if line not in self.notes:
            self.notes.append(line)

    def bodies(self, transcript: RedactedTranscript) -> list[dict[str, Any]]:
        """Return the requests about a conversation as they would be sent, for people who want to see them. Sends nothing."""
        asker = self._make_asker()
        return [asker.body(request) for request in asker.requests(Wanted(transcript), self.key(transcript))]

    def submit(self, batch: Sequence[RedactedTranscript]) -> int:
        """In batch mode, send requests without waiting for replies and return how many; `grade` collects them later.

        For many conversations: submit them all, then grade them. What is stored, or under way already, is not sent again.
        """
        if self.settings.mode != "batch":
            return 0
        return self._wait(self._dispatcher().submit({self.key(transcript): Wanted(transcript) for transcript in batch}))

    def grade(self, batch: Sequence[RedactedTranscript]) -> list[Grade | GradeFailure]:
        """Return one result a transcript, in order; what the ledger holds replies for is not asked again."""
        return self.begin(batch)()

    def begin(self, batch: Sequence[RedactedTranscript]) -> Callable[[], list[Grade | GradeFailure]]:
        """Send the calls and return at once what waits for the results, so that other work can be done meanwhile."""
        return self._begin([(self.key(transcript), Wanted(transcript)) for transcript in batch])

    def interrupt(self) -> None:
        """Send no further call: those under way have `GRACE` seconds to end and are kept, the others fail as interrupted."""
        with self._starting:
            if self._caller.halt.called:
                return
            loop = None if self._thread is None else self._thread.loop
            self._caller.halt.call(loop)
            grace = min(GRACE, self.settings.timeout)
            self._until = time.monotonic() + grace
            if loop is not None:
                loop.call_soon_threadsafe(loop.call_later, grace, self._give_up)

    def _give_up(self) -> None:
        """Cancel what is under way, so that no thread waits for it any longer."""
        for future in list(self._open):
            future.cancel()

    def _grace(self) -> float:
        """Return the seconds that calls under way still have."""
        return max(0.0, self._until - time.monotonic())

    def grade_some(self, batch: Sequence[tuple[RedactedTranscript, tuple[str, ...]]]) -> list[Grade | GradeFailure]:
        """Return one result a transcript, on the criteria that are named with it; these grades have keys of their own."""
        order = {criterion.id: place for place, criterion in enumerate(self.rubric.criteria)}
        chosen = [(transcript, tuple(sorted(set(ids), key=order.__getitem__))) for transcript, ids in batch]
        return self._begin([(self._key_of_some(transcript, ids), Wanted(transcript, ids)) for transcript, ids in chosen])()

    def _key_of_some(self, transcript: RedactedTranscript, ids: tuple[str, ...]) -> str:
        only = "" if len(ids) == len(self.rubric.criteria) else f" only {','.join(ids)}"
        return grade_key(transcript.text_hash, self.rubric.prompt_hash, self.fingerprint, f"{self._replicate}{only}")

    def _begin(self, wanted: Sequence[tuple[str, Wanted]]) -> Callable[[], list[Grade | GradeFailure]]:
        future = self._start(self._dispatcher().grade(dict(wanted)))

        def wait() -> list[Grade | GradeFailure]:
            results = self._join(future)
            return [results[key] for key, _ in wanted]

        return wait

    def _dispatcher(self) -> Dispatcher:
        return Dispatcher(
            self._make_asker(), self._caller, self._batches, self._desk, self.settings, fingerprint=self.fingerprint, note=self._note
        )

    def _make_asker(self) -> Asker:
        if self._asker is None:
            sizes = Sizes.of(self._prompt, self.settings, self._price)
            self._asker = Asker(self._prompt, self._caller, self.settings, self._dialect, fingerprint=self.fingerprint, sizes=sizes)
        return self._asker

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return self._join(self._start(work))

    def _start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Begin a coroutine on the grader's loop."""
        try:
            with self._starting:
                self._client.prepare()
                if self._thread is None:
                    self._thread = _LoopThread()
                thread = self._thread
        except BaseException:
            work.close()
            raise
        future = asyncio.run_coroutine_threadsafe(work, thread.loop)
        self._open.add(future)
        future.add_done_callback(self._open.discard)
        return future

    def _join(self, future: Future[T]) -> T:
        """Wait for what was begun; an interruption lets calls under way end and keeps their replies."""
        try:
            return future.result()
        except KeyboardInterrupt:
            self.interrupt()
            with contextlib.suppress(TimeoutError, CancelledError, Exception):
                future.result(self._grace())
            future.cancel()
            raise

    def close(self) -> None:
        """Close connections and threads; of what was begun and nobody waited for, calls under way end and their replies are kept."""
        if left := list(self._open):
            self.interrupt()
            wait_for(left, self._grace())
        with self._starting:
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.cancel()
            asyncio.run_coroutine_threadsafe(self._client.close(), thread.loop).result()
            thread.close()
        self._desk.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class _LoopThread:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=THREAD, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
        finally:
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
            self.loop.close()

    def cancel(self) -> None:
        """Cancel what still runs, and wait until it has given back what it held."""
        asyncio.run_coroutine_threadsafe(_cancel_others(), self.loop).result()

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
