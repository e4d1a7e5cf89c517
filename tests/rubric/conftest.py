from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from clearbar.articles import Articles, load_articles
from clearbar.rubric import Rubric
from clearbar.rubric_file import load_rubric

Plain = dict[str, Any]


@pytest.fixture(scope="session")
def project_root() -> Path:
    return Path(__file__).parents[2]


@pytest.fixture(scope="session")
def rubrics(project_root: Path) -> Path:
    return project_root / "rubrics"


@pytest.fixture(scope="session")
def service_bar(rubrics: Path) -> Rubric:
    return load_rubric(rubrics / "service_bar.yaml")


@pytest.fixture(scope="session")
def contact_centre(rubrics: Path) -> Rubric:
    return load_rubric(rubrics / "contact_centre.yaml")


@pytest.fixture(scope="session")
def articles(rubrics: Path) -> Articles:
    return load_articles(rubrics / "sources.yaml")


def _criterion(id: str, asks: str) -> Plain:
    return {
        "id": id,
        "name": id.title(),
        "asks": asks,
        "scale": "two",
        "section": "all",
        "weight": 1,
        "applies": {"when": "the customer asks something"},
        "levels": {"low": "Leaves the question open.", "high": "Answers it in words that the customer can use."},
        "examples": [
            {"level": "low", "passage": "Agent: Hm.", "why": "Nothing is answered."},
            {"level": "high", "passage": "Agent: At nine.", "why": "It is answered."},
        ],
        "sources": [{"article": "plain", "id": "answer", "point": "People ask to be answered."}],
        "causes": ["hurry"],
        "steps": ["time"],
        "rules": {"otherwise": "low"},
    }


@pytest.fixture
def small() -> Plain:
    """Return a rubric of three criteria, as YAML would give it, at which lint finds nothing."""
    return {
        "name": "small",
        "version": "1",
        "title": "Small",
        "about": "For tests.",
        "instructions": ["Grade the words."],
        "scales": [
            {
                "id": "two",
                "levels": [{"id": "low", "name": "Low", "points": 0, "fails": True}, {"id": "high", "name": "High", "points": 100}],
            }
        ],
        "sections": [{"id": "all", "name": "All"}],
        "criteria": [
            _criterion("first", "Was the question answered?"),
            _criterion("second", "Did the answer fit the question?"),
            _criterion("third", "Was the answer short?"),
        ],
        "bands": [{"id": "under", "name": "Under"}, {"id": "over", "name": "Over", "from_score": 70}],
        "limits": {"chat": {"gap_seconds": 60}},
    }


@pytest.fixture
def small_articles() -> Articles:
    return Articles.model_validate(
        {
            "articles": [
                {
                    "id": "plain",
                    "author": "unknown",
                    "title": "Plain",
                    "publisher": "unknown",
                    "year": "unknown",
                    "argues": "That people want answers.",
                    "points": [{"id": "answer", "name": "Answer", "says": "People ask to be answered."}],
                }
            ],
            "causes": [{"id": "hurry", "name": "Hurry", "says": "Nobody has time.", "articles": ["plain"]}],
            "steps": [{"id": "time", "name": "Time", "says": "Give people time.", "articles": ["plain"]}],
        }
    )


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Plain | str | bytes], Path]:
    """Return a function that writes a rubric file from a value, a text or bytes."""

    def written(content: Plain | str | bytes) -> Path:
        file = tmp_path / "r.yaml"
        if isinstance(content, dict):
            content = yaml.safe_dump(content, sort_keys=False)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    return written
