"""What was approved at the rubric desk holds from its day on: an audit and a night put it in force before they grade."""

import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.pipeline.test_audits import NOW, audit, talk

from clearbar.pipeline.nightly import NightlyRequest, run_nightly
from clearbar.pipeline.rubric_desk import begin, text_of
from clearbar.pipeline.workspace import open_store
from clearbar.project import Project
from clearbar.rubric_file import load_rubric
from clearbar.settings import load_settings
from clearbar.store import ChangeState

Write = Callable[[str, Sequence[dict[str, Any] | str]], Path]


@pytest.fixture
def own(project: Project, tmp_path: Path) -> Project:
    """A project whose rubrics may be written."""
    for name in ("rubrics", "prompts"):
        shutil.copytree(project.root / name, tmp_path / "own" / name)
    copied = Project(tmp_path / "own")
    copied.use_state(project.state)
    return copied


def approve(project: Project, effective: datetime) -> None:
    """Approve a change that weighs courtesy with 20."""
    with open_store(project, load_settings(project)) as store:
        number = begin(project, store, "service_bar", by="lea")
        (change,) = store.changes()
        store.save_change(
            number,
            by="lea",
            version=1,
            body=change.body.replace('"weight": 10.0, "gate": "conversation"', '"weight": 20, "gate": "conversation"'),
        )
        (change,) = store.changes()
        body, text = text_of(project, change)
        assert body["version"] == "1.1"
        store.propose_change(number, by="lea", version=2, body=change.body, text=text, why="x", effective=effective, tell=[])
        store.approve_change(number, by="leo", version=3)


def version(project: Project) -> str:
    return load_rubric(project.root / "rubrics" / "service_bar.yaml").version


def test_an_audit_before_the_day_grades_as_before_and_one_on_it_by_the_new_rubric(own: Project, write_lines: Write) -> None:
    source = write_lines("talks.jsonl", [talk("a")])
    approve(own, NOW + timedelta(days=1))
    notices: list[str] = []
    assert " 1.0 " in audit(own, source, notice=notices.append).rubric
    assert " 1.1 " in audit(own, source, notice=notices.append, now=NOW + timedelta(days=1)).rubric
    assert [line for line in notices if "rubric" in line] == ["change 1 of the rubric service_bar is in force"]
    assert version(own) == "1.1"


def test_a_night_that_cannot_put_a_change_in_force_says_so_and_grades_as_before(own: Project, write_lines: Write) -> None:
    source = write_lines("talks.jsonl", [talk("a")])
    approve(own, NOW)
    file = own.root / "rubrics" / "service_bar.yaml"
    file.write_text(file.read_text() + "# by hand\n")
    night = run_nightly(own, load_settings(own), NightlyRequest(sources=(str(source),), grader="rules", check=False), notice=print, now=NOW)
    assert " 1.0 " in night.audit.rubric
    assert any("changed by hand meanwhile" in alarm.says for alarm in night.alarms)
    with open_store(own, load_settings(own)) as store:
        assert store.changes()[0].state is ChangeState.DRAFT
    assert file.read_text().endswith("# by hand\n")


def test_a_night_goes_by_what_is_due(own: Project, write_lines: Write) -> None:
    source = write_lines("talks.jsonl", [talk("a")])
    approve(own, datetime(2026, 11, 1, tzinfo=UTC))
    night = run_nightly(own, load_settings(own), NightlyRequest(sources=(str(source),), grader="rules", check=False), notice=print, now=NOW)
    assert " 1.1 " in night.audit.rubric
    assert not any("rubric" in alarm.says for alarm in night.alarms)
