import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from argon2 import PasswordHasher
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.postgres import new_database, postgres_server

from clearbar.project import Project
from clearbar.review import create_app
from clearbar.review.accounts import Accounts
from clearbar.rubric import Rubric
from clearbar.rubric_file import open_rubric
from clearbar.settings import ReviewSettings, Settings
from clearbar.store import Item, Outcome, Sampled, StaffRole, Store
from clearbar.transcript import RedactedTranscript, Role, Turn
from clearbar.verdict import Evidence, Grade, GradedBy, Verdict, grade_key

QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
"""Safe parameters would cost a second a test."""
PASSWORD = "correct horse {}"
START = datetime(2026, 11, 2, 9, tzinfo=UTC)
SECRET = "because-of-the-grader"
"""Stands in every rationale: what must not be seen before a commit."""
PEOPLE = {
    "ada": (StaffRole.ADMIN, ("*",), None),
    "lea": (StaffRole.LEAD, ("*",), None),
    "leo": (StaffRole.LEAD, ("*",), None),
    "rex": (StaffRole.REVIEWER, ("*",), None),
    "rita": (StaffRole.REVIEWER, ("*",), None),
    "tom": (StaffRole.TEAM_LEAD, ("parcels",), None),
    "ann": (StaffRole.AGENT, (), "agent-ann"),
    "otto": (StaffRole.AUDITOR, (), None),
    "vera": (StaffRole.VIEWER, ("parcels",), None),
}


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with postgres_server() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a new store may be made, on each engine in turn."""
    if request.param == "postgres":
        with new_database(str(request.getfixturevalue("server"))) as made:
            yield made
    else:
        yield f"sqlite:///{tmp_path / 'review.db'}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "review.db"


@pytest.fixture
def rubric(project: Project) -> Rubric:
    return open_rubric("service_bar", project)


@pytest.fixture(scope="session")
def peopled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with everybody in it, made once: making the tables and hashing passwords takes longer than most tests."""
    made = tmp_path_factory.mktemp("peopled") / "review.db"
    with Store.open(made) as store:
        add_people(store)
    return made


@pytest.fixture
def store(file: Path, peopled: Path) -> Iterator[Store]:
    """A store of one's own with everybody in it."""
    shutil.copy(peopled, file)
    with Store.open(file) as opened:
        yield opened


@pytest.fixture
def settings(file: Path) -> Settings:
    return Settings(store_url=f"sqlite:///{file}", review=ReviewSettings(double_share=0))


def talk(number: int, *, team: str = "parcels", agent: str = "agent-ann", turns: tuple[Turn, ...] = ()) -> RedactedTranscript:
    spoken = turns or (
        Turn(role=Role.CUSTOMER, text=f"My parcel {number} has not come, and I am at a loss.", time=0),
        Turn(role=Role.AGENT, text="I am sorry. Let me look into it for you, [NAME_1].", time=20, agent=agent),
        Turn(role=Role.CUSTOMER, text="Thank you.", time=200),
        Turn(role=Role.AGENT, text="It will be with you by Friday. Is there anything else?", time=230, agent=agent),
    )
    fields = {"source": "desk", "id": f"c{number}", "team": team, "channel": "chat", "customer": f"customer-{number}"}
    return RedactedTranscript(**fields, started_at=START + timedelta(hours=number), turns=spoken)


def verdicts(transcript: RedactedTranscript, rubric: Rubric, failing: tuple[str, ...] = ()) -> tuple[Verdict, ...]:
    words = transcript.turns[1].text if len(transcript.turns) > 1 else transcript.turns[0].text
    turn = min(1, len(transcript.turns) - 1)
    return tuple(
        Verdict(
            criterion=item.id,
            level="below" if item.id in failing else "clears",
            agent=transcript.agent,
            graded_by=GradedBy.RULES,
            grader="rules-1",
            rationale=f"{SECRET} {item.id}",
            evidence=(Evidence(turn=turn, start=0, end=min(11, len(words)), quote=words[:11]),),
        )
        for item in rubric.criteria
    )


