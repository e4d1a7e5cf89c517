from collections.abc import Callable

import pytest

Redact = Callable[..., list[str]]

GONE = [
    ("email", "write to jane.doe+shop@mail.example.co.uk please", "write to [EMAIL_1] please"),
    ("email", "e-mail: JANE_DOE@EXAMPLE.ORG.", "e-mail: [EMAIL_1]."),
    ("email", "(müller@bücher.example)", "([EMAIL_1])"),
    ("email", "it is jane dot doe at example dot org", "it is [EMAIL_1]"),
    ("email", "jane (at) example (dot) com works too", "[EMAIL_1] works too"),
    ("phone", "ring +41 44 668 18 00 or", "ring [PHONE_1] or"),
    ("phone", "my mobile is 07700 900123", "my mobile is [PHONE_1]"),
    ("phone", "reach me on (212) 555-0142.", "reach me on [PHONE_1]."),
    ("phone", "212.555.0142 after six", "[PHONE_1] after six"),
    ("phone", "call 0-2-0 7-9-4-6 0-0-1-8", "call [PHONE_1]"),
    ("phone", "0044 20 7946 0018 x22 is the desk", "[PHONE_1] is the desk"),
    ("card", "4111 1111 1111 1111 expires 08/28", "[CARD_1] expires 08/28"),
    ("card", "amex 378282246310005, thanks", "amex [CARD_1], thanks"),
    ("iban", "to DE89 3704 0044 0532 0130 00 and soon", "to [IBAN_1] and soon"),
    ("iban", "iban gb33bukb20201555555555", "iban [IBAN_1]"),
    ("national_id", "my ssn is 536-90-4399", "my ssn is [NATIONAL_ID_1]"),
    ("national_id", "NI number AB 12 34 56 C", "NI number [NATIONAL_ID_1]"),
    ("national_id", "the NHS has me as 943 476 5919", "the NHS has me as [NATIONAL_ID_1]"),
    ("national_id", "AHV 756.9217.0769.85", "AHV [NATIONAL_ID_1]"),
    ("national_id", "steuer-id 86 095 742 719", "steuer-id [NATIONAL_ID_1]"),
    ("national_id", "mon numéro est 2 95 10 99 126 111 93", "mon numéro est [NATIONAL_ID_1]"),
    ("national_id", "DNI 54362315-K", "DNI [NATIONAL_ID_1]"),
    ("national_id", "codice RCCMNL83S18D969H", "codice [NATIONAL_ID_1]"),
    ("national_id", "my passport number is X1234567 ok", "my passport number is [NATIONAL_ID_1] ok"),
    ("ip", "logged in from 81.2.69.142 today", "logged in from [IP_1] today"),
    ("ip", "from 2a02:1205:34f6:9d60::12, yes", "from [IP_1], yes"),
    ("secret", "my password is hunter2!x", "my password is [SECRET_1]"),
    ("secret", 'I set the password to "correct horse"', 'I set the password to "[SECRET_1]"'),
    ("secret", "PIN 4821", "PIN [SECRET_1]"),
    ("secret", "the one-time code is 482913.", "the one-time code is [SECRET_1]."),
    ("secret", "cvv: 123", "cvv: [SECRET_1]"),
    ("secret", "see https://bob:pw@host.example/a?id=3&token=abc", "see https://[SECRET_1]@host.example/a?id=3&token=[SECRET_2]"),
    ("address", "I live at 12 Main Street, Springfield, IL 62704 now", "I live at [ADDRESS_1] now"),
    ("address", "at 14 elm road since may", "at [ADDRESS_1] since may"),
    ("address", "Flat 3, 88 Harrow Street in Leeds", "[ADDRESS_1] in Leeds"),
    ("address", "Hauptstraße 5a, 10115 Berlin bitte", "[ADDRESS_1] bitte"),
    ("address", "12 rue de la Paix, 75002 Paris", "[ADDRESS_1]"),
    ("address", "Calle de Alcalá, 48", "[ADDRESS_1]"),
    ("address", "to PO Box 1182", "to [ADDRESS_1]"),
    ("address", "postcode LS6 3BT", "postcode [ADDRESS_1]"),
    ("address", "my zip code is 90210", "my zip code is [ADDRESS_1]"),
    ("birth_date", "date of birth 14/03/1989", "date of birth [BIRTH_DATE_1]"),
    ("birth_date", "I was born on March 14, 1989 in Ghent", "I was born on [BIRTH_DATE_1] in Ghent"),
    ("birth_date", "ich bin am 3. Mai 1980 geboren", "ich bin am [BIRTH_DATE_1] geboren"),
    ("reference", "order FM-4471902 is late", "order [REFERENCE_1] is late"),
    ("reference", "account number: 00238817.", "account number: [REFERENCE_1]."),
    ("reference", "booking XEHM4B and 59XX6W", "booking [REFERENCE_1] and [REFERENCE_2]"),
    ("reference", 'call {"user_id": "mia_lee_1234"}', 'call {"user_id": "[REFERENCE_1]"}'),
    ("reference", "ticket #1234567 is open", "ticket #[REFERENCE_1] is open"),
]

