"""What a page says of disputes, lifted auto-fails, later editions and coaching."""

from collections.abc import Callable
from datetime import date

import pytest

from clearbar.articles import Articles
from clearbar.report import (
    Contest,
    Context,
    Estimate,
    Gathering,
    Period,
    ReportItem,
    Revision,
    RunFacts,
    Step,
    TeamReport,
    build_index,
    compose_report,
    shareable,
)
from clearbar.report.figures import raw_share, share_difference
from clearbar.report.page import render_index, render_team
from clearbar.report.words import change_words
from clearbar.rubric import Rubric
from clearbar.settings import ReportSettings
from clearbar.verdict import GradedBy

Item = Callable[..., ReportItem]
Build = Callable[..., TeamReport]
Compose = Callable[..., TeamReport]


@pytest.fixture
def compose(rubric: Rubric, articles: Articles) -> Compose:
    """Make a report with later editions and steps."""

    def make(items: list[ReportItem], **more: object) -> TeamReport:
        context = Context(rubric, articles, Period(), ReportSettings())
        gathered = Gathering(rubric, context.settings)
        for item in items:
            gathered.add(item)
        return compose_report(gathered, context, team="orders", **more)  # type: ignore[arg-type]

    return make


def corrected(item: Item, number: int) -> ReportItem:
    """A conversation whose auto-fail a person lifted."""
    machine, person = item(number, {"courtesy": "below"}), item(number, by={"courtesy": GradedBy.HUMAN})
    return person.model_copy(update={"graded": machine.audit, "contests": (Contest(criterion="courtesy", state="accepted"),)})


def step(before: Estimate, after: Estimate, **more: object) -> Step:
    difference = share_difference(before, after)
    fields = {"criterion": "help", "agent": None, "step": "Say what happens next", "agreed_on": date(2026, 10, 5), "days": 56}
    return Step.model_validate({**fields, "before": before, "after": after, "difference": difference, **more})


def share(count: int, n: int) -> Estimate:
    return raw_share(count, n, precision=0.15)


def test_an_auto_fail_that_a_person_lifted_is_told_though_none_stands(item: Item, build: Build) -> None:
    report = build([corrected(item, 1), *[item(number) for number in range(2, 8)]])
    (fail,) = report.auto_fails
    assert (fail.provisional, fail.confirmed, fail.overturned, fail.conversations) == (0, 0, 1, ())
    assert report.auto_failed == 0
    assert report.disputes is not None
    assert (report.disputes.opened, report.disputes.accepted, report.disputes.open) == (1, 1, 0)
    assert "Lifted" in render_team(report)


def test_disputes_of_a_small_team_are_not_counted(item: Item, build: Build) -> None:
    report = build([corrected(item, 1)])
    assert report.disputes is None
    assert 'id="disputes"' not in render_team(report)


def test_later_editions_are_told_on_the_page_and_over_all_teams(item: Item, compose: Compose) -> None:
    revisions = [
        Revision(number=number, on=date(2026, 11, number), because=f"dispute {number} changed a verdict in it", replaced="ab" * 32)
        for number in (6, 5, 4, 3, 2)
    ]
    report = compose([item(number) for number in range(1, 8)], revisions=revisions)
    page = render_team(report)
    assert "Restated on 2026-11-06 because dispute 6 changed a verdict in it." in page
    assert "2 earlier revisions" in page
    assert 'restated <span class="num">2026-11-06</span>, revision 6' in render_index(build_index([report], None))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ((30, 40), (10, 40), "less often than before (\N{MINUS SIGN}50 points, likely \N{MINUS SIGN}"),
        ((10, 40), (30, 40), "more often than before (+50 points"),
        ((5, 10), (4, 10), "cannot be told from before"),
        ((5, 10), (0, 0), "too few conversations"),
    ],
)
def test_a_change_is_called_one_only_where_its_interval_leaves_out_none(before: tuple[int, int], after: tuple[int, int], told: str) -> None:
    assert change_words(step(share(*before), share(*after))).startswith(told)


def test_other_graders_are_named_as_a_doubt() -> None:
    assert "other graders" in change_words(step(share(30, 40), share(10, 40), graders_changed=True))


def test_steps_come_with_the_caveat_and_without_agents_that_may_not_appear(item: Item, compose: Compose) -> None:
    steps = [step(share(30, 40), share(10, 40)), step(share(3, 40), share(2, 40), agent="agent-few")]
    report = compose([item(number) for number in range(1, 8)], steps=steps)
    page = render_team(report)
    assert "regression to the mean" in page
    assert "Say what happens next" in page
    assert "agent-few" not in page
    assert [one.agent for one in report.steps] == [None]
    assert "Say what happens next" not in render_team(shareable(report))


def test_a_page_without_steps_has_no_section_for_them(item: Item, build: Build) -> None:
    assert 'id="steps"' not in render_team(build([item(number) for number in range(1, 8)]))


def test_records_dated_in_the_future_are_listed(item: Item, build: Build) -> None:
    page = render_team(build([item(number) for number in range(1, 8)], run=RunFacts(waiting=("talks.jsonl:3 (id 'x')",))))
    assert "1 record of the whole pull is dated in the future and waits until then" in page
    assert "talks.jsonl:3" in page
