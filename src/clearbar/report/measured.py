"""What a check of a grader against labels tells a report."""

from clearbar.check.result import CheckResult, CriterionCheck
from clearbar.report.inputs import Agreement, Agreements, Trust
from clearbar.verdict import GradedBy

__all__ = ["agreements_of"]


def agreements_of(result: CheckResult, graded_by: GradedBy, *, labelled_set: str) -> Agreements:
    """Return how far one grader agrees with one labelled set.

    Parameters
    ----------
    result
        Of a check of one grader alone: its `grader` is the fingerprint that verdicts carry.
    graded_by
        What kind of grader it is.
    labelled_set
        The set's name, for people.
    """
    return Agreements(
        graded_by=graded_by,
        grader=result.grader,
        labelled_set=labelled_set,
        labelled_by=result.provenance.line().removeprefix("labels by "),
        criteria={id: _agreement(item) for id, item in result.criteria.items()},
    )


def _agreement(item: CriterionCheck) -> Agreement:
    held = item.interval
    kappa = held if held is not None and held.of == "kappa" else None
    return Agreement(
        n=item.n,
        kappa=item.kappa,
        low=kappa.low if kappa else None,
        high=kappa.high if kappa else None,
        level=kappa.level if kappa else 0.95,
        trust=Trust(item.decision.value),
        why=item.why,
        annotators=item.annotators.kappa if item.annotators else None,
    )
