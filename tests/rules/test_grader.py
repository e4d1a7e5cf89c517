"""What the shipped rules say of conversations; every text here was written for these tests."""

import json
from datetime import UTC, datetime

import pytest
from tests.rules.made import level, talk, verdicts

from clearbar.errors import RubricError
from clearbar.grading.rules import Lexicon, RulesGrader
from clearbar.rubric import Decision, Rubric, Rules, Tally
from clearbar.transcript import RedactedTranscript, Role, Turn
from clearbar.verdict import ABSTAINED, UNGRADED, Grade, grade_key

ANGRY = "C: This is ridiculous, you charged me twice and nobody called me back!"
CALM = ("C: Hello, could you tell me when the shop in Northgate opens?", "A: Hi! The shop in Northgate opens at nine.", "C: Thanks!")
DEVOTED = (
    "C: My heating is off, please help.",
    "A: Leave that with me, I'll call the engineer myself. By the way, I noticed that you pay for two boilers; that is stopped.",
    "C: Really?",
    "A: He comes on Friday. Call me directly if anything goes wrong.",
)
PARCEL = "C: My parcel is missing, please find out where it is."
SOLD_OUT = "C: Please book a table for two at seven."
CASES: list[tuple[str, str, tuple[str, ...]]] = [
    ("courtesy", "below", (ANGRY, "A: Calm down, that is not my problem.")),
    ("courtesy", "below", (ANGRY, "A: You should have read the terms, everyone else manages.")),
    ("courtesy", "clears", (ANGRY, "A: I am sorry that the driver told you to calm down. I have refunded the second payment.")),
    ("courtesy", "clears", CALM),
    ("empathy", "below", (ANGRY, "A: I'm sorry, but we cannot refund that.")),
    ("empathy", "clears", (ANGRY, "A: I can imagine how frustrating that is, let me check.")),
    ("empathy", "not_applicable", CALM),
    ("empathy", "clears", (ANGRY, "A: I understand your frustration, but unfortunately I'm unable to refund it today.")),
    ("empathy", "below", ("C: Please move my visit, I'm sick.", "A: That's not possible.")),
    ("empathy", "clears", ("C: Please move my visit, my son is ill.", "A: It has been moved. I hope your son feels better soon.")),
    ("empathy", "not_applicable", ("C: Cancel it, please.", "A: Your number?", "C: I don't have the number with me.", "A: I see.")),
    ("listening", "below", (PARCEL, "A: What is your address?", "C: My address is already provided.", "A: Thank you.")),
    (
        "listening",
        "below",
        (
            "C: Which lamps fit the hallway ceiling?",
            "A: We have many products.",
            "C: But which lamps fit a hallway ceiling?",
            "A: We ship them all. Have a nice day!",
            "C: Bye.",
        ),
    ),
    ("listening", "below", ("C: My order 77 is late.", "A: What is your order number?", "C: As I said, it is order 77.", "A: Thanks.")),
    ("listening", "clears", CALM),
    ("personalization", "not_applicable", CALM),
    ("personalization", "below", ("C: My kettle leaks.", "A: Please hold.", "A: Noted.", "A: We have recorded it. Thank you.")),
    ("personalization", "clears", ("C: My kettle leaks.", "A: Hello.", "A: A new kettle is on its way to you.", "A: Anything else?")),
    ("ownership", "below", ("C: Please cancel my plan.", "A: That's not our department, please contact the billing department.")),
    ("ownership", "clears", ("C: Please cancel my plan.", "A: I've cancelled it for you.")),
    ("ownership", "vaults", (*DEVOTED, "C: Wow, I never expected that, you're a star!")),
    ("ownership", "clears", (*DEVOTED, "C: Oh great, thanks for nothing.")),
    ("ownership", "below", (PARCEL, "A: I'm unable to see deliveries. I recommend contacting customer support for that.")),
    ("ownership", "below", (PARCEL, "A: You may want to check our website or call your bank's hotline for the latest information.")),
    ("ownership", "clears", (PARCEL, "A: You would have to ask customer support for that, so I'm connecting you to them now.")),
    ("ownership", "clears", (PARCEL, "A: I have asked the courier company for you, and it has been sent again.")),
    ("ownership", "clears", (SOLD_OUT, "A: Sorry, there are no tables available at seven.", "C: Okay.", "A: Goodbye.")),
    ("resolution", "below", ("C: Please book a table for two.", "A: Sorry, the booking was unsuccessful.", "C: Oh.", "A: Goodbye.")),
    ("resolution", "vaults", (*DEVOTED, "C: Wow, I never expected that, you're a star!")),
    ("resolution", "clears", ("C: Please book a table for two.", "A: Your table has been booked.", "C: Thanks!")),
    (
        "accuracy",
        "below",
        ("C: Is it open?", "A: It closes at nine every day.", "C: That's wrong, the sign says eight.", "A: You're right."),
    ),
    ("accuracy", "not_applicable", ("C: It broke.", "A: Could you please send us your number?")),
    ("expectations", "clears", ("C: My parcel is lost.", "A: We will refund you within 5 days.")),
    ("expectations", "below", ("C: My parcel is lost.", "A: We will look into it as soon as possible.")),
    ("expectations", "not_applicable", CALM),
    (
        "expectations",
        "not_applicable",
        (
            "C: Move me to the 9 am train.",
            "A: The fee will be refunded to the card, shall I? (yes/no)",
            "C: Yes.",
            "A: It has been changed successfully.",
        ),
    ),
    ("expectations", "below", ("C: The lamp flickers again.", "A: We have recorded it. Thank you.")),
    (
        "expectations",
        "clears",
        ("C: The lamp flickers again.", "A: Please send us a private message with your number so that we can check it."),
    ),
    ("accuracy", "not_applicable", ("C: The lamp flickers again.", "A: Please send us your number in a private message.")),
    (
        "accuracy",
        "below",
        ("C: Is it open on Sunday?", "A: Yes, all day.", "C: The sign says it is shut.", "A: You're right, sorry, it's shut on Sunday."),
    ),
    ("ownership", "clears", ("C: Refund my fare, please.", "A: I'm unable to refund it, so I am transferring you to a human agent.")),
    ("honesty", "clears", ("C: Refund my fare, please.", "A: Per our policy, this fare does not meet the criteria for a refund.")),
    ("flexibility", "clears", ("C: Undo it, please.", "A: It can't be undone. You can use yesterday's copy instead.")),
    ("selling", "not_applicable", ("C: Book it, please.", "A: Would you like to use your credit card or a gift card for it?")),
    ("honesty", "clears", ("C: Can I change it?", "A: Unfortunately that is no longer possible.")),
    ("honesty", "not_applicable", CALM),
    ("flexibility", "below", ("C: Can I change it?", "A: Unfortunately that ticket cannot be changed.")),
    ("flexibility", "clears", ("C: Can I change it?", "A: Unfortunately not, that cannot be changed. However, I can offer you a voucher.")),
    ("apology", "below", (ANGRY, "A: Please send us your number.")),
    (
        "apology",
        "below",
        (
            "C: Is the blue one back?",
            "A: Stock varies.",
            "C: That's not an answer.",
            "A: As stated.",
            "C: You keep dodging. As I said, the blue one.",
        ),
    ),
    ("apology", "clears", (ANGRY, "A: We are sorry. Please send us your number.")),
    ("apology", "below", (ANGRY, "A: Sorry.", "A: So sorry.", "A: I apologize.", "A: We're sorry again.")),
    ("apology", "not_applicable", CALM),
    ("proactivity", "clears", ("C: My code fails.", "A: It works now. In future, please note that it expires after a day.")),
    ("proactivity", "below", ("C: My card was stolen.", "A: Your report has been submitted.")),
    ("selling", "below", (ANGRY, "A: Are you interested in our premium plan?")),
    ("selling", "not_applicable", CALM),
    ("closing", "clears", ("C: Is it open?", "A: Yes, it is.", "C: Lovely, thanks, bye!", "A: You too.")),
    ("closing", "clears", ("C: Is it open?", "A: Yes, it is.", "C: Thanks!", "A: You're welcome, have a nice day!")),
    ("closing", "not_applicable", ("C: Please book it.", "A: It has been booked successfully.")),
    ("closing", "not_applicable", ("C: Is it open?", "A: Which shop do you mean?", "C: The one in Northgate.")),
]


