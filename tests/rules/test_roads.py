"""One decision, whatever road leads to it: with RE2 or without, as objects or as lines, in blocks of any size and order."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rules.made import talk

from clearbar.grading.rules import RulesGrader
from clearbar.grading.rules.engine import HAS_RE2
from clearbar.transcript import RedactedTranscript, Turn
from clearbar.verdict import Grade

WORDS = [
    "i'm", "sorry,", "but", "we", "cannot", "refund", "that.", "thank", "you!", "could", "please", "give", "me", "your", "order", "number?",
    "my", "card", "was", "stolen", "and", "this", "is", "ridiculous.", "will", "contact", "within", "3", "days;", "as", "i", "said,", "it",
    "doesn't", "work.", "there", "anything", "else?", "have", "a", "nice", "day.", "don’t", "worry", "\u200b", "calm", "down", "booked",
    "unfortunately", "not", "available", "however", "can", "offer", "has", "been", "successfully", "no", "problem", "patience", "losing",
]  # fmt: skip
EVALS = Path(__file__).parents[2] / "evals" / "conversations"


def line(transcript: RedactedTranscript) -> bytes:
    turns = [{"role": turn.role, "text": turn.text, "time": turn.time} for turn in transcript.turns]
    return json.dumps({"id": transcript.id, "channel": transcript.channel, "language": transcript.language, "turns": turns}).encode()


def sample(number: int, seed: int) -> list[RedactedTranscript]:
    source = random.Random(seed)
    return [
        talk(
            *(f"{source.choice('CCAAB')}: {' '.join(source.choices(WORDS, k=source.randint(0, 25)))}" for _ in range(source.randint(1, 14)))
        )
        for _ in range(number)
    ]


def real(path: Path, most: int) -> Iterator[RedactedTranscript]:
    for number, text in enumerate(path.read_text(encoding="utf-8").split("\n")):
        if number < most and text:
            record = json.loads(text)
            turns = tuple(
                Turn(role=turn["role"], text=turn["text"], time=turn["time"] if isinstance(turn.get("time"), int | float) else None)
                for turn in record["turns"]
                if turn["role"] in {"customer", "agent", "bot", "system"}
            )
            yield RedactedTranscript(source="tests", id=str(record["id"]), turns=turns, channel=record.get("channel"))


def test_the_engine_is_at_hand_where_the_tests_run() -> None:
    assert HAS_RE2


def test_both_engines_give_the_same_verdicts_on_the_projects_own_conversations(grader: RulesGrader, plain_grader: RulesGrader) -> None:
    for path in sorted(EVALS.glob("*.jsonl")):
        own = list(real(path, 30))
        assert grader.grade(own) == plain_grader.grade(own)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["star", "dch1_stc3_en", "tau_airline", "ab_redial", "politeness"])
def test_both_engines_give_the_same_verdicts_on_real_conversations(
    grader: RulesGrader, plain_grader: RulesGrader, shared: Path, name: str
) -> None:
    some = list(real(shared / f"{name}.jsonl", 40))
    assert grader.grade(some) == plain_grader.grade(some)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from("CAB"), st.one_of(st.text(max_size=80), st.lists(st.sampled_from(WORDS), max_size=20).map(" ".join))),
        min_size=1,
        max_size=8,
    )
)
def test_both_engines_and_both_roads_agree_on_any_text(
    grader: RulesGrader, plain_grader: RulesGrader, turns: list[tuple[str, str]]
) -> None:
    transcript = talk(*(f"{role}: {text}" for role, text in turns), language="en")
    (grade,) = grader.grade([transcript])
    assert [grade] == plain_grader.grade([transcript])
    assert grader.explain(transcript) == plain_grader.explain(transcript)
    (fast,) = grader.grade_lines([line(transcript)])
    assert isinstance(grade, Grade)
    assert json.loads(fast)["verdicts"] == [verdict.model_dump(mode="json") | {} for verdict in grade.verdicts]
    for verdict in grade.verdicts:
        for proof in verdict.evidence:
            assert transcript.turns[proof.turn].text[proof.start : proof.end] == proof.quote


@pytest.mark.parametrize("block", [1, 3, 256])
def test_the_size_of_a_block_changes_no_byte(grader: RulesGrader, block: int) -> None:
    lines = [line(transcript) for transcript in sample(60, seed=5)]
    assert list(grader.grade_lines(lines, block=block)) == list(grader.grade_lines(lines, block=7))


def test_the_order_of_conversations_changes_no_verdict(grader: RulesGrader) -> None:
    some = sample(60, seed=6)
    assert grader.grade(some) == grader.grade(some[::-1])[::-1]


def test_conversations_of_any_length_and_language_stand_in_one_block_in_their_order(grader: RulesGrader) -> None:
    short = sample(3, seed=8)
    long = talk(*(f"{'CA'[place % 2]}: Please hold on for part {place} of it." for place in range(80)), language="en")
    edge = talk(
        *(f"{'CA'[place % 2]}: My parcel {place} is late, sorry." for place in range(64)), times=[60.0 * n for n in range(64)], channel=None
    )
    foreign = talk("C: Wo ist meine Karte?", "A: Hier ist sie.", language="de")
    mixed = [long, short[0], foreign, edge, short[1], talk("C: Hello?"), long, short[2]]
    assert grader.grade(mixed) == [grade for one in mixed for grade in grader.grade([one])]


def test_a_grader_made_anew_says_the_same(grader: RulesGrader, rubric: object, lexicon: object) -> None:
    some = sample(20, seed=7)
    assert RulesGrader(rubric, lexicon).grade(some) == grader.grade(some)  # type: ignore[arg-type]


def test_a_line_that_is_no_conversation_is_told_by_its_number_and_the_others_go_on(grader: RulesGrader) -> None:
    good = line(talk("C: Is it open?", "A: Yes, it is."))
    first, second, third, fourth = map(msgspec.json.decode, grader.grade_lines([good, b"{", b'{"id": 5}', good]))
    assert (second["rejected"], third["rejected"]) == ("line 2", "line 3")
    assert first == fourth
