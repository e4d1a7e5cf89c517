"""From proposals to files: a rubric that is marked as a draft, and beside it what it rests on."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from clearbar.articles import Advice, Article, Articles, Point, dump_articles
from clearbar.drafting.passages import ArticleText, identifier, words_of
from clearbar.drafting.proposals import Cause, NewCriterion, Proposals, Support, merge
from clearbar.errors import RubricError
from clearbar.lint import Severity, lint
from clearbar.model import Model
from clearbar.rubric import Applies, Band, Criterion, Rubric, Scale, SourcePoint
from clearbar.rubric_file import BESIDE, dump_rubric

__all__ = ["NEW_WEIGHT", "Draft", "compose_draft", "why_unusable"]

NEW_WEIGHT = 5.0
"""Of a criterion that the project's rubric does not have; a person weighs it."""
MARK = """\
# DRAFT, proposed {how} from: {files}
# Nothing grades with it. Read each passage in {sources}, reword or strike out, then set status: approved.
"""


class Draft(Model):
    """A rubric that a person has yet to approve, and the articles behind it."""

    rubric: Rubric
    articles: Articles
    how: str
    """`by rules` or `by MODEL`."""
    new: tuple[str, ...]
    """Ids of the criteria that the project's rubric does not have."""
    notes: tuple[str, ...] = ()
    """What a person should know: parts that rules had to read, proposals that were dropped."""

    @property
    def passages(self) -> int:
        """How many passages it quotes."""
        points = sum(len(article.points) for article in self.articles.articles)
        return points + sum(len(item.passages) for item in (*self.articles.causes, *self.articles.steps))

    def write(self, file: Path) -> Path:
        """Write rubric and sources and return the file with the sources.

        Raises
        ------
        RubricError
            If one is there already, or cannot be written.
        """
        beside = file.with_suffix(BESIDE)
        if taken := next((path for path in (file, beside) if path.exists()), None):
            raise RubricError(f"{taken} is there already", fix="name another file with -o, or move it away")
        files = ", ".join(sorted({point.passage.file for article in self.articles.articles for point in article.points if point.passage}))
        mark = MARK.format(how=self.how, files=files, sources=beside.name)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            beside.write_text(_marked(dump_articles(self.articles), mark), encoding="utf-8")
            file.write_text(_marked(dump_rubric(self.rubric), mark), encoding="utf-8")
        except OSError as error:
            raise RubricError(f"{file} cannot be written ({error.strerror})", fix="name another file with -o") from error
        return beside


def compose_draft(
    proposals: Proposals, texts: Sequence[ArticleText], rubric: Rubric, *, name: str, how: str, notes: Sequence[str] = ()
) -> Draft:
    """Return the draft that proposals make.

    Parameters
    ----------
    proposals
        What was found, by rules or by an LLM.
    texts
        The articles that were read.
    rubric
        The project's rubric: known criteria are taken from it as they are, new ones use its scale, sections and bands.
    name
        Of the draft.
    how
        Who proposes, for the mark in the files.

    Raises
    ------
    RubricError
        If nothing was found.
    """
    told = list(notes)
    new = _usable(proposals.new, rubric, told)
    criteria, points = _criteria(proposals, new, rubric)
    if not criteria:
        raise RubricError(
            "no sentence asks for anything that a conversation could show", fix="name articles on customer service in English"
        )
    articles = Articles(
        articles=tuple(_article(text, points[text.id]) for text in texts if text.id in points),
        causes=_advice(proposals.causes, points),
        steps=_advice(proposals.steps, points),
    )
    about = f"Proposed {how} from articles ({len(texts)}); a person has to read it before anything grades with it."
    return Draft(
        rubric=_without_unknown(_rubric(criteria, rubric, name=name, about=about), articles),
        articles=articles,
        how=how,
        new=tuple(item.id for item in new),
        notes=tuple(told),
    )


def _criteria(proposals: Proposals, new: Sequence[NewCriterion], rubric: Rubric) -> tuple[tuple[Criterion, ...], dict[str, list[Point]]]:
    """Return the criteria of a draft, known ones first, and by article the points on which they rest."""
    points: dict[str, list[Point]] = {}
    kept = [criterion for criterion in rubric.criteria if proposals.known.get(criterion.id)]
    ids = [item.id for item in kept]
    made = [_rest(_free(item, ids), proposals.known[item.id], points) for item in kept]
    made += [_rest(_new(item, rubric), item.support, points) for item in new]
    return tuple(made), points


def _rubric(criteria: Sequence[Criterion], rubric: Rubric, *, name: str, about: str) -> Rubric:
    """Return a rubric of these criteria that is marked as a draft, else as the project's is."""
    return Rubric(
        name=name,
        version="0.1",
        title=f"Draft: {name.replace('_', ' ')}",
        language=rubric.language,
        status="draft",
        about=about,
        instructions=rubric.instructions,
        scales=_used_scales(rubric, criteria),
        sections=tuple(section for section in rubric.sections if any(item.section == section.id for item in criteria)),
        criteria=tuple(criteria),
        bands=_bands(rubric, len(criteria)),
        auto_fail_score=rubric.auto_fail_score,
        min_weight_graded=rubric.min_weight_graded,
        limits=rubric.limits,
    )


