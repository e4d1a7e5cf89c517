import pytest
from tests.llm.live import LiveServer

from clearbar.errors import GraderUnavailableError
from clearbar.verdict import Grade

from .conftest import MakeGrader, make_transcript


@pytest.mark.parametrize(
    ("config", "settings", "line"),
    [
        ({"key": "right"}, {"api_key": "wrong"}, "refuses the key"),
        ({"models": ["other"]}, {}, "does not take model 'test-model'"),
        ({"quota": 0}, {}, "quota .* exhausted"),
        ({"down": True}, {}, "cannot be reached"),
    ],
)
def test_a_server_that_cannot_be_used_is_told_in_one_line_before_any_conversation(
    server: LiveServer, make_grader: MakeGrader, config: dict[str, object], settings: dict[str, object], line: str
) -> None:
    server.control(**config)
    with pytest.raises(GraderUnavailableError, match=line) as told:
        make_grader(**settings).probe()
    assert "\n" not in str(told.value)
    assert "wrong" not in str(told.value)
    assert server.stats()["asked"] == {}


@pytest.mark.parametrize("key", ["right\n", " right \r\n"])
def test_the_end_of_the_line_in_a_file_of_keys_is_no_part_of_the_key(server: LiveServer, make_grader: MakeGrader, key: str) -> None:
    server.control(key="right")
    grader = make_grader(api_key=key)
    grader.probe()
    [grade] = grader.grade([make_transcript()])
    assert isinstance(grade, Grade)


def test_a_wrong_base_url_is_told(server: LiveServer, make_grader: MakeGrader) -> None:
    with pytest.raises(GraderUnavailableError, match=r"there is no LLM at .*usually ends in /v1"):
        make_grader(base_url=f"{server.root}/api").probe()


def test_a_server_that_is_no_llm_is_told(server: LiveServer, make_grader: MakeGrader) -> None:
    with pytest.raises(GraderUnavailableError, match=r"there is no LLM at|is no LLM server"):
        make_grader(base_url=server.root).probe()


def test_a_port_where_nobody_listens_is_told(make_grader: MakeGrader) -> None:
    with pytest.raises(GraderUnavailableError, match=r"cannot be reached"):
        make_grader(base_url="http://127.0.0.1:9/v1").probe()


def test_a_host_that_does_not_exist_is_told(make_grader: MakeGrader) -> None:
    with pytest.raises(GraderUnavailableError, match=r"cannot be reached|does not answer"):
        make_grader(base_url="http://no-such-host.invalid/v1", connect_timeout=2).probe()


@pytest.mark.parametrize("address", ["localhost:8000/v1", "api.example.com", "//host/v1"])
def test_an_address_without_its_scheme_is_told(make_grader: MakeGrader, address: str) -> None:
    with pytest.raises(GraderUnavailableError, match=r"does not begin with http:// or https://: correct OPENAI_BASE_URL"):
        make_grader(base_url=address).probe()


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:port/v1",
        "http://127.0.0.1:99999/v1",
        "http://[::1/v1",
        "http:///v1",
        "http://host name/v1",
        "http://host/v1\n",
        "http://1.2.3.999/v1",
    ],
)
def test_an_address_that_cannot_be_one_is_told_without_what_may_be_a_password_in_it(make_grader: MakeGrader, address: str) -> None:
    with pytest.raises(GraderUnavailableError, match=r"the LLM server's address .*: correct OPENAI_BASE_URL") as told:
        make_grader(base_url=address.replace("http://", "http://me:secret@")).probe()
    assert "secret" not in str(told.value)


@pytest.mark.parametrize(
    ("unsupported", "mode"),
    [(["json_schema"], "tools"), (["json_schema", "tools"], "json_object"), (["json_schema", "tools", "json_object"], "text")],
)
def test_a_server_without_json_schema_is_asked_in_the_next_best_way_and_that_is_said(
    server: LiveServer, make_grader: MakeGrader, unsupported: list[str], mode: str
) -> None:
    server.control(unsupported=unsupported)
    grader = make_grader()
    grader.probe()
    assert f"mode={mode}" in grader.fingerprint
    assert mode in grader.notes[0]
    results = grader.grade([make_transcript(f"talk {number}") for number in range(5)])
    assert all(isinstance(result, Grade) for result in results)


def test_a_server_that_takes_small_schemas_only_is_found_out(server: LiveServer, make_grader: MakeGrader) -> None:
    server.control(unsupported=["anyOf"])
    grader = make_grader()
    grader.probe()
    assert "mode=tools" in grader.fingerprint
    assert isinstance(grader.grade([make_transcript()])[0], Grade)


def test_a_server_that_takes_a_schema_and_ignores_it_is_found_out(server: LiveServer, make_grader: MakeGrader) -> None:
    server.control(ignored=["json_schema"])
    grader = make_grader()
    grader.probe()
    assert "mode=tools" in grader.fingerprint


@pytest.mark.parametrize("field", ["temperature", "seed", "max_tokens"])
def test_a_field_that_the_model_does_not_take_is_left_out(server: LiveServer, make_grader: MakeGrader, field: str) -> None:
    server.control(unsupported=[field])
    grader = make_grader()
    grader.probe()
    [grade] = grader.grade([make_transcript()])
    assert isinstance(grade, Grade)
    assert field not in server.stats()["bodies"][-1]
    assert (f"no-{field}" in grader.fingerprint) == (field != "max_tokens")


def test_a_reply_mode_that_is_set_is_not_weakened(server: LiveServer, make_grader: MakeGrader) -> None:
    server.control(unsupported=["json_schema"])
    with pytest.raises(GraderUnavailableError):
        make_grader(reply_mode="json_schema").probe()
