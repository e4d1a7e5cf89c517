"""The LLM grader's ledger: asked once, paid once, never over budget, whoever else uses the store."""

import random
from datetime import timedelta

import pytest
from tests.store.made import START

from clearbar.grading.llm.ledger import BatchJob, JobState, Ledger, RateLimit, RawReply, Spend
from clearbar.grading.llm.memory import MemoryLedger
from clearbar.store import Store
from clearbar.store.ledger import StoreLedger
from clearbar.verdict import Usage


class Clock:
    """A clock that only the test moves."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(store: Store, clock: Clock) -> Ledger:
    return StoreLedger(store, clock)


def made_reply(key: str = "k", request: str = "1", *, minute: int = 0, content: str | None = "{}") -> RawReply:
    return RawReply(
        grade_key=key,
        request=request,
        text_hash="t" * 64,
        grader="llm-1",
        model="model-2026",
        system_fingerprint="fp",
        content=content,
        finish_reason="stop",
        usage=Usage(calls=1, input_tokens=700, cached_tokens=600, output_tokens=90, cost_usd=0.0021),
        seconds=1.25,
        at=START + timedelta(minutes=minute),
    )


def test_a_key_has_one_holder_until_it_is_released(ledger: Ledger) -> None:
    assert ledger.claim(["a", "b"], "one", 60) == {}
    assert ledger.claim(["b", "c"], "two", 60) == {"b": "one"}
    assert ledger.claim(["c", "a"], "one", 60) == {"c": "two"}
    ledger.release(["b", "c"], "one")
    assert ledger.claim(["b", "c"], "three", 60) == {"c": "two"}


def test_a_lease_lapses_unless_it_is_renewed(ledger: Ledger, clock: Clock) -> None:
    ledger.claim(["a", "b"], "one", 60)
    clock.now += 40
    ledger.claim(["a"], "one", 60)
    clock.now += 20
    assert ledger.claim(["a", "b"], "two", 60) == {"a": "one"}


def test_thousands_of_keys_are_claimed_at_once(ledger: Ledger) -> None:
    keys = [f"{number:064}" for number in range(40_000)]
    assert ledger.claim(keys, "one", 60) == {}
    assert len(ledger.claim(keys, "two", 60)) == 40_000
    ledger.release(keys, "one")
    assert ledger.claim(keys, "two", 60) == {}


def test_a_reply_comes_back_word_for_word(ledger: Ledger) -> None:
    given = [made_reply(request="1", content='{"a": "\x00 ü 👍"}'), made_reply(request="2", minute=1, content=None)]
    given.append(
        given[0].model_copy(update={"request": "3", "at": START + timedelta(minutes=2), "refusal": "No.\n", "finish_reason": None})
    )
    ledger.commit(given[::-1])
    assert ledger.replies(["k"]) == given
    assert ledger.replies(["other"]) == []


def test_a_reply_that_is_there_already_stays_as_it_is(ledger: Ledger) -> None:
    ledger.commit([made_reply(content="first")])
    ledger.commit([made_reply(content="second"), made_reply("k2", content="third", minute=3)])
    assert [reply.content for reply in ledger.replies(["k2", "k"])] == ["first", "third"]


def test_a_budget_is_never_exceeded_and_corrections_always_fit(ledger: Ledger) -> None:
    limit = Spend(calls=3, tokens=1000, usd=0.5)
    assert ledger.spend("day", Spend(calls=1, tokens=900, usd=0.1), limit)
    assert not ledger.spend("day", Spend(calls=1, tokens=101), limit)
    assert ledger.spend("day", Spend(tokens=-500, usd=-0.05), limit)
    assert ledger.spend("day", Spend(calls=2, tokens=600, usd=0.45), limit)
    assert not ledger.spend("day", Spend(calls=1), limit)
    assert ledger.spend("day", Spend(calls=1), Spend())
    assert ledger.spend("another day", Spend(calls=3), limit)


def test_what_a_budget_has_spent_can_be_told(store: Store) -> None:
    assert store.ledger.spent("day") == Spend(calls=0, tokens=0, usd=0.0)
    store.ledger.spend("day", Spend(calls=1, tokens=900, usd=0.1), Spend())
    assert store.ledger.spent("day") == Spend(calls=1, tokens=900, usd=0.1)


def test_rates_are_those_of_the_ledger_in_memory(ledger: Ledger, clock: Clock) -> None:
    other, draw = MemoryLedger(clock), random.Random(7)
    limit = RateLimit(requests=60, tokens=9000)
    waits = []
    for _ in range(200):
        asked = draw.randrange(1, 3), draw.randrange(0, 900)
        waits.append(ledger.take("b", *asked, limit))
        assert waits[-1] == pytest.approx(other.take("b", *asked, limit))
        clock.now += draw.random() * 3
    assert max(waits) > 0
    assert ledger.take("fresh", 1, 1, limit) == 0
    assert ledger.take("fresh", 9, 9, RateLimit()) == 0


def test_open_batch_jobs_are_listed_oldest_first_and_replaced_by_id(ledger: Ledger) -> None:
    jobs = [
        BatchJob(
            id=f"j{number}", grader="llm-1", state=JobState.PREPARED, requests={"c": ("k", "r", "t")}, at=START + timedelta(hours=-number)
        )
        for number in range(3)
    ]
    for job in jobs:
        ledger.save_job(job)
    ledger.save_job(jobs[0].model_copy(update={"id": "x", "grader": "llm-2"}))
    submitted = jobs[1].model_copy(update={"state": JobState.SUBMITTED, "batch_id": "b1"})
    ledger.save_job(submitted)
    ledger.save_job(jobs[2].model_copy(update={"state": JobState.COLLECTED}))
    assert ledger.jobs("llm-1") == [submitted, jobs[0]]
