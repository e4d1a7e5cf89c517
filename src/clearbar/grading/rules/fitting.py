"""Refits the figures that a rubric's decisions call by name (`given:`) to labelled conversations; nothing else is ever fitted."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Final, Protocol

from clearbar.grading.rules.judge import Judge
from clearbar.grading.rules.lexicon import Lexicon
from clearbar.grading.rules.measurement import Measurements, Measurer, Talk
from clearbar.model import Model
from clearbar.rubric import Criterion, Rubric

__all__ = ["Fitted", "fit"]

_FOLDS: Final = 5
_STEPS: Final = (-2, -1, 1, 2)


class Sourced(Talk, Protocol):
    """A conversation that says where it is from."""

    @property
    def source(self) -> str:
        """Name of the file or system."""


class Fitted(Model):
    """A figure of a criterion, refitted."""

    criterion: str
    name: str
    before: float
    after: float
    """The figure that agrees best with all labels; the old one at a tie."""
    kappa_before: float | None
    kappa_after: float | None
    """On the same labels, which is flattering."""
    kappa_unseen: float | None
    """Of figures fitted without the source and channel that they are measured on, or without a fifth of the labels where all are from
    one: what may be expected of new conversations."""
    n: int
    """Labels."""


def fit(rubric: Rubric, lexicon: Lexicon, talks: Sequence[Sourced], levels: Sequence[Mapping[str, str]]) -> tuple[Fitted, ...]:
    """Return each named figure with the value near it that agrees best with the labels.

    Parameters
    ----------
    rubric, lexicon
        Whose decisions and phrases.
    talks
        Labelled conversations.
    levels
        Of each conversation, by criterion: the level's id or `not_applicable`.
    """
    measurer = Measurer(lexicon, rubric.limits, rubric.tallies)
    measured = measurer.measure(talks)
    folds = _folds(talks)
    return tuple(
        fitted
        for criterion in rubric.criteria
        for fitted in _criterion(
            rubric,
            criterion,
            measurer,
            measured,
            {place: (told[criterion.id], folds[place]) for place, told in enumerate(levels) if criterion.id in told},
        )
    )


def _criterion(
    rubric: Rubric,
    criterion: Criterion,
    measurer: Measurer,
    measured: Measurements,
    labelled: Mapping[int, tuple[str, Hashable]],
) -> Iterable[Fitted]:
    told, parts = [level for level, _ in labelled.values()], [part for _, part in labelled.values()]
    for name, before in criterion.rules.given.items():
        judges = {value: _judge(rubric, criterion, measurer, name, value) for value in _near(before)}
        said = {value: _levels(judge, measured, criterion.id, labelled) for value, judge in judges.items()}
        every = range(len(labelled))
        after = _best(said, told, every, before)
        unseen = [""] * len(labelled)
        for part in set(parts):
            chosen = said[_best(said, told, [place for place in every if parts[place] != part], before)]
            for place in every:
                unseen[place] = chosen[place] if parts[place] == part else unseen[place]
        yield Fitted(
            criterion=criterion.id, name=name, before=before, after=after, n=len(told),
            kappa_before=_kappa(said[before], told), kappa_after=_kappa(said[after], told), kappa_unseen=_kappa(unseen, told),
        )  # fmt: skip


def _folds(talks: Sequence[Sourced]) -> Sequence[Hashable]:
    """Return which part of the labels a conversation belongs to: another source or channel tells more than another conversation of it."""
    origins = [(talk.source, talk.channel) for talk in talks]
    return origins if len(set(origins)) > 1 else [place % _FOLDS for place in range(len(talks))]


def _near(value: float) -> list[float]:
    """Return the value and its neighbours: whole steps for a count, tenths of itself for any other figure."""
    step = 1.0 if value == int(value) else abs(value) / 10
    return [value, *(value + step * times for times in _STEPS if value + step * times > 0)]


def _judge(rubric: Rubric, criterion: Criterion, measurer: Measurer, name: str, value: float) -> Judge:
    rules = criterion.rules.model_copy(update={"given": {**criterion.rules.given, name: value}})
    changed = criterion.model_copy(update={"rules": rules})
    criteria = tuple(changed if other.id == criterion.id else other for other in rubric.criteria)
    return Judge(rubric.model_copy(update={"criteria": criteria}), measurer)


def _levels(judge: Judge, measured: Measurements, criterion: str, places: Iterable[int]) -> list[str]:
    decided = list(judge.decide(measured))
    return [ruling.level for place in places for ruling in decided[place] if ruling.criterion == criterion]


def _best(said: Mapping[float, Sequence[str]], told: Sequence[str], places: Sequence[int], before: float) -> float:
    def agreement(value: float) -> tuple[float, bool]:
        kappa = _kappa([said[value][place] for place in places], [told[place] for place in places])
        return (-1.0 if kappa is None else kappa, value == before)

    return max(said, key=agreement)


def _kappa(said: Sequence[str], told: Sequence[str]) -> float | None:
    """Return Cohen's kappa, nominal; None where chance alone would agree fully."""
    if not told:
        return None
    observed = sum(a == b for a, b in zip(said, told, strict=True)) / len(told)
    expected = sum(said.count(level) * told.count(level) for level in set(told)) / len(told) ** 2
    return None if expected == 1 else (observed - expected) / (1 - expected)
