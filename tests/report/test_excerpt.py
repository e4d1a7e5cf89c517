"""Words that decided, cut to fit."""

from hypothesis import given
from hypothesis import strategies as st

from clearbar.report.excerpt import excerpt, shorten
from clearbar.report.model import Quote
from clearbar.transcript import Role, Turn
from clearbar.verdict import Evidence


def _excerpt(text: str, start: int, end: int) -> Quote:
    return excerpt(Turn(role=Role.AGENT, text=text), Evidence(turn=0, start=start, end=end, quote=text[start:end]))


def test_a_short_turn_is_shown_whole() -> None:
    quote = _excerpt("Well, no. Bye.", 6, 9)
    assert (quote.before, quote.words, quote.after) == ("Well, ", "no.", " Bye.")


def test_what_stands_far_from_the_decisive_words_is_left_out() -> None:
    text = "word " * 200 + "NO WAY." + " word" * 200
    quote = _excerpt(text, 1000, 1007)
    assert quote.words == "NO WAY."
    assert quote.before.startswith("…word")
    assert quote.after.endswith("word…")
    assert len(quote.before) + len(quote.after) < 200


def test_very_long_decisive_words_keep_beginning_and_end() -> None:
    text = "It began well. " + "blah " * 2000 + "It ended badly."
    words = _excerpt(text, 0, len(text)).words
    assert words.startswith("It began well.")
    assert words.endswith("It ended badly.")
    assert " … " in words
    assert len(words) < 280


def test_line_breaks_and_control_characters_become_spaces() -> None:
    assert _excerpt("one\r\n\ttwo\x00\x1b[31m three", 0, 22).words == "one two [31m three"


def test_an_emoji_of_several_code_points_is_not_torn() -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    text = family * 40
    kept = shorten(text, 91)
    assert kept.endswith("…")
    assert set(kept.removesuffix("…").split(family)) == {""}


@given(st.text(max_size=900), st.data())
def test_any_text_is_cut_to_a_bounded_length(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    quote = _excerpt(text, start, end)
    assert len(quote.before) <= 400
    assert len(quote.after) <= 400
    assert "\n" not in quote.before + quote.words + quote.after
