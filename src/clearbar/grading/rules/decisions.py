"""The small language of decisions: named signals, numbers, comparisons, arithmetic, `and`, `or`, `not`; parsed once.

    apology >= 1 and not (anger or complaint)
    longest_gap > long_gap_seconds

A name is a signal, a group of the lexicon (in how many turns it was found), or a figure given by the criterion's own
`given:` or by the rubric's `limits:` for the channel. Nothing else can be said: no calls, no attributes, no text.
"""

import ast
import difflib
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any, Final

import numpy as np

from clearbar.errors import RubricError
from clearbar.grading.rules.turnset import Numbers, count

__all__ = ["choice", "parse"]

Condition = ast.expr
"""Checked, with the figures put in, over a name `signals`."""
_ALLOWED: Final = (
    ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.BinOp, ast.Add, ast.Sub, ast.Mult,
    ast.Compare, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq, ast.Name, ast.Load, ast.Constant,
)  # fmt: skip
_LONGEST: Final = 1_000


def parse(
    text: str, place: str, known: frozenset[str], given: Mapping[str, float], counted: frozenset[str] = frozenset()
) -> tuple[Condition, tuple[str, ...]]:
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
    counted
        Those of the known names that are sets of turns, of which the condition reads how many.

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
            f"{place}: the condition {text!r} cannot be read", fix="the rules in rubrics/service_bar.yaml show what a condition may say"
        ) from error
    names: dict[str, None] = {}
    for node in ast.walk(tree):
        _check(node, place, known, given)
        if isinstance(node, ast.Name) and node.id not in given:
            names[node.id] = None
    return _Bound(given, counted).visit(tree).body, tuple(names)


def choice(conditions: Sequence[Condition]) -> Callable[[Any], Numbers]:
    """Return a function that gives of each conversation the place of the first condition that holds, or how many there are if none does."""
    chosen: ast.expr = ast.Constant(len(conditions))
    for place, condition in reversed(list(enumerate(conditions))):
        chosen = _call(np.where, condition, ast.Constant(place), chosen)
    only = ast.arguments(posonlyargs=[], args=[ast.arg("signals")], kwonlyargs=[], kw_defaults=[], defaults=[])
    code = compile(ast.fix_missing_locations(ast.Expression(ast.Lambda(only, chosen))), "<condition>", "eval")
    # The tree holds nothing but names, numbers and operators: it was checked node by node.
    choose: Callable[[Any], Numbers] = eval(code, {"__builtins__": {}, **_CALLED})  # noqa: S307
    return choose


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
            fix=f"did you mean {near[0]!r}?" if near else "clearbar rubric explain ID shows the signals",
        )


class _Bound(ast.NodeTransformer):
    """Puts given figures in for their names and reads every other name from the signals."""

    def __init__(self, given: Mapping[str, float], counted: frozenset[str]) -> None:
        self._given = given
        self._counted = counted
        self._asked = counted - given.keys()

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(self._given[node.id]) if node.id in self._given else _read(node.id, self._counted)

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        """Spare the count where a condition asks only whether there is a turn: the set itself is 0 just where its size is."""
        match node:
            case ast.Compare(ast.Name(name), [ast.GtE()], [ast.Constant(1)]) if name in self._asked:
                return ast.Compare(_attribute(name), [ast.NotEq()], [ast.Constant(0)])
            case ast.Compare(ast.Name(name), [ast.Eq()], [ast.Constant(0)]) if name in self._asked:
                return ast.Compare(_attribute(name), [ast.Eq()], [ast.Constant(0)])
        self.generic_visit(node)
        sides = [node.left, *node.comparators]
        links = [ast.Compare(left, [by], [right]) for left, by, right in zip(sides, node.ops, sides[1:], strict=False)]
        return links[0] if len(links) == 1 else _call(_every, *links)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        self.generic_visit(node)
        return _call(_every if isinstance(node.op, ast.And) else _any, *node.values)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        return _call(np.logical_not if isinstance(node.op, ast.Not) else _less, node.operand)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """Let what is true count 1."""
        self.generic_visit(node)
        return ast.BinOp(_call(_number, node.left), node.op, _call(_number, node.right))


def _attribute(name: str) -> ast.expr:
    return ast.Attribute(ast.Name("signals", ast.Load()), name, ast.Load())


def _read(name: str, counted: frozenset[str]) -> ast.expr:
    """Return how a name is read from the signals: a number as it is, of a set of turns how many."""
    value = _attribute(name)
    return _call(count, value) if name in counted else value


def _call(function: Callable[..., Any], *arguments: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(function.__name__, ast.Load()), list(arguments), [])


def _every(*values: Numbers) -> Numbers:
    """Return the first value that is false, else the last, as `and` does."""
    return reduce(lambda left, right: np.where(left, right, left), values)


def _any(*values: Numbers) -> Numbers:
    """Return the first value that is true, else the last, as `or` does."""
    return reduce(lambda left, right: np.where(left, left, right), values)


def _less(value: Numbers) -> Numbers:
    return 0.0 - value


def _number(value: Numbers) -> Numbers:
    return value + 0.0


_CALLED: Final = {function.__name__: function for function in (np.where, np.logical_not, count, _every, _any, _less, _number)}
