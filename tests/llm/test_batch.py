from typing import Any

import pytest
from tests.llm.live import LiveServer

from clearbar.grading.llm import LlmGrader, MemoryLedger
from clearbar.grading.llm.ledger import JobState
from clearbar.transcript import RedactedTranscript
from clearbar.verdict import Grade, GradeFailure

from .conftest import MakeGrader, make_transcript

BATCH = {"mode": "batch", "batch_poll": 0.05}


def batch(count: int) -> list[RedactedTranscript]:
    return [make_transcript(f"talk {number}") for number in range(count)]


def answered(server: LiveServer) -> int:
    return sum(server.stats()["answered"].values())


def verdicts(results: list[Grade | GradeFailure]) -> list[Any]:
    return [
        [(verdict.criterion, verdict.level, verdict.evidence) for verdict in result.verdicts]
        for result in results
        if isinstance(result, Grade)
    ]


def test_a_batch_gives_the_same_verdicts_as_single_calls(server: LiveServer, make_grader: MakeGrader) -> None:
    server.control(batch_seconds=0.3)
    results = make_grader(**BATCH).grade(batch(20))
    assert server.stats()["requests"] == 0
    assert answered(server) == 20
    assert verdicts(results) == verdicts(make_grader().grade(batch(20)))


def test_the_models_that_answered_a_batch_are_counted_with_those_of_single_calls(server: LiveServer, make_grader: MakeGrader) -> None:
    server.control(returned_model="test model 2026", batch_faults={"failed": 0.4})
    grader = make_grader(**BATCH)
    grader.grade(batch(10))
    assert server.stats()["requests"] > 0
    assert grader.models == {"test model 2026 fp_test": 10}
    assert grader.model_names == {"test model 2026"}


def test_a_batch_costs_less(make_grader: MakeGrader) -> None:
    one, many = make_grader(model="gpt-4o-mini"), make_grader(model="gpt-4o-mini", **BATCH)
    one.grade(batch(4))
    many.grade(batch(4))
    assert one.spent.cost_usd is not None
    assert many.spent.cost_usd == pytest.approx(one.spent.cost_usd / 2, rel=1e-3)


@pytest.mark.parametrize("fault", ["expired", "failed", "missing"])
def test_lines_that_a_batch_did_not_answer_are_asked_singly(server: LiveServer, make_grader: MakeGrader, fault: str) -> None:
    server.control(batch_faults={fault: 0.4})
    results = make_grader(**BATCH).grade(batch(20))
    assert all(isinstance(result, Grade) for result in results)
    assert 0 < server.stats()["requests"] < 20
    assert answered(server) == 20


@pytest.mark.parametrize("status", ["expired", "failed", "cancelled"])
def test_a_batch_that_ends_otherwise_is_made_up_for_by_single_calls(server: LiveServer, make_grader: MakeGrader, status: str) -> None:
    server.control(batch_status=status)
    results = make_grader(**BATCH).grade(batch(5))
    assert all(isinstance(result, Grade) for result in results)
    assert answered(server) == 5


def test_a_reply_with_a_fault_in_a_batch_is_asked_again_singly(server: LiveServer, make_grader: MakeGrader) -> None:
    server.control(script=["cut"])
    results = make_grader(**BATCH).grade(batch(5))
    assert all(isinstance(result, Grade) for result in results)
    assert server.stats()["requests"] == 1


def test_conversations_are_submitted_first_and_graded_later_by_another_process(server: LiveServer, make_grader: MakeGrader) -> None:
    ledger = MemoryLedger()
    first = make_grader(ledger=ledger, **BATCH)
    assert first.submit(batch(10)[:6]) == 6
    assert first.submit(batch(10)) == 4
    assert first.submit(batch(10)) == 0
    results = make_grader(ledger=ledger, **BATCH).grade(batch(10))
    assert all(isinstance(result, Grade) for result in results)
    assert (answered(server), server.stats()["requests"]) == (10, 0)


