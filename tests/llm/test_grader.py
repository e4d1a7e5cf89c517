import threading
import time
from collections import Counter
from collections.abc import Sequence

import pytest
from tests.llm.live import LiveServer

from clearbar.errors import GraderUnavailableError, RubricError
from clearbar.grading.llm import LlmGrader, MemoryLedger
from clearbar.grading.llm.breaker import FAILURES
from clearbar.transcript import RedactedTranscript
from clearbar.verdict import ABSTAINED, NOT_APPLICABLE, UNGRADED, Grade, GradedBy, GradeFailure

from .conftest import MakeGrader, make_rubric, make_transcript


def batch(count: int) -> list[RedactedTranscript]:
    return [make_transcript(f"talk {number}") for number in range(count)]


def levels(result: Grade | GradeFailure) -> dict[str, str]:
    assert isinstance(result, Grade)
    return {verdict.criterion: verdict.level for verdict in result.verdicts}


def intended(server: LiveServer, grader: LlmGrader, transcripts: Sequence[RedactedTranscript]) -> list[dict[str, str]]:
    """What the server says of each conversation when nothing goes wrong, with abstentions as clearbar names them."""
    told = [server.post("/expected", grader.bodies(transcript)[0]) for transcript in transcripts]
    return [{id: UNGRADED if level == "abstain" else level for id, level in one.items()} for one in told]


def test_a_conversation_is_graded_on_every_criterion_by_one_call(server: LiveServer, make_grader: MakeGrader) -> None:
    grader = make_grader()
    grader.probe()
    [grade] = grader.grade([make_transcript()])
    assert isinstance(grade, Grade)
    assert grade.graded_by is GradedBy.LLM
    assert [verdict.criterion for verdict in grade.verdicts] == ["courtesy", "closing", "identity", "disclosure"]
    assert (server.stats()["requests"], server.stats()["probes"]) == (2, 1)
    assert grade.usage.calls == 1
    assert grade.usage.input_tokens > grade.usage.cached_tokens > 0


def test_every_quote_stands_in_its_turn(make_grader: MakeGrader) -> None:
    transcripts = batch(20)
    for transcript, grade in zip(transcripts, make_grader().grade(transcripts), strict=True):
        assert isinstance(grade, Grade)
        for verdict in grade.verdicts:
            assert verdict.evidence or not verdict.graded
            for piece in verdict.evidence:
                assert transcript.turns[piece.turn].text[piece.start : piece.end] == piece.quote


def test_levels_are_those_that_the_model_gave(server: LiveServer, make_grader: MakeGrader) -> None:
    grader = make_grader()
    transcripts = batch(20)
    results = [levels(result) for result in grader.grade(transcripts)]
    assert results == intended(server, grader, transcripts)
    assert {level for result in results for level in result.values()} >= {
        "below",
        "clears",
        "vaults",
        "yes",
        "no",
        NOT_APPLICABLE,
        UNGRADED,
    }


def test_an_abstention_is_ungraded_with_its_reason_and_no_failure(make_grader: MakeGrader) -> None:
    results = make_grader().grade(batch(40))
    abstained = [verdict for grade in results if isinstance(grade, Grade) for verdict in grade.verdicts if verdict.level == UNGRADED]
    assert abstained
    assert {verdict.reason for verdict in abstained} == {ABSTAINED}


FAULTS = [
    "cut",
    "prose",
    "refusal",
    "blank",
    "no_list",
    "wrong_ids",
    "duplicates",
    "invented",
    "wrong_levels",
    "missing",
    "shapeless",
    "strings",
    "length",
    "twice",
]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_reply_with_a_fault_is_asked_for_once_more(server: LiveServer, make_grader: MakeGrader, fault: str) -> None:
    transcript = make_transcript("talk 3")
    grader = make_grader()
    server.control(script=[fault])
    [grade] = grader.grade([transcript])
    assert [levels(grade)] == intended(server, grader, [transcript])
    assert sum(server.stats()["answered"].values()) == 2


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("cut", "unread"),
        ("prose", "unread"),
        ("refusal", "refused"),
        ("length", "truncated"),
        ("wrong_ids", "unread"),
        ("strings", "unread"),
    ],
)
def test_a_fault_that_stays_is_a_failure_and_never_a_level(server: LiveServer, make_grader: MakeGrader, fault: str, reason: str) -> None:
    server.control(faults={fault: 1.0})
    [failure] = make_grader().grade([make_transcript()])
    assert failure == GradeFailure(text_hash=make_transcript().text_hash, reason=f"failed:{reason}")
    assert sum(server.stats()["answered"].values()) == 2


