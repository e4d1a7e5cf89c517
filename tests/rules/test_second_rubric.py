"""Another rubric, with other scales, gates and a condition, is decided by the same engine."""

import pytest
from tests.rules.made import level, talk, verdicts

from clearbar.grading.rules import RulesGrader
from clearbar.verdict import ABSTAINED, UNGRADED


@pytest.mark.parametrize(
    ("criterion", "expected", "said"),
    [
        ("identity", "no", ("C: What does my neighbour owe?", "A: Her balance is 212 in debit.")),
        ("identity", "yes", ("C: My bill?", "A: Your postcode and date of birth, please?", "C: X1, May 3.", "A: Your balance is 212.")),
        ("identity", "ungraded", ("C: My bill?", "A: Your postcode, please?", "C: X1.", "A: Your balance is 212.")),
        ("identity", "not_applicable", ("C: What does a unit cost?", "A: Thirty cents.")),
        ("recording_notice", "yes", ("A: Brightwell, this call is recorded. How can I help?", "C: My meter is stuck.", "A: Oh.")),
        ("recording_notice", "no", ("A: Brightwell, your account number please?", "C: 77.", "A: Thanks.")),
        ("recording_notice", "ungraded", ("B: Welcome.", "A: Your account number please?", "C: 77.", "A: Thanks.")),
        ("safety_first", "no", ("C: The hall smells of gas.", "A: Can I have your account number first?")),
        ("safety_first", "yes", ("C: The hall smells of gas.", "A: Please leave the house now and touch no switches.")),
        ("safety_first", "not_applicable", ("C: My meter is stuck.", "A: Since when?")),
        ("complaint_reference", "not_applicable", ("C: What does a unit cost?", "A: Thirty cents.")),
        ("tone", "poor", ("C: I can't pay.", "A: That's not my problem.")),
        ("tone", "good", ("C: I'm so worried, it is urgent.", "A: I can imagine how worrying that is.")),
        (
            "plain_words",
            "no",
            ("C: Why is it so high?", "A: It is the deemed rate of your profile class.", "C: I don't understand.", "A: Oh."),
        ),
        ("holds", "no", ("C: My meter?", "A: Please hold.", "A: It is fine.")),
        ("holds", "yes", ("C: My meter?", "A: May I put you on hold for a minute?", "C: Sure.", "A: It is fine.")),
    ],
)
def test_each_duty_is_decided_or_left_open(centre_grader: RulesGrader, criterion: str, expected: str, said: tuple[str, ...]) -> None:
    assert level(centre_grader, criterion, *said, channel="phone") == expected


def test_a_criterion_that_hangs_on_another_follows_its_answer(centre_grader: RulesGrader) -> None:
    taken = verdicts(
        centre_grader,
        talk(
            "C: You billed me twice, this is outrageous.",
            "A: That must not happen, I'm logging it as a complaint. Your reference is C 7714, you will hear from us within five days.",
            channel="phone",
        ),
    )
    assert (taken["complaint_taken"].level, taken["complaint_reference"].level) == ("yes", "yes")
    passed = verdicts(centre_grader, talk("C: You billed me twice, this is outrageous.", "A: Bills can look confusing.", channel="phone"))
    assert (passed["complaint_taken"].level, passed["complaint_reference"].level) == ("no", "not_applicable")


def test_what_rules_cannot_know_is_left_open(centre_grader: RulesGrader) -> None:
    verdict = verdicts(centre_grader, talk("C: Why?", "A: The meter was read in March and again in May.", channel="phone"))["plain_words"]
    assert (verdict.level, verdict.reason) == (UNGRADED, ABSTAINED)
