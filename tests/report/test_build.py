"""What a report counts, whom it shows, and what it does not claim."""

import random
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from clearbar.report import Agreements, Estimate, PullCounts, ReportItem, RunFacts, TeamEstimates, TeamReport, Trust
from clearbar.report.page import render_team
from clearbar.verdict import GradedBy, Usage

Item = Callable[..., ReportItem]
Build = Callable[..., TeamReport]


def counts(tallies: object) -> dict[str, int]:
    return {tally.id: tally.count for tally in tallies if tally.count}  # type: ignore[attr-defined]


def test_conversations_and_verdicts_by_grader_add_up(item: Item, build: Build) -> None:
    items = [
        item(1),
        item(2, by=GradedBy.LLM),
        item(3, by={"help": GradedBy.LLM}),
        item(4, {"help": "?", "courtesy": "?", "duty": "?"}),
        item(5, by={"duty": GradedBy.HUMAN}),
        item(6, {"help": "?"}, reason="failed:timed out"),
    ]
    report = build(items)
    assert counts(report.by_conversation) == {"rules": 2, "llm": 1, "mixed": 1, "ungraded": 1, "human": 1}
    assert counts(report.by_verdict) == {"rules": 9, "llm": 4, "human": 1, "ungraded": 4}
    assert sum(counts(report.by_verdict).values()) == len(items) * 3
    assert counts(report.ungraded) == {"abstained": 3, "failed:timed out": 1}


def test_a_criterion_without_a_verdict_counts_as_ungraded(item: Item, build: Build) -> None:
    whole = item(1)
    partial = whole.model_copy(update={"audit": whole.audit.model_copy(update={"verdicts": whole.audit.verdicts[:1]})})
    report = build([partial])
    assert counts(report.by_verdict) == {"rules": 1, "ungraded": 2}
    assert counts(report.ungraded) == {"missing": 2}
    assert report.criterion("help").failed == 1


def test_levels_states_and_failures_of_a_criterion_are_told_apart(item: Item, build: Build) -> None:
    report = build(
        [
            item(1, {"help": "below"}),
            item(2),
            item(3, {"help": "-"}),
            item(4, {"help": "?"}),
            item(5, {"help": "?"}, reason="failed:refused"),
        ]
    )
    found = report.criterion("help")
    assert [(level.id, level.count) for level in found.levels] == [("below", 1), ("clears", 1), ("vaults", 0)]
    assert (found.not_applicable, found.abstained, found.failed, found.total) == (1, 1, 1, 5)
    assert (found.fails.count, found.fails.n) == (1, 2)


def test_bands_provisional_ones_and_missing_scores_add_up(item: Item, build: Build) -> None:
    items = [
        item(1, {"courtesy": "below"}),
        item(2, {"courtesy": "below"}, by={"courtesy": GradedBy.HUMAN}),
        item(3, {"help": "below", "duty": "no"}),
        item(4),
        item(5, {"help": "?", "courtesy": "?", "duty": "?"}),
    ]
    report = build(items)
    assert [level.count for level in report.bands] == [2, 1, 0]
    assert (report.provisional, report.unscored) == (1, 1)
    assert sum(level.count for level in report.bands) + report.provisional + report.unscored == report.conversations
    (fail,) = report.auto_fails
    assert (fail.criterion, fail.provisional, fail.confirmed, fail.conversations) == ("courtesy", 1, 1, ("c-001", "c-002"))
    assert (report.auto_failed, report.auto_failed_confirmed) == (2, 1)


def test_the_share_that_clears_leaves_out_conversations_without_a_score(item: Item, build: Build) -> None:
    items = [item(number) for number in range(1, 9)] + [
        item(9, {"help": "?", "courtesy": "?", "duty": "?"}),
        item(10, {"courtesy": "below"}),
    ]
    clears = build(items).clears
    assert (clears.count, clears.n) == (8, 9)
    assert clears.low is not None
    assert clears.high is not None
    assert clears.low < 8 / 9 < clears.high


def test_the_order_of_conversations_changes_nothing(item: Item, build: Build) -> None:
    items = [item(number, {"help": "below" if number % 3 else "vaults"}, agents=(f"agent-{number % 2}",)) for number in range(1, 21)]
    shuffled = random.Random(7).sample(items, len(items))
    assert build(items).model_dump_json() == build(shuffled).model_dump_json()


