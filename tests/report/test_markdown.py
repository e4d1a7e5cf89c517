"""Summaries for places that many people see."""

from collections.abc import Callable

from clearbar.report import ReportItem, TeamReport, summary_markdown, teams_markdown

Item = Callable[..., ReportItem]
Build = Callable[..., TeamReport]


def test_a_summary_holds_figures_and_neither_agents_nor_words(item: Item, build: Build) -> None:
    items = [item(number, {"help": "below", "courtesy": "below"}) for number in range(1, 9)]
    text = summary_markdown(build(items, settings={"agents": "name"}, agent_names={"agent-a": "Ann Other"}))
    assert "| clears the bar |" in text
    assert "| Help |" in text
    assert "Graded by rules alone" in text
    for secret in ("agent-a", "Ann Other", "not my problem", "parcel"):
        assert secret not in text


def test_counts_by_grader_are_in_the_summary(item: Item, build: Build) -> None:
    text = summary_markdown(build([item(number) for number in range(1, 9)]))
    assert "| by rules | 24 | 8 |" in text


def test_names_cannot_break_the_table_or_bring_in_markup(item: Item, build: Build) -> None:
    name = "a|b\n# [x](http://evil) <img src=x> `c` _d_"
    report = build([item(number) for number in range(1, 9)], team=name)
    for text in (summary_markdown(report), teams_markdown([report])):
        assert "<img" not in text
        assert "[x](" not in text
        assert "\n# [" not in text
    row = teams_markdown([report]).splitlines()[-1]
    assert row.replace(r"\|", "").count("|") == 7


def test_small_teams_are_told_without_figures(item: Item, build: Build) -> None:
    report = build([item(1)])
    assert "Figures are not shown for fewer than 5 conversations." in summary_markdown(report)
    assert "fewer than 5: not shown" in teams_markdown([report])


def test_every_row_of_the_table_over_teams_has_as_many_cells(item: Item, build: Build) -> None:
    reports = [build([item(number) for number in range(1, 9)], team="b"), build([item(1)], team="a")]
    rows = teams_markdown(reports).splitlines()
    assert {row.count("|") for row in rows} == {7}
    assert rows[2].startswith("| a |")
