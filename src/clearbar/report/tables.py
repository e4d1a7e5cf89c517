"""The conversations behind a report as tables: one row a conversation, and one row a conversation and criterion."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import orjson

from clearbar.model import Model
from clearbar.report.inputs import ReportItem
from clearbar.report.model import TeamReport
from clearbar.verdict import NOT_APPLICABLE, UNGRADED, GradedBy, Verdict

__all__ = ["CONVERSATION_COLUMNS", "VERDICT_COLUMNS", "conversation_rows", "to_csv", "to_json", "to_parquet", "verdict_rows"]

Cell = str | float | int | bool | None
CONVERSATION_COLUMNS: Final = (
    *("team", "conversation", "source", "url", "started_at", "channel", "queue", "topic", "language", "agent", "turns"),
    *("score", "band", "weight_graded", "auto_fail", "auto_fail_provisional", "by_llm", "by_rules", "by_human"),
    *("not_applicable", "ungraded", "disposition", "csat", "nps", "handle_time", "text_hash"),
)
VERDICT_COLUMNS: Final = (
    *("team", "conversation", "source", "started_at", "channel", "topic", "agent", "criterion", "level", "reason"),
    *("graded_by", "grader", "trust", "fallback_reason", "rationale", "turns", "quotes", "searched"),
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - spreadsheets take the wide signs, too
_INDENT: Final = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


def conversation_rows(report: TeamReport) -> Iterator[tuple[Cell, ...]]:
    """Yield a row for each conversation, in the order of `CONVERSATION_COLUMNS`."""
    for item in report.items:
        transcript, audit = item.transcript, item.audit
        kinds = [verdict.graded_by for verdict in audit.verdicts if verdict.level not in {NOT_APPLICABLE, UNGRADED}]
        states = [verdict.level for verdict in audit.verdicts]
        yield (
            *(report.title, transcript.id, transcript.source, transcript.url, _started(item), transcript.channel, transcript.queue),
            *(transcript.topic, transcript.language, _agent(report, audit.agent), len(transcript.turns)),
            *(audit.score, audit.band, audit.weight_graded, " ".join(fail.criterion for fail in audit.auto_fail)),
            any(fail.provisional for fail in audit.auto_fail),
            *(kinds.count(kind) for kind in GradedBy),
            *(states.count(NOT_APPLICABLE), states.count(UNGRADED)),
            *(transcript.disposition, transcript.csat, transcript.nps, transcript.handle_time, transcript.text_hash),
        )


def verdict_rows(report: TeamReport) -> Iterator[tuple[Cell, ...]]:
    """Yield a row for each conversation and criterion, in the order of `VERDICT_COLUMNS`."""
    criteria = {criterion.id: criterion for criterion in report.criteria}
    for item in report.items:
        transcript = item.transcript
        about = (report.title, transcript.id, transcript.source, _started(item), transcript.channel, transcript.topic)
        for verdict in item.audit.verdicts:
            told = report.quotes or verdict.graded_by is GradedBy.RULES
            yield (
                *about,
                *(_agent(report, verdict.agent), verdict.criterion, verdict.level, verdict.reason),
                *(verdict.graded_by.value, verdict.grader, criteria[verdict.criterion].trust_in(verdict.graded_by).value),
                *(verdict.fallback_reason, verdict.rationale if told else "", " ".join(str(each.turn) for each in verdict.evidence)),
                *(_quotes(report, verdict), " ".join(map(str, verdict.searched or ()))),
            )


def to_csv(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return a table that spreadsheets read: UTF-8 with its mark, and no text that would run as a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_inert(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def to_parquet(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return a table as Parquet; texts as they are, since nothing runs them."""
    import pyarrow as pa  # noqa: PLC0415 - a quarter of a second that few reports need
    import pyarrow.parquet as pq  # noqa: PLC0415 - as above

    held = list(rows)
    columns_of = {name: [row[place] for row in held] for place, name in enumerate(columns)}
    sink = io.BytesIO()
    pq.write_table(pa.table({name: pa.array(values, _type(name)) for name, values in columns_of.items()}), sink)
    return sink.getvalue()


def to_json(model: Model, *, exclude: Any = None) -> bytes:
    """Return the machine twin of a page, always in the same order."""
    return orjson.dumps(model.model_dump(mode="json", exclude=exclude), option=_INDENT)


def _type(name: str) -> Any:
    import pyarrow as pa  # noqa: PLC0415 - as above

    if name in {"score", "weight_graded", "csat", "nps", "handle_time"}:
        return pa.float64()
    if name in {"by_llm", "by_rules", "by_human", "not_applicable", "ungraded"}:
        return pa.int64()
    return pa.bool_() if name == "auto_fail_provisional" else None


def _inert(cell: Cell) -> Cell:
    """Keep a text from running as a formula: an apostrophe before what starts like one."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _started(item: ReportItem) -> str | None:
    return item.transcript.started_at.isoformat() if item.transcript.started_at else None


def _agent(report: TeamReport, agent: str | None) -> str:
    return report.agent_label(report.shown_agent(agent))


def _quotes(report: TeamReport, verdict: Verdict) -> str:
    return " | ".join(each.quote for each in verdict.evidence) if report.quotes else ""
