"""Draft a rubric from articles: by the LLM where one is set up, else by rules; the project's rubric says what is known."""

from collections.abc import Callable, Sequence
from pathlib import Path

from clearbar.articles import Articles, articles_for
from clearbar.drafting import ArticleText, Draft, Proposals, compose_draft, identifier, match_articles, read_articles
from clearbar.errors import GraderUnavailableError
from clearbar.pipeline.workspace import Asked, open_store, with_model
from clearbar.project import Project
from clearbar.rubric import Rubric
from clearbar.rubric_file import open_rubric
from clearbar.settings import LlmSettings, Settings

__all__ = ["draft_rubric"]


def draft_rubric(
    project: Project,
    settings: Settings,
    paths: Sequence[Path],
    *,
    name: str,
    rubric: str | None = None,
    grader: Asked | None = None,
    model: str | None = None,
    notice: Callable[[str], None],
) -> Draft:
    """Return a draft of what articles ask for.

    Parameters
    ----------
    paths
        Text and Markdown files, or folders of them.
    name
        Of the draft.
    rubric
        Whose criteria are known; the setting by default.
    grader
        Who reads: `rules`, `llm`, or `auto` (also for `cascade`), which takes the LLM where one can be used.

    Raises
    ------
    SourceError
        If an article cannot be read.
    RubricError
        If the articles ask for nothing.
    GraderUnavailableError
        If an LLM was demanded and cannot work.
    """
    asked = rubric or settings.grading.rubric
    base, known = open_rubric(asked, project), articles_for(asked, project)
    texts = read_articles(paths)
    notes: list[str] = []
    reader = grader or settings.grading.grader
    asking = with_model(settings, model)
    by_llm = None if reader == "rules" else _ask(project, asking, texts, base, known, must=reader == "llm", note=notes.append)
    found, how = by_llm or (match_articles(texts, base, known), "by rules")
    made = compose_draft(found, texts, base, name=identifier(name, frozenset(), "draft"), how=how, notes=notes)
    used = {article.id for article in made.articles.articles}
    for line in (*made.notes, *(f"{text.file}: nothing was taken from it" for text in texts if text.id not in used)):
        notice(line)
    return made


def _ask(
    project: Project,
    settings: Settings,
    texts: Sequence[ArticleText],
    base: Rubric,
    known: Articles,
    *,
    must: bool,
    note: Callable[[str], None],
) -> tuple[Proposals, str] | None:
    """Return the LLM's proposals and who made them; None where there is no LLM and none was demanded."""
    from clearbar.drafting.asking import ask_articles  # noqa: PLC0415 - an LLM's libraries take a second to load

    try:
        llm = _llm(settings.llm, note)
        with open_store(project, settings) as store:
            found, usage = ask_articles(texts, base, known, llm, ledger=store.ledger, prompt_folder=project.path("prompts"), note=note)
    except GraderUnavailableError as error:
        if must:
            raise
        note(f"rules read the articles: {error.what}")
        return None
    note(f"{llm.model} read the articles: {usage.input_tokens:,} input tokens, {usage.output_tokens:,} output tokens")
    return found, f"by {llm.model}"


def _llm(settings: LlmSettings, note: Callable[[str], None]) -> LlmSettings:
    """Return the settings of an LLM that can be asked."""
    from clearbar.grading.llm import find_model, why_unavailable  # noqa: PLC0415 - as above

    llm = find_model(settings, note)
    if why := why_unavailable(llm):
        raise GraderUnavailableError(f"no LLM is set up: {why}", fix="or use --grader rules")
    return llm
