"""An edited rubric put back into its YAML file: comments, order, quotes and untouched lines stay as a person left them."""

import re
from functools import cache
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from clearbar.errors import RubricError
from clearbar.rubric import Rubric
from clearbar.rubric_file import parse_rubric

__all__ = ["rewrite"]

LINE: Final = 110
"""Characters after which a folded text goes on in the next line, and beyond which a mapping gets a line for each key."""
_CONTROL: Final = r"[\x00-\x1f\x7f-\x9f\ufeff]"
"""Characters that stand in YAML as escapes alone."""
_NEEDS_QUOTES: Final = re.compile(
    _CONTROL + r"|[\[\]{},#\"]|: |:$|^[-?!&*|>%@`' ]| $|^$|^(?:y|n|yes|no|on|off|true|false|null|~)$|^[-+.\d]", re.IGNORECASE
)
"""Texts that not every reader of YAML takes as they stand."""
Plain = dict[str, Any]
Node = Any
"""A part of the file with its comments, quotes and style."""


@cache
def _parts() -> SimpleNamespace:
    """Return what files are read and written with, loaded when first needed: importing it looks into folders."""
    from ruamel.yaml import YAML, comments, error, scalarstring, tokens  # noqa: PLC0415

    return SimpleNamespace(
        YAML=YAML,
        Map=comments.CommentedMap,
        Seq=comments.CommentedSeq,
        Double=scalarstring.DoubleQuotedScalarString,
        Quoted=(scalarstring.DoubleQuotedScalarString, scalarstring.SingleQuotedScalarString),
        Folded=scalarstring.FoldedScalarString,
        empty_line=lambda: tokens.CommentToken("\n\n", error.CommentMark(0), None),
    )


def rewrite(text: str, old: Rubric, new: Rubric) -> str:
    """Return the YAML text of a rubric with an edit in it; lines that the edit does not touch are the same.

    Parameters
    ----------
    text
        The file as it is.
    old, new
        What the file says, and what it is to say.

    Raises
    ------
    RubricError
        If the edit cannot be written so that the file would say exactly that; nothing half-right is ever returned.
    """
    if "\r\n" in text:
        return rewrite(text.replace("\r\n", "\n"), old, new).replace("\n", "\r\n")
    yaml = _parts().YAML()
    yaml.preserve_quotes = True
    yaml.width = 1 << 20  # lines stay as long as they are
    yaml.indent(mapping=2, sequence=4, offset=2)
    root = yaml.load(text)
    _merge_map(root, _plain(old), _plain(new))
    made = StringIO()
    yaml.dump(root, made)
    if parse_rubric(made.getvalue(), Path(f"{new.name}.yaml")) != new:
        raise RubricError(f"rubric {new.name}: the edit cannot be written into its file", fix="edit the file by hand")
    return made.getvalue()


def _plain(rubric: Rubric) -> Plain:
    return rubric.model_dump(mode="json", exclude_defaults=True)


def _is_map(node: Node) -> bool:
    return isinstance(node, dict)


def _is_list(node: Node) -> bool:
    return isinstance(node, list)


def _merge_map(node: Node, old: Plain, new: Plain) -> None:
    """Change what differs between two states of a mapping in its node; a new key goes behind the one that it follows."""
    for key in old.keys() - new.keys():
        node.pop(key, None)
    place = 0
    for key, value in new.items():
        if key not in node:
            node.insert(place, _scalar(key), _fresh(value))
        elif key not in old or old[key] != value:
            node[key] = _changed(node[key], old.get(key), value)
        place = list(node).index(key) + 1


def _changed(node: Node, old: Any, new: Any) -> Node:
    """Return the node for a changed value: the old one, changed inside, where there is something to keep."""
    if _is_map(node) and isinstance(new, dict) and isinstance(old, dict):
        _merge_map(node, old, new)
        return node
    if _is_list(node) and isinstance(new, list) and isinstance(old, list):
        _merge_list(node, old, new)
        return node
    if isinstance(node, _parts().Folded) and isinstance(new, str):
        return _folded(new, node)
    if isinstance(node, _parts().Quoted) and isinstance(new, str):
        return _parts().Double(new)
    return _fresh(new)


def _merge_list(node: Node, old: list[Any], new: list[Any]) -> None:
    """Change a list in its node: items go by their id where they have one, else by what they are, else by place."""
    places = {_name(item): place for place, item in enumerate(old)}
    nodes, comments = list(node), dict(node.ca.items)
    made, told = [], {}
    for place, item in enumerate(new):
        before = places.get(_name(item), place if len(old) == len(new) and not _has_id(item) else None)
        if before is None:
            made.append(_added(item, nodes[-1] if nodes else None))
            continue
        made.append(nodes[before] if old[before] == item else _changed(nodes[before], old[before], item))
        if before in comments:
            told[place] = comments[before]
    node.clear()
    node.extend(made)
    node.ca.items.clear()
    node.ca.items.update(told)


def _name(item: Any) -> str:
    return f"id {item['id']}" if _has_id(item) else repr(item)


def _has_id(item: Any) -> bool:
    return isinstance(item, dict) and "id" in item and "article" not in item


def _added(item: Any, beside: Node) -> Node:
    """Return the node of a new item in the manner of one beside it, with an empty line after it where it takes several."""
    node = _fresh(item)
    if not _is_map(node):
        return node
    if beside is None or (_is_map(beside) and beside.fa.flow_style()):
        node.fa.set_flow_style()
    elif not node.fa.flow_style():
        _end_with_empty_line(node)
    return node


def _end_with_empty_line(node: Node) -> None:
    last = list(node)[-1] if _is_map(node) else len(node) - 1
    inner = node[last]
    if (_is_map(inner) or _is_list(inner)) and not inner.fa.flow_style():
        _end_with_empty_line(inner)
        return
    line = _parts().empty_line()
    node.ca.items[last] = [None, None, line, None] if _is_map(node) else [line, None]


def _fresh(value: Any) -> Node:
    """Return the node of a value that stands nowhere yet."""
    if isinstance(value, dict):
        node = _parts().Map((_scalar(key), _fresh(item)) for key, item in value.items())
        if len(repr(value)) < LINE:
            node.fa.set_flow_style()
        return node
    if isinstance(value, list):
        made = _parts().Seq(map(_fresh, value))
        if all(not isinstance(item, dict) for item in value) and len(repr(value)) < LINE:
            made.fa.set_flow_style()
        for item in made:
            if _is_map(item):
                item.fa.set_flow_style()
        return made
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return _scalar(value) if isinstance(value, str) else value


def _scalar(text: str) -> Node:
    return _parts().Double(text) if _NEEDS_QUOTES.search(text) else text


def _folded(text: str, like: Node) -> Node:
    if re.search(_CONTROL + r"|\s\s|^\s|\s$", text.removesuffix("\n")):
        return _scalar(text)
    made = _parts().Folded(text)
    places, start = list[int](), 0
    for gap in re.finditer(" ", text):
        after = text.find(" ", gap.end())
        if (after if after >= 0 else len(text)) - start > LINE:
            places.append(gap.start())
            start = gap.end()
    made.fold_pos = places
    if hasattr(like, "comment"):
        made.comment = like.comment
    return made
