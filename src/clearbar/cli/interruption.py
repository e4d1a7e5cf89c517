"""How an interrupt ends a command: soon, with the replies that are paid for, and at once where it comes a second time."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Final

from clearbar.cli.faults import INTERRUPTED, say_interrupted

__all__ = ["interruptible"]

_PATIENCE: Final = 5.0
"""Seconds in which a command that was interrupted ends by itself, and a flow may tell Prefect about it."""
_CLOSING: Final = 1.0
"""Seconds to close the store in, once no call is waited for any longer."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Let an interrupt end the command inside soon, and a second one at once; also as a decorator.

    In a terminal it reaches Prefect's temporary server too, and Prefect then tries for more than a minute to tell the dead server
    of it. All that was graded has been committed by then, so that nothing is lost by not waiting; only replies that are still on
    their way are waited for, as they are paid for.
    """
    before = signal.getsignal(signal.SIGINT)
    if before in {signal.SIG_IGN, None} or threading.current_thread() is not threading.main_thread():
        yield
        return

    leaving, ended = threading.Event(), threading.Event()

    def interrupt(number: int, frame: FrameType | None) -> None:
        del number, frame
        if leaving.is_set():
            _leave()
        leaving.set()
        threading.Thread(target=_leave_later, args=(ended,), name="leave", daemon=True).start()
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        ended.set()
        signal.signal(signal.SIGINT, before)


def _leave_later(ended: threading.Event) -> None:
    """Leave, unless the command ends by itself before its time is up."""
    from clearbar.grading.llm.grader import GRACE, THREAD

    last = time.monotonic() + GRACE
    if ended.wait(_PATIENCE):
        return
    for calls in [thread for thread in threading.enumerate() if thread.name == THREAD]:
        calls.join(max(0.0, last - time.monotonic()))
    if not ended.wait(_CLOSING):
        _leave()


def _leave() -> None:
    try:
        _end_children()
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[2K\x1b[?25h")  # a line of progress goes, and the cursor is there again
        say_interrupted()
    finally:
        os._exit(INTERRUPTED)


def _end_children() -> None:
    """End the processes that this one began, such as Prefect's temporary server, which nobody would end once this one is gone."""
    for child in [one for one in gc.get_objects() if type(one) is subprocess.Popen]:  # `isinstance` would run code of others
        with suppress(OSError):
            child.terminate()
