import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clearbar.check import CheckResult, Decision, Thresholds, check, compare, load_thresholds
from clearbar.errors import RubricError
from clearbar.label import Label, LabelKind
from clearbar.labelled import resolve
from clearbar.rubric import Rubric
from clearbar.verdict import Audit

MakeAudit = Callable[..., Audit]
STATES = {"care": ("low", "fair", "top"), "speed": ("low", "fair", "top"), "proof": ("no", "yes")}


def truth(label: Label) -> dict[str, str]:
    return {criterion: "not_applicable" if level == "na" else STATES[criterion][int(level)] for criterion, level in label.levels.items()}


def nearly_right(labels: list[Label], share: float = 0.04) -> dict[str, dict[str, str]]:
    """Return what a grader says that errs on a share of all verdicts."""
    rng = np.random.default_rng(5)
    said = {label.id: truth(label) for label in labels}
    for levels in said.values():
        for criterion in levels:
            if rng.random() < share:
                levels[criterion] = str(rng.choice([*STATES[criterion], "not_applicable"]))
    return said


def run(labels: list[Label], said: dict[str, dict[str, str]], rubric: Rubric, audit: MakeAudit, **options: Any) -> CheckResult:
    audits = [audit(id, levels) for id, levels in said.items()]
    thresholds = options.pop("thresholds", Thresholds())
    return check(audits, resolve(labels, rubric), rubric, thresholds, grader="rules", draws=500, **options)


