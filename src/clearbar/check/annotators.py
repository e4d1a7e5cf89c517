"""How far those who labelled blind agree among themselves: what can be asked of a grader at all."""

from itertools import combinations

import numpy as np

from clearbar.agreement import Floats, cohen_kappa, coincidences, confusion, gwet_ac_many, krippendorff_alpha
from clearbar.check.result import AnnotatorAgreement
from clearbar.labelled import Resolved
from clearbar.rubric import Rubric
from clearbar.verdict import NOT_APPLICABLE

__all__ = ["annotator_agreement", "null"]


def null(value: float | Floats) -> float | None:
    """Return a coefficient for a result model: rounded, null where it is undefined."""
    return round(float(value), 4) + 0.0 if np.isfinite(value) else None  # adding 0 turns -0.0 into 0.0


def annotator_agreement(resolved: Resolved, criterion: str, rubric: Rubric) -> AnnotatorAgreement | None:
    """Return the annotators' own agreement on a criterion, over levels and `not_applicable`; null where nothing was labelled twice."""
    known = (*rubric.scale_of(criterion).ids, NOT_APPLICABLE)
    rated = [
        {annotator: known.index(levels[criterion]) for annotator, levels in given.items() if criterion in levels}
        for given in resolved.blind.values()
    ]
    rated = [ratings for ratings in rated if len(ratings) > 1]
    if not rated:
        return None
    counts = np.array([np.bincount(list(ratings.values()), minlength=len(known)) for ratings in rated], dtype=float)
    people = sorted({annotator for ratings in rated for annotator in ratings})
    raters = counts.sum(axis=1)
    return AnnotatorAgreement(
        annotators=len(people),
        conversations=len(rated),
        agreement=null(((counts * (counts - 1)).sum(axis=1) / (raters * (raters - 1))).mean()),
        kappa=null(_mean_kappa(rated, people, len(known))),
        alpha=null(krippendorff_alpha(coincidences(counts))),
        ac1=null(gwet_ac_many(counts)),
    )


def _mean_kappa(rated: list[dict[str, int]], people: list[str], categories: int) -> float:
    found = []
    for one, other in combinations(people, 2):
        both = [(ratings[one], ratings[other]) for ratings in rated if one in ratings and other in ratings]
        if both:
            first, second = [pair[0] for pair in both], [pair[1] for pair in both]
            found.append(float(cohen_kappa(confusion(first, second, categories))))
    defined = [kappa for kappa in found if np.isfinite(kappa)]
    return float(np.mean(defined)) if defined else float("nan")
