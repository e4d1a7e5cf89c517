from collections.abc import Sequence

import pytest
from tests.llm.live import LiveServer

from clearbar.grading.cascade import CascadeGrader, CascadePlan, Observation, Trust, lower_bound, plan_cascade
from clearbar.transcript import RedactedTranscript
from clearbar.verdict import UNGRADED, Evidence, Grade, GradedBy, GradeFailure, Verdict

from .conftest import MakeGrader, make_rubric, make_transcript

RUBRIC = make_rubric()
IDS = tuple(criterion.id for criterion in RUBRIC.criteria)


class FixedRules:
    """Rules that give every conversation the same levels."""

    graded_by = GradedBy.RULES
    fingerprint = "fixed rules"

    def __init__(self, levels: dict[str, str]) -> None:
        self.levels = levels

    def key(self, transcript: RedactedTranscript) -> str:
        return f"rules {transcript.text_hash}"

    def grade(self, batch: Sequence[RedactedTranscript]) -> list[Grade | GradeFailure]:
        return [self._one(transcript) for transcript in batch]

    def _one(self, transcript: RedactedTranscript) -> Grade:
        quote = transcript.turns[1].text[:9]
        verdicts = tuple(
            Verdict(
                criterion=id,
                level=level,
                reason="abstained" if level == UNGRADED else None,
                graded_by=GradedBy.RULES,
                grader=self.fingerprint,
                evidence=(Evidence(turn=1, start=0, end=9, quote=quote),),
            )
            for id, level in self.levels.items()
        )
        return Grade(
            key=self.key(transcript), text_hash=transcript.text_hash, graded_by=GradedBy.RULES, grader="fixed rules", verdicts=verdicts
        )


def plan(*trusted: tuple[str, str]) -> CascadePlan:
    trust = tuple(Trust(criterion=criterion, level=level, confirmed=20, of=20) for criterion, level in trusted)
    nothing = dict.fromkeys(
        ("decided_by_rules", "without_a_call", "precision", "precision_low", "agreement_cascade", "agreement_llm", "loss"), None
    )
    return CascadePlan(bar=0.8, trusted=trust, chosen_on=0, tested_on=0, **nothing)


LEVELS = {"courtesy": "clears", "closing": UNGRADED, "identity": "yes", "disclosure": "yes"}


def test_trusted_verdicts_stand_and_the_llm_is_asked_about_the_rest_only(server: LiveServer, make_grader: MakeGrader) -> None:
    cascade = CascadeGrader(
        RUBRIC, FixedRules(LEVELS), make_grader(), plan(("courtesy", "clears"), ("identity", "yes"), ("closing", "vaults"))
    )
    [grade] = cascade.grade([make_transcript()])
    assert isinstance(grade, Grade)
    assert [(verdict.criterion, verdict.graded_by) for verdict in grade.verdicts] == [
        ("courtesy", GradedBy.RULES),
        ("closing", GradedBy.LLM),
        ("identity", GradedBy.RULES),
        ("disclosure", GradedBy.LLM),
    ]
    [body] = server.stats()["bodies"]
    assert body["messages"][1]["content"].endswith("Reply for these criteria alone: closing, disclosure.")
    assert '"courtesy"' not in str(body["response_format"])


def test_the_constant_part_stays_the_same_so_that_the_providers_cache_holds(server: LiveServer, make_grader: MakeGrader) -> None:
    grader = make_grader()
    CascadeGrader(RUBRIC, FixedRules(LEVELS), grader, plan(("courtesy", "clears"))).grade([make_transcript()])
    grader.grade([make_transcript()])
    assert len({body["messages"][0]["content"] for body in server.stats()["bodies"]}) == 1


def test_a_conversation_that_rules_decide_wholly_costs_no_call(server: LiveServer, make_grader: MakeGrader) -> None:
    levels = dict(zip(IDS, ("clears", "below", "yes", "yes"), strict=True))
    [grade] = CascadeGrader(RUBRIC, FixedRules(levels), make_grader(), plan(*levels.items())).grade([make_transcript()])
    assert isinstance(grade, Grade)
    assert {verdict.graded_by for verdict in grade.verdicts} == {GradedBy.RULES}
    assert grade.usage.calls == 0
    assert server.stats()["requests"] == 0


def test_where_the_llm_fails_trusted_verdicts_stand_and_the_others_carry_the_failure(server: LiveServer, make_grader: MakeGrader) -> None:
    server.control(faults={"prose": 1.0})
    [grade] = CascadeGrader(RUBRIC, FixedRules(LEVELS), make_grader(), plan(("courtesy", "clears"))).grade([make_transcript()])
    assert isinstance(grade, Grade)
    assert [verdict.reason for verdict in grade.verdicts] == [None, "failed:unread", "failed:unread", "failed:unread"]
    [failure] = CascadeGrader(RUBRIC, FixedRules(LEVELS), make_grader(), plan()).grade([make_transcript()])
    assert isinstance(failure, GradeFailure)


def observations(count: int, *, right: float, llm: str | None = "clears") -> list[Observation]:
    """Rules that say `clears` and are right in a share of cases; they abstain on a second criterion."""
    made = []
    for number in range(count):
        label = "clears" if number % 100 < 100 * right else "below"
        made.append(Observation(conversation=f"c{number}", criterion="courtesy", rules="clears", label=label, llm=label if llm else None))
        made.append(Observation(conversation=f"c{number}", criterion="closing", rules=UNGRADED, label="clears", llm=llm))
    return made


def test_rules_that_are_right_are_trusted_and_what_that_saves_is_measured_on_other_labels() -> None:
    chosen = plan_cascade(observations(400, right=0.99))
    assert [(trust.criterion, trust.level) for trust in chosen.trusted] == [("courtesy", "clears")]
    assert chosen.chosen_on + chosen.tested_on == 400
    assert chosen.decided_by_rules == 0.5
    assert chosen.without_a_call == 0
    assert chosen.loss is not None
    assert abs(chosen.loss) <= 0.02
    assert chosen.agreement_llm == 1.0


def test_rules_that_are_often_wrong_are_not_trusted_where_that_would_lose_agreement() -> None:
    chosen = plan_cascade(observations(400, right=0.7))
    assert chosen.trusted == ()
    assert chosen.decided_by_rules == 0


def test_without_llm_verdicts_the_bar_is_the_stated_one() -> None:
    assert plan_cascade(observations(400, right=0.97, llm=None)).trusted
    assert not plan_cascade(observations(400, right=0.75, llm=None)).trusted
    assert plan_cascade(observations(400, right=0.97, llm=None)).loss is None


def test_few_labels_prove_nothing() -> None:
    assert plan_cascade(observations(10, right=1.0)).trusted == ()
    assert plan_cascade([]).decided_by_rules is None


def test_conversations_of_one_group_stay_on_one_side() -> None:
    chosen = plan_cascade(observations(100, right=1.0), group=lambda _: "one incident")
    assert 0 in {chosen.chosen_on, chosen.tested_on}


def test_the_lower_bound_is_wilsons() -> None:
    # Agresti and Coull's example of 9 successes in 10 at z = 1.645: (0.9 + 0.1353 - 1.645 * sqrt(0.009 + 0.0067650)) / 1.2706
    assert lower_bound(9, 10) == pytest.approx(0.6523, abs=5e-4)
    assert lower_bound(0, 0) == 0
    assert lower_bound(10, 10) == pytest.approx(1 / 1.2706, abs=1e-3)
