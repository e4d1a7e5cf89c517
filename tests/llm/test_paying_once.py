import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.llm.live import LiveServer

from clearbar.grading.llm import Ledger, MemoryLedger
from clearbar.grading.llm.desk import Desk
from clearbar.grading.llm.ledger import RateLimit, RawReply, Spend
from clearbar.grading.llm.reply import Reader, Reading
from clearbar.store import Store
from clearbar.store.ledger import StoreLedger
from clearbar.transcript import RedactedTranscript
from clearbar.verdict import Grade, GradeFailure

from .conftest import PROMPTS, MakeGrader, make_transcript

CHILD = """
import sys, json
from pathlib import Path
from clearbar.grading.llm import LlmGrader
from clearbar.rubric import Rubric
from clearbar.settings import LlmSettings
from clearbar.store import Store
from clearbar.store.ledger import StoreLedger
from clearbar.transcript import RedactedTranscript

told = json.loads(Path(sys.argv[1]).read_text())
batch = [RedactedTranscript.model_validate(item) for item in told["batch"]]
settings = LlmSettings.model_validate(told["settings"])
with Store.open(Path(told["store"])) as store:
    with LlmGrader(
        Rubric.model_validate(told["rubric"]), settings, secret=b"secret", ledger=store.ledger, prompt_folder=Path(told["prompts"])
    ) as grader:
        print("ready", flush=True)
        grader.grade(batch)
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store.db") as store:
        yield store


@pytest.fixture(params=["memory", "store"])
def ledger(request: pytest.FixtureRequest) -> Ledger:
    if request.param == "memory":
        return MemoryLedger()
    made: Store = request.getfixturevalue("store")
    return made.ledger


def batch(count: int) -> list[RedactedTranscript]:
    return [make_transcript(f"talk {number}") for number in range(count)]


def paid(server: LiveServer) -> int:
    return sum(server.stats()["answered"].values())


def test_what_was_asked_is_not_asked_again(server: LiveServer, make_grader: MakeGrader, ledger: Ledger) -> None:
    first = make_grader(ledger=ledger).grade(batch(5))
    assert make_grader(ledger=ledger).grade(batch(5)) == first
    assert paid(server) == 5


def test_a_replicate_another_model_or_another_text_is_really_asked(server: LiveServer, make_grader: MakeGrader, ledger: Ledger) -> None:
    make_grader(ledger=ledger).grade(batch(2))
    make_grader(ledger=ledger, replicate="night 2").grade(batch(2))
    make_grader(ledger=ledger, model="other").grade(batch(2))
    make_grader(ledger=ledger).grade([make_transcript("new")])
    assert paid(server) == 7


def test_the_same_conversation_twice_in_a_batch_is_asked_once(server: LiveServer, make_grader: MakeGrader) -> None:
    one, two = make_grader().grade([make_transcript(), make_transcript()])
    assert one == two
    assert paid(server) == 1


def test_two_graders_that_are_given_the_same_at_once_ask_once(server: LiveServer, make_grader: MakeGrader, ledger: Ledger) -> None:
    server.control(latency=0.2)
    results: list[list[Grade | GradeFailure]] = []
    graders = [make_grader(ledger=ledger) for _ in range(3)]
    threads = [threading.Thread(target=lambda grader=grader: results.append(grader.grade(batch(8)))) for grader in graders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results[0] == results[1] == results[2]
    assert paid(server) == 8


def test_a_reply_that_could_not_be_read_is_asked_anew_by_the_next_run_and_only_once_by_each(
    server: LiveServer, make_grader: MakeGrader, ledger: Ledger
) -> None:
    server.control(faults={"prose": 1.0})
    for run in range(1, 4):
        [failure] = make_grader(ledger=ledger).grade([make_transcript()])
        assert isinstance(failure, GradeFailure)
        assert paid(server) == 2 * run
    server.control(faults={})
    [grade] = make_grader(ledger=ledger).grade([make_transcript()])
    assert isinstance(grade, Grade)
    assert make_grader(ledger=ledger).grade([make_transcript()]) == [grade]


class BrokenReader(Reader):
    """A reader with a fault: it cannot read anything."""

    def read(self, reply: RawReply, *rest: Any) -> Reading:
        return super().read(reply.model_copy(update={"content": "?"}), *rest)


def test_a_mended_reader_reads_stored_replies_without_a_call(server: LiveServer, make_grader: MakeGrader, ledger: Ledger) -> None:
    broken = make_grader(ledger=ledger)
    broken._make_asker()._reader = BrokenReader(broken.rubric)
    assert all(isinstance(result, GradeFailure) for result in broken.grade(batch(4)))
    before = paid(server)
    assert all(isinstance(result, Grade) for result in make_grader(ledger=ledger).grade(batch(4)))
    assert paid(server) == before


def start(tmp_path: Path, server: LiveServer, rubric: Any, count: int, **settings: Any) -> "subprocess.Popen[str]":
    told = {
        "batch": [item.model_dump(mode="json") for item in batch(count)],
        "rubric": rubric.model_dump(mode="json"),
        "store": str(tmp_path / "store.db"),
        "prompts": str(PROMPTS),
        "settings": {"model": "test-model", "base_url": server.url, "in_flight": 8, **settings},
    }
    file = tmp_path / f"told-{time.monotonic_ns()}.json"
    file.write_text(json.dumps(told))
    return subprocess.Popen([sys.executable, "-c", CHILD, str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_until(holds: Callable[[], bool]) -> None:
    for _ in range(600):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError


@pytest.mark.parametrize("after", [1, 17, 40])
def test_killed_at_any_moment_a_run_repeats_at_most_what_was_in_flight(
    server: LiveServer, make_grader: MakeGrader, rubric: Any, tmp_path: Path, after: int
) -> None:
    server.control(latency=0.05)
    process = start(tmp_path, server, rubric, 60)
    wait_until(lambda: paid(server) >= after)
    process.kill()
    process.communicate()
    with Store.open(tmp_path / "store.db") as store:
        results = make_grader(ledger=store.ledger, in_flight=8).grade(batch(60))
    assert all(isinstance(result, Grade) for result in results)
    assert 60 <= paid(server) <= 60 + 8


def test_an_interrupted_run_keeps_the_replies_of_calls_under_way(
    server: LiveServer, make_grader: MakeGrader, rubric: Any, tmp_path: Path
) -> None:
    server.control(latency=0.3)
    process = start(tmp_path, server, rubric, 40)
    wait_until(lambda: paid(server) >= 8)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert "KeyboardInterrupt" in errors
    assert paid(server) < 40
    with Store.open(tmp_path / "store.db") as store:
        make_grader(ledger=store.ledger, in_flight=8).grade(batch(40))
    assert paid(server) == 40


@pytest.mark.parametrize(
    ("control", "settings"),
    [
        ({"faults": {"429": 1.0}, "retry_after": "100"}, {}),
        ({"headers": {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "60s"}}, {"in_flight": 1}),
        ({}, {"requests_per_minute": 1}),
        ({"faults": {"500": 1.0}}, {"outage_patience": 100.0, "attempts": 20}),
        ({"batch_seconds": 100}, {"mode": "batch", "batch_poll": 100.0}),
    ],
    ids=["the server asked for it", "its minute is used up", "ours is used up", "the server is away", "a batch takes long"],
)
def test_calls_that_wait_to_be_sent_end_as_soon_as_the_run_is_interrupted(
    server: LiveServer, make_grader: MakeGrader, monkeypatch: pytest.MonkeyPatch, control: dict[str, Any], settings: dict[str, Any]
) -> None:
    monkeypatch.setattr("clearbar.grading.llm.grader.GRACE", 100.0)
    server.control(**control)
    grader = make_grader(timeout=100.0, **settings)
    wait = grader.begin(batch(12))
    time.sleep(2)  # by then, all calls wait
    results: list[Grade | GradeFailure] = []
    waiting = threading.Thread(target=lambda: results.extend(wait()), daemon=True)
    waiting.start()
    grader.interrupt()
    waiting.join(30)
    assert {result.reason for result in results if isinstance(result, GradeFailure)} == {"failed:interrupted"}
    assert len(results) == 12


def test_a_grader_that_is_closed_before_its_calls_are_waited_for_keeps_their_replies_and_no_claim(
    server: LiveServer, make_grader: MakeGrader, ledger: Ledger
) -> None:
    server.control(latency=0.3)
    grader = make_grader(ledger=ledger, in_flight=8)
    keys = [grader.key(item) for item in batch(40)]
    grader.begin(batch(40))
    wait_until(lambda: server.stats()["requests"] >= 8)
    grader.close()
    kept = {reply.grade_key for reply in ledger.replies(keys)}
    assert 8 <= len(kept) == paid(server) < 40
    assert ledger.claim(keys, "another", 60) == {}
    ledger.release(keys, "another")
    assert all(isinstance(result, Grade) for result in make_grader(ledger=ledger).grade(batch(40)))
    assert paid(server) == 40


def test_replies_that_wait_behind_others_are_stored_when_everything_closes() -> None:
    slow = threading.Event()

    class Slow(MemoryLedger):
        def commit(self, replies: Sequence[RawReply]) -> None:
            slow.wait(5)
            super().commit(replies)

    ledger = Slow()
    desk = Desk(ledger)

    def reply(key: str) -> RawReply:
        return RawReply(grade_key=key, request="0", text_hash="text", grader="llm", model="test-model", at=datetime.now(UTC))

    async def give_up() -> None:
        waits = [asyncio.create_task(desk.commit(reply(key))) for key in ("one", "two")]
        await asyncio.sleep(0)
        waits.append(asyncio.create_task(desk.commit(reply("three"))))
        await asyncio.sleep(0)
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)

    asyncio.run(give_up())
    threading.Timer(0.2, slow.set).start()
    desk.close()
    assert {reply.grade_key for reply in ledger.replies(["one", "two", "three"])} == {"one", "two", "three"}


def test_a_grader_that_is_closed_waits_no_longer_than_a_call_may_take_and_gives_its_claims_back(
    server: LiveServer, make_grader: MakeGrader, ledger: Ledger
) -> None:
    server.control(down=True)
    grader = make_grader(ledger=ledger, timeout=1, outage_patience=600)
    keys = [grader.key(item) for item in batch(40)]
    grader.begin(batch(40))
    wait_until(lambda: len(ledger.claim(keys, "another", -1)) == len(keys))
    grader.close()
    assert ledger.claim(keys, "another", 60) == {}


def test_claims_of_a_dead_process_are_taken_over_at_once_and_of_a_live_one_waited_for(ledger: Ledger) -> None:
    assert ledger.claim(["a", "b"], "one", 60) == {}
    assert ledger.claim(["b", "c"], "two", 60) == {"b": "one"}
    ledger.release(["a", "b"], "two")
    assert ledger.claim(["a"], "two", 60) == {"a": "one"}
    ledger.release(["a", "b"], "one")
    assert ledger.claim(["a", "b"], "two", 60) == {}


def test_a_lapsed_lease_is_no_claim(ledger: Ledger) -> None:
    ledger.claim(["a"], "one", -1)
    assert ledger.claim(["a"], "two", 60) == {}


def test_a_grader_takes_over_what_a_dead_process_had_claimed(server: LiveServer, make_grader: MakeGrader, ledger: Ledger) -> None:
    grader = make_grader(ledger=ledger, lease=3600)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    ledger.claim([grader.key(item) for item in batch(3)], f"{os.uname().nodename}/{dead.pid}/x", 3600)
    assert all(isinstance(result, Grade) for result in grader.grade(batch(3)))
    assert paid(server) == 3


def test_what_is_spent_stays_within_the_limit_and_corrections_always_fit(ledger: Ledger) -> None:
    limit = Spend(calls=3, usd=1.0)
    assert all(ledger.spend("b", Spend(calls=1, tokens=500, usd=0.1), limit) for _ in range(3))
    assert not ledger.spend("b", Spend(calls=1), limit)
    assert ledger.spend("b", Spend(calls=-1, usd=-0.05), limit)
    assert not ledger.spend("b", Spend(calls=1, usd=0.9), limit)
    assert ledger.spend("b", Spend(calls=1, usd=0.7), limit)
    assert ledger.spend("other", Spend(calls=3), limit)


def test_a_minutes_worth_may_go_at_once_and_what_is_beyond_it_waits(store: Store) -> None:
    limit = RateLimit(requests=60, tokens=None)
    for ledger in (MemoryLedger(clock=lambda: 1000.0), StoreLedger(store, clock=lambda: 1000.0)):
        assert [ledger.take("m", 1, 10**6, limit) for _ in range(60)] == pytest.approx([0.0] * 60)
        assert [ledger.take("m", 1, 0, limit) for _ in range(3)] == pytest.approx([1.0, 2.0, 3.0])
        assert ledger.take("n", 1, 0, limit) == 0
