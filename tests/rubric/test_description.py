from pathlib import Path
from typing import Any

import pytest

from clearbar.articles import Articles
from clearbar.description import describe
from clearbar.errors import RubricError
from clearbar.rubric import Rubric


def test_a_description_holds_every_wording(service_bar: Rubric, articles: Articles) -> None:
    text = describe(service_bar, articles)
    for criterion in service_bar.criteria:
        shown = [criterion.asks, *criterion.levels.values(), *criterion.notes, *(source.point for source in criterion.sources)]
        assert all(words in text for words in shown)
    assert all(article.argues in text for article in articles.articles)


def test_a_description_tells_gates_conditions_sections_and_bands(contact_centre: Rubric) -> None:
    text = describe(contact_centre)
    assert "critical: the conversation fails" in text
    assert "critical for its section: the section scores 0" in text
    assert "and only where 'Complaint taken up' is 'Met'" in text
    assert "Sections weigh Duties 40, Handling of the matter 40, Manner on the phone 20" in text
    assert "A failed critical criterion makes it 0." in text
    assert "| Strong | a score from 80 and nothing at a failing level |" in text


def test_a_bar_in_a_wording_does_not_break_the_table(small: dict[str, Any]) -> None:
    small["criteria"][0]["levels"]["low"] = "Yes | no."
    assert r"| Low | Yes \| no. |" in describe(Rubric.model_validate(small))


def test_a_draft_is_described_as_one(small: dict[str, Any]) -> None:
    assert "draft: nothing grades with it" in describe(Rubric.model_validate({**small, "status": "draft"}))


def test_ids_that_the_articles_do_not_hold_are_refused(small: dict[str, Any], articles: Articles) -> None:
    with pytest.raises(RubricError, match="there is no article 'plain'"):
        describe(Rubric.model_validate(small), articles)


def test_the_page_of_the_service_bar_is_current(service_bar: Rubric, articles: Articles, project_root: Path) -> None:
    page = (project_root / "docs" / "service_bar.md").read_text(encoding="utf-8")
    assert page == describe(service_bar, articles) + "\n", "run: clearbar rubric show service_bar > docs/service_bar.md"
