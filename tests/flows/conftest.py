"""Prefect for tests: a temporary server once a session, and a real one with a worker for schedules."""

import os
import runpy
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_LOGGING_LEVEL": "ERROR",
}


@pytest.fixture(scope="session")
def prefect_harness() -> Iterator[None]:
    """A temporary Prefect database and server for flows that tests call."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    from prefect.testing.utilities import prefect_test_harness  # noqa: PLC0415 - Prefect reads its settings when it is imported

    with prefect_test_harness(server_startup_timeout=120):
        yield


def load_flow(name: str) -> Any:
    """Return a flow from the project's folder."""
    return runpy.run_path(str(ROOT / "flows" / f"{name}.py"))[name]


class PrefectServer:
    """A Prefect server as a process of its own, with a home of its own."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")},
            **QUIET,
            "PREFECT_HOME": str(home),
            "PREFECT_API_URL": f"http://127.0.0.1:{self.port}/api",
            "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "2",
            "CLEARBAR_PROJECT": str(ROOT),
            "CLEARBAR_STATE_DIR": str(home / "state"),
        }
        self._processes: list[subprocess.Popen[bytes]] = []

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run Prefect's command line against the server."""
        done = subprocess.run(
            [sys.executable, "-m", "prefect", *words], env=self.environ, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def begin(self, *words: str) -> None:
        """Start one of Prefect's long-lived commands."""
        self._processes.append(
            subprocess.Popen(
                [sys.executable, "-m", "prefect", *words], env=self.environ, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        )

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self.begin("server", "start", "--host", "127.0.0.1", "--port", str(self.port))
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.environ['PREFECT_API_URL']}/health", timeout=5):  # noqa: S310
                    return
            except (OSError, urllib.error.URLError):
                time.sleep(0.5)
        raise TimeoutError("the Prefect server did not come up")

    def stop(self) -> None:
        """End all that was started here."""
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    server = PrefectServer(tmp_path_factory.mktemp("prefect"))
    try:
        server.start()
        yield server
    finally:
        server.stop()
