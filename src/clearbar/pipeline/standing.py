"""How a team stands in a period, as graded: what each figure counts, and who graded it when."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearbar.attribution import STATES, Side
from clearbar.rubric import Rubric
from clearbar.scoring import Scored
from clearbar.verdict import UNGRADED, Audit, GradedBy, Verdict

__all__ = ["CLEARS", "SCORE", "Grading", "Standing", "clears_of", "half_of", "on_scale", "state_of", "wording"]

CLEARS: Final = "clears"
SCORE: Final = "score"


class Grading(NamedTuple):
    """Who graded by which words on which day."""

    kind: GradedBy
    grader: str
    words: str
    """Hash of what the rubric says to that kind of grader."""
    on: date


class Standing:
    """A team's conversations of one period, as graded: what each figure counts, and who graded when.

    Parameters
    ----------
    rubric
        Whose levels, gates and bands count.
    """

    def __init__(self, rubric: Rubric) -> None:
        self._rubric = rubric
        self.conversations = 0
        self.scores: list[float] = []
        self.states: dict[str, NDArray[np.intp]] = defaultdict(lambda: np.zeros(STATES, dtype=np.intp))
        """By figure."""
        self.gradings: dict[str, Counter[Grading | None]] = defaultdict(Counter)
        """By figure; null where several graders gave the verdicts of one conversation."""

    def add(self, verdicts: Sequence[Verdict], scored: Audit | Scored, wording: Mapping[GradedBy, str], made_at: datetime) -> None:
        """Count a conversation."""
        self.conversations += 1
        seen = set()
        for verdict in verdicts:
            grading = Grading(verdict.graded_by, verdict.grader, wording.get(verdict.graded_by, ""), made_at.date())
            seen.add(grading)
            self.states[verdict.criterion][state_of(self._rubric, verdict.criterion, verdict.level)] += 1
            self.gradings[verdict.criterion][grading] += verdict.level != UNGRADED
        only = seen.pop() if len(seen) == 1 else None
        for figure, state in ((CLEARS, clears_of(self._rubric, scored)), (SCORE, half_of(self._rubric, scored))):
            self.states[figure][state] += 1
            self.gradings[figure][only] += scored.score is not None
        if scored.score is not None:
            self.scores.append(scored.score)

    def side(self, figure: str) -> Side | None:
        """Return what is known of a figure; null where nothing is."""
        counts = self.states[figure].astype(float)
        if figure == SCORE:
            return Side(counts, np.array(sorted(self.scores))) if len(self.scores) > 1 else None
        return Side(counts) if counts[:2].sum() else None


def state_of(rubric: Rubric, criterion: str, level: str) -> int:
    """Return whether a verdict fails (0), does not (1), or says neither (2)."""
    scale = rubric.scale_of(criterion)
    if level not in scale.ids:
        return STATES - 1
    return 0 if rubric.level(criterion, level).fails else 1


def clears_of(rubric: Rubric, scored: Audit | Scored) -> int:
    """Return whether a conversation clears the bar (0), does not (1), or cannot be said to (2)."""
    if scored.score is None:
        return STATES - 1
    return int(scored.band == rubric.bands[0].id)


def half_of(rubric: Rubric, scored: Audit | Scored) -> int:
    """Return whether a scored conversation is in the lowest band (0) or above it (1); 2 without a score."""
    clears = clears_of(rubric, scored)
    return clears if clears == STATES - 1 else 1 - clears


def on_scale(rubric: Rubric, verdict: Verdict) -> bool:
    """Whether a level is one that the rubric has now."""
    return not verdict.graded or verdict.level in rubric.scale_of(verdict.criterion).ids


def wording(rubric: Rubric) -> dict[GradedBy, str]:
    """Return the digest of what a rubric says to each kind of grader."""
    return {GradedBy.LLM: rubric.prompt_hash, GradedBy.RULES: rubric.rules_hash}
