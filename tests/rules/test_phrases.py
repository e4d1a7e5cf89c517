import re

import pytest

from clearbar.errors import RubricError
from clearbar.grading.rules.phrases import compile_phrases


def found(phrase: str, text: str, **macros: list[str]) -> bool:
    return re.search(compile_phrases("here", [phrase], macros), text, re.ASCII) is not None


@pytest.mark.parametrize(
    ("phrase", "texts"),
    [
        ("sorry", ["i am sorry.", "sorry"]),
        ("refund*", ["refunds are slow", "refunded"]),
        ("i ('m|am|) (really|) sorry", ["i'm sorry", "im sorry", "i am really sorry", "i sorry", "i,  really sorry"]),
        ("(really |)not good", ["not good", "really not good"]),
        ("is(n't|) open", ["is open", "isn't open", "isnt open"]),
        ("don't (you|) care", ["dont care", "don't you care"]),
        ("no ...refund", ["no refund", "no money back or refund"]),
        ("within # days", ["within 14 days"]),
        ("only $# a", ["only $5 a month", "only $ 30 a day"]),
        ("£# now", ["pay £7 now"]),
        ("^no$", ["no", "no.", " no!"]),
        ("> you", ["you did", "well. you did"]),
        ("{very} bad", ["so bad", "very bad"]),
        ("you {will} get", ["you'll get", "you will get", "youll get"]),
        ("you('re| are) right", ["you're right", "you are right"]),
        ("pass(| your ...) on", ["pass on", "pass your kind words on"]),
        ("wait (to|$|!)", ["wait to", "wait", "wait!", "wait !"]),
        ("been ({often}) late", ["been late", "been so late"]),
        ("ww( |bb) dd", ["ww dd", "wwbb dd"]),
        ("is that all( you| then|?)", ["is that all you", "is that all then.", "is that all?"]),
        ("once again(,| i)", ["and once again, no", "once again i ask"]),
        ("> (sadly |)no", ["no", "sadly no", "well. sadly no"]),
        ("^(i |)know", ["know", "i know"]),
        ("# (- |to |-)#", ["5 to 6", "5 - 6", "5 -6"]),
        ("a #(-| )month deal", ["a 6-month deal", "a 6 month deal"]),
        ("pass (it|your ...) on", ["pass it on", "pass your kind words on"]),
        ("that (really |) ...(right|good)", ["that is right", "that really sounds good"]),
    ],
)
def test_a_phrase_is_found_as_it_is_spoken(phrase: str, texts: list[str]) -> None:
    assert [text for text in texts if not found(phrase, text, very=["(so|very)"], will=["(will|'ll)"], often=["(so|very|)"])] == []


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("sorry", "sorrystate"),
        ("not good", "notgood"),
        ("(really|) not good", "reallynot good"),
        ("no ...refund", "no. a refund"),
        ("no ...refund", "no one two three four five refund"),
        ("^no$", "no thanks"),
        ("> you", "and you"),
        ("a.b", "axb"),
        ("you('re| are) right", "youare right"),
        ("all( then|,)", "all thence"),
        ("(so |very |)good", "sogood"),
    ],
)
def test_a_phrase_is_not_found_where_it_is_not_spoken(phrase: str, text: str) -> None:
    assert not found(phrase, text)


@pytest.mark.parametrize(
    ("phrase", "said"),
    [
        ("(a|b", "not closed"),
        ("a) b", "too many"),
        ("{nobody} b", "no macro"),
        ("{loop}", "hold one another"),
        ("(a|)", "everywhere"),
        ("*", "everywhere"),
    ],
)
def test_a_phrase_that_cannot_be_read_is_told_with_its_place(phrase: str, said: str) -> None:
    with pytest.raises(RubricError, match=said) as error:
        compile_phrases("en.yaml, groups.x", ["fine", phrase], {"loop": ["{loop}"]})
    assert "en.yaml, groups.x[1]" in str(error.value)


@pytest.mark.parametrize("phrase", ["(a+)+b", "a{1,9999}", r"\w+\w+", "(?:x)", "[a-z]+", "a**"])
def test_regular_expressions_are_plain_text_so_that_no_phrase_can_run_away(phrase: str) -> None:
    try:
        pattern = compile_phrases("here", [phrase], {})
    except RubricError:
        return
    assert re.search(pattern, "a" * 5_000 + "!", re.ASCII) is None or phrase == "a**"
