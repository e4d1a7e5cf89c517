"""Graders: each reads redacted transcripts and says of each criterion a level, `not_applicable`, or why it cannot say."""

from collections.abc import Sequence
from typing import Protocol

from clearbar.transcript import RedactedTranscript
from clearbar.verdict import Grade, GradedBy, GradeFailure

__all__ = ["Grader"]


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