def test_invented_quotes_leave_their_criteria_ungraded_and_the_others_graded(server: LiveServer, make_grader: MakeGrader) -> None:
    transcripts = batch(10)
    grader = make_grader()
    server.control(faults={"invented": 1.0})
    for result, meant in zip(grader.grade(transcripts), intended(server, grader, transcripts), strict=True):
        if isinstance(result, GradeFailure):
            assert result.reason == "failed:evidence"
            continue
        for verdict in result.verdicts:
            if meant[verdict.criterion] in {NOT_APPLICABLE, UNGRADED}:
                assert verdict.level == meant[verdict.criterion]
            else:
                assert (verdict.level, verdict.reason, verdict.evidence) == (UNGRADED, "failed:evidence", ())


def test_quotes_under_wrong_turn_numbers_are_moved_to_where_they_stand(server: LiveServer, make_grader: MakeGrader) -> None:
    transcript = make_transcript("talk 3")
    grader = make_grader()
    server.control(script=["out_of_range"])
    [grade] = grader.grade([transcript])
    assert isinstance(grade, Grade)
    assert {piece.status for verdict in grade.verdicts for piece in verdict.evidence} == {"repaired"}
    assert sum(server.stats()["answered"].values()) == 1


@pytest.mark.parametrize("fault", ["429", "500", "503", "html", "drop"])
def test_a_passing_fault_of_the_server_is_tried_again(server: LiveServer, make_grader: MakeGrader, fault: str) -> None:
    server.control(script=[fault])
    grader = make_grader()
    [grade] = grader.grade([make_transcript()])
    assert isinstance(grade, Grade)
    assert sum(grader.faults.values()) == 1


@pytest.mark.parametrize("fault", ["empty", "object", "number"])
def test_a_reply_that_says_nothing_is_paid_for_all_the_same_and_asked_again_once(
    server: LiveServer, make_grader: MakeGrader, fault: str
) -> None:
    server.control(script=[fault])
    ledger = MemoryLedger()
    grader = make_grader(ledger=ledger)
    [grade] = grader.grade([make_transcript()])
    assert isinstance(grade, Grade)
    assert (grader.spent.calls, len(ledger.replies([grader.key(make_transcript())]))) == (2, 2)


@pytest.mark.parametrize("fault", ["empty", "html"])
def test_replies_that_say_nothing_count_towards_the_budget(server: LiveServer, make_grader: MakeGrader, fault: str) -> None:
    server.control(faults={fault: 1.0})
    make_grader(in_flight=1, budget_calls=5).grade(batch(8))
    assert server.stats()["faults"] == {fault: 5}


@pytest.mark.parametrize("odd", ["emoji", "nan", "fraction"])
def test_a_reply_that_is_not_quite_json_is_read(server: LiveServer, make_grader: MakeGrader, odd: str) -> None:
    server.control(odd=odd)
    grader = make_grader()
    assert all(isinstance(result, Grade) for result in grader.grade(batch(3)))
    assert (grader.spent.calls, sum(server.stats()["answered"].values())) == (3, 3)


def test_a_streamed_refusal_is_one(server: LiveServer, make_grader: MakeGrader) -> None:
    server.control(faults={"refusal": 1.0})
    ledger = MemoryLedger()
    grader = make_grader(ledger=ledger, stream=True)
    [failure] = grader.grade([make_transcript()])
    assert isinstance(failure, GradeFailure)
    assert failure.reason == "failed:refused"
    assert {reply.refusal for reply in ledger.replies([grader.key(make_transcript())])} == {"I can't help with that."}


@pytest.mark.parametrize("settings", [{"stream": False}, {"stream": True}], ids=["whole", "streamed"])
def test_a_provider_that_says_that_its_minute_is_used_up_is_waited_for(
    server: LiveServer, make_grader: MakeGrader, settings: dict[str, bool]
) -> None:
    server.control(headers={"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1s"})
    began = time.monotonic()
    make_grader(in_flight=1, **settings).grade(batch(2))
    assert time.monotonic() - began >= 1


