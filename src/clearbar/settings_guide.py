"""All settings with what they take, what holds without them, and what they mean, as `clearbar.settings` itself says."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import BaseModel

from clearbar import settings

__all__ = ["Described", "Section", "describe_settings"]

_KINDS: Final = {
    "str": "text", "SecretStr": "text, secret", "bool": "`true`, `false`", "int": "whole number", "float": "number", "Path": "folder",
    "tuple[str, ...]": "list of texts", "tuple[SecretStr, ...]": "list of texts, secret", "dict[str, str]": "table of texts",
}  # fmt: skip
_SIGNS: Final = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
_ELSEWHERE: Final = ("sources", "oidc")
"""Settings with a section of their own that is no default."""


class Described(NamedTuple):
    """A setting."""

    name: str
    """As `clearbar.toml` nests it: `llm.model`."""
    values: str
    default: str
    says: str

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return f"CLEARBAR_{self.name.replace('.', '__').upper()}"


class Section(NamedTuple):
    """Settings that stand together."""

    title: str
    """`[llm]`; empty for those that stand by themselves."""
    says: str
    settings: list[Described]


def describe_settings() -> Iterator[Section]:
    """Yield all settings by section."""
    tree = ast.parse(Path(settings.__file__).read_text(encoding="utf-8"))
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}

    def section(kind: type[BaseModel], title: str) -> Section:
        node = classes[kind.__name__]
        prefix = f"{title.strip('[]')}." if title else ""
        return Section(title, (ast.get_docstring(node) or "") if title else "", list(_settings(kind, node, prefix)))

    yield section(settings.Settings, "")
    for name, field in settings.Settings.model_fields.items():
        if isinstance(field.default, BaseModel):
            yield section(type(field.default), f"[{name}]")
    yield section(settings.OidcSettings, "[review.oidc]")
    yield section(settings.NamedSource, "[sources.NAME]")


def _settings(kind: type[BaseModel], node: ast.ClassDef, prefix: str) -> Iterator[Described]:
    for item, after in zip(node.body, [*node.body[1:], None], strict=True):
        if not (isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)):
            continue
        name = item.target.id
        field = kind.model_fields[name]
        if isinstance(field.default, BaseModel) or name in _ELSEWHERE:
            continue
        says = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""
        bounds = "".join(f", {sign} {getattr(item, of):g}" for item in field.metadata for of, sign in _SIGNS.items() if hasattr(item, of))
        default = "needed" if field.is_required() else "–" if field.default in (None, (), {}) else _written(field.default)
        yield Described(f"{prefix}{name}", _kind(item.annotation) + bounds, default, " ".join(str(says).split()))


def _kind(annotation: ast.expr) -> str:
    text = ast.unparse(annotation)
    if text.startswith("Literal["):
        return ", ".join(f"`{value}`" for value in ast.literal_eval(text.removeprefix("Literal[").removesuffix("]").join(("(", ",)"))))
    return _KINDS.get(text.removesuffix(" | None"), text)


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{item}"' for item in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)
