"""A report as Markdown for places that many people see: figures only, no agents and no words of conversations."""

import re
from collections.abc import Sequence
from typing import Final

from clearbar.plural import plural
from clearbar.report.caveats import warnings
from clearbar.report.model import TeamReport
from clearbar.report.words import TRUST_SHORT, interval, period_words, score_words, share_words, since_before

__all__ = ["summary_markdown", "teams_markdown"]

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]()#+!|~-])")


def summary_markdown(report: TeamReport) -> str:
    """Return a team's figures, weakest criteria and who graded."""
    lines = [
        f"# {_plain(report.title)}",
        "",
        f"{_plain(report.rubric_title)} · {period_words(report.period)} · {plural(report.conversations, 'conversation')}",
        "",
        *(f"> {_plain(line)}" for line in warnings(report)),
        "",
        *(_small(report) if report.small else _figures(report)),
        "",
        "| graded by | verdicts | conversations |",
        "| --- | ---: | ---: |",
        *_graded_by(report),
    ]
    return "\n".join(lines) + "\n"


def _small(report: TeamReport) -> list[str]:
    return [f"Figures are not shown for fewer than {report.min_group} conversations."]


def _figures(report: TeamReport) -> list[str]:
    rows = [
        "| | | likely |",
        "| --- | --- | --- |",
        f"| clears the bar | {share_words(report.clears)} | {interval(report.clears)} |",
        f"| score, of 100 | {score_words(report.score)} | {interval(report.score, of_hundred=True)} |",
        f"| auto-fails | {report.auto_failed} | {report.auto_failed - report.auto_failed_confirmed} provisional |",
    ]
    if moved := since_before(report.before):
        rows += ["", f"Clears the bar: {_plain(moved)}."]
    if report.coaching:
        rows += ["", "| weakest | fails | likely | grader |", "| --- | --- | --- | --- |"]
    for item in report.coaching:
        rows.append(f"| {_plain(item.name)} | {share_words(item.fails)} | {interval(item.fails)} | {TRUST_SHORT[item.trust]} |")
    return rows


def _graded_by(report: TeamReport) -> list[str]:
    conversations = {tally.id: tally for tally in report.by_conversation}
    verdicts = {tally.id: tally for tally in report.by_verdict}
    both = [(verdicts.get(id), tally) for id, tally in conversations.items()]
    return [f"| {tally.name} | {verdict.count if verdict else ''} | {tally.count} |" for verdict, tally in both]


def teams_markdown(reports: Sequence[TeamReport]) -> str:
    """Return a table over teams, in alphabetical order."""
    rows = [
        "| team | conversations | clears the bar | score | auto-fails | weakest |",
        "| --- | ---: | --- | --- | ---: | --- |",
    ]
    for report in sorted(reports, key=lambda report: report.slug):
        if report.small:
            rows.append(f"| {_plain(report.title)} | {report.conversations} | fewer than {report.min_group}: not shown | | | |")
            continue
        weak = ", ".join(_plain(item.name) for item in report.coaching)
        rows.append(
            f"| {_plain(report.title)} | {report.conversations} | {share_words(report.clears)} ({interval(report.clears)}) "
            f"| {score_words(report.score)} ({interval(report.score, of_hundred=True)}) | {report.auto_failed} | {weak} |"
        )
    return "\n".join(rows) + "\n"


def _plain(text: str) -> str:
    """Return text that Markdown and HTML show as it is, on one line."""
    flat = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", flat)
