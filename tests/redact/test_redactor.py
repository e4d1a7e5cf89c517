from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from clearbar.errors import SettingsError
from clearbar.redact import Kind, Redactor
from clearbar.settings import RedactionSettings
from clearbar.transcript import Role, Transcript, Turn

SECRET = bytes(range(32))
PIECES = (
    "jane@example.org",
    "+41 44 668 18 00",
    "4111 1111 1111 1111",
    "order FM-4471902",
    "my name is Jane Doe",
    "Hi Jane,",
    "I live at 12 Main Street",
    "born 14/03/1989",
    "password is hunter2x",
    "81.2.69.142",
    "DE89 3704 0044 0532 0130 00",
    "[EMAIL_1]",
    "[NAME_7]",
    "[email_1]",
    "€63.18",
    "\n\nRegards,\nTom",
    "é ’ \u200b 😀",
    "?",
    "your order number",
    "\x00",
    "\ud800",
)


def make(**fields: object) -> Transcript:
    record: dict[str, object] = {"source": "s", "id": "1", "turns": (Turn(role=Role.CUSTOMER, text="hello"),)}
    return Transcript.model_validate(record | fields)


def test_a_transcript_keeps_its_fields_and_loses_its_people(redactor: Redactor) -> None:
    raw = make(
        turns=(
            Turn(role=Role.CUSTOMER, text="I'm Jane, mail jane@example.org", time=0),
            Turn(role=Role.AGENT, text="Tom here. Hello Jane", time=4.5, agent="Tom Brook"),
        ),
        customer="Jane Doe",
        url="https://me:pw@desk.example/t/77?token=abc&view=full&for=jane@example.org#x",
        team="billing",
        queue="vip of Jane",
        topic="mail jane@example.org",
        disposition="called Tom",
        language="en",
        channel="chat",
        started_at=datetime(2026, 11, 1, tzinfo=UTC),
        csat=4.0,
    )
    seen = redactor.redact(raw)
    assert [turn.text for turn in seen.turns] == ["I'm [NAME_1], mail [EMAIL_1]", "[NAME_2] here. Hello [NAME_1]"]
    assert [turn.time for turn in seen.turns] == [0, 4.5]
    assert seen.turns[1].agent == redactor.agent("Tom Brook")
    assert seen.customer == redactor.customer("Jane Doe")
    assert (seen.queue, seen.topic, seen.disposition) == ("vip of [NAME_1]", "mail [EMAIL_1]", "called [NAME_2]")
    assert seen.url == "https://desk.example/t/77?view=full"
    assert (seen.team, seen.language, seen.channel, seen.csat, seen.started_at) == ("billing", "en", "chat", 4.0, raw.started_at)
    assert seen.redactions == {"name": 5, "email": 2}
    assert "Jane" not in seen.model_dump_json()
    assert "Tom" not in seen.model_dump_json()


def test_an_unreadable_url_is_dropped(redactor: Redactor) -> None:
    assert redactor.redact(make(url="http://[broken")).url is None


def test_the_text_hash_does_not_depend_on_the_projects_secret() -> None:
    raw = make(turns=(Turn(role=Role.AGENT, text="Tom here", agent="Tom"),))
    one, other = (Redactor(RedactionSettings(), secret).redact(raw) for secret in (b"a" * 32, b"b" * 32))
    assert one.text_hash == other.text_hash
    assert one.agent != other.agent


def test_pseudonyms_ignore_case_and_spaces_and_differ_by_role_name_and_secret(redactor: Redactor) -> None:
    assert redactor.customer("  Jane   DOE ") == redactor.customer("jane doe")
    assert redactor.customer("Jane Doe") != redactor.customer("Jane Roe")
    assert redactor.customer("Jane Doe").partition("-")[2] != redactor.agent("Jane Doe").partition("-")[2]
    assert Redactor(RedactionSettings(), b"other").customer("Jane Doe") != redactor.customer("Jane Doe")
    assert redactor.agent("\ud800") != redactor.agent("\ud801")


def test_a_hundred_thousand_customers_have_as_many_pseudonyms(redactor: Redactor) -> None:
    assert len({redactor.customer(f"customer {number}") for number in range(100_000)}) == 100_000


def test_what_was_redacted_before_and_is_read_again_keeps_its_pseudonyms(redactor: Redactor) -> None:
    assert redactor.customer(redactor.customer("Jane Doe")) == redactor.customer("Jane Doe")
    assert redactor.agent(redactor.agent("Tom")) == redactor.agent("Tom")


def test_placeholders_in_the_text_are_not_taken_for_other_data(redactor: Redactor) -> None:
    result = redactor.redact_texts(["[EMAIL_1] wrote to a@example.org", "see [EMAIL_4] and b@example.org", "[FOO_3] a@example.org"])
    assert result.texts == ["[EMAIL_1] wrote to [EMAIL_5]", "see [EMAIL_4] and [EMAIL_6]", "[FOO_3] [EMAIL_5]"]
    assert result.counts == {"email": 3}


