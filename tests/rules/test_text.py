import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearbar.grading.rules.text import READ, normalize, sentence, shouts, spelled


def test_case_quotes_and_blanks_are_made_alike() -> None:
    assert normalize("I’M\tSorry“")[0] == b"i'm sorry\""


def test_what_is_invisible_inside_a_word_is_dropped_and_offsets_lead_back() -> None:
    text = "so\u200br\u200dr\u00ady!"
    normal, places = normalize(text)
    assert normal == b"sorry!"
    assert places == [0, 1, 3, 5, 7, 8]


def test_wide_and_accented_letters_read_as_plain_ones() -> None:
    assert normalize("Ｓｏｒｒｙ café".replace(" ", "\u00a0"))[0] == b"sorry cafe"  # noqa: RUF001


def test_only_the_beginning_of_a_pasted_log_is_read() -> None:
    assert len(normalize("x" * (READ + 5))[0]) == READ


@pytest.mark.parametrize(
    ("normal", "words"),
    [
        (b"the train '433', or 'red lion'?", [b"the", b"train", b"433", b"or", b"red", b"lion"]),
        (b"i'm at o'neill's", [b"i'm", b"at", b"o'neill's"]),
        (b"'433'", [b"433"]),
        (b"' '", []),
    ],
)
def test_a_word_in_quotation_marks_is_the_word(normal: bytes, words: list[bytes]) -> None:
    assert spelled(normal) == words


@given(st.text(max_size=60))
def test_every_character_that_is_read_has_a_place(text: str) -> None:
    normal, places = normalize(text)
    plain = normal.decode()
    if places is None:
        assert len(plain) == len(text)
    else:
        assert len(plain) == len(places)
        assert places == sorted(set(places))


@given(st.text(min_size=1, max_size=300), st.data())
def test_a_sentence_lies_around_its_hit_and_inside_the_text(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    low, high = sentence(text, start, start + 1)
    assert 0 <= low <= start < high <= len(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It was 219.00 in all. I paid.", "It was 219.00 in all."),
        ("See 4.2: no.", "See 4.2: no."),
        ("It came to 219. 4 days ago.", "It came to 219."),
        ("Room 4.Then left.", "Room 4."),
    ],
)
def test_a_point_between_digits_ends_no_sentence(text: str, expected: str) -> None:
    low, high = sentence(text, 0, 2)
    assert text[low:high] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("What?! No!", True), ("Now!!", True), ("Why??", True), ("WHERE IS MY ORDER", True), ("Really!? Well?", False), ("OK THEN", False)],
)
def test_runs_of_marks_and_capitals_are_shouts(text: str, expected: bool) -> None:  # noqa: FBT001
    assert shouts(text) is expected
