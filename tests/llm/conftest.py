"""The test server as a process, a rubric of every kind of criterion, and graders that speak to the server over HTTP."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.llm.live import LiveServer, live_server

from clearbar.grading.llm import Ledger, LlmGrader, MemoryLedger
from clearbar.rubric import Rubric
from clearbar.settings import LlmSettings
from clearbar.transcript import RedactedTranscript, Role, Turn

ROOT = Path(__file__).parents[2]
PROMPTS = ROOT / "prompts"


@pytest.fixture(scope="session")
def server_process() -> Iterator[LiveServer]:
    with live_server(LiveServer) as server:
        yield server


@pytest.fixture
def server(server_process: LiveServer) -> LiveServer:
    """The server as new."""
    server_process.control(
        reset=True,
        latency=0,
        jitter=0,
        seed=1,
        key="",
        models=[],
        returned_model="",
        unsupported=[],
        ignored=[],
        faults={},
        retry_after="0.05",
        script=[],
        quota=-1,
        headers={},
        odd="",
        gullible="",
        obeys={},
        noise=0,
        context=0,
        batch_seconds=0,
        batch_faults={},
        batch_status="completed",
        no_batches=False,
        lost_downloads=0,
        drafts=[],
        down=False,
    )
    return server_process


def make_rubric(**changes: Any) -> Rubric:
    """A rubric with a three-level and a yes/no scale, a criterion that always applies, and one under a condition."""
    made: dict[str, Any] = {
        "name": "small",
        "version": "1",
        "title": "A small rubric",
        "about": "For tests.",
        "instructions": ["Judge the agent alone."],
        "scales": [
            {
                "id": "bar",
                "levels": [
                    {"id": "below", "name": "Below", "points": 0, "fails": True},
                    {"id": "clears", "name": "Clears", "points": 80},
                    {"id": "vaults", "name": "Vaults", "points": 100},
                ],
            },
            {
                "id": "yes_no",
                "levels": [{"id": "no", "name": "No", "points": 0, "fails": True}, {"id": "yes", "name": "Yes", "points": 100}],
            },
        ],
        "sections": [{"id": "manner", "name": "Manner"}, {"id": "matter", "name": "Matter"}],
        "criteria": [
            {
                "id": "courtesy",
                "name": "Courtesy",
                "asks": "Was the agent polite?",
                "scale": "bar",
                "section": "manner",
                "weight": 2,
                "gate": "conversation",
                "applies": {"when": "always"},
                "levels": {"below": "Rude.", "clears": "Polite.", "vaults": "Warm."},
            },
            {
                "id": "closing",
                "name": "Closing",
                "asks": "Did it end well?",
                "scale": "bar",
                "section": "manner",
                "weight": 1,
                "parts": "last",
                "applies": {"when": "the talk reaches its end"},
                "levels": {"below": "Breaks off.", "clears": "Takes leave.", "vaults": "Sums up."},
                "examples": [{"level": "clears", "passage": "Anything else today?", "why": "Asks whether anything is left."}],
            },
            {
                "id": "identity",
                "name": "Identity",
                "asks": "Was the customer's identity checked?",
                "scale": "yes_no",
                "section": "matter",
                "weight": 1,
                "applies": {"when": "account data are touched"},
                "levels": {"no": "Not asked.", "yes": "Asked and checked."},
            },
            {
                "id": "disclosure",
                "name": "Disclosure",
                "asks": "Was the fee named?",
                "scale": "yes_no",
                "section": "matter",
                "weight": 1,
                "parts": "best",
                "applies": {"when": "the identity was checked", "condition": {"criterion": "identity", "levels": ["yes"]}},
                "levels": {"no": "Not named.", "yes": "Named."},
            },
        ],
        "bands": [{"id": "below", "name": "Below"}, {"id": "clears", "name": "Clears", "from_score": 70}],
    }
    return Rubric.model_validate(made | changes)


@pytest.fixture
def rubric() -> Rubric:
    return make_rubric()


WORDS = (
    "Good morning, my parcel from last week has not arrived and I need it before Friday, please.",
    "Thank you for telling us, I am looking into the tracking of your parcel right now.",
    "It was meant as a gift, so this is really annoying for me.",
    "I understand, that must be upsetting; the parcel waits at the depot and comes tomorrow before noon.",
    "And if it does not come?",
    "Then I will send a second one at once without any cost, you will hear from me tomorrow at two.",
)


def make_transcript(id: str = "one", *, words: tuple[str, ...] = WORDS, times: bool = True, **changes: Any) -> RedactedTranscript:
    """A conversation in which customer and agent take turns; its id is part of its words, so that each one differs."""
    roles = (Role.CUSTOMER, Role.AGENT)
    turns = tuple(
        Turn(role=roles[place % 2], text=f"{text} ({id})" if place == 0 else text, time=45.0 * place if times else None)
        for place, text in enumerate(words)
    )
    return RedactedTranscript(**({"source": "test", "id": id, "turns": turns, "channel": "chat"} | changes))


MakeGrader = Callable[..., LlmGrader]


@pytest.fixture
def make_grader(server: LiveServer, rubric: Rubric) -> Iterator[MakeGrader]:
    """Makes graders that are closed when the test ends."""
    made: list[LlmGrader] = []

    def make(*, ledger: Ledger | None = None, replicate: str = "", rubric: Rubric = rubric, run: str = "", **settings: Any) -> LlmGrader:
        given = LlmSettings(**({"model": "test-model", "base_url": server.url, "timeout": 10, "outage_patience": 1} | settings))
        grader = LlmGrader(
            rubric, given, secret=b"secret", ledger=ledger or MemoryLedger(), prompt_folder=PROMPTS, replicate=replicate, run=run
        )
        made.append(grader)
        return grader

    yield make
    for grader in made:
        grader.close()
