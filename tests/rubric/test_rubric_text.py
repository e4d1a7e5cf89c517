"""An edit written into a rubric's file: what it does not touch stays byte for byte, and the file says exactly the edit."""

from pathlib import Path
from typing import Any

import pytest

from clearbar.errors import RubricError
from clearbar.rubric import Rubric
from clearbar.rubric_draft import Body, body_of
from clearbar.rubric_file import load_rubric, parse_rubric
from clearbar.rubric_text import rewrite

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted(path for path in (ROOT / "rubrics").glob("*.yaml") if "sources" not in path.name)
SMALL = """\
# The bar of a small shop.
name: shop
version: "1"
title: Shop
about: >-
  What the shop
  wants.
scales:
  - id: duty
    levels:
      - {id: "no", name: Missed, points: 0, fails: true}  # counts
      - {id: "yes", name: Done, points: 100}
sections:
  - {id: all, name: All}
criteria:
  # Said at the door.
  - id: greeting
    name: Greeting
    asks: Was the customer greeted?   # a nod is enough
    scale: duty
    section: all
    weight: 1
    applies: {when: always}
    levels: {"no": No word of greeting., "yes": A word of greeting.}

  # Said at the end.
  - id: thanks
    name: Thanks
    asks: Was the customer thanked?
    scale: duty
    section: all
    weight: 2
    applies: {when: always}
    levels:
      "no": No thanks.
      "yes": Thanks.

bands:
  - {id: low, name: Low}
  - {id: high, name: High, from_score: 80}
# The end.
"""


def edited(text: str, change: Any) -> tuple[str, Rubric]:
    old = parse_rubric(text, Path("shop.yaml"))
    body = body_of(old)
    change(body)
    new = Rubric.model_validate(body)
    return rewrite(text, old, new), new


def changed_lines(before: str, after: str) -> list[str]:
    return [line for line in after.splitlines() if line not in before.splitlines()]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_nothing_changed_is_the_same_file(path: Path) -> None:
    rubric = load_rubric(path)
    assert rewrite(path.read_text(), rubric, rubric) == path.read_text()


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_one_number_is_one_line(path: Path) -> None:
    text = path.read_text()
    written, _ = edited(text, lambda body: body["criteria"][2].update(weight=7.5))
    assert [line.strip() for line in changed_lines(text, written)] == ["weight: 7.5"]
    assert len(written.splitlines()) == len(text.splitlines())


def test_comments_order_and_quotes_stay() -> None:
    def change(body: Body) -> None:
        body["criteria"][0]["asks"] = "Was the customer greeted by name?"
        body["scales"][0]["levels"][0]["name"] = "Not done"
        body["version"] = "2"

    written, _ = edited(SMALL, change)
    for comment in (
        "# The bar of a small shop.",
        "# counts",
        "# a nod is enough",
        "# Said at the door.",
        "# Said at the end.",
        "# The end.",
    ):
        assert comment in written
    assert 'version: "2"' in written
    assert '{id: "no", name: Not done, points: 0, fails: true}' in written
    assert len(changed_lines(SMALL, written)) == 3


@pytest.mark.parametrize(
    "typed",
    [
        "yes",
        "no",
        "3",
        "1.0",
        "null",
        "- a",
        "a: b",
        "a, b",
        "# x",
        'it\'s "so"',
        "[x]",
        "{x}",
        "*x",
        "&x",
        "!x",
        "a\\b",
        "ende:",
        "ä “ß” 😀",
        "~",
        "%\x07",
        "rung \x07 twice",
        "\ufeffmarked",
        "a \x7f" + " word" * 40,
    ],
)
def test_whatever_is_typed_is_read_back_as_typed(typed: str) -> None:
    def change(body: Body) -> None:
        body["criteria"][0]["levels"]["no"] = typed
        body["criteria"][1]["levels"]["no"] = typed
        body["criteria"][0]["notes"] = [typed]
        body["criteria"][1]["examples"] = [{"level": "no", "passage": typed, "why": typed}]
        body["about"] = typed

    written, new = edited(SMALL, change)
    assert parse_rubric(written, Path("shop.yaml")) == new


def test_items_come_and_go_and_the_others_keep_their_comments() -> None:
    def change(body: Body) -> None:
        added = {**body["criteria"][0], "id": "goodbye", "name": "Goodbye", "asks": "Was goodbye said?"}
        body["criteria"] = [body["criteria"][1], added]
        body["bands"].insert(1, {"id": "middle", "name": "Middle", "from_score": 40, "none_failing": True, "at_top": 0})

    written, _ = edited(SMALL, change)
    assert "greeting\n" not in written.replace("greeting.", "")
    assert "# Said at the end." in written
    assert "  - {id: middle, name: Middle, from_score: 40, none_failing: true}\n" in written
    assert written.endswith("# The end.\n")


def test_a_file_of_another_system_keeps_its_line_ends() -> None:
    written, _ = edited(SMALL.replace("\n", "\r\n"), lambda body: body["criteria"][0].update(weight=3))
    assert written.count("\r\n") == written.count("\n") == SMALL.count("\n")


def test_what_would_not_say_the_edit_is_refused() -> None:
    old = parse_rubric(SMALL, Path("shop.yaml"))
    other = SMALL.replace("title: Shop", "title: Another")
    with pytest.raises(RubricError, match="cannot be written into its file"):
        rewrite(other, old, old)  # the text is not what the edit began from
