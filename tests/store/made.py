"""Conversations, verdicts and runs for the store's tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from clearbar.rubric import Applies, Band, Criterion, Level, Rubric, Scale, Section
from clearbar.store import Item, Outcome
from clearbar.transcript import RedactedTranscript, Role, Turn
from clearbar.verdict import Evidence, Grade, GradedBy, Usage, Verdict, grade_key

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
GRADER = "rules-1"


def made_rubric(*, weight: float = 1, asks: str = "Was it solved?") -> Rubric:
    criterion = Criterion(
        id="solved",
        name="Solved",
        asks=asks,
        scale="two",
        section="all",
        weight=weight,
        applies=Applies(when="always"),
        levels={"no": "It was not.", "yes": "It was."},
    )
    return Rubric(
        name="small",
        version="1",
        title="Small",
        about="For tests.",
        scales=(Scale(id="two", levels=(Level(id="no", name="No", points=0, fails=True), Level(id="yes", name="Yes", points=100))),),
        sections=(Section(id="all", name="All"),),
        criteria=(criterion,),
        bands=(Band(id="below", name="Below"), Band(id="clears", name="Clears", from_score=50)),
    )


def made_transcript(number: int = 0, *, text: str | None = None, agent: str = "agent-1", **fields: Any) -> RedactedTranscript:
    words = f"My parcel {number} has not come" if text is None else text
    turns = (
        Turn(role=Role.CUSTOMER, text=words, time=0.0),
        Turn(role=Role.AGENT, text="Let me see", time=12.5, agent=agent),
        Turn(role=Role.NOTE, text="called the depot"),
    )
    given: dict[str, Any] = {
        "source": "desk",
        "id": f"c{number:05}",
        "turns": turns,
        "team": "parcels",
        "customer": "customer-1",
        "channel": "chat",
        "started_at": START + timedelta(hours=number),
        "redactions": {"phone": 1},
    }
    return RedactedTranscript(**{**given, **fields})


def made_verdict(transcript: RedactedTranscript, *, level: str = "yes") -> Verdict:
    quote = transcript.turns[0].text
    evidence = Evidence(turn=0, start=0, end=len(quote), quote=quote)
    return Verdict(
        criterion="solved",
        level=level,
        agent=transcript.agent,
        graded_by=GradedBy.RULES,
        grader=GRADER,
        rationale=f"They said: {quote}",
        evidence=(evidence,),
    )


def made_grade(transcript: RedactedTranscript, *, replicate: str = "", level: str = "yes") -> Grade:
    return Grade(
        key=grade_key(transcript.text_hash, "rules", GRADER, replicate),
        text_hash=transcript.text_hash,
        graded_by=GradedBy.RULES,
        grader=GRADER,
        verdicts=(made_verdict(transcript, level=level),),
        usage=Usage(calls=1, input_tokens=10, output_tokens=5),
    )


def made_item(transcript: RedactedTranscript, *, outcome: Outcome = Outcome.GRADED, level: str = "yes", place: str | None = None) -> Item:
    grade = made_grade(transcript, level=level)
    return Item(
        source=transcript.source,
        place=place or transcript.id,
        id=transcript.id,
        outcome=outcome,
        transcript=transcript,
        grades=(grade,),
        verdicts=grade.verdicts,
        usage=grade.usage,
    )
