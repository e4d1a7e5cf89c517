"""Signals of how a talk went on: waits that were announced, questions passed over, the customer's mood."""

import pytest
from tests.rules.made import level, talk

from clearbar.grading.rules import RulesGrader
from clearbar.grading.rules.waits import length_named

ASKED = "C: Where is my lamp?"
HELD = "A: Give me five minutes, I need to ask the warehouse."
BACK = "A: It is on the van and comes tomorrow."
LOST = "C: The lamp arrived broken, this is a disgrace."
AMOUNTS = {b"two": 2.0, b"couple": 2.0}
UNITS = {b"minutes": 60.0, b"hour": 3600.0}


def signals(grader: RulesGrader, *said: str, times: list[float] | None = None) -> dict[str, tuple[int, ...]]:
    """Return the turns of each signal that is not 0."""
    return {item.name: item.turns for item in grader.explain(talk(*said, times=times)).signals}


@pytest.mark.parametrize(
    ("back", "kept", "broken"), [(290, (1,), ()), (440, (1,), ()), (460, (), (1,))], ids=["in time", "with some grace", "too late"]
)
def test_an_announced_wait_is_held_to_the_length_that_was_named(
    grader: RulesGrader, back: float, kept: tuple[int, ...], broken: tuple[int, ...]
) -> None:
    found = signals(grader, ASKED, HELD, "C: ok", BACK, times=[0, 10, 15, 10 + back])
    assert found.get("wait_kept", ()) == kept
    assert found.get("wait_broken", ()) == broken
    assert found.get("back_in_time", ()) == ((3,) if kept else ())


def test_a_wait_that_was_bounded_and_kept_is_more_than_prompt(grader: RulesGrader) -> None:
    assert level(grader, "timeliness", ASKED, HELD, "C: ok", BACK, times=[0, 10, 15, 330]) == "vaults"
    assert level(grader, "timeliness", ASKED, HELD, "C: ok", BACK) != "vaults"


def test_a_wait_without_a_length_is_held_to_the_channel(grader: RulesGrader) -> None:
    found = signals(grader, ASKED, "A: One moment please.", "C: ok", BACK, times=[0, 10, 15, 400])
    assert found["wait_broken"] == (1,)
    assert "wait_kept" not in found


@pytest.mark.parametrize(("between", "name"), [("C: ok", "wait_kept"), ("C: Are you there?", "wait_broken")])
def test_without_times_a_wait_is_broken_if_the_customer_has_to_press(grader: RulesGrader, between: str, name: str) -> None:
    assert signals(grader, ASKED, HELD, between, BACK)[name] == (1,)


def test_in_a_talk_of_very_many_turns_waits_are_found_as_well(grader: RulesGrader) -> None:
    assert signals(grader, *[ASKED, BACK] * 40, ASKED, HELD, "C: ok", BACK)["wait_kept"] == (81,)


def test_a_question_is_passed_over_if_the_answer_takes_up_no_word_of_it_and_asks_nothing_back(grader: RulesGrader) -> None:
    assert signals(grader, "C: Is the balcony included?", "A: Breakfast starts at seven.", "C: Oh.")["passed_over"] == (0,)
    assert "passed_over" not in signals(grader, "C: Is the balcony included?", "A: Both balconies are.", "C: Oh.")
    assert "passed_over" not in signals(grader, "C: Is the balcony included?", "A: Which room did you see?", "C: Oh.")
    assert "passed_over" not in signals(grader, "C: Is the balcony included?")


def test_two_questions_passed_over_put_listening_below(grader: RulesGrader) -> None:
    said = ("C: Is the balcony included?", "A: Breakfast starts at seven.", "C: And parking spaces?", "A: Towels are in the bathroom.")
    assert level(grader, "listening", *said) == "below"


def test_the_mood_lifts_where_a_troubled_customer_ends_content(grader: RulesGrader) -> None:
    found = signals(grader, LOST, "A: A new one is on its way.", "C: Perfect, thank you!")
    assert found["mood_lifts"] == (2,)
    assert "mood_sinks" not in found


