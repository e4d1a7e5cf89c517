import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from clearbar.articles import Articles, check_sources, load_articles
from clearbar.errors import RubricError
from clearbar.rubric import Rubric

Plain = dict[str, Any]
Write = Callable[[Plain | str | bytes], Path]
RUN = 9
"""Words in a row from which on a text counts as copied."""


def test_the_five_articles_are_described(articles: Articles) -> None:
    assert [(article.author, article.year) for article in articles.articles] == [
        ("Karl Sharicz", 2024), ("Roy Osing", 2019), ("Liz Weber", 2020), ("unknown", "unknown"), ("unknown", "unknown"),
    ]  # fmt: skip


def test_each_article_is_argued_in_two_to_four_sentences(articles: Articles) -> None:
    assert all(2 <= len(re.findall(r"[.!?](?:\s|$)", article.argues)) <= 4 for article in articles.articles)


@pytest.mark.parametrize("name", ["service_bar", "contact_centre"])
def test_every_id_that_a_shipped_rubric_names_is_there(name: str, request: pytest.FixtureRequest, articles: Articles) -> None:
    check_sources(request.getfixturevalue(name), articles)


def test_the_service_bar_leaves_no_point_cause_or_step_unused(service_bar: Rubric, articles: Articles) -> None:
    criteria = service_bar.criteria
    assert {point.id for article in articles.articles for point in article.points} == {item.id for one in criteria for item in one.sources}
    assert {cause.id for cause in articles.causes} == {id for one in criteria for id in one.causes}
    assert {step.id for step in articles.steps} == {id for one in criteria for id in one.steps}


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("sources", [{"article": "plan", "point": "x"}], "criteria.first.sources: there is no article 'plan'; there is: plain"),
        (
            "sources",
            [{"article": "plain", "id": "anser", "point": "x"}],
            "criteria.first.sources: there is no point 'anser'; there is: answer",
        ),
        ("causes", ["hury"], "criteria.first.causes: there is no cause 'hury'; there is: hurry"),
        ("steps", ["tiem"], "criteria.first.steps: there is no step 'tiem'; there is: time"),
    ],
)
def test_an_id_that_is_not_there_is_refused(field: str, value: Any, told: str, small: Plain, small_articles: Articles) -> None:
    small["criteria"][0][field] = value
    with pytest.raises(RubricError) as caught:
        check_sources(Rubric.model_validate(small), small_articles)
    assert str(caught.value) == f"rubric 'small': {told}: mend the id, or add it to sources.yaml"


def test_a_point_need_not_be_listed(small: Plain, small_articles: Articles) -> None:
    small["criteria"][0]["sources"] = [{"article": "plain", "point": "Something else it says."}]
    check_sources(Rubric.model_validate(small), small_articles)


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (lambda plain: plain["causes"].append(dict(plain["causes"][0])), "causes.hurry.id: 'hurry' stands twice"),
        (lambda plain: plain["articles"].append(dict(plain["articles"][0])), "articles.plain.id: 'plain' stands twice"),
        (lambda plain: plain["articles"][0].update(points=plain["articles"][0]["points"] * 2), "articles.plain.points: a point's id"),
        (lambda plain: plain["steps"][0].update(articles=["plan"]), "steps.time.articles: there is no article 'plan'; there is: plain"),
        (lambda plain: plain["steps"][0].update(artikles=["plain"]), "steps.time.artikles: no such key; did you mean 'articles'?"),
        (lambda plain: plain["articles"][0].update(year="last"), "articles.plain.year"),
    ],
)
def test_a_file_of_articles_that_does_not_hang_together_is_refused(
    edit: Callable[[Plain], None], told: str, small_articles: Articles, write: Write
) -> None:
    plain = small_articles.model_dump(mode="json")
    edit(plain)
    with pytest.raises(RubricError, match=re.escape(told)):
        load_articles(write(yaml.safe_dump(plain)))


def test_a_missing_file_of_articles_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(RubricError, match="cannot be read"):
        load_articles(tmp_path / "sources.yaml")


@pytest.mark.shared
@pytest.mark.parametrize("name", ["rubrics/sources.yaml", "rubrics/service_bar.yaml", "rubrics/contact_centre.yaml", "docs/rubric.md"])
def test_no_sentence_is_copied_from_an_article(name: str, project_root: Path, articles: Articles) -> None:
    folder = project_root.parent / "shared" / "articles"
    if not folder.is_dir():
        pytest.skip("the articles are not part of the repository")
    text = (project_root / name).read_text(encoding="utf-8").replace('\\"', '"')
    for article in articles.articles:
        text = text.replace(article.title, "")
    copied = {run for file in folder.glob("*.txt") for run in _runs(file.read_text(encoding="utf-8"))} & _runs(text)
    assert copied == set()


def _runs(text: str) -> set[str]:
    words = re.findall(r"[\w']+", text.lower().replace("\u2019", "'"))
    return {" ".join(words[place : place + RUN]) for place in range(len(words) - RUN + 1)}
