"""How a fault is told: one line on stderr, and an exit code."""

import os
import sys
import traceback
from pathlib import Path
from typing import Final

import typer

from clearbar.errors import ClearbarError

__all__ = ["INTERRUPTED", "drop_stdout", "say_interrupted", "told"]

UNUSABLE: Final = 2
INTERRUPTED: Final = 130
"""As shells report an interrupt."""


def told(error: BaseException, *, debug: bool) -> int:
    """Tell a fault in one line, with its traceback where asked for, and return the exit code.

    What is no fault but a way to end, such as `SystemExit`, is raised again.
    """
    if debug:
        traceback.print_exception(error)
    match error:
        case ClearbarError():
            _say(str(error))
        case typer.TyperException():
            _tell_wrong_use(error)
        case typer.Abort() | KeyboardInterrupt():
            return INTERRUPTED
        case OSError():
            drop_stdout()
            _say(f"{error.filename or 'the output'}: {error.strerror or type(error).__name__}: make room, or choose another place")
        case MemoryError():
            _say("out of memory: set CLEARBAR_GRADING__BATCH to a smaller number")
        case Exception():
            _say(f"unexpected {type(error).__name__} at {_place(error)}: a bug; the same command with --debug shows the traceback")
        case _:
            raise error
    return UNUSABLE


def say_interrupted() -> None:
    """Say that nothing is lost."""
    _say("interrupted; what is in the store is kept, and the same command goes on from there")


def _say(line: str) -> None:
    typer.echo(f"clearbar: {line}", err=True)


def _tell_wrong_use(error: typer.TyperException) -> None:
    context = getattr(error, "ctx", None)
    message = error.format_message().replace("Value error, ", "")
    if not message:  # a group without a command, whose help was printed
        return
    command = context.command_path if context else "clearbar"
    _say(f"{message[:1].lower()}{message[1:].removesuffix('.')}: see {command} --help")


def _place(error: Exception) -> str:
    """Return where in clearbar it happened; the message itself may hold words of a conversation, and is not shown."""
    package = str(Path(__file__).parents[1])
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(package)]
    return f"{Path(frames[-1].filename).relative_to(package)}:{frames[-1].lineno}" if frames else "an unknown place"


def drop_stdout() -> None:
    """Leave what could not be written unwritten: Python would try again at its end, and fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