def fill(store: Store, rubric: Rubric, talks: list[tuple[RedactedTranscript, tuple[str, ...]]], *, sample: bool = True) -> None:
    """Grade conversations, failing some criteria, and draw all of them for review."""
    run = store.start_run(rubric=rubric, asked="rules")
    items = []
    for one, failing in talks:
        given = verdicts(one, rubric, failing)
        grade = Grade(
            key=grade_key(one.text_hash, "r", "rules-1", one.id),
            text_hash=one.text_hash,
            graded_by=GradedBy.RULES,
            grader="rules-1",
            verdicts=given,
        )
        items.append(
            Item(source=one.source, place=one.id, id=one.id, outcome=Outcome.GRADED, transcript=one, grades=(grade,), verdicts=given)
        )
    store.save_batch(run, items)
    store.finish_run(run.id)
    if sample:
        store.add_samples(
            [
                Sampled(run=run.id, source=one.source, id=one.id, text_hash=one.text_hash, probability=0.25, why=f"{SECRET} sampled")
                for one, _ in talks
            ]
        )


def add_people(store: Store) -> None:
    accounts = Accounts(store, hours=1, hasher=QUICK)
    for name, (role, teams, agent) in PEOPLE.items():
        accounts.add(name, role=role, password=PASSWORD.format(name), teams=teams, agent=agent, shown=name.title(), by="tests")


@dataclass
class Browser:
    """Somebody who is signed in, over HTTP."""

    client: TestClient
    name: str

    def get(self, address: str) -> Any:
        return self.client.get(address)

    @property
    def csrf(self) -> str:
        found = re.search(r'name="csrf" value="(\w+)"', self.client.get("/notices").text)
        assert found
        return found[1]

    def post(self, address: str, **fields: str | list[str]) -> Any:
        return self.client.post(address, data={"csrf": self.csrf, **fields})

    def put(self, address: str, body: object) -> Any:
        return self.client.put(address, content=json.dumps(body), headers={"x-csrf": self.csrf})

    def take(self) -> int:
        """Take the next item and return its number."""
        return int(str(self.post("/queue/next").headers["location"]).rsplit("/", 1)[1])

    def grade(self, number: int, rubric: Rubric, *, levels: dict[str, str] | None = None, notes: dict[str, str] | None = None) -> None:
        """Put down a level for every criterion: `clears` unless told otherwise."""
        for item in rubric.criteria:
            body = {"level": (levels or {}).get(item.id, "clears"), "note": (notes or {}).get(item.id, ""), "spans": [], "version": 0}
            assert self.put(f"/reviews/{number}/drafts/{item.id}", body).status_code == 200

    def commit(self, number: int, rubric: Rubric, **put_down: dict[str, str]) -> Any:
        self.grade(number, rubric, **put_down)
        return self.post(f"/reviews/{number}/commit")


@pytest.fixture
def app(project: Project, settings: Settings, store: Store) -> FastAPI:
    return create_app(project, settings, store, hasher=QUICK)


@pytest.fixture
def sign_in(app: FastAPI) -> Iterator["SignIn"]:
    opened: list[TestClient] = []
    yield SignIn(app, opened)
    for client in opened:
        client.close()


@dataclass
class SignIn:
    """Signs people in."""

    app: FastAPI
    opened: list[TestClient]

    def __call__(self, name: str) -> Browser:
        client = TestClient(self.app, base_url="http://127.0.0.1", follow_redirects=False)
        self.opened.append(client)
        answer = client.post("/sign-in", data={"name": name, "password": PASSWORD.format(name), "next": "/"})
        assert answer.status_code == 303, answer.text
        return Browser(client, name)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(url: str) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """Yield the address of a real server over a store, and its process, which may be killed."""
    port = free_port()
    process = subprocess.Popen([sys.executable, str(Path(__file__).with_name("serve.py")), url, str(port)])
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            assert process.poll() is None, "the server ended at once"
            try:
                httpx.get(f"{address}/sign-in", timeout=5)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield address, process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def room(app: FastAPI) -> Iterator[str]:
    """The address of a real server over the store."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", access_log=False, lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server ended at once"
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()
