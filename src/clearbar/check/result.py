"""What a check of a grader against labels found."""

from enum import StrEnum
from typing import Any

from clearbar.labelled import Basis, Provenance
from clearbar.model import Model
from clearbar.verdict import Evidence, RubricRef

__all__ = [
    "AnnotatorAgreement",
    "Bound",
    "CheckResult",
    "Confusion",
    "CriterionCheck",
    "Decision",
    "Disagreement",
    "Interval",
    "LevelAccuracy",
    "Macro",
    "Reweighted",
]


class Decision(StrEnum):
    """Whether a criterion may be left to the grader."""

    GO = "go"
    NO_GO = "no_go"
    TOO_FEW = "too_few"
    """Not shown either way; counts as not trusted."""


class Interval(Model):
    """A two-sided interval of a coefficient."""

    of: str
    low: float
    high: float
    level: float


class Bound(Model):
    """One thing that was asked of the grader, and how far the labels show it."""

    of: str
    estimate: float | None
    lower: float | None
    """One-sided, at the thresholds' confidence."""
    upper: float | None
    asked: float
    p: float
    """Of the hypothesis that the truth is at most what was asked; 1 where nothing can be said."""

    @property
    def shown(self) -> bool:
        """Whether the lower bound reaches what was asked."""
        return self.lower is not None and self.lower >= self.asked

    @property
    def refuted(self) -> bool:
        """Whether even the upper bound does not reach it."""
        return self.upper is not None and self.upper < self.asked


class Confusion(Model):
    """How often the grader (columns) gave what where the labels (rows) say what; states are levels, `not_applicable`, `ungraded`."""

    labels: tuple[str, ...]
    grades: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    def count(self, label: str, grade: str) -> int:
        """Return one cell."""
        return self.counts[self.labels.index(label)][self.grades.index(grade)]


class LevelAccuracy(Model):
    """Precision and recall of one level or of `not_applicable`; null where the grader, or the labels, never gave it."""

    level: str
    labelled: int
    given: int
    precision: float | None
    recall: float | None


class Reweighted(Model):
    """The same errors at a stated share under the bar, for sets in which rare levels were sought out."""

    prevalence_below: float
    kappa: float | None
    precision_below: float | None


class AnnotatorAgreement(Model):
    """How far those who labelled blind agree among themselves: what a grader can reach."""

    annotators: int
    conversations: int
    """With at least two blind ratings of this criterion."""
    agreement: float | None
    kappa: float | None
    """Mean of Cohen's kappa over pairs of annotators."""
    alpha: float | None
    ac1: float | None


class CriterionCheck(Model):
    """A grader on one criterion."""

    criterion: str
    name: str
    n: int
    """Pairs of a label and a verdict."""
    applicable: int
    """Labels that are levels."""
    below: int
    """Labels under the bar."""
    agreement: float | None
    kappa: float | None
    """Over levels and `not_applicable` as nominal categories; `ungraded` is disagreement."""
    weighted_kappa: float | None
    """Quadratic, over pairs where both gave a level."""
    ac1: float | None
    alpha: float | None
    interval: Interval | None
    precision_below: float | None
    recall_below: float | None
    coverage: float | None
    """Share of pairs that the grader graded or called not applicable."""
    covered_agreement: float | None
    """Agreement where it did."""
    covered_kappa: float | None
    applicable_kappa: float | None
    """Applicable or not."""
    below_kappa: float | None
    """Under the bar or not, where both gave a level."""
    levels: tuple[LevelAccuracy, ...]
    confusion: Confusion
    reweighted: Reweighted | None
    annotators: AnnotatorAgreement | None
    bounds: tuple[Bound, ...]
    decision: Decision
    why: str
    """What the decision rests on, and why a coefficient is null where one is."""
    needed: int | None
    """How many more applicable labels would show what was asked with probability .8, if the grader is as good as it looks."""
    p: float
    """Of the hypothesis that the grader misses at least one thing that was asked."""
    trusted_together: bool
    """Whether it stays `go` when all criteria are judged at once (Holm)."""

    def as_json(self) -> dict[str, Any]:
        """Return what `clearbar check --json` tells of it."""
        told = self.model_dump(mode="json", exclude={"criterion"})
        return {name: told[name] for name in (*_FIRST, *(name for name in told if name not in _FIRST))}


_FIRST = (
    "n",
    "agreement",
    "kappa",
    "weighted_kappa",
    "ac1",
    "alpha",
    "interval",
    "precision_below",
    "recall_below",
    "coverage",
    "decision",
    "why",
)


class Macro(Model):
    """Plain means over the criteria on which a coefficient is defined."""

    criteria: int
    """On which kappa is defined."""
    n: int
    """Pairs of a label and a verdict, over all criteria."""
    agreement: float | None
    kappa: float | None
    weighted_kappa: float | None
    ac1: float | None
    alpha: float | None
    interval: Interval | None
    precision_below: float | None
    recall_below: float | None
    coverage: float | None


class Disagreement(Model):
    """A conversation on which label and grader differ, with what each rests on."""

    transcript: str
    criterion: str
    label: str
    basis: Basis
    label_evidence: tuple[int, ...]
    """Turns that the label points to."""
    label_quotes: tuple[str, ...] = ()
    """What these turns say, where the audit has the text."""
    grade: str
    reason: str | None
    """Why it is ungraded, where it is."""
    grader: str
    """Fingerprint of who gave the verdict."""
    rationale: str
    evidence: tuple[Evidence, ...]
    fallback_reason: str | None


class CheckResult(Model):
    """A grader against labels."""

    grader: str
    rubric: RubricRef
    n: int
    """Conversations with both a label and an audit."""
    criteria: dict[str, CriterionCheck]
    macro: Macro
    confidence: float
    clustered_by: str
    """What was resampled as a whole: agent, incident or conversation."""
    provenance: Provenance
    annotators: int
    """Who labelled blind."""
    looks: int | None
    """How often this test set was looked at, this time included; each look makes its figures a little too kind."""
    disagreements: tuple[Disagreement, ...]
    notes: tuple[str, ...]
    """What was odd, and what was done about it."""

    @property
    def decisions(self) -> dict[str, Decision]:
        """The decision of every criterion."""
        return {id: item.decision for id, item in self.criteria.items()}

    @property
    def passed(self) -> bool:
        """Whether no criterion is `no_go`."""
        return Decision.NO_GO not in self.decisions.values()

    def as_json(self) -> dict[str, Any]:
        """Return what `clearbar check --json` prints."""
        return {
            "grader": self.grader,
            "rubric": self.rubric.model_dump(mode="json"),
            "n": self.n,
            "criteria": {id: item.as_json() for id, item in self.criteria.items()},
            "macro": self.macro.model_dump(mode="json"),
            **self.model_dump(mode="json", include=set(_BESIDE)),
        }


_BESIDE = ("confidence", "clustered_by", "provenance", "annotators", "looks", "disagreements", "notes")