def test_figures_of_a_team_under_the_minimum_are_told_nowhere(item: Item, build: Build) -> None:
    report = build([item(1, {"help": "below"}), item(2)], settings={"min_group": 3})
    assert report.small
    assert (report.score.value, report.clears.value, report.clears.count) == (None, None, None)
    assert (report.coaching, report.strengths, report.agents) == ((), (), ())
    assert all(criterion.fails.value is None for criterion in report.criteria)
    assert report.look_at == () or report.look_at[0].id == "c-001"


def test_a_grader_is_trusted_only_where_that_very_grader_was_measured(item: Item, build: Build, measured: Agreements) -> None:
    items = [item(number) for number in range(1, 6)]
    report = build(items, measured=[measured])
    assert [(each.id, each.trust) for each in report.criteria] == [
        ("courtesy", Trust.NO_GO),
        ("help", Trust.GO),
        ("duty", Trust.UNMEASURED),
    ]
    other = measured.model_copy(update={"grader": "rules:2:other"})
    assert {each.trust for each in build(items, measured=[other]).criteria} == {Trust.UNMEASURED}
    assert build(items, measured=[other]).measured == ()


def test_the_worst_of_two_graders_on_a_criterion_decides_its_trust(item: Item, build: Build, measured: Agreements) -> None:
    report = build(
        [item(1), item(2, by={"help": GradedBy.LLM}), item(3, by={"courtesy": GradedBy.HUMAN, "help": GradedBy.HUMAN})], measured=[measured]
    )
    assert report.criterion("help").trust is Trust.UNMEASURED
    people = build([item(number, by=GradedBy.HUMAN) for number in range(1, 4)], measured=[measured])
    assert {each.trust for each in people.criteria} == {Trust.GO}


def test_the_weakest_criteria_come_with_causes_steps_and_the_words_that_decided(item: Item, build: Build) -> None:
    report = build([item(number, {"help": "below" if number <= 8 else "vaults"}) for number in range(1, 13)])
    (weak,) = report.coaching
    assert weak.criterion == "help"
    assert [cause.name for cause in weak.causes] == ["Little training"]
    assert [step.articles for step in weak.steps] == [("bare",)]
    assert [article.id for article in report.citations] == ["signed", "bare"]
    assert weak.examples[0].verdicts[0].quotes[0].words == "That is not my problem."
    assert weak.model is not None
    assert weak.bar == "Help at clears."


def test_a_habit_is_weaker_than_a_few_bad_cases(item: Item, build: Build) -> None:
    items = [item(number, {"help": "below" if number <= 30 else "clears", "duty": "-"}) for number in range(1, 41)]
    items += [item(number, {"duty": "no" if number < 45 else "yes"}) for number in range(41, 46)]
    report = build(items)
    assert report.criterion("duty").fails.value == 0.8
    assert [weak.criterion for weak in report.coaching] == ["help", "duty"]


def test_what_the_grader_was_found_not_to_agree_on_comes_last_among_the_weak(item: Item, build: Build, measured: Agreements) -> None:
    items = [item(number, {"courtesy": "below", "help": "below" if number < 4 else "clears"}) for number in range(1, 13)]
    assert [weak.criterion for weak in build(items, measured=[measured]).coaching] == ["help", "courtesy"]


def test_auto_fails_come_first_among_conversations_to_look_at_then_the_lowest_score(item: Item, build: Build) -> None:
    items = [
        item(1, {"help": "below", "duty": "no"}),
        item(2, {"courtesy": "below", "help": "vaults"}),
        item(3, {"courtesy": "below"}, by=GradedBy.HUMAN),
        item(4),
        item(5, {"courtesy": "?"}, reason="failed:unread"),
    ]
    report = build(items)
    assert [talk.id for talk in report.look_at] == ["c-003", "c-002", "c-001", "c-005"]
    assert report.look_at[1].why == "Auto-fail on Courtesy: provisional until a person confirms it"
    assert [verdict.criterion for verdict in report.look_at[2].verdicts] == ["help", "duty"]


