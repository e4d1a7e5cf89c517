"""Whatever stands in a turn, redaction ends in time that grows with its length."""

import pytest

from clearbar.redact import Redactor
from clearbar.settings import RedactionSettings

UNITS = [
    "1 ",
    "1",
    "0 ",
    "12 34 ",
    "1.2.3.4 ",
    "+41 44 668 18 00 ",
    "a@",
    "a@b.",
    "Hi Zorx ",
    "Mr ",
    "my name is Jo ",
    "order ",
    "order 12345 ",
    "#12345 ",
    "password is x ",
    "A-A-A-A ",
    "12 A A A A ",
    "12 Aa-Aa Aa-Aa Street ",
    "[EMAIL_1] ",
    "http://a:b@c/?token=x ",
    "date of birth? ",
    "order number is is is ",
    '"pin": "1234", ',
    '"first_name": "Jane", ',
    '{"name": "Jane", ',
    '"a" ',
    "\u200b1",
    "é",
]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("unit", UNITS)
def test_a_turn_of_a_megabyte_is_redacted_in_bounded_time(redactor: Redactor, unit: str) -> None:
    length = 1_000_000 if unit in {"1", "é", "Mr "} else 250_000
    (turn,) = redactor.redact_texts([unit * (length // len(unit))], ["Jane Doe"]).texts
    assert turn


def test_ten_thousand_turns_are_redacted(redactor: Redactor) -> None:
    result = redactor.redact_texts(["your order number?", "FM-4471902", "Hi Jane, ok"] * 3334)
    assert result.counts["reference"] == 3334
    assert len(result.texts) == 10_002


def test_many_names_are_replaced_where_they_are_told(redactor: Redactor) -> None:
    turns = [f"my name is Zor{chr(97 + number % 26)}{chr(97 + number // 26 % 26)}{chr(97 + number // 676)}x" for number in range(3000)]
    assert all(turn.startswith("my name is [NAME_") for turn in redactor.redact_texts(turns).texts)


@pytest.mark.parametrize(
    "text", ["\u202eabc\u202c jane@example.org", "a\u0301" * 5000, "\ud800" * 100 + " jane@example.org", "\x01\x02\x1f jane@example.org"]
)
def test_odd_characters_do_no_harm(redactor: Redactor, text: str) -> None:
    (turn,) = redactor.redact_texts([text]).texts
    assert "jane" not in turn


def test_without_re2_the_same_is_found() -> None:
    native, plain = Redactor(RedactionSettings(), b"k"), Redactor(RedactionSettings(), b"k", native=False)
    turns = [
        "Hi, I'm Jane Doe, mail jane@example.org, order FM-4471902, card 4111 1111 1111 1111",
        "Could I have your date of birth and postcode?",
        "14 March 1989, SW1A 1AA, call +41 44 668 18 00, 12 Main Street, Hauptstraße 5",
        "my ssn is 536-90-4399, password: hunter2x, from 81.2.69.142, https://a:b@c.example/?sig=1",
        'Result: {"first_name": "Jo", "last_name": "Vrbka", "zip": 90210, "customerPin": "4821", "dob": ["1989-03-14"]}',
        "Zoë here – jane dot doe at example dot org, IBAN DE89 3704 0044 0532 0130 00",
    ]
    assert native.redact_texts(turns) == plain.redact_texts(turns)
