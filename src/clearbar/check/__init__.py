"""A grader against labels: how far it agrees, and whether a criterion may be left to it."""

from clearbar.check.comparison import GraderComparison, compare
from clearbar.check.measure import check
from clearbar.check.result import (
    AnnotatorAgreement,
    Bound,
    CheckResult,
    Confusion,
    CriterionCheck,
    Decision,
    Disagreement,
    Interval,
    LevelAccuracy,
    Macro,
    Reweighted,
)
from clearbar.check.thresholds import Bar, Thresholds, load_thresholds

__all__ = [
    "AnnotatorAgreement",
    "Bar",
    "Bound",
    "CheckResult",
    "Confusion",
    "CriterionCheck",
    "Decision",
    "Disagreement",
    "GraderComparison",
    "Interval",
    "LevelAccuracy",
    "Macro",
    "Reweighted",
    "Thresholds",
    "check",
    "compare",
    "load_thresholds",
]
