"""A team's conversations taken in one by one, of which only counts, packed table rows and the few that a page shows are kept."""

from bisect import insort
from collections import defaultdict
from operator import itemgetter
from typing import Any

from clearbar.report.attention import at_top, attention, failing
from clearbar.report.changes import Disputes, HeldBack
from clearbar.report.counts import Counts, Quality
from clearbar.report.figures import raw_mean, raw_share
from clearbar.report.inputs import ReportItem, TeamEstimates
from clearbar.report.people import Agents
from clearbar.report.rows import PackedRows
from clearbar.rubric import Rubric
from clearbar.settings import ReportSettings
from clearbar.verdict import Verdict

__all__ = ["Foremost", "Gathering", "Pick"]

_EXEMPLARY = 3
_EXAMPLES = 2
"""Conversations shown in which a weak criterion failed."""
Pick = tuple[ReportItem, tuple[Verdict, ...]]
"""A conversation with the verdicts for which it is shown."""


class Foremost:
    """Keeps the first few of all that are offered, by key.

    Parameters
    ----------
    number
        How many.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._kept: list[tuple[tuple[Any, ...], Any]] = []
        self.offered = 0

    def offer(self, key: tuple[Any, ...], value: Any) -> None:
        """Keep a value if it is among the first so far; of equal keys the earlier one."""
        self.offered += 1
        insort(self._kept, (key, value), key=itemgetter(0))
        del self._kept[self._number :]

    def kept(self) -> list[Any]:
        """Return what is kept, the first first."""
        return [value for _, value in self._kept]


class Gathering:
    """What a team's report is made of.

    Parameters
    ----------
    rubric
        Whose criteria, levels and bands count.
    settings
        How many conversations are shown.
    """

    def __init__(self, rubric: Rubric, settings: ReportSettings) -> None:
        self._rubric = rubric
        self._settings = settings
        self.counts = Counts(rubric)
        self.quality = Quality()
        self.agents = Agents(rubric)
        self.rows = PackedRows()
        self.disputes = Disputes()
        self.held_back = HeldBack(rubric)
        self.keys: list[tuple[str, str]] = []
        """Source and id of every conversation."""
        self.look_at = Foremost(settings.conversations)
        self.exemplary = Foremost(_EXEMPLARY)
        self._failed: defaultdict[str, Foremost] = defaultdict(lambda: Foremost(_EXAMPLES))
        self._best: defaultdict[str, Foremost] = defaultdict(lambda: Foremost(1))

    def add(self, item: ReportItem) -> None:
        """Take in a conversation."""
        self.keys.append((item.transcript.source, item.transcript.id))
        for part in (self.counts, self.agents, self.rows, self.disputes, self.held_back):
            part.add(item)
        self.quality.add(item.transcript)
        self._pick(item)

    def _pick(self, item: ReportItem) -> None:
        place, why = attention(item.audit, self._rubric)
        top, failed = tuple(at_top(item.audit, self._rubric)), tuple(failing(item.audit, self._rubric))
        score, order = item.audit.score or 0.0, _order(item)
        if why:
            self.look_at.offer((place, score, *order), ((item, failed), why))
        if top and item.audit.band == self._rubric.bands[-1].id and not item.audit.auto_fail:
            self.exemplary.offer((-len(top), -score, *order), (item, top))
        for verdict in failed:
            if verdict.evidence:
                key = (100.0 if item.audit.score is None else score, *order[1:])
                self._failed[verdict.criterion].offer(key, (item, (verdict,)))
        for verdict in top:
            if verdict.evidence:
                self._best[verdict.criterion].offer((-score, *order[1:]), (item, (verdict,)))

    def failed(self, criterion: str) -> list[Pick]:
        """Return conversations in which a criterion failed with a quote, the lowest scores first."""
        return self._failed[criterion].kept()

    def best(self, criterion: str) -> list[Pick]:
        """Return the conversation in which a criterion was done best, if there is one with a quote."""
        return self._best[criterion].kept()

    def estimates(self) -> TeamEstimates:
        """Return the team's figures as they were graded, with what people corrected, and no more."""
        counts, precision = self.counts, self._settings.precision
        return TeamEstimates(
            score=raw_mean(counts.scores, precision=precision),
            clears=raw_share(counts.clear, len(counts.scores), precision=precision),
            fails={item.id: raw_share(*counts.failing(item.id), precision=precision) for item in self._rubric.criteria},
        )


def _order(item: ReportItem) -> tuple[float, str, str]:
    started = item.transcript.started_at
    return (started.timestamp() if started else 0.0, item.transcript.id, item.transcript.source)
