"""What a report says of the period before."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from clearbar.report import Change, Estimate, Period, PeriodBefore, ReportItem, Shift, TeamReport, summary_markdown
from clearbar.report.page import render_team
from clearbar.report.words import part_words, shift_words, since_before, whose_words

Item = Callable[..., ReportItem]
Build = Callable[..., TeamReport]
EARLIER = Period(since=datetime(2026, 9, 1, tzinfo=UTC), until=datetime(2026, 10, 1, tzinfo=UTC))
NONE = Shift(value=0, low=0, high=0)


def change(of: str = "clears", **more: Any) -> Change:
    values: dict[str, Any] = {
        "of": of,
        "before": Estimate(value=0.7, low=0.6, high=0.8, n=60, count=42),
        "after": Estimate(value=0.5, low=0.4, high=0.6, n=60, count=30),
        "total": Shift(value=-0.2, low=-0.3, high=-0.1),
        "grader": Shift(value=-0.05, low=-0.1, high=0.004),
        "rest": Shift(value=-0.15, low=-0.25, high=-0.02),
        "enough": True,
        "anchors": 40,
        "differs": True,
        "rest_differs": True,
    }
    return Change(**(values | more))


def before(*changes: Change, **more: Any) -> PeriodBefore:
    return PeriodBefore(period=EARLIER, conversations=60, changes=changes, **more)


def test_points_are_signed_and_never_minus_nought() -> None:
    assert shift_words(change().total, change()) == "−20 points (likely −30 to −10)"
    assert shift_words(Shift(value=-0.001, low=-0.02, high=0.0149), change()) == "0 points (likely −2 to +1)"
    assert shift_words(Shift(value=-3.2, low=-5, high=1), change("score")) == "−3 points (likely −5 to +1)"


@pytest.mark.parametrize(
    ("more", "part", "whose"),
    [
        ({}, "−5 points (likely −10 to 0)", "more than the grader changed"),
        ({"grader": NONE}, "none", "the agents’, or other conversations"),
        ({"rest_differs": False}, "−5 points (likely −10 to 0)", "the grader alone may account for it"),
        ({"rest_differs": False, "differs": False, "enough": False}, "too few to say", "cannot be told from chance"),
        ({"grader": None, "rest": None, "rest_differs": False}, "cannot be said", "whose it is cannot be said"),
        ({"grader": None, "rest": None, "rest_differs": False, "differs": False}, "cannot be said", "cannot be told from chance"),
    ],
)
def test_whose_a_change_is_says_no_more_than_the_figures(more: dict[str, Any], part: str, whose: str) -> None:
    made = change(**more)
    assert part_words(made.grader, made) == part
    assert whose_words(made) == whose


def test_the_page_shows_share_score_and_the_criteria_that_changed(item: Item, build: Build) -> None:
    found = before(
        change(),
        change("score", total=Shift(value=-4, low=-9, high=1), differs=False, rest_differs=False),
        change("help"),
        change("duty", differs=False, rest_differs=False),
        causes=("the model",),
    )
    page = render_team(build([item(number) for number in range(8)], before=found))
    assert "2026-09-01 to before 2026-10-01, 60 conversations." in page
    assert "Help: fails" in page
    assert "Duty: fails" not in page
    assert "No other criterion can be told from the period before" in page
    assert "Known to have changed about the grader: the model." in page
    assert "40 fixed conversations show" in page
    assert 'href="#before">−20 points</a> against the period before: more than the grader changed.' in page


def test_changes_that_cannot_be_taken_apart_say_why_once_and_show_no_parts(item: Item, build: Build) -> None:
    unknown: dict[str, Any] = {"grader": None, "rest": None, "rest_differs": False, "anchors": 0, "why_not": "nobody watched"}
    page = render_team(build([item(number) for number in range(8)], before=before(change(**unknown), change("score", **unknown))))
    assert page.count("nobody watched") == 1
    assert "The rest" not in page


def test_graders_that_are_the_same_are_told_and_no_parts_shown(item: Item, build: Build) -> None:
    page = render_team(build([item(number) for number in range(8)], before=before(change(grader=NONE, anchors=0))))
    assert "The same grader graded both periods" in page
    assert "The rest" not in page


def test_a_report_without_an_earlier_period_says_nothing_of_it(item: Item, build: Build) -> None:
    report = build([item(number) for number in range(8)])
    assert "period before" not in render_team(report)
    assert "against" not in summary_markdown(report)
    assert since_before(None) == ""


def test_a_team_that_is_too_small_is_compared_with_nothing(item: Item, build: Build) -> None:
    assert build([item(1)], before=before(change())).before is None


def test_markdown_says_in_a_line_how_the_share_moved_and_whose_it_is(item: Item, build: Build) -> None:
    text = summary_markdown(build([item(number) for number in range(8)], before=before(change())))
    assert "points (likely −30 to −10)" in text.replace("\\", "")
    assert "more than the grader changed" in text
    assert "nobody watched" in since_before(before(change(grader=None, rest=None, why_not="nobody watched")))
