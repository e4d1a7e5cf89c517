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
        The figures that count what people said of single conversations, and no more.
    """
    headline = found.of(unit, None, Indicator.SCORE)
    return TeamEstimates(
        score=_told(headline, plain.score),
        clears=_told(found.of(unit, None, Indicator.BAR), plain.clears),
        reviewed=headline.reviewed if headline else 0,
        aimed=headline.aimed if headline else 0,
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
    """Return the corrected figure; where there is none, the one that counts what people said of these conversations, and why."""
    if estimated is None or estimated.corrected is None:
        return plain if estimated is None else plain.model_copy(update={"note": estimated.why_not})
    best = estimated.corrected
    doubt = "; the grades here contradict it" if estimated.contradicted else ""
    return Estimate(
        value=best.value,
        low=best.low,
        high=best.high,
        level=best.level,
        n=estimated.conversations,
        enough=not estimated.too_few,
        corrected=True,
        raw=estimated.raw.value if estimated.raw is not None else None,
        note=estimated.assumes + doubt,
    )
