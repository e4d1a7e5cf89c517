"""`clearbar review`: the reviewers' room."""

import typer

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
