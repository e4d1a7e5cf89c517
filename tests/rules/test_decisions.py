from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from clearbar.errors import RubricError
from clearbar.grading.rules import Lexicon, RulesGrader
from clearbar.grading.rules.decisions import choice, parse
from clearbar.rubric import Decision, Rubric

KNOWN = frozenset({"apology", "anger", "gap_seconds"})


def holds(text: str, **signals: float) -> bool:
    return choose(text, counted=frozenset(), **signals) == [0]


def choose(*texts: str, counted: frozenset[str] = frozenset(), **signals: float) -> list[Any]:
    """Return of each conversation which condition holds; the signals of one are given as plain numbers."""
    told = {name: np.array([value] if name not in counted else [int(value)]) for name, value in signals.items()}
    chosen = choice([parse(text, "here", KNOWN, {"most": 2}, counted)[0] for text in texts])(SimpleNamespace(**told))
    listed: list[Any] = np.atleast_1d(chosen).tolist()
    return listed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("apology >= 1", True),
        ("apology > most", True),
        ("apology > most and anger > 0", False),
        ("apology > most or anger > 0", True),
        ("not anger", True),
        ("apology + anger * 2 == 3", True),
        ("1 < apology <= 3", True),
        ("4 > apology > 3", False),
        ("(anger or apology) == 3", True),
        ("(apology and 2) == 2", True),
        ("-apology < 0", True),
        ("apology >=\n  1", True),
    ],
)
def test_conditions_say_what_arithmetic_says(text: str, expected: bool) -> None:  # noqa: FBT001
    assert holds(text, apology=3, anger=0) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("apology >= 1", True),
        ("apology == 0", False),
        ("apology == 2", True),
        ("apology > anger", True),
        ("(apology >= 1) + (anger == 0) == 2", True),
        ("apology and not anger", True),
    ],
)
def test_a_set_of_turns_counts_as_many_as_it_holds(text: str, expected: bool) -> None:  # noqa: FBT001
    assert (choose(text, counted=frozenset({"apology", "anger"}), apology=0b10100, anger=0) == [0]) is expected


def test_the_first_condition_that_holds_is_chosen_and_none_is_told_by_their_number() -> None:
    decide = choice([parse(text, "here", KNOWN, {})[0] for text in ("apology > 1", "anger > 0")])
    assert decide(SimpleNamespace(apology=np.array([2, 1, 1]), anger=np.array([1, 1, 0]))).tolist() == [0, 1, 2]


def test_a_condition_tells_the_signals_it_reads_and_not_the_figures_given() -> None:
    assert parse("apology > most and (anger or apology)", "here", KNOWN, {"most": 2})[1] == ("apology", "anger")


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')", "apology.__class__", "apology()",
        "[apology]", "'text'", "apology if anger else 1", "lambda: 1", "apology == True",
        "apology ** 99 > 1", "apology[0]", "(a := 1)", "apology in anger", "apology and", "", "f'{apology}'", "1; 2", "(" * 500, "x" * 2000,
    ],
)  # fmt: skip
def test_nothing_but_names_numbers_and_operators_can_be_said(text: str) -> None:
    with pytest.raises(RubricError, match="here"):
        parse(text, "here", KNOWN, {})


def test_an_unknown_signal_is_told_with_the_nearest_one() -> None:
    with pytest.raises(RubricError, match=r"'apologies'.*did you mean 'apology'"):
        parse("apologies > 1", "here", KNOWN, {})


def changed(rubric: Rubric, **decision: object) -> Rubric:
    first = rubric.criteria[0]
    rules = first.rules.model_copy(update={"decide": (Decision.model_validate({"level": "below", "because": "Why.", **decision}),)})
    return rubric.model_copy(update={"criteria": (first.model_copy(update={"rules": rules}), *rubric.criteria[1:])})


def test_a_faulty_rule_names_rubric_criterion_and_entry(rubric: Rubric, lexicon: Lexicon) -> None:
    with pytest.raises(RubricError, match=r"service_bar, criteria\.courtesy\.rules\.decide\[0\]\.when.*'rudee'.*'rude'"):
        RulesGrader(changed(rubric, when="rudee > 1"), lexicon)
    with pytest.raises(RubricError, match=r"courtesy\.rules\.decide\[0\]\.evidence.*'nobody'"):
        RulesGrader(changed(rubric, when="rude > 1", evidence=["nobody"]), lexicon)
