from datetime import UTC, datetime

import pytest

from clearbar.label import Label, LabelKind
from clearbar.labelled import Resolved, resolve
from clearbar.rubric import Rubric


def blind(level: int | str, annotator: str, id: str = "1", criterion: str = "care") -> Label:
    return Label(id=id, levels={criterion: level}, annotator=annotator)


def said(resolved: Resolved) -> str:
    return " | ".join(resolved.notes)


@pytest.mark.parametrize(
    ("given", "level"),
    [
        ([1], "fair"),
        ([0, 1, 1], "fair"),
        ([0, 1], "fair"),  # the bar is failed on evidence
        ([1, 2], "fair"),  # and cleared by far on evidence
        ([0, 2], "fair"),
        ([0, 0, 2], "low"),
        ([2, 2, "na"], "top"),
        (["na", "na", 0], "not_applicable"),
        (["low", "fair", "fair"], "fair"),
    ],
)
def test_the_median_of_blind_labels_rules(rubric: Rubric, given: list[int | str], level: str) -> None:
    resolved = resolve([blind(value, str(place)) for place, value in enumerate(given)], rubric)
    assert resolved.level("1", "care") == level
    assert resolved.rulings["1"]["care"].basis == "blind"


def test_a_tie_between_applicable_and_not_stays_undecided_and_is_told(rubric: Rubric) -> None:
    resolved = resolve([blind(1, "a"), blind("na", "b")], rubric)
    assert resolved.level("1", "care") is None
    assert "1 conversation with labels on 'care' that are tied between applicable and not" in said(resolved)


def test_consensus_rules_over_adjudication_and_that_over_blind_labels(rubric: Rubric) -> None:
    labels = [blind(0, "a"), blind(0, "b"), Label(id="1", levels={"care": 1, "speed": 2}, kind=LabelKind.ADJUDICATED)]
    assert resolve(labels, rubric).level("1", "care") == "fair"
    resolved = resolve([*labels, Label(id="1", levels={"care": 2}, kind=LabelKind.CONSENSUS)], rubric)
    assert (resolved.level("1", "care"), resolved.level("1", "speed")) == ("top", "top")
    assert resolved.rulings["1"]["speed"].basis == "adjudicated"


def test_only_blind_labels_feed_agreement(rubric: Rubric) -> None:
    labels = [blind(0, "a"), Label(id="1", levels={"care": 1}, annotator="b", kind=LabelKind.REVEALED)]
    resolved = resolve(labels, rubric)
    assert resolved.blind == {"1": {"a": {"care": "low"}}}
    assert resolved.annotators == ("a",)


def test_a_label_given_in_sight_of_a_grade_stands_in_but_is_not_independent(rubric: Rubric) -> None:
    resolved = resolve([Label(id="1", levels={"care": 1}, kind=LabelKind.REVEALED)], rubric)
    assert not resolved.rulings["1"]["care"].independent
    assert "in sight of a grade" in said(resolved)


@pytest.mark.parametrize("level", [3, -1, "high"])
def test_a_level_out_of_range_counts_as_missing_and_is_told(rubric: Rubric, level: int | str) -> None:
    resolved = resolve([Label(id="1", levels={"care": level, "speed": 0})], rubric)
    assert resolved.rulings["1"].keys() == {"speed"}
    assert "1 label on 'care' beside its scale (from 0: low, fair, top), taken as missing (1)" in said(resolved)


def test_an_unknown_criterion_is_left_and_told_even_with_braces_in_its_name(rubric: Rubric) -> None:
    resolved = resolve([Label(id=str(place), levels={"ca{re}": 1, "care": 1}) for place in range(8)], rubric)
    assert all(given.keys() == {"care"} for given in resolved.rulings.values())
    assert "criterion 'ca{re}' is not in the rubric 'small': 8 labels of it count nowhere (0, 1, 2, 3, 4 and 3 more)" in said(resolved)


def test_contradictory_duplicates_of_one_annotator_count_as_missing_and_are_told(rubric: Rubric) -> None:
    labels = [Label(id="1", levels={"care": 0, "speed": 1}, annotator="a"), Label(id="1", levels={"care": 2, "speed": 1}, annotator="a")]
    resolved = resolve(labels, rubric)
    assert resolved.rulings["1"].keys() == {"speed"}
    assert "1 conversation was labelled twice by one annotator with different levels" in said(resolved)


def test_identical_duplicates_count_once_and_are_told(rubric: Rubric) -> None:
    resolved = resolve([blind(0, "a"), blind(0, "a"), blind(1, "b"), blind(1, "c")], rubric)
    assert resolved.level("1", "care") == "fair"
    assert "labelled twice alike" in said(resolved)


def test_a_dated_correction_replaces_the_earlier_label(rubric: Rubric) -> None:
    labels = [
        Label(id="1", levels={"care": level}, annotator="a", at=datetime(2026, 11, day, tzinfo=UTC)) for level, day in ((2, 9), (0, 7))
    ]
    resolved = resolve(labels, rubric)
    assert resolved.level("1", "care") == "top"
    assert "replaces an earlier one" in said(resolved)


def test_labels_under_another_rubric_are_used_and_told(rubric: Rubric) -> None:
    resolved = resolve(
        [Label(id="1", levels={"care": 1}, rubric="f00"), Label(id="2", levels={"care": 1}, rubric=rubric.prompt_hash)], rubric
    )
    assert resolved.level("1", "care") == "fair"
    assert "1 label was made with another version of the rubric" in said(resolved)


def test_an_id_of_two_sources_is_left_out_and_told(rubric: Rubric) -> None:
    resolved = resolve([Label(id="1", source=source, levels={"care": 1}) for source in ("s", "t")], rubric)
    assert not resolved.rulings
    assert "1 id stands for conversations of several sources" in said(resolved)


def test_one_annotator_only_is_told(rubric: Rubric) -> None:
    assert "one annotator only" in said(resolve([blind(1, "a"), blind(0, "a", id="2")], rubric))
    assert "one annotator only" not in said(resolve([blind(1, "a"), blind(0, "b")], rubric))


def test_a_label_without_any_usable_level_is_told(rubric: Rubric) -> None:
    resolved = resolve([Label(id="1", levels={"other": 1})], rubric)
    assert "1 labelled conversation holds no usable level" in said(resolved)


def test_evidence_groups_and_probabilities_are_kept(rubric: Rubric) -> None:
    label = Label(id="1", levels={"care": 0}, evidence={"care": (3, 1)}, group="storm", probability=0.2)
    resolved = resolve([label], rubric)
    assert (resolved.evidence, resolved.groups, resolved.probability) == ({"1": {"care": (1, 3)}}, {"1": "storm"}, {"1": 0.2})


def test_nothing_at_all_resolves_to_nothing(rubric: Rubric) -> None:
    assert resolve([], rubric) == Resolved(rulings={}, blind={})
