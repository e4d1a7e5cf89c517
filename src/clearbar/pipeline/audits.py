"""What `clearbar audit` and the flow do: the audit, the sample for review and the reports, and one result that tells of all."""

from collections.abc import Callable, Collection
from contextlib import ExitStack
from datetime import UTC, datetime

from clearbar.model import Model
from clearbar.pipeline.checking import hand_over, measured
from clearbar.pipeline.regrading import Regraded, regrade_left
from clearbar.pipeline.reporting import ReportRequest, Reports, TeamSummary, graded_items, make_reports
from clearbar.pipeline.request import AuditRequest, check_period
from clearbar.pipeline.rubric_desk import put_in_force
from clearbar.pipeline.run import Listed, Pulled, audit_conversations
from clearbar.pipeline.selecting import sample_for_review
from clearbar.pipeline.steps import WATCH, Steps, Threads
from clearbar.pipeline.workspace import Workspace, open_store, open_workspace, with_choices
from clearbar.project import Project
from clearbar.publish import Published
from clearbar.settings import Settings
from clearbar.store import Counts, Store
from clearbar.verdict import Usage

__all__ = ["AuditResult", "run_audit"]


class AuditResult(Model):
    """What an audit did. Holds no agent's name, no quote and no secret, so that it may be shown anywhere."""

    run: str
    grader: str
    """Which grader was asked first."""
    rubric: str
    """Name, version and hash."""
    counts: Counts
    """They close: every record that was pulled is one of them."""
    pulled: int
    verdicts: dict[str, int]
    """Verdicts in the reports by who gave them: llm, rules, human, ungraded."""
    why_rules: str | None
    """Why rules graded although an LLM may be wanted."""
    fallbacks: dict[str, int]
    """Conversations that the LLM could not grade, by reason."""
    excluded: dict[str, int] = {}
    """By rule of the reviewers' room, conversations that nobody should grade; they are among those that were filtered."""
    listed: tuple[Listed, ...]
    """Records that a person should look at."""
    usage: Usage
    """What the calls of this run consumed."""
    models: dict[str, int] = {}
    """How many replies of this run each model gave, by the name and system fingerprint that the server returned."""
    repointed: str | None = None
    """That replies come from another model than earlier ones did under the same name, where they do."""
    regraded: Regraded = Regraded()
    """Conversations of earlier runs that had been left to the rules, where they were to be picked up."""
    failed: int
    """Conversations in this run with a criterion whose grading failed."""
    sampled: int
    """Conversations drawn for review."""
    teams: tuple[TeamSummary, ...]
    reports: str
    """Folder of the reports."""
    index: str | None
    """The page over all teams."""
    published: Published | None
    """What publishing came to, where it was asked for."""

    @property
    def exit_code(self) -> int:
        """0 done · 1 records were rejected or grading failed · 2 nothing usable."""
        usable = self.counts.graded + self.counts.reused + self.counts.ungraded + self.counts.filtered + self.counts.duplicate
        if not usable:
            return 2
        return 1 if self.counts.rejected or self.failed else 0


def run_audit(
    project: Project,
    settings: Settings,
    request: AuditRequest,
    *,
    notice: Callable[[str], None],
    steps: Steps | None = None,
    now: datetime | None = None,
) -> AuditResult:
    """Pull, redact, grade, store, sample and report.

    Parameters
    ----------
    project, settings
        Where files lie, and how to work.
    request
        What is asked for.
    notice
        Called with lines that a person should see.
    steps
        Carries out the batches; threads of this process by default.
    now
        The moment of the run.

    Raises
    ------
    ClearbarError
        If a source, the rubric, the store or the demanded grader cannot be used at all.
    """
    check_period(request.since, request.until)
    settings = with_choices(settings, votes=request.votes, calls=request.calls)
    moment = now or datetime.now(UTC)
    with ExitStack() as stack:
        store = open_store(project, settings)
        for due in put_in_force(project, store, now=moment):
            notice(due.says)
        space = stack.enter_context(_open(project, settings, request, store, notice))
        work = steps or stack.enter_context(Threads(at_once=1 if space.llm is None else 4))
        space = hand_over(space)
        before = _models_before(space, store)
        pulled = audit_conversations(space, request, steps=work, notice=notice, now=moment)
        regraded = regrade_left(space, store, pulled.sources) if request.regrade else Regraded()
        if unanswered := _unanswered(space, {**pulled.fallbacks, **regraded.fallbacks}):
            notice(unanswered)
        if repointed := _repointed(space, before):
            notice(repointed)
        reports, sampled = _report_and_sample(space, store, request, pulled, notice)
        found = _result(space, pulled, reports, sampled)
        return found.model_copy(update={"regraded": regraded, "repointed": repointed, "usage": pulled.spent + regraded.spent})


