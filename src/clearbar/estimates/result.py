"""What a team, an agent or any other unit may be told about its conversations."""

from enum import StrEnum

from clearbar.estimates.clustering import Clustering
from clearbar.estimates.indicators import Indicator
from clearbar.model import Model

__all__ = ["Difference", "Estimate", "Estimates", "Method", "Range"]


class Method(StrEnum):
    """How a figure was corrected."""

    ROGAN_GLADEN = "Rogan-Gladen, Monte Carlo"
    POST_STRATIFIED = "post-stratification by the grader's verdict"
    HIERARCHICAL = "error rates pooled over teams, hierarchical"
    PPI = "prediction-powered mean (PPI++)"


class Range(Model):
    """A figure with its interval, never of zero width."""

    value: float
    low: float
    high: float
    level: float

    @property
    def width(self) -> float:
        """High minus low."""
        return self.high - self.low


class Estimate(Model):
    """One indicator of one unit: as graded, and as it is thought to be."""

    unit: str
    criterion: str | None
    """Null for the score of the whole conversation."""
    indicator: Indicator
    conversations: int
    """Graded conversations that count: applicable ones for shares of levels, all for `applicable`, scored ones for `score`."""
    ungraded: int
    """Conversations that the grader could not grade on this; never in a denominator."""
    reviewed: int
    """Randomly drawn conversations of the unit that people reviewed blind."""
    aimed: int = 0
    """Of the headlines: further conversations that people reviewed blind, not drawn with a known chance; they correct nothing."""
    raw: Range | None
    """As graded; its interval carries the number of conversations only, not the grader's errors."""
    corrected: Range | None
    method: Method | None
    assumes: str
    """What must hold for the corrected figure; empty where there is none."""
    why_not: str
    """Why there is no corrected figure; empty where there is one."""
    clustering: Clustering | None = None
    """Null where agents are not known."""
    contradicted: bool = False
    """The unit's grades do not fit the measured error rates: the assumption is in doubt."""
    too_few: bool
    """The best figure there is, is less precise than asked for: too few to say."""

    @property
    def best(self) -> Range | None:
        """The corrected figure, else the raw one."""
        return self.corrected or self.raw

    def line(self) -> str:
        """Return it in words, without the unit's name."""
        if self.best is None:
            return "nothing was graded"
        scale, end = (1, "") if self.indicator is Indicator.SCORE else (100, " %")
        told = f"{self.best.value * scale:.0f}{end} ({self.best.low * scale:.0f} to {self.best.high * scale:.0f})"
        how = f"corrected: {self.method}, {self.assumes}" if self.corrected else f"as graded, not corrected: {self.why_not}"
        spread = self.clustering.line() if self.clustering else ""
        return ("too few to say: " if self.too_few else "") + f"{told}, {how}" + (f"; {spread}" if spread else "")


class Difference(Model):
    """Two units compared by joint draws."""

    one: str
    other: str
    criterion: str | None
    indicator: Indicator
    value: float
    """First minus second."""
    low: float
    high: float
    p: float
    differs: bool
    """Whether they differ when all pairs are judged at once (Holm); otherwise it is too few to say."""
    corrected: bool
    """Whether both figures were corrected; else this compares grades, and graders may err differently on the two."""


class Estimates(Model):
    """All estimates of a set of audits."""

    estimand: str
    """What the figures speak of."""
    estimates: tuple[Estimate, ...]
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]

    def of(self, unit: str, criterion: str | None, indicator: Indicator) -> Estimate | None:
        """Return one estimate, None where there is none."""
        wanted = (unit, criterion, indicator)
        return next((item for item in self.estimates if (item.unit, item.criterion, item.indicator) == wanted), None)
