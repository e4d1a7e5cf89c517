from collections.abc import Callable

import pytest

from clearbar.redact import Redactor
from clearbar.settings import RedactionSettings

Redact = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hi, I'm Jane and I moved", "Hi, I'm [NAME_1] and I moved"),
        ("my name is john smith.", "my name is [NAME_1]."),
        ("My name's Ana María de la Cruz", "My name's [NAME_1]"),
        ("This is Rupert Okonjo-Vane from Leeds", "This is [NAME_1] from Leeds"),
        ("Dear Mr Smith,", "Dear Mr [NAME_1],"),
        ("Dear Dr. Ngozi Okafor:", "Dear Dr. [NAME_1]:"),
        ("Zorxa here, hello", "[NAME_1] here, hello"),
        ("you are through to Gethin.", "you are through to [NAME_1]."),
        ("My son Felix lost it", "My son [NAME_1] lost it"),
        ("booked under the name Perdita Vale", "booked under the name [NAME_1]"),
        ("someone called Tracy Wilson signed", "someone called [NAME_1] signed"),
        ("please ask for Ines", "please ask for [NAME_1]"),
        ("Name: Jane Doe\nSize: M", "Name: [NAME_1]\nSize: M"),
        ("That is all.\n\nKind regards,\nZorxa Quandt", "That is all.\n\nKind regards,\n[NAME_1]"),
        ("bye now. ^Leila", "bye now. ^[NAME_1]"),
        ("hi john can you help", "hi [NAME_1] can you help"),
        ("MY NAME IS JANE DOE", "MY NAME IS [NAME_1]"),
        ("Guten Tag, mein Name ist Jörg Weiß.", "Guten Tag, mein Name ist [NAME_1]."),
        ("je m'appelle Zoé Lefèvre", "je m'appelle [NAME_1]"),
        ("Jane’s order", "Jane’s order"),
        ("I am called 山田太郎", "I am called [NAME_1]"),
    ],
)
def test_names_are_given_away_by_what_stands_beside_them(redact: Redact, text: str, expected: str) -> None:
    assert redact(text) == [expected]


def test_every_later_and_earlier_mention_goes(redact: Redact) -> None:
    assert redact("Is Jane in? JANE!", "I'm Jane Doe", "Thanks jane, see Ms Doe. Janet stays, so does Doeville.") == [
        "Is [NAME_1] in? [NAME_1]!",
        "I'm [NAME_1]",
        "Thanks [NAME_1], see Ms [NAME_1]. Janet stays, so does Doeville.",
    ]


def test_the_records_own_names_go_wherever_they_stand(redact: Redact) -> None:
    turns = ("Good evening Imogen, Leila here.", "ms tarrant please", "leila, Imogen's hub", "IMOGEN TARRANT")
    assert redact(*turns, names=("Imogen Tarrant", "Leila Haddad")) == [
        "Good evening [NAME_1], [NAME_2] here.",
        "ms [NAME_1] please",
        "[NAME_2], [NAME_1]'s hub",
        "[NAME_1]",
    ]


def test_accents_particles_and_double_names_are_one_name(redact: Redact) -> None:
    assert redact("Van der Berg? Mrs Duchamp-Okafor, Okafor", names=("Jan van der Berg", "Mireille Duchamp-Okafor")) == [
        "Van der [NAME_1]? Mrs [NAME_2], [NAME_2]"
    ]
    assert redact("José and JOSÉ", names=("José",)) == ["[NAME_1] and [NAME_1]"]


def test_a_user_id_in_the_records_field_goes_whole(redact: Redact) -> None:
    assert redact("logged in as mia_lee_1234 and Mia", names=("mia_lee_1234",)) == ["logged in as [NAME_1] and [NAME_1]"]


@pytest.mark.parametrize("name", ["Guest", "agent 17", "12", "Customer Service", "", "  ", "Mr"])
def test_roles_and_numbers_in_the_records_fields_are_no_names(redact: Redact, name: str) -> None:
    text = "Dear guest, the agent and customer service of room 12, Mr."
    assert redact(text, names=(name,)) == [text]


def test_a_name_that_is_an_everyday_word_goes_only_where_it_is_a_name(redact: Redact) -> None:
    said = redact("Will you come in May? Thanks, Will. I will. You should ask Will about it.", names=("Will May",))
    assert said == ["Will you come in May? Thanks, [NAME_1]. I will. You should ask [NAME_1] about it."]


def test_names_inside_words_addresses_and_domains_stay_whole(redact: Redact) -> None:
    said = redact("Ann's annual plan, mail.ann-services.example, ann_3, Ann.", names=("Ann",))
    assert said == ["[NAME_1]'s annual plan, mail.ann-services.example, ann_3, [NAME_1]."]


def test_an_address_is_one_piece_though_a_name_is_in_it(redact: Redact) -> None:
    assert redact("Tobias Renfrew, tobias.renfrew@example.org", names=("Tobias Renfrew",)) == ["[NAME_1], [EMAIL_1]"]


def test_what_is_used_like_a_brand_is_no_name(redact: Redact) -> None:
    turns = ("Hello Zorvex, my Zorvex account", "This is Tom at Zorvex.")
    assert redact(*turns) == ["Hello Zorvex, my Zorvex account", "This is [NAME_1] at Zorvex."]


def test_words_to_keep_are_never_names() -> None:
    kept = Redactor(RedactionSettings(keep=("Chase",)), b"k" * 32)
    assert kept.redact_texts(["Hi Chase, this is Jane."]).texts == ["Hi Chase, this is [NAME_1]."]
    assert kept.redact_texts(["Chase is my bank"], ["Chase Doe"]).texts == ["Chase is my bank"]


@pytest.mark.parametrize(
    "text",
    [
        "I'm Sorry to hear that",
        "Hi There, Hello Team",
        "Thanks. Enjoy your ride!",
        "Good morning. You've taken money",
        "Morning News and Afternoon Tea",
        "This is ridiculous. It's Monday. I am Canadian",
        "I called Amazon twice",
        "my name is on the account, my name is not spelled right",
        "What is the name of the street?",
        "im Monat Mai",
        "hey guys, dear all",
    ],
)
def test_what_only_looks_like_an_introduction_stays(redact: Redact, text: str) -> None:
    assert redact(text) == [text]
