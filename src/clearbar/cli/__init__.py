"""The command line. Heavy libraries are imported inside the commands that need them."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from clearbar.cli import audit, check, data, grade, period, report, review, rubric, setup
from clearbar.cli.faults import INTERRUPTED, say_interrupted, told
from clearbar.cli.plain_help import show_plainly

__all__ = ["app", "main"]

EPILOG = "Exit codes: 0 done · 1 done, but a gate failed, records were rejected or grading failed · 2 wrong use, or nothing usable."

app = typer.Typer(
    name="clearbar",
    help="Audit customer-service conversations: graded against a rubric with evidence, checked against labels, reported for each team.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
for group in (audit, grade, report, check, rubric, review, period, data, setup):
    group.register(app)
show_plainly(app)


def _print_version(asked: bool) -> None:
    if asked:
        from clearbar import __version__

        typer.echo(f"clearbar {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of a fault instead of one line; may stand anywhere.")] = False,
) -> None:
    """Declare what stands before any command; both are dealt with elsewhere."""
    del version, debug


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code: 0, 1 or 2 as every command's help says, 130 when interrupted.

    A fault is one line on stderr; `--debug` anywhere shows the traceback instead.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    try:
        code = app(args=[word for word in words if word != "--debug"], prog_name="clearbar", standalone_mode=False)
    except BaseException as error:  # noqa: BLE001 - the rim: what is no fault is raised again
        code = told(error, debug=debug)
    if code == INTERRUPTED:
        say_interrupted()
    sys.exit(code if isinstance(code, int) else 0)
