from typing import Any

import pytest

from clearbar.rubric import Rubric
from clearbar.rubric_diff import diff, needs_grading, rescore
from clearbar.scoring import score
from clearbar.verdict import Audit, GradedBy, RubricRef, Usage, Verdict


def make(**changes: Any) -> Rubric:
    criteria = [
        {
            "id": id,
            "name": id,
            "asks": f"Was there {id}?",
            "scale": "steps",
            "section": "all",
            "weight": 1,
            "applies": {"when": "always"},
            "levels": {"low": "x", "fair": "x"},
            **changes.get(id, {}),
        }
        for id in changes.get("ids", ("care", "speed"))
    ]
    return Rubric.model_validate(
        {
            "name": "small",
            "version": "1",
            "title": "Small",
            "about": "x",
            "scales": [
                {
                    "id": "steps",
                    "levels": [{"id": "low", "name": "low", "points": 0, "fails": True}, {"id": "fair", "name": "fair", "points": 80}],
                }
            ],
            "sections": [{"id": "all", "name": "All"}],
            "criteria": criteria,
            "bands": [{"id": "below", "name": "Below"}, {"id": "clears", "name": "Clears", "from_score": 55}],
        }
    )


@pytest.fixture(scope="module")
def old() -> Rubric:
    return make()


def audit(rubric: Rubric, id: str, team: str, care: str, speed: str) -> Audit:
    verdicts = tuple(
        Verdict(criterion=name, level=level, graded_by=GradedBy.RULES, grader="x") for name, level in (("care", care), ("speed", speed))
    )
    scored = score(verdicts, rubric)
    return Audit(
        transcript=id,
        team=team,
        agent=None,
        rubric=RubricRef(name="r", version="1", hash=rubric.full_hash),
        text_hash="",
        score=scored.score,
        band=scored.band,
        weight_graded=scored.weight_graded,
        auto_fail=scored.auto_fail,
        verdicts=verdicts,
        usage=Usage(),
    )


@pytest.fixture(scope="module")
def audits(old: Rubric) -> list[Audit]:
    return [audit(old, "1", "north", "low", "fair"), audit(old, "2", "north", "fair", "fair"), audit(old, "3", "south", "fair", "low")]


def test_a_change_of_weight_costs_no_grade_and_shows_what_scores_become(old: Rubric, audits: list[Audit]) -> None:
    new = make(care={"weight": 3})
    assert not needs_grading(old, new)
    found = diff(old, new, audits)
    assert (found.costs_grades, found.scoring_changed, found.reworded) == (False, True, ())
    assert [(team.team, team.old_score, team.new_score, team.bands_changed) for team in found.teams] == [
        ("north", 60.0, 50.0, 0),
        ("south", 40.0, 60.0, 1),
    ]
    assert [item.flips for item in found.criteria] == [0, 0]
    assert found.notes == ()


def test_a_new_gate_shows_how_many_would_auto_fail(old: Rubric, audits: list[Audit]) -> None:
    found = diff(old, make(care={"gate": "conversation"}), audits)
    assert [(team.team, team.auto_fails) for team in found.teams] == [("north", 1), ("south", 0)]


def test_levels_that_flip_are_told_by_criterion_and_team_with_examples(old: Rubric, audits: list[Audit]) -> None:
    new = make(speed={"asks": "Was it prompt?"})
    regraded = [audit(new, "1", "north", "low", "low"), audit(new, "2", "north", "fair", "fair"), audit(new, "3", "south", "fair", "fair")]
    found = diff(old, new, audits, regraded)
    assert (found.costs_grades, found.reworded, found.regraded) == (True, ("speed",), True)
    speed = found.criteria[1]
    assert (speed.compared, speed.flips, speed.by_team) == (3, 2, {"north": 1, "south": 1})
    assert speed.moves == {"fair → low": 1, "low → fair": 1}
    assert [(item.transcript, item.old, item.new) for item in speed.examples] == [("1", "fair", "low"), ("3", "low", "fair")]


def test_a_change_of_wording_that_was_not_graded_says_what_is_not_known(old: Rubric, audits: list[Audit]) -> None:
    found = diff(old, make(speed={"asks": "Was it prompt?"}), audits)
    assert found.notes == ("the wording or the rules changed: levels may change too, which only grading anew can show",)


def test_a_change_of_rules_is_told_apart_from_wording(old: Rubric, audits: list[Audit]) -> None:
    found = diff(old, make(speed={"rules": {"otherwise": "fair"}}), audits)
    assert (found.reworded, found.other_rules, found.costs_grades) == ((), ("speed",), True)


def test_added_and_removed_criteria_are_named_and_old_verdicts_without_a_place_are_left_out(old: Rubric, audits: list[Audit]) -> None:
    new = make(ids=("care", "tone"))
    found = diff(old, new, audits)
    assert (found.added, found.removed) == (("tone",), ("speed",))
    assert [item.criterion for item in found.criteria] == ["care"]
    assert {verdict.criterion for item in rescore(audits, new) for verdict in item.verdicts} == {"care"}


def test_conversations_that_were_not_graded_anew_are_counted(old: Rubric, audits: list[Audit]) -> None:
    found = diff(old, old, audits, audits[:1])
    assert found.notes == ("2 conversations not graded with the new rubric and left out",)
    assert diff(old, old, []).teams == ()
