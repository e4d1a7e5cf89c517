"""The articles behind a rubric: what each argues, and the root causes and steps that reports draw on."""

import sys
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from clearbar.errors import RubricError
from clearbar.model import Model
from clearbar.project import Project
from clearbar.rubric import Fault, Id, Rubric, raise_faults
from clearbar.rubric_file import BESIDE, dump_model, load_model, rubric_path, schema_text

__all__ = [
    "Advice",
    "Article",
    "Articles",
    "Passage",
    "Point",
    "articles_for",
    "check_sources",
    "dump_articles",
    "load_articles",
    "unknown_sources",
]


class Passage(Model):
    """Words of an article on which something rests; drafts name them, so that a person can look them up."""

    file: str
    quote: str
    """At most 25 words, exactly as the file has them but for spaces."""


class Point(Model):
    """Something that one article says about how a customer should be served."""

    id: str = Id
    name: str
    says: str
    """One sentence in the project's own words."""
    passage: Passage | None = None


class Article(Model):
    """A text about service, described in the project's own words."""

    id: str = Id
    author: str
    """`unknown` where the text names none; so for publisher and year."""
    title: str
    publisher: str
    year: int | Literal["unknown"]
    argues: str
    caveat: str = ""
    """What to hold against it."""
    points: tuple[Point, ...] = Field(min_length=1)


class Advice(Model):
    """A root cause of weak service in an organisation, or a step against it."""

    id: str = Id
    name: str
    says: str
    """One sentence in the project's own words."""
    articles: tuple[str, ...] = Field(min_length=1)
    """Ids of the articles that name it."""
    passages: tuple[Passage, ...] = ()


class Articles(Model):
    """All that `sources.yaml` holds."""

    articles: tuple[Article, ...] = Field(min_length=1)
    causes: tuple[Advice, ...] = ()
    steps: tuple[Advice, ...] = ()

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        raise_faults(type(self).__name__, _faults(self))
        return self

    def article(self, id: str) -> Article:
        """Return the article with this id; KeyError if there is none."""
        return self._articles[id]

    def cause(self, id: str) -> Advice:
        """Return the root cause with this id; KeyError if there is none."""
        return self._causes[id]

    def step(self, id: str) -> Advice:
        """Return the recommended step with this id; KeyError if there is none."""
        return self._steps[id]

    @cached_property
    def _articles(self) -> dict[str, Article]:
        return {article.id: article for article in self.articles}

    @cached_property
    def _causes(self) -> dict[str, Advice]:
        return {cause.id: cause for cause in self.causes}

    @cached_property
    def _steps(self) -> dict[str, Advice]:
        return {step.id: step for step in self.steps}


def load_articles(path: Path) -> Articles:
    """Return the articles in a YAML file.

    Raises
    ------
    RubricError
        If the file is missing, no text, no YAML, or does not hang together; with every fault by line and field.
    """
    return load_model(path, Articles)


def articles_for(rubric: str, project: Project) -> Articles:
    """Return the articles that a rubric rests on: those in a file beside it, `NAME.sources.yaml`, where it has one; else the project's.

    Parameters
    ----------
    rubric
        Name or path of the rubric, as for `open_rubric`.

    Raises
    ------
    RubricError
        If the file cannot be used.
    """
    own = rubric_path(rubric, project).with_suffix(BESIDE)
    return load_articles(own if own.is_file() else project.path("rubrics/sources.yaml"))


def dump_articles(articles: Articles) -> str:
    """Return articles as YAML text that `load_articles` reads back; defaults are left out."""
    return dump_model(articles, "sources.schema.json")


def check_sources(rubric: Rubric, articles: Articles) -> None:
    """Refuse a rubric that names an article, point, cause or step that is not there.

    Raises
    ------
    RubricError
        With every such id and where it stands.
    """
    told = [f"{place}: {what}" for place, what in unknown_sources(rubric, articles)]
    if told:
        raise RubricError(f"rubric {rubric.name!r}: " + "; ".join(told), fix="mend the id, or add it to sources.yaml")


def unknown_sources(rubric: Rubric, articles: Articles) -> Iterator[tuple[str, str]]:
    """Yield place and fault of each id in a rubric that the articles do not know."""
    causes, steps = [cause.id for cause in articles.causes], [step.id for step in articles.steps]
    points = {article.id: [point.id for point in article.points] for article in articles.articles}
    for criterion in rubric.criteria:
        place = f"criteria.{criterion.id}"
        for source in criterion.sources:
            yield from _unknown(f"{place}.sources", "article", [source.article], list(points))
            yield from _unknown(
                f"{place}.sources", "point", [source.id] if source.id else [], points.get(source.article, [source.id or ""])
            )
        yield from _unknown(f"{place}.causes", "cause", criterion.causes, causes)
        yield from _unknown(f"{place}.steps", "step", criterion.steps, steps)


def _unknown(place: str, kind: str, named: Sequence[str], known: Sequence[str]) -> Iterator[tuple[str, str]]:
    for id in named:
        if id not in known:
            yield place, f"there is no {kind} {id!r}; there is: {', '.join(known)}"


def _faults(articles: Articles) -> Iterator[Fault]:
    """Yield what does not hang together: repeated ids and articles that are not there."""
    known = [article.id for article in articles.articles]
    for kind in ("articles", "causes", "steps"):
        ids = [item.id for item in getattr(articles, kind)]
        for place, id in enumerate(ids):
            if id in ids[:place]:
                yield (kind, place, "id"), f"{id!r} stands twice; ids must differ"
    for place, article in enumerate(articles.articles):
        points = [point.id for point in article.points]
        if len(set(points)) < len(points):
            yield ("articles", place, "points"), "a point's id stands twice; ids must differ"
    for kind, advice in (("causes", articles.causes), ("steps", articles.steps)):
        for place, item in enumerate(advice):
            for _, fault in _unknown("", "article", item.articles, known):
                yield (kind, place, "articles"), fault


if __name__ == "__main__":  # python -m clearbar.articles > rubrics/sources.schema.json
    sys.stdout.write(schema_text(Articles))
