"""The project's own conversations, graded by rules, from file to page."""

import random
from pathlib import Path

import pytest

from clearbar.articles import load_articles
from clearbar.audit import assemble
from clearbar.grading.rules import RulesGrader, load_lexicon
from clearbar.report import Period, ReportItem, TeamReport, build_report, render_files
from clearbar.rubric_file import load_rubric
from clearbar.settings import ReportSettings
from clearbar.sources import FieldMap, open_source
from clearbar.transcript import RedactedTranscript, Transcript
from clearbar.verdict import Grade

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def items() -> list[ReportItem]:
    rubric = load_rubric(ROOT / "rubrics/service_bar.yaml")
    grader = RulesGrader(rubric, load_lexicon(ROOT / "rubrics/lexicon"))
    source = open_source(str(ROOT / "evals/conversations"), FieldMap.parse([]), root=ROOT, notice=print)
    pulled = [record for _, record in source.pull(None) if isinstance(record, Transcript)]
    transcripts = [RedactedTranscript(**record.model_dump(exclude={"replaced"})) for record in pulled]
    grades = [grade for grade in grader.grade(transcripts) if isinstance(grade, Grade)]
    items = [
        ReportItem(transcript=transcript, audit=assemble(transcript, rubric, grade.verdicts))
        for transcript, grade in zip(transcripts, grades, strict=True)
    ]
    random.Random(1).shuffle(items)
    return items


@pytest.fixture(scope="module")
def reports(items: list[ReportItem]) -> list[TeamReport]:
    rubric, articles = load_rubric(ROOT / "rubrics/service_bar.yaml"), load_articles(ROOT / "rubrics/sources.yaml")
    teams = sorted({item.transcript.team or "" for item in items})
    return [
        build_report(
            [item for item in items if item.transcript.team == team],
            rubric,
            articles,
            period=Period(),
            team=team,
            settings=ReportSettings(),
        )
        for team in teams
    ]


def test_every_sum_closes_for_every_team(reports: list[TeamReport]) -> None:
    assert len(reports) >= 4
    for report in reports:
        assert sum(tally.count for tally in report.by_conversation) == report.conversations
        assert sum(tally.count for tally in report.by_verdict) == report.conversations * len(report.criteria)
        assert sum(level.count for level in report.bands) + report.provisional + report.unscored == report.conversations
        assert {criterion.total for criterion in report.criteria} == {report.conversations}


def test_every_weak_criterion_has_causes_and_steps_with_sources(reports: list[TeamReport]) -> None:
    for report in reports:
        assert report.coaching
        cited = {article.id for article in report.citations}
        for weak in report.coaching:
            assert weak.causes
            assert weak.steps
            assert {article for advice in (*weak.causes, *weak.steps) for article in advice.articles} <= cited


def test_every_quote_stands_in_its_turn(reports: list[TeamReport], items: list[ReportItem]) -> None:
    texts = {item.transcript.id: item.transcript.turns for item in items}
    shown = [(talk.id, quote) for report in reports for talk in report.look_at for verdict in talk.verdicts for quote in verdict.quotes]
    assert shown
    for id, quote in shown:
        turn = " ".join(texts[id][quote.turn].text.split())
        assert quote.role is texts[id][quote.turn].role
        assert all(" ".join(part.split()) in turn for part in quote.words.split(" … "))


def test_pages_stay_small(reports: list[TeamReport]) -> None:
    pages = [content for name, content in render_files(reports).items() if name.endswith(".html")]
    assert max(len(page) for page in pages if isinstance(page, bytes)) < 200_000
