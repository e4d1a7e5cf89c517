from collections.abc import Mapping

import pytest

from clearbar.audit import assemble
from clearbar.rubric import Gate, Rubric
from clearbar.transcript import RedactedTranscript, Role, Turn
from clearbar.verdict import ABSTAINED, NOT_APPLICABLE, UNGRADED, Audit, GradedBy, Verdict

WEIGHTS = {
    "courtesy": 10, "empathy": 8, "listening": 8, "personalization": 6, "ownership": 10, "resolution": 15, "accuracy": 10, "timeliness": 8,
    "expectations": 7, "honesty": 6, "flexibility": 6, "apology": 3, "proactivity": 4, "selling": 3, "closing": 4,
}  # fmt: skip


def audit(rubric: Rubric, levels: Mapping[str, str]) -> Audit:
    """Return the audit of a call whose criteria got these levels; those not named are not applicable."""
    transcript = RedactedTranscript(source="test", id="1", turns=(Turn(role=Role.AGENT, text="Hello."),))
    verdicts = [
        Verdict(
            criterion=criterion.id,
            level=levels.get(criterion.id, NOT_APPLICABLE),
            reason=ABSTAINED if levels.get(criterion.id) == UNGRADED else None,
            graded_by=GradedBy.RULES,
            grader="test",
        )
        for criterion in rubric.criteria
    ]
    return assemble(transcript, rubric, verdicts)


def test_the_service_bar_weighs_and_gates_its_fifteen_criteria(service_bar: Rubric) -> None:
    assert {criterion.id: criterion.weight for criterion in service_bar.criteria} == WEIGHTS
    assert {criterion.id: criterion.gate for criterion in service_bar.criteria if criterion.gate} == {
        "courtesy": Gate.CONVERSATION, "honesty": Gate.CONVERSATION, "accuracy": Gate.BAND,
    }  # fmt: skip
    assert [criterion.id for criterion in service_bar.criteria if criterion.applies.always] == ["courtesy", "listening"]


def test_the_service_bar_has_one_scale_with_three_levels(service_bar: Rubric) -> None:
    (scale,) = service_bar.scales
    assert [(level.id, level.points, level.fails) for level in scale.levels] == [
        ("below", 0, True),
        ("clears", 80, False),
        ("vaults", 100, False),
    ]


@pytest.mark.parametrize(
    ("levels", "score", "band"),
    [
        ({"courtesy": "clears", "listening": "clears"}, 80, "clears"),
        ({"courtesy": "vaults", "listening": "vaults", "resolution": "clears"}, 90.91, "vaults"),
        ({"courtesy": "vaults", "resolution": "clears"}, 88, "clears"),
        ({"courtesy": "vaults", "listening": "vaults", "closing": "below"}, 81.82, "clears"),
        ({"courtesy": "below", "listening": "vaults", "resolution": "vaults"}, 69.7, "below"),
        ({"resolution": "vaults", "ownership": "vaults", "listening": "vaults", "accuracy": "below"}, 76.74, "below"),
        ({"resolution": "vaults", "ownership": "vaults", "listening": "vaults", "honesty": "below"}, 84.62, "below"),
        ({"courtesy": "clears", "resolution": UNGRADED}, None, None),
    ],
)
def test_the_service_bar_scores_as_it_says(levels: dict[str, str], score: float | None, band: str | None, service_bar: Rubric) -> None:
    scored = audit(service_bar, levels)
    assert (scored.score, scored.band) == (score, band)


SOUND = {"recording_notice": "yes", "identity": "yes", "diagnosis": "good", "outcome": "good", "tone": "good"}


@pytest.mark.parametrize(
    ("change", "score", "band"),
    [
        ({}, 94, "strong"),
        ({"diagnosis": "fair", "outcome": "fair", "tone": "fair"}, 82, "strong"),
        ({"outcome": "weak"}, 82.57, "sound"),
        ({"recording_notice": "no"}, 54, "rework"),
        ({"identity": "no"}, 0, "rework"),
        ({"diagnosis": "superb", "outcome": "superb", "tone": "superb", "plain_words": "yes"}, 100, "model_call"),
    ],
)
def test_the_phone_line_scores_by_sections_gates_and_bands(change: dict[str, str], score: float, band: str, contact_centre: Rubric) -> None:
    scored = audit(contact_centre, SOUND | change)
    assert (scored.score, scored.band) == (score, band)


def test_a_gate_of_the_phone_line_is_provisional_where_a_machine_found_it(contact_centre: Rubric) -> None:
    (fail,) = audit(contact_centre, SOUND | {"identity": "no"}).auto_fail
    assert (fail.criterion, fail.provisional) == ("identity", True)


@pytest.mark.parametrize(("taken", "expected"), [("yes", "no"), ("no", NOT_APPLICABLE), (NOT_APPLICABLE, NOT_APPLICABLE)])
def test_a_reference_is_due_only_where_the_complaint_was_taken_up(taken: str, expected: str, contact_centre: Rubric) -> None:
    verdicts = {
        verdict.criterion: verdict.level
        for verdict in audit(contact_centre, {"complaint_taken": taken, "complaint_reference": "no"}).verdicts
    }
    assert verdicts["complaint_reference"] == expected


def test_each_shipped_rubric_shows_every_level_of_every_criterion(service_bar: Rubric, contact_centre: Rubric) -> None:
    for rubric in (service_bar, contact_centre):
        for criterion in rubric.criteria:
            assert {example.level for example in criterion.examples} >= set(rubric.scale_of(criterion.id).ids)
