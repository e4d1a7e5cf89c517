"""Whether the run was interrupted, and pauses that end when it is."""

import asyncio
from contextlib import suppress

from clearbar.grading.llm.faults import CallError

__all__ = ["Halt"]


class Halt:
    """Told to all that would send a call or wait to send one."""

    def __init__(self) -> None:
        self.called = False
        """Whether no further call may be sent."""
        self._event = asyncio.Event()

    def call(self, loop: asyncio.AbstractEventLoop | None) -> None:
        """Let no further call be sent, and end the pauses on a loop; any thread may ask for it."""
        self.called = True
        if loop is not None:
            loop.call_soon_threadsafe(self._event.set)

    def check(self) -> None:
        """Raise `CallError` if the run was interrupted."""
        if self.called:
            raise CallError("interrupted", "the run was interrupted")

    async def pause(self, seconds: float) -> None:
        """Wait for some time, or raise `CallError` as soon as the run is interrupted."""
        self.check()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()
        self.check()