def test_the_mood_sinks_where_a_calm_customer_gets_angry_and_stays_so(grader: RulesGrader) -> None:
    assert signals(grader, ASKED, "A: No idea.", LOST)["mood_sinks"] == (2,)
    assert "mood_sinks" not in signals(grader, LOST, "A: No idea.", LOST)
    assert "mood_sinks" not in signals(grader, ASKED, "A: No idea.", LOST, "A: A new one is on its way.", "C: Perfect, thank you!")


def test_a_chase_counts_from_the_first_reply_on_where_times_are_known(grader: RulesGrader) -> None:
    waited = "C: I have been waiting for three weeks. Where is my lamp?"
    assert level(grader, "timeliness", waited, BACK, times=[0, 20]) == "clears"
    assert level(grader, "timeliness", waited, BACK) == "below"
    assert level(grader, "timeliness", ASKED, "A: Hello.", "C: Are you there?", BACK, times=[0, 5, 60, 70]) == "below"


@pytest.mark.parametrize(("channel", "expected"), [("social", "not_applicable"), ("chat", "clears")])
def test_a_public_thread_without_a_leave_has_no_end(grader: RulesGrader, channel: str, expected: str) -> None:
    assert level(grader, "closing", ASKED, "A: It comes tomorrow. Thank you for your message!", channel=channel) == expected


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (b"give me two minutes", 120),
        (b"back in a couple of minutes", 120),
        (b"about 45 minutes or one hour", 2700),
        (b"just a minute", None),
        (b"two more days", None),
        (b"two things before these minutes", None),
        (b"10000000 minutes", None),
        (b"", None),
    ],
)
def test_the_first_length_of_time_that_a_text_names_is_read(text: bytes, seconds: float | None) -> None:
    assert length_named(text, AMOUNTS, UNITS) == seconds


def test_a_statement_that_comes_again_is_a_repetition_but_a_question_or_a_leave_is_not(grader: RulesGrader) -> None:
    again = "A: Your table has been booked for Monday."
    found = signals(grader, "C: Book a table.", again, "C: And no fish, please.", again, "C: Fine, bye.")
    assert found["repeats_itself"] == (3,)
    for said in ("A: What day would you like it for?", "A: Have a nice day and see you soon!"):
        assert "repeats_itself" not in signals(grader, "C: Book a table.", said, "C: And no fish, please.", said, "C: Fine, bye.")


WANTED = "C: Hello, I lost my library card, the number is 55120."


@pytest.mark.parametrize(
    ("asked", "answered", "turns"),
    [
        ("A: What is the number, please?", "C: 55120", (2,)),
        ("A: Could you tell me what you lost?", "C: My library card", (2,)),
        ("A: What is the number, please?", "C: 55120, and my name is Lindqvist", ()),
        ("A: Sorry, could you repeat the number, please?", "C: 55120", ()),
        ("A: Could you confirm that it is 55120?", "C: 55120", ()),
        ("A: Could you tell me your date of birth?", "C: I can't remember", ()),
    ],
)
def test_what_the_customer_has_to_give_a_second_time(grader: RulesGrader, asked: str, answered: str, turns: tuple[int, ...]) -> None:
    assert signals(grader, WANTED, asked, answered).get("given_before", ()) == turns


def test_redacted_data_are_the_same_only_with_the_same_number(grader: RulesGrader) -> None:
    first = "C: My phone is [PHONE_1]."
    asked = "A: Could you give me another number?"
    assert "given_before" not in signals(grader, first, asked, "C: [PHONE_2]")
    assert signals(grader, first, asked, "C: [PHONE_1]")["given_before"] == (2,)


def test_who_has_to_say_again_what_was_said_was_not_heard(grader: RulesGrader) -> None:
    assert level(grader, "listening", WANTED, "A: What is the number, please?", "C: 55120", "A: Your new card is in the post.") == "below"
