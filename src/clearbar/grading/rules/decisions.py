"""The small language of decisions: named signals, numbers, comparisons, arithmetic, `and`, `or`, `not`; parsed once.

    apology >= 1 and not (anger or complaint)
    longest_gap > long_gap_seconds

A name is a signal, a group of the lexicon (in how many turns it was found), or a figure given by the criterion's own
`given:` or by the rubric's `limits:` for the channel. Nothing else can be said: no calls, no attributes, no text.
"""

import ast
import difflib
from collections.abc import Callable, Mapping
from typing import Any, Final

from clearbar.errors import RubricError

__all__ = ["Condition", "parse"]

Condition = Callable[[Any], bool]
_ALLOWED: Final = (
    ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.BinOp, ast.Add, ast.Sub, ast.Mult,
    ast.Compare, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq, ast.Name, ast.Load, ast.Constant,
)  # fmt: skip
_LONGEST: Final = 1_000


def parse(text: str, place: str, known: frozenset[str], given: Mapping[str, float]) -> tuple[Condition, tuple[str, ...]]:
    """Return a condition over signals, and the names it reads.

    Parameters
    ----------
    text
        The condition.
    place
        File, criterion and entry, for messages.
    known
        Names of signals, groups and limits.
    given
        Figures of the criterion, put in for their names.

    Raises
    ------
    RubricError
        If it says something that the language does not have, or names what is not there.
    """
    if len(text) > _LONGEST:
        raise RubricError(f"{place}: a condition may have {_LONGEST} characters", fix="split it into several decisions")
    try:
        tree = ast.parse(" ".join(text.split()), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise RubricError(
            f"{place}: the condition {text!r} cannot be read", fix="see docs/rules.md for what a condition may say"
        ) from error
    names: dict[str, None] = {}
    for node in ast.walk(tree):
        _check(node, place, known, given)
        if isinstance(node, ast.Name) and node.id not in given:
            names[node.id] = None
    return _condition(_Bound(given).visit(tree).body), tuple(names)


def _check(node: ast.AST, place: str, known: frozenset[str], given: Mapping[str, float]) -> None:
    if not isinstance(node, _ALLOWED):
        raise RubricError(
            f"{place}: a condition may not hold {type(node).__name__.lower()!r}",
            fix="it has names, numbers, comparisons, + - *, and, or, not",
        )
    if isinstance(node, ast.Constant) and (isinstance(node.value, bool) or not isinstance(node.value, int | float)):
        raise RubricError(f"{place}: {node.value!r} is no number", fix="compare signals with numbers")
    if isinstance(node, ast.Name) and node.id not in known and node.id not in given:
        near = difflib.get_close_matches(node.id, [*known, *given], n=1)
        raise RubricError(
            f"{place}: there is no signal {node.id!r}",
            fix=f"did you mean {near[0]!r}?" if near else "see docs/rules.md for the signals",
        )


class _Bound(ast.NodeTransformer):
    """Puts given figures in for their names and reads every other name from the signals."""

    def __init__(self, given: Mapping[str, float]) -> None:
        self._given = given

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self._given:
            return ast.Constant(self._given[node.id])
        return ast.Attribute(ast.Name("signals", ast.Load()), node.id, ast.Load())


def _condition(body: ast.expr) -> Condition:
    only = ast.arguments(posonlyargs=[], args=[ast.arg("signals")], kwonlyargs=[], kw_defaults=[], defaults=[])
    code = compile(ast.fix_missing_locations(ast.Expression(ast.Lambda(only, body))), "<condition>", "eval")
    # The tree holds nothing but names, numbers and operators: it was checked node by node.
    function: Condition = eval(code, {"__builtins__": {}})  # noqa: S307
    return function
