"""Where lines of output go."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

import typer

from clearbar.cli.faults import drop_stdout
from clearbar.errors import ClearbarError

__all__ = ["writer"]

PIPE_CLOSED: Final = 141
"""What a shell reports for a program whose reader went away, as `… | head` does."""


@contextmanager
def writer(out: str) -> Iterator[BinaryIO]:
    """Yield the stream for lines: stdout for `-`; a file appears whole or not at all.

    Raises
    ------
    ClearbarError
        If it cannot be written.
    """
    try:
        if out == "-":
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        elif Path(out).exists() and not Path(out).is_file():  # a device or a named pipe is written to, and never replaced
            with Path(out).open("wb") as stream:
                yield stream
        else:
            yield from _whole(Path(out))
    except BrokenPipeError:
        drop_stdout()
        raise typer.Exit(PIPE_CLOSED) from None
    except OSError as error:
        place = "the output" if out == "-" else out
        raise ClearbarError(f"{place}: cannot be written ({error.strerror})", fix="choose another place with -o, or make room") from error


def _whole(target: Path) -> Iterator[BinaryIO]:
    beside = target.with_name(target.name + ".part")
    try:
        with beside.open("wb") as stream:
            yield stream
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
