"""Fields, roles, maps and times of a record, whatever it comes from."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from clearbar.errors import UsageError
from clearbar.sources import FieldMap
from clearbar.sources.record import RecordError, read_record
from clearbar.sources.roles import UnknownRoleError, read_role
from clearbar.sources.times import BadTimeError, read_instant, read_times
from clearbar.transcript import Role, Transcript

Pull = Callable[..., Any]
TURNS = [{"role": "customer", "text": "Where is it?"}, {"role": "agent", "text": "On its way."}]


def read(record: Any, *options: str) -> Transcript:
    return read_record(record, "s", FieldMap.parse(options))


# Fields


def test_only_declared_fields_are_kept() -> None:
    found = read({"id": 7, "turns": TURNS, "team": "blue", "queue": 3, "csat": "4", "secret": "x", "meta": {"card": "y"}})
    assert (found.id, found.team, found.queue, found.csat) == ("7", "blue", "3", 4.0)
    assert "secret" not in found.model_dump()


def test_usual_names_of_exports_are_known() -> None:
    record = {
        "conversation_id": "c1",
        "messages": [{"sender": "visitor", "body": "hi", "timestamp": 1_700_000_000}, {"author": "Operator", "content": "yes"}],
        "department": "blue",
        "requester": "Jane",
        "lang": "en",
        "channel": "Voice",
        "permalink": "https://desk.example/1",
        "duration": 61,
    }
    found = read(record)
    assert [(turn.role, turn.text) for turn in found.turns] == [(Role.CUSTOMER, "hi"), (Role.AGENT, "yes")]
    assert (found.id, found.team, found.customer, found.language, found.channel) == ("c1", "blue", "Jane", "en", "phone")
    assert (found.url, found.handle_time) == ("https://desk.example/1", 61)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"turns": TURNS}, "no field 'id'"),
        ({"id": "", "turns": TURNS}, "no field 'id'"),
        ({"id": True, "turns": TURNS}, "no field 'id'"),
        ({"id": 1.5, "turns": TURNS}, "no field 'id'"),
        ({"id": "1"}, "no field 'turns'"),
        ({"id": "1", "turns": {}}, "'turns' is no list"),
        ({"id": "1", "turns": []}, "'turns' is empty"),
        ({"id": "1", "turns": ["hi"]}, r"'turns\[0\]' is no object"),
        ({"id": "1", "turns": [{"text": "hi"}]}, r"'turns\[0\].role' is missing"),
        ({"id": "1", "turns": [{"role": "boss", "text": "hi"}]}, r"'turns\[0\].role' is no known role"),
        ({"id": "1", "turns": [TURNS[0], {"role": "agent"}]}, r"'turns\[1\].text' is missing"),
        ({"id": "1", "turns": [{"role": "agent", "text": 5}]}, r"'turns\[0\].text' is no text"),
        ({"id": "1", "turns": [{"role": "agent", "text": "  "}, {"role": "customer", "text": ""}]}, "no words at all"),
        ({"id": "1", "turns": [{"role": "agent", "text": "hi", "time": "noon"}]}, r"'turns\[0\].time' is no time"),
        ({"id": "1", "turns": TURNS, "started_at": "soon"}, "'started_at' is no time"),
        ({"id": "1", "turns": TURNS, "csat": "good"}, "'csat' is no number"),
        ([], "no object with fields"),
        (None, "no object with fields"),
    ],
)
def test_what_is_missing_or_wrong_is_named(record: Any, reason: str) -> None:
    with pytest.raises(RecordError, match=reason):
        read(record)


def test_an_empty_turn_among_others_stays_in_its_place() -> None:
    found = read({"id": "1", "turns": [{"role": "customer", "text": ""}, TURNS[1]]})
    assert [turn.text for turn in found.turns] == ["", "On its way."]


def test_turns_carry_their_own_agent_and_fall_back_to_the_records() -> None:
    turns = [
        {"role": "agent", "text": "a"},
        {"role": "agent", "text": "b", "agent": "Bea"},
        {"role": "customer", "text": "c", "agent": "x"},
    ]
    found = read({"id": "1", "agent": 17, "turns": turns})
    assert [turn.agent for turn in found.turns] == ["17", "Bea", None]


def test_ids_come_as_databases_give_them() -> None:
    uuid = UUID(int=5)
    assert read({"id": uuid, "turns": TURNS}).id == str(uuid)
    assert read({"id": Decimal(12), "turns": TURNS}).id == "12"
    assert read({"id": 12.0, "turns": TURNS}).id == "12"


# Roles


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("Representative", Role.AGENT),
        ("ADVISOR", Role.AGENT),
        ("assistant", Role.AGENT),
        ("live agent", Role.AGENT),
        ("Client", Role.CUSTOMER),
        ("end-user", Role.CUSTOMER),
        ("End User", Role.CUSTOMER),
        ("visitor", Role.CUSTOMER),
        ("virtual-agent", Role.BOT),
        ("IVR", Role.BOT),
        ("tool", Role.SYSTEM),
        ("internal note", Role.NOTE),
        ("whisper", Role.NOTE),
    ],
)
def test_roles_are_known_under_their_usual_names(name: str, role: Role) -> None:
    assert read_role(name) is role


@pytest.mark.parametrize("value", ["Tom Brook", "", None, 3, ["agent"]])
def test_a_role_that_nobody_knows_is_refused_without_its_name(value: object) -> None:
    with pytest.raises(UnknownRoleError) as caught:
        read_role(value)
    assert "Tom" not in str(caught.value)


# Maps


def test_paths_lead_into_objects_and_lists() -> None:
    record = {"k": {"id": "9"}, "log": {"said": [{"who": {"kind": "Gast"}, "what": ["x", "hello"], "at": 3}]}, "m": {"d": ["blue"], "a": 5}}
    options = ("id=k.id,turns=log.said", "role=who.kind", "text=what.1,time=at", "team=m.d.0,agent=m.a", "role.Gast=customer")
    found = read(record, *options)
    assert (found.id, found.team, found.turns[0].text, found.turns[0].role) == ("9", "blue", "hello", Role.CUSTOMER)


def test_a_name_with_a_dot_wins_over_a_path() -> None:
    assert read({"id": "1", "turns": TURNS, "meta.team": "blue", "meta": {"team": "red"}}, "team=meta.team").team == "blue"


def test_a_path_that_leads_nowhere_leaves_the_field_empty() -> None:
    assert read({"id": "1", "turns": TURNS, "team": "blue"}, "team=meta.9.x").team is None
    for place in ("9", "²", "--1", "-9"):
        assert read({"id": "1", "turns": TURNS, "meta": ["blue"]}, f"team=meta.{place}").team is None


def test_maps_reach_the_columns_of_tables(tmp_path: Path, pull: Pull) -> None:
    rows = 'Conv,Who,Said,At,Desk,Rep,No\n7,Gast,"hi, there",10:03,blue,Bea,2\n7,rep,hello,10:00,blue,Bea,1\n'
    (tmp_path / "a.csv").write_text(rows, encoding="utf-8")
    options = "id=Conv,role=Who,text=Said,time=At,team=Desk,agent=Rep,position=No,role.Gast=customer"
    (one,) = pull(tmp_path / "a.csv", options).transcripts
    assert (one.id, one.team) == ("7", "blue")
    assert [(turn.role, turn.text, turn.time, turn.agent) for turn in one.turns] == [
        (Role.AGENT, "hello", 0, "Bea"),
        (Role.CUSTOMER, "hi, there", 180, None),
    ]


@pytest.mark.parametrize(
    ("option", "what"),
    [
        ("team", "not of the form field=path"),
        ("=x", "not of the form field=path"),
        ("shoe=size", "'shoe' is no field"),
        ("role.Gast=boss", "'boss' is no role"),
    ],
)
def test_a_map_that_cannot_be_used_is_refused(option: str, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        FieldMap.parse([option])


def test_an_option_wins_over_what_a_named_source_says() -> None:
    assert FieldMap.parse(["team=b"], {"team": "a", "agent": "c"}).paths == {"team": "b", "agent": "c"}


# Times


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 4.5, "9"], [0, 4.5, 9]),
        ([1_700_000_000, 1_700_000_004], [0, 4]),
        ([1_700_000_000_000, 1_700_000_004_500], [0, 4.5]),
        (["2026-11-22T10:00:00Z", "2026-11-22T12:00:05+02:00"], [0, 5]),
        (["2026-11-22 10:00:00", "2026-11-22 10:00:05 UTC"], [0, 5]),
        (["2026-11-22T10:00:00.500", datetime(2026, 11, 22, 10, 0, 3, tzinfo=UTC)], [0, 2.5]),
        (["00:00:01.000", "00:01:02,500"], [0, 61.5]),
        (["23:59:58", "00:00:03"], [0, 5]),
        (["22:00:00", "01:00:00", "23:30:00", "00:10:00"], [0, 10_800, 91_800, 94_200]),
        (["14:30", "14:33"], [0, 180]),
        (["00:05", "01:15", "12:00"], [0, 70, 715]),
        (["2:32 pm", "2:35 PM"], [0, 180]),
        (["11:59:50 pm", "12:00:10 am"], [0, 20]),
        ([None, 5, "", 9], [None, 0, None, 4]),
        ([timedelta(seconds=2), timedelta(days=1, seconds=5)], [0, 86_403]),
        ([Decimal("1.5"), Decimal(3)], [0, 1.5]),
        ([Decimal(1_700_000_000), Decimal(1_700_000_004)], [0, 4]),
    ],
)
def test_times_are_seconds_from_the_first_turn(values: list[object], expected: list[float | None]) -> None:
    assert read_times(values)[0] == expected


def test_the_first_moment_dates_a_conversation_that_has_no_start() -> None:
    found = read({"id": "1", "turns": [{**TURNS[0], "time": 1_700_000_000}, {**TURNS[1], "time": 1_700_000_060}]})
    assert found.started_at == datetime.fromtimestamp(1_700_000_000, tz=UTC)
    assert read({"id": "1", "started_at": "2026-01-01", "turns": TURNS}).started_at == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("value", ["noon", "25 o'clock", "2026-13-40", True, -5, [], {}, "1e400", float("nan")])
def test_what_is_no_time_is_refused_by_its_turn(value: object) -> None:
    with pytest.raises(BadTimeError) as caught:
        read_times([0, value])
    assert caught.value.args[1] == 1


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-11-22", datetime(2026, 11, 22, tzinfo=UTC)),
        (date(2026, 11, 22), datetime(2026, 11, 22, tzinfo=UTC)),
        ("2026-11-22T10:00:00+0100", datetime(2026, 11, 22, 9, tzinfo=UTC)),
        (datetime(2026, 11, 22, 10, tzinfo=timezone(timedelta(hours=1))), datetime(2026, 11, 22, 9, tzinfo=UTC)),
        (1_700_000_000_000, datetime.fromtimestamp(1_700_000_000, tz=UTC)),
        ("1700000000", datetime.fromtimestamp(1_700_000_000, tz=UTC)),
        (1_700_000_000_000_000_000, datetime.fromtimestamp(1_700_000_000, tz=UTC)),
    ],
)
def test_moments_are_read_in_every_usual_form(value: object, moment: datetime) -> None:
    assert read_instant(value) == moment


@pytest.mark.parametrize("value", ["10:00", 17, "yesterday", None, ""])
def test_what_names_no_day_is_no_moment(value: object) -> None:
    with pytest.raises(BadTimeError):
        read_instant(value)


def test_records_read_from_lines_are_the_same(tmp_path: Path, pull: Pull) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"id": "1", "turns": TURNS}) + "\n", encoding="utf-8")
    assert pull(tmp_path / "a.jsonl").transcripts[0].turns == read({"id": "1", "turns": TURNS}).turns