@pytest.mark.parametrize(("criterion", "expected", "said"), CASES)
def test_each_criterion_is_decided_by_its_signals(grader: RulesGrader, criterion: str, expected: str, said: tuple[str, ...]) -> None:
    assert level(grader, criterion, *said) == expected


@pytest.mark.parametrize(
    ("times", "channel", "expected"),
    [
        ([0, 20, 40], "chat", "clears"),
        ([0, 400, 410], "chat", "below"),
        ([0, 400, 410], "email", "clears"),
        ([0, 90, 95], "phone", "below"),
        ([0, 20, 40], None, "clears"),
        ([0, 90_000, 90_010], None, "clears"),
        (None, "chat", "not_applicable"),
    ],
)
def test_timeliness_keeps_to_the_limits_of_the_channel(
    grader: RulesGrader, times: list[float] | None, channel: str | None, expected: str
) -> None:
    assert level(grader, "timeliness", *CALM, times=times, channel=channel) == expected


@pytest.mark.parametrize(("hours", "channel", "expected"), [(66, "email", "clears"), (90, "email", "below"), (66, "social", "below")])
def test_weekends_do_not_count_where_the_channel_says_so(grader: RulesGrader, hours: float, channel: str, expected: str) -> None:
    friday = datetime(2026, 11, 20, 16, tzinfo=UTC).timestamp()
    assert level(grader, "timeliness", *CALM, times=[friday, friday + hours * 3600, friday + hours * 3601], channel=channel) == expected


