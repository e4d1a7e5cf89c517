"""Articles of our own that ask for things, and what rules make of them."""

from pathlib import Path

import pytest

from clearbar.articles import load_articles
from clearbar.drafting import Draft, compose_draft, match_articles, read_articles
from clearbar.errors import RubricError, SourceError
from clearbar.lint import Severity, lint
from clearbar.project import find_project
from clearbar.rubric_file import load_rubric, open_rubric

ROOT = Path(__file__).parents[2]
BASE = load_rubric(ROOT / "rubrics" / "service_bar.yaml")
KNOWN = load_articles(ROOT / "rubrics" / "sources.yaml")

DESK = """# Notes from a bicycle shop

Good morning! Our desk is open from nine.

An agent should stay courteous and polite, and treat every customer with respect and
warm words, however late it is.

- Agents must listen closely and restate the need in their own words before they answer.
- Never promise a date that cannot be kept: say what happens next and when.

Wheels are round.

Staff were never taught the skills and hold on to scripts because there is little training.
Managers should teach listening, empathy and clear language, not the product alone.
"""
HELMETS = """Helmets

Customers need to see both helmets and the insurance on paper.
A clerk should mention helmets together with insurance to each customer.
Customers need a leaflet on insurance when they rent helmets.
"""


def write(folder: Path, **texts: str) -> list[Path]:
    """Write articles and return their files."""
    for name, text in texts.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    return [folder / f"{name}.md" for name in texts]


def drafted(*files: Path) -> Draft:
    texts = read_articles(files)
    return compose_draft(match_articles(texts, BASE, KNOWN), texts, BASE, name="bicycles", how="by rules")


def test_what_articles_ask_for_is_matched_to_known_criteria_causes_and_steps(tmp_path: Path) -> None:
    made = drafted(*write(tmp_path, desk=DESK))
    by_id = {criterion.id: criterion for criterion in made.rubric.criteria}
    assert {"courtesy", "listening"} <= set(by_id)
    assert by_id["courtesy"].levels == BASE.criterion("courtesy").levels
    assert by_id["courtesy"].rules == BASE.criterion("courtesy").rules
    assert "no_training" in {cause.id for cause in made.articles.causes}
    assert "train_skills" in {step.id for step in made.articles.steps}


def test_each_point_quotes_at_most_25_words_that_stand_in_the_file(tmp_path: Path) -> None:
    files = write(tmp_path, desk=DESK, helmets=HELMETS)
    made = drafted(*files)
    texts = {file.name: " ".join(file.read_text().split()) for file in files}
    passages = [point.passage for article in made.articles.articles for point in article.points]
    passages += [passage for item in (*made.articles.causes, *made.articles.steps) for passage in item.passages]
    assert len(passages) == made.passages > 5
    for passage in passages:
        assert passage is not None
        assert passage.quote in texts[passage.file]
        assert len(passage.quote.split()) <= 25


def test_every_criterion_rests_on_a_point_of_an_article_that_was_read(tmp_path: Path) -> None:
    made = drafted(*write(tmp_path, desk=DESK, helmets=HELMETS))
    points = {(article.id, point.id) for article in made.articles.articles for point in article.points}
    for criterion in made.rubric.criteria:
        assert criterion.sources
        assert {(source.article, source.id) for source in criterion.sources} <= points


def test_what_no_criterion_knows_becomes_one_only_where_several_sentences_ask_for_it(tmp_path: Path) -> None:
    several = drafted(*write(tmp_path, desk=DESK, helmets=HELMETS))
    assert len(several.new) == 1
    assert {"helmets", "insurance"} == set(several.rubric.criteria[-1].id.split("_"))
    two = HELMETS.rsplit("\n", 2)[0]
    assert drafted(*write(tmp_path, desk=DESK, helmets=two)).new == ()


def test_a_sentence_that_asks_for_nothing_supports_nothing(tmp_path: Path) -> None:
    with pytest.raises(RubricError, match="no sentence asks for anything"):
        drafted(*write(tmp_path, plain="The desk is open from nine. Wheels are round and courteous agents listen there."))


def test_the_same_articles_always_give_the_same_draft(tmp_path: Path) -> None:
    files = write(tmp_path, desk=DESK, helmets=HELMETS)
    assert drafted(*files) == drafted(*files)


def test_a_draft_loads_passes_lint_without_errors_says_what_it_is_and_nothing_grades_with_it(tmp_path: Path) -> None:
    made = drafted(*write(tmp_path, desk=DESK, helmets=HELMETS))
    file = tmp_path / "out" / "bicycles.yaml"
    beside = made.write(file)
    assert load_rubric(file) == made.rubric
    assert load_articles(beside) == made.articles
    assert [finding for finding in lint(load_rubric(file), load_articles(beside)) if finding.level is Severity.ERROR] == []
    assert file.read_text().splitlines()[1].startswith("# DRAFT, proposed by rules from: desk.md, helmets.md")
    with pytest.raises(RubricError, match="nothing grades with a draft"):
        open_rubric(str(file), find_project(ROOT))


def test_a_draft_never_overwrites_a_file(tmp_path: Path) -> None:
    made = drafted(*write(tmp_path, desk=DESK))
    (tmp_path / "mine.sources.yaml").write_text("mine")
    with pytest.raises(RubricError, match="is there already"):
        made.write(tmp_path / "mine.yaml")
    assert not (tmp_path / "mine.yaml").exists()
    assert (tmp_path / "mine.sources.yaml").read_text() == "mine"


def test_a_criterion_that_lint_refuses_is_left_out_and_that_is_said(tmp_path: Path) -> None:
    smiles = "\n".join(f"Each customer should get a smile of {what}." for what in ("sunshine", "sunshine today", "sunshine anyway"))
    made = drafted(*write(tmp_path, desk=DESK, smiles=smiles))
    assert made.new == ()
    assert any("cannot be seen in a transcript" in note for note in made.notes)


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"\xff\xfe\x00", "is no UTF-8 text"), (b" \n", "holds no words"), (b"a\x00b", "is no article"), (None, "cannot be read")],
)
def test_a_file_that_is_no_article_is_told_in_one_line(content: bytes | None, line: str, tmp_path: Path) -> None:
    file = tmp_path / "article.txt"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SourceError, match=line) as told:
        read_articles([file])
    assert "\n" not in str(told.value)


def test_a_folder_stands_for_the_text_files_in_it_each_once(tmp_path: Path) -> None:
    files = write(tmp_path, desk=DESK, helmets=HELMETS)
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    assert [text.file for text in read_articles([tmp_path, files[0]])] == ["desk.md", "helmets.md"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="there is no article in"):
        read_articles([tmp_path / "empty"])


@pytest.mark.shared
def test_the_articles_behind_the_service_bar_give_a_draft_without_lint_errors() -> None:
    folder = Path(__file__).parents[3] / "shared" / "articles"
    if not folder.is_dir():
        pytest.skip("needs the articles, which are not part of the repository")
    made = drafted(folder)
    assert [finding for finding in lint(made.rubric, made.articles) if finding.level is Severity.ERROR] == []
    assert len(made.rubric.criteria) > 5
