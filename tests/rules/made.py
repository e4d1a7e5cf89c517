"""Short ways to write a conversation and to read its verdicts."""

from clearbar.grading.rules import RulesGrader
from clearbar.transcript import RedactedTranscript, Role, Turn
from clearbar.verdict import Grade, Verdict

ROLES = {"C": Role.CUSTOMER, "A": Role.AGENT, "B": Role.BOT, "S": Role.SYSTEM, "N": Role.NOTE}


def talk(*said: str, times: list[float] | None = None, channel: str | None = "chat", language: str | None = None) -> RedactedTranscript:
    """Return a conversation written as `"C: hello", "A: hi"`; times are seconds, one for each turn."""
    turns = [Turn(role=ROLES[line[0]], text=line[3:], time=times[place] if times else None) for place, line in enumerate(said)]
    return RedactedTranscript(source="tests", id="t", turns=tuple(turns), channel=channel, language=language)


def verdicts(grader: RulesGrader, transcript: RedactedTranscript) -> dict[str, Verdict]:
    """Return a transcript's verdicts by criterion."""
    (grade,) = grader.grade([transcript])
    assert isinstance(grade, Grade)
    return {verdict.criterion: verdict for verdict in grade.verdicts}


def level(grader: RulesGrader, criterion: str, *said: str, times: list[float] | None = None, channel: str | None = "chat") -> str:
    """Return the level of one criterion."""
    return verdicts(grader, talk(*said, times=times, channel=channel))[criterion].level
