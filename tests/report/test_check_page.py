"""The page of a check: decisions, confusions and disagreements, self-contained and escaped."""

from clearbar.pipeline.checking import CheckRequest, run_check
from clearbar.project import Project
from clearbar.report.check_page import render_check
from clearbar.settings import load_settings


def test_the_page_tells_every_decision_and_what_the_labels_are(project: Project) -> None:
    checked = run_check(project, load_settings(project), CheckRequest(grader="rules"), notice=print)
    page = render_check(checked.result, labelled_set=checked.labelled_set)
    assert f"{checked.result.n} conversations" in page
    assert "Labels by a language model, on invented conversations" in page
    assert page.count('class="card" id=') == len(checked.result.criteria)
    assert "<script" not in page
    assert "http" not in page


def test_words_of_a_conversation_are_inert_on_the_page(project: Project) -> None:
    checked = run_check(project, load_settings(project), CheckRequest(grader="rules"), notice=print)
    first = checked.result.disagreements[0].model_copy(update={"rationale": "<script>alert(1)</script>"})
    page = render_check(checked.result.model_copy(update={"disagreements": (first,)}), labelled_set="a set")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
