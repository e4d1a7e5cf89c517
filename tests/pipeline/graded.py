"""A store of graded conversations, made without grading anything."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from clearbar.label import Label, LabelKind
from clearbar.rubric import Rubric
from clearbar.store import DisputeState, Item, Outcome, Store
from clearbar.transcript import RedactedTranscript, Role, Turn
from clearbar.verdict import Evidence, GradedBy, Verdict

START = datetime(2026, 10, 1, 9, tzinfo=UTC)


def talk(number: int, *, team: str | None = "parcels", agent: str = "agent-ann", **fields: Any) -> RedactedTranscript:
    """Return a conversation of its own day."""
    turns = (
        Turn(role=Role.CUSTOMER, text=f"My parcel {number} has not come.", time=0),
        Turn(role=Role.AGENT, text=f"I am sorry about parcel {number}.", time=20, agent=agent),
    )
    about = {"source": "desk", "id": f"c{number}", "team": team, "started_at": START + timedelta(days=number)} | fields
    return RedactedTranscript(turns=turns, **about)


def verdicts(one: RedactedTranscript, rubric: Rubric, failing: Sequence[str] = (), grader: str = "rules-1") -> tuple[Verdict, ...]:
    """Return a verdict for each criterion: below where it is to fail, else clears."""
    return tuple(
        Verdict(
            criterion=item.id,
            level="below" if item.id in failing else "clears",
            graded_by=GradedBy.RULES,
            grader=grader,
            rationale="It was found.",
            evidence=(Evidence(turn=1, start=0, end=10, quote=one.turns[1].text[:10]),),
        )
        for item in rubric.criteria
    )


def fill(store: Store, rubric: Rubric, talks: Sequence[tuple[RedactedTranscript, Sequence[str]]], grader: str = "rules-1") -> None:
    """Save conversations with the criteria that each fails."""
    run = store.start_run(rubric=rubric, asked="rules")
    items = [
        Item(
            source=one.source,
            place=one.id,
            id=one.id,
            outcome=Outcome.GRADED,
            transcript=one,
            verdicts=verdicts(one, rubric, failing, grader),
        )
        for one, failing in talks
    ]
    store.save_batch(run, items)
    store.finish_run(run.id)


def reviewed(store: Store, rubric: Rubric, one: RedactedTranscript, *failing: str, probability: float | None = 0.25) -> None:
    """Save a blind review of all criteria of a conversation, which was drawn with some chance."""
    levels: dict[str, int | str] = {item.id: "below" if item.id in failing else "clears" for item in rubric.criteria}
    label = Label(
        id=one.id,
        source=one.source,
        levels=levels,
        annotator="rex",
        kind=LabelKind.BLIND,
        probability=probability,
        rubric=rubric.full_hash,
        at=datetime.now(UTC),
    )
    store.add_labels([label], text_hash=one.text_hash)


def contest(store: Store, one: RedactedTranscript, rubric: Rubric, criterion: str = "courtesy", *, days: int = 7) -> int:
    """Contest a verdict and return the dispute's number."""
    values: dict[str, str | None] = {
        "source": one.source,
        "id": one.id,
        "text_hash": one.text_hash,
        "rubric": rubric.full_hash,
        "criterion": criterion,
    }
    values |= {"level": "below", "proposed": "clears", "team": one.team, "agent": one.agent, "by": "ann", "reason": "polite", "passage": ""}
    return store.open_dispute(values, days=days, notify=[])


def decide(store: Store, number: int, state: DisputeState, level: str = "clears") -> None:
    """Decide a dispute."""
    one = store.dispute(number)
    assert one is not None
    label = Label(
        id=one.id,
        source=one.source,
        levels={one.criterion: level},
        annotator="lea",
        kind=LabelKind.DISPUTE,
        rubric=one.rubric,
        at=datetime.now(UTC),
    )
    store.decide(number, state=state, answer="so it is", label=label)