@pytest.mark.parametrize(("hours", "expected"), [(66, "clears"), (90, "below")])
def test_weekends_show_from_when_a_conversation_began(grader: RulesGrader, hours: float, expected: str) -> None:
    times = [0.0, hours * 3600, hours * 3601]
    began = talk(*CALM, times=times, channel="email").model_copy(update={"started_at": datetime(2026, 11, 20, 16, tzinfo=UTC)})
    assert verdicts(grader, began)["timeliness"].level == expected
    turns = [{"role": turn.role, "text": turn.text, "time": turn.time} for turn in began.turns]
    line = json.dumps({"id": "t", "channel": "email", "started_at": "2026-11-20T16:00:00Z", "turns": turns}).encode()
    (told,) = (json.loads(graded)["verdicts"] for graded in grader.grade_lines([line]))
    assert [verdict["level"] for verdict in told if verdict["criterion"] == "timeliness"] == [expected]


def test_hours_since_the_start_have_no_weekends(grader: RulesGrader) -> None:
    assert level(grader, "timeliness", *CALM, times=[0, 66 * 3600, 67 * 3600], channel="email") == "below"


def test_an_announced_wait_does_not_count_from_the_question(grader: RulesGrader) -> None:
    said = ("C: Where is it?", "A: One moment please, this will take a few minutes.", "A: It is in Northgate.")
    assert level(grader, "timeliness", *said, times=[0, 10, 250]) == "clears"


def test_a_customer_who_chases_puts_timeliness_below_without_any_times(grader: RulesGrader) -> None:
    assert level(grader, "timeliness", "C: I've been waiting for three weeks.", "A: Hello.") == "below"


