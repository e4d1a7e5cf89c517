"""The LLM grader's test server as a process."""

from collections.abc import Iterator

import pytest
from tests.llm.live import LiveServer, live_server


@pytest.fixture(scope="session")
def server_process() -> Iterator[LiveServer]:
    with live_server(LiveServer) as server:
        yield server


@pytest.fixture
def server(server_process: LiveServer) -> LiveServer:
    """The server as new."""
    server_process.control(reset=True, drafts=[], models=[], unsupported=[], down=False)
    return server_process
