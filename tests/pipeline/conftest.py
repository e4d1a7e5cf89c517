"""A local OpenAI-compatible server as a process, a PostgreSQL server, and settings that point at them."""

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.llm.live import LiveServer, live_server

TESTS = Path(__file__).resolve().parents[1]


class LlmServer(LiveServer):
    """The test server, as new whenever it is told something."""

    def control(self, **settings: object) -> None:
        """Change how it behaves."""
        new: dict[str, object] = {"reset": True, "faults": {}, "down": False, "latency": 0, "quota": -1, "returned_model": "", "script": []}
        super().control(**(new | settings))


@pytest.fixture(scope="session")
def checks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the rules' check against the labelled set is kept from one test to the next."""
    return tmp_path_factory.mktemp("checks")


@pytest.fixture(autouse=True)
def check_once(checks: Path, tmp_path: Path) -> Iterator[None]:
    """Spare every audit but the first one the check of the rules, as in a project that has run before.

    What is kept says what it rests on, so that a test with other labels or another rubric makes its own.
    """
    own = tmp_path / "state" / "checks"
    shutil.copytree(checks, own)
    yield
    for kept in own.glob("*.json"):  # nothing else that a test may have put there
        shutil.copy(kept, checks)


@pytest.fixture
def never_checked(check_once: None, tmp_path: Path) -> None:
    """Take the check of the rules away again."""
    del check_once
    shutil.rmtree(tmp_path / "state" / "checks")


@pytest.fixture(scope="session")
def llm_process() -> Iterator[LlmServer]:
    with live_server(LlmServer) as server:
        yield server


@pytest.fixture
def llm(llm_process: LlmServer, monkeypatch: pytest.MonkeyPatch) -> LlmServer:
    """The server as new, with the environment set up to use it."""
    llm_process.control()
    monkeypatch.setenv("OPENAI_API_KEY", "test-key")
    monkeypatch.setenv("OPENAI_BASE_URL", f"{llm_process.root}/v1")
    monkeypatch.setenv("CLEARBAR_LLM__MODEL", "test-model")
    monkeypatch.setenv("CLEARBAR_LLM__TIMEOUT", "5")
    monkeypatch.setenv("CLEARBAR_LLM__ATTEMPTS", "2")
    return llm_process


@pytest.fixture
def unused_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
