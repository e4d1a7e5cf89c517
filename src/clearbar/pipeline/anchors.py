"""The watch over the grader: a fixed set of conversations is graded anew each night, and really asked."""

from datetime import datetime

from clearbar.audit import assemble
from clearbar.drift import AnchorNight, Drift, GraderState, anchor_night, watch
from clearbar.grading import Grader
from clearbar.model import digest
from clearbar.pipeline.cascading import labelled_transcripts
from clearbar.pipeline.workspace import Workspace
from clearbar.report import Watched
from clearbar.rubric import Rubric
from clearbar.store import Store
from clearbar.verdict import Grade, GradedBy

__all__ = ["anchor_nights", "watch_anchors", "watched"]

KIND = "anchors"


def watch_anchors(space: Workspace, store: Store, *, now: datetime) -> Drift | None:
    """Grade the anchors once more, keep the night, and return whether the grader moved since the first one.

    Anchors are conversations of the project's own set, the same every night: the first by hash, as many as the settings say.
    Nights with another rubric name or another kind of grader are a series of their own.
    """
    number = space.settings.grading.anchors
    if not number:
        return None
    anchors = sorted(labelled_transcripts(space, "dev"), key=lambda one: digest(["anchor", one.id]))[:number]
    grader = space.another(space.rubric, replicate=f"anchor {now:%Y-%m-%d}")
    grades = [grade for grade in grader.grade(anchors) if isinstance(grade, Grade)]
    by_hash = {one.text_hash: one for one in anchors}
    audits = [assemble(by_hash[grade.text_hash], space.rubric, grade.verdicts) for grade in grades]
    night = anchor_night(now, _state(space, grader), audits)
    run = store.start_run(kind=KIND, rubric=space.rubric, asked=grader.graded_by.value, parameters=night.model_dump(mode="json"))
    store.finish_run(run.id)
    return watch(anchor_nights(store, space.rubric, grader.graded_by), space.rubric)


def watched(store: Store, rubric: Rubric) -> tuple[Watched, ...]:
    """Return what the nights so far say of each kind of grader that was watched; nothing is graded."""
    found = []
    for kind in (GradedBy.LLM, GradedBy.RULES):
        if nights := anchor_nights(store, rubric, kind):
            drift = watch(nights, rubric)
            anchors = len(nights[-1].levels)
            found.append(Watched(graded_by=kind, nights=drift.nights, anchors=anchors, alarm=drift.alarm, says=drift.why))
    return tuple(found)


def anchor_nights(store: Store, rubric: Rubric, kind: GradedBy) -> list[AnchorNight]:
    """Return the nights in which a kind of grader was watched, in order of time."""
    runs = [run for run in store.runs(kind=KIND) if run.asked == kind.value and run.state == "finished"]
    nights = [AnchorNight.model_validate(dict(run.parameters)) for run in reversed(runs)]
    known = {criterion.id for criterion in rubric.criteria}
    return [night for night in nights if all(set(levels) <= known for levels in night.levels.values())]


def _state(space: Workspace, grader: Grader) -> GraderState:
    if grader.graded_by is GradedBy.RULES:
        return GraderState(grader=grader.fingerprint, rubric=space.rubric.rules_hash, version=grader.fingerprint)
    # the names that the server returned: an alias that was pointed at another model shows
    returned = sorted(getattr(grader, "model_names", ()))
    return GraderState(grader=grader.fingerprint, rubric=space.rubric.prompt_hash, model=", ".join(returned) or space.settings.llm.model)
