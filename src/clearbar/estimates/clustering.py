"""How the conversations behind a figure are spread over agents.

Intervals take the agents of a team as they are: chance then lies in which conversations they had. Where the agents may change, the
spread between them counts too; this tells by how much.

References
----------
.. [1] Kish, L. (1965). Survey Sampling. Design effects: section 8.2.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clearbar.model import Model
from clearbar.resampling import design_effect

__all__ = ["Clustering", "clustering"]

_MOST: Final = 0.5
"""Share of the conversations from which on it is said that one agent has them."""
_WIDER: Final = 1.2
_AGENTS: Final = 5
"""With fewer agents the spread between them cannot be told from chance."""


class Clustering(Model):
    """Agents behind a share."""

    agents: int
    largest: float
    """Share of the conversations that belongs to the agent with most of them."""
    design_effect: float | None
    """By how much the spread between agents widens the variance, for a unit whose agents may change; at least 1 [1]_. Null with
    few agents."""

    def line(self) -> str:
        """Return it in words; empty where it changes nothing worth saying."""
        told = [f"{self.largest:.0%} of these conversations are one agent's"] if self.agents > 1 and self.largest >= _MOST else []
        wider = (self.design_effect or 1) ** 0.5
        if wider >= _WIDER:
            told.append(f"agents differ: with other agents in their place the range would be about {wider:.1f} times as wide")
        return "; ".join(told)


def clustering(groups: NDArray[np.intp], agents: Sequence[str | None]) -> Clustering | None:
    """Return how graded conversations are spread over agents; null where no agent is known.

    Parameters
    ----------
    groups
        Group of each conversation's level: 0 is counted, 1 is the rest it is compared with, others count nowhere.
    agents
        Whom each concerns.
    """
    known = [(agent, group) for agent, group in zip(agents, groups, strict=True) if agent is not None and group <= 1]
    if not known:
        return None
    names, place = np.unique([agent for agent, _ in known], return_inverse=True)
    totals = np.bincount(place, minlength=len(names)).astype(float)
    hits = np.bincount(place, weights=[float(group == 0) for _, group in known], minlength=len(names)).astype(float)
    return Clustering(
        agents=len(names),
        largest=round(float(totals.max() / totals.sum()), 4),
        design_effect=round(design_effect(hits, totals), 3) if len(names) >= _AGENTS else None,
    )
