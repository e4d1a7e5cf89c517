import pytest

from clearbar.verdict import Grade, GradedBy

from .conftest import LiveServer, MakeGrader, make_transcript


def test_a_conversation_is_graded_on_every_criterion_by_one_call(server: LiveServer, make_grader: MakeGrader) -> None:
    grader = make_grader()
    grader.probe()
    transcript = make_transcript()
    [grade] = grader.grade([transcript])
    assert isinstance(grade, Grade)
    assert grade.graded_by is GradedBy.LLM
    assert [verdict.criterion for verdict in grade.verdicts] == ["courtesy", "closing", "identity", "disclosure"]
    assert server.stats()["requests"] == 2
    print(grade)
