"""Reports of a period from the store: every conversation of the sources asked for, whichever run graded it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from clearbar.articles import articles_for
from clearbar.audit import assemble
from clearbar.corrections import Corrections
from clearbar.errors import Rejection, UsageError
from clearbar.estimates import Estimates, estimate
from clearbar.labelled import resolve
from clearbar.model import Model
from clearbar.pipeline.checking import Measured
from clearbar.pipeline.request import Moment, Team, check_period
from clearbar.pipeline.workspace import open_store
from clearbar.project import Project
from clearbar.publish import Published, publish
from clearbar.report import (
    Period,
    PullCounts,
    ReportItem,
    RunFacts,
    TeamReport,
    build_report,
    raw_estimates,
    summary_markdown,
    write_reports,
)
from clearbar.report.estimated import differences_of, team_estimates_of
from clearbar.report.words import score_words, share_words
from clearbar.rubric import Rubric
from clearbar.rubric_file import open_rubric
from clearbar.settings import Settings
from clearbar.store import Outcome, Run, Store, StoredAudit, grading_hash
from clearbar.store import Published as StoredReport
from clearbar.transcript import Conversation, RedactedTranscript
from clearbar.verdict import UNGRADED, Audit

__all__ = ["ReportRequest", "Reports", "TeamSummary", "graded_items", "make_reports", "run_report"]

FIELDS = tuple(name for name in Conversation.model_fields if name != "turns")
Key = tuple[str, str]
"""Source fingerprint and id."""


class ReportRequest(Model):
    """Which conversations are reported, and where."""

    sources: tuple[str, ...] = ()
    """Fingerprints; all by default."""
    since: Moment | None = None
    until: Moment | None = None
    team: Team = None
    asked: str | None = None
    """Only audits for which this grader was asked first: rules, llm, cascade."""
    beside: str | None = None
    """Audits for which this grader was asked stand where the one above has none of a conversation: of a night when it was down."""
    rubric: str | None = None
    out: Path | None = None
    pdf: bool = False
    parquet: bool = False
    publish: bool = False
    """Put a copy where the settings say, and tell those who asked."""


class TeamSummary(Model):
    """A team's report in a few words, with neither names nor quotes."""

    team: str | None
    slug: str
    conversations: int
    score: str
    """Mean, in words: `too few to say` where it is."""
    clears: str
    """Share above the lowest band, likewise."""
    weakest: tuple[str, ...]
    """Names of the weakest criteria, the weakest first."""
    provisional: int
    """Auto-fails that nobody has confirmed."""
    page: str
    summary: str
    """Markdown."""


class Reports(Model):
    """Reports that were written."""

    folder: str
    index: str | None
    teams: tuple[TeamSummary, ...]
    verdicts: dict[str, int]
    """By who gave them: llm, rules, human, ungraded."""
    conversations: int
    published: Published | None = None
    """What publishing came to, where it was asked for."""


def run_report(project: Project, settings: Settings, request: ReportRequest) -> Reports:
    """Make reports from what the store holds; nothing is pulled or graded.

    Raises
    ------
    UsageError
        If the store holds no conversation that was asked for.
    """
    check_period(request.since, request.until)
    rubric = open_rubric(request.rubric or settings.grading.rubric, project)
    with open_store(project, settings) as store:
        made = make_reports(project, settings, store, rubric, request, items=graded_items(store, rubric, request))
    if not made.teams:
        raise UsageError("the store holds no graded conversation of that kind", fix="grade some first: clearbar audit")
    return made


def make_reports(
    project: Project,
    settings: Settings,
    store: Store,
    rubric: Rubric,
    request: ReportRequest,
    *,
    items: Sequence[ReportItem],
    run: Run | None = None,
    why_rules: str | None = None,
    measured: Sequence[Measured] = (),
) -> Reports:
    """Write the reports of all teams and the page over them.

    Parameters
    ----------
    project, settings, store, rubric
        What to work with.
    request
        Which conversations, and where to.
    items
        Those conversations, as `graded_items` gives them.
    run
        The pull behind them, for its counts.
    why_rules
        Why rules graded although an LLM may be wanted.
    measured
        How far the graders agree with labels.
    """
    folder = (request.out or project.state / "reports").expanduser().absolute()  # erasure finds it wherever it is run
    if not items:
        return Reports(folder=str(folder), index=None, teams=(), verdicts={}, conversations=0)
    articles = articles_for(request.rubric or settings.grading.rubric, project)
    period = Period(since=request.since, until=request.until)
    facts = _facts(store, run, why_rules)
    names = _names(store, items) if settings.report.agents == "name" else {}
    found = _estimates(store, rubric, items, measured, widest=2 * settings.report.precision)
    agreements = [one.agreements for one in measured]
    by_team: dict[str | None, list[ReportItem]] = {}
    for item in items:
        by_team.setdefault(item.transcript.team, []).append(item)
    reports = []
    for team, own in by_team.items():
        plain = raw_estimates(own, rubric, settings.report)
        report = build_report(
            own,
            rubric,
            articles,
            period=period,
            team=team,
            settings=settings.report,
            measured=agreements,
            estimates=plain if team is None else team_estimates_of(found, team, plain),
            run=facts,
            agent_names=names,
        )
        reports.append(report)
    slugs = {report.team: report.slug for report in reports if report.team is not None and not report.small}
    differences = differences_of(found, slugs)
    written = write_reports(reports, folder, differences=differences, pdf=request.pdf, parquet=request.parquet)
    shown = {report.slug: by_team[report.team] for report in reports}
    rejected = _rejected(store, run)
    _register(store, [path.as_posix() for path in written], shown, rejected, request)
    published = None
    if request.publish:
        published = publish(reports, settings.publish, differences=differences)
        _register(store, published.places, shown, rejected, request)
    return Reports(
        folder=str(folder),
        index=str(written[0]),
        teams=tuple(_summary(report, folder) for report in reports),
        verdicts=_verdicts([item.audit for item in items]),
        conversations=len(items),
        published=published,
    )


