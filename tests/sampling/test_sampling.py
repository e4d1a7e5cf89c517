from collections import Counter

import numpy as np
import pytest

from clearbar.rubric import Rubric
from clearbar.sampling import Candidate, Doubt, candidates, draw, frame_hash, verify
from clearbar.verdict import Audit, AutoFail, GradedBy, RubricRef, Usage, Verdict


def frame(teams: dict[str, int], *, below: float = 0.3, doubtful: int = 0) -> list[Candidate]:
    doubts = list(Doubt)
    return [
        Candidate(source="s", id=f"{team}.{place}", team=team, below=below, doubt=doubts[place % len(doubts)] if place < doubtful else None)
        for team, size in teams.items()
        for place in range(size)
    ]


def test_every_conversation_of_a_team_has_the_chance_that_is_stated() -> None:
    items = frame({"a": 20, "b": 60})
    drawn = Counter(item.id for seed in range(1500) for item in draw(items, budget=16, seed=seed, random_share=1))
    stated = {item.team: item.probability for item in draw(items, budget=16, seed=1, random_share=1)}
    for item in items:
        assert item.team is not None
        assert drawn[item.id] / 1500 == pytest.approx(stated[item.team], abs=0.06)
    assert np.mean([drawn[item.id] / 1500 for item in items if item.team == "a"]) == pytest.approx(stated["a"], abs=0.001)


def test_the_draw_can_be_repeated_from_seed_and_frame_whatever_its_order() -> None:
    items = frame({"a": 30, "b": 30}, doubtful=10)
    drawn = draw(items, budget=12, seed=7)
    assert draw(items[::-1], budget=12, seed=7) == drawn
    assert draw(items, budget=12, seed=8) != drawn
    assert verify(drawn, items, budget=12, seed=7)
    assert not verify(drawn, items[1:], budget=12, seed=7)
    assert {item.frame_hash for item in drawn} == {frame_hash(items)}


def test_random_and_targeted_parts_are_kept_apart_and_share_the_budget() -> None:
    drawn = draw(frame({"a": 100, "b": 100}, doubtful=40), budget=40, seed=1)
    assert Counter(item.part for item in drawn) == {"random": 20, "targeted": 20}
    assert len({item.id for item in drawn}) == 40
    assert {item.stratum for item in drawn if item.part == "targeted"} == set(Doubt)
    assert {item.stratum for item in drawn if item.part == "random"} == {"a", "b"}


def test_what_the_targeted_part_cannot_use_goes_to_the_random_one() -> None:
    drawn = draw(frame({"a": 100}, doubtful=3), budget=40, seed=1)
    assert sum(item.part == "random" for item in drawn) >= 37
    assert len(drawn) <= 40


def test_more_reviews_go_where_intervals_narrow_most() -> None:
    items = [*frame({"even": 200}, below=0.0), *frame({"mixed": 200}, below=0.5)]
    sizes = Counter(item.team for item in draw(items, budget=40, seed=1, random_share=1))
    assert sizes["mixed"] > sizes["even"] > 0
    reviewed = Counter(item.team for item in draw(frame({"a": 99, "b": 99}), budget=20, seed=1, random_share=1, reviewed={"a": 30}))
    assert reviewed["b"] > reviewed["a"]


@pytest.mark.parametrize("budget", [0, 3, 10, 500])
def test_a_budget_is_never_overspent_and_a_small_frame_is_taken_whole(budget: int) -> None:
    drawn = draw(frame({"a": 7, "b": 3}, doubtful=2), budget=budget, seed=1)
    assert len(drawn) <= min(budget, 10)
    if budget >= 10:
        assert len(drawn) == 10
        assert {item.probability for item in drawn if item.part == "random"} == {1}


def test_an_empty_frame_draws_nothing_and_a_double_counts_once() -> None:
    assert draw([], budget=5, seed=1) == []
    items = frame({"a": 4})
    assert len(draw([*items, *items], budget=10, seed=1)) == 4


def test_the_random_part_does_not_depend_on_what_is_doubtful_beyond_the_frame_hash() -> None:
    """Random picks are as likely to be doubtful as any: their share of doubtful ones is the frame's."""
    items = frame({"a": 100}, doubtful=25)
    doubtful = {item.id for item in items if item.doubt}
    share = np.mean([item.id in doubtful for seed in range(300) for item in draw(items, budget=20, seed=seed) if item.part == "random"])
    assert share == pytest.approx(0.25, abs=0.02)


def audit(id: str, level: str = "fair", score: float | None = 90, *, provisional: bool = False, agreement: float | None = None) -> Audit:
    return Audit(
        transcript=id,
        team="a",
        agent=None,
        rubric=RubricRef(name="r", version="1", hash="h"),
        text_hash="",
        score=score,
        band=None,
        weight_graded=1,
        auto_fail=(AutoFail(criterion="care", provisional=provisional),) if provisional else (),
        verdicts=(
            Verdict(
                criterion="care",
                level=level,
                graded_by=GradedBy.LLM,
                grader="x",
                reason="abstained" if level == "ungraded" else None,
                agreement=agreement,
            ),
        ),
        usage=Usage(),
    )


def test_doubts_are_found_in_their_order(rubric: Rubric) -> None:
    audits = [
        audit("1", "low", provisional=True),
        audit("2", "fair"),
        audit("3", "ungraded"),
        audit("4", "fair", 71),
        audit("5", "fair"),
        audit("6", "fair"),
    ]
    others = [audit("2", "low"), audit("5", "fair"), audit("6", "ungraded")]
    found = candidates(audits, rubric, source="s", others=others)
    assert [item.doubt for item in found] == [Doubt.AUTO_FAIL, Doubt.CONFLICT, Doubt.ABSTAINED, Doubt.NEAR_BAR, None, None]
    assert [item.below for item in found[:3]] == [1, 0, 0]


def test_votes_that_were_not_all_the_same_are_a_doubt_and_votes_that_were_are_none(rubric: Rubric) -> None:
    found = candidates([audit("1", agreement=0.8), audit("2", agreement=1.0), audit("3", "ungraded", agreement=0.6)], rubric, source="s")
    assert [item.doubt for item in found] == [Doubt.VOTES, None, Doubt.VOTES]


def test_words_that_may_be_meant_for_the_grader_are_the_first_doubt(rubric: Rubric) -> None:
    spoken = audit("1", "low", provisional=True)
    verdicts = [verdict.model_copy(update={"doubt": "words in turn 2 may be meant for the grader"}) for verdict in spoken.verdicts]
    [found] = candidates([spoken.model_copy(update={"verdicts": tuple(verdicts)})], rubric, source="s")
    assert found.doubt is Doubt.SWAYED


@pytest.fixture(scope="module")
def rubric() -> Rubric:
    return Rubric.model_validate(
        {
            "name": "small",
            "version": "1",
            "title": "Small",
            "about": "x",
            "scales": [
                {
                    "id": "steps",
                    "levels": [
                        {"id": "low", "name": "low", "points": 0, "fails": True},
                        {"id": "fair", "name": "fair", "points": 80},
                    ],
                }
            ],
            "sections": [{"id": "all", "name": "All"}],
            "criteria": [
                {
                    "id": "care",
                    "name": "Care",
                    "asks": "?",
                    "scale": "steps",
                    "section": "all",
                    "weight": 1,
                    "applies": {"when": "always"},
                    "levels": {"low": "x", "fair": "x"},
                }
            ],
            "bands": [{"id": "below", "name": "Below"}, {"id": "clears", "name": "Clears", "from_score": 70}],
        }
    )
