"""Grade a batch: find what was graded before, ask for the rest, compose who graded what and why."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from clearbar.audit import assemble
from clearbar.grading import Grader, WaitingGrader
from clearbar.grading.fallback import compose
from clearbar.pipeline.intake import Dropped, Room, Taken, batches, open_sources, pull
from clearbar.pipeline.request import AuditRequest
from clearbar.pipeline.workspace import LLM_AWAY, Workspace
from clearbar.store import Outcome
from clearbar.transcript import RedactedTranscript
from clearbar.verdict import Audit, Grade, GradeFailure, Usage, Verdict, failed

__all__ = ["Graded", "grade_all", "grade_batch", "why_waiting"]


AWAY: Final = frozenset({failed("unreachable"), failed("timed out"), failed("budget"), failed("interrupted")})
"""Failures after which nothing was read of a conversation; a reply that could not be read is not paid for every night."""


@dataclass(frozen=True)
class Graded:
    """A conversation with all that was said of it."""

    transcript: RedactedTranscript
    verdicts: tuple[Verdict, ...]
    fresh: tuple[Grade, ...]
    """Grades made just now; the others were found in the store."""
    usage: Usage
    """What its grade consumed, whenever that was."""
    spent: Usage
    """What this run consumed for it; nothing where the grade was found."""
    outcome: Outcome
    failure: str | None
    """Why the grader that was asked first gave nothing: `failed:…`."""


def grade_batch(space: Workspace, batch: Sequence[RedactedTranscript], known: Mapping[str, Grade] | None = None) -> list[Graded]:
    """Return each conversation's verdicts, in order.

    The rules grade everything: they are the fallback, and their disagreement with the LLM says where people should look. They
    read while the LLM's calls are under way.

    Parameters
    ----------
    space
        Rubric and graders.
    batch
        Redacted transcripts.
    known
        Grades of earlier runs, by key; they are not asked for again.
    """
    known = known or {}
    asking = None if space.llm is None else _begin(space.first, batch, known)
    try:
        by_rules = _begin(space.rules, batch, known)()
    except BaseException:
        if space.llm is not None:
            space.llm.interrupt()  # nobody will wait for what was begun; closing the grader keeps the replies of calls under way
        raise
    asked = asking() if asking else by_rules
    return [_compose(space, *item, known) for item in zip(batch, asked, by_rules, strict=True)]


def why_waiting(verdicts: Iterable[Verdict]) -> str | None:
    """Return the first reason for which the LLM gave a criterion no verdict although it could have once it is back, or None."""
    reasons = (verdict.fallback_reason or verdict.reason or "" for verdict in verdicts)
    return next((reason for reason in reasons if reason in AWAY or reason.startswith(LLM_AWAY)), None)


def _begin(grader: Grader, batch: Sequence[RedactedTranscript], known: Mapping[str, Grade]) -> Callable[[], list[Grade | GradeFailure]]:
    """Ask for the grades that are not known, and return what gives them all, in order."""
    keys = [grader.key(transcript) for transcript in batch]
    # The same text twice in a batch is one grade.
    wanted = {key: transcript for key, transcript in zip(keys, batch, strict=True) if key not in known}
    begun = _ask(grader, list(wanted.values()))

    def wait() -> list[Grade | GradeFailure]:
        fresh = dict(zip(wanted, begun(), strict=True))
        return [known[key] if key in known else fresh[key] for key in keys]

    return wait


def _ask(grader: Grader, batch: Sequence[RedactedTranscript]) -> Callable[[], list[Grade | GradeFailure]]:
    if not batch:
        return list
    return grader.begin(batch) if isinstance(grader, WaitingGrader) else lambda: grader.grade(batch)


def _compose(
    space: Workspace,
    transcript: RedactedTranscript,
    asked: Grade | GradeFailure,
    by_rules: Grade | GradeFailure,
    known: Mapping[str, Grade],
) -> Graded:
    rules = by_rules if isinstance(by_rules, Grade) else None
    verdicts = compose(space.rubric, None if space.llm is None else asked, rules, space.why_rules, handed=space.handed)
    fresh = {grade.key: grade for grade in (asked, by_rules) if isinstance(grade, Grade) and grade.key not in known}
    usage = asked.usage if isinstance(asked, Grade) else Usage()
    spent = sum((grade.usage for grade in fresh.values()), Usage())
    said = any(verdict.level != "ungraded" for verdict in verdicts)
    failure = asked.reason if isinstance(asked, GradeFailure) else None
    outcome = Outcome.UNGRADED if not said else Outcome.GRADED if fresh or failure else Outcome.REUSED
    return Graded(transcript, verdicts, tuple(fresh.values()), usage, spent, outcome, failure)


def grade_all(
    space: Workspace, request: AuditRequest, *, notice: Callable[[str], None], now: datetime, with_text: bool = False
) -> Iterator[Audit | Dropped]:
    """Yield the audit of each conversation, in the order read, and each record that could not be used; nothing is stored."""
    room = Room(request.limit)
    for source in open_sources(space.project, space.settings, request, notice):
        records = pull(space.redactor, space.settings, source, request, after=None, now=now, room=room)
        for batch in batches(records, space.settings.grading.batch):
            graded = iter(grade_batch(space, [item.transcript for item in batch if isinstance(item, Taken)]))
            for item in batch:
                if isinstance(item, Dropped):
                    yield item
                else:
                    found = next(graded)
                    yield assemble(found.transcript, space.rubric, found.verdicts, found.usage, with_text=with_text)
