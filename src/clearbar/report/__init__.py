"""Team reports: from graded conversations to pages, tables and Markdown that say what is known, and how well."""

from clearbar.report.build import build_report, raw_estimates
from clearbar.report.files import build_index, render_files, write_files, write_reports
from clearbar.report.inputs import (
    Agreement,
    Agreements,
    Difference,
    Estimate,
    Period,
    PullCounts,
    ReportItem,
    RunFacts,
    TeamEstimates,
    Trust,
)
from clearbar.report.markdown import summary_markdown, teams_markdown
from clearbar.report.model import IndexReport, TeamReport
from clearbar.report.sharing import shareable
from clearbar.report.words import score_words, share_words

__all__ = [
    "Agreement",
    "Agreements",
    "Difference",
    "Estimate",
    "IndexReport",
    "Period",
    "PullCounts",
    "ReportItem",
    "RunFacts",
    "TeamEstimates",
    "TeamReport",
    "Trust",
    "build_index",
    "build_report",
    "raw_estimates",
    "render_files",
    "score_words",
    "share_words",
    "shareable",
    "summary_markdown",
    "teams_markdown",
    "write_files",
    "write_reports",
]