STAYS = [
    "the total is $1,204.66 and €63.18 of it VAT",
    "on 2026-11-22 at 10:25, or 22.11.2026 at 18:00:05",
    "see you on 3 December between 12:00 and 14:30",
    "order 2 kettles for 24 euros",
    "I ordered it in 2024 and again in 2025",
    "version 4.10.2.118 of the app, build 20260113",
    "router at 192.168.1.1, mask 255.255.255.0",
    "room 4012, seat 33A, platform 9, gate B22",
    "error ERR-50012 and code E-2201 on screen",
    "the WH-1000XM4 and the iPhone 15 Pro Max",
    "sha 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c",
    "24-month term, 99-euro fee, 300 Mbit, 160x200 cm",
    "paid 12,000 points, 35 miles, 4711 kWh on the meter",
    "flight LX345 and train 1025 to Cologne",
    "card ending 1111, last four 4444",
    "password is wrong, my password was reset, PIN is required",
    "the pin on the door and the token for the laundry",
    "a road of 2 miles, 5 minutes down the road",
    "1234567890123456 is what it printed",
    "3 of 12 at 7 am Close Time Hour: 11 pm",
    "Hello there! I'm sorry, this is ridiculous. Thanks Everyone",
    "Dear Customer, Dear Sir or Madam, Hi Team, Hello All",
    "It is May. Will you march on? Mark my words, Grace period",
    "std::string f(a::b) and 10:25:30",
    "what is your order number?",
    "&#34vote&#34 and #1 fan",
    "CTRL+SHIFT+G",
]


@pytest.mark.parametrize(("kind", "text", "expected"), GONE, ids=[text for _, text, _ in GONE])
def test_personal_data_become_placeholders(redact: Redact, kind: str, text: str, expected: str) -> None:
    assert f"[{kind.upper()}_1]" in expected
    assert redact(text) == [expected]


@pytest.mark.parametrize("text", STAYS)
def test_what_graders_need_stays(redact: Redact, text: str) -> None:
    assert redact(text) == [text]


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        ("Could I have your order number?", "4471902", "[REFERENCE_1]"),
        ("What's the booking reference?", "it's xehm4b", "it's [REFERENCE_1]"),
        ("May I take your date of birth, please?", "1111, 14 March 1989", "1111, [BIRTH_DATE_1]"),
        ("What is your PIN?", "3941", "[SECRET_1]"),
        ("Please enter the verification code", "482913", "[SECRET_1]"),
        ("And your postcode?", "90210", "[ADDRESS_1]"),
        ("Which number can we reach you on?", "5552213", "[PHONE_1]"),
        ("Could I get your full name, please?", "jane doe", "[NAME_1]"),
        ("Your name please", "Sure, it's Jane Doe.", "Sure, it's [NAME_1]."),
        ("What is your passport number?", "C01X00T47", "[NATIONAL_ID_1]"),
    ],
)
def test_an_answer_is_read_by_what_was_asked(redact: Redact, question: str, answer: str, expected: str) -> None:
    assert redact(question, answer) == [question, expected]


def test_the_same_digits_unasked_stay(redact: Redact) -> None:
    assert redact("How many?", "4471902") == ["How many?", "4471902"]


def test_a_number_given_again_is_the_same_however_it_is_written(redact: Redact) -> None:
    assert redact("Order FM-4471902, please", "So fm 4471902?", "yes, 4471902") == [
        "Order [REFERENCE_1], please",
        "So fm [REFERENCE_1]?",
        "yes, [REFERENCE_1]",
    ]
    assert redact("call +44 7700 900123", "07700 900 123, noted") == ["call [PHONE_1]", "[PHONE_1], noted"]
    assert redact("A@example.org", "a@EXAMPLE.org") == ["[EMAIL_1]", "[EMAIL_1]"]


def test_two_values_have_two_placeholders(redact: Redact) -> None:
    assert redact("a@example.org, b@example.org") == ["[EMAIL_1], [EMAIL_2]"]


@pytest.mark.parametrize(
    "text",
    [
        "ｊａｎｅ＠ｅｘａｍｐｌｅ．ｏｒｇ",  # noqa: RUF001 - the case
        "jane\u200b@exam\u200bple.org",
        "call +41\u00a044\u202f668\u00a018\u00a000",
        "card 4111–1111–1111–1111",
        "phone ٠٧٧٠٠ ٩٠٠١٢٣",  # noqa: RUF001 - the case
    ],
)
def test_look_alike_characters_do_not_hide_data(redact: Redact, text: str) -> None:
    (found,) = redact(text)
    assert found.endswith("_1]")


def test_text_around_is_kept_character_for_character(redact: Redact) -> None:
    assert redact("“Hi” — wait… \u200bjane@example.org\u00a0– ok\u2009?") == ["“Hi” — wait… \u200b[EMAIL_1]\u00a0– ok\u2009?"]
