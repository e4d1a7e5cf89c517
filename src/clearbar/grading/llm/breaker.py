"""A circuit breaker: a server that has stopped answering is left alone, tried again now and then, and not waited for forever."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from clearbar.grading.llm.faults import CallError

__all__ = ["Breaker"]

FAILURES = 8
"""So many outages in a row, without a success between, open the circuit; so many texts that are denied end all calls."""
COOL_DOWN = 1.0
"""Seconds until the first trial; doubled after each that fails."""
LONGEST = 60.0


class Breaker:
    """Lets calls pass while the server answers.

    Parameters
    ----------
    patience
        Seconds that calls wait for the server to come back; after that they fail at once, but for the trials.
    pause
        Waits for some seconds, and may raise instead what ends all waiting.
    """

    def __init__(
        self, patience: float, clock: Callable[[], float] = time.monotonic, pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._patience = patience
        self._clock = clock
        self._sleep = pause
        self._failures = 0
        self._denied: set[str] = set()
        self._opened: float | None = None
        self._until = 0.0
        self._pause = COOL_DOWN
        self._trial = False
        self._fatal: CallError | None = None

    @property
    def open(self) -> bool:
        """Whether the server counts as down."""
        return self._opened is not None or self._fatal is not None

    async def admit(self) -> bool:
        """Wait until a call may be sent and return whether it is the trial of an open circuit.

        Raises
        ------
        CallError
            When patience is at an end, or no call can succeed any more.
        """
        while True:
            if self._fatal is not None:
                raise self._fatal
            if self._opened is None:
                return False
            now = self._clock()
            if now >= self._until and not self._trial:
                self._trial = True
                return True
            if now - self._opened >= self._patience:
                raise CallError("unreachable", "the server has stopped answering")
            await self._sleep(max(0.01, min(0.2, self._until - now)))

    def succeed(self) -> None:
        """Note a reply."""
        self._denied.clear()
        self._close()

    def _close(self) -> None:
        self._failures = 0
        self._opened = None
        self._pause = COOL_DOWN
        self._trial = False

    def fail(self, fault: CallError, *, trial: bool, text: str = "") -> None:
        """Note a call without a reply, and which text it was about."""
        if fault.denied:
            self._denied.add(text)
        elif fault.status is not None:
            self._denied.clear()
        if fault.fatal or len(self._denied) >= FAILURES:
            self._fatal = fault
        if not fault.outage:
            self._trial = self._trial and not trial
            if fault.status is not None:  # it answers, if not this call
                self._close()
            return
        self._failures += 1
        if trial:
            self._trial = False
            self._pause = min(LONGEST, 2 * self._pause)
            self._until = self._clock() + self._pause
        elif self._opened is None and self._failures >= FAILURES:
            self._opened = self._clock()
            self._until = self._opened + self._pause

    def abandon(self, *, trial: bool) -> None:
        """Note a call that was cancelled before anything was known."""
        if trial:
            self._trial = False
