"""Where lines of output go."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from clearbar.errors import ClearbarError

__all__ = ["writer"]


@contextmanager
def writer(out: str) -> Iterator[BinaryIO]:
    """Yield the stream for lines: stdout for `-`; a file appears whole or not at all.

    Raises
    ------
    ClearbarError
        If the file cannot be written.
    """
    if out == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    target = Path(out)
    beside = target.with_name(target.name + ".part")
    try:
        with beside.open("wb") as stream:
            yield stream
        beside.replace(target)
    except OSError as error:
        raise ClearbarError(f"{out}: cannot be written ({error.strerror})", fix="choose another place with -o, or make room") from error
    finally:
        beside.unlink(missing_ok=True)