def test_a_batch_that_takes_longer_than_the_run_waits_is_collected_by_the_next(server: LiveServer, make_grader: MakeGrader) -> None:
    server.control(batch_seconds=1.0)
    ledger = MemoryLedger()
    results = make_grader(ledger=ledger, batch_wait=0, **BATCH).grade(batch(5))
    assert {result.reason for result in results if isinstance(result, GradeFailure)} == {"failed:timed out"}
    results = make_grader(ledger=ledger, **BATCH).grade(batch(5))
    assert all(isinstance(result, Grade) for result in results)
    assert answered(server) == 5


def test_a_download_that_fails_is_tried_again_and_nothing_is_asked_twice(server: LiveServer, make_grader: MakeGrader) -> None:
    server.control(lost_downloads=2)
    ledger = MemoryLedger()
    grader = make_grader(ledger=ledger, budget_calls=6, budget_per="day", **BATCH)
    assert all(isinstance(result, Grade) for result in grader.grade(batch(6)))
    assert (answered(server), server.stats()["requests"]) == (6, 0)
    assert ledger.jobs(grader.fingerprint) == []


def test_a_batch_that_cannot_be_downloaded_now_is_collected_by_the_next_run(server: LiveServer, make_grader: MakeGrader) -> None:
    server.control(lost_downloads=1_000)
    ledger = MemoryLedger()
    results = make_grader(ledger=ledger, batch_wait=0, **BATCH).grade(batch(5))
    assert {result.reason for result in results if isinstance(result, GradeFailure)} == {"failed:timed out"}
    server.control(lost_downloads=0)
    results = make_grader(ledger=ledger, **BATCH).grade(batch(5))
    assert all(isinstance(result, Grade) for result in results)
    assert (answered(server), server.stats()["requests"]) == (5, 0)


class DyingLedger(MemoryLedger):
    """A ledger in whose process the end comes when a job is about to be saved as submitted."""

    def save_job(self, job: Any) -> None:
        if job.state is JobState.SUBMITTED:
            raise RuntimeError
        super().save_job(job)


def test_a_batch_whose_sender_died_before_noting_its_name_is_found_again(server: LiveServer, make_grader: MakeGrader) -> None:
    dying = DyingLedger()
    with pytest.raises(RuntimeError):
        make_grader(ledger=dying, **BATCH).submit(batch(6))
    ledger = MemoryLedger()
    for job in dying.jobs(_fingerprint(make_grader)):
        ledger.save_job(job)
    results = make_grader(ledger=ledger, **BATCH).grade(batch(6))
    assert all(isinstance(result, Grade) for result in results)
    assert (answered(server), server.stats()["requests"]) == (6, 0)


def _fingerprint(make_grader: MakeGrader) -> str:
    grader: LlmGrader = make_grader(**BATCH)
    return grader.fingerprint


def test_a_server_that_takes_no_batches_is_asked_by_single_calls_and_that_is_said(server: LiveServer, make_grader: MakeGrader) -> None:
    server.control(no_batches=True)
    grader = make_grader(**BATCH)
    assert all(isinstance(result, Grade) for result in grader.grade(batch(4)))
    assert "batches cannot be sent" in grader.notes[0]
    assert server.stats()["requests"] == 4


def test_a_budget_bounds_a_batch_and_what_it_did_not_use_is_given_back(server: LiveServer, make_grader: MakeGrader) -> None:
    ledger = MemoryLedger()
    results = make_grader(ledger=ledger, budget_calls=4, budget_per="day", **BATCH).grade(batch(9))
    assert sum(isinstance(result, Grade) for result in results) == 4
    assert {result.reason for result in results if isinstance(result, GradeFailure)} == {"failed:budget"}
    server.control(batch_faults={"missing": 1.0})
    lost = make_grader(ledger=MemoryLedger(), budget_calls=4, **BATCH).grade(batch(4))
    assert all(isinstance(result, Grade) for result in lost)
