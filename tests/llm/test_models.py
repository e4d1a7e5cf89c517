"""Which model is asked where a server is named and no model."""

import pytest
from tests.llm.live import LiveServer

from clearbar.errors import GraderUnavailableError
from clearbar.grading.llm import find_model, why_unavailable
from clearbar.settings import LlmSettings


def test_the_one_model_of_a_named_server_is_taken_and_that_is_said(server: LiveServer) -> None:
    server.control(models=["llama-small"])
    told: list[str] = []
    found = find_model(LlmSettings(base_url=server.url), told.append)
    assert found.model == "llama-small"
    assert [line for line in told if "'llama-small' alone" in line] == told
    assert len(told) == 1
    assert why_unavailable(found) is None


def test_of_several_models_a_person_has_to_choose_and_up_to_ten_are_listed(server: LiveServer) -> None:
    server.control(models=[f"model-{number:02}" for number in range(14)])
    with pytest.raises(GraderUnavailableError, match=r"serves 14 models: model-00, .*model-09 and 4 more: .*CLEARBAR_LLM__MODEL") as told:
        find_model(LlmSettings(base_url=server.url), print)
    assert "model-10" not in str(told.value)
    assert "\n" not in str(told.value)


def test_a_model_that_is_set_is_not_looked_up(server: LiveServer) -> None:
    server.control(down=True)
    settings = LlmSettings(model="mine", base_url=server.url)
    assert find_model(settings, print) is settings


def test_a_key_alone_names_no_server_so_nothing_is_asked() -> None:
    settings = LlmSettings.model_validate({"api_key": "secret"})
    assert find_model(settings, print) is settings
    assert why_unavailable(settings) == "no model is set (CLEARBAR_LLM__MODEL, OPENAI_MODEL or --model)"


def test_without_anything_all_that_is_needed_is_named() -> None:
    assert why_unavailable(LlmSettings()) == (
        "no model is set (CLEARBAR_LLM__MODEL, OPENAI_MODEL or --model, and OPENAI_API_KEY or OPENAI_BASE_URL)"
    )


@pytest.mark.parametrize(("path", "line"), [("", "no LLM"), ("/nowhere", "no LLM")])
def test_a_server_that_lists_no_models_is_told_in_one_line(server: LiveServer, path: str, line: str) -> None:
    with pytest.raises(GraderUnavailableError, match=line):
        find_model(LlmSettings(base_url=f"{server.root}{path}"), print)


def test_a_wrong_key_and_a_dead_port_are_told_before_any_model_is_chosen(server: LiveServer) -> None:
    server.control(key="right")
    with pytest.raises(GraderUnavailableError, match="refuses the key"):
        find_model(LlmSettings.model_validate({"base_url": server.url, "api_key": "wrong"}), print)
    with pytest.raises(GraderUnavailableError, match="cannot be reached"):
        find_model(LlmSettings(base_url="http://127.0.0.1:9/v1"), print)
