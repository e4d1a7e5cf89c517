"""Whatever stands in a conversation is shown as text, intact, with passages exactly where they are."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.review.conftest import SignIn, fill, talk

from clearbar.review.turns import Mark, show_turns, show_words
from clearbar.rubric import Rubric
from clearbar.store import Store
from clearbar.transcript import Role, Turn


def text_of(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", markup))


words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)


@given(words, st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=4))
def test_marking_passages_never_changes_a_character(text: str, edges: list[tuple[int, int]]) -> None:
    marks = [Mark((0, min(pair), max(pair)), "courtesy", "Courtesy") for pair in edges if min(pair) < max(pair) <= len(text)]
    shown = str(show_words(text, marks))
    assert text_of(shown) == text
    marked = "".join(text_of(part) for part in re.findall(r"<mark[^>]*>(.*?)</mark>", shown, re.DOTALL))
    covered = {place for mark in marks for place in range(mark.span[1], mark.span[2])}
    assert marked == "".join(letter for place, letter in enumerate(text) if place in covered)


def test_placeholders_are_seen_as_such_also_inside_a_passage() -> None:
    shown = str(show_words("I am [NAME_1], see [this]", [Mark((0, 2, 16), "c", "C")]))
    assert shown.count('<span class="gone" title="taken out: name">[NAME_1]</span>') == 1
    assert "[this]" in shown
    assert text_of(shown) == "I am [NAME_1], see [this]"


def test_waits_are_told_and_short_ones_are_not() -> None:
    times = (0, 30, 400, 8000, 400_000)
    shown = str(show_turns([Turn(role=Role.CUSTOMER, text="x", time=time) for time in times], names=False))
    assert re.findall(r"<span>([^<]*) later</span>", shown) == ["6 minutes", "2 hours", "5 days"]


def test_agents_are_numbered_until_names_may_be_shown() -> None:
    turns = [Turn(role=Role.AGENT, text="x", agent="agent-b"), Turn(role=Role.AGENT, text="x", agent="agent-a")]
    blind, shown = str(show_turns(turns, names=False)), str(show_turns(turns, names=True))
    assert "Agent 1" in blind
    assert "agent-" not in blind
    assert "Agent agent-b" in shown


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "</ol></section><form action=//evil>",
        "{{ 7 * 7 }}{% raw %}",
        "<!--",
        "&lt;b&gt; &amp;",
    ],
)
def test_markup_in_a_conversation_is_text_on_every_page(store: Store, rubric: Rubric, sign_in: SignIn, hostile: str) -> None:
    turns = (Turn(role=Role.CUSTOMER, text=hostile), Turn(role=Role.AGENT, text=hostile + " again", agent="agent-ann"))
    fill(store, rubric, [(talk(1, turns=turns), ())])
    rex, ann = sign_in("rex"), sign_in("ann")
    number = rex.take()
    rex.grade(number, rubric, notes={"courtesy": hostile})
    pages = [rex.get(f"/reviews/{number}").text, ann.get("/conversation?source=desk&id=c1").text]
    ann.post("/disputes", source="desk", id="c1", criterion="courtesy", proposed="below", reason=hostile, passage=hostile)
    pages.append(ann.get("/disputes/1").text)
    for page in pages:
        assert html.escape(hostile).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in page
        if "<" in hostile:
            assert hostile not in page


def test_a_turn_of_a_megabyte_and_right_to_left_text_are_shown_whole(store: Store, rubric: Rubric, sign_in: SignIn) -> None:
    large, arabic = "سلام & hello " * 80_000, "\u202eمرحبا\u202c"  # noqa: RUF001
    turns = (Turn(role=Role.CUSTOMER, text=large), Turn(role=Role.AGENT, text=arabic, agent="agent-ann"))
    fill(store, rubric, [(talk(1, turns=turns), ())])
    rex = sign_in("rex")
    page = rex.get(f"/reviews/{rex.take()}").text
    shown = re.findall(r'<p class="words" dir="auto" data-turn="\d+">(.*?)</p>', page, re.DOTALL)
    assert [html.unescape(one) for one in shown] == [large, arabic]
