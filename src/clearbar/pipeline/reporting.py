"""Reports of a period from the store: every conversation of the sources asked for, whichever run graded it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from clearbar.articles import articles_for
from clearbar.check import CheckResult
from clearbar.errors import ErasedError, UsageError
from clearbar.estimates import Estimates, Graded
from clearbar.model import Model
from clearbar.pipeline.before import changes_by_team
from clearbar.pipeline.checking import Measured
from clearbar.pipeline.coached import steps_by_team
from clearbar.pipeline.editions import History, hold_folder, keep_edition
from clearbar.pipeline.pages import Pages
from clearbar.pipeline.request import check_period
from clearbar.pipeline.run_facts import facts_of, listed_records
from clearbar.pipeline.selection import GradedItems, ReportRequest, as_graded, graded_items, reviews_of
from clearbar.pipeline.standing import Standing, wording
from clearbar.pipeline.workspace import open_store
from clearbar.project import Project
from clearbar.publish import Published, publish
from clearbar.report import (
    Context,
    Difference,
    Gathering,
    Period,
    PeriodBefore,
    Step,
    TeamEstimates,
    TeamReport,
    compose_report,
    summary_markdown,
    write_reports,
)
from clearbar.report.estimated import differences_of, team_estimates_of
from clearbar.report.words import score_words, share_words, since_before, team_slug
from clearbar.rubric import Rubric
from clearbar.rubric_file import open_rubric
from clearbar.settings import Settings
from clearbar.store import Edition, Run, Store
from clearbar.verdict import GradedBy

__all__ = ["ReportRequest", "Reports", "TeamSummary", "graded_items", "make_reports", "run_report"]

Key = tuple[str, str]
"""Source fingerprint and id."""


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
    before: str
    """How the share moved against the period before, and what of it is the grader's; empty where nothing is known."""
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
            dated = bool(request.since or request.until) and bool(store.teams())
            fix = "name another one, or grade it: clearbar audit" if dated or store.teams() else "grade some first: clearbar audit"
            raise UsageError(_none_of(store, request.team, dated=dated), fix=fix)
    return made


def _none_of(store: Store, team: str | None, *, dated: bool) -> str:
    teams = store.teams()
    if team is None or team in teams or not teams:
        of_team = "" if team is None else f" of team {team!r}"
        return f"the store holds no conversation{of_team} that was graded by this rubric{' in that period' if dated else ''}"
    return f"the store holds no conversation of team {team!r}; there is: {', '.join(map(repr, teams))}"


@dataclass
class _Gathered:
    """What one pass over the conversations left: nothing that grows with their texts."""

    teams: dict[str | None, Gathering] = field(default_factory=dict)
    verdicts: Counter[GradedBy] = field(default_factory=Counter)
    """As graded, by who gave them."""
    standings: dict[str | None, Standing] = field(default_factory=dict)
    """As graded, for the comparison with the period before."""

    @property
    def agents(self) -> list[str]:
        """All agents, in alphabetical order."""
        return sorted({agent for one in self.teams.values() for agent in one.agents.all})


@dataclass(frozen=True)
class _Job:
    """Reports that are to be made, with all that it takes; see `make_reports`."""

    project: Project
    settings: Settings
    store: Store
    rubric: Rubric
    request: ReportRequest
    items: GradedItems
    run: Run | None
    why_rules: str | None
    measured: Sequence[Measured]
    who: str

    def make(self, history: History, seen: int, anew: Edition | None) -> Reports | None:
        """Read, compose and write; null where nothing is left to report on.

        Parameters
        ----------
        history
            What came before in the folder.
        seen
            How many erasures there were before anything was read.
        anew
            What is to be made anew.

        Raises
        ------
        ErasedError
            If a conversation was erased meanwhile; nothing is left of what was written.
        """
        self.items.refresh()
        graded = Graded(self.rubric, reviews=reviews_of(self.items, self.store, self.rubric))
        gathered = _gather(self.items, self.rubric, self.settings, graded)
        if not gathered.teams:
            return None
        shown = {team_slug(team): (team, one.keys) for team, one in gathered.teams.items()}
        before = history.before if anew else self._before(gathered)
        found = graded.estimate(checked=_checked(self.measured, gathered), widest=2 * self.settings.report.precision)
        figures = {team_slug(team): _figures(team, one, found) for team, one in gathered.teams.items()}
        history.compare({slug: keys for slug, (_, keys) in shown.items()}, figures, who=self.who)
        reports = self._composed(gathered, figures, history, before)
        pages = Pages(self.store, self.request, history, seen, shown, listed_records(self.store, self.run))
        made = _put_out(self.settings, self.request, reports, pages, folder=history.folder, differences=_differences(found, reports))
        self._keep(history, None if made.published and made.published.faults else pages.places, before)
        return made

    def _before(self, gathered: _Gathered) -> dict[str, PeriodBefore]:
        return changes_by_team(self.store, self.rubric, self.settings.report, self.request, self.items, gathered.standings)

    def _composed(
        self, gathered: _Gathered, figures: Mapping[str, TeamEstimates], history: History, before: Mapping[str, PeriodBefore]
    ) -> list[TeamReport]:
        asked, settings = self.request, self.settings.report
        context = Context(
            self.rubric,
            articles_for(asked.rubric or self.settings.grading.rubric, self.project),
            Period(since=asked.since, until=asked.until),
            settings,
            tuple(one.agreements for one in self.measured),
            facts_of(self.store, self.rubric, self.run, self.why_rules),
            _names(self.store, gathered.agents) if settings.agents == "name" else {},
        )
        steps = steps_by_team(self.store, self.rubric, settings, since=asked.since, until=asked.until, asked=asked.asked)
        return [_composed(team, one, context, figures, history, steps, before) for team, one in gathered.teams.items()]

    def _keep(self, history: History, pages: Sequence[str] | None, before: Mapping[str, PeriodBefore]) -> None:
        keep_edition(
            self.store,
            history,
            self.request,
            pages=pages,
            rubric=self.rubric,
            run=self.run,
            why_rules=self.why_rules,
            measured=self.measured,
            before=before,
        )


