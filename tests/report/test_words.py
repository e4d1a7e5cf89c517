"""Figures, periods and names in words."""

from datetime import UTC, datetime

import pytest

from clearbar.plural import plural
from clearbar.report import Estimate, Period
from clearbar.report.words import interval, percent, period_words, reason_words, team_slug


@pytest.mark.parametrize(
    ("share", "told"),
    [(0.0, "0 %"), (0.001, "< 1 %"), (0.004999, "< 1 %"), (0.5, "50 %"), (0.9951, "> 99 %"), (1.0, "100 %"), (None, "–")],
)
def test_a_share_is_never_rounded_to_none_or_all(share: float | None, told: str) -> None:
    assert percent(share).replace("\N{NO-BREAK SPACE}", " ") == told


def test_an_unknown_interval_is_not_told() -> None:
    assert interval(Estimate(value=0.5, n=3)) == ""


def test_a_period_is_told_by_its_days() -> None:
    since, until = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, 12, 30, tzinfo=UTC)
    assert period_words(Period(since=since, until=until)) == "2026-10-01 to before 2026-11-01 12:30"
    assert period_words(Period(since=since)) == "since 2026-10-01"
    assert period_words(Period(until=since)) == "before 2026-10-01"
    assert period_words(Period()) == "all dates"


def test_numbers_carry_their_noun() -> None:
    assert plural(1, "verdict") == "1 verdict"
    assert plural(1200, "criterion", "criteria") == "1,200 criteria"


def test_reasons_are_told_in_words_and_unknown_ones_as_they_are() -> None:
    assert reason_words("failed:timed out") == "no reply in time"
    assert reason_words("the moon") == "the moon"


def test_different_teams_have_different_plain_folders() -> None:
    teams = [
        None,
        "no-team",
        "No team",
        "orders",
        "Orders",
        "ORDERS",
        "Sales A",
        "sales-a",
        "../../etc",
        "con",
        "index",
        "",
        "退款",
        "x" * 300,
        "a/b",
        "a b",
    ]
    slugs = [team_slug(team) for team in teams]
    assert len({slug.casefold() for slug in slugs}) == len(teams)
    assert all(slug and set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") and len(slug) < 64 for slug in slugs)
    assert team_slug("orders") == "orders"
