"""A rubric under way: what is wrong with it, what was changed, and two people's edits of one file."""

from pathlib import Path
from typing import Any

import pytest

from clearbar.lint import Severity
from clearbar.rubric_draft import Body, body_of, carry_over, edits, examine, next_version
from clearbar.rubric_file import load_rubric

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def body() -> Body:
    return body_of(load_rubric(ROOT / "rubrics" / "service_bar.yaml"))


def with_(body: Body, id: str, **values: Any) -> Body:
    return {**body, "criteria": [{**one, **values} if one["id"] == id else one for one in body["criteria"]]}


def test_a_sound_draft_is_a_rubric(body: Body) -> None:
    rubric, found = examine(body)
    assert rubric is not None
    assert all(one.level is Severity.WARNING for one in found)


@pytest.mark.parametrize(
    ("field", "typed", "place"),
    [
        ("weight", "heavy", "criteria.courtesy.weight"),
        ("weight", None, "criteria.courtesy.weight"),
        ("weight", -1, "criteria.courtesy.weight"),
        ("scale", "nothing", "criteria.courtesy.scale"),
        ("section", "", "criteria.courtesy.section"),
        ("levels", {"below": "x"}, "criteria.courtesy.levels"),
        ("gate", "door", "criteria.courtesy.gate"),
        ("applies", {"when": "x", "condition": {"criterion": "courtesy", "levels": ["below"]}}, "criteria.courtesy.applies"),
        ("applies", {"when": "x", "condition": {"criterion": "empathy", "levels": []}}, "criteria.courtesy.applies.condition.levels"),
        ("asks", "Was it appropriate and was it quick?", "criteria.courtesy.asks"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(body: Body, field: str, typed: object, place: str) -> None:
    _, found = examine(with_(body, "courtesy", **{field: typed}))
    errors = [one for one in found if one.level is Severity.ERROR]
    assert [one.place for one in errors] == [place]
    assert "heavy" not in errors[0].what


def test_edits_are_told_field_by_field_and_order_does_not_count(body: Body) -> None:
    changed = with_(body, "courtesy", weight=12, gate=None)
    changed["criteria"] = changed["criteria"][::-1]
    told = {one.place: (one.old, one.new) for one in edits(body, changed)}
    assert told == {"criteria.courtesy.weight": ("10", "12"), "criteria.courtesy.gate": ("conversation", "")}
    assert edits(body, body) == []


def test_what_is_added_and_taken_out_is_told(body: Body) -> None:
    gone = {**body, "bands": body["bands"][:2]}
    assert {one.new for one in edits(body, gone)} == {""}
    assert {one.old for one in edits(gone, body)} == {""}


def test_edits_of_two_people_in_different_places_go_together(body: Body) -> None:
    mine, theirs = with_(body, "courtesy", weight=12), with_(body, "closing", weight=1, name="End")
    made, clashes = carry_over(body, mine, theirs)
    assert clashes == []
    assert made == with_(theirs, "courtesy", weight=12)


def test_where_two_people_changed_one_place_mine_stands_and_it_is_told(body: Body) -> None:
    made, clashes = carry_over(body, with_(body, "courtesy", name="Mine"), with_(body, "courtesy", name="Theirs", weight=3))
    assert clashes == ["criteria.courtesy.name"]
    assert made == with_(body, "courtesy", name="Mine", weight=3)


def test_items_that_one_added_and_the_other_took_out_are_carried(body: Body) -> None:
    added = {**body["criteria"][0], "id": "extra"}
    mine = {**body, "criteria": [*body["criteria"], added]}
    theirs = {**body, "criteria": body["criteria"][1:]}
    made, clashes = carry_over(body, mine, theirs)
    assert clashes == []
    assert [one["id"] for one in made["criteria"]] == [*(one["id"] for one in body["criteria"][1:]), "extra"]


def test_what_they_took_out_and_i_changed_stays_and_is_told(body: Body) -> None:
    made, clashes = carry_over(body, with_(body, "courtesy", weight=12), {**body, "criteria": body["criteria"][1:]})
    assert clashes == ["criteria.courtesy"]
    assert "courtesy" in {one["id"] for one in made["criteria"]}


@pytest.mark.parametrize(
    ("version", "after"), [("1.0", "1.1"), ("1.9", "1.10"), ("2", "3"), ("2026-11", "2026-12"), ("v2b", "v3b"), ("new", "new.1")]
)
def test_versions_are_counted_up(version: str, after: str) -> None:
    assert next_version(version) == after
