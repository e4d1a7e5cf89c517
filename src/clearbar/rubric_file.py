"""A rubric as a YAML file: read with every fault told by file, line and field; written; and its JSON schema for editors.

YAML is read as version 1.2 means it (as editors do): `yes` and `no` are words, not booleans, and `3:00` is no number.
"""

import difflib
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from clearbar.errors import RubricError
from clearbar.model import Model
from clearbar.project import Project
from clearbar.rubric import Rubric

try:
    from yaml import CSafeLoader as _YamlLoader
except ImportError:  # pragma: no cover - PyYAML built without libyaml
    from yaml import SafeLoader as _YamlLoader  # type: ignore[assignment]

__all__ = [
    "BESIDE",
    "dump_model",
    "dump_rubric",
    "json_schema",
    "load_model",
    "load_rubric",
    "open_rubric",
    "parse_rubric",
    "rubric_names",
    "rubric_path",
    "schema_text",
]

M = TypeVar("M", bound=Model)
SCHEMA_LINE = "# yaml-language-server: $schema={schema}\n"
"""Tells editors where the schema lies."""
SOURCES = "sources"
"""The file beside the rubrics that describes the articles."""
BESIDE = ".sources.yaml"
"""How the file ends that describes the articles of one rubric alone."""
DEEPEST = 32
"""Levels of nesting."""
SHOWN = 12
"""So many faults are told at once; a file with more needs another kind of help."""


class _Loader(_YamlLoader):
    """Safe loader that resolves plain words as YAML 1.2 does."""

    yaml_implicit_resolvers = {}


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), list(_first))


def open_rubric(asked: str, project: Project, *, drafts: bool = False) -> Rubric:
    """Return a rubric by the name of its file in the project's `rubrics`, or by path.

    Parameters
    ----------
    asked
        `service_bar`, or the path of a YAML file.
    drafts
        Whether a draft will do; nothing that grades may ask for one.

    Raises
    ------
    RubricError
        If there is none, it cannot be used, or it is a draft.
    """
    path = rubric_path(asked, project)
    rubric = load_rubric(path)
    if rubric.status == "draft" and not drafts:
        raise RubricError(f"{path}: is a draft, and nothing grades with a draft", fix="have a person read it, then set 'status: approved'")
    return rubric


def rubric_path(asked: str, project: Project) -> Path:
    """Return the file of a rubric that is named as `open_rubric` takes it.

    Raises
    ------
    RubricError
        If there is none.
    """
    path = Path(asked)
    if not path.is_file():
        path = project.root / "rubrics" / f"{asked.removesuffix('.yaml')}.yaml"
        if not path.is_file():
            names = ", ".join(rubric_names(project))
            raise RubricError(f"there is no rubric {asked!r} in {path.parent}", fix=f"there is: {names}; or name a YAML file")
    return path


def rubric_names(project: Project) -> list[str]:
    """Return the names by which `open_rubric` finds the rubrics of a project."""
    found = (project.root / "rubrics").glob("*.yaml")
    return sorted(file.stem for file in found if file.stem != SOURCES and not file.name.endswith(BESIDE))


def load_rubric(path: Path) -> Rubric:
    """Return the rubric in a YAML file.

    Raises
    ------
    RubricError
        If the file is missing, no text, no YAML or no rubric; with every fault by line and field.
    """
    return load_model(path, Rubric)


def load_model(path: Path, model: type[M]) -> M:
    """Return the model in a YAML file.

    Raises
    ------
    RubricError
        As `load_rubric` does.
    """
    return _model(_read(path), path, model)


def parse_rubric(text: str, path: Path) -> Rubric:
    """Return the rubric in a YAML text; `path` is what messages call it.

    Raises
    ------
    RubricError
        As `load_rubric` does.
    """
    return _model(text, path, Rubric)


def _model(text: str, path: Path, model: type[M]) -> M:
    root, value = _parse(text, path)
    if not isinstance(value, dict):
        raise RubricError(f"{path}: is {'empty' if value is None else 'no mapping'}", fix=f"expected the keys {_listed(_required(model))}")
    try:
        return model.model_validate(value)
    except ValidationError as error:
        told = [_tell(fault, root, value, model) for fault in error.errors(include_input=False, include_url=False)]
    more = f"; and {len(told) - SHOWN} more" if len(told) > SHOWN else ""
    raise RubricError(f"{path}: " + "; ".join(told[:SHOWN]) + more, fix="the *.schema.json files in rubrics/ say what each field holds")


def dump_rubric(rubric: Rubric) -> str:
    """Return a rubric as YAML text that `load_rubric` reads back; defaults are left out."""
    return dump_model(rubric, "rubric.schema.json")


def dump_model(value: Model, schema: str) -> str:
    """Return a model as YAML text that `load_model` reads back, with the name of its schema in the first line."""
    plain = value.model_dump(mode="json", exclude_defaults=True)
    return SCHEMA_LINE.format(schema=schema) + yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=120)


