"""The nightly run: what is new in every source, a check of the grader, reports, publication, retention."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeVar

from pydantic import Field

from clearbar.drift import Drift
from clearbar.errors import ClearbarError
from clearbar.model import Model
from clearbar.pipeline.anchors import watch_anchors
from clearbar.pipeline.audits import AuditResult, run_audit
from clearbar.pipeline.checking import Checked, CheckRequest, run_check
from clearbar.pipeline.erasure import apply_retention
from clearbar.pipeline.request import AuditRequest, Sources
from clearbar.pipeline.restating import restate
from clearbar.pipeline.rubric_desk import put_in_force
from clearbar.pipeline.steps import Steps
from clearbar.pipeline.workspace import open_store, open_workspace, with_choices
from clearbar.plural import plural
from clearbar.project import Project
from clearbar.settings import Settings

__all__ = ["Alarm", "NightlyRequest", "NightlyResult", "run_nightly"]

T = TypeVar("T")


class NightlyRequest(Model):
    """What is done every night."""

    sources: Sources = ()
    """Names in the settings, paths or URLs without secrets; the settings' default sources where empty."""
    grader: Literal["auto", "rules", "llm", "cascade"] | None = None
    """Who is asked first, as in an audit; that of the settings by default."""
    model: str | None = None
    """The LLM; that of the settings by default."""
    votes: int | None = Field(default=None, ge=1, le=25)
    """Grades that the LLM gives each conversation, of which the majority holds; the setting by default."""
    calls: Literal["all", "groups", "each"] | None = None
    """Criteria that one call asks about: all, those of a section, or each alone; the setting by default."""
    rubric: str | None = None
    map: tuple[str, ...] = ()
    """`field=path` pairs."""
    limit: int | None = Field(default=None, ge=1)
    """Take so many new conversations at most; the next night takes the rest."""
    regrade: bool = True
    """Whether the LLM is asked again about conversations that rules had to grade in other nights, because it was away or its budget was
    spent; after what is new, and within the budget."""
    report_days: int | None = Field(default=None, ge=1)
    """Report the conversations of so many days up to now; all where empty."""
    review: int | None = Field(default=None, ge=0)
    mode: Literal["calls", "batch"] = "calls"
    check: bool = True
    """Whether the grader is checked against the labelled set."""


class Alarm(Model):
    """Something that a lead should know in the morning."""

    about: str
    """A criterion's id, or `run`."""
    says: str


class NightlyResult(Model):
    """What a night brought."""

    audit: AuditResult
    checked: dict[str, str]
    """Decision of each criterion: go, no_go, too_few; empty where nothing was checked."""
    drift: Drift | None
    """What the anchors say of the grader; null where none are watched."""
    before: dict[str, str] = {}
    """By team, where a period is reported: how the share that clears the bar moved, and what of it is the grader's."""
    alarms: tuple[Alarm, ...]

    @property
    def exit_code(self) -> int:
        """As the audit's."""
        return self.audit.exit_code


