"""Signals of what remains to happen after a talk, of how it ends, and of what an agent with tools does in between."""

import pytest
from tests.rules.made import level, talk

from clearbar.grading.rules import RulesGrader

ASKED = "C: I was charged twice. Please refund one of them."
REFUND = "A: The second charge is cancelled. The refund will be processed within 5 business days."
DONE = "A: Your address has been updated as well. Anything else?"


def signals(grader: RulesGrader, *said: str) -> dict[str, tuple[int, ...]]:
    """Return the turns of each signal that is not 0."""
    return {item.name: item.turns for item in grader.explain(talk(*said)).signals}


def test_a_promise_that_is_due_days_later_remains_whatever_else_is_done(grader: RulesGrader) -> None:
    assert signals(grader, ASKED, REFUND, "C: Change my address too.", DONE, "C: No.")["pending"] == (1,)
    later = "A: We will send you a new card."
    assert "pending" not in signals(grader, ASKED, later, "C: And?", "A: The card has been sent.", "C: Thanks.")


def test_what_an_agent_promises_to_do_with_an_answer_is_part_of_the_talk(grader: RulesGrader) -> None:
    wants = "A: Could you provide your order number? Once I have it, I will process the refund."
    assert "pending" not in signals(grader, ASKED, wants, "C: 4471.", "A: The refund is done.", "C: Thanks.")
    assert signals(grader, ASKED, wants)["pending"] == (1,)


def test_nothing_remains_once_the_customer_says_that_it_is_solved(grader: RulesGrader) -> None:
    promised = "A: Our technician will contact you about it."
    assert signals(grader, "C: My line is dead.", promised, "C: When?")["pending"] == (1,)
    assert "pending" not in signals(grader, "C: My line is dead.", promised, "C: The problem has been solved, thank you.")


def test_a_plan_counts_where_the_talk_ends(grader: RulesGrader) -> None:
    plan, other = "A: Our technician will call you tomorrow.", "A: The router stands well where it is."
    assert signals(grader, "C: My line is dead.", other, "C: And now?", plan)["plan_at_end"] == (3,)
    assert "plan_at_end" not in signals(grader, "C: My line is dead.", other)


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("A: I will transfer you to a specialist, please hold.", "not_applicable"),
        ("A: It is the blue one. Anything else I can do for you?", "clears"),
    ],
)
def test_a_talk_that_is_passed_on_does_not_end(grader: RulesGrader, end: str, expected: str) -> None:
    assert level(grader, "closing", "C: Which cable is it?", end) == expected


def test_to_ask_whether_to_pass_the_customer_on_passes_nobody_on(grader: RulesGrader) -> None:
    asks = "A: Do you want me to transfer you to a specialist?"
    assert "passed_on" not in signals(grader, "C: Which cable is it?", asks)
    assert "passed_on" not in signals(grader, "C: Which cable is it?", "A: I am transferring you to a specialist.", "C: No, wait.")


def test_a_record_that_stops_in_data_is_cut_off_but_one_notice_is_none(grader: RulesGrader) -> None:
    said = ["C: Please cancel it.", "A: Shall I go ahead?", "C: Yes please, thank you."]
    assert signals(grader, *said, "S: [call] cancel", "S: [result] ok")["ends_in_data"] == (3, 4)
    assert level(grader, "closing", *said, "S: [call] cancel", "S: [result] ok") == "not_applicable"
    left = ["A: It is cancelled. Have a nice day!", "C: Thanks, bye.", "S: The customer has left."]
    assert level(grader, "closing", *said, *left) == "clears"
    assert "ends_in_data" not in signals(grader, *said, "S: [call] cancel", "A: It is cancelled.")


def test_another_way_counts_from_the_no_on(grader: RulesGrader) -> None:
    offer, no = "A: You can also book the later train.", "A: Unfortunately that fare cannot be changed."
    assert signals(grader, "C: I want another train.", no, "C: Oh.", offer)["beside_the_no"] == (3,)
    assert "beside_the_no" not in signals(grader, "C: I want another train.", offer, "C: And this one?", no)


def test_an_offer_that_the_customer_asked_for_is_no_sale(grader: RulesGrader) -> None:
    offer = "A: Would you like to add our insurance for $30?"
    assert level(grader, "selling", "C: Please book the small van.", offer) == "clears"
    assert level(grader, "selling", "C: I would like to add insurance to my van.", offer) == "not_applicable"


def test_a_ticket_is_the_result_and_an_appointment_remains(grader: RulesGrader) -> None:
    asked = "C: Monday please."
    assert "booked_for" not in signals(grader, asked, "A: Your flight on Monday has been successfully booked.")
    assert signals(grader, asked, "A: Your appointment on Monday has been successfully booked.")["booked_for"] == (1,)


