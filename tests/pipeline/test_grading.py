from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from tests.store.made import made_grade, made_rubric, made_transcript

from clearbar.pipeline.grading import grade_batch, why_waiting
from clearbar.transcript import RedactedTranscript
from clearbar.verdict import Grade, GradedBy, GradeFailure

Results = list[Grade | GradeFailure]


class Rules:
    """Says when it read."""

    graded_by, fingerprint = GradedBy.RULES, "rules"

    def __init__(self, told: list[str]) -> None:
        self.told = told

    def key(self, transcript: RedactedTranscript) -> str:
        return f"{self.fingerprint} {transcript.text_hash}"

    def grade(self, batch: Sequence[RedactedTranscript]) -> Results:
        self.told.append(f"rules read {len(batch)}")
        return [made_grade(transcript).model_copy(update={"key": self.key(transcript)}) for transcript in batch]


class Llm(Rules):
    """Says when its calls went out, and when they were waited for."""

    graded_by, fingerprint = GradedBy.LLM, "llm"

    def begin(self, batch: Sequence[RedactedTranscript]) -> Callable[[], Results]:
        self.told.append(f"{len(batch)} calls sent")

        def wait() -> Results:
            self.told.append("calls waited for")
            return [GradeFailure(text_hash=transcript.text_hash, reason="failed:timed out") for transcript in batch]

        return wait

    def interrupt(self) -> None:
        self.told.append("no further call")


class Broken(Rules):
    """Breaks off."""

    def __init__(self, told: list[str], fault: type[BaseException]) -> None:
        super().__init__(told)
        self.fault = fault

    def grade(self, batch: Sequence[RedactedTranscript]) -> Results:
        del batch
        raise self.fault


def space(told: list[str]) -> Any:
    rules, llm = Rules(told), Llm(told)
    return SimpleNamespace(rules=rules, llm=llm, first=llm, rubric=made_rubric(), why_rules=None, handed={})


def test_calls_go_out_before_rules_read_and_are_waited_for_behind_them() -> None:
    told: list[str] = []
    grade_batch(space(told), [made_transcript(1), made_transcript(2), made_transcript(1)])
    assert told == ["2 calls sent", "rules read 2", "calls waited for"]


@pytest.mark.parametrize("fault", [KeyboardInterrupt, MemoryError])
def test_no_further_call_goes_out_once_the_rules_have_broken_off(fault: type[BaseException]) -> None:
    told: list[str] = []
    broken = space(told)
    broken.rules = Broken(told, fault)
    with pytest.raises(fault):
        grade_batch(broken, [made_transcript(1), made_transcript(2)])
    assert told == ["2 calls sent", "no further call"]


def test_what_is_known_is_neither_asked_nor_read_again() -> None:
    told: list[str] = []
    open_space, transcript = space(told), made_transcript(1)
    keys = [grader.key(transcript) for grader in (open_space.rules, open_space.llm)]
    known = {key: made_grade(transcript).model_copy(update={"key": key}) for key in keys}
    [found] = grade_batch(open_space, [transcript], known)
    assert told == []
    assert found.fresh == ()


def test_a_conversation_waits_where_the_llm_was_away_and_not_where_its_reply_could_not_be_read() -> None:
    told: list[str] = []
    [found] = grade_batch(space(told), [made_transcript(1)])
    assert why_waiting(found.verdicts) == "failed:timed out"
    unread = [verdict.model_copy(update={"fallback_reason": "failed:unread"}) for verdict in found.verdicts]
    assert why_waiting(unread) is None
