"""Write the pages that are made from the code: `python docs/generate.py`. A test holds the pages to it."""

import enum
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from clearbar.cli import app
from clearbar.settings_guide import Section, describe_settings

HERE = Path(__file__).resolve().parent
COMMAND_LINE = """\
# Command line

Made from `clearbar --help` by `python docs/generate.py`.

Every command takes `--project DIR`; every command that prints a table takes `--json`. `--debug`, anywhere, shows the traceback of a
fault instead of one line. In a checkout, `python3 go.py COMMAND …` is `clearbar COMMAND …` with all that it needs installed.

| exit code | means |
|---|---|
| 0 | done |
| 1 | done, but a gate failed, records were rejected or grading failed (abstentions are no failure) |
| 2 | wrong use, or nothing usable; one line says what to do |
| 130 | interrupted; what is in the store is kept, and the same command goes on from there (`grade` has no store) |
"""
SETTINGS = """\
# Settings

Made from `clearbar.settings` by `python docs/generate.py`.

Settings stand in `clearbar.toml` in the project folder, and in the environment, which wins:

```toml
[grading]
grader = "rules"

[sources.chats]                # clearbar audit --source chats
uri = "env:CHATS_URL"          # a secret stays in the environment
table = "messages"
map = { id = "conversation_id", role = "speaker", text = "body" }
```

is the same as `CLEARBAR_GRADING__GRADER=rules` and `CLEARBAR_SOURCES='{"chats": {"uri": "env:CHATS_URL", "table": "messages", …}}'`.
A setting of several values is written as JSON in the environment. `clearbar settings` prints this list, `clearbar doctor` says
what is in force; a setting with a fault, or with a name that is nearly one, ends every command with one line that names it. Without any
setting, rules grade the sample conversations.
"""


def command_line() -> str:
    """Return the page about commands."""
    parts = [COMMAND_LINE]
    panels: dict[str, list[tuple[str, Any]]] = {}
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        panels.setdefault(command.rich_help_panel or "", []).append((name, command))
    for panel, commands in panels.items():
        parts.append(f"## {panel}\n")
        parts += [part for name, command in commands for part in _command(command, f"clearbar {name}")]
    return "\n".join(parts)


def _command(command: Any, name: str) -> Iterator[str]:
    words = " ".join(
        f"[{parameter.metavar}]" if not parameter.required else str(parameter.metavar)
        for parameter in command.params
        if parameter.param_type_name == "argument"
    )
    yield f"### `{name}{' ' if words else ''}{words}`\n\n{command.help}\n"
    rows = [_parameter(parameter) for parameter in command.params if "--help" not in parameter.opts and "--project" not in parameter.opts]
    if rows:
        yield "| | |\n|---|---|\n" + "\n".join(rows) + "\n"
    for below, found in getattr(command, "commands", {}).items():
        yield from _command(found, f"{name} {below}")


def _parameter(parameter: Any) -> str:
    names = ", ".join(f"`{option}`" for option in parameter.opts) if parameter.param_type_name == "option" else f"`{parameter.metavar}`"
    values = parameter.metavar if parameter.param_type_name == "option" and not parameter.is_flag else ""
    values = values or _choices(parameter)
    default = "" if parameter.default in {None, False, ()} or parameter.required else f" Default: `{_plain(parameter.default)}`."
    return f"| {names}{f' `{values}`'.replace('|', chr(92) + '|') if values else ''} | {parameter.help or ''}{default} |"


def _choices(parameter: Any) -> str:
    kind = parameter.type_descriptor.annotation
    return "|".join(kind) if isinstance(kind, type) and issubclass(kind, enum.StrEnum) else ""


def _plain(value: Any) -> str:
    return str(value.value if isinstance(value, enum.Enum) else value)


def settings_page() -> str:
    """Return the page about settings."""
    parts = [SETTINGS]
    for section in describe_settings():
        parts += [f"## `{section.title}`\n", f"{section.says}\n"] if section.title else ["## General\n"]
        parts.append(_table(section))
    return "\n".join(parts)


def _table(section: Section) -> str:
    rows = ["| setting | values | default | |", "|---|---|---|---|"]
    for one in section.settings:
        default = one.default if one.default in {"needed", "–"} else f"`{one.default}`"
        rows.append(f"| `{one.name}` | {one.values} | {default} | {one.says.replace('|', chr(92) + '|')} |")
    return "\n".join(rows) + "\n"


def pages() -> dict[Path, str]:
    """Return the text of each page by its file."""
    return {HERE / "cli.md": command_line(), HERE / "settings.md": settings_page()}


if __name__ == "__main__":
    for file, text in pages().items():
        file.write_text(text, encoding="utf-8")
