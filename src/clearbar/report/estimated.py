"""What the estimates of a team's figures tell its report."""

from collections.abc import Mapping

from clearbar.estimates.indicators import Indicator
from clearbar.estimates.result import Estimate as Estimated
from clearbar.estimates.result import Estimates
from clearbar.report.inputs import ALL_OTHERS, Difference, Estimate, TeamEstimates

__all__ = ["differences_of", "team_estimates_of"]

_OTHERS = "all others"
"""How estimates call the other side where each unit is compared with the rest."""


def team_estimates_of(found: Estimates, unit: str, plain: TeamEstimates) -> TeamEstimates:
    """Return a team's figures as they were estimated, and the plain ones where nothing was.

    Parameters
    ----------
    found
        Estimates of all teams.
    unit
        What the team is called there.
    plain
        From `raw_estimates`.
    """
    return TeamEstimates(
        score=_told(found.of(unit, None, Indicator.SCORE), plain.score),
        clears=plain.clears,
        fails={id: _told(found.of(unit, id, Indicator.BELOW), estimate) for id, estimate in plain.fails.items()},
    )


def differences_of(found: Estimates, slugs: Mapping[str, str]) -> tuple[Difference, ...]:
    """Return the pairs of teams whose scores can be told apart, by slug; units that are not in `slugs` are no teams of the reports.

    Where there are many teams, each was compared with the mean of all others.
    """
    slugs = {**slugs, _OTHERS: ALL_OTHERS}
    told = [item for item in found.differences if item.differs and item.criterion is None and item.indicator is Indicator.SCORE]
    return tuple(
        Difference(
            better=slugs[item.one if item.value > 0 else item.other],
            worse=slugs[item.other if item.value > 0 else item.one],
            of="the score" if item.corrected else "the score as graded",
            p=item.p,
        )
        for item in told
        if item.one in slugs and item.other in slugs
    )


def _told(estimated: Estimated | None, plain: Estimate) -> Estimate:
    best = estimated.best if estimated is not None else None
    if estimated is None or best is None:
        return plain
    corrected = estimated.corrected is not None
    return Estimate(
        value=best.value,
        low=best.low,
        high=best.high,
        level=best.level,
        n=estimated.conversations,
        count=None if corrected else plain.count,
        enough=not estimated.too_few,
        corrected=corrected,
        raw=estimated.raw.value if corrected and estimated.raw is not None else None,
        note=_note(estimated),
    )


def _note(estimated: Estimated) -> str:
    if estimated.corrected is None:
        return estimated.why_not
    return f"{estimated.assumes}; the grades here contradict it" if estimated.contradicted else estimated.assumes