def test_retry_after_is_waited_for(server: LiveServer, make_grader: MakeGrader) -> None:
    server.control(script=["429"], retry_after="1")
    began = time.monotonic()
    make_grader().grade([make_transcript()])
    assert time.monotonic() - began >= 1


def test_a_hanging_call_is_given_up_and_tried_once_more(server: LiveServer, make_grader: MakeGrader) -> None:
    server.control(script=["hang"])
    grader = make_grader(timeout=1)
    [grade] = grader.grade([make_transcript()])
    assert isinstance(grade, Grade)
    assert grader.faults == {"no answer in time": 1}


def test_a_server_that_hangs_for_good_is_timed_out(server: LiveServer, make_grader: MakeGrader) -> None:
    server.control(faults={"hang": 1.0})
    [failure] = make_grader(timeout=2).grade([make_transcript()])
    assert isinstance(failure, GradeFailure)
    assert failure.reason == "failed:timed out"
    assert server.stats()["asked"] == dict.fromkeys(server.stats()["asked"], 2)


def test_a_reply_that_drips_is_given_up_at_the_total_deadline(server: LiveServer, make_grader: MakeGrader) -> None:
    server.control(script=["drip"])
    [grade] = make_grader(timeout=1).grade([make_transcript()])
    assert isinstance(grade, Grade)
    assert sum(server.stats()["asked"].values()) == 2


def test_a_streamed_reply_gives_the_same_levels(make_grader: MakeGrader) -> None:
    transcripts = batch(5)
    plain, streamed = make_grader(), make_grader(stream=True)
    assert [levels(grade) for grade in streamed.grade(transcripts)] == [levels(grade) for grade in plain.grade(transcripts)]
    assert streamed.spent == plain.spent


def test_a_streamed_reply_that_stalls_is_given_up_after_the_idle_timeout(server: LiveServer, make_grader: MakeGrader) -> None:
    server.control(script=["drip"])
    [grade] = make_grader(timeout=60, stream=True, idle_timeout=0.5).grade([make_transcript()])
    assert isinstance(grade, Grade)


def test_a_server_that_goes_away_is_not_asked_for_every_conversation(server: LiveServer, make_grader: MakeGrader) -> None:
    server.control(down=True)
    grader = make_grader(outage_patience=0.5, in_flight=4, attempts=2)
    results = grader.grade(batch(100))
    assert {result.reason for result in results if isinstance(result, GradeFailure)} == {"failed:unreachable"}
    assert len(results) == 100
    assert grader.faults["the connection failed"] < 30


def test_a_server_that_comes_back_is_used_again(server: LiveServer, make_grader: MakeGrader) -> None:
    server.control(down=True)
    grader = make_grader(outage_patience=20, in_flight=16, attempts=4)
    timer = threading.Timer(1.0, lambda: server.control(down=False))
    timer.start()
    assert all(isinstance(result, Grade) for result in grader.grade(batch(30)))
    timer.join()


def test_the_number_of_calls_under_way_is_bounded(server: LiveServer, make_grader: MakeGrader) -> None:
    server.control(latency=0.05)
    make_grader(in_flight=5).grade(batch(30))
    assert server.stats()["most_in_flight"] == 5


