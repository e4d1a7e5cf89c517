"""What a grader must show before a criterion is left to it."""

from pathlib import Path

from pydantic import Field

from clearbar.model import Model
from clearbar.rubric_file import load_model

__all__ = ["Bar", "Thresholds", "load_thresholds"]

_Share = Field(default=None, ge=0, le=1)


class Bar(Model):
    """Lower bounds that must reach these; null asks for nothing."""

    kappa: float | None = Field(default=None, ge=-1, le=1)
    recall_below: float | None = _Share
    """Share of the conversations under the bar that the grader finds."""
    precision_below: float | None = _Share
    """Share of what the grader puts under the bar that is there."""
    prevalence_below: float | None = Field(default=None, gt=0, lt=1)
    """Share under the bar among applicable conversations of everyday work; kappa and precision are also shown at it."""


class Thresholds(Model):
    """The bars of all criteria; `evals/thresholds.yaml`."""

    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    """Of each one-sided bound."""
    min_applicable: int = Field(default=30, ge=1)
    """With fewer applicable labels nothing is decided in a grader's favour."""
    min_below: int = Field(default=10, ge=1)
    """Same, for labels under the bar."""
    default: Bar = Bar(kappa=0.6, recall_below=0.6, precision_below=0.6)
    criteria: dict[str, Bar] = {}
    """By criterion: only what differs from the default."""

    def bar(self, criterion: str) -> Bar:
        """Return the bar of a criterion: the default with what its own entry sets."""
        own = self.criteria.get(criterion)
        return self.default if own is None else self.default.model_copy(update={name: getattr(own, name) for name in own.model_fields_set})


def load_thresholds(path: Path) -> Thresholds:
    """Return the thresholds in a YAML file.

    Raises
    ------
    RubricError
        If the file cannot be used; with every fault by line and field.
    """
    return load_model(path, Thresholds)
