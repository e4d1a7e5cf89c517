"""How well criteria agree with their labels under one choice of figures or points or another."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Final, Generic, NamedTuple, TypeVar

from clearbar.grading.rules.judge import Judge
from clearbar.grading.rules.measurement import Measurements, Measurer
from clearbar.rubric import Criterion, Rubric

__all__ = ["Labelled", "Trial"]

Choice = TypeVar("Choice", bound=Hashable)
Search = Callable[[Callable[[Choice], float]], Choice]
"""Finds the choice with the highest figure."""
_NOTHING: Final = -1.0


class Labelled(NamedTuple):
    """Conversations that were measured, and their labels."""

    measurer: Measurer
    measured: Measurements
    levels: Sequence[Mapping[str, str]]
    """Of each conversation, by criterion: the level's id or `not_applicable`."""
    parts: Sequence[Hashable]
    """Which part of the labels each conversation belongs to."""


class Trial(Generic[Choice]):
    """Tries choices on the labels of some criteria.

    Parameters
    ----------
    criteria
        Those that the choice bears on.
    rubric
        Makes the rubric of a choice.
    labelled
        The labels.
    """

    def __init__(self, criteria: Sequence[Criterion], rubric: Callable[[Choice], Rubric], labelled: Labelled) -> None:
        self._criteria = criteria
        self._rubric = rubric
        self._labelled = labelled
        self._places = {item.id: [place for place, told in enumerate(labelled.levels) if item.id in told] for item in criteria}
        self._said: dict[Choice, dict[str, dict[int, str]]] = {}
        self.n = sum(map(len, self._places.values()))
        """Labels."""

    def kappa(self, choice: Choice) -> float | None:
        """Return the mean of the criteria's kappas on all labels."""
        return self._mean({item.id: [(choice, place) for place in self._places[item.id]] for item in self._criteria})

    def best(self, search: Search[Choice]) -> Choice:
        """Return the choice that a search finds on all labels."""
        return search(self._worth(None))

    def unseen(self, search: Search[Choice]) -> float | None:
        """Return the kappa of choices that were each found without the part of the labels that they are measured on."""
        parts = self._labelled.parts
        found = {part: search(self._worth(part)) for part in set(parts)}
        return self._mean({id: [(found[parts[place]], place) for place in places] for id, places in self._places.items()})

    def _worth(self, without: Hashable) -> Callable[[Choice], float]:
        parts = self._labelled.parts
        kept = {id: [place for place in places if without is None or parts[place] != without] for id, places in self._places.items()}

        def worth(choice: Choice) -> float:
            kappa = self._mean({id: [(choice, place) for place in places] for id, places in kept.items()})
            return _NOTHING if kappa is None else kappa

        return worth

    def _mean(self, chosen: Mapping[str, Sequence[tuple[Choice, int]]]) -> float | None:
        levels = self._labelled.levels
        kappas = [
            _kappa([self._levels(choice)[id][place] for choice, place in some], [levels[place][id] for _, place in some])
            for id, some in chosen.items()
        ]
        known = [kappa for kappa in kappas if kappa is not None]
        return sum(known) / len(known) if known else None

    def _levels(self, choice: Choice) -> Mapping[str, Mapping[int, str]]:
        """Return by criterion and conversation what the rules say under a choice."""
        if choice not in self._said:
            rubric = self._rubric(choice)
            asked = {item.id for item in self._criteria}
            needed = asked | {item.applies.condition.criterion for item in self._criteria if item.applies.condition}
            few = rubric.model_copy(update={"criteria": tuple(item for item in rubric.criteria if item.id in needed)})
            self._labelled.measured.recount(few.tallies)
            said: dict[str, dict[int, str]] = {id: {} for id in asked}
            for place, rulings in enumerate(Judge(few, self._labelled.measurer).decide(self._labelled.measured)):
                for ruling in rulings:
                    if ruling.criterion in asked:
                        said[ruling.criterion][place] = ruling.level
            self._said[choice] = said
        return self._said[choice]


def _kappa(said: Sequence[str], told: Sequence[str]) -> float | None:
    """Return Cohen's kappa, nominal; None where chance alone would agree fully."""
    if not told:
        return None
    observed = sum(a == b for a, b in zip(said, told, strict=True)) / len(told)
    expected = sum(said.count(level) * told.count(level) for level in set(told)) / len(told) ** 2
    return None if expected == 1 else (observed - expected) / (1 - expected)
