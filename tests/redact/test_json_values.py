"""What a key in JSON says its value is goes, however the JSON is written; what only looks like it stays."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from clearbar.redact import Redactor
from clearbar.settings import RedactionSettings

Redact = Callable[..., list[str]]
ANSWER: dict[str, Any] = {
    "first_name": "Mirela",
    "last_name": "Vrbka",
    "address": {"address1": "Rosengarten", "address2": "Suite 319", "city": "Denver", "zip": "80236"},
    "pin": "4821",
    "cvv": 731,
    "customerPassword": "correct horse",
    "credit_card": "4000 12",
    "mobile": "555 0100",
    "dateOfBirth": "3rd of May 80",
    "passport_number": "K 48 21",
    "loyalty-number": "L 7",
    "status": "gold",
}
GONE = ("Mirela", "Vrbka", "Rosengarten", "Suite 319", "80236", "4821", "731", "correct horse", "0100", "of May", "48 21", "L 7")
STAYS = ("Denver", "gold", "4000 12")


@pytest.mark.parametrize(
    "write",
    [
        json.dumps,
        lambda answer: json.dumps(answer, indent=2),
        lambda answer: json.dumps(answer, separators=(",", ":")),
        lambda answer: f"Tool result: {json.dumps(answer)} (0.2 s)",
        lambda answer: json.dumps({"result": json.dumps(answer)}),
        repr,
    ],
    ids=["plain", "indented", "compact", "among words", "in a string", "python"],
)
def test_values_go_and_keys_stay_however_it_is_written(redact: Redact, write: Callable[[Any], str]) -> None:
    (text,) = redact(write(ANSWER))
    assert [value for value in GONE if value in text] == []
    assert [value for value in (*STAYS, *ANSWER, "address1") if value not in text] == []
    assert redact(text) == [text]


def test_json_is_json_still(redact: Redact) -> None:
    (text,) = redact(json.dumps({key: value for key, value in ANSWER.items() if key != "cvv"}))
    assert json.loads(text)["address"]["city"] == "Denver"


def test_a_person_under_two_keys_is_one_person_wherever_mentioned(redact: Redact) -> None:
    answer, said = redact('{"name": {"first_name": "Mirela", "last_name": "Vrbka"}}', "Thank you, Mirela. Ms Vrbka, is that all?")
    assert answer == '{"name": {"first_name": "[NAME_1]", "last_name": "[NAME_1]"}}'
    assert said == "Thank you, [NAME_1]. Ms [NAME_1], is that all?"


def test_a_code_that_json_holds_goes_where_it_is_said_too(redact: Redact) -> None:
    assert redact("It is 4821.", '{"pin": "4821"}') == ["It is [SECRET_1].", '{"pin": "[SECRET_1]"}']


def test_what_its_form_gives_away_is_the_same_piece_in_json(redact: Redact) -> None:
    said, answer = redact("ring +41 44 668 18 00", '{"phone": "+41 44 668 18 00 (home)"}')
    assert (said, answer) == ("ring [PHONE_1]", '{"phone": "[PHONE_1]"}')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"customer": "Mirela Vrbka"}', '{"customer": "[NAME_1]"}'),
        ('{"agent_name": "Mirela"}', '{"agent_name": "[NAME_1]"}'),
        ('{"name": "Mirela Vrbka", "email": null}', '{"name": "[NAME_1]", "email": null}'),
        ('{"phone": ["555 0100", "555 0199"]}', '{"phone": ["[PHONE_1]", "[PHONE_2]"]}'),
        ('{"pin": "48\\"21"}', '{"pin": "[SECRET_1]"}'),
    ],
)
def test_further_ways_to_hold_a_value(redact: Redact, text: str, expected: str) -> None:
    assert redact(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "Deluxe Suite", "price": 120}',
        '{"name": "Premium plan", "phone": null}',
        '{"customer": "premium", "agent": "bot_7"}',
        '{"customer": {"tier": "Gold"}}',
        '{"pin": null, "password": "", "zip": "null", "otp": true}',
        '{"ip_address": "192.168.1.4", "url_address": "x"}',
        '{"spin": "fast", "spanning": "tree", "napkin": "red"}',
        '{"pan": "non-stick", "passport": "valid", "phone": "iOS"}',
        '{"last_four": "2478", "expires": "08/28"}',
        'She said "pin" : it was short',
    ],
)
def test_what_is_no_personal_data_stays(redact: Redact, text: str) -> None:
    assert redact(text) == [text]


def test_kinds_that_are_left_in_are_left_in_json_too() -> None:
    text = '{"first_name": "Mirela", "pin": "4821"}'
    kept = Redactor(RedactionSettings(skip=("secret",)), b"k")
    assert kept.redact_texts([text]).texts == ['{"first_name": "[NAME_1]", "pin": "4821"}']


@pytest.mark.parametrize("length", [201, 3_000, 16_000])
def test_a_long_secret_goes_whole(redact: Redact, length: int) -> None:
    assert redact(json.dumps({"access_token": "aB" * (length // 2), "status": "gold"})) == [
        '{"access_token": "[SECRET_1]", "status": "gold"}'
    ]


def test_of_a_secret_without_an_end_goes_what_was_read(redact: Redact) -> None:
    assert redact('{"private_key": "' + "k" * 16_384) == ['{"private_key": "[SECRET_1]']


def test_all_of_a_long_list_goes(redact: Redact) -> None:
    (told,) = redact(json.dumps({"pin": [f"w{number}x" for number in range(60)]}))
    assert "w" not in told
