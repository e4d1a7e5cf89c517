"""What an audit would cost, before anything is asked of an LLM."""

from collections.abc import Callable
from datetime import UTC, datetime

from clearbar.errors import GraderUnavailableError
from clearbar.grading.llm import Estimate, estimate, find_model, why_unavailable
from clearbar.pipeline.intake import Room, Taken, open_sources, pull
from clearbar.pipeline.request import AuditRequest
from clearbar.pipeline.workspace import with_choices, with_model
from clearbar.project import Project
from clearbar.redact import Redactor
from clearbar.rubric_file import open_rubric
from clearbar.settings import Settings

__all__ = ["estimate_cost"]


def estimate_cost(project: Project, settings: Settings, request: AuditRequest, *, notice: Callable[[str], None]) -> Estimate:
    """Return conversations, calls, tokens and cost of grading a request by the LLM that is set up; no conversation is sent.

    Conversations that were graded before are counted too: this is what it costs at most.

    Raises
    ------
    GraderUnavailableError
        If no LLM is set up.
    """
    chosen = with_choices(with_model(settings, request.model), votes=request.votes, calls=request.calls)
    llm = find_model(chosen.llm, notice)
    if why := why_unavailable(llm):
        raise GraderUnavailableError(f"nothing to estimate: {why}", fix="rules cost nothing")
    rubric = open_rubric(request.rubric or settings.grading.rubric, project)
    redactor = Redactor(settings.redaction, project.secret())
    room = Room(request.limit)
    taken = [
        item.transcript
        for source in open_sources(project, settings, request, notice)
        for item in pull(redactor, settings, source, request, after=None, now=datetime.now(UTC), room=room)
        if isinstance(item, Taken)
    ]
    return estimate(taken, rubric, llm, prompt_folder=project.path("prompts"))
