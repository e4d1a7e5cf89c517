from clearbar.grading.fallback import compose
from clearbar.verdict import NOT_APPLICABLE, UNGRADED, Grade, GradedBy, GradeFailure, Verdict

from .conftest import make_rubric

RUBRIC = make_rubric()
IDS = [criterion.id for criterion in RUBRIC.criteria]


def grade(by: GradedBy, levels: dict[str, str | tuple[str, str]]) -> Grade:
    verdicts = []
    for id, level in levels.items():
        state, reason = (level, None) if isinstance(level, str) else level
        verdicts.append(Verdict(criterion=id, level=state, reason=reason, graded_by=by, grader=f"{by} fingerprint"))
    return Grade(key=f"{by}", text_hash="t", graded_by=by, grader=f"{by} fingerprint", verdicts=tuple(verdicts))


ABSTAINED = (UNGRADED, "abstained")
LLM = grade(GradedBy.LLM, {"courtesy": "vaults", "closing": ABSTAINED, "identity": "yes", "disclosure": (UNGRADED, "failed:evidence")})
RULES = grade(GradedBy.RULES, {"courtesy": "below", "closing": "clears", "identity": NOT_APPLICABLE, "disclosure": "no"})


def test_the_llm_keeps_what_it_said_its_doubts_included_and_rules_stand_where_it_failed() -> None:
    courtesy, closing, identity, disclosure = compose(RUBRIC, LLM, RULES, None)
    assert (courtesy.level, courtesy.graded_by, courtesy.fallback_reason) == ("vaults", GradedBy.LLM, None)
    assert (closing.level, closing.reason, closing.graded_by) == (UNGRADED, "abstained", GradedBy.LLM)
    assert (identity.level, identity.graded_by) == ("yes", GradedBy.LLM)
    assert (disclosure.level, disclosure.graded_by, disclosure.fallback_reason) == ("no", GradedBy.RULES, "failed:evidence")


def test_where_rules_abstain_as_well_the_failure_remains_the_reason() -> None:
    rules = grade(GradedBy.RULES, dict.fromkeys(IDS, ABSTAINED))
    assert compose(RUBRIC, LLM, rules, None)[3].reason == "failed:evidence"
    failed = compose(RUBRIC, GradeFailure(text_hash="t", reason="failed:timed out"), rules, None)
    assert {(verdict.level, verdict.reason) for verdict in failed} == {(UNGRADED, "failed:timed out")}


def test_a_conversation_that_failed_is_graded_by_rules_with_its_reason() -> None:
    verdicts = compose(RUBRIC, GradeFailure(text_hash="t", reason="failed:unreachable"), RULES, None)
    assert {verdict.graded_by for verdict in verdicts} == {GradedBy.RULES}
    assert {verdict.fallback_reason for verdict in verdicts[:3]} == {"failed:unreachable"}


def test_without_an_llm_rules_say_why_they_grade_and_abstain_for_themselves() -> None:
    rules = grade(GradedBy.RULES, {"courtesy": "clears", "closing": ABSTAINED, "identity": "yes", "disclosure": "yes"})
    verdicts = compose(RUBRIC, None, rules, "no LLM is set up")
    assert {verdict.fallback_reason for verdict in verdicts} == {"no LLM is set up"}
    assert verdicts[1].reason == "abstained"


def test_rules_that_were_wanted_are_no_fallback() -> None:
    assert {verdict.fallback_reason for verdict in compose(RUBRIC, None, RULES, None)} == {None}


def test_where_nobody_spoke_every_criterion_is_ungraded_with_a_reason() -> None:
    verdicts = compose(RUBRIC, GradeFailure(text_hash="t", reason="failed:budget"), None, None)
    assert [verdict.criterion for verdict in verdicts] == IDS
    assert {verdict.reason for verdict in verdicts} == {"failed:budget"}
    assert {verdict.reason for verdict in compose(RUBRIC, None, None, "no LLM is set up")} == {"failed:unreachable"}


def test_a_criterion_whose_condition_is_not_met_does_not_apply_whoever_graded_it() -> None:
    llm = grade(GradedBy.LLM, {"courtesy": "clears", "closing": "clears", "identity": "no", "disclosure": "no"})
    assert compose(RUBRIC, llm, None, None)[3].level == NOT_APPLICABLE
    unknown = grade(GradedBy.LLM, {"courtesy": "clears", "closing": "clears", "identity": ABSTAINED, "disclosure": "no"})
    assert compose(RUBRIC, unknown, None, None)[3].level == "no"