def test_a_leave_that_only_the_customer_takes_does_not_show_how_the_agent_closes(grader: RulesGrader) -> None:
    said = ["C: Which novel would you recommend?", "A: The Lighthouse Keeper is a quiet one.", "C: Thanks, I will read it. Bye!"]
    assert level(grader, "closing", *said) == "not_applicable"
    assert level(grader, "closing", *said, "A: Enjoy it, goodbye!") == "clears"


def test_who_answers_the_last_question_and_takes_leave_closes_over_nothing(grader: RulesGrader) -> None:
    asked = ["C: I need walking boots.", "A: The grey ones are light and dry fast.", "C: Do they also come in brown?"]
    answered = "A: They come in brown and black, both on the second floor. Have a nice day!"
    assert signals(grader, *asked, answered)["answered_at_end"] == (3,)
    assert level(grader, "closing", *asked, answered) == "clears"
    assert level(grader, "closing", *asked, "A: Have a nice day!") == "below"


def test_to_own_up_to_not_knowing_is_told_plainly(grader: RulesGrader) -> None:
    asked = "C: Could you suggest a good red wine?"
    assert level(grader, "honesty", asked, "A: I don't know much about red wines, I am afraid.") == "clears"
    assert level(grader, "honesty", asked, "A: Our Rioja goes well with most dishes.") == "not_applicable"


def test_the_adviser_s_own_taste_is_no_mistake_admitted(grader: RulesGrader) -> None:
    assert level(grader, "honesty", "C: Is the pass road nice?", "A: I never get tired of it.") == "not_applicable"
    assert level(grader, "honesty", "C: Is the pass road nice?", "A: I never told you that it is closed.") == "clears"


def test_advice_takes_up_the_question_though_it_shares_no_word_with_it(grader: RulesGrader) -> None:
    asked = [
        "C: Any suggestions for a quiet island?",
        "A: Try Samothrace.",
        "C: Which places on the mainland would you recommend?",
        "A: Nafplio.",
    ]
    assert "passed_over" not in signals(grader, *asked, "C: Fine.")
    assert "passed_over" in signals(grader, "C: When does the ferry leave the harbour?", "A: Samothrace is lovely.", "C: Fine.")


def test_who_turns_down_one_proposal_after_the_other_was_not_listened_to(grader: RulesGrader) -> None:
    said = ["C: I am looking for a present.", "A: How about a scarf?", "C: That is not really her style.", "A: Or a handbag?"]
    assert "turned_down" not in signals(grader, "C: Scarves are not her style, and not for me.", "A: How about a ring?")
    assert signals(grader, *said, "C: No, that sounds too plain.", "A: Or a hat?")["turned_down"] == (2, 4)
    assert level(grader, "listening", *said, "C: I don't really like those.", "A: Or a hat?") == "below"


def test_a_promise_beside_a_closing_question_still_stands(grader: RulesGrader) -> None:
    promised = "A: You will get the invoice by post. Anything else?"
    assert signals(grader, ASKED, promised, "C: No.", "A: Have a nice day.")["pending"] == (1,)


def test_what_was_ordered_or_posted_is_still_to_come(grader: RulesGrader) -> None:
    for said in ("A: i have ordered you a spare key", "A: The form is on the table, I sent it by post."):
        assert signals(grader, "C: I need one.", said)["pending"] == (1,)


def test_no_thanks_to_a_closing_question_pushes_nothing_back(grader: RulesGrader) -> None:
    closing = "A: it opens at nine on weekdays is there anything else i can help with"
    heard = signals(grader, "C: when do you open", closing, "C: no thank you that was it")
    assert not {"pushed_back", "action", "alternative"} & heard.keys()
    assert "informs" in heard
    assert "pushed_back" in signals(grader, "C: When do you open?", "A: Have you seen our tea plan?", "C: No thank you.")


def test_to_ask_to_hear_it_again_is_no_misunderstanding(grader: RulesGrader) -> None:
    said = ["C: my number is four one two", "A: sorry could you repeat the number", "C: four one two", "A: thanks you are on the list"]
    heard = signals(grader, *said)
    assert not {"not_understood", "apologized"} & heard.keys()
    assert level(grader, "listening", *said) == "clears"


def test_a_mere_question_wants_nothing_done(grader: RulesGrader) -> None:
    answer = "A: we open at nine is there anything else i can help with"
    assert level(grader, "ownership", "C: what are your opening hours", answer) == "not_applicable"
    assert level(grader, "ownership", "C: i would like to move my visit", "A: it is on tuesday now") == "clears"
