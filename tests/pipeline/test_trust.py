"""A spoilt grader is found out on what was spoilt, and on nothing else; the night goes on; what a grader may not do goes to another."""

import json
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.conftest import ROOT

from clearbar.errors import UsageError
from clearbar.pipeline.audits import run_audit
from clearbar.pipeline.baseline import against_baseline, load_baseline, save_baseline
from clearbar.pipeline.cascading import labelled_transcripts
from clearbar.pipeline.checking import CheckRequest, run_check
from clearbar.pipeline.nightly import NightlyRequest, run_nightly
from clearbar.pipeline.request import AuditRequest
from clearbar.pipeline.workspace import open_workspace
from clearbar.project import Project
from clearbar.settings import load_settings
from clearbar.verdict import UNGRADED, Grade, GradedBy

Write = Callable[[str, Sequence[dict[str, Any]]], Path]
NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


@pytest.fixture
def agreeing(tmp_path: Path) -> Project:
    """A project whose labels are what its rules say, so that the rules are right wherever there are labels enough."""
    for name in ("flows", "prompts", "rubrics", "evals"):
        shutil.copytree(ROOT / name, tmp_path / "own" / name)
    project = Project(tmp_path / "own")
    project.use_state(tmp_path / "state")
    shutil.rmtree(project.path("evals/labels"))
    with open_workspace(project, load_settings(project), grader="rules", notice=print) as space:
        transcripts = labelled_transcripts(space, "all")
        grades = [grade for grade in space.rules.grade(transcripts) if isinstance(grade, Grade)]
    levels = [{one.criterion: one.level for one in grade.verdicts if one.level != UNGRADED} for grade in grades]
    write_labels(project, [{"id": one.id, "levels": given, "kind": "consensus"} for one, given in zip(transcripts, levels, strict=True)])
    return project


def write_labels(project: Project, labels: Sequence[dict[str, Any]]) -> None:
    project.path("evals").joinpath("labels").mkdir(exist_ok=True)
    project.path("evals").joinpath("labels", "own.jsonl").write_text("\n".join(map(json.dumps, labels)), encoding="utf-8")


def labels_of(project: Project) -> Iterator[dict[str, Any]]:
    return map(json.loads, project.path("evals/labels/own.jsonl").read_text(encoding="utf-8").splitlines())


def shuffle(project: Project, criterion: str) -> None:
    """Deal the labels on a criterion out anew: the grader now says what has nothing to do with them."""
    labels = list(labels_of(project))
    having = [label["levels"] for label in labels if criterion in label["levels"]]
    dealt = random.Random(1).sample([levels[criterion] for levels in having], len(having))
    for levels, level in zip(having, dealt, strict=True):
        levels[criterion] = level
    write_labels(project, labels)


def always_clears(project: Project, criterion: str) -> None:
    """Let the rules say `clears` whatever they read."""
    file = project.path("rubrics/service_bar.yaml")
    rubric = yaml.safe_load(file.read_text(encoding="utf-8"))
    spoilt = next(item for item in rubric["criteria"] if item["id"] == criterion)
    spoilt["rules"] = {"because": "Spoilt.", "decide": [], "otherwise": "clears"}
    file.write_text(yaml.safe_dump(rubric, allow_unicode=True, sort_keys=False), encoding="utf-8")


def decisions(project: Project) -> dict[str, str]:
    checked = run_check(project, load_settings(project), CheckRequest(grader="rules"), notice=print)
    return {id: decision.value for id, decision in checked.result.decisions.items()}


def talk(id: str) -> dict[str, Any]:
    turns = [("customer", f"My parcel {id} never came and I am upset."), ("agent", "I am sorry. I will send a new one today.")]
    return {"id": id, "team": "north", "turns": [{"role": role, "text": text} for role, text in turns]}


def test_what_was_spoilt_is_never_trusted_and_the_night_publishes_it_as_such(agreeing: Project, write_lines: Write) -> None:
    before = decisions(agreeing)
    trusted = [id for id, decision in before.items() if decision == "go"]
    assert len(trusted) >= 4
    shuffled, flattened = trusted[:2]
    shuffle(agreeing, shuffled)
    always_clears(agreeing, flattened)
    source = write_lines("talks.jsonl", [talk(f"t{number}") for number in range(6)])
    night = run_nightly(agreeing, load_settings(agreeing), NightlyRequest(sources=(str(source),), grader="rules"), notice=print, now=NOW)
    spoilt = {shuffled, flattened}
    assert not [id for id in spoilt if night.checked[id] == "go"]
    assert {id: said for id, said in night.checked.items() if id not in spoilt} == {
        id: said for id, said in before.items() if id not in spoilt
    }
    assert spoilt <= {alarm.about for alarm in night.alarms}
    assert night.audit.counts.graded == 6
    report = json.loads(Path(night.audit.reports, "north", "report.json").read_text(encoding="utf-8"))
    trust = {item["id"]: item["trust"] for item in report["criteria"]}
    assert not [id for id in spoilt if trust[id] == "go"]
    assert [id for id in trusted if id not in spoilt and trust[id] == "go"] == [id for id in trusted if id not in spoilt]


def test_a_check_is_held_against_the_baseline_of_the_rules(agreeing: Project) -> None:
    before = run_check(agreeing, load_settings(agreeing), CheckRequest(grader="rules"), notice=print)
    save_baseline(agreeing, before)
    kept = load_baseline(agreeing)
    assert "rose on nothing; fell on nothing" in against_baseline(kept, before)
    spoilt = next(id for id, item in before.result.criteria.items() if item.decision.value == "go")
    shuffle(agreeing, spoilt)
    after = run_check(agreeing, load_settings(agreeing), CheckRequest(grader="rules"), notice=print)
    assert f"fell on {spoilt} 1.00" in against_baseline(kept, after)
    other = run_check(agreeing, load_settings(agreeing), CheckRequest(grader="rules", split="dev"), notice=print)
    assert against_baseline(kept, other) == ""
    with pytest.raises(UsageError, match="test part"):
        save_baseline(agreeing, other)


@pytest.mark.usefixtures("llm")
def test_what_an_llm_is_not_trusted_on_goes_to_the_rules_where_they_are(agreeing: Project, write_lines: Write) -> None:
    """The test server answers by the sound of the words, which no label follows."""
    settings = load_settings(agreeing)
    by_rules = decisions(agreeing)
    by_llm = run_check(agreeing, settings, CheckRequest(grader="llm"), notice=print).result.decisions
    handed = {id for id, said in by_llm.items() if said.value != "go" and by_rules[id] == "go"}
    assert handed
    source = write_lines("talks.jsonl", [talk(f"t{number}") for number in range(6)])
    result = run_audit(agreeing, settings, AuditRequest(sources=(str(source),), grader="llm"), notice=print, now=NOW)
    report = json.loads(Path(result.reports, "north", "report.json").read_text(encoding="utf-8"))
    graders = {item["id"]: {tally["id"] for tally in item["graders"]} for item in report["criteria"]}
    assert all(GradedBy.RULES in graders[id] for id in handed)
    assert result.verdicts["llm"] > 0
    assert "the LLM is not trusted" in json.dumps(report)
