"""The one thread through which a grader talks to its ledger; replies that gather meanwhile are committed together."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from clearbar.grading.llm.ledger import Ledger, RawReply

__all__ = ["Desk"]

T = TypeVar("T")


class Desk:
    """Runs a ledger's methods off the event loop, one at a time."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="llm-ledger")
        self._waiting: list[tuple[RawReply, asyncio.Future[None]]] = []
        self._flushing: asyncio.Task[None] | None = None

    async def run(self, method: Callable[[], T]) -> T:
        """Return what `method` returns, run in the ledger's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, method)

    async def commit(self, reply: RawReply) -> None:
        """Return when the reply is stored durably."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((reply, done))
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush())
        await asyncio.shield(done)

    async def _flush(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            try:
                await self.run(lambda group=group: self.ledger.commit([reply for reply, _ in group]))  # type: ignore[misc]
            except Exception as error:  # noqa: BLE001 - each waiting call is told
                for _, done in group:
                    if not done.done():
                        done.set_exception(error)
            else:
                for _, done in group:
                    if not done.done():
                        done.set_result(None)

    def close(self) -> None:
        """Wait for the thread to end."""
        self._thread.shutdown(wait=True)