def why_unusable(item: NewCriterion, rubric: Rubric) -> str | None:
    """Return why a proposed criterion would make a rubric unusable or grades arbitrary; None if it would not."""
    scale = rubric.scale_of(rubric.criteria[0].id)
    if set(item.levels) != set(scale.ids):
        return f"its levels must be exactly {', '.join(scale.ids)}"
    sections = tuple(section for section in rubric.sections if section.id == item.section)
    if not sections:
        return f"there is no such section; sections: {', '.join(section.id for section in rubric.sections)}"
    if any(words_of(criterion.asks) == words_of(item.asks) for criterion in rubric.criteria):
        return "it asks what a known criterion asks; use that one's id"
    alone = rubric.model_copy(
        update={"criteria": (_new(item, rubric),), "scales": (scale,), "sections": sections, "bands": (Band(id="all", name="All"),)}
    )
    errors = [finding for finding in lint(alone) if finding.level is Severity.ERROR and finding.place.startswith("criteria.")]
    return f"{errors[0].place.split('.', 2)[-1]} {errors[0].what}; {errors[0].fix}" if errors else None


def _usable(items: Sequence[NewCriterion], rubric: Rubric, notes: list[str]) -> list[NewCriterion]:
    """Return proposed criteria that a rubric can hold; of two that ask the same the first, with the passages of both."""
    found: dict[tuple[str, ...], NewCriterion] = {}
    for item in items:
        asks = tuple(words_of(item.asks))
        if wrong := why_unusable(item, rubric):
            notes.append(f"left out criteria.{item.id}: {wrong}")
        elif asks in found:
            found[asks] = found[asks].model_copy(update={"support": merge((*found[asks].support, *item.support))})
        else:
            found[asks] = item
    return list(found.values())


def _new(item: NewCriterion, rubric: Rubric) -> Criterion:
    """Return a proposed criterion on the scale of the project's rubric, without sources."""
    return Criterion(
        id=item.id,
        name=item.name,
        asks=item.asks,
        scale=rubric.criteria[0].scale,
        section=item.section,
        weight=NEW_WEIGHT,
        applies=Applies(when=item.when),
        levels=item.levels,
        causes=item.causes,
        steps=item.steps,
    )


def _free(criterion: Criterion, kept: Sequence[str]) -> Criterion:
    """Return a criterion without a condition on one that is not part of the draft."""
    condition = criterion.applies.condition
    if condition is None or condition.criterion in kept:
        return criterion
    return criterion.model_copy(update={"applies": criterion.applies.model_copy(update={"condition": None})})


def _rest(criterion: Criterion, support: Iterable[Support], points: dict[str, list[Point]]) -> Criterion:
    """Return a criterion that rests on passages, which are added to the points of their articles."""
    made = []
    for item in support:
        there = points.setdefault(item.article, [])
        id = identifier(criterion.id, {other.id for other in there}, "point")
        there.append(Point(id=id, name=criterion.name, says=item.point, passage=item.passage))
        made.append(SourcePoint(article=item.article, id=id, point=item.point))
    return criterion.model_copy(update={"sources": tuple(made)})


def _article(text: ArticleText, points: Sequence[Point]) -> Article:
    return Article(
        id=text.id,
        author="unknown",
        title=text.title,
        publisher="unknown",
        year="unknown",
        argues="To be told in your own words.",
        points=tuple(points),
    )


def _advice(items: Sequence[Cause], points: dict[str, list[Point]]) -> tuple[Advice, ...]:
    """Return causes or steps with their passages, as far as articles of the draft carry them."""
    made = []
    for item in items:
        support = [piece for piece in item.support if piece.article in points]
        if support:
            articles = tuple(dict.fromkeys(piece.article for piece in support))
            passages = tuple(piece.passage for piece in support)
            made.append(Advice(id=item.id, name=item.name, says=item.says, articles=articles, passages=passages))
    return tuple(made)


def _without_unknown(draft: Rubric, articles: Articles) -> Rubric:
    """Return the draft without causes and steps that no passage of its articles supports."""
    causes, steps = {item.id for item in articles.causes}, {item.id for item in articles.steps}
    criteria = tuple(
        item.model_copy(
            update={
                "causes": tuple(id for id in item.causes if id in causes),
                "steps": tuple(id for id in item.steps if id in steps),
            }
        )
        for item in draft.criteria
    )
    return draft.model_copy(update={"criteria": criteria})


def _used_scales(rubric: Rubric, made: Sequence[Criterion]) -> tuple[Scale, ...]:
    used = {item.scale for item in made}
    return tuple(scale for scale in rubric.scales if scale.id in used)


def _bands(rubric: Rubric, criteria: int) -> tuple[Band, ...]:
    """Return the bands, none of which asks for more criteria at the top than there are."""
    return tuple(band.model_copy(update={"at_top": min(band.at_top, criteria)}) for band in rubric.bands)


def _marked(text: str, mark: str) -> str:
    """Return a file's text with the mark behind its first line, which names the schema."""
    first, rest = text.split("\n", 1)
    return f"{first}\n{mark}{rest}"
