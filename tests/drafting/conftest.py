"""The LLM grader's test server as a process."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SERVER = Path(__file__).parents[1] / "llm" / "server.py"


class LiveServer:
    """The test server, told and asked over HTTP."""

    def __init__(self, port: int) -> None:
        self.root = f"http://127.0.0.1:{port}"
        self.url = f"{self.root}/v1"

    def control(self, **settings: object) -> None:
        """Change the server's `Config`."""
        request = urllib.request.Request(f"{self.root}/control", json.dumps(settings).encode())  # noqa: S310
        with urllib.request.urlopen(request):  # noqa: S310
            pass

    def bodies(self) -> Any:
        """The last requests."""
        with urllib.request.urlopen(f"{self.root}/stats?bodies=1") as reply:  # noqa: S310
            return json.load(reply)["bodies"]


@pytest.fixture(scope="session")
def server_process() -> Iterator[LiveServer]:
    process = subprocess.Popen([sys.executable, str(SERVER)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield LiveServer(int(process.stdout.readline()))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def server(server_process: LiveServer) -> LiveServer:
    """The server as new."""
    server_process.control(reset=True, drafts=[], models=[], unsupported=[], down=False)
    return server_process
