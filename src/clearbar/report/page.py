"""A report as one self-contained HTML page: no script, no outside request, works from a mail attachment and on paper."""

import re
from functools import cache
from importlib.resources import files
from typing import Any

from clearbar.plural import plural
from clearbar.report.caveats import held_back_words, index_warnings, quality_lines, reading_lines, warnings
from clearbar.report.charts import band_segments, criterion_segments, grader_segments, span
from clearbar.report.inputs import ALL_OTHERS, Agreement, Change, Estimate
from clearbar.report.model import Citation, CriterionReport, IndexReport, TeamReport
from clearbar.report.words import (
    GRADERS,
    GRADERS_SHORT,
    TRUST,
    TRUST_SHORT,
    change_words,
    interval,
    part_words,
    percent,
    period_words,
    score_words,
    share_words,
    shift_words,
    usage_words,
    whose_words,
)
from clearbar.transcript import Role
from clearbar.verdict import GradedBy

__all__ = ["render", "render_index", "render_team"]

_ROLES = {Role.CUSTOMER: "Customer", Role.AGENT: "Agent", Role.BOT: "Bot", Role.SYSTEM: "System", Role.NOTE: "Internal note"}
_CONTENTS = {
    "before": "Period before",
    "graded-by": "Who graded",
    "weakest": "Weakest",
    "criteria": "Criteria",
    "look-at": "Conversations",
    "auto-fails": "Auto-fails",
    "disputes": "Disputes",
    "steps": "Coaching",
    "agents": "Agents",
    "data": "Data",
    "reading": "How to read this",
}
_ABOUT_TEAMS = ("weakest", "criteria", "disputes", "steps", "agents")
"""Sections that a team of too few conversations does not have."""
_FIGURES = {"clears": "Clears the bar", "score": "Score"}
_SURE = 0.001
_SHORT_TITLE = 28


def render_team(report: TeamReport) -> str:
    """Return a team's page."""
    cited = {article.id: article for article in report.citations}
    return render(
        "team.html.j2",
        report=report,
        contents=[(id, name) for id, name in _CONTENTS.items() if _has(report, id)],
        warnings=warnings(report),
        reading=list(reading_lines(report)),
        quality=list(quality_lines(report.quality)),
        rejected=report.pull.rejected if report.pull else len(report.rejections),
        bands=band_segments(report),
        lifted=sum(item.overturned for item in report.auto_fails),
        corrected_by_people=any(tally.count for tally in report.by_verdict if tally.id == GradedBy.HUMAN),
        sections=_sections(report.criteria),
        before=_before(report),
        conversation_kinds=grader_segments(report.by_conversation),
        verdict_kinds=grader_segments(report.by_verdict),
        verdict_total=sum(tally.count for tally in report.by_verdict),
        short_cite=lambda article: _short_cite(cited[article]),
    )


def _has(report: TeamReport, section: str) -> bool:
    return not (report.small and section in _ABOUT_TEAMS) and (section not in {"steps", "before"} or bool(getattr(report, section)))


def _before(report: TeamReport) -> dict[str, Any]:
    """Return the changes that a page shows: share and score, and the criteria that changed; why none is taken apart is said once."""
    changes = report.before.changes if report.before else ()
    shown = [one for one in changes if one.of in _FIGURES or one.differs or one.rest_differs]
    names = _FIGURES | {item.id: f"{item.name}: fails" for item in report.criteria}
    return {
        "shown": [(names[one.of], one, _of(one.before, one), _of(one.after, one)) for one in shown],
        "others": len(changes) - len(shown),
        "parted": any(one.grader is not None for one in shown),
        "why_not": sorted({one.why_not for one in shown if one.why_not}),
        "anchors": max((one.anchors for one in shown), default=0),
        "card": {one.of: one for one in changes if one.of in _FIGURES},
    }


def _of(estimate: Estimate, change: Change) -> str:
    return score_words(estimate) if change.of == "score" else share_words(estimate)


def render_index(index: IndexReport) -> str:
    """Return the page over all teams."""
    return render(
        "index.html.j2",
        index=index,
        warnings=index_warnings(index.teams),
        teams=[{"report": report, "kinds": grader_segments(report.by_verdict)} for report in index.teams],
        names={ALL_OTHERS: "the mean of all other teams"} | {report.slug: report.title for report in index.teams},
        p_words=lambda p: "below .001" if p < _SURE else f"{p:.3f}".lstrip("0"),
        short_cite=None,
    )


def _sections(criteria: tuple[CriterionReport, ...]) -> list[tuple[str, list[dict[str, Any]]]]:
    rows: dict[str, list[dict[str, Any]]] = {}
    for criterion in criteria:
        rows.setdefault(criterion.section, []).append({"report": criterion, "segments": criterion_segments(criterion)})
    return list(rows.items())


def _short_cite(article: Citation) -> str:
    """Return author's surname and year; where nobody signed, the first words of the title."""
    year = "undated" if article.year == "unknown" else article.year
    if article.author != "unknown":
        return f"{article.author.split()[-1]} {year}"
    title = article.title
    if len(title) > _SHORT_TITLE:
        title = title[: title.rfind(" ", 0, _SHORT_TITLE)].rstrip(",.:;") + "…"
    return f"“{title}”, {year}"


def _kappa(agreement: Agreement) -> str:
    if agreement.kappa is None:
        return "not assessable"
    if agreement.low is None or agreement.high is None:
        return _two_digits(agreement.kappa)
    return f"{_two_digits(agreement.kappa)} ({_two_digits(agreement.low)} to {_two_digits(agreement.high)})"


def _two_digits(value: float) -> str:
    return f"{value:.2f}".replace("-", "\N{MINUS SIGN}").replace("0.", ".")


def render(template: str, **values: Any) -> str:
    """Return a page from one of the templates."""
    page = _environment().get_template(template).render(**values)
    return re.sub(r"\n\s*\n+", "\n", page)


@cache
def _environment() -> Any:
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - only reports need it
    from jinja2.loaders import FunctionLoader  # noqa: PLC0415 - as above

    folder = files("clearbar.report") / "templates"
    environment = Environment(
        loader=FunctionLoader(lambda name: (folder / name).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    from markupsafe import Markup  # noqa: PLC0415 - comes with Jinja

    environment.globals.update(
        style=Markup((folder / "style.css").read_text(encoding="utf-8")),  # noqa: S704 - our own file
        change_words=change_words,
        graders=GRADERS,
        graders_short=GRADERS_SHORT,
        roles=_ROLES,
        trust_words=TRUST,
        trust_short=TRUST_SHORT,
        held_back_words=held_back_words,
        interval=interval,
        kappa=_kappa,
        two_digits=_two_digits,
        part_words=part_words,
        percent=percent,
        period_words=period_words,
        plural=plural,
        score_words=score_words,
        share_words=share_words,
        shift_words=shift_words,
        span=span,
        usage=usage_words,
        whose_words=whose_words,
    )
    return environment