def _open(project: Project, settings: Settings, request: AuditRequest, store: Store, notice: Callable[[str], None]) -> Workspace:
    return open_workspace(
        project,
        settings,
        rubric=request.rubric,
        grader=request.grader,
        model=request.model,
        store=store,
        mode=request.mode,
        notice=notice,
    )


def _report_and_sample(
    space: Workspace, store: Store, request: AuditRequest, pulled: Pulled, notice: Callable[[str], None]
) -> tuple[Reports, int]:
    """Make the reports, draw conversations for review from what they show, and return how many were drawn."""
    WATCH.get()("reports", 0)
    asked = _report_request(space, request, pulled)
    known = measured(space, notice=notice)
    items = graded_items(store, space.rubric, asked)
    reports = make_reports(
        space.project, space.settings, store, space.rubric, asked, items=items, run=pulled.run, why_rules=space.why_rules, measured=known
    )
    number = space.settings.review.sample if request.review is None else request.review
    return reports, sample_for_review(space, store, pulled.run, items, number)


def _report_request(space: Workspace, request: AuditRequest, pulled: Pulled) -> ReportRequest:
    automatic = (request.grader or space.settings.grading.grader) == "auto"
    # Where an LLM is set up and does not answer, its grades of other days still stand, with the rules' beside them.
    asked_first = "llm" if automatic and space.settings.llm.model else space.asked
    return ReportRequest(
        sources=pulled.sources,
        since=request.report_since or request.since,
        until=request.until,
        team=request.team,
        rubric=request.rubric,
        out=request.out,
        asked=asked_first,
        beside="rules" if asked_first == "llm" and automatic else None,
        publish=request.publish,
    )


def _models_before(space: Workspace, store: Store) -> frozenset[str]:
    """Return the names under which a server has answered this grader in earlier runs."""
    return frozenset() if space.llm is None else frozenset(filter(None, store.ledger.models(space.llm.fingerprint)))


def _unanswered(space: Workspace, fallbacks: Collection[str]) -> str | None:
    """Say what became of calls that brought no reply, where conversations went by rules for it."""
    if space.llm is None or not fallbacks or not space.llm.faults:
        return None
    return f"calls to the LLM that brought no reply: {', '.join(f'{count} × {what}' for what, count in space.llm.faults.items())}"


def _repointed(space: Workspace, before: Collection[str]) -> str | None:
    """Say that the server answers under another name than before, or under several: an alias was pointed at another model."""
    now = space.llm.model_names if space.llm else frozenset()
    if now <= set(before) or (not before and len(now) == 1):
        return None
    earlier = f", earlier as {', '.join(sorted(before))}" if before else " in one run"
    return f"the LLM now answers as {', '.join(sorted(now))}{earlier}: check it again (clearbar check)"


def _result(space: Workspace, pulled: Pulled, reports: Reports, sampled: int) -> AuditResult:
    return AuditResult(
        run=pulled.run.id,
        grader=space.asked,
        rubric=f"{space.rubric.name} {space.rubric.version} ({space.rubric.full_hash[:12]})",
        counts=pulled.counts,
        pulled=pulled.counts.pulled,
        verdicts=reports.verdicts,
        why_rules=space.why_rules,
        fallbacks=pulled.fallbacks,
        excluded=pulled.excluded,
        listed=tuple(pulled.listed),
        usage=pulled.spent,
        models=dict(space.llm.models) if space.llm else {},
        failed=pulled.failed,
        sampled=sampled,
        teams=reports.teams,
        reports=reports.folder,
        index=reports.index,
        published=reports.published,
    )