def run_nightly(
    project: Project,
    settings: Settings,
    request: NightlyRequest,
    *,
    notice: Callable[[str], None],
    steps: Steps | None = None,
    now: datetime | None = None,
) -> NightlyResult:
    """Audit what is new, check, report, publish, restate what people corrected, and remove what has been kept long enough.

    Checking an LLM costs calls for the labelled set in the first night with it, and nothing after that: its grades are kept.
    A grader that is not trusted on a criterion stops nothing: its reports say so. A check, a watch over anchors or a publication
    that fails is an alarm, and the reports stay in the project's folder.
    """
    now = now or datetime.now(UTC)
    settings = with_choices(settings, votes=request.votes, calls=request.calls)
    troubles: list[Alarm] = []
    with open_store(project, settings) as store:  # before the check, so that check and audit go by one rubric
        troubles += [Alarm(about="run", says=due.says) for due in put_in_force(project, store, now=now) if not due.done]
    checked = _or_alarm("check", troubles, lambda: _check(project, settings, request, notice)) if request.check else None
    # before the audit, whose reports say what comes of it
    drift = _or_alarm("anchors", troubles, lambda: _watch(project, settings, request, notice=notice, now=now))
    audit = run_audit(project, settings, _audit_request(request, now), notice=notice, steps=steps, now=now)
    alarms = [*troubles, *_distrust(checked), *_losses(audit)]
    alarms += [Alarm(about=item.criterion, says=drift.why) for item in drift.criteria if item.alarm] if drift else []
    with open_store(project, settings) as store:
        restated = _or_alarm("restating", alarms, lambda: restate(project, settings, store)) or ()
        alarms += [Alarm(about="run", says=one.line()) for one in restated if not one.done and not one.gone]
        _or_alarm("retention", alarms, lambda: apply_retention(project, store, settings))
    decisions = {id: decision.value for id, decision in checked.result.decisions.items()} if checked else {}
    before = {team.slug: team.before for team in audit.teams if team.before}
    return NightlyResult(audit=audit, checked=decisions, drift=drift, before=before, alarms=tuple(alarms))


def _or_alarm(what: str, troubles: list[Alarm], work: Callable[[], T]) -> T | None:
    """Do what the audit does not hang on; where that fails, the night goes on with an alarm."""
    try:
        return work()
    except (ClearbarError, OSError) as error:
        told = error if isinstance(error, ClearbarError) else error.strerror or type(error).__name__
        troubles.append(Alarm(about="run", says=f"{what}: {told}"))
        return None


def _check(project: Project, settings: Settings, request: NightlyRequest, notice: Callable[[str], None]) -> Checked:
    return run_check(project, settings, CheckRequest(grader=request.grader, model=request.model, rubric=request.rubric), notice=notice)


def _watch(project: Project, settings: Settings, request: NightlyRequest, *, notice: Callable[[str], None], now: datetime) -> Drift | None:
    store = open_store(project, settings)
    with open_workspace(
        project, settings, rubric=request.rubric, grader=request.grader, model=request.model, store=store, notice=notice
    ) as space:
        return watch_anchors(space, store, now=now)


def _audit_request(request: NightlyRequest, now: datetime) -> AuditRequest:
    return AuditRequest(
        sources=request.sources,
        map=request.map,
        grader=request.grader,
        model=request.model,
        votes=request.votes,
        calls=request.calls,
        rubric=request.rubric,
        limit=request.limit,
        regrade=request.regrade,
        review=request.review,
        mode=request.mode,
        incremental=True,
        report_since=now - timedelta(days=request.report_days) if request.report_days else None,
        publish=True,
    )


def _distrust(checked: Checked | None) -> list[Alarm]:
    if checked is None:
        return []
    return [
        Alarm(about=id, says=f"{checked.grader} is not trusted on {id}: {item.why}")
        for id, item in checked.result.criteria.items()
        if item.decision.value == "no_go"
    ]


def _losses(audit: AuditResult) -> list[Alarm]:
    alarms = [
        Alarm(about="run", says=f"{plural(number, 'conversation')} fell back to rules: {reason}")
        for reason, number in audit.fallbacks.items()
    ]
    alarms += [Alarm(about="run", says=audit.repointed)] if audit.repointed else []
    again = audit.regraded
    if again.left > again.regraded:
        says = (
            f"{plural(again.left - again.regraded, 'conversation')} of other nights still left to the rules, {again.regraded} not any more"
        )
        alarms.append(Alarm(about="run", says=says))
    alarms += [Alarm(about="run", says=f"publishing: {fault}") for fault in (audit.published.faults if audit.published else ())]
    if audit.counts.rejected:
        alarms.append(Alarm(about="run", says=f"{plural(audit.counts.rejected, 'record')} could not be used"))
    return alarms
