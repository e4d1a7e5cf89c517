"""Honest team scores: shares and means with intervals that carry the grader's errors, or the reason why they do not."""

from clearbar.estimates.indicators import Indicator
from clearbar.estimates.result import Difference, Estimate, Estimates, Method, Range
from clearbar.estimates.teams import Graded, UnitOf, by_agent, by_team, estimate

__all__ = ["Difference", "Estimate", "Estimates", "Graded", "Indicator", "Method", "Range", "UnitOf", "by_agent", "by_team", "estimate"]
