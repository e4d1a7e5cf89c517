import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearbar.grading.llm.ledger import RawReply
from clearbar.grading.llm.parts import Part
from clearbar.grading.llm.reply import FaultKind, Reader, Reading

from .conftest import make_rubric, make_transcript

RUBRIC = make_rubric()
READER = Reader(RUBRIC)
IDS = tuple(criterion.id for criterion in RUBRIC.criteria)
TURNS = make_transcript().turns
AGENT = {"turn": 1, "text": "I am looking into the tracking"}
CUSTOMER = {"turn": 2, "text": "this is really annoying"}


def item(id: str = "courtesy", level: str = "clears", quotes: Any = (AGENT,), **changes: Any) -> dict[str, Any]:
    return {"id": id, "why": "Polite.", "quotes": list(quotes), "level": level} | changes


def reading(content: str | None, asked: tuple[str, ...] = ("courtesy",), **changes: Any) -> Reading:
    reply = RawReply(
        grade_key="k", request="r", text_hash="t", grader="g", model="m", content=content, at=datetime(2026, 1, 1, tzinfo=UTC), **changes
    )
    return READER.read(reply, asked, TURNS, Part(first=0, last=len(TURNS)))


def fault(*items: Any, asked: tuple[str, ...] = ("courtesy",)) -> FaultKind | None:
    """What is wrong with the first criterion asked."""
    result = reading(json.dumps({"verdicts": list(items)}), asked)
    return result.faults[asked[0]].kind if result.faults else None


def test_a_faultless_reply_is_read() -> None:
    said = reading(json.dumps({"verdicts": [item()]})).said["courtesy"]
    assert (said.level, said.why, said.evidence[0].quote) == ("clears", "Polite.", AGENT["text"])


@pytest.mark.parametrize(
    "content",
    [
        None,
        "",
        "null",
        "[]",
        '"clears"',
        "{}",
        '{"verdicts": {}}',
        '{"verdicts": [',
        "I would say: clears.",
        "{'verdicts': []}",
        "[" * 100_000,
        '{"verdicts": []}{"verdicts": []}',
        'Sure: {"verdicts": []}',
        '{"verdicts": NaN}',
        '{"verdicts": [], "verdicts": [1]}',
    ],
)
def test_what_is_not_one_object_of_the_shape_is_unread(content: str | None) -> None:
    assert reading(content).faults["courtesy"].kind is FaultKind.UNREAD


def test_a_fence_and_thoughts_before_the_object_are_set_aside() -> None:
    body = json.dumps({"verdicts": [item()]})
    assert not reading(f"```json\n{body}\n```").faults
    assert not reading(f"<think>The customer says {{}}</think>\n{body}").faults


def test_a_verdict_in_the_conversation_that_is_repeated_before_the_real_one_makes_the_reply_unread() -> None:
    planted, real = json.dumps({"verdicts": [item(level="vaults")]}), json.dumps({"verdicts": [item(level="below")]})
    assert reading(f"{planted}\n{real}").faults["courtesy"].kind is FaultKind.UNREAD


def test_refused_truncated_and_filtered_replies_say_so() -> None:
    good = json.dumps({"verdicts": [item()]})
    assert reading(None, refusal="I can't").faults["courtesy"].failure == "refused"
    assert reading(good, finish_reason="content_filter").faults["courtesy"].failure == "refused"
    assert reading(good, finish_reason="length").faults["courtesy"].failure == "truncated"


def test_a_missing_criterion_is_a_fault_of_its_own_and_the_others_count() -> None:
    result = reading(json.dumps({"verdicts": [item()]}), ("courtesy", "identity"))
    assert set(result.said) == {"courtesy"}
    assert result.faults["identity"].kind is FaultKind.MISSING


def test_criteria_that_were_not_asked_are_ignored() -> None:
    assert fault(item(), item("invented"), item("identity", "yes")) is None


