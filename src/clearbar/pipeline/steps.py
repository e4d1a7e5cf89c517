"""How the pieces of a run are carried out: here, one after the other or a few at once; in a flow, as Prefect tasks."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

__all__ = ["WATCH", "Delegated", "Pending", "Steps", "Threads"]


def _watch_nothing(stage: str, done: int) -> None:
    """Nobody watches."""


WATCH: ContextVar[Callable[[str, int], None]] = ContextVar("WATCH", default=_watch_nothing)
"""Who is told how far a run is: the stage, and how many records are done.

Set around a run, also around a flow, whose parameters must be plain values."""
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Pending(Protocol[T_co]):
    """A piece of work under way."""

    def result(self) -> T_co:
        """Wait for it and return what it gave, or raise what it raised."""


class Steps(Protocol):
    """Carries out pieces of work."""

    def submit(self, name: str, work: Callable[[], T]) -> Pending[T]:
        """Begin a piece of work."""


class Threads:
    """Carries out pieces of work on threads of this process.

    Parameters
    ----------
    at_once
        How many pieces are under way together.
    """

    def __init__(self, at_once: int = 1) -> None:
        self._pool = ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="clearbar")

    def submit(self, name: str, work: Callable[[], T]) -> Future[T]:
        """Begin a piece of work."""
        del name
        return self._pool.submit(work)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Wait for what is under way, and drop what is not."""
        self._pool.shutdown(cancel_futures=error is not None)


class Delegated:
    """Hands pieces of work to another runner, such as Prefect's tasks.

    Parameters
    ----------
    submit
        Begins a named piece of work and returns something with a `result`.
    """

    def __init__(self, submit: Callable[[str, Callable[[], Any]], Pending[Any]]) -> None:
        self._submit = submit

    def submit(self, name: str, work: Callable[[], T]) -> Pending[T]:
        """Begin a piece of work."""
        return self._submit(name, work)
