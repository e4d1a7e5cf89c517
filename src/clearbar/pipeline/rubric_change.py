"""What an edited rubric would have done to the conversations in the store."""

from collections.abc import Callable
from datetime import datetime

from clearbar.audit import assemble
from clearbar.errors import UsageError
from clearbar.pipeline.reporting import ReportRequest, graded_items
from clearbar.pipeline.workspace import open_store, open_workspace
from clearbar.project import Project
from clearbar.rubric_diff import RubricDiff, diff, needs_grading
from clearbar.rubric_file import open_rubric
from clearbar.settings import Settings
from clearbar.verdict import Grade

__all__ = ["compare_rubrics"]


def compare_rubrics(
    project: Project, settings: Settings, old: str, new: str, *, since: datetime | None, notice: Callable[[str], None]
) -> RubricDiff:
    """Return what flips, criterion by criterion and team by team.

    Where only scoring changed, stored verdicts are scored anew and nothing is graded. Otherwise the rules grade the stored texts with
    the new rubric, which costs nothing; the comparison is then between rules and rules.

    Raises
    ------
    UsageError
        If the store holds no conversation graded with the old rubric.
    """
    before, after = open_rubric(old, project, drafts=True), open_rubric(new, project, drafts=True)
    store = open_store(project, settings)
    with open_workspace(project, settings, rubric=old, grader="rules", store=store, notice=notice) as space:
        items = graded_items(store, before, ReportRequest(since=since))
        if not items:
            raise UsageError(
                f"the store holds no conversation graded with {before.name} {before.version}", fix="grade some first: clearbar audit"
            )
        audits = [item.audit for item in items]
        if not needs_grading(before, after):
            return diff(before, after, audits)
        notice("the wording or the rules changed, so both rubrics are compared as the rules grade them")
        transcripts = [item.transcript for item in items]
        sides = []
        for rubric in (before, after):
            grades = space.another(rubric).grade(transcripts)
            sides.append(
                [assemble(one, rubric, grade.verdicts) for one, grade in zip(transcripts, grades, strict=True) if isinstance(grade, Grade)]
            )
        return diff(before, after, sides[0], sides[1])
