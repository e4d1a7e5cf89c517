"""A progress line on stderr for long work; silent where nobody watches."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["watched"]


@contextmanager
def watched() -> Iterator[None]:
    """Show how far the run inside is."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from clearbar.pipeline.steps import WATCH

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        shown = progress.add_task("starting", total=None)

        def show(stage: str, done: int) -> None:
            progress.update(shown, description=f"{done} {stage} done" if done else stage)

        token = WATCH.set(show)
        try:
            yield
        finally:
            WATCH.reset(token)
