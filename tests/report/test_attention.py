from clearbar.report import ReportItem
from clearbar.report.page import render_team
from clearbar.verdict import GradedBy

from .conftest import Build, Item

WHY = "words in turn 2 may be meant for the grader"


def doubted(made: ReportItem) -> ReportItem:
    verdicts = tuple(verdict.model_copy(update={"doubt": WHY}) for verdict in made.audit.verdicts)
    return made.model_copy(update={"audit": made.audit.model_copy(update={"verdicts": verdicts})})


def test_conversations_that_may_have_swayed_the_grader_come_before_low_scores_however_well_they_were_graded(
    item: Item, build: Build
) -> None:
    good = doubted(item(1, {"courtesy": "vaults", "help": "vaults"}, by=GradedBy.LLM))
    report = build([item(2, {"help": "below", "duty": "no"}), good, item(3)])
    assert [talk.id for talk in report.look_at] == ["c-001", "c-002"]
    assert report.look_at[0].why == "Words in turn 2 may be meant for the grader: read it before you trust its grades"
    assert report.look_at[0].why in render_team(report)
