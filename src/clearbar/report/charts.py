"""Bars and ranges as plain HTML and CSS: no script, no picture, sharp on paper, told by pattern as well as by colour."""

from collections.abc import Sequence
from typing import NamedTuple

from clearbar.report.inputs import Estimate
from clearbar.report.model import CriterionReport, LevelCount, Tally, TeamReport
from clearbar.report.words import percent

__all__ = ["Segment", "band_segments", "criterion_segments", "grader_segments", "span"]

_PASSING = ((), ("p2",), ("p0", "p2"), ("p0", "p1", "p2"), ("p0", "p0", "p1", "p2"))


class Segment(NamedTuple):
    """A part of a stacked bar."""

    tone: str
    """CSS class: colour and pattern."""
    name: str
    number: int
    width: str
    """Per cent of the bar."""
    share: str
    """The same for people."""


def criterion_segments(criterion: CriterionReport) -> list[Segment]:
    """Return a criterion's levels, then what does not apply, then what nobody could say."""
    parts = [(tone, level.name, level.count) for tone, level in zip(_tones(criterion.levels), criterion.levels, strict=True)]
    parts += [("na", "Not applicable", criterion.not_applicable), ("un", "Ungraded", criterion.ungraded)]
    return _segments(parts, criterion.total)


def band_segments(report: TeamReport) -> list[Segment]:
    """Return how conversations fall into the rubric's bands, provisional ones and those without a score apart."""
    tones = _tones(report.bands)
    parts = [(tone, band.name, band.count) for tone, band in zip(tones, report.bands, strict=True)]
    parts.insert(1, ("pv", f"{report.bands[0].name} (provisional)", report.provisional))
    return _segments([*parts, ("un", "No score", report.unscored)], report.conversations)


def grader_segments(tallies: Sequence[Tally]) -> list[Segment]:
    """Return who graded how much."""
    tones = {"llm": "g0", "mixed": "g1", "rules": "g2", "human": "g3", "ungraded": "un"}
    total = sum(tally.count for tally in tallies)
    return _segments([(tones[tally.id], tally.name, tally.count) for tally in tallies], total)


def span(estimate: Estimate, *, of_hundred: bool = False) -> tuple[str, str, str]:
    """Return left end, width and middle of an interval, in per cent of the whole scale."""
    scale = 1 if of_hundred else 100
    low, high = (estimate.low or 0.0) * scale, (estimate.high or 0.0) * scale
    return f"{low:.1f}", f"{high - low:.1f}", f"{(estimate.value or 0.0) * scale:.1f}"


def _tones(levels: Sequence[LevelCount]) -> list[str]:
    passing = sum(not level.fails for level in levels)
    shades = [*_PASSING[passing]] if passing < len(_PASSING) else ["p0"] * (passing - 3) + ["p0", "p1", "p2"]
    failing = len(levels) - passing
    return [f"f{min(failing - 1 - place, 1)}" for place in range(failing)][::-1] + shades


def _segments(parts: Sequence[tuple[str, str, int]], total: int) -> list[Segment]:
    return [
        Segment(tone, name, count, f"{100 * count / total:.2f}" if total else "0", percent(count / total) if total else percent(None))
        for tone, name, count in parts
    ]
