"""What is estimated of a criterion, and how verdicts and labels are grouped for it."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from clearbar.agreement import Floats
from clearbar.check.result import Confusion
from clearbar.rubric import Rubric
from clearbar.verdict import NOT_APPLICABLE, UNGRADED

__all__ = ["Grouping", "Indicator", "group", "indicators"]


class Indicator(StrEnum):
    """A share or a mean that a team is told."""

    BELOW = "below"
    """Share under the bar (levels that fail) among applicable conversations."""
    CLEARS = "clears"
    """Share that clears the bar without reaching the top level."""
    VAULTS = "vaults"
    """Share at the top level, on scales with more than one level that does not fail."""
    APPLICABLE = "applicable"
    """Share of conversations to which the criterion applies."""
    BAR = "bar"
    """Share of conversations above the lowest band."""
    SCORE = "score"
    """Mean score of conversations, 0 to 100."""


def indicators(criterion: str, rubric: Rubric) -> tuple[Indicator, ...]:
    """Return the indicators that a criterion's scale allows."""
    cleared = sum(not level.fails for level in rubric.scale_of(criterion).levels)
    top = (Indicator.VAULTS,) if cleared > 1 else ()
    return (Indicator.BELOW, Indicator.CLEARS, *top, Indicator.APPLICABLE)


@dataclass(frozen=True)
class Grouping:
    """States of a verdict in groups: 0 what is counted, 1 the rest it is compared with, 2 not applicable, 3 ungraded.

    For `applicable` the rest is what does not apply, and group 2 is empty.
    """

    of: dict[str, int]

    def counts(self, levels: list[str]) -> Floats:
        """Return how many levels fall into each group, shape `(4,)`."""
        return np.bincount([self.of.get(level, 3) for level in levels], minlength=4).astype(float)

    def numbers(self, levels: list[str]) -> NDArray[np.intp]:
        """Return the group of each level."""
        return np.array([self.of.get(level, 3) for level in levels], dtype=np.intp)

    def table(self, confusion: Confusion) -> Floats:
        """Return labelled conversations by group of the label and of the grade, shape `(3, 4)`."""
        table = np.zeros((3, 4))
        for label, row in zip(confusion.labels, confusion.counts, strict=True):
            for grade, number in zip(confusion.grades, row, strict=True):
                table[self.of[label], self.of[grade]] += number
        return table


def group(criterion: str, indicator: Indicator, rubric: Rubric) -> Grouping:
    """Return the grouping of a criterion's states for an indicator."""
    levels = rubric.scale_of(criterion).levels
    cleared = [level.id for level in levels if not level.fails]
    counted = {
        Indicator.BELOW: [level.id for level in levels if level.fails],
        Indicator.CLEARS: cleared[:-1] or cleared,
        Indicator.VAULTS: cleared[-1:],
        Indicator.APPLICABLE: [level.id for level in levels],
    }[indicator]
    of = {level.id: 0 if level.id in counted else 1 for level in levels}
    return Grouping({**of, NOT_APPLICABLE: 1 if indicator is Indicator.APPLICABLE else 2, UNGRADED: 3})
