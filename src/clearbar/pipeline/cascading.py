"""Where rules may decide alone: planned on the development part of the project's labelled set, so that its test part stays unseen."""

from collections.abc import Iterator
from datetime import UTC, datetime

from clearbar.grading.cascade import CascadePlan, Observation, plan_cascade
from clearbar.labelled import Resolved, resolve
from clearbar.labels_file import read_labels
from clearbar.pipeline.intake import Room, Taken, open_sources, pull
from clearbar.pipeline.labelled_set import CONVERSATIONS, LABELS, side_of_split
from clearbar.pipeline.request import AuditRequest
from clearbar.pipeline.workspace import Workspace
from clearbar.transcript import RedactedTranscript
from clearbar.verdict import UNGRADED, Grade, Verdict

__all__ = ["labelled_transcripts", "plan"]


def plan(space: Workspace) -> CascadePlan:
    """Return at which levels of which criteria the rules decide alone.

    LLM grades of the labelled conversations that are in the store already say what a cascade loses; none is asked for.
    """
    transcripts = labelled_transcripts(space, "dev")
    known = {transcript.id for transcript in transcripts}
    labels, _ = read_labels([space.project.path(LABELS)], _hear_nothing)
    resolved = resolve([label for label in labels if label.id in known], space.rubric)
    by_rules = [result for result in space.rules.grade(transcripts) if isinstance(result, Grade)]
    by_llm = _known(space, transcripts)
    observed = [
        one
        for transcript, rules in zip(transcripts, by_rules, strict=True)
        for one in _observations(transcript.id, rules, by_llm.get(transcript.text_hash), resolved)
    ]
    return plan_cascade(observed, group=lambda one: resolved.groups.get(one, one))


def labelled_transcripts(space: Workspace, split: str) -> list[RedactedTranscript]:
    """Return the project's own conversations on one side of the recorded split."""
    side = side_of_split(space.project, split)
    request = AuditRequest(sources=(str(space.project.path(CONVERSATIONS)),))
    return [
        item.transcript
        for source in open_sources(space.project, space.settings, request, _hear_nothing)
        for item in pull(space.redactor, space.settings, source, request, after=None, now=datetime.now(UTC), room=Room(None))
        if isinstance(item, Taken) and (side is None or item.transcript.id in side)
    ]


def _known(space: Workspace, transcripts: list[RedactedTranscript]) -> dict[str, Grade]:
    if space.llm is None or space.store is None:
        return {}
    found = space.store.known_grades([space.llm.key(transcript) for transcript in transcripts])
    return {grade.text_hash: grade for grade in found.values()}


def _observations(id: str, rules: Grade, llm: Grade | None, resolved: Resolved) -> Iterator[Observation]:
    said = {verdict.criterion: _level(verdict) for verdict in llm.verdicts} if llm else {}
    for verdict in rules.verdicts:
        label = resolved.level(id, verdict.criterion)
        if label is not None:
            yield Observation(
                conversation=id, criterion=verdict.criterion, rules=_level(verdict), label=label, llm=said.get(verdict.criterion)
            )


def _level(verdict: Verdict) -> str:
    return verdict.level if verdict.level != UNGRADED else "ungraded"


def _hear_nothing(line: str) -> None:
    """Leave what is odd about the project's own labels to a check by hand."""
