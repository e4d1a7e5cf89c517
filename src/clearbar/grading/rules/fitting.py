"""Refits to labelled conversations the figures that decisions call by name (`given:`) and the points of scorecards; nothing else ever."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Final, Protocol

from clearbar.grading.rules.lexicon import Lexicon
from clearbar.grading.rules.measurement import Measurer, Talk
from clearbar.grading.rules.trial import Labelled, Trial
from clearbar.model import Model
from clearbar.rubric import Criterion, Rubric, Tally

__all__ = ["Fitted", "fit", "refit"]

_FOLDS: Final = 5
_STEPS: Final = (-2, -1, 1, 2)
_POINTS: Final = range(-3, 4)
_ROUNDS: Final = 3
_Card = tuple[int, ...]
"""Points, in the order of the file."""


class Sourced(Talk, Protocol):
    """A conversation that says where it is from."""

    @property
    def source(self) -> str:
        """Name of the file or system."""


class Fitted(Model):
    """A figure of a criterion, or what a signal counts on a scorecard, refitted."""

    criterion: str
    """Of a scorecard: those that call it, joined by commas."""
    name: str
    """The figure, or the signal."""
    tally: str | None = None
    """The scorecard, of points."""
    before: float
    after: float
    """What agrees best with all labels; the old one at a tie. Points of 0 mean that the signal is better left out."""
    kappa_before: float | None
    """Of a scorecard: the mean of the criteria that call it. The points of a scorecard are fitted together."""
    kappa_after: float | None
    """On the same labels, which is flattering."""
    kappa_unseen: float | None
    """Of figures fitted without the source and channel that they are measured on, or without a fifth of the labels where all are from
    one: what may be expected of new conversations."""
    n: int
    """Labels."""

    @property
    def carries_over(self) -> bool:
        """Whether fitting does better than the old figures on parts of the labels that were left out."""
        return self.kappa_before is not None and self.kappa_unseen is not None and self.kappa_unseen > self.kappa_before


def fit(rubric: Rubric, lexicon: Lexicon, talks: Sequence[Sourced], levels: Sequence[Mapping[str, str]]) -> tuple[Fitted, ...]:
    """Return each named figure with the value near it that agrees best with the labels, then the points of each scorecard that has some.

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
    labelled = Labelled(measurer, measurer.measure(talks), levels, _parts(talks))
    figures = [_figure(rubric, criterion, name, labelled) for criterion in rubric.criteria for name in criterion.rules.given]
    cards = [item for name, tally in rubric.tallies.items() if isinstance(tally.of, dict) for item in _card(rubric, name, labelled)]
    return (*figures, *cards)


def refit(rubric: Rubric, fitted: Sequence[Fitted], how: str) -> Rubric:
    """Return a rubric with what was fitted and carries over; `how` says on what, and when."""
    taken = [item for item in fitted if item.carries_over and item.after != item.before]
    criteria = tuple(_with_figures(criterion, taken, how) for criterion in rubric.criteria)
    tallies = {name: _with_points(name, tally, taken, how) for name, tally in rubric.tallies.items()}
    return rubric.model_copy(update={"criteria": criteria, "tallies": tallies})


def _with_figures(criterion: Criterion, taken: Sequence[Fitted], how: str) -> Criterion:
    figures = [item for item in taken if item.criterion == criterion.id and item.tally is None]
    if not figures:
        return criterion
    given = criterion.rules.given | {item.name: item.after for item in figures}
    told = "; ".join(f"{item.name}: {_worth(item)}" for item in figures)
    return criterion.model_copy(update={"rules": criterion.rules.model_copy(update={"given": given, "fitted": f"{how}; {told}"})})


def _with_points(name: str, tally: Tally, taken: Sequence[Fitted], how: str) -> Tally:
    points = [item for item in taken if item.tally == name]
    of = tally.points | {item.name: int(item.after) for item in points}
    if not points or not any(of.values()):
        return tally
    left = {part: count for part, count in of.items() if count}
    return tally.model_copy(update={"of": left, "chosen": f"{how}; {_worth(points[0])}"})


def _worth(item: Fitted) -> str:
    return f"kappa {item.kappa_after:.2f}, {item.kappa_unseen:.2f} on parts left out, {item.kappa_before:.2f} before, {item.n} labels"


def _parts(talks: Sequence[Sourced]) -> Sequence[Hashable]:
    """Return which part of the labels a conversation belongs to: another source or channel tells more than another conversation of it."""
    origins = [(talk.source, talk.channel) for talk in talks]
    return origins if len(set(origins)) > 1 else [place % _FOLDS for place in range(len(talks))]


def _figure(rubric: Rubric, criterion: Criterion, name: str, labelled: Labelled) -> Fitted:
    before = criterion.rules.given[name]

    def changed(value: float) -> Rubric:
        rules = criterion.rules.model_copy(update={"given": {**criterion.rules.given, name: value}})
        other = criterion.model_copy(update={"rules": rules})
        return rubric.model_copy(update={"criteria": tuple(other if item.id == criterion.id else item for item in rubric.criteria)})

    def search(worth: Callable[[float], float]) -> float:
        return max(_near(before), key=worth)  # the old one comes first, so that it stays at a tie

    trial = Trial([criterion], changed, labelled)
    after = trial.best(search)
    return Fitted(
        criterion=criterion.id, name=name, before=before, after=after, n=trial.n,
        kappa_before=trial.kappa(before), kappa_after=trial.kappa(after), kappa_unseen=trial.unseen(search),
    )  # fmt: skip


def _near(value: float) -> list[float]:
    """Return the value and its neighbours: whole steps for a count, tenths of itself for any other figure."""
    step = 1.0 if value == int(value) else abs(value) / 10
    return [value, *(value + step * times for times in _STEPS if value + step * times > 0)]


def _card(rubric: Rubric, name: str, labelled: Labelled) -> Iterator[Fitted]:
    """Yield the points of a scorecard, changed one after the other as long as that helps."""
    tally = rubric.tallies[name]
    signals, before = tuple(tally.points), tuple(tally.points.values())
    criteria = [criterion for criterion in rubric.criteria if any(name in item.names for item in criterion.rules.decide)]

    def changed(points: _Card) -> Rubric:
        other = tally.model_copy(update={"of": dict(zip(signals, points, strict=True))})
        return rubric.model_copy(update={"tallies": {**rubric.tallies, name: other}})

    def search(worth: Callable[[_Card], float]) -> _Card:
        best = before
        for _ in range(_ROUNDS):
            start = best
            for place in range(len(signals)):
                best = max([best, *((*best[:place], points, *best[place + 1 :]) for points in _POINTS)], key=worth)
            if best == start:
                break
        return best

    trial = Trial(criteria, changed, labelled)
    after = trial.best(search)
    kappas = {"kappa_before": trial.kappa(before), "kappa_after": trial.kappa(after), "kappa_unseen": trial.unseen(search)}
    for signal, old, new in zip(signals, before, after, strict=True):
        yield Fitted(
            criterion=", ".join(item.id for item in criteria), name=signal, tally=name, before=old, after=new, n=trial.n, **kappas
        )  # fmt: skip
