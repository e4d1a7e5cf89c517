"""Settings come from the environment, then from the project's file, then from the defaults."""

from pathlib import Path

import pytest

from clearbar.errors import SettingsError
from clearbar.project import Project
from clearbar.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLEARBAR_STATE_DIR")


@pytest.fixture
def own(tmp_path: Path) -> Project:
    (tmp_path / "clearbar.toml").write_text('[grading]\ngrader = "rules"\nbatch = 7\n[llm]\nmodel = "from-the-file"\n', encoding="utf-8")
    return Project(tmp_path)


def test_without_file_and_environment_the_defaults_hold(tmp_path: Path) -> None:
    assert load_settings(Project(tmp_path)) == Settings()


def test_the_environment_wins_field_by_field(own: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEARBAR_GRADING__GRADER", "llm")
    settings = load_settings(own)
    assert (settings.grading.grader, settings.grading.batch) == ("llm", 7)


def test_the_variables_of_every_openai_client_yield_to_our_own(own: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    monkeypatch.setenv("OPENAI_MODEL", "from-the-environment")
    settings = load_settings(own)
    assert settings.llm.api_key is not None
    assert settings.llm.api_key.get_secret_value() == "key"
    assert settings.llm.model == "from-the-file"
    (tmp_path / "clearbar.toml").unlink()
    assert load_settings(own).llm.model == "from-the-environment"


def test_a_relative_state_folder_lies_in_the_project_wherever_one_stands(
    own: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "clearbar.toml").write_text('state_dir = "kept"\n', encoding="utf-8")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    load_settings(own)
    assert own.state == tmp_path / "kept"


def test_secrets_are_shown_nowhere(own: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEARBAR_STORE_URL", "postgresql://ann:quillpass@host/x")
    monkeypatch.setenv("OPENAI_API_KEY", "quillpass")
    settings = load_settings(own)
    assert "quillpass" not in repr(settings) + str(settings) + settings.model_dump_json()


def test_a_variable_that_is_nearly_a_setting_is_refused_and_others_are_left_alone(own: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEARBAR_CHATS_URL", "sqlite:///x")
    load_settings(own)
    monkeypatch.setenv("CLEARBAR_GRADNIG__GRADER", "rules")
    with pytest.raises(SettingsError, match=r"CLEARBAR_GRADNIG__GRADER is no setting: did you mean CLEARBAR_GRADING…\?"):
        load_settings(own)
