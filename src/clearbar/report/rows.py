"""The rows of a report's tables, packed: some hundred bytes a conversation, so that those of a large period fit in memory."""

import zlib
from collections.abc import Iterator
from typing import Any, Final

import orjson

from clearbar.report.inputs import ReportItem
from clearbar.verdict import NOT_APPLICABLE, UNGRADED, GradedBy, Verdict

__all__ = ["CONVERSATION_COLUMNS", "VERDICT_COLUMNS", "Cell", "PackedRows", "Row"]

Cell = str | float | int | bool | None
Row = tuple[dict[str, Cell], list[dict[str, Cell]]]
"""A conversation's cells by column, and those of its verdicts, before agents and words are left out that may not be shown."""
CONVERSATION_COLUMNS: Final = (
    *("team", "conversation", "source", "url", "started_at", "channel", "queue", "topic", "language", "agent", "turns"),
    *("score", "band", "weight_graded", "auto_fail", "auto_fail_provisional", "by_llm", "by_rules", "by_human"),
    *("not_applicable", "ungraded", "disposition", "csat", "nps", "handle_time", "text_hash", "disputes"),
)
VERDICT_COLUMNS: Final = (
    *("team", "conversation", "source", "started_at", "channel", "topic", "agent", "criterion", "level", "reason"),
    *("graded_by", "grader", "trust", "fallback_reason", "rationale", "turns", "quotes", "searched", "as_graded", "dispute"),
)
_OF_CONVERSATION: Final = CONVERSATION_COLUMNS[1:]
_OF_VERDICT: Final = tuple(name for name in VERDICT_COLUMNS[6:] if name != "trust")
_BLOCK: Final = 64
"""Conversations packed together: their rows repeat one another, so that blocks get smaller than their parts."""


class PackedRows:
    """Rows in the order in which they came."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []
        self._open: list[Any] = []

    def add(self, item: ReportItem) -> None:
        """Pack the rows of a conversation."""
        before = {} if item.graded is None else {verdict.criterion: verdict.level for verdict in item.graded.verdicts}
        contests = {one.criterion: one.state for one in item.contests}
        verdicts = [[*_verdict(one), before.get(one.criterion), contests.get(one.criterion)] for one in item.audit.verdicts]
        self._open.append([_conversation(item), verdicts])
        if len(self._open) == _BLOCK:
            self._blocks.append(zlib.compress(orjson.dumps(self._open), level=3))
            self._open = []

    def __iter__(self) -> Iterator[Row]:
        """Yield them again."""
        for block in self._blocks:
            yield from map(_unpacked, orjson.loads(zlib.decompress(block)))
        yield from map(_unpacked, self._open)


def _unpacked(packed: Any) -> Row:
    conversation, verdicts = packed
    return dict(zip(_OF_CONVERSATION, conversation, strict=True)), [dict(zip(_OF_VERDICT, one, strict=True)) for one in verdicts]


def _conversation(item: ReportItem) -> list[Cell]:
    transcript, audit = item.transcript, item.audit
    states = [verdict.level for verdict in audit.verdicts]
    kinds = [verdict.graded_by for verdict in audit.verdicts if verdict.level not in {NOT_APPLICABLE, UNGRADED}]
    started = transcript.started_at.isoformat() if transcript.started_at else None
    return [
        *(transcript.id, transcript.source, transcript.url, started, transcript.channel, transcript.queue),
        *(transcript.topic, transcript.language, audit.agent, len(transcript.turns)),
        *(audit.score, audit.band, audit.weight_graded, " ".join(fail.criterion for fail in audit.auto_fail)),
        any(fail.provisional for fail in audit.auto_fail),
        *(kinds.count(kind) for kind in GradedBy),
        *(states.count(NOT_APPLICABLE), states.count(UNGRADED)),
        *(transcript.disposition, transcript.csat, transcript.nps, transcript.handle_time, transcript.text_hash),
        len(item.contests),
    ]


def _verdict(verdict: Verdict) -> list[Cell]:
    return [
        *(verdict.agent, verdict.criterion, verdict.level, verdict.reason, verdict.graded_by.value, verdict.grader),
        *(verdict.fallback_reason, verdict.rationale, " ".join(str(each.turn) for each in verdict.evidence)),
        *(" | ".join(each.quote for each in verdict.evidence), " ".join(map(str, verdict.searched or ()))),
    ]