def test_every_level_has_a_quote_that_stands_where_it_says(grader: RulesGrader) -> None:
    for _, _, said in CASES:
        transcript = talk(*said)
        for verdict in verdicts(grader, transcript).values():
            if verdict.graded:
                assert verdict.evidence
            for proof in verdict.evidence:
                assert transcript.turns[proof.turn].text[proof.start : proof.end] == proof.quote != ""


def test_an_absence_names_the_turns_that_were_searched(grader: RulesGrader) -> None:
    verdict = verdicts(grader, talk(ANGRY, "A: Please send us your number."))["empathy"]
    assert verdict.searched == (1,)
    assert verdict.evidence[0].turn == 0


def test_the_rationale_names_the_signals_that_decided(grader: RulesGrader) -> None:
    assert "(care 0, rude 1, curt 1)" in verdicts(grader, talk(ANGRY, "A: Calm down."))["courtesy"].rationale


def test_the_rationale_names_what_a_scorecard_counted(grader: RulesGrader) -> None:
    told = verdicts(grader, talk(ANGRY, "A: Calm down, I can't help you.", "C: You are not listening!", "A: Rules are rules."))
    assert told["ownership"].rationale.endswith("(let down 6 of pushed back (+2) + failed for good (+2) + ends in refusal + curt, care 0)")


@pytest.mark.parametrize("role", ["B", "S", "N"])
def test_bots_notices_and_internal_notes_are_never_graded(grader: RulesGrader, role: str) -> None:
    found = verdicts(grader, talk(CALM[0], f"{role}: Calm down, you idiot.", CALM[1]))
    assert found["courtesy"].level == "clears"
    assert all(proof.turn != 1 for verdict in found.values() for proof in verdict.evidence)


def test_a_conversation_without_an_agent_is_ungraded(grader: RulesGrader) -> None:
    found = verdicts(grader, talk("C: Hello?", "B: Hi, I am a bot."))
    assert {(verdict.level, verdict.reason) for verdict in found.values()} == {(UNGRADED, ABSTAINED)}


@pytest.mark.parametrize(
    ("said", "language"),
    [
        (("C: Ich habe meine Karte verloren und brauche sofort Hilfe.", "A: Das tut mir leid, ich sperre die Karte für Sie."), None),
        (("C: where is it", "A: there it is"), "de-DE"),
        (("C: 私の荷物はどこですか。まだ届いていません。", "A: お調べしますので少々お待ちください。"), None),
    ],
)
def test_a_language_without_a_lexicon_is_ungraded_for_that_reason(grader: RulesGrader, said: tuple[str, ...], language: str | None) -> None:
    found = verdicts(grader, talk(*said, language=language))
    assert {(verdict.level, verdict.reason) for verdict in found.values()} == {(UNGRADED, "failed:language")}


def test_a_talk_of_numbers_and_placeholders_is_not_taken_for_a_foreign_language(grader: RulesGrader) -> None:
    assert level(grader, "courtesy", "C: [ORDER_1] ?", "A: [ORDER_1] [DATE_1] 12:30") == "clears"


def test_words_hidden_by_invisible_characters_are_found_and_quoted_as_written(grader: RulesGrader) -> None:
    transcript = talk(CALM[0], "A: C\u200balm d\u200dow\u00adn, please.")
    verdict = verdicts(grader, transcript)["courtesy"]
    assert verdict.level == "below"
    proof = verdict.evidence[0]
    assert transcript.turns[1].text[proof.start : proof.end] == proof.quote
    assert "C\u200balm" in proof.quote


def test_spans_count_code_points_behind_emoji_and_right_to_left_text(grader: RulesGrader) -> None:
    transcript = talk(ANGRY, "A: 👩‍👩‍👧 שלום עולם. Calm down! 🙂", language="en")
    proof = verdicts(grader, transcript)["courtesy"].evidence[0]
    assert proof.quote == "Calm down!"
    assert transcript.turns[1].text[proof.start : proof.end] == proof.quote


