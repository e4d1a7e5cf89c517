"""What is proposed from articles before it becomes a rubric: criteria, causes and steps, each with its passages."""

from collections.abc import Iterable
from typing import Self, TypeVar

from clearbar.articles import Passage
from clearbar.model import Model

__all__ = ["Cause", "NewCriterion", "Proposals", "Support", "Supported", "merge"]


class Support(Model):
    """A passage of an article, and what is taken from it."""

    article: str
    """Id of the article."""
    passage: Passage
    point: str
    """In words of our own."""


class Supported(Model):
    """Something with the passages it rests on."""

    id: str
    name: str
    support: tuple[Support, ...]


class Cause(Supported):
    """A root cause or a step that articles name."""

    says: str


class NewCriterion(Supported):
    """A criterion that the project's rubric does not have yet."""

    asks: str
    when: str
    section: str
    levels: dict[str, str]
    causes: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()


class Proposals(Model):
    """All that was found in articles."""

    known: dict[str, tuple[Support, ...]] = {}
    """Support for criteria of the project's rubric, by id."""
    new: tuple[NewCriterion, ...] = ()
    causes: tuple[Cause, ...] = ()
    steps: tuple[Cause, ...] = ()

    def __add__(self, other: Self) -> "Proposals":
        """Return both; what has the same id is one, with the passages of both."""
        known = {id: merge((*self.known.get(id, ()), *other.known.get(id, ()))) for id in {**self.known, **other.known}}
        return Proposals(
            known=known,
            new=tuple(_joined((*self.new, *other.new))),
            causes=tuple(_joined((*self.causes, *other.causes))),
            steps=tuple(_joined((*self.steps, *other.steps))),
        )


def merge(support: Iterable[Support]) -> tuple[Support, ...]:
    """Return support with each passage once."""
    return tuple({(item.article, item.passage.quote): item for item in reversed(tuple(support))}.values())[::-1]


T = TypeVar("T", bound=Supported)


def _joined(items: Iterable[T]) -> list[T]:
    """Return items with each id once."""
    found: dict[str, T] = {}
    for item in items:
        if item.id in found:
            found[item.id] = found[item.id].model_copy(update={"support": merge((*found[item.id].support, *item.support))})
        else:
            found[item.id] = item
    return list(found.values())
