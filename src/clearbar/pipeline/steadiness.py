"""How often a grader's verdicts flip on harmless changes, on the project's own conversations."""

from collections.abc import Callable
from typing import Literal

from clearbar.model import Model
from clearbar.pipeline.cascading import labelled_transcripts
from clearbar.pipeline.workspace import Asked, open_store, open_workspace
from clearbar.project import Project
from clearbar.settings import Settings
from clearbar.stability import FAIRNESS, STABILITY, Stability, probe_stability

__all__ = ["SteadinessRequest", "run_probes"]


class SteadinessRequest(Model):
    """What is changed, and on how many conversations."""

    probes: Literal["stability", "fairness"]
    grader: Asked | None = None
    rubric: str | None = None
    limit: int | None = None
    """Conversations; all of the project's development part by default."""


def run_probes(project: Project, settings: Settings, request: SteadinessRequest, *, notice: Callable[[str], None]) -> Stability:
    """Grade conversations with and without harmless changes; an LLM is really asked, every time."""
    store = open_store(project, settings)
    with open_workspace(project, settings, rubric=request.rubric, grader=request.grader, store=store, notice=notice) as space:
        transcripts = labelled_transcripts(space, "dev")[: request.limit]
        probes = STABILITY if request.probes == "stability" else FAIRNESS
        return probe_stability(space.another, space.rubric, transcripts, probes=probes)