def test_a_very_long_conversation_and_a_very_long_turn_are_graded(grader: RulesGrader, plain_grader: RulesGrader) -> None:
    turns = [
        Turn(role=Role.AGENT if place % 2 else Role.CUSTOMER, text=f"Turn {place} of this long talk, okay?") for place in range(10_000)
    ]
    long = RedactedTranscript(source="tests", id="long", turns=tuple(turns))
    wide = talk(CALM[0], "A: " + "sorry we cannot " * 65_536)
    hostile = talk("C: " + "i" * 1_000_000, "A: " + "no " * 300_000, language="en")
    for one in (grader, plain_grader):
        assert all(isinstance(grade, Grade) for grade in one.grade([long, wide, hostile]))


def test_replacement_and_control_characters_are_read_over(grader: RulesGrader) -> None:
    assert level(grader, "courtesy", CALM[0], "A: \ufffd\x07Calm\x00 down\x1b.") == "below"


def test_the_key_follows_text_rules_and_lexicon(grader: RulesGrader, rubric: Rubric) -> None:
    transcript = talk(*CALM)
    assert grader.key(transcript) == grade_key(transcript.text_hash, rubric.rules_hash, grader.fingerprint)
    assert grader.grade([transcript])[0].key == grader.key(transcript)  # type: ignore[union-attr]


def test_the_fingerprint_names_engine_and_lexicon(grader: RulesGrader, lexicon: Lexicon) -> None:
    assert grader.fingerprint.startswith("rules:")
    assert lexicon.digest[:16] in grader.fingerprint


def test_polite_requests_are_politer_than_curt_ones(grader: RulesGrader) -> None:
    polite = "Hi! Thanks for your help. Could you perhaps have a look at this when you have time?"
    assert grader.politeness(polite) > grader.politeness("What is this? You are wrong. Fix it.")


def test_what_is_said_again_is_politer_up_to_the_third_time(grader: RulesGrader) -> None:
    once, twice, thrice, often = (grader.politeness("thanks " * times) for times in (1, 2, 3, 9))
    assert 0 < once < twice < thrice == often


def test_politeness_of_a_conversation_is_the_mean_over_the_agents_turns(grader: RulesGrader) -> None:
    kind, curt = "Thank you, could you please send it?", "Why? You are wrong."
    (told,) = (
        signal for signal in grader.explain(talk("C: Thanks, thanks!", f"A: {kind}", f"A: {curt}")).signals if signal.name == "politeness"
    )
    assert told.about.endswith("Used: gratitude, could you, matter, please, about you, second start, harsh words, asks why, terse.")
    assert told.value == pytest.approx((grader.politeness(kind) + grader.politeness(curt)) / 2)


def test_an_explanation_shows_hits_signals_and_verdicts(grader: RulesGrader) -> None:
    transcript = talk(ANGRY, "A: We are sorry. Please send us your number.")
    told = grader.explain(transcript)
    assert list(told.verdicts) == list(verdicts(grader, transcript).values())
    assert ("apology", 1) in {(hit.group, hit.turn) for hit in told.hits}
    assert {"heat", "apologized"} <= {signal.name for signal in told.signals}
    assert all(transcript.turns[hit.turn].text[hit.start : hit.end].strip() for hit in told.hits)


def test_an_explanation_of_what_cannot_be_read_has_no_signals(grader: RulesGrader) -> None:
    assert grader.explain(talk("C: Hello?")).signals == ()


def test_an_outcome_that_rests_on_data_of_the_system_is_not_claimed(grader: RulesGrader) -> None:
    found = verdicts(grader, talk("C: Please book it.", "S: book(id=3)", "S: 200", "A: It has been booked successfully."))
    assert [(found[id].level, found[id].reason) for id in ("resolution", "accuracy")] == [(UNGRADED, ABSTAINED)] * 2