def graded_items(store: Store, rubric: Rubric, request: ReportRequest) -> list[ReportItem]:
    """Return the latest audit of each conversation that was asked for, with what reviewers corrected, scored as the rubric says now."""
    corrections = Corrections.load(store, rubric)
    items = []
    for item in _stored(store, rubric, request):
        transcript = _transcript(item)
        items.append(ReportItem(transcript=transcript, audit=assemble(transcript, rubric, corrections.apply(item), item.usage)))
    return sorted(items, key=lambda item: (item.transcript.team or "", item.transcript.source, item.transcript.id))


def _stored(store: Store, rubric: Rubric, request: ReportRequest) -> Iterable[StoredAudit]:
    """Return the audits of the grader that was asked for, and those beside them; of another text than theirs, the later audit counts."""

    def asked_of(grader: str | None) -> Iterator[StoredAudit]:
        return store.audits(
            since=request.since,
            until=request.until,
            teams=(request.team,) if request.team else (),
            sources=request.sources,
            grading=grading_hash(rubric),
            asked=grader,
            turns=True,
        )

    if request.beside is None:
        return asked_of(request.asked)
    found = {(item.conversation.source, item.conversation.id): item for item in asked_of(request.asked)}
    for item in asked_of(request.beside):
        there = found.setdefault((item.conversation.source, item.conversation.id), item)
        if there.conversation.text_hash != item.conversation.text_hash and there.made_at < item.made_at:
            found[item.conversation.source, item.conversation.id] = item
    return found.values()


def _transcript(item: StoredAudit) -> RedactedTranscript:
    found = item.conversation
    return RedactedTranscript(
        **{name: getattr(found, name) for name in FIELDS}, turns=found.turns, text_hash=found.text_hash, redactions=dict(found.redactions)
    )


def _estimates(store: Store, rubric: Rubric, items: Sequence[ReportItem], measured: Sequence[Measured], *, widest: float) -> Estimates:
    """Return all teams' figures, corrected where reviews of their own conversations, or comparable labels, justify it.

    The check that counts is that of the grader which gave most verdicts.
    """
    audits = [item.audit for item in items]
    given = Counter(verdict.graded_by for audit in audits for verdict in audit.verdicts)
    known = sorted(measured, key=lambda one: given[one.graded_by])
    return estimate(
        audits, rubric, checked=known[-1].checked.result if known else None, reviews=resolve(store.labels(), rubric), widest=widest
    )


def _names(store: Store, items: Sequence[ReportItem]) -> dict[str, str]:
    """Reveal the agents' names; each is an entry in the audit trail."""
    pseudonyms = sorted({agent for item in items for agent in item.transcript.agents})
    shown = {one: store.reveal_agent(one, who="report", why="settings show agents by name") for one in pseudonyms}
    return {one: name for one, name in shown.items() if name}


def _facts(store: Store, run: Run | None, why_rules: str | None) -> RunFacts:
    if run is None:
        return RunFacts(why_rules=why_rules)
    counts = run.counts
    filtered: Counter[str] = Counter()
    rejections = []
    for item in store.items(run.id):
        if item.outcome is Outcome.FILTERED:
            filtered[item.why] += 1
        elif item.outcome is Outcome.REJECTED:
            rejections.append(Rejection(where=item.place, reason=item.why, id=item.id))
    shown = PullCounts(
        pulled=counts.pulled,
        graded=counts.graded + counts.reused,
        ungraded=counts.ungraded,
        duplicate=counts.duplicate,
        filtered=counts.filtered,
        rejected=counts.rejected,
    )
    return RunFacts(counts=shown, filtered=dict(filtered), rejections=tuple(rejections), why_rules=why_rules)


def _rejected(store: Store, run: Run | None) -> list[Key]:
    """Return the rejected records that reports list by id."""
    found = store.items(run.id) if run else ()
    return [(item.source, item.id) for item in found if item.outcome is Outcome.REJECTED and item.id]


def _register(
    store: Store,
    places: Sequence[str],
    shown: Mapping[str, Sequence[ReportItem]],
    listed: Sequence[tuple[str, str]],
    request: ReportRequest,
) -> None:
    """Remember which conversations these files hold, so that erasure finds them.

    The files of a team, in the folder of its slug, hold its own; the page over all teams holds none but those that could not be used.
    """
    keys = {slug: [(item.transcript.source, item.transcript.id) for item in items] for slug, items in shown.items()}
    teams = {slug: items[0].transcript.team for slug, items in shown.items()}
    moment = datetime.now(UTC)
    for place in places:
        slug = place.rsplit("/", 2)[-2]
        page = StoredReport(path=place, since=request.since, until=request.until, team=teams.get(slug), made_at=moment)
        store.add_report(page, [*keys.get(slug, ()), *listed])


def _summary(report: TeamReport, folder: Path) -> TeamSummary:
    return TeamSummary(
        team=report.team,
        slug=report.slug,
        conversations=report.conversations,
        score=score_words(report.score),
        clears=share_words(report.clears),
        weakest=() if report.small else tuple(item.name for item in report.coaching),
        provisional=report.provisional,
        page=str(folder / report.slug / "index.html"),
        summary=summary_markdown(report),
    )


def _verdicts(audits: Sequence[Audit]) -> dict[str, int]:
    given = Counter("ungraded" if verdict.level == UNGRADED else verdict.graded_by.value for audit in audits for verdict in audit.verdicts)
    return {name: given[name] for name in ("llm", "rules", "human", "ungraded")}
