"""Long articles in parts."""

import pytest

from clearbar.drafting.passages import split_text
from clearbar.grading.llm.tokens import estimate_tokens

PARAGRAPHS = [f"Paragraph {number} says a thing. It says a second one, too." for number in range(40)]


@pytest.mark.parametrize("room", [30, 61, 200])
def test_parts_fit_and_together_hold_every_paragraph(room: int) -> None:
    parts = split_text("\n\n".join(PARAGRAPHS), room)
    assert len(parts) > 1
    assert all(estimate_tokens(part) <= room for part in parts)
    assert all(any(paragraph in part for part in parts) for paragraph in PARAGRAPHS)


def test_a_text_that_fits_is_one_part() -> None:
    assert split_text("Short. Text.", 50) == ["Short. Text."]


def test_a_short_paragraph_at_a_cut_is_read_with_what_follows_too() -> None:
    text = "\n\n".join(["word " * 80, "A heading", "word " * 80])
    first, second = split_text(text, 100)
    assert first.endswith("A heading")
    assert second.startswith("A heading")


@pytest.mark.parametrize("form", ["word{}", "Sentence {} stands here.", "{}word word word word word word word word word word"])
def test_what_has_no_paragraphs_is_cut_between_sentences_or_words_and_nothing_is_lost(form: str) -> None:
    pieces = [form.format(number) for number in range(300)]
    parts = split_text(" ".join(pieces), 50)
    assert all(estimate_tokens(part) <= 50 for part in parts)
    assert all(any(piece in part for part in parts) for piece in pieces if " " not in piece or "." in piece)
    assert {word for part in parts for word in part.split()} == {word for piece in pieces for word in piece.split()}


@pytest.mark.parametrize("text", ["x" * 3000, "語" * 900])
def test_a_word_longer_than_a_part_is_cut_within(text: str) -> None:
    parts = split_text(text, 50)
    assert all(estimate_tokens(part) <= 50 for part in parts)
    assert "".join(parts) == text