def test_threads_share_one_grader_and_its_bound(server: LiveServer, make_grader: MakeGrader) -> None:
    server.control(latency=0.05)
    grader = make_grader(in_flight=5)
    done: list[int] = []
    threads = [threading.Thread(target=lambda part=part: done.append(len(grader.grade(batch(40)[part::4])))) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [10, 10, 10, 10]
    assert server.stats()["most_in_flight"] == 5


def test_requests_a_minute_are_kept_to(make_grader: MakeGrader) -> None:
    # A minute's worth may go at once; what is beyond it waits its turn: 60 a minute is one a second.
    began = time.monotonic()
    make_grader(requests_per_minute=60).grade(batch(62))
    assert time.monotonic() - began >= 1.5


def test_the_providers_own_figures_hold_calls_back(server: LiveServer, make_grader: MakeGrader) -> None:
    server.control(headers={"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "300ms"})
    began = time.monotonic()
    make_grader(in_flight=1).grade(batch(4))
    assert time.monotonic() - began >= 0.9


@pytest.mark.parametrize(("calls", "requests"), [("all", 1), ("groups", 2), ("each", 4)])
def test_criteria_are_asked_together_by_section_or_each_alone(
    server: LiveServer, make_grader: MakeGrader, calls: str, requests: int
) -> None:
    [grade] = make_grader(calls=calls).grade([make_transcript()])
    assert isinstance(grade, Grade)
    assert len(grade.verdicts) == 4
    assert sum(server.stats()["answered"].values()) == requests


def test_each_section_is_asked_by_its_own_criteria_alone(server: LiveServer, make_grader: MakeGrader) -> None:
    make_grader(calls="groups").grade([make_transcript()])
    prompts = [body["messages"][0]["content"] for body in server.stats()["bodies"]]
    assert sorted("courtesy:" in prompt or "courtesy [" in prompt for prompt in prompts) == [False, True]


def test_votes_are_really_asked_and_their_agreement_is_kept(server: LiveServer, make_grader: MakeGrader) -> None:
    server.control(noise=0.5)
    grades = [grade for grade in make_grader(votes=5).grade(batch(6)) if isinstance(grade, Grade)]
    assert len(grades) == 6
    assert sum(server.stats()["answered"].values()) == 30
    assert {body["seed"] for body in server.stats()["bodies"]} == {1, 2, 3, 4, 5}
    assert {body["temperature"] for body in server.stats()["bodies"]} == {0.7}
    agreements = {verdict.agreement for grade in grades for verdict in grade.verdicts}
    assert 1.0 in agreements
    assert any(agreement is not None and agreement < 1 for agreement in agreements)


def test_a_single_grade_is_asked_at_temperature_0_with_a_seed(server: LiveServer, make_grader: MakeGrader) -> None:
    make_grader().grade([make_transcript()])
    [body] = server.stats()["bodies"]
    assert (body["temperature"], body["seed"]) == (0, 1)


def test_a_long_conversation_is_read_in_parts_and_nothing_of_it_is_left_out(server: LiveServer, make_grader: MakeGrader) -> None:
    long = make_transcript(words=tuple(f"This is what was said as number {number}, " + "and so on " * 60 for number in range(60)))
    grader = make_grader(context_tokens=4000, max_output_tokens=1000)
    [grade] = grader.grade([long])
    assert isinstance(grade, Grade)
    bodies = server.stats()["bodies"]
    assert len(bodies) > 3
    read = "\n".join(body["messages"][1]["content"] for body in bodies)
    assert all(f"number {number}," in read for number in range(60))
    for verdict in grade.verdicts:
        for piece in verdict.evidence:
            assert long.turns[piece.turn].text[piece.start : piece.end] == piece.quote


def test_a_conversation_too_long_even_in_parts_is_a_failure(server: LiveServer, make_grader: MakeGrader) -> None:
    huge = make_transcript(words=("word " * 9000, "Hello."))
    [failure] = make_grader(context_tokens=4000, max_output_tokens=1000).grade([huge])
    assert failure == GradeFailure(text_hash=huge.text_hash, reason="failed:over-long")
    assert server.stats()["requests"] == 0


def test_a_server_with_a_smaller_window_than_told_makes_it_over_long(server: LiveServer, make_grader: MakeGrader) -> None:
    server.control(context=500)
    [failure] = make_grader().grade([make_transcript()])
    assert isinstance(failure, GradeFailure)
    assert failure.reason == "failed:over-long"


def test_one_bad_conversation_never_stops_the_others(server: LiveServer, make_grader: MakeGrader) -> None:
    server.control(script=["400"])
    results = make_grader(in_flight=1).grade(batch(5))
    assert [type(result) for result in results].count(GradeFailure) == 1
    assert [type(result) for result in results].count(Grade) == 4


@pytest.mark.parametrize("limit", [{"budget_calls": 3}, {"budget_tokens": 3 * 9000}])
def test_a_hard_budget_is_kept_to_and_what_it_does_not_cover_fails_for_that_reason(
    server: LiveServer, make_grader: MakeGrader, limit: dict[str, int]
) -> None:
    results = make_grader(in_flight=1, **limit).grade(batch(40))
    failures = {result.reason for result in results if isinstance(result, GradeFailure)}
    assert failures == {"failed:budget"}
    spent = [result.usage for result in results if isinstance(result, Grade)]
    assert sum(usage.calls for usage in spent) >= 3
    if "budget_calls" in limit:
        assert sum(server.stats()["answered"].values()) == 3
    else:
        assert sum(usage.input_tokens + usage.output_tokens for usage in spent) <= limit["budget_tokens"]


def test_a_budget_in_money_needs_no_more_than_a_price(make_grader: MakeGrader) -> None:
    grader = make_grader(model="gpt-4o-mini", in_flight=1, budget_usd=0.01)
    results = grader.grade(batch(60))
    assert {result.reason for result in results if isinstance(result, GradeFailure)} == {"failed:budget"}
    assert grader.spent.cost_usd is not None
    assert 0.005 < grader.spent.cost_usd <= 0.01


@pytest.mark.parametrize("status", ["403", "404"])
def test_a_server_that_denies_single_conversations_grades_the_others(server: LiveServer, make_grader: MakeGrader, status: str) -> None:
    server.control(script=[*[status] * 3, "", *[status] * (FAILURES - 1), "400"])
    results = make_grader(in_flight=1).grade(batch(30))
    failures = [result.reason for result in results if isinstance(result, GradeFailure)]
    assert Counter(failures) == {"failed:unreachable": 3 + FAILURES - 1, "failed:refused": 1}


def test_a_conversation_that_is_denied_in_all_its_requests_counts_once(server: LiveServer, make_grader: MakeGrader) -> None:
    server.control(script=["403"] * 12)
    results = make_grader(in_flight=1, calls="each", votes=3, vote_temperature=0.5).grade(batch(3))
    assert [isinstance(result, Grade) for result in results] == [False, True, True]


def test_a_server_that_denies_one_conversation_after_another_is_asked_no_more(server: LiveServer, make_grader: MakeGrader) -> None:
    server.control(script=["", "", "", *["403"] * 30])
    results = make_grader(in_flight=1).grade(batch(30))
    assert sum(isinstance(result, Grade) for result in results) == 3
    assert server.stats()["requests"] == 3 + FAILURES


def test_a_key_that_is_revoked_during_a_run_ends_calls_at_once(server: LiveServer, make_grader: MakeGrader) -> None:
    server.control(script=["", "", "401"])
    results = make_grader(in_flight=1).grade(batch(10))
    assert sum(isinstance(result, Grade) for result in results) == 2
    assert server.stats()["requests"] == 3


def test_a_budget_in_money_for_a_model_without_a_price_is_refused(server: LiveServer, make_grader: MakeGrader) -> None:
    with pytest.raises(GraderUnavailableError, match=r"'test-model' has no price, so a budget in dollars cannot be kept.*prices\.yaml"):
        make_grader(budget_usd=1)
    assert server.stats()["requests"] == 0


def test_a_budget_of_a_day_is_shared_by_graders_on_one_ledger(server: LiveServer, make_grader: MakeGrader) -> None:
    ledger = MemoryLedger()
    first, second = (make_grader(ledger=ledger, budget_calls=5, budget_per="day", in_flight=1) for _ in range(2))
    first.grade(batch(3))
    second.grade(batch(10)[3:])
    assert sum(server.stats()["answered"].values()) == 5


def test_the_model_that_the_server_names_is_kept(server: LiveServer, make_grader: MakeGrader) -> None:
    server.control(returned_model="test-model-2026-11-01")
    ledger = MemoryLedger()
    grader = make_grader(ledger=ledger)
    transcript = make_transcript()
    grader.grade([transcript])
    [reply] = ledger.replies([grader.key(transcript)])
    assert (reply.model, reply.system_fingerprint) == ("test-model-2026-11-01", "fp_test")
    assert grader.models == {"test-model-2026-11-01 fp_test": 1}


def test_no_model_means_no_llm(make_grader: MakeGrader) -> None:
    with pytest.raises(GraderUnavailableError, match="no model is set"):
        make_grader(model=None)


def test_a_draft_grades_nothing(make_grader: MakeGrader) -> None:
    with pytest.raises(RubricError, match="draft"):
        make_grader(rubric=make_rubric(status="draft"))


def test_the_fingerprint_tells_model_endpoint_mode_and_prompt_and_no_secret(make_grader: MakeGrader) -> None:
    one = make_grader(api_key="sk-secret")
    assert "secret" not in one.fingerprint
    for change in ({"model": "other"}, {"votes": 3}, {"temperature": 0.5}, {"calls": "each"}, {"seed": 2}, {"reply_mode": "text"}):
        assert make_grader(**change).fingerprint != one.fingerprint
    assert make_grader(in_flight=3, timeout=5, budget_calls=1).fingerprint == one.fingerprint
