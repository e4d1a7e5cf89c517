from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from clearbar.agreement import Floats
from clearbar.drift import RISE, AnchorNight, Drift, GraderState, alarm_threshold, anchor_night, follow, watch
from clearbar.rubric import Rubric
from clearbar.verdict import Audit, GradedBy, RubricRef, Usage, Verdict

ANCHORS = 200
START = datetime(2026, 1, 1, tzinfo=UTC)
STATE = GraderState(grader="llm:1", rubric="r1", model="m-1", prompt="p1", version="1")


def rubric_with(criteria: int) -> Rubric:
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
            "criteria": [
                {
                    "id": f"c{number}",
                    "name": "C",
                    "asks": "?",
                    "scale": "steps",
                    "section": "all",
                    "weight": 1,
                    "applies": {"when": "always"},
                    "levels": {"low": "x", "fair": "x"},
                }
                for number in range(criteria)
            ],
            "bands": [{"id": "low", "name": "Low"}],
        }
    )


@pytest.fixture(scope="module")
def rubric() -> Rubric:
    return rubric_with(15)


def nights(
    rubric: Rubric, number: int, rng: np.random.Generator, *, usual: float = 0.05, risen: float = 0.0, after: int = 0
) -> list[AnchorNight]:
    """Return nights in which each anchor flips by chance; from night `after` on, more of them on the first criterion."""
    found = []
    for night in range(number):
        levels: dict[str, dict[str, str]] = {str(anchor): {} for anchor in range(ANCHORS)}
        for place, criterion in enumerate(rubric.criteria):
            rate = (risen if risen and place == 0 and night >= after else usual) if night else 0.0
            for anchor, flipped in enumerate(rng.random(ANCHORS) < rate):
                levels[str(anchor)][criterion.id] = "low" if flipped else "fair"
        found.append(AnchorNight(at=START + timedelta(days=night), state=STATE, levels=levels))
    return found


def test_a_year_without_a_change_raises_at_most_one_alarm(rubric: Rubric) -> None:
    rng = np.random.default_rng(1)
    threshold = alarm_threshold(len(rubric.criteria))
    alarms = [follow(wavering(364, rng), threshold).alarm is not None for _ in range(3 * len(rubric.criteria))]
    assert np.sum(alarms) <= 3


def wavering(
    nights: int, rng: np.random.Generator, *, usual: float = 0.1, correlation: float = 0.3, risen_from: int | None = None
) -> Floats:
    """Return flips of anchors of which some waver much and most hardly; a rise turns over five more in a hundred of those that held."""
    size = 1 / correlation - 1
    flipped = rng.random((nights, ANCHORS)) < rng.beta(usual * size, (1 - usual) * size, ANCHORS)
    if risen_from is not None:
        flipped[risen_from:] |= rng.random((nights - risen_from, ANCHORS)) < RISE / (1 - usual)
    return flipped.astype(float)


@pytest.mark.parametrize("usual", [0.1, 0.2, 0.3])
def test_anchors_that_always_wavered_do_not_hide_a_rise_of_the_others(usual: float) -> None:
    rng = np.random.default_rng(4)
    found = [follow(wavering(20, rng, usual=usual, risen_from=10), alarm_threshold(15)).alarm is not None for _ in range(50)]
    assert np.mean(found) >= 0.9


def test_after_ten_nights_of_alarm_the_changed_grader_is_the_new_reference() -> None:
    one = rubric_with(1)
    calm, moved = [night.levels for night in nights(one, 2, np.random.default_rng(5), usual=0.0)]
    moved = {id: {"c0": "low" if int(id) < 60 else "fair"} for id in moved}
    watched = [AnchorNight(at=START + timedelta(days=day), state=STATE, levels=calm if day < 15 else moved) for day in range(40)]
    assert [watch(watched[:night], one).alarm for night in (15, 16, 25, 26, 40)] == [False, True, True, False, False]
    assert watch(watched, one).criteria[0].flips == 0


@pytest.mark.parametrize("usual", [0.0, 0.02, 0.05, 0.1])
def test_a_rise_of_five_points_is_found_within_ten_nights(usual: float) -> None:
    few = rubric_with(1)
    rng = np.random.default_rng(2)
    found = []
    for _ in range(60):
        watched = nights(few, 21, rng, usual=usual, risen=usual + 0.05, after=11)
        # the allowance of false alarms is shared by fifteen criteria, of which one is simulated
        found.append(watch(watched, few, false_alarms_a_year=1 / 15).alarm)
    assert np.mean(found) >= 0.8


def test_an_alarm_names_the_criterion_since_when_and_what_changed() -> None:
    one = rubric_with(2)
    rng = np.random.default_rng(3)
    watched = nights(one, 20, rng, risen=0.3, after=13)
    changed = STATE.model_copy(update={"model": "m-2", "grader": "llm:2"})
    watched[13:] = [night.model_copy(update={"state": changed}) for night in watched[13:]]
    found = watch(watched, one)
    assert found.alarm
    assert [item.alarm for item in found.criteria] == [True, False]
    assert found.criteria[0].since is not None
    assert found.criteria[0].since <= START + timedelta(days=13)
    assert found.causes == ("the model",)
    assert found.why == "the grader moved on c0; changed since: the model"


def test_an_alarm_without_a_known_change_suspects_a_silent_exchange() -> None:
    one = rubric_with(1)
    found = watch(nights(one, 20, np.random.default_rng(3), risen=0.3, after=13), one)
    assert found.causes == ()
    assert "exchanged under its name" in found.why


@pytest.mark.parametrize(
    ("field", "words"),
    [("rubric", "the rubric"), ("prompt", "the prompt"), ("version", "the grader's version"), ("grader", "the grader's settings")],
)
def test_what_changed_is_named(field: str, words: str) -> None:
    assert STATE.changes(STATE.model_copy(update={field: "other"})) == (words,)


@pytest.mark.parametrize("number", [0, 1, 2, 11])
def test_too_few_nights_raise_nothing_and_say_so(number: int) -> None:
    one = rubric_with(1)
    found = watch(nights(one, number, np.random.default_rng(1), usual=0.5), one)
    assert isinstance(found, Drift)
    assert not found.alarm
    assert "the watch begins after 11" in found.why


def test_anchors_that_are_missing_in_a_night_are_left_out_of_it() -> None:
    one = rubric_with(1)
    watched = nights(one, 8, np.random.default_rng(1))
    watched[-1] = watched[-1].model_copy(update={"levels": dict(list(watched[-1].levels.items())[:50])})
    assert watch(watched, one).criteria[0].anchors == 50


def test_a_night_is_recorded_from_audits() -> None:
    audit = Audit(
        transcript="1",
        team=None,
        agent=None,
        rubric=RubricRef(name="r", version="1", hash="h"),
        text_hash="",
        score=None,
        band=None,
        weight_graded=1,
        auto_fail=(),
        verdicts=(Verdict(criterion="c0", level="fair", graded_by=GradedBy.LLM, grader="x"),),
        usage=Usage(),
    )
    assert anchor_night(START, STATE, [audit]).levels == {"1": {"c0": "fair"}}