def json_schema(model: type[Model] = Rubric) -> dict[str, Any]:
    """Return the JSON schema by which editors check and complete a rubric file."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}


def schema_text(model: type[Model] = Rubric) -> str:
    """Return `json_schema` as the text of its file."""
    return json.dumps(json_schema(model), indent=2, ensure_ascii=False) + "\n"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise RubricError(f"{path}: cannot be read ({error.strerror})", fix="name a YAML file with a rubric") from error
    except UnicodeDecodeError as error:
        raise RubricError(f"{path}: is no UTF-8 text (byte {error.start})", fix="name a YAML file with a rubric") from error


def _parse(text: str, path: Path) -> tuple[yaml.Node | None, Any]:
    """Return the node tree, which knows lines, and the value."""
    try:
        _check_depth(text, path)
        loader = _Loader(text)
        root = loader.get_single_node()
        _check_keys(root, path)
        return root, None if root is None else loader.construct_document(root)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be parsed"
        raise RubricError(f"{path}{line}: is no valid YAML: {problem}", fix="check indentation, quotes and colons there") from error


def _check_depth(text: str, path: Path) -> None:
    """Refuse nesting that no rubric has: the C parser would take the whole process down with it."""
    depth = 0
    for event in yaml.parse(text, _Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise RubricError(f"{path}, line {line}: nested more than {DEEPEST} deep", fix="close the brackets there")


def _check_keys(root: yaml.Node | None, path: Path) -> None:
    """Refuse a key that stands twice in a mapping (YAML parsers silently keep the last) and one that is no word."""
    for node in _nodes(root):
        seen: set[str] = set()
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            where = f"{path}, line {key.start_mark.line + 1}"
            if not isinstance(key.value, str):
                raise RubricError(f"{where}: a key is a list or mapping", fix="put a text with brackets or braces in quotes")
            if key.value in seen:
                raise RubricError(f"{where}: the key {key.value!r} stands twice", fix="keep one of them")
            seen.add(key.value)


def _nodes(root: yaml.Node | None) -> Iterator[yaml.Node]:
    """Yield every node once, also where an alias leads back to it."""
    waiting, seen = [root] if root else [], set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif isinstance(node, yaml.MappingNode):
            waiting += [part for pair in node.value for part in pair]


def _tell(fault: ErrorDetails, root: yaml.Node | None, value: Any, model: type[Model]) -> str:
    """Return one fault as `line 12, criteria.courtesy.weigth: no such key; did you mean 'weight'?`."""
    loc = fault["loc"]
    place = _place(loc, value)
    where = f"line {_line(loc, root)}" + (f", {place}" if place else "")
    if fault["type"] == "extra_forbidden":
        torn = "; a text with a comma or colon needs quotes" if _at(loc, value) is None else ""
        return f"{where}: no such key{_near(loc, model)}{torn}"
    if fault["type"] == "missing":
        return f"{where}: is missing"
    return f"{where}: {fault['msg'].removeprefix('Value error, ')}"


def _line(loc: Sequence[int | str], root: yaml.Node | None) -> int:
    """Return the line of the deepest node on the way to a field."""
    node, line = root, (root.start_mark.line if root else 0) + 1
    for part in loc:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        elif isinstance(node, yaml.MappingNode):
            pair = next((pair for pair in node.value if pair[0].value == part), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line + 1, pair[1]
        else:
            break
    return line


def _place(loc: Sequence[int | str], value: Any) -> str:
    """Return a field's path, with the id of an item instead of its number where it has one."""
    parts = []
    for depth, part in enumerate(loc, 1):
        item = _at(loc[:depth], value)
        named = item.get("id") if isinstance(part, int) and isinstance(item, dict) else None
        parts.append(str(named if isinstance(named, str) else part))
    return ".".join(parts)


def _at(loc: Sequence[int | str], value: Any) -> Any:
    """Return what stands at a path; null where it leads nowhere."""
    for part in loc:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _near(loc: Sequence[int | str], model: type[Model]) -> str:
    """Return a hint at the key that was meant."""
    keys = _keys(loc, model)
    close = difflib.get_close_matches(str(loc[-1]), keys, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; keys here: {', '.join(keys)}"


def _keys(loc: Sequence[int | str], model: type[Model]) -> list[str]:
    """Return the keys that the model allows where a misspelt one stands."""
    for part in loc[:-1]:
        if isinstance(part, str) and part in model.model_fields:
            model = _model_in(model.model_fields[part].annotation) or model
    return list(model.model_fields)


def _model_in(annotation: Any) -> type[Model] | None:
    """Return the model inside `tuple[Model, ...]`, `Model | None` or `dict[str, Model]`."""
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return annotation
    return next((found for part in getattr(annotation, "__args__", ()) if (found := _model_in(part))), None)


def _required(model: type[Model]) -> list[str]:
    return [name for name, field in model.model_fields.items() if field.is_required()]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)


if __name__ == "__main__":  # python -m clearbar.rubric_file > rubrics/rubric.schema.json
    sys.stdout.write(schema_text())
