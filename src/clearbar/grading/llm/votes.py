"""Several grades of one conversation by the same model: the majority holds, and how large it was is kept."""

from collections import Counter
from collections.abc import Sequence

from clearbar.rubric import Rubric

__all__ = ["majority"]


def majority(criterion: str, levels: Sequence[str], rubric: Rubric) -> str:
    """Return what most votes say of a criterion.

    At a tie the bar is neither failed nor vaulted without evidence: the lowest tied level that is no failure holds, else the
    highest that is one; only where no level is tied, abstention comes before `not_applicable`.
    """
    counts = Counter(levels)
    most = max(counts.values())
    tied = [level for level in counts if counts[level] == most]
    scale = [level for level in rubric.scale_of(criterion).ids if level in tied]
    passing = [level for level in scale if not rubric.level(criterion, level).fails]
    if passing:
        return passing[0]
    return scale[-1] if scale else min(tied)  # "abstain" sorts before "not_applicable"
