"""The command line. Heavy libraries are imported inside the commands that need them."""

import sys
from collections.abc import Sequence

import click
import typer

from clearbar.cli import audit, check, data, grade, report, review, rubric, setup
from clearbar.errors import ClearbarError

__all__ = ["app", "main"]

DONE, GATE_FAILED, UNUSABLE = 0, 1, 2
"""Exit codes: all done · done, but a gate failed, records were rejected or grading failed · wrong use, or nothing usable."""

app = typer.Typer(
    name="clearbar",
    help="Audit customer-service conversations: graded against a rubric with evidence, checked against labels, reported for each team.",
    epilog="Exit codes: 0 done · 1 done, but a gate failed, records were rejected or grading failed · 2 wrong use, or nothing usable.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
for group in (audit, grade, report, check, rubric, review, data, setup):
    group.register(app)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code.

    A fault that a person can mend is one line on stderr and code 2; `--debug` anywhere shows the traceback instead.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    try:
        code = app(args=words, standalone_mode=False)
    except ClearbarError as error:
        if debug:
            raise
        click.echo(f"clearbar: {error}", err=True)
        code = UNUSABLE
    except click.ClickException as error:
        error.show()
        code = UNUSABLE
    except (click.exceptions.Abort, KeyboardInterrupt):
        click.echo("clearbar: interrupted; what was graded is kept, and the same command goes on from there", err=True)
        code = 130
    except BrokenPipeError:
        code = DONE
    sys.exit(code if isinstance(code, int) else DONE)
