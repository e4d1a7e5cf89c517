"""Write the pages that are made from the code: `python docs/generate.py`. A test holds the pages to it."""

import ast
import enum
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main
from pydantic import BaseModel

from clearbar import settings
from clearbar.cli import app

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
| 130 | interrupted; what was graded is kept, and the same command goes on from there |
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
A setting of several values is written as JSON in the environment. `clearbar doctor` says what is in force; a setting with a fault, or with
a name that is nearly one, ends every command with one line that names it. Without any setting, rules grade the sample conversations.
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
    classes = {
        node.name: node for node in ast.parse(Path(settings.__file__).read_text(encoding="utf-8")).body if isinstance(node, ast.ClassDef)
    }
    parts = [SETTINGS, "## General\n", _table(settings.Settings, classes, prefix="")]
    for name, field in settings.Settings.model_fields.items():
        if isinstance(field.default, BaseModel):
            kind = type(field.default)
            parts += [f"## `[{name}]`\n", f"{ast.get_docstring(classes[kind.__name__])}\n", _table(kind, classes, prefix=f"{name}.")]
    parts += ["## `[review.oidc]`\n", f"{ast.get_docstring(classes['OidcSettings'])}\n"]
    parts += [_table(settings.OidcSettings, classes, prefix="review.oidc.")]
    parts += ["## `[sources.NAME]`\n", f"{ast.get_docstring(classes['NamedSource'])}\n"]
    parts += [_table(settings.NamedSource, classes, prefix="sources.NAME.")]
    return "\n".join(parts)


def _table(kind: type[BaseModel], classes: dict[str, ast.ClassDef], prefix: str) -> str:
    rows = ["| setting | values | default | |", "|---|---|---|---|"]
    for name, values, told in _fields(classes[kind.__name__]):
        field = kind.model_fields[name]
        if isinstance(field.default, BaseModel) or name in {"sources", "oidc"}:
            continue
        bounds = "".join(_bound(item) for item in field.metadata)
        default = "needed" if field.is_required() else "–" if field.default in (None, (), {}) else f"`{_written(field.default)}`"
        rows.append(f"| `{prefix}{name}` | {values}{bounds} | {default} | {told} |")
    return "\n".join(rows) + "\n"


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, str, str]]:
    """Yield name, kind of value and docstring of each field."""
    for item, after in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            told = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""
            yield item.target.id, _kind(item.annotation), " ".join(str(told).split()).replace("|", "\\|")


def _kind(annotation: ast.expr) -> str:
    text = ast.unparse(annotation)
    if text.startswith("Literal["):
        return ", ".join(f"`{value}`" for value in ast.literal_eval(text.removeprefix("Literal[").removesuffix("]").join(("(", ",)"))))
    known = {
        "str": "text", "SecretStr": "text, secret", "bool": "`true`, `false`", "int": "whole number", "float": "number", "Path": "folder",
        "tuple[str, ...]": "list of texts", "tuple[SecretStr, ...]": "list of texts, secret", "dict[str, str]": "table of texts",
    }  # fmt: skip
    return known.get(text.removesuffix(" | None"), text)


def _bound(item: Any) -> str:
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    return "".join(f", {sign} {getattr(item, name):g}" for name, sign in signs.items() if hasattr(item, name))


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{item}"' for item in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def pages() -> dict[Path, str]:
    """Return the text of each page by its file."""
    return {HERE / "cli.md": command_line(), HERE / "settings.md": settings_page()}


if __name__ == "__main__":
    for file, text in pages().items():
        file.write_text(text, encoding="utf-8")
