"""How often a grader's verdicts flip on harmless changes, on the project's own conversations."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Literal

from clearbar.audit import assemble
from clearbar.errors import UsageError
from clearbar.labelled import resolve
from clearbar.labels_file import read_labels
from clearbar.model import Model
from clearbar.pipeline.cascading import labelled_transcripts
from clearbar.pipeline.intake import Room, Taken, open_sources, pull
from clearbar.pipeline.labelled_set import LABELS
from clearbar.pipeline.request import AuditRequest
from clearbar.pipeline.workspace import Asked, Workspace, open_store, open_workspace
from clearbar.project import Project
from clearbar.settings import Settings
from clearbar.stability import FAIRNESS, STABILITY, ErrorRate, Stability, error_rates, probe_stability
from clearbar.transcript import RedactedTranscript
from clearbar.verdict import Grade

__all__ = ["SteadinessRequest", "run_probes"]


class SteadinessRequest(Model):
    """What is changed, and on how many conversations."""

    probes: Literal["stability", "fairness"]
    grader: Asked | None = None
    model: str | None = None
    """The LLM; that of the settings by default."""
    rubric: str | None = None
    transcripts: tuple[str, ...] = ()
    """Conversations to work with; the project's own labelled ones by default."""
    labels: tuple[str, ...] = ()
    """Their labels, for errors by language and channel; the project's own by default."""
    map: tuple[str, ...] = ()
    split: Literal["all", "dev", "test"] = "dev"
    """Which side of the project's own labelled set."""
    limit: int | None = None
    """Conversations; all by default."""


def run_probes(project: Project, settings: Settings, request: SteadinessRequest, *, notice: Callable[[str], None]) -> Stability:
    """Grade conversations with and without harmless changes; an LLM is really asked, every time.

    With the fairness probes, errors by language and channel are told too, where the conversations have labels.
    """
    store = open_store(project, settings)
    with open_workspace(
        project, settings, rubric=request.rubric, grader=request.grader, model=request.model, store=store, notice=notice
    ) as space:
        transcripts = _conversations(space, request, notice)[: request.limit]
        if not transcripts:
            raise UsageError("no conversation could be read", fix="name some with --transcripts PATH-OR-GLOB")
        probes = STABILITY if request.probes == "stability" else FAIRNESS
        found = probe_stability(space.another, space.rubric, transcripts, probes=probes)
        return found if probes is STABILITY else found.model_copy(update={"errors": _errors(space, request, transcripts, notice)})


def _conversations(space: Workspace, request: SteadinessRequest, notice: Callable[[str], None]) -> list[RedactedTranscript]:
    named = request.transcripts or request.labels
    if not named:
        return labelled_transcripts(space, request.split)
    asked = AuditRequest(sources=named, map=request.map)
    return [
        item.transcript
        for source in open_sources(space.project, space.settings, asked, notice)
        for item in pull(space.redactor, space.settings, source, asked, after=None, now=datetime.now(UTC), room=Room(None))
        if isinstance(item, Taken)
    ]


def _errors(
    space: Workspace, request: SteadinessRequest, transcripts: Sequence[RedactedTranscript], notice: Callable[[str], None]
) -> tuple[ErrorRate, ...]:
    """Return errors by language and by channel; none where there are no labels."""
    own = (str(space.project.path(LABELS)),) if not request.transcripts else ()
    labels, _ = read_labels(request.labels or own or request.transcripts, notice)
    resolved = resolve(labels, space.rubric)
    grades = space.another(space.rubric).grade(transcripts)
    audits = [
        assemble(one, space.rubric, grade.verdicts) for one, grade in zip(transcripts, grades, strict=True) if isinstance(grade, Grade)
    ]
    by_id = {one.id: one for one in transcripts}
    groups = {
        "language": lambda audit: f"language {by_id[audit.transcript].language or 'not stated'}",
        "channel": lambda audit: f"channel {by_id[audit.transcript].channel or 'not stated'}",
    }
    rates = [rate for of in groups.values() for rate in error_rates(audits, resolved, space.rubric, of)]
    return tuple(rate for rate in rates if rate.compared)
