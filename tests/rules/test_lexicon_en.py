"""What groups of the English lexicon hear, and what sounds like it but is something else."""

import pytest
from tests.rules.made import level, talk, verdicts

from clearbar.grading.rules import RulesGrader

HEARD = [
    ("request", "C: Search for a train to Leeds on Friday"),
    ("request", "C: I am Ben and would like to book a table"),
    ("request", "C: I'm gonna need a new card"),
    ("request", "C: lets play the quiz"),
    ("fault", "C: The app keeps crashing since Monday"),
    ("fault", "C: You messed up my order"),
    ("complaint", "C: This is the 4th time this month"),
    ("complaint", "C: This happens way too often"),
    ("failure", "A: I'm sorry, but your booking request failed."),
    ("plain_truth", "A: Sorry for the delayed reply!"),
    ("plain_truth", "A: I am only able to help you with bookings."),
    ("plain_truth", "A: The lamp is available only through our online shop."),
    ("not_known", "A: We're not aware of any outage in your street."),
    ("not_known", "A: Unfortunately we don't have an ETA for this yet."),
    ("mistake_admitted", "A: Thank you for pointing out our shortcomings."),
    ("elsewhere", "A: Please reach us by phone or chat here: example.com/help"),
    ("elsewhere", "A: Please contact our support team at example.com."),
    ("farewell", "A: If anything is unclear, contact us."),
    ("farewell", "A: You can message us any time."),
]
NOT_HEARD = [
    ("request", "C: It came in blue, just like the one on the picture"),
    ("request", "C: Order for my mum came today"),
    ("request", "C: Call to the branch was short"),
    ("request", "C: Let's see"),
    ("fault", "C: You can't go wrong with this shop"),
    ("fault", "C: I messed up the size myself"),
    ("fault", "C: We can't wait until the new app is out"),
    ("complaint", "C: Third day in Rome and the hotel is great"),
    ("complaint", "C: This is my second order this week"),
    ("failure", "A: If the delivery failed, you get a text."),
    ("failure", "A: If a payment was declined, we write to you."),
    ("failure", "A: No, it is still available."),
    ("plain_truth", "A: You will be charged on the first of June."),
    ("plain_truth", "A: Sorry to keep you waiting. Yes, it is in stock."),
    ("not_known", "A: No update for your phone is needed."),
    ("mistake_admitted", "A: The failing part is the valve, and the lapsed policy is renewed now."),
    ("private_channel", "A: Feel free to contact us here anytime. Have a lovely day!"),
    ("private_channel", "A: I am looking, I can check that for you here."),
    ("elsewhere", "A: Feel free to contact us here anytime. Have a lovely day!"),
    ("elsewhere", "A: I will get in touch with our warehouse team."),
    ("farewell", "A: Please reach us for help with the router here."),
    ("farewell", "A: Could you tell us when it arrived?"),
]


def groups(grader: RulesGrader, turn: str) -> set[str]:
    """Return what is found in a turn."""
    return {hit.group for hit in grader.explain(talk(turn, "A: It is 12." if turn.startswith("C") else "C: Hm.", language="en")).hits}


@pytest.mark.parametrize(("group", "turn"), HEARD)
def test_a_group_hears_what_it_means(grader: RulesGrader, group: str, turn: str) -> None:
    assert group in groups(grader, turn)


@pytest.mark.parametrize(("group", "turn"), NOT_HEARD)
def test_a_group_does_not_hear_what_only_sounds_like_it(grader: RulesGrader, group: str, turn: str) -> None:
    assert group not in groups(grader, turn)


@pytest.mark.parametrize(("channel", "told"), [("social", "clears"), ("chat", "not_applicable")])
def test_a_public_thread_that_goes_on_elsewhere_has_told_what_comes_next(grader: RulesGrader, channel: str, told: str) -> None:
    said = "C: My box shows no channels.", "A: Please reach us by phone or chat here: example.com/help"
    assert level(grader, "expectations", *said, channel=channel) == told
    assert level(grader, "closing", *said, channel=channel) == "not_applicable"


def test_what_failed_and_is_told_is_honest(grader: RulesGrader) -> None:
    said = talk("C: Please book room 12 for Friday.", "A: I'm sorry, but your booking request failed.", "C: Oh.")
    honesty = verdicts(grader, said)["honesty"]
    assert (honesty.level, honesty.evidence[0].quote) == ("clears", "I'm sorry, but your booking request failed.")


@pytest.mark.parametrize(("channel", "told"), [("social", "below"), ("chat", "not_applicable")])
def test_two_kinds_of_trouble_told_in_public_call_for_an_apology(grader: RulesGrader, channel: str, told: str) -> None:
    said = "C: The app keeps crashing, and I am worried about my data.", "A: Please restart your phone."
    assert level(grader, "apology", *said, channel=channel) == told
