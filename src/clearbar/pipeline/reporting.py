"""Reports of a period from the store: every conversation of the sources asked for, whichever run graded it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from clearbar.articles import load_articles
from clearbar.audit import assemble
from clearbar.model import Model
from clearbar.pipeline.run import Pulled
from clearbar.project import Project
from clearbar.report import Period, ReportItem, TeamReport, build_report, write_reports
from clearbar.rubric import Rubric
from clearbar.settings import Settings
from clearbar.store import Published, Store, StoredAudit, grading_hash
from clearbar.transcript import Conversation, RedactedTranscript
from clearbar.verdict import UNGRADED
