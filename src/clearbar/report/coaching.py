"""What is weakest, and what the articles say about its causes and the steps against it."""

from collections.abc import Iterable, Sequence

from clearbar.articles import Advice, Articles
from clearbar.report.attention import Reader
from clearbar.report.gathering import Gathering, Pick
from clearbar.report.inputs import Trust
from clearbar.report.model import AdviceReport, Citation, Coaching, ConversationReport, CriterionReport
from clearbar.rubric import Criterion, Rubric
from clearbar.settings import ReportSettings

__all__ = ["citations", "coach", "strongest", "weakest"]

_STRENGTHS = 3


def weakest(criteria: Sequence[CriterionReport], settings: ReportSettings) -> list[CriterionReport]:
    """Return the weakest criteria: those that fail in the largest share of conversations, by the interval's lower end.

    So a few bad cases do not outrank a habit. Criteria on which the grader was found not to agree with people come last.
    """
    found = [item for item in criteria if item.graded >= settings.min_group and item.failing]
    found.sort(key=lambda item: (item.trust is Trust.NO_GO, -(item.fails.low or 0.0), -item.weight))
    return found[: settings.weakest]


def strongest(criteria: Sequence[CriterionReport], weak: Sequence[CriterionReport], settings: ReportSettings) -> tuple[str, ...]:
    """Return ids of the criteria that fail in the smallest share, by the interval's upper end, where that is precise enough."""
    out = {item.id for item in weak}
    found = [item for item in criteria if item.id not in out and item.graded >= settings.min_group and item.fails.enough]
    found = [item for item in found if item.trust is not Trust.NO_GO]
    found.sort(key=lambda item: (item.fails.high or 0.0, -item.weight))
    return tuple(item.id for item in found[:_STRENGTHS])


def coach(weak: CriterionReport, gathered: Gathering, rubric: Rubric, articles: Articles, reader: Reader) -> Coaching:
    """Return what a lead needs to act on a weak criterion."""
    criterion = rubric.criterion(weak.id)
    failed, best = ([_told(pick, reader) for pick in found] for found in (gathered.failed(weak.id), gathered.best(weak.id)))
    return Coaching(
        criterion=weak.id,
        name=weak.name,
        asks=weak.asks,
        fails=weak.fails,
        trust=weak.trust,
        bar=_bar(criterion, rubric),
        causes=tuple(_advice(articles.cause(id)) for id in criterion.causes),
        steps=tuple(_advice(articles.step(id)) for id in criterion.steps),
        examples=tuple(failed) if reader.quotes else (),
        model=best[0] if best and reader.quotes else None,
        passage=_passage(criterion, rubric),
    )


def citations(coaching: Iterable[Coaching], articles: Articles) -> tuple[Citation, ...]:
    """Return the articles that are referred to, in the order of the file."""
    used = {article for item in coaching for advice in (*item.causes, *item.steps) for article in advice.articles}
    return tuple(
        Citation(
            id=article.id,
            author=article.author,
            title=article.title,
            publisher=article.publisher,
            year=str(article.year),
            caveat=article.caveat,
        )
        for article in articles.articles
        if article.id in used
    )


def _advice(advice: Advice) -> AdviceReport:
    return AdviceReport(id=advice.id, name=advice.name, says=advice.says, articles=advice.articles)


def _bar(criterion: Criterion, rubric: Rubric) -> str:
    return next((criterion.levels[level.id] for level in rubric.scale_of(criterion.id).levels if not level.fails), "")


def _passage(criterion: Criterion, rubric: Rubric) -> str:
    """Return the rubric's example of the highest level that has one and does not fail."""
    shown = {example.level: example.passage for example in criterion.examples}
    good = [level.id for level in rubric.scale_of(criterion.id).levels if not level.fails]
    return next((shown[level] for level in reversed(good) if level in shown), "")


def _told(pick: Pick, reader: Reader) -> ConversationReport:
    item, verdicts = pick
    return reader.conversation(item, "", verdicts)
