"""What checks and estimates tell a report."""

from clearbar.check.result import CheckResult, Confusion, CriterionCheck, Decision, Interval, Macro
from clearbar.estimates.indicators import Indicator
from clearbar.estimates.result import Difference, Estimates, Method, Range
from clearbar.estimates.result import Estimate as Estimated
from clearbar.labelled import Provenance
from clearbar.report import Estimate, TeamEstimates, Trust
from clearbar.report.estimated import differences_of, team_estimates_of
from clearbar.report.inputs import ALL_OTHERS
from clearbar.report.measured import agreements_of
from clearbar.verdict import GradedBy, RubricRef

RAW, BETTER = Range(value=0.4, low=0.3, high=0.5, level=0.95), Range(value=0.5, low=0.2, high=0.8, level=0.95)


def _check(decision: Decision, interval: Interval | None) -> CriterionCheck:
    blank = dict.fromkeys(name for name, field in CriterionCheck.model_fields.items() if field.is_required())
    given = {
        "criterion": "help", "name": "Help", "n": 60, "applicable": 50, "below": 20, "kappa": 0.5, "interval": interval, "levels": (),
        "confusion": Confusion(labels=(), grades=(), counts=()), "bounds": (), "decision": decision, "why": "so", "p": 0.2,
        "trusted_together": False,
    }  # fmt: skip
    return CriterionCheck.model_validate(blank | given)


def _result(item: CriterionCheck) -> CheckResult:
    macro = Macro.model_validate(dict.fromkeys(Macro.model_fields) | {"criteria": 1, "n": 60})
    return CheckResult(
        grader="rules:1:abc", rubric=RubricRef(name="r", version="1", hash="h"),
        n=60, criteria={"help": item}, macro=macro, confidence=0.95,
        clustered_by="agent", provenance=Provenance(annotators="people", conversations="real"), annotators=2, looks=1,
        disagreements=(), notes=(),
    )  # fmt: skip


def test_a_check_tells_kappa_its_interval_who_labelled_and_the_decision() -> None:
    found = agreements_of(
        _result(_check(Decision.NO_GO, Interval(of="kappa", low=0.3, high=0.7, level=0.95))), GradedBy.RULES, labelled_set="own"
    )
    agreement = found.criteria["help"]
    assert (found.grader, found.labelled_by) == ("rules:1:abc", "people, on real conversations (unstated selection)")
    assert (agreement.n, agreement.kappa, agreement.low, agreement.high, agreement.trust) == (60, 0.5, 0.3, 0.7, Trust.NO_GO)


def test_an_interval_of_something_else_is_not_shown_as_that_of_kappa() -> None:
    found = agreements_of(_result(_check(Decision.GO, Interval(of="ac1", low=0.9, high=1, level=0.95))), GradedBy.RULES, labelled_set="own")
    assert (found.criteria["help"].low, found.criteria["help"].high) == (None, None)


def _estimated(corrected: Range | None, criterion: str | None = "help", indicator: Indicator = Indicator.BELOW) -> Estimated:
    return Estimated(
        unit="orders", criterion=criterion, indicator=indicator, conversations=40, ungraded=2, reviewed=0, raw=RAW, corrected=corrected,
        method=Method.ROGAN_GLADEN if corrected else None, assumes="the grader errs alike", why_not="no labels of real conversations",
        too_few=True,
    )  # fmt: skip


def _estimates(*items: Estimated, differences: tuple[Difference, ...] = ()) -> Estimates:
    return Estimates(estimand="process", estimates=items, differences=differences, notes=())


PLAIN = TeamEstimates(
    score=Estimate(value=70, n=40),
    clears=Estimate(value=0.6, n=40, count=24),
    fails={"help": Estimate(value=0.4, n=40, count=16), "duty": Estimate(value=0, n=1)},
)


def test_a_corrected_figure_stands_beside_the_one_as_graded() -> None:
    told = team_estimates_of(_estimates(_estimated(BETTER)), "orders", PLAIN).fails["help"]
    assert (told.value, told.raw, told.corrected, told.enough, told.count) == (0.5, 0.4, True, False, None)
    assert told.note == "the grader errs alike"


def test_an_uncorrected_figure_says_why() -> None:
    told = team_estimates_of(_estimates(_estimated(None)), "orders", PLAIN).fails["help"]
    assert (told.value, told.raw, told.corrected, told.count, told.note) == (0.4, None, False, 16, "no labels of real conversations")


def test_what_was_not_estimated_stays_plain() -> None:
    told = team_estimates_of(_estimates(_estimated(BETTER)), "another team", PLAIN)
    assert told == PLAIN


def test_only_scores_that_differ_when_all_pairs_are_judged_at_once_are_told() -> None:
    def pair(
        one: str, other: str, value: float, *, differs: bool, indicator: Indicator = Indicator.SCORE, corrected: bool = False
    ) -> Difference:
        return Difference(
            one=one,
            other=other,
            criterion=None,
            indicator=indicator,
            value=value,
            low=0,
            high=0,
            p=0.01,
            differs=differs,
            corrected=corrected,
        )

    found = _estimates(
        differences=(
            pair("a", "b", -3, differs=True),
            pair("a", "c", 4, differs=True, corrected=True),
            pair("b", "c", 1, differs=False),
            pair("a", "agent-1", 9, differs=True),
            pair("c", "all others", -2, differs=True),
        )
    )
    told = differences_of(found, {"a": "a", "b": "b-1", "c": "c"})
    assert [(item.better, item.worse, item.of) for item in told] == [
        ("b-1", "a", "the score as graded"),
        ("a", "c", "the score"),
        (ALL_OTHERS, "c", "the score as graded"),
    ]
