"""The rubrics and the lexicon as they ship."""

from pathlib import Path

import pytest

from clearbar.grading.rules import Lexicon, RulesGrader, load_lexicon
from clearbar.rubric import Rubric
from clearbar.rubric_file import load_rubric

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def lexicon() -> Lexicon:
    return load_lexicon(ROOT / "rubrics" / "lexicon")


@pytest.fixture(scope="session")
def rubric() -> Rubric:
    return load_rubric(ROOT / "rubrics" / "service_bar.yaml")


@pytest.fixture(scope="session")
def grader(rubric: Rubric, lexicon: Lexicon) -> RulesGrader:
    return RulesGrader(rubric, lexicon)


@pytest.fixture(scope="session")
def plain_grader(rubric: Rubric, lexicon: Lexicon) -> RulesGrader:
    return RulesGrader(rubric, lexicon, plain=True)


@pytest.fixture(scope="session")
def centre_grader(lexicon: Lexicon) -> RulesGrader:
    return RulesGrader(load_rubric(ROOT / "rubrics" / "contact_centre.yaml"), lexicon)
