"""What the benchmarks of the LLM grader share: the test server as a process, conversations, graders, figures of this machine."""

import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from clearbar.grading.llm import Ledger, LlmGrader
from clearbar.rubric import Rubric
from clearbar.rubric_file import load_rubric
from clearbar.settings import LlmSettings
from clearbar.sources import open_source
from clearbar.sources.mapping import FieldMap
from clearbar.store import Store
from clearbar.transcript import RedactedTranscript, Role, Transcript
from clearbar.verdict import Grade, GradeFailure

__all__ = [
    "IN_FLIGHT",
    "LATENCY",
    "ROOT",
    "TIMEOUT",
    "Server",
    "conversations",
    "cpu",
    "grader",
    "load",
    "opened",
    "rubric",
    "running",
    "settled",
    "slices",
    "wilson",
    "wrong_levels",
]

ROOT = Path(__file__).parents[1]
IN_FLIGHT = 64
LATENCY = 0.4
TIMEOUT = 5.0


class Server:
    """The test server as a process."""

    def __init__(self, **config: object) -> None:
        command = [sys.executable, str(ROOT / "tests/llm/server.py"), "--config", json.dumps(config)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout  # noqa: S101 - asked for above
        self.root = f"http://127.0.0.1:{int(self.process.stdout.readline())}"

    def post(self, path: str, body: object) -> Any:
        """Return the reply to a JSON request."""
        request = urllib.request.Request(f"{self.root}{path}", json.dumps(body).encode())  # noqa: S310
        with urllib.request.urlopen(request) as reply:  # noqa: S310
            return json.load(reply)

    def stats(self) -> Any:
        """Return what was asked."""
        with urllib.request.urlopen(f"{self.root}/stats") as reply:  # noqa: S310
            return json.load(reply)

    def cpu(self) -> float:
        """Return the seconds of processor time that the process has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def running(**config: object) -> Iterator[Server]:
    """Run a server."""
    server = Server(**config)
    try:
        yield server
    finally:
        server.close()


def conversations(count: int, first: int = 0) -> list[RedactedTranscript]:
    """Return conversations of `evals/`, as often as needed, each text its own by its number."""
    source = open_source(str(ROOT / "evals/conversations"), FieldMap(), root=ROOT, notice=lambda _: None)
    read = [item for _, item in source.pull() if isinstance(item, Transcript)]
    made = []
    for number in range(first, first + count):
        one = read[number % len(read)]
        opening = one.turns[0].model_copy(update={"text": f"{one.turns[0].text} ({number})"})
        made.append(
            RedactedTranscript.model_validate(
                one.model_dump(exclude={"replaced", "turns", "id"}) | {"id": f"{one.id}-{number}", "turns": (opening, *one.turns[1:])}
            )
        )
    return made


def rubric() -> Rubric:
    """Return the rubric that ships."""
    return load_rubric(ROOT / "rubrics/service_bar.yaml")


def grader(server: str, ledger: Ledger, **settings: Any) -> LlmGrader:
    """Return a grader on a server."""
    given = LlmSettings(**({"model": "test-model", "base_url": f"{server}/v1", "in_flight": IN_FLIGHT, "timeout": TIMEOUT} | settings))
    return LlmGrader(rubric(), given, secret=b"benchmark", ledger=ledger, prompt_folder=ROOT / "prompts")


@contextlib.contextmanager
def opened(*, settings: dict[str, Any] | None = None, **config: object) -> Iterator[tuple[Server, LlmGrader]]:
    """Run a server and a grader on a store of its own."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(running(**config))
        store = stack.enter_context(Store.open(Path(stack.enter_context(tempfile.TemporaryDirectory())) / "store.db"))
        yield server, stack.enter_context(grader(server.root, store.ledger, **(settings or {})))


def cpu() -> float:
    """Return the seconds of processor time that this process has used, all threads together."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def load() -> float:
    """Return how many processes want this machine's processors, over the last minute."""
    return round(os.getloadavg()[0], 2)


def slices(items: Sequence[RedactedTranscript], size: int) -> list[Sequence[RedactedTranscript]]:
    """Return the conversations in batches."""
    return [items[start : start + size] for start in range(0, len(items), size)]


def settled(meant: dict[str, str], item: RedactedTranscript) -> dict[str, str]:
    """Return the levels that a model meant, with those that the rubric decides by counting turns."""
    spoken = sum(turn.role is Role.AGENT for turn in item.turns)
    few = {one.id for one in rubric().criteria if (one.applies.min_agent_turns or 0) > spoken}
    return meant | dict.fromkeys(few & set(meant), "not_applicable")


def wrong_levels(result: Grade | GradeFailure, meant: dict[str, str]) -> int:
    """Return how many levels differ from what the model meant; a failure is no level."""
    if isinstance(result, GradeFailure):
        return 0
    said = {
        verdict.criterion: "abstain" if verdict.reason == "abstained" else verdict.level
        for verdict in result.verdicts
        if not verdict.failed
    }
    return sum(level != meant[id] for id, level in said.items())


def wilson(hits: float, total: float, z: float = 1.96) -> tuple[float, float]:
    """Return Wilson's interval of a share."""
    share, square = hits / total, z * z
    centre, half = share + square / (2 * total), z * (share * (1 - share) / total + square / (4 * total * total)) ** 0.5
    return max(0.0, (centre - half) / (1 + square / total)), (centre + half) / (1 + square / total)
