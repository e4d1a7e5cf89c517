"""The deterministic grader, as every other part of clearbar sees it."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import msgspec

from clearbar.grading.rules.explanation import Explanation, explained
from clearbar.grading.rules.judge import Judge, Ruling
from clearbar.grading.rules.lexicon import Lexicon
from clearbar.grading.rules.measurement import Measurer
from clearbar.grading.rules.stream import BLOCK, grade_lines
from clearbar.rubric import Rubric
from clearbar.transcript import RedactedTranscript
from clearbar.verdict import Evidence, Grade, GradedBy, GradeFailure, Verdict, grade_key

__all__ = ["RulesGrader"]


class RulesGrader:
    """Grades by the rubric's decisions over the lexicon's signals: same input, same bytes, on any machine.

    Parameters
    ----------
    rubric
        Whose decisions are taken.
    lexicon
        Whose phrases are searched.
    plain
        Whether to search with `re` even where RE2 is installed; the grades are the same.

    Raises
    ------
    RubricError
        If a decision cannot be read, naming rubric, criterion and entry.
    """

    graded_by = GradedBy.RULES

    def __init__(self, rubric: Rubric, lexicon: Lexicon, *, plain: bool = False) -> None:
        self._measurer = Measurer(lexicon, rubric.limits, rubric.tallies, plain=plain)
        self._judge = Judge(rubric, self._measurer)
        self._rules_hash = rubric.rules_hash
        self._tallies = rubric.tallies

    @property
    def fingerprint(self) -> str:
        """Version of the engine and digest of the lexicon."""
        return self._judge.fingerprint

    def key(self, transcript: RedactedTranscript) -> str:
        """Return the identity of the grade that `grade` would give."""
        return grade_key(transcript.text_hash, self._rules_hash, self.fingerprint)

    def grade(self, batch: Sequence[RedactedTranscript]) -> list[Grade | GradeFailure]:
        """Return a grade a transcript, in order."""
        return [
            Grade(
                key=self.key(transcript), text_hash=transcript.text_hash, graded_by=self.graded_by, grader=self.fingerprint,
                verdicts=_verdicts(rulings),
            )
            for transcript, rulings in zip(batch, self._judge.rule(batch), strict=True)
        ]  # fmt: skip

    def grade_lines(self, lines: Iterable[bytes], *, block: int = BLOCK) -> Iterator[bytes]:
        """Yield a JSON line of verdicts for each JSON line of a redacted conversation, without pydantic; the same verdicts."""
        return grade_lines(lines, self._judge, block=block)

    def explain(self, transcript: RedactedTranscript) -> Explanation:
        """Return what was measured in a transcript beside its verdicts."""
        measured = self._measurer.measure([transcript])
        (rulings,) = self._judge.decide(measured)
        return explained(measured, _verdicts(rulings), self._tallies)

    def politeness(self, text: str) -> float:
        """Return the politeness of one turn of an agent: the sum of the weights of the strategies used; higher is politer."""
        measured = self._measurer.measure([_Alone(turns=(_Said(text=text),))])
        return float(sum(panel.signals.politeness.item() for panel in measured.panels))


class _Said(msgspec.Struct, frozen=True):
    text: str
    role: str = "agent"
    time: float | None = None


class _Alone(msgspec.Struct, frozen=True):
    turns: tuple[_Said, ...]
    started_at: datetime | None = None
    channel: str | None = None
    language: str | None = None


def _verdicts(rulings: Iterable[Ruling]) -> tuple[Verdict, ...]:
    return tuple(_verdict(ruling) for ruling in rulings)


def _verdict(ruling: Ruling) -> Verdict:
    return Verdict(
        criterion=ruling.criterion, level=ruling.level, reason=ruling.reason, graded_by=GradedBy.RULES, grader=ruling.grader,
        rationale=ruling.rationale, searched=ruling.searched,
        evidence=tuple(Evidence(turn=proof.turn, start=proof.start, end=proof.end, quote=proof.quote) for proof in ruling.evidence),
    )  # fmt: skip
