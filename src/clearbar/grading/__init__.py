"""Graders: each reads redacted transcripts and says of each criterion a level, `not_applicable`, or why it cannot say."""

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

from clearbar.transcript import RedactedTranscript
from clearbar.verdict import Grade, GradedBy, GradeFailure

__all__ = ["Grader", "WaitingGrader"]


class Grader(Protocol):
    """What every grader offers. Graders accept redacted transcripts only."""

    graded_by: GradedBy

    @property
    def fingerprint(self) -> str:
        """All that makes this grader what it is: versions, model, parameters, endpoint; no secrets."""

    def key(self, transcript: RedactedTranscript) -> str:
        """Return the identity of the grade that `grade` would give."""

    def grade(self, batch: Sequence[RedactedTranscript]) -> list[Grade | GradeFailure]:
        """Return one result a transcript, in order. A fault with one transcript is its `GradeFailure`; the others go on."""


@runtime_checkable
class WaitingGrader(Protocol):
    """A grader that waits for another machine most of the time, so that other work can be done meanwhile."""

    def begin(self, batch: Sequence[RedactedTranscript]) -> Callable[[], list[Grade | GradeFailure]]:
        """Begin what `grade` does, and return at once what waits for its results."""