def test_words_that_decided_twice_are_quoted_once(item: Item, build: Build) -> None:
    (talk,) = build([item(1, {"help": "below", "duty": "no"})]).look_at
    assert [(len(verdict.quotes), verdict.same_as) for verdict in talk.verdicts] == [(1, ""), (0, "Help")]


def test_only_addresses_of_pages_become_links(item: Item, build: Build) -> None:
    bad = {"courtesy": "below"}
    report = build(
        [item(1, bad, url="javascript:alert(1)"), item(2, bad, url="https://desk.example/2"), item(3, bad, url="data:text/html,x")]
    )
    assert [talk.url for talk in report.look_at] == [None, "https://desk.example/2", None]


def test_without_quotes_no_word_of_a_conversation_is_in_the_report(item: Item, build: Build) -> None:
    items = [item(number, {"help": "below", "courtesy": "below"}, by=GradedBy.LLM, rationale="A telling remark.") for number in range(1, 8)]
    told = build(items, settings={"quotes": False}).model_dump_json()
    assert "not my problem" not in told
    assert "telling remark" not in told
    assert "not my problem" in build(items).model_dump_json()


def test_a_given_estimate_replaces_the_plain_one(item: Item, build: Build) -> None:
    given = Estimate(value=0.5, low=0.3, high=0.7, n=6, corrected=True, note="It assumes much.")
    report = build([item(number) for number in range(1, 7)], estimates=TeamEstimates(score=given, clears=given, fails={"help": given}))
    assert report.clears == given
    assert report.criterion("help").fails == given


def test_fallbacks_are_counted_by_reason(item: Item, build: Build) -> None:
    report = build([item(1, fallback="failed:timed out"), item(2, fallback="failed:timed out"), item(3, by=GradedBy.LLM)])
    assert [(tally.name, tally.count) for tally in report.fallbacks] == [("no reply in time", 6)]


def test_pull_counts_that_do_not_add_up_are_noticed() -> None:
    assert PullCounts(pulled=5, graded=2, ungraded=1, duplicate=1, rejected=1).close
    assert not PullCounts(pulled=5, graded=2).close


def test_data_quality_counts_what_records_lack(item: Item, build: Build) -> None:
    items = [
        item(1, started_at=None, channel=None, redactions={"phone": 2}),
        item(2, texts=("Hi", "Hello", "Bye", "Bye"), agents=("agent-a", "agent-b"), language="de"),
        item(3, texts=("Nobody there?",), quoted=False),
    ]
    quality = build(items, run=RunFacts(filtered={"another team": 3})).quality
    assert (quality.without_date, quality.transferred, quality.without_agent_turns, quality.turns) == (1, 1, 1, 7)
    assert {tally.id: tally.count for tally in quality.languages} == {"not stated": 2, "de": 1}
    assert {tally.id: tally.count for tally in quality.redactions} == {"phone": 2}


def test_a_report_without_conversations_claims_nothing(build: Build) -> None:
    report = build([])
    assert report.small
    assert report.first is None
    assert (report.look_at, report.auto_fails, report.coaching) == ((), (), ())


def test_days_are_those_of_the_conversations(item: Item, build: Build) -> None:
    report = build([item(1), item(2, started_at=datetime(2026, 11, 3, tzinfo=UTC))])
    assert (str(report.first), str(report.last)) == ("2026-10-01", "2026-11-03")


@pytest.mark.parametrize(("team", "title"), [(None, "No team"), ("Überweisungen", "Überweisungen")])
def test_a_team_is_called_by_its_name(item: Item, build: Build, team: str | None, title: str) -> None:
    assert build([item(1)], team=team).title == title


def test_what_the_calls_for_the_grades_consumed_is_added_up(item: Item, build: Build) -> None:
    paid = Usage(calls=1, input_tokens=2000, cached_tokens=1500, output_tokens=400, cost_usd=0.25)
    items = [each.model_copy(update={"audit": each.audit.model_copy(update={"usage": paid})}) for each in (item(1), item(2))]
    report = build([*items, item(3)])
    assert report.usage == paid + paid
    assert "2 calls, 4,000 input tokens (3,000 cached), 800 output tokens, $0.50" in render_team(report)
    assert "Paid for these grades" not in render_team(build([item()]))