def test_a_scorecard_of_an_unknown_signal_is_refused_by_name(rubric: Rubric, lexicon: Lexicon) -> None:
    tallies = {"care": Tally(about="Too little.", of=("takes_charge", "takes_chrage"))}
    with pytest.raises(RubricError, match=r"tallies\.care\.of: there is no signal 'takes_chrage'"):
        RulesGrader(rubric.model_copy(update={"tallies": tallies}), lexicon)


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("heat", "signal"),
        ("apology", "signal"),
        ("gaps", "signal"),
        ("quotes", "signal"),
        ("public", "limit"),
        ("long_gap_seconds", "limit"),
    ],
)
def test_a_scorecard_cannot_be_called_like_what_is_there(rubric: Rubric, lexicon: Lexicon, name: str, like: str) -> None:
    tallies = rubric.tallies | {name: Tally(about="Another one.", of=("anger",))}
    with pytest.raises(RubricError, match=rf"tallies\.{name} is called like a {like}"):
        RulesGrader(rubric.model_copy(update={"tallies": tallies}), lexicon)


def test_a_scorecard_that_only_takes_away_is_shown_by_what_it_took(rubric: Rubric, lexicon: Lexicon) -> None:
    rules = Rules(
        decide=(Decision(level="clears", when="spared <= -1", because="They thank."),), otherwise="below", evidence=("final_reply",)
    )
    listening = rubric.criterion("listening").model_copy(update={"rules": rules})
    tallies = {"spared": Tally(about="Spared.", of={"gratitude": -1})}
    grader = RulesGrader(rubric.model_copy(update={"criteria": (listening,), "tallies": tallies}), lexicon)
    found = verdicts(grader, talk("C: Is it open?", "A: It is.", "C: Thank you!"))["listening"]
    assert (found.level, [quote.turn for quote in found.evidence]) == ("clears", [2])


def test_what_a_scorecard_counts_is_part_of_the_grades_identity(rubric: Rubric) -> None:
    fewer = {"care": rubric.tallies["care"].model_copy(update={"of": ("takes_charge",)})}
    changed = rubric.model_copy(update={"tallies": rubric.tallies | fewer})
    assert changed.rules_hash != rubric.rules_hash
    assert changed.prompt_hash == rubric.prompt_hash


def test_an_explanation_shows_the_scorecards(grader: RulesGrader) -> None:
    told = {item.name: item for item in grader.explain(talk(*DEVOTED, "C: Wow, I never expected that, you're a star!")).signals}
    assert told["care"].value == 4
    assert told["care"].turns == ()
    assert "takes_charge" in told["care"].about


def test_a_scorecard_counts_the_points_of_what_shows(rubric: Rubric, lexicon: Lexicon) -> None:
    rules = Rules(
        decide=(Decision(level="below", when="missed >= 2", because="It went wrong.", evidence=("missed",)),),
        otherwise="clears", evidence=("final_reply",),
    )  # fmt: skip
    listening = rubric.criterion("listening").model_copy(update={"rules": rules})
    tallies = rubric.tallies | {"missed": Tally(about="Missed.", of={"apology": 3, "gratitude": -2})}
    grader = RulesGrader(rubric.model_copy(update={"criteria": (listening,), "tallies": tallies}), lexicon)
    found = verdicts(grader, talk("C: It broke.", "A: I am sorry.", "C: Hm."))["listening"]
    assert (found.level, found.rationale) == ("below", "It went wrong. (missed 3 of apology (+3))")
    assert [quote.turn for quote in found.evidence] == [1]
    thanked = talk("C: It broke.", "A: I am sorry.", "C: Thank you!")
    assert verdicts(grader, thanked)["listening"].level == "clears"
    (told,) = [item for item in grader.explain(thanked).signals if item.name == "missed"]
    assert (told.value, told.about) == (1, "Missed. (apology +3, gratitude -2)")
