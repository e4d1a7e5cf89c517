"""What an edited rubric would have done to the conversations in the store."""

import random
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from clearbar.audit import assemble
from clearbar.errors import ClearbarError, UsageError
from clearbar.grading.rules import RulesGrader, load_lexicon
from clearbar.model import Model
from clearbar.pipeline.selection import GradedItems, ReportRequest, graded_items
from clearbar.pipeline.workspace import open_store
from clearbar.project import Project
from clearbar.rubric import Rubric
from clearbar.rubric_diff import RubricDiff, diff, needs_grading
from clearbar.rubric_file import open_rubric
from clearbar.settings import Settings
from clearbar.store import AuditRef, Store
from clearbar.transcript import RedactedTranscript
from clearbar.verdict import Audit, Grade

__all__ = ["Cost", "Preview", "compare_rubrics", "preview"]

DRAWN: Final = 400
"""So many conversations the rules grade for a preview; of more, these are drawn at random."""
MOST: Final = 2_000
"""So many conversations a preview rests on at the most; of more, likewise: a page is to come up within seconds."""


class Cost(Model):
    """What asking the language model again would take: at most, or about so much where conversations were drawn."""

    calls: int
    input_tokens: int
    output_tokens: int
    usd: float | None
    """Null where the model's price is not known."""


class Preview(Model):
    """What an edit would have done to the conversations of a period."""

    diff: RubricDiff
    conversations: int
    """In the period, graded with the rubric in force."""
    compared: int
    """Of them, those that this rests on: all, or some drawn at random."""
    by_rules: bool
    """Whether both rubrics are compared as the rules grade them."""
    rules_differ: bool
    """Whether the edit changes anything that the rules read."""
    asks_model: bool
    """Whether a language model is set up that would have to be asked again."""
    cost: Cost | None
    """Of doing so for the period; null where nothing is asked, or it cannot be told."""


def compare_rubrics(
    project: Project, settings: Settings, old: str, new: str, *, since: datetime | None, notice: Callable[[str], None]
) -> RubricDiff:
    """Return what flips, criterion by criterion and team by team.

    Where only scoring changed, stored verdicts are scored anew and nothing is graded. Otherwise the rules grade the stored texts with
    the new rubric, which costs nothing; the comparison is then between rules and rules.

    Raises
    ------
    UsageError
        If the store holds no conversation graded with the old rubric.
    """
    before, after = open_rubric(old, project, drafts=True), open_rubric(new, project, drafts=True)
    with open_store(project, settings) as store:
        items = graded_items(store, before, ReportRequest(since=since))
    if not items:
        raise UsageError(
            f"the store holds no conversation graded with {before.name} {before.version}", fix="grade some first: clearbar audit"
        )
    if not needs_grading(before, after):
        return diff(before, after, [item.audit for item in items])
    notice("the wording or the rules changed, so both rubrics are compared as the rules grade them")
    return _by_rules(project, before, after, [item.transcript for item in items])


def preview(
    project: Project,
    settings: Settings,
    store: Store,
    before: Rubric,
    after: Rubric,
    *,
    since: datetime,
    by_rules: bool,
    keep: Callable[[AuditRef], bool],
    show: Callable[[RedactedTranscript], bool],
    most: int = MOST,
) -> Preview:
    """Return what an edit would have done since a moment; nothing is asked of a language model.

    Parameters
    ----------
    project, settings, store
        Where files lie, how to work, and what was graded.
    before, after
        The rubric in force, and the edited one.
    since
        The beginning of the period.
    by_rules
        Whether the rules grade with both; otherwise verdicts stand as they are, and only scores are made anew.
    keep
        Whose conversations count.
    show
        Which conversations may be shown as examples.
    most
        Of more conversations, so many are drawn at random and read.
    """
    refs = [ref for ref in graded_items(store, before, ReportRequest(since=since)).refs if keep(ref)]
    items = GradedItems(store, before, _drawn(refs, min(most, DRAWN) if by_rules else most))
    some = sorted(items, key=lambda item: not show(item.transcript))  # the first are shown as examples
    transcripts = [item.transcript for item in some]
    made = _by_rules(project, before, after, transcripts) if by_rules else diff(before, after, [item.audit for item in some])
    shown = {(one.id, one.text_hash) for one in transcripts if show(one)}
    llm = settings.llm
    asks = (
        before.prompt_hash != after.prompt_hash and settings.grading.grader != "rules" and bool(llm.base_url or (llm.model and llm.api_key))
    )
    return Preview(
        diff=_with_examples(made, shown),
        conversations=len(refs),
        compared=len(some),
        by_rules=by_rules,
        rules_differ=before.rules_hash != after.rules_hash,
        asks_model=asks,
        cost=_cost(project, settings, after, transcripts, of=len(refs)) if asks else None,
    )


def _drawn(refs: Sequence[AuditRef], most: int) -> Sequence[AuditRef]:
    # the same ones each time, so that two previews of one draft say the same
    return random.Random(len(refs)).sample(refs, most) if len(refs) > most else refs


def _by_rules(project: Project, before: Rubric, after: Rubric, transcripts: Sequence[RedactedTranscript]) -> RubricDiff:
    lexicon = load_lexicon(project.path("rubrics/lexicon"))
    sides: list[list[Audit]] = []
    for rubric in (before, after):
        grades = RulesGrader(rubric, lexicon).grade(transcripts)
        sides.append(
            [assemble(one, rubric, grade.verdicts) for one, grade in zip(transcripts, grades, strict=True) if isinstance(grade, Grade)]
        )
    return diff(before, after, sides[0], sides[1])


def _with_examples(made: RubricDiff, shown: set[tuple[str, str]]) -> RubricDiff:
    """Leave out the examples that may not be shown."""
    criteria = tuple(
        item.model_copy(update={"examples": tuple(one for one in item.examples if (one.transcript, one.text_hash) in shown)})
        for item in made.criteria
    )
    moved = tuple(one for one in made.moved if (one.transcript, one.text_hash) in shown)
    return made.model_copy(update={"criteria": criteria, "moved": moved})


def _cost(project: Project, settings: Settings, rubric: Rubric, transcripts: Sequence[RedactedTranscript], *, of: int) -> Cost | None:
    """Return what grading `of` conversations would take, of which these were drawn."""
    from clearbar.grading.llm import estimate  # noqa: PLC0415 - an LLM's libraries take a second to load

    try:
        found = estimate(transcripts, rubric, settings.llm, prompt_folder=project.path("prompts"))
    except ClearbarError:
        return None
    times = of / max(len(transcripts), 1)
    calls, sent, written = (round(number * times) for number in (found.calls, found.input_tokens, found.output_tokens))
    return Cost(calls=calls, input_tokens=sent, output_tokens=written, usd=None if found.cost_usd is None else found.cost_usd * times)
