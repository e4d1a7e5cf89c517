"""How the reviewers' room holds out: 50 reviewers who save for a minute, and pages of long conversations.

    python benchmarks/review.py [--postgres | --url postgresql://…] [--users 50] [--seconds 60]

Prints one JSON object: saves, errors, median and p95 of a save, the median bare insert into the same database while the reviewers
work, their ratio, what is missing afterwards, and what a page of 500 turns costs beside one of 20. Exits 1 where a bar is missed.
A SQLite file in a temporary folder is used unless told otherwise; `--postgres` starts a server. Sign-ins happen before the window.
"""

# ruff: noqa: PLC0415 - locust loads this file too, and must patch sockets before anything else is imported

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CRITERIA = 15
SAVE, PAGE = "save", "page"
RATIO, PAGES = 20, 10
"""Bars: a save against a bare insert, a page of 500 turns against one of 20."""


def main() -> int:
    """Fill a store, serve it, let locust drive it, and print what came of it."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--url")
    asked.add_argument("--users", type=int, default=50)
    asked.add_argument("--seconds", type=int, default=60)
    asked.add_argument("--postgres", action="store_true")
    given = asked.parse_args()
    if not given.postgres:
        return measure(given.url, given.users, given.seconds)
    sys.path.insert(0, str(ROOT))
    from tests.postgres import new_database, postgres_server

    with postgres_server() as server, new_database(server) as url:
        return measure(url, given.users, given.seconds)


def measure(asked: str | None, users: int, seconds: int) -> int:
    """Measure on one store and return the exit code."""
    with tempfile.TemporaryDirectory(prefix="clearbar-review-") as folder:
        url = asked or f"sqlite:///{folder}/review.db"
        numbers = prepare(url, users)
        port = 8600 + random.randrange(300)
        with Path(folder, "server.log").open("wb") as log:
            server = subprocess.Popen([sys.executable, str(ROOT / "tests/review/serve.py"), url, str(port)], stdout=log, stderr=log)
            try:
                result = drive(url, f"http://127.0.0.1:{port}", numbers, users, seconds=seconds, folder=Path(folder))
            finally:
                server.kill()
                server.wait()
        result["engine"] = url.split(":")[0]
        result["missing"] = missing(url, json.loads(Path(folder, "acknowledged.json").read_text(encoding="utf-8")))
    print(json.dumps(result, indent=2))
    fine = not result["errors"] and not result["missing"] and result["ratio"] <= RATIO and result["page_ratio"] <= PAGES
    return 0 if fine else 1


def prepare(url: str, users: int) -> list[int]:
    """Make people, one conversation for each, two for the page test, and return the numbers of the reviews."""
    from argon2 import PasswordHasher

    from clearbar.project import find_project
    from clearbar.review.accounts import Accounts
    from clearbar.rubric_file import open_rubric
    from clearbar.store import Item, Mode, Outcome, StaffRole, Store
    from clearbar.transcript import RedactedTranscript, Role, Turn

    rubric = open_rubric("service_bar", find_project(ROOT))
    with Store.open(url) as store:
        accounts = Accounts(store, hours=10, hasher=PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        run = store.start_run(rubric=rubric, asked="rules")
        numbers = []
        for place in range(users + 2):
            name = f"reviewer{place}"
            accounts.add(name, role=StaffRole.REVIEWER, password="benchmark only", by="benchmark")  # noqa: S106
            length = {users: 20, users + 1: 500}.get(place, 12)
            turns = [
                Turn(role=(Role.CUSTOMER, Role.AGENT)[turn % 2], text=f"turn {turn} of {place}: " + "words " * 15) for turn in range(length)
            ]
            talk = RedactedTranscript(source="bench", id=f"c{place}", turns=tuple(turns), started_at=datetime.now(UTC))
            store.save_batch(run, [Item(source="bench", place=talk.id, id=talk.id, outcome=Outcome.GRADED, transcript=talk, verdicts=())])
            numbers.append(store.assign_one(name, ("bench", talk.id, talk.text_hash, rubric.full_hash), mode=Mode.BLIND))
        store.finish_run(run.id)
    return numbers


def drive(url: str, host: str, numbers: list[int], users: int, *, seconds: int, folder: Path) -> dict[str, Any]:
    """Run locust in a process of its own, and bare inserts beside it; return the figures."""
    wait_for(host)
    environment = os.environ | {"REVIEW_NUMBERS": json.dumps(numbers[:users]), "REVIEW_OUT": str(folder / "acknowledged.json")}
    environment["REVIEW_SECONDS"] = str(seconds)
    command = [sys.executable, "-m", "locust", "-f", __file__, "--headless", "-u", str(users), "-r", str(users), "-H", host]
    with (folder / "locust.log").open("wb") as log:
        locust = subprocess.Popen([*command, "-t", f"{seconds + 40}s", "--only-summary"], env=environment, stdout=log, stderr=log)
        inserts = insert_while(url, locust)
    told = json.loads((folder / "acknowledged.json").read_text(encoding="utf-8"))
    times = sorted(told["milliseconds"])
    pages = page_costs(host, numbers[users:], users)
    bare = statistics.median(inserts)
    return {
        "users": users,
        "seconds": seconds,
        "saves": len(times),
        "errors": told["errors"],
        "median_ms": round(statistics.median(times), 2),
        "p95_ms": round(times[int(len(times) * 0.95)], 2),
        "bare_insert_ms": round(bare, 2),
        "ratio": round(statistics.median(times) / bare, 2),
        **pages,
    }


def insert_while(url: str, locust: "subprocess.Popen[bytes]") -> list[float]:
    """Insert single rows, each committed, while the reviewers work; return milliseconds."""
    from sqlalchemy import Column, Integer, MetaData, Table, Text

    from clearbar.store.database import Database

    bare = Table("benchmark_bare", MetaData(), Column("number", Integer, primary_key=True), Column("words", Text))
    taken = []
    with Database(url) as database:
        with database.write() as connection:
            bare.create(connection, checkfirst=True)
        time.sleep(10)  # reviewers sign in
        number = 0
        while locust.poll() is None:
            begun = time.perf_counter()
            with database.write() as connection:
                connection.execute(bare.insert().values(number=number, words="words " * 10))
            taken.append((time.perf_counter() - begun) * 1000)
            number += 1
            time.sleep(0.1)
        with database.write() as connection:
            bare.drop(connection)
    return taken


def page_costs(host: str, numbers: list[int], users: int) -> dict[str, float]:
    """Return what pages of 20 and 500 turns cost the server, in milliseconds from request to last byte on an idle server."""
    import httpx

    medians = []
    for place, number in enumerate(numbers):
        with httpx.Client(base_url=host, timeout=60) as client:
            client.post("/sign-in", data={"name": f"reviewer{users + place}", "password": "benchmark only"})
            times = []
            for _ in range(40):
                begun = time.perf_counter()
                client.get(f"/reviews/{number}").raise_for_status()
                times.append((time.perf_counter() - begun) * 1000)
        medians.append(statistics.median(times))
    short, long = medians
    return {"page_20_ms": round(short, 2), "page_500_ms": round(long, 2), "page_ratio": round(long / short, 2)}


def missing(url: str, told: dict[str, Any]) -> int:
    """Return how many acknowledged saves are not in the store."""
    from clearbar.store import Store

    lost = 0
    with Store.open(url) as store:
        for number, versions in told["versions"].items():
            drafts = store.drafts(int(number))
            lost += sum(criterion not in drafts or drafts[criterion].version < version for criterion, version in versions.items())
    return lost


def wait_for(host: str) -> None:
    """Wait until the server answers."""
    import httpx

    for _ in range(300):
        try:
            httpx.get(f"{host}/sign-in", timeout=5)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the server did not start")


if __name__ == "__main__":
    sys.exit(main())
elif "REVIEW_NUMBERS" in os.environ:  # locust loads this file again and looks for users
    from locust import FastHttpUser, between, events, task

    NUMBERS = json.loads(os.environ["REVIEW_NUMBERS"])
    SECONDS = float(os.environ["REVIEW_SECONDS"])
    WAITING = list(range(len(NUMBERS)))
    TOLD: dict[str, Any] = {"milliseconds": [], "errors": 0, "versions": {}}
    WINDOW = {"ready": 0, "begun": 0.0}

    class Reviewer(FastHttpUser):
        """Signs in, opens a review, and puts down levels and notes one after the other."""

        wait_time = between(0.5, 1.5)

        def on_start(self) -> None:
            """Sign in and open the review; the window begins when all have."""
            place = WAITING.pop()
            self.number = NUMBERS[place]
            self.versions = dict.fromkeys(range(CRITERIA), 0)
            self.client.post(
                "/sign-in", data={"name": f"reviewer{place}", "password": "benchmark only", "next": "/notices"}, name="sign in"
            )
            page = self.client.get(f"/reviews/{self.number}", name="open").text or ""
            self.csrf = page.split('data-csrf="')[1].split('"')[0]
            self.criteria = [part.split('"')[0] for part in page.split('data-criterion="')[1:]]
            WINDOW["ready"] += 1
            while WINDOW["ready"] < len(NUMBERS):
                time.sleep(0.1)
            WINDOW["begun"] = WINDOW["begun"] or time.monotonic()

        @task
        def save(self) -> None:
            """Put down a level and a note for one criterion."""
            if time.monotonic() - WINDOW["begun"] > SECONDS:
                self.environment.runner.quit()
                return
            place = random.randrange(CRITERIA)
            body = {"level": "clears", "note": f"note {random.random()}", "version": self.versions[place]}
            begun = time.perf_counter()
            address = f"/reviews/{self.number}/drafts/{self.criteria[place]}"
            answer = self.client.put(address, json=body, headers={"x-csrf": self.csrf}, name=SAVE)
            TOLD["milliseconds"].append((time.perf_counter() - begun) * 1000)
            if answer.status_code != 200:
                TOLD["errors"] += 1
                return
            self.versions[place] = answer.json()["version"]
            TOLD["versions"].setdefault(str(self.number), {})[self.criteria[place]] = self.versions[place]

    @events.quitting.add_listener  # type: ignore[untyped-decorator]
    def write_down(**_: object) -> None:
        """Write down what the server acknowledged."""
        Path(os.environ["REVIEW_OUT"]).write_text(json.dumps(TOLD), encoding="utf-8")
