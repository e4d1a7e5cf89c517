"""The one thread through which a grader talks to its ledger; replies that gather meanwhile are committed together."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

from clearbar.grading.llm.ledger import Ledger, RawReply, Spend

__all__ = ["Desk", "Settlement"]

T = TypeVar("T")


class Settlement(NamedTuple):
    """What a budget is to be corrected by when a reply is stored, since more or less was set aside for it."""

    budget: str
    difference: Spend


class _Waiting(NamedTuple):
    """A reply that is to be committed, and who is told when it is."""

    reply: RawReply
    settlement: Settlement | None
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[None]


class Desk:
    """Runs a ledger's methods off the event loop, one at a time."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="llm-ledger")
        self._lock = threading.Lock()
        self._waiting: list[_Waiting] = []
        self._writing = False

    async def run(self, method: Callable[[], T]) -> T:
        """Return what `method` returns, run in the ledger's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, method)

    async def commit(self, reply: RawReply, settlement: Settlement | None = None) -> None:
        """Return when the reply is stored durably and its budget settled; it is stored even if nobody waits for that any more."""
        loop = asyncio.get_running_loop()
        one = _Waiting(reply, settlement, loop, loop.create_future())
        with self._lock:
            self._waiting.append(one)
            self._begin_writing()
        await one.done

    def _begin_writing(self) -> None:
        if self._waiting and not self._writing:
            self._thread.submit(self._write)
            self._writing = True

    def _write(self) -> None:
        """Commit what has gathered, and tell who waits for it in one step: each further one is a slot's time.

        What gathers meanwhile comes after what others want of the ledger, so that neither budgets nor claims wait for a lull.
        """
        with self._lock:
            group, self._waiting = self._waiting, []
        error: Exception | None = None
        try:
            self.ledger.commit([one.reply for one in group])
            self._settle([one.settlement for one in group if one.settlement])
        except Exception as fault:  # noqa: BLE001 - each waiting call is told
            error = fault
        with contextlib.suppress(RuntimeError):  # a loop that is closed has nobody left who waits
            group[0].loop.call_soon_threadsafe(_tell, group, error)
        closed = False
        with self._lock:
            self._writing = False
            try:
                self._begin_writing()
            except RuntimeError:  # the thread takes nothing more: what is left is written at once
                closed = self._writing = True
        if closed:
            self._write()

    def _settle(self, settlements: Sequence[Settlement]) -> None:
        for budget in {one.budget for one in settlements}:
            differences = [one.difference for one in settlements if one.budget == budget]
            self.ledger.spend(budget, sum(differences, Spend()), Spend())

    def close(self) -> None:
        """Wait for the thread to end."""
        self._thread.shutdown(wait=True)


def _tell(group: Sequence[_Waiting], error: Exception | None) -> None:
    for one in group:
        if one.done.done():
            continue
        if error is None:
            one.done.set_result(None)
        else:
            one.done.set_exception(error)
