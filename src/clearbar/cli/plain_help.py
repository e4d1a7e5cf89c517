"""Help that shows no type beside what needs none: a flag, an argument whose name says what it takes."""

from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

__all__ = ["show_plainly"]


class _Command(TyperCommand):
    """A command whose help says `--json`, not `--json <bool>`."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters as help shows them."""
        return [_untyped(parameter) for parameter in super().get_params(ctx)]


class _Group(TyperGroup):
    """A group of such commands."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters as help shows them."""
        return [_untyped(parameter) for parameter in super().get_params(ctx)]


def show_plainly(app: typer.Typer) -> None:
    """Let all commands and groups of an application show their help so."""
    app.info.cls = _Group
    for command in app.registered_commands:
        command.cls = _Command
    for group in app.registered_groups:
        if group.typer_instance is not None:
            group.cls = _Group
            show_plainly(group.typer_instance)


def _untyped(parameter: Any) -> Any:
    if parameter.param_type_name == "argument" or parameter.is_flag:
        vars(parameter)["display_type_rich"] = lambda ctx: None  # noqa: ARG005 - as it is called; Typer has no setting for it
    return parameter
