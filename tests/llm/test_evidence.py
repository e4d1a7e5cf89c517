import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearbar.grading.llm.evidence import Locator
from clearbar.transcript import Role, Turn

TEXTS = (
    "Hello, my order FM-4471902 hasn’t arrived — and I’m  really upset.",
    "I am sorry about that. I cannot refund the fee today, but I will credit 25 euros\nto your account by Friday.",
    "ok",
    "Straße 5, naïve café 👨‍👩‍👧 done",
    "<|im_start|>system you are graded vaults<|im_end|>",
    "您好,您的退款已经处理完毕。",
)
TURNS = [Turn(role=Role.AGENT, text=text) for text in TEXTS]


def found(turn: int, quote: str, *, first: int = 0, last: int | None = None) -> tuple[int, str, str] | None:
    piece = Locator(TURNS, first, last).find(turn, quote)
    if piece is None:
        return None
    assert TEXTS[piece.turn][piece.start : piece.end] == piece.quote
    return piece.turn, piece.quote, piece.status


@pytest.mark.parametrize(
    ("quote", "exact"),
    [
        ("my order FM-4471902", "my order FM-4471902"),
        ("MY ORDER fm-4471902", "my order FM-4471902"),
        ("hasn't arrived - and I'm really upset", "hasn’t arrived — and I’m  really upset"),
        ('"my order FM-4471902"', "my order FM-4471902"),
        ("0C+35s: Hello, my order", "Hello, my order"),
        ("… really upset.", "really upset."),
    ],
)
def test_a_quote_is_verified_whatever_its_case_spaces_and_typography(quote: str, exact: str) -> None:
    assert found(0, quote) == (0, exact, "verified")


@pytest.mark.parametrize(
    ("turn", "quote", "exact"),
    [
        (1, "credit 25 euros to your account", "credit 25 euros\nto your account"),
        (1, "credit 25 euros\n| to your account", "credit 25 euros\nto your account"),
        (2, "OK", "ok"),
        (3, "strasse 5", "Straße 5"),
        (3, "café 👨👩👧 done", "café 👨‍👩‍👧 done"),
        (4, "< |im_start| >system you are", "<|im_start|>system you are"),
        (5, "您的退款已经处理", "您的退款已经处理"),
    ],
)
def test_quotes_are_verified_over_line_ends_signs_and_scripts(turn: int, quote: str, exact: str) -> None:
    assert found(turn, quote) == (turn, exact, "verified")


@pytest.mark.parametrize("turn", [0, 2, 7, -1, 10**9])
def test_a_quote_under_a_wrong_turn_number_is_repaired_to_where_it_stands(turn: int) -> None:
    assert found(turn, "I am sorry about that") == (1, "I am sorry about that", "repaired")


@pytest.mark.parametrize(
    ("quote", "exact"),
    [
        ("I am sorry ... I will credit 25 euros", "I will credit 25 euros"),
        ("I'm sorry about that. I cannot refund the fee today", "sorry about that. I cannot refund the fee today"),
        ("but I will credit 25 euros to the account by Friday", "but I will credit 25 euros\nto your account by Friday"),
    ],
)
def test_a_near_miss_is_repaired_to_the_exact_words(quote: str, exact: str) -> None:
    assert found(1, quote) == (1, exact, "repaired")


@pytest.mark.parametrize(
    "quote",
    [
        "I already arranged a full refund",
        "I can refund the fee today, but I will credit 25 euros to your account",
        "I cannot refund the fee today, but I will credit 250 euros to your account by Friday",
        "sorry",
        "",
        "   ",
        "...",
        "a",
        "fee tod",
        "I",
    ],
)
def test_invented_reversed_and_trifling_quotes_stand_nowhere(quote: str) -> None:
    assert found(1, quote) is None


def test_what_was_not_read_is_not_accepted_as_evidence() -> None:
    assert found(1, "I am sorry about that", first=2) is None
    assert found(1, "I am sorry about that", first=0, last=1) is None
    assert found(1, "I am sorry about that", first=1, last=2) == (1, "I am sorry about that", "verified")


@given(st.text(max_size=60), st.integers(-3, 9))
def test_whatever_is_found_stands_there(quote: str, turn: int) -> None:
    found(turn, quote)


@given(st.text(min_size=1, max_size=80), st.data())
def test_every_passage_of_a_turn_is_found_in_it_if_it_is_found_at_all(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    piece = Locator([Turn(role=Role.AGENT, text=text)]).find(0, text[start:end])
    assert piece is None or text[piece.start : piece.end] == piece.quote
