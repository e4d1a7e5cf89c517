"""What the rules see in one conversation, and what they would see with other figures."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from clearbar.errors import LabelError, UsageError
from clearbar.grading.rules import Explanation, Fitted, RulesGrader, fit, load_lexicon, refit
from clearbar.labelled import resolve
from clearbar.labels_file import read_labels
from clearbar.pipeline.cascading import labelled_transcripts
from clearbar.pipeline.intake import Dropped, Room, Taken, open_sources, pull, redact_all
from clearbar.pipeline.labelled_set import LABELS
from clearbar.pipeline.request import AuditRequest
from clearbar.pipeline.workspace import open_store, open_workspace
from clearbar.project import Project
from clearbar.redact import Redactor
from clearbar.rubric_file import open_rubric, rubric_path
from clearbar.rubric_text import rewrite
from clearbar.settings import Settings
from clearbar.transcript import RedactedTranscript

__all__ = ["explain_conversation", "fit_rules"]


def explain_conversation(
    project: Project, settings: Settings, asked: str, *, sources: Sequence[str], rubric: str | None, notice: Callable[[str], None]
) -> tuple[RedactedTranscript, Explanation]:
    """Return a conversation, and what the rules measure and decide in it.

    Parameters
    ----------
    project, settings
        Where files lie.
    asked
        The conversation's id.
    sources
        Where to look for it; the project's default sources where empty.
    rubric
        Name or path.
    notice
        Called with lines that a person should see.

    Raises
    ------
    UsageError
        If there is no such conversation.
    """
    grader = RulesGrader(open_rubric(rubric or settings.grading.rubric, project), load_lexicon(project.path("rubrics/lexicon")))
    for item in redact_all(project, settings, AuditRequest(sources=tuple(sources)), notice=notice):
        if not isinstance(item, Dropped) and item.id == asked:
            return item, grader.explain(item)
    raise UsageError(
        f"there is no conversation {asked!r} in {', '.join(sources or settings.default_sources)}", fix="name its file with --source"
    )


def fit_rules(
    project: Project,
    settings: Settings,
    *,
    labels: Sequence[str],
    transcripts: Sequence[str],
    rubric: str | None,
    out: Path | None = None,
    notice: Callable[[str], None],
) -> tuple[Fitted, ...]:
    """Return the rules' named figures and points, refitted on labels; by default on the development part of the project's own.

    With `out`, the rubric is written there with what does better on parts of the labels that were left out, and with where that is from.

    Raises
    ------
    LabelError
        If no label belongs to a conversation that was read.
    """
    with open_workspace(project, settings, rubric=rubric, grader="rules", store=open_store(project, settings), notice=notice) as space:
        found, _ = read_labels(list(labels) or [project.path(LABELS)], notice)
        resolved = resolve(found, space.rubric)
        if labels:
            talks = list(_read(project, settings, space.redactor, tuple(transcripts or labels), notice))
        else:
            talks = labelled_transcripts(space, "dev")
        talks = [talk for talk in talks if talk.id in resolved.rulings]
        if not talks:
            raise LabelError("no label belongs to a conversation that was read", fix="name the conversations with --transcripts")
        levels = [{id: ruling.level for id, ruling in resolved.rulings[talk.id].items()} for talk in talks]
        fitted = fit(space.rubric, space.lexicon, talks, levels)
        if out is not None:
            channels = ", ".join(sorted({talk.channel or "no channel" for talk in talks}))
            changed = refit(space.rubric, fitted, f"fitted on {len(talks)} conversations ({channels}), {datetime.now(UTC):%Y-%m-%d}")
            text = rubric_path(rubric or settings.grading.rubric, project).read_text(encoding="utf-8")
            out.write_text(rewrite(text, space.rubric, changed), encoding="utf-8")
        return fitted


def _read(
    project: Project, settings: Settings, redactor: Redactor, sources: tuple[str, ...], notice: Callable[[str], None]
) -> list[RedactedTranscript]:
    request = AuditRequest(sources=sources)
    return [
        item.transcript
        for source in open_sources(project, settings, request, notice)
        for item in pull(redactor, settings, source, request, after=None, now=datetime.now(UTC), room=Room(None))
        if isinstance(item, Taken)
    ]
