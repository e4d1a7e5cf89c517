"""A rubric as Markdown, for the people who are graded by it and those who edit it."""

from collections.abc import Iterator, Sequence

from clearbar.articles import Article, Articles, check_sources
from clearbar.plural import plural
from clearbar.rubric import Applies, Band, Criterion, Gate, Rubric, Scale, Section

__all__ = ["describe"]

_GATES = {
    Gate.CONVERSATION: "critical: the conversation fails",
    Gate.SECTION: "critical for its section: the section scores 0",
    Gate.BAND: "the conversation falls to the lowest band",
}


def describe(rubric: Rubric, articles: Articles | None = None) -> str:
    """Return the whole rubric as Markdown.

    Parameters
    ----------
    rubric
        The rubric.
    articles
        Where its sources, causes and steps are described; without it they are left out.

    Raises
    ------
    RubricError
        If the rubric names something that the articles do not hold.
    """
    if articles is not None:
        check_sources(rubric, articles)
    blocks = [*_head(rubric), *_scoring(rubric)]
    for section in rubric.sections:
        blocks.append(f"## {section.name}")
        for criterion in rubric.criteria:
            if criterion.section == section.id:
                blocks += _criterion(criterion, rubric, articles)
    if articles is not None:
        blocks += _articles(rubric, articles)
    return "\n\n".join(blocks)


def _head(rubric: Rubric) -> Iterator[str]:
    draft = " · **draft: nothing grades with it**" if rubric.status == "draft" else ""
    yield f"# {rubric.title}"
    yield f"`{rubric.name}` version {rubric.version} · {plural(len(rubric.criteria), 'criterion', 'criteria')}{draft}"
    yield rubric.about
    if rubric.instructions:
        yield "Every grader keeps to this:"
        yield _listed(rubric.instructions)


def _scoring(rubric: Rubric) -> Iterator[str]:
    yield "## How a score comes about"
    for scale in rubric.scales:
        yield _scale(scale)
    weighed = [section for section in rubric.sections if section.weight is not None]
    if weighed:
        yield f"Sections weigh {', '.join(_weight(section) for section in weighed)}; inside a section, criteria weigh as they say."
    yield (
        "A score is the weighted mean of the points of what was graded and applies. "
        f"There is none while less than {rubric.min_weight_graded:.0%} of the weight is graded."
        + (" A failed critical criterion makes it 0." if rubric.auto_fail_score == "zero" else "")
    )
    yield _table(("Band", "Needs"), [(band.name, _needs(band)) for band in rubric.bands])
    if rubric.limits:
        rows = [
            (channel, name.replace("_", " "), f"{figure:g}") for channel, limits in rubric.limits.items() for name, figure in limits.items()
        ]
        yield _table(("Channel", "Limit", ""), rows)


def _scale(scale: Scale) -> str:
    rows = [(level.name, f"{level.points:g}{', fails' if level.fails else ''}", level.means) for level in scale.levels]
    return _table((f"Level (scale `{scale.id}`)", "Points", "Means"), rows)


def _weight(section: Section) -> str:
    return f"{section.name} {section.weight or 0:g}"


def _needs(band: Band) -> str:
    needs = [f"a score from {band.from_score:g}"] if band.from_score else []
    needs += ["nothing at a failing level"] if band.none_failing else []
    needs += [f"{band.at_top} criteria or more at their top level"] if band.at_top else []
    return " and ".join(needs) or "nothing"


def _criterion(criterion: Criterion, rubric: Rubric, articles: Articles | None) -> Iterator[str]:
    gate = f" · {_GATES[criterion.gate]}" if criterion.gate else ""
    yield f"### {criterion.name} (`{criterion.id}`)"
    yield f"**{criterion.asks}** Weight {criterion.weight:g}{gate}. Applies {_applies(criterion.applies, rubric)}."
    scale = rubric.scale_of(criterion.id)
    yield _table(("Level", "Means here"), [(level.name, criterion.levels[level.id]) for level in scale.levels])
    if criterion.notes:
        yield _listed(criterion.notes)
    if criterion.examples:
        names = {level.id: level.name for level in scale.levels} | {"not_applicable": "Not applicable"}
        yield _table(("Example of", "Passage", "Why"), [(names[item.level], item.passage, item.why) for item in criterion.examples])
    if articles is not None:
        yield from _grounds(criterion, articles)


def _applies(applies: Applies, rubric: Rubric) -> str:
    words = "always" if applies.when == "always" else f"when {applies.when}"
    if applies.condition:
        other = rubric.criterion(applies.condition.criterion)
        names = [
            rubric.level(other.id, level).name if level != "not_applicable" else "not applicable" for level in applies.condition.levels
        ]
        words += f", and only where {other.name!r} is {' or '.join(repr(name) for name in names)}"
    return words


def _grounds(criterion: Criterion, articles: Articles) -> Iterator[str]:
    lines = [f"From {articles.article(source.article).title}: {source.point}" for source in criterion.sources]
    lines += [f"Likely cause: {articles.cause(id).name}. {articles.cause(id).says}" for id in criterion.causes]
    lines += [f"Step: {articles.step(id).name}. {articles.step(id).says}" for id in criterion.steps]
    if lines:
        yield _listed(lines)


def _articles(rubric: Rubric, articles: Articles) -> Iterator[str]:
    used = {source.article for criterion in rubric.criteria for source in criterion.sources}
    named = [article for article in articles.articles if article.id in used]
    if named:
        yield "## The articles behind it"
        yield _listed([_cited(article) for article in named])


def _cited(article: Article) -> str:
    known = [str(part) for part in (article.author, article.publisher, article.year) if part != "unknown"]
    caveat = f" ({article.caveat})" if article.caveat else ""
    return f"*{article.title}*, {', '.join(known) or 'author unknown'}. {article.argues}{caveat}"


def _listed(items: Sequence[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
