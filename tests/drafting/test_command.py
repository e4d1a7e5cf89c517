"""The command as a person uses it, and an audit's workspace that finds its model itself."""

import json
from pathlib import Path

import pytest
from tests.llm.live import LiveServer

from clearbar.cli import main
from clearbar.pipeline.workspace import open_workspace
from clearbar.project import Project
from clearbar.settings import load_settings

ARTICLE = "Agents should be courteous and polite, and treat each customer with respect and warm words.\n"


def run(*words: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_a_draft_is_written_linted_shown_and_refused_for_grading(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "desk.txt").write_text(ARTICLE)
    out = tmp_path / "desk.yaml"
    assert run("rubric", "draft", tmp_path / "desk.txt", "-o", out, "--grader", "rules") == 0
    assert "a draft lies in" in capsys.readouterr().out
    assert run("rubric", "lint", out, "--json") == 0
    assert {finding["level"] for finding in json.loads(capsys.readouterr().out)} == {"warning"}
    assert run("rubric", "show", out) == 0
    assert run("grade", "--rubric", out, tmp_path / "desk.txt") == 2
    assert "nothing grades with a draft" in capsys.readouterr().err
    assert run("rubric", "draft", tmp_path / "desk.txt", "-o", out, "--grader", "rules") == 2
    assert "is there already" in capsys.readouterr().err
    assert run("rubric", "draft", tmp_path / "desk.txt", "-o", tmp_path / "desk.txt") == 2


def test_a_workspace_asks_the_one_model_of_a_named_server(project: Project, server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    server.control(models=["only-one"])
    told: list[str] = []
    with open_workspace(project, load_settings(project), notice=told.append) as space:
        assert space.asked == "llm"
        assert space.settings.llm.model == "only-one"
    assert any("'only-one' alone" in line for line in told)
    server.control(models=["one", "two"])
    with open_workspace(project, load_settings(project), notice=told.append) as space:
        assert space.llm is None
        assert space.why_rules
        assert "one, two" in space.why_rules
    with open_workspace(project, load_settings(project), model="two", notice=told.append) as space:
        assert space.settings.llm.model == "two"
    monkeypatch.setenv("OPENAI_MODEL", "one")
    assert load_settings(project).llm.model == "one"