def numbers(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [number for item in value.values() for number in numbers(item)]
    if isinstance(value, list):
        return [number for item in value for number in numbers(item)]
    return [value] if isinstance(value, float) else []


def test_a_good_grader_is_trusted_on_every_criterion(rubric: Rubric, audit: MakeAudit, labelled: list[Label]) -> None:
    result = run(labelled, nearly_right(labelled), rubric, audit)
    assert set(result.decisions.values()) == {Decision.GO}
    assert all(item.trusted_together for item in result.criteria.values())
    assert result.passed


def test_a_shuffled_criterion_is_never_trusted_and_the_others_keep_their_decision(
    rubric: Rubric, audit: MakeAudit, labelled: list[Label]
) -> None:
    said = nearly_right(labelled)
    rng = np.random.default_rng(2)
    shuffled = rng.permutation([levels["care"] for levels in said.values()])
    for levels, level in zip(said.values(), shuffled, strict=True):
        levels["care"] = str(level)
    result = run(labelled, said, rubric, audit)
    assert result.decisions == {"care": Decision.NO_GO, "speed": Decision.GO, "proof": Decision.GO}
    assert abs(result.criteria["care"].kappa or 0) < 0.1
    assert not result.passed


def test_a_grader_that_always_clears_is_never_trusted(rubric: Rubric, audit: MakeAudit, labelled: list[Label]) -> None:
    said = {label.id: {"care": "fair", "speed": "fair", "proof": "yes"} for label in labelled}
    result = run(labelled, said, rubric, audit)
    assert set(result.decisions.values()) == {Decision.NO_GO}
    assert [item.recall_below for item in result.criteria.values()] == [0, 0, 0]
    assert [item.precision_below for item in result.criteria.values()] == [None, None, None]


def test_too_few_labels_are_called_too_few_with_how_many_are_needed(rubric: Rubric, audit: MakeAudit, labelled: list[Label]) -> None:
    result = run(labelled[:60], nearly_right(labelled[:60], 0.3), rubric, audit)
    care = result.criteria["care"]
    assert care.decision is Decision.TOO_FEW
    assert care.needed is not None
    assert 20 < care.needed < 5000
    assert f"about {care.needed} more applicable labels" in care.why


def test_nothing_is_trusted_on_a_handful_of_perfect_labels(rubric: Rubric, audit: MakeAudit, labelled: list[Label]) -> None:
    result = run(labelled[:8], {label.id: truth(label) for label in labelled[:8]}, rubric, audit)
    assert set(result.decisions.values()) == {Decision.TOO_FEW}
    interval = result.criteria["speed"].interval
    assert interval is not None
    assert interval.low < interval.high


def test_an_ungraded_verdict_is_a_disagreement_and_lowers_coverage(rubric: Rubric, audit: MakeAudit, labelled: list[Label]) -> None:
    said = {label.id: truth(label) for label in labelled}
    for id in list(said)[::4]:
        said[id]["care"] = "ungraded"
    care = run(labelled, said, rubric, audit).criteria["care"]
    assert (care.coverage, care.agreement) == (0.75, 0.75)
    assert (care.covered_agreement, care.covered_kappa) == (1, 1)
    assert care.kappa is not None
    assert care.kappa < 0.75


def test_the_json_is_the_contracts(rubric: Rubric, audit: MakeAudit, labelled: list[Label]) -> None:
    printed = run(labelled, nearly_right(labelled), rubric, audit).as_json()
    assert list(printed)[:5] == ["grader", "rubric", "n", "criteria", "macro"]
    assert {"provenance", "looks", "clustered_by", "disagreements", "notes"} <= set(printed)
    assert list(printed["criteria"]) == ["care", "speed", "proof"]
    names = "n agreement kappa weighted_kappa ac1 alpha interval precision_below recall_below coverage decision why"
    assert " ".join(printed["criteria"]["care"]).startswith(names)
    assert {"annotators", "reweighted", "needed", "trusted_together", "confusion"} <= set(printed["criteria"]["care"])
    assert set(printed["criteria"]["care"]["interval"]) == {"of", "low", "high", "level"}
    assert json.loads(json.dumps(printed, allow_nan=False)) == printed


@pytest.mark.parametrize("level", ["fair", "low", "not_applicable", "ungraded"])
def test_one_level_only_gives_null_with_a_reason_and_never_nan(rubric: Rubric, audit: MakeAudit, level: str) -> None:
    labels = [Label(id=str(place), levels={"care": "fair"}, kind=LabelKind.CONSENSUS) for place in range(40)]
    result = run(labels, {label.id: {"care": level} for label in labels}, rubric, audit)
    assert result.decisions["care"] is not Decision.GO
    care = result.as_json()["criteria"]["care"]
    assert care["why"]
    assert all(math.isfinite(number) for number in numbers(result.model_dump(mode="json")))
    if level == "fair":
        assert care["kappa"] is None
        assert care["interval"] is None
        assert "kappa is undefined: all ratings lie in one category" in care["why"]


def test_a_criterion_without_labels_is_not_assessable(rubric: Rubric, audit: MakeAudit, labelled: list[Label]) -> None:
    labels = [label.model_copy(update={"levels": {"care": label.levels["care"]}}) for label in labelled]
    speed = run(labels, nearly_right(labelled), rubric, audit).criteria["speed"]
    assert (speed.n, speed.kappa, speed.decision) == (0, None, Decision.TOO_FEW)
    assert "there is no pair of ratings" in speed.why


def test_no_conversation_in_common_is_no_crash(rubric: Rubric, audit: MakeAudit, labelled: list[Label]) -> None:
    result = run(labelled, {"elsewhere": {"care": "low"}}, rubric, audit)
    assert result.n == 0
    assert set(result.decisions.values()) == {Decision.TOO_FEW}
    assert any("400 labelled conversations have no transcript here" in note for note in result.notes)


def test_odd_audits_are_told(rubric: Rubric, audit: MakeAudit, labelled: list[Label]) -> None:
    said = {label.id: truth(label) for label in labelled[:40]}
    audits = [audit(id, levels) for id, levels in said.items()]
    audits.append(audit("c0", {"care": "splendid", "speed": "low"}, fallback="server down"))
    notes = " | ".join(check(audits, resolve(labelled, rubric), rubric, Thresholds(), grader="rules", draws=50).notes)
    for told in (
        "1 audit of a conversation that was audited before; the last one counts (c0)",
        "1 verdict names a level that the rubric does not have and counts as ungraded",
        "1 labelled criterion has no verdict and counts as ungraded",
        "1 verdict comes from another grader than was asked (server down)",
        "360 labelled conversations have no transcript here",
    ):
        assert told in notes


def test_labels_given_in_sight_of_a_grade_do_not_count(rubric: Rubric, audit: MakeAudit, labelled: list[Label]) -> None:
    labels = [label.model_copy(update={"kind": LabelKind.REVEALED}) for label in labelled[:50]] + labelled[50:]
    result = run(labels, nearly_right(labelled), rubric, audit)
    assert result.n == 350
    assert any("in sight of a grade" in note for note in result.notes)


def test_the_annotators_own_agreement_stands_beside(rubric: Rubric, audit: MakeAudit, labelled: list[Label]) -> None:
    others = [
        label.model_copy(update={"kind": LabelKind.BLIND, "annotator": annotator, "levels": levels})
        for annotator in ("ben", "cleo")
        for label, levels in zip(labelled, (truth(label) for label in labelled), strict=True)
    ]
    result = run([*labelled, *others], nearly_right(labelled), rubric, audit)
    own = result.criteria["care"].annotators
    assert own is not None
    assert (own.annotators, own.conversations, own.kappa, own.alpha, own.ac1) == (2, 400, 1, 1, 1)
    assert result.annotators == 2


def test_agents_are_resampled_as_a_whole_where_there_are_many(rubric: Rubric, audit: MakeAudit, labelled: list[Label]) -> None:
    said = nearly_right(labelled, 0.2)
    audits = [audit(id, levels, agent=f"agent {place % 25}") for place, (id, levels) in enumerate(said.items())]
    assert check(audits, resolve(labelled, rubric), rubric, Thresholds(), grader="x", draws=50).clustered_by == "agent"
    few = [item.model_copy(update={"agent": "same"}) for item in audits]
    assert check(few, resolve(labelled, rubric), rubric, Thresholds(), grader="x", draws=50).clustered_by == "conversation"
    grouped = [label.model_copy(update={"group": label.id[:2]}) for label in labelled]
    assert check(few, resolve(grouped, rubric), rubric, Thresholds(), grader="x", draws=50).clustered_by == "incident"


def test_disagreements_show_both_sides(rubric: Rubric, audit: MakeAudit) -> None:
    labels = [Label(id="1", levels={"care": 0, "proof": 1}, evidence={"care": (2,)}, kind=LabelKind.CONSENSUS)]
    result = run(labels, {"1": {"care": "top", "proof": "yes"}}, rubric, audit)
    assert [(item.criterion, item.label, item.grade, item.label_evidence) for item in result.disagreements] == [
        ("care", "low", "top", (2,))
    ]


def test_figures_are_also_shown_at_a_stated_prevalence(rubric: Rubric, audit: MakeAudit, labelled: list[Label]) -> None:
    thresholds = Thresholds.model_validate({"default": {"kappa": 0.6, "prevalence_below": 0.03}})
    said = nearly_right(labelled, 0.2)
    care = run(labelled, said, rubric, audit, thresholds=thresholds).criteria["care"]
    assert care.reweighted is not None
    assert care.precision_below is not None
    assert care.reweighted.precision_below is not None
    assert care.reweighted.precision_below < 0.6 < care.precision_below


def test_same_input_same_result(rubric: Rubric, audit: MakeAudit, labelled: list[Label]) -> None:
    said = nearly_right(labelled, 0.1)
    assert run(labelled, said, rubric, audit) == run(labelled, said, rubric, audit)


def test_together_is_harder_than_alone(rubric: Rubric, audit: MakeAudit, labelled: list[Label]) -> None:
    result = run(labelled[:110], nearly_right(labelled[:110], 0.05), rubric, audit)
    alone = {id for id, decision in result.decisions.items() if decision is Decision.GO}
    together = {id for id, item in result.criteria.items() if item.trusted_together}
    assert together <= alone
    p_values = sorted(item.p for item in result.criteria.values())
    assert (len(together) == 3) == (p_values[0] <= 0.05 / 3 and p_values[1] <= 0.05 / 2 and p_values[2] <= 0.05)


def test_the_projects_own_thresholds_load_and_override_field_by_field(tmp_path: Path) -> None:
    own = load_thresholds(Path(__file__).parents[2] / "evals" / "thresholds.yaml")
    assert own.default.kappa == 0.6
    file = tmp_path / "t.yaml"
    file.write_text("default: {kappa: 0.5, recall_below: 0.4}\ncriteria: {care: {recall_below: null}}\n", encoding="utf-8")
    bar = load_thresholds(file).bar("care")
    assert (bar.kappa, bar.recall_below) == (0.5, None)
    file.write_text("default: {kapa: 0.5}\n", encoding="utf-8")
    with pytest.raises(RubricError, match="did you mean 'kappa'"):
        load_thresholds(file)


def test_thresholds_for_unknown_criteria_are_told(rubric: Rubric, audit: MakeAudit, labelled: list[Label]) -> None:
    thresholds = Thresholds.model_validate({"criteria": {"warmth": {"kappa": 0.5}}})
    assert any("warmth" in note for note in run(labelled, nearly_right(labelled), rubric, audit, thresholds=thresholds).notes)


def test_graders_are_shown_beside_one_another(rubric: Rubric, audit: MakeAudit) -> None:
    rules = [audit("1", {"care": "low"}), audit("2", {"care": "ungraded"}), audit("3", {"care": "top"}), audit("4", {"care": "low"})]
    model = [audit("1", {"care": "low"}), audit("2", {"care": "low"}), audit("3", {"care": "fair"})]
    resolved = resolve([Label(id=id, levels={"care": 0}) for id in ("1", "3")], rubric)
    rows = {item.grader: item for item in compare({"rules": rules, "llm": model}, resolved, rubric) if item.criterion == "care"}
    row = rows["rules"]
    assert (row.coverage, row.overlap, row.conflict, row.accuracy, row.labelled) == (0.75, 0.5, 0.25, 0.5, 2)
    people = rows["labels by unnamed"]
    assert (people.coverage, people.conflict, people.accuracy) == (0.5, 0.25, 1)
