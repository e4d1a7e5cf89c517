"""What people did about grades: disputes, and what came too late for a closed period."""

from collections import Counter

from clearbar.report.inputs import ReportItem
from clearbar.report.model import DisputeCounts, HeldBackReport
from clearbar.rubric import Rubric
from clearbar.verdict import Audit

__all__ = ["Disputes", "HeldBack"]


class Disputes:
    """Counts disputes, one conversation after the other."""

    def __init__(self) -> None:
        self._states: Counter[str] = Counter()

    def add(self, item: ReportItem) -> None:
        """Count a conversation's."""
        self._states.update(one.state for one in item.contests)

    def told(self) -> DisputeCounts:
        """Return what was counted."""
        named = {name: self._states[name] for name in ("overdue", "accepted", "partly", "rejected")}
        return DisputeCounts(opened=self._states.total(), open=self._states["open"] + self._states["overdue"], **named)


class HeldBack:
    """Counts what was said of conversations after their period was closed.

    Parameters
    ----------
    rubric
        Whose lowest band counts.
    """

    def __init__(self, rubric: Rubric) -> None:
        self._lowest = rubric.bands[0].id
        self._conversations = 0
        self._verdicts = 0
        self._auto_fails = 0
        self._scored = 0
        self._clear = 0
        self._score = 0.0

    def add(self, item: ReportItem) -> None:
        """Count a conversation, if anything was said of it."""
        if item.uncounted is None:
            return
        now, then = item.audit, item.uncounted
        levels = {verdict.criterion: verdict.level for verdict in now.verdicts}
        changed = sum(verdict.level != levels.get(verdict.criterion) for verdict in then.verdicts)
        self._conversations += bool(changed) or then.auto_fail != now.auto_fail
        self._verdicts += changed
        self._auto_fails += bool(then.auto_fail) - bool(now.auto_fail)
        self._scored += (then.score is not None) - (now.score is not None)
        self._clear += self._clears(then) - self._clears(now)
        self._score += (then.score or 0.0) - (now.score or 0.0)

    def _clears(self, audit: Audit) -> bool:
        return audit.score is not None and audit.band != self._lowest

    def told(self, scores: list[float], clear: int) -> HeldBackReport | None:
        """Return what it would have changed; null where nothing.

        Parameters
        ----------
        scores, clear
            The team's scores as they stand, and how many of them lie above the lowest band.
        """
        if not self._conversations:
            return None
        scored = len(scores) + self._scored
        return HeldBackReport(
            conversations=self._conversations,
            verdicts=self._verdicts,
            auto_fails=self._auto_fails,
            score=round((sum(scores) + self._score) / scored, 6) if scored else None,
            clears=round((clear + self._clear) / scored, 6) if scored else None,
        )
