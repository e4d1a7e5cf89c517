"""A unit's two headlines: the mean score of its conversations, and the share above the lowest band.

Both are corrected by the unit's own random reviews alone: an error in a single level says nothing of by how much a score is off.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

import numpy as np

from clearbar.estimates.indicators import Grouping, Indicator
from clearbar.estimates.kernels import Mean, mean_with_reviews, plain_mean
from clearbar.estimates.shares import MIN_REVIEWS, Errors, Figure, Plan, UnitData, figures
from clearbar.labelled import Ruling
from clearbar.rubric import Rubric
from clearbar.scoring import Scored, score
from clearbar.verdict import UNGRADED, GradedBy, Verdict

__all__ = ["SPAN", "Headlines", "Scores"]

GRADER_WEIGHT: Final = 0.75
"""Of the grader in a mean with reviews; fixed before any review, and of use wherever scores follow the people's at all."""
SPAN: Final = 100.0
_ABOVE, _UNDER = "above", "under"
_BANDS: Final = Grouping({_ABOVE: 0, _UNDER: 1, UNGRADED: 3})


class _Banded(Protocol):
    """An audit, or what verdicts add up to."""

    @property
    def score(self) -> float | None: ...

    @property
    def band(self) -> str | None: ...


class Scores(NamedTuple):
    """The mean score of a unit, as graded and corrected."""

    raw: Mean | None
    corrected: Mean | None
    why_not: str


@dataclass
class _Unit:
    """Conversations of one unit."""

    unreviewed: list[float] = field(default_factory=list)
    both: list[float] = field(default_factory=list)
    people: list[float] = field(default_factory=list)
    chances: list[float] = field(default_factory=list)
    missing: int = 0
    bands: list[str] = field(default_factory=list)
    reviewed: list[tuple[str, str, float]] = field(default_factory=list)
    aimed: int = 0


class Headlines:
    """Scores and bands, gathered conversation by conversation.

    Parameters
    ----------
    rubric
        What people's levels are scored with.
    """

    def __init__(self, rubric: Rubric) -> None:
        self._rubric = rubric
        self._units: dict[str, _Unit] = defaultdict(_Unit)

    def add(self, name: str, graded: _Banded, rulings: Mapping[str, Ruling], chance: float | None) -> None:
        """Take in a conversation.

        Parameters
        ----------
        name
            Of its unit.
        graded
            What graders said.
        rulings
            What people ruled blind, by criterion.
        chance
            With which it was drawn for review; null where it was not drawn at random.
        """
        unit = self._units[name]
        unit.aimed += bool(rulings) and not chance
        people = _scored(rulings, self._rubric) if chance else None
        unit.bands.append(self._state(graded))
        if people is not None and people.score is not None and chance:
            unit.reviewed.append((self._state(graded), self._state(people), chance))
        if graded.score is None:
            unit.missing += 1
        elif people is None or people.score is None or not chance:
            unit.unreviewed.append(graded.score)
        else:
            unit.both.append(graded.score)
            unit.people.append(people.score)
            unit.chances.append(chance)

    def _state(self, scored: _Banded) -> str:
        if scored.score is None:
            return UNGRADED
        return _UNDER if scored.band == self._rubric.bands[0].id else _ABOVE

    @property
    def names(self) -> list[str]:
        """All units, in alphabetical order."""
        return sorted(self._units)

    def scored(self, name: str) -> int:
        """Return how many conversations have a score."""
        return len(self._units[name].bands) - self._units[name].missing

    def missing(self, name: str) -> int:
        """Return how many have none."""
        return self._units[name].missing

    def reviewed(self, name: str) -> int:
        """Return how many were drawn at random and reviewed blind."""
        return len(self._units[name].reviewed)

    def aimed(self, name: str) -> int:
        """Return how many were reviewed that were not drawn with a known chance; they correct nothing."""
        return self._units[name].aimed

    def scores(self, name: str) -> Scores:
        """Return the mean score."""
        unit = self._units[name]
        graded = np.array([*unit.unreviewed, *unit.both])
        raw = plain_mean(graded, SPAN) if len(graded) > 1 else None
        if len(unit.both) < MIN_REVIEWS:
            return Scores(raw, None, _too_few("a score", len(unit.both)))
        if not unit.unreviewed:
            return Scores(raw, None, "all conversations were reviewed; the reviews themselves are the figure")
        grader, both, people, chances = map(np.array, (unit.unreviewed, unit.both, unit.people, unit.chances))
        return Scores(raw, mean_with_reviews(grader, both, people, GRADER_WEIGHT, SPAN, chances=chances), "")

    def bars(self, plan: Plan) -> tuple[dict[str, UnitData], dict[str, Figure]]:
        """Return the shares above the lowest band, and the data that they rest on."""
        data = {name: UnitData(tuple(self._units[name].bands), tuple(self._units[name].reviewed)) for name in self.names}
        why = {name: _too_few("a share of conversations", len(one.reviewed)) for name, one in data.items()}
        found = figures(data, _BANDS, Errors(np.zeros((3, 4)), why), plan, criterion="", indicator=Indicator.BAR)
        return data, found


def _too_few(what: str, number: int) -> str:
    return f"{what} is corrected by random reviews only, and there {'is' if number == 1 else 'are'} {number} (at least {MIN_REVIEWS})"


def _scored(rulings: Mapping[str, Ruling], rubric: Rubric) -> Scored | None:
    """Return what people's levels add up to."""
    if not rulings:
        return None
    verdicts = [
        Verdict(criterion=criterion, level=ruling.level, graded_by=GradedBy.HUMAN, grader="labels") for criterion, ruling in rulings.items()
    ]
    return score(verdicts, rubric)
