"""Team reports: from graded conversations to pages, tables and Markdown that say what is known, and how well."""

from clearbar.report.build import Context, build_report, compose_report
from clearbar.report.files import Register, build_index, render_files, write_content, write_files, write_reports
from clearbar.report.gathering import Gathering
from clearbar.report.inputs import (
    Agreement,
    Agreements,
    Change,
    Contest,
    Difference,
    Estimate,
    Period,
    PeriodBefore,
    PullCounts,
    ReportItem,
    Revision,
    RunFacts,
    Shift,
    Step,
    TeamEstimates,
    Trust,
    Watched,
)
from clearbar.report.markdown import summary_markdown, teams_markdown
from clearbar.report.model import IndexReport, TeamReport
from clearbar.report.sharing import shareable
from clearbar.report.words import score_words, share_words, usage_words

__all__ = [
    "Agreement",
    "Agreements",
    "Change",
    "Contest",
    "Context",
    "Difference",
    "Estimate",
    "Gathering",
    "IndexReport",
    "Period",
    "PeriodBefore",
    "PullCounts",
    "Register",
    "ReportItem",
    "Revision",
    "RunFacts",
    "Shift",
    "Step",
    "TeamEstimates",
    "TeamReport",
    "Trust",
    "Watched",
    "build_index",
    "build_report",
    "compose_report",
    "render_files",
    "score_words",
    "share_words",
    "shareable",
    "summary_markdown",
    "teams_markdown",
    "usage_words",
    "write_content",
    "write_files",
    "write_reports",
]
