"""The test server as a process, told and asked over HTTP."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

__all__ = ["LiveServer", "live_server"]


class LiveServer:
    """The test server, told and asked over HTTP."""

    def __init__(self, port: int) -> None:
        self.root = f"http://127.0.0.1:{port}"
        self.url = f"{self.root}/v1"

    def post(self, path: str, body: object) -> Any:
        request = urllib.request.Request(f"{self.root}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})  # noqa: S310
        with urllib.request.urlopen(request) as reply:  # noqa: S310
            return json.load(reply)

    def control(self, **settings: object) -> None:
        """Change the server's `Config`."""
        self.post("/control", settings)

    def stats(self) -> Any:
        """What was asked, with the last requests."""
        with urllib.request.urlopen(f"{self.root}/stats?bodies=1") as reply:  # noqa: S310
            return json.load(reply)


Kind = TypeVar("Kind", bound=LiveServer)


@contextmanager
def live_server(kind: type[Kind]) -> Iterator[Kind]:
    """Run the server while the context lasts."""
    process = subprocess.Popen([sys.executable, str(Path(__file__).with_name("server.py"))], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield kind(int(process.stdout.readline()))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
