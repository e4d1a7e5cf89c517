"""A check of a grader against labels as one self-contained HTML page, in the dress of the reports."""

from collections.abc import Sequence

from clearbar.check.comparison import GraderComparison
from clearbar.check.result import CheckResult, CriterionCheck
from clearbar.report.page import render

__all__ = ["render_check"]

SHOWN = 12
"""Disagreements of a criterion that are shown one by one."""
_DECISIONS = {"go": "trusted", "no_go": "not trusted", "too_few": "too few labels"}


def render_check(result: CheckResult, *, labelled_set: str, graders: Sequence[GraderComparison] = ()) -> str:
    """Return the page.

    Parameters
    ----------
    result
        Of the check.
    labelled_set
        The set's name, for people.
    graders
        Graders and annotators beside one another.
    """
    differing = {id: [item for item in result.disagreements if item.criterion == id] for id in result.criteria}
    return render(
        "check.html.j2",
        result=result,
        labelled_set=labelled_set,
        decisions=_DECISIONS,
        trusted=sum(item.decision.value == "go" for item in result.criteria.values()),
        differing=differing,
        graders=graders,
        shown=SHOWN,
        figure=_figure,
        between=_between,
    )


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}".replace("-", "−")


def _between(item: CriterionCheck) -> str:
    held = item.interval
    return "" if held is None else f"{_figure(held.low)} to {_figure(held.high)}"
