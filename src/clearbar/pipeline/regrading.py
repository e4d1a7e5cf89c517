"""Conversations that rules had to grade because the LLM was away: asked for again once it is back, however long ago that was.

The next pulls read back only so far (`look_back_hours`); what was graded before that stays as it is unless it is picked up here.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from clearbar.model import Model
from clearbar.pipeline.exclusions import exclusion_of
from clearbar.pipeline.grading import Graded, grade_batch, why_waiting
from clearbar.pipeline.intake import batches
from clearbar.pipeline.workspace import Workspace
from clearbar.store import Item, Run, Store, StoredConversation, grading_hash
from clearbar.transcript import Conversation, RedactedTranscript
from clearbar.verdict import Usage

__all__ = ["REGRADING", "Regraded", "regrade_left"]

REGRADING: Final = "regrading"
"""Kind of the run that does this."""
FIELDS: Final = tuple(name for name in Conversation.model_fields if name != "turns")


class Regraded(Model):
    """What became of conversations that had been left to the rules."""

    left: int = 0
    """Conversations whose text is still there, that nobody has excluded, and whose LLM verdicts are still missing."""
    regraded: int = 0
    """Of them, those that the LLM has graded now."""
    fallbacks: dict[str, int] = {}
    """The others, by reason; the budget, for example."""
    spent: Usage = Usage()


def regrade_left(space: Workspace, store: Store, sources: Sequence[str]) -> Regraded:
    """Ask the LLM about conversations of earlier runs that it could not grade then, the newest first, within its budget.

    Counted are failures that were none of the conversation's: an outage, a spent budget, an interruption. What an erasure or the
    retention of texts has removed, or a rule excludes by now, is not asked about, and grading anew does not prolong a text's retention.

    Parameters
    ----------
    space
        With an LLM; without one nothing is done.
    sources
        Fingerprints of the sources that the run has read.
    """
    if space.llm is None:
        return Regraded()
    pages = list(batches(_waiting(space, store, sources), space.settings.grading.batch))
    if not pages:
        return Regraded()
    if space.llm.settings.mode == "batch" and space.cascade is None:
        for page in pages:  # all at once; else each would wait its turn of a day
            space.llm.submit(_texts(store, page))
    run = store.start_run(kind=REGRADING, rubric=space.rubric, asked=space.asked)
    total = Regraded()
    try:
        for page in pages:
            total = _add(total, _regrade(space, store, run, _texts(store, page)))
    except BaseException:
        store.finish_run(run.id, state="interrupted")
        raise
    store.finish_run(run.id)
    return total


def _waiting(space: Workspace, store: Store, sources: Sequence[str]) -> list[tuple[str, str]]:
    return store.waiting(grading=grading_hash(space.rubric), asked=space.asked, sources=sources)


def _texts(store: Store, keys: Sequence[tuple[str, str]]) -> list[RedactedTranscript]:
    """Return the conversations whose text is still there and which no rule excludes by now, in the order given."""
    rules = store.exclusions(active=True)
    found = {(one.source, one.id): one for one in store.conversations(keys) if one.turns and exclusion_of(rules, one) is None}
    return [_transcript(found[key]) for key in keys if key in found]


def _transcript(stored: StoredConversation) -> RedactedTranscript:
    values = {name: getattr(stored, name) for name in FIELDS}
    return RedactedTranscript(**values, turns=stored.turns, text_hash=stored.text_hash, redactions=dict(stored.redactions))


def _regrade(space: Workspace, store: Store, run: Run, batch: Sequence[RedactedTranscript]) -> Sequence[Graded]:
    keys = [grader.key(one) for one in batch for grader in (space.rules, space.first)]
    graded = grade_batch(space, batch, store.known_grades(keys))
    store.save_batch(run, _items(graded))
    return graded


def _items(graded: Iterable[Graded]) -> Iterator[Item]:
    for found in graded:
        one = found.transcript
        yield Item(
            source=one.source,
            place=f"stored {one.id}",
            outcome=found.outcome,
            why=found.failure or "",
            transcript=one,
            grades=found.fresh,
            verdicts=found.verdicts,
            waiting=why_waiting(found.verdicts) is not None,
            usage=found.usage,
        )


def _add(total: Regraded, graded: Sequence[Graded]) -> Regraded:
    fallbacks = dict(total.fallbacks)
    reasons = [found.failure or why_waiting(found.verdicts) for found in graded]
    for reason in filter(None, reasons):
        fallbacks[reason] = fallbacks.get(reason, 0) + 1
    return Regraded(
        left=total.left + len(graded),
        regraded=total.regraded + reasons.count(None),
        fallbacks=fallbacks,
        spent=sum((found.spent for found in graded), total.spent),
    )