@given(st.lists(st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map(" ".join), min_size=1, max_size=5), st.booleans())
@hypothesis_settings(max_examples=300, deadline=None)
def test_redacting_twice_changes_and_counts_nothing(turns: list[str], known: bool) -> None:  # noqa: FBT001 - drawn
    redactor = Redactor(RedactionSettings(), SECRET)
    names = ["Jane Doe", "Tom"] if known else []
    once = redactor.redact_texts(turns, names)
    twice = redactor.redact_texts(once.texts, names)
    assert twice.texts == once.texts
    assert twice.counts == {}
    assert len(once.texts) == len(turns)
    assert all("jane@example.org" not in turn for turn in once.texts)


@given(st.lists(st.text(max_size=80), max_size=5))
@hypothesis_settings(max_examples=300, deadline=None)
def test_any_text_keeps_its_turns(turns: list[str]) -> None:
    assert len(Redactor(RedactionSettings(), SECRET).redact_texts(turns).texts) == max(len(turns), 1)


def test_nul_becomes_the_replacement_character(redactor: Redactor) -> None:
    assert redactor.redact_texts(["a\0b", "c"]).texts == ["a\ufffdb", "c"]


def test_several_conversations_at_once_come_out_as_one_by_one(redactor: Redactor) -> None:
    block = [([f"my order is FM-44719{number}", "Hi Jane,"], ["Tom"]) for number in range(10, 40)]
    assert redactor.redact_many(block) == [redactor.redact_texts(texts, names) for texts, names in block]
    assert redactor.redact_many([]) == []


def test_kinds_can_be_chosen_and_left_out() -> None:
    text = ["jane@example.org, 4111111111111111, call 07700 900123"]
    only = Redactor(RedactionSettings(kinds=("email",)), SECRET)
    assert only.redact_texts(text).texts == ["[EMAIL_1], 4111111111111111, call 07700 900123"]
    without = Redactor(RedactionSettings(skip=("email", "card")), SECRET)
    assert without.redact_texts(text).texts == ["jane@example.org, 4111111111111111, call [PHONE_1]"]
    assert Redactor(RedactionSettings(skip=("name",)), SECRET).redact_texts(["Hi Jane,"], ["Jane"]).texts == ["Hi Jane,"]


def test_national_formats_follow_the_regions() -> None:
    text = ["CPF 390.533.447-05, DNI 54362315-K"]
    assert Redactor(RedactionSettings(regions=("BR",)), SECRET).redact_texts(text).texts == ["CPF [NATIONAL_ID_1], DNI 54362315-K"]
    assert Redactor(RedactionSettings(regions=()), SECRET).redact_texts(text).texts == text


def test_an_unknown_kind_is_refused_with_what_was_meant() -> None:
    with pytest.raises(SettingsError, match=r"redaction\.skip.*'emial'.*did you mean 'email'"):
        Redactor(RedactionSettings(skip=("emial",)), SECRET)


def test_further_patterns_are_kinds_of_their_own() -> None:
    redactor = Redactor(RedactionSettings(patterns={"badge": r"B-\d{3}"}), SECRET)
    result = redactor.redact_texts(["badges B-123, B-124, B-123", "[BADGE_4]"])
    assert result.texts == ["badges [BADGE_5], [BADGE_6], [BADGE_5]", "[BADGE_4]"]
    assert result.counts == {"badge": 3}


def test_a_pattern_never_reaches_over_turns() -> None:
    redactor = Redactor(RedactionSettings(patterns={"pair": r"a[^b]*c"}), SECRET)
    assert redactor.redact_texts(["a", "c", "a-c"]).texts == ["a", "c", "[PAIR_1]"]


@pytest.mark.parametrize(
    ("name", "pattern", "why"),
    [
        ("email", "x", "must be new"),
        ("Bad Name", "x", "small letters"),
        ("open", "(", "no pattern that RE2 can read"),
        ("back", r"(a)\1", "no pattern that RE2 can read"),
        ("ahead", "a(?=b)", "no pattern that RE2 can read"),
        ("empty", "a*", "matches the empty text"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused_by_name(name: str, pattern: str, why: str) -> None:
    with pytest.raises(SettingsError, match=why) as caught:
        Redactor(RedactionSettings(patterns={name: pattern}), SECRET)
    assert f"redaction.patterns.{name}" in str(caught.value)


def test_a_catastrophic_pattern_is_harmless() -> None:
    redactor = Redactor(RedactionSettings(patterns={"slow": r"(x+x+)+y"}), SECRET)
    assert redactor.redact_texts(["x" * 100_000]).counts == {}


def test_the_fingerprint_tells_settings_apart_and_holds_no_secret() -> None:
    one, other = Redactor(RedactionSettings(), SECRET), Redactor(RedactionSettings(skip=("ip",)), SECRET)
    assert one.fingerprint == Redactor(RedactionSettings(), b"z").fingerprint
    assert one.fingerprint != other.fingerprint


def test_every_kind_can_be_configured() -> None:
    Redactor(RedactionSettings(kinds=tuple(Kind)), SECRET)