def make_reports(
    project: Project,
    settings: Settings,
    store: Store,
    rubric: Rubric,
    request: ReportRequest,
    *,
    items: GradedItems,
    run: Run | None = None,
    why_rules: str | None = None,
    measured: Sequence[Measured] = (),
    who: str = "report",
    anew: Edition | None = None,
) -> Reports:
    """Write the reports of all teams and the page over them.

    Where they replace reports of the same conversations in which people corrected something since, the pages say so. Where a conversation
    is erased while they are being written, they are written again without it.

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
    who
        For the audit trail.
    anew
        What is to be made anew; nothing is made where another report has taken its place meanwhile.
    """
    folder = (request.out or project.state / "reports").expanduser().absolute()  # erasure finds it wherever it is run
    nothing = Reports(folder=str(folder), index=None, teams=(), verdicts={}, conversations=0)
    if not items:
        return nothing
    job = _Job(project, settings, store, rubric, request, items, run, why_rules, measured, who)
    with hold_folder(project, folder):
        while True:
            seen, history = store.erasures(), History(store, folder)
            if anew is not None and anew != history.edition:
                return nothing
            with suppress(ErasedError):
                return job.make(history, seen, anew) or nothing


def _gather(items: GradedItems, rubric: Rubric, settings: Settings, graded: Graded) -> _Gathered:
    """Read all conversations once, for the reports and for the estimates, which rest on what graders said before people corrected it."""
    gathered = _Gathered()
    made_at = {(ref.source, ref.id): ref.made_at for ref in items.refs}
    words = wording(rubric)
    for item in items:
        team = item.transcript.team
        if team not in gathered.teams:
            gathered.teams[team] = Gathering(rubric, settings.report)
            gathered.standings[team] = Standing(rubric)
        gathered.teams[team].add(item)
        machine = as_graded(item)
        graded.add(machine)
        gathered.standings[team].add(machine.verdicts, machine, words, made_at[item.transcript.source, item.transcript.id])
        gathered.verdicts.update(verdict.graded_by for verdict in machine.verdicts)
    return gathered


def _checked(measured: Sequence[Measured], gathered: _Gathered) -> CheckResult | None:
    """Return the check of the grader that gave most verdicts."""
    known = sorted(measured, key=lambda one: gathered.verdicts[one.graded_by])
    return known[-1].checked.result if known else None


def _composed(  # noqa: PLR0917 - what a report is made of
    team: str | None,
    gathered: Gathering,
    context: Context,
    figures: Mapping[str, TeamEstimates],
    history: History,
    steps: Mapping[str | None, Sequence[Step]],
    before: Mapping[str, PeriodBefore],
) -> TeamReport:
    return compose_report(
        gathered,
        context,
        team=team,
        estimates=figures[team_slug(team)],
        revisions=history.revisions(team_slug(team)),
        steps=steps.get(team, ()),
        before=before.get(team_slug(team)),
    )


def _figures(team: str | None, gathered: Gathering, found: Estimates) -> TeamEstimates:
    plain = gathered.estimates()
    return plain if team is None else team_estimates_of(found, team, plain)


def _differences(found: Estimates, reports: Sequence[TeamReport]) -> tuple[Difference, ...]:
    return differences_of(found, {report.team: report.slug for report in reports if report.team is not None and not report.small})


def _put_out(
    settings: Settings,
    request: ReportRequest,
    reports: Sequence[TeamReport],
    pages: Pages,
    *,
    folder: Path,
    differences: Sequence[Difference],
) -> Reports:
    """Write the files, register them and, where it was asked for, put copies where others look."""
    formats = {"pdf": request.pdf or settings.report.pdf, "parquet": request.parquet or settings.report.parquet}
    written = write_reports(reports, folder, differences=differences, register=pages, **formats)
    pages.register([path.as_posix() for path in written])
    published = None
    if request.publish:
        published = publish(reports, settings.publish, differences=differences, register=pages)
        pages.register(published.places)
    counted = sum((Counter({tally.id: tally.count for tally in report.by_verdict}) for report in reports), Counter[str]())
    return Reports(
        folder=str(folder),
        index=str(written[0]),
        teams=tuple(_summary(report, folder) for report in reports),
        verdicts={name: counted[name] for name in ("llm", "rules", "human", "ungraded")},
        conversations=sum(report.conversations for report in reports),
        published=published,
    )


def _names(store: Store, agents: Sequence[str]) -> dict[str, str]:
    """Reveal the agents' names; each is an entry in the audit trail."""
    shown = {one: store.reveal_agent(one, who="report", why="settings show agents by name") for one in agents}
    return {one: name for one, name in shown.items() if name}


def _summary(report: TeamReport, folder: Path) -> TeamSummary:
    return TeamSummary(
        team=report.team,
        slug=report.slug,
        conversations=report.conversations,
        score=score_words(report.score),
        clears=share_words(report.clears),
        weakest=() if report.small else tuple(item.name for item in report.coaching),
        provisional=report.provisional,
        before=since_before(report.before),
        page=str(folder / report.slug / "index.html"),
        summary=summary_markdown(report),
    )