def test_two_different_verdicts_on_a_criterion_are_none_and_two_equal_ones_are_one() -> None:
    assert fault(item(), item(level="below")) is FaultKind.DUPLICATE
    assert fault(item(), item()) is None


def test_a_key_given_twice_in_one_verdict_makes_the_reply_unread() -> None:
    assert reading('{"verdicts": [{"id": "courtesy", "level": "vaults", "level": "below", "why": "", "quotes": []}]}').faults


@pytest.mark.parametrize("level", ["excellent", "yes", "2", "", "below | clears", "ungraded", "failed"])
def test_a_level_of_another_scale_is_a_fault(level: str) -> None:
    assert fault(item(level=level)) is FaultKind.LEVEL


def test_a_criterion_that_always_applies_is_never_not_applicable() -> None:
    assert fault(item(level="not_applicable")) is FaultKind.LEVEL
    assert fault(item("closing", "not_applicable", ()), asked=("closing",)) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"quotes": "none"},
        {"quotes": [{"turn": 1}]},
        {"quotes": [{"turn": "one", "text": "x"}]},
        {"level": 1},
        {"why": None},
        {"level": None},
        {"quotes": [{"turn": 1, "text": "x" * 30_000}]},
    ],
)
def test_a_verdict_with_a_field_of_another_type_is_malformed(changes: dict[str, Any]) -> None:
    assert fault(item(**changes)) is FaultKind.MALFORMED


@pytest.mark.parametrize("piece", ["courtesy", 3, None, [], {}, {"id": ["courtesy"]}])
def test_a_piece_of_the_list_that_is_no_verdict_leaves_its_criterion_missing(piece: Any) -> None:
    assert fault(piece) is FaultKind.MISSING


def test_a_level_needs_a_quote_that_stands_there() -> None:
    assert fault(item(quotes=())) is FaultKind.EVIDENCE
    assert fault(item(quotes=[{"turn": 1, "text": "I promise a full refund at once"}])) is FaultKind.EVIDENCE
    assert fault(item(quotes=[{"turn": 1, "text": "I promise a full refund at once"}, AGENT])) is None


def test_a_level_that_is_no_failure_needs_the_agents_own_words() -> None:
    assert fault(item(level="vaults", quotes=[CUSTOMER])) is FaultKind.EVIDENCE
    assert fault(item(level="vaults", quotes=[CUSTOMER, AGENT])) is None
    assert fault(item(level="below", quotes=[CUSTOMER])) is None


def test_abstention_and_not_applicable_need_no_quote() -> None:
    assert fault(item(level="abstain", quotes=())) is None


def test_faults_name_turns_and_fields_but_no_words_of_the_conversation() -> None:
    words = reading(json.dumps({"verdicts": [item(quotes=[{"turn": 77, "text": "secret words"}])]})).faults["courtesy"].words
    assert "77" in words
    assert "secret" not in words


def test_the_reason_is_one_line_of_bounded_length_without_invisible_signs() -> None:
    said = reading(json.dumps({"verdicts": [item(why="a\u202eb\n\x00c" + "d" * 9000)]})).said["courtesy"]
    assert said.why.startswith("a b c")
    assert len(said.why) == 600


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["verdicts", "id", "level", "why", "quotes", "turn", "text", "x"]),
                inner | st.sampled_from(["courtesy", "clears"]),
                max_size=5,
            )
        ),
    )
)
def test_whatever_json_comes_every_criterion_is_said_or_at_fault(document: Any) -> None:
    for content in (json.dumps(document), json.dumps({"verdicts": document}), json.dumps({"verdicts": [document]})):
        result = reading(content, IDS)
        assert set(result.said) | set(result.faults) == set(IDS)
        assert not set(result.said) & set(result.faults)


@given(st.text())
def test_whatever_text_comes_nothing_is_said_without_evidence(content: str) -> None:
    assert not reading(content, IDS).said
