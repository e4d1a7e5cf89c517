import asyncio
import email.utils
import time

import pytest

from clearbar.grading.llm.breaker import FAILURES, Breaker
from clearbar.grading.llm.faults import CallError, retry_after
from clearbar.grading.llm.limits import Pace, reset_seconds

OUTAGE = CallError("unreachable", "the connection failed", again=True, outage=True)


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def admitted(breaker: Breaker) -> bool:
    return asyncio.run(breaker.admit())


def opened(clock: Clock, patience: float = 0) -> Breaker:
    breaker = Breaker(patience, clock)
    for _ in range(FAILURES):
        breaker.fail(OUTAGE, trial=False)
    return breaker


def test_single_outages_do_not_open_the_circuit_and_a_success_forgets_them() -> None:
    breaker = Breaker(0, Clock())
    for _ in range(3):
        for _ in range(FAILURES - 1):
            breaker.fail(OUTAGE, trial=False)
        breaker.succeed()
    assert not breaker.open
    assert not admitted(breaker)


def test_outages_in_a_row_open_it_and_calls_fail_at_once() -> None:
    breaker = opened(Clock())
    assert breaker.open
    with pytest.raises(CallError, match="stopped answering"):
        admitted(breaker)


def test_after_a_pause_one_call_is_the_trial_and_its_success_closes_the_circuit() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += 2
    assert admitted(breaker)
    with pytest.raises(CallError):
        admitted(breaker)
    breaker.succeed()
    assert not admitted(breaker)


def test_a_trial_that_fails_doubles_the_pause_and_one_that_is_abandoned_leaves_room_for_the_next() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += 1
    assert admitted(breaker)
    breaker.fail(OUTAGE, trial=True)
    clock.now += 1.5
    with pytest.raises(CallError):
        admitted(breaker)
    clock.now += 1
    assert admitted(breaker)
    breaker.abandon(trial=True)
    assert admitted(breaker)


def test_what_can_never_succeed_is_not_tried_again() -> None:
    breaker = Breaker(60, Clock())
    breaker.fail(CallError("unreachable", "the provider's quota is exhausted", fatal=True), trial=False)
    with pytest.raises(CallError, match="quota"):
        admitted(breaker)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, 0),
    ],
)
def test_what_a_server_asks_to_be_left_alone_is_read(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_a_date_to_retry_after_is_read() -> None:
    wait = retry_after({"Retry-After": email.utils.formatdate(time.time() + 3600, usegmt=True)})
    assert wait is not None
    assert 3500 < wait <= 3600


@pytest.mark.parametrize(
    ("value", "seconds"), [("6m0s", 60), ("20ms", 0.02), ("1.5", 1.5), ("1s", 1), ("", 1), ("1m30s", 60), ("12.5s", 12.5), ("junk", 1)]
)
def test_resets_of_rate_headers_are_read_and_bounded(value: str, seconds: float) -> None:
    assert reset_seconds(value) == pytest.approx(seconds)


def test_an_empty_allowance_holds_calls_back_until_its_reset() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.answered({"x-ratelimit-remaining-tokens": "5000", "x-ratelimit-reset-tokens": "9s"}, 2000)
    assert pace.wait() == 0
    pace.answered({"x-ratelimit-remaining-tokens": "1000", "x-ratelimit-reset-tokens": "9s"}, 2000)
    assert pace.wait() == 9
    clock.now += 9
    assert pace.wait() == 0


def test_refusals_in_a_row_hold_all_calls_back_and_single_ones_do_not() -> None:
    pace = Pace(Clock())
    pace.refused(5)
    pace.answered({}, 1)
    pace.refused(5)
    pace.refused(5)
    assert pace.wait() == 0
    pace.refused(5)
    assert pace.wait() == 5
