"""Disputes: an agent or team lead contests a verdict, and somebody who has not graded it decides."""

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter
from fastapi.responses import Response

from clearbar.label import NA, Label, LabelKind
from clearbar.model import Model
from clearbar.review.access import Right, covers, may
from clearbar.review.pages.conversations import address_of, load_sheet, readable
from clearbar.review.reviewing import level_name
from clearbar.review.web import Fault, Number, Visitor, needs, see
from clearbar.rubric import Rubric
from clearbar.store import Closing, Dispute, DisputeState, StoredConversation
from clearbar.verdict import NOT_APPLICABLE

__all__ = ["router"]

router = APIRouter()
NOWHERE: Final = "There is no such dispute"


class DisputeView(Model):
    """A dispute as it is listed."""

    dispute: Dispute
    criterion: str
    level: str
    proposed: str
    decided: str
    overdue: bool
    address: str


class DisputeList(Model):
    """What the list shows."""

    disputes: tuple[DisputeView, ...]
    counts: dict[str, int]
    """By state, and how many of the open ones are overdue."""
    closings: tuple[Closing, ...] = ()


@router.get("/disputes")
@router.get("/disputes.json")
def show_list(visitor: Annotated[Visitor, needs(Right.READ)]) -> Response:
    """List the disputes that the visitor raised, may decide, or whose team they lead."""
    seen = tuple(_view(visitor, one) for one in visitor.store.disputes() if _may_see(visitor, one))
    closings = tuple(visitor.store.closings()) if visitor.may(Right.DECIDE) else ()
    counts = {state.value: sum(one.dispute.state is state for one in seen) for state in DisputeState}
    counts["overdue"] = sum(one.overdue for one in seen)
    return visitor.page("disputes", data=DisputeList(disputes=seen, counts=counts, closings=closings))


@router.get("/disputes/{number}")
def show(visitor: Annotated[Visitor, needs(Right.READ)], number: Number) -> Response:
    """Show a dispute and its outcome, and to those who may decide it the form."""
    return _page(visitor, _found(visitor, number))


@router.post("/disputes")
def contest(visitor: Annotated[Visitor, needs(Right.CONTEST)]) -> Response:
    """Contest a verdict."""
    found, sheet, rubric = load_sheet(visitor, visitor.text("source"), visitor.text("id"))
    criterion = visitor.text("criterion")
    item = next((one for one in sheet.verdicts if one.verdict.criterion == criterion), None)
    if item is None or not item.contestable:
        raise Fault(409, "This verdict cannot be contested now", "Either its time is over or a dispute about it is open.")
    proposed = visitor.text("proposed")
    if proposed not in {choice for choice, _ in item.choices}:
        raise Fault(422, "Please propose a level", "Choose the level that you think is right. Go back; what you wrote is still there.")
    passage = visitor.text("passage", longest=2000)
    if passage and not any(_plain(passage) in _plain(turn.text) for turn in found.conversation.turns):
        raise Fault(422, "That passage is not in the conversation", "Copy the words as they stand there, or leave the field empty.")
    of = found.conversation
    values: dict[str, str | None] = {
        "source": of.source,
        "id": of.id,
        "text_hash": of.text_hash,
        "rubric": rubric.full_hash,
        "criterion": criterion,
    }
    values |= {"level": item.verdict.level, "proposed": proposed, "team": of.team, "agent": item.verdict.agent, "by": visitor.name}
    values |= {"reason": visitor.text("reason", required="a reason"), "passage": passage}
    number = visitor.store.open_dispute(values, days=visitor.room.settings.review.answer_days, notify=_deciders(visitor, of))
    return see(f"/disputes/{number}")


@router.post("/disputes/{number}/decide")
def decide(visitor: Annotated[Visitor, needs(Right.DECIDE)], number: Number) -> Response:
    """Accept, accept in part or reject, with reasons."""
    one = _found(visitor, number)
    _, _, rubric = readable(visitor, one.source, one.id)
    if why := _why_not(visitor, one):
        raise Fault(403, "Somebody else has to decide this", why)
    state = visitor.text("state")
    if state not in {DisputeState.ACCEPTED, DisputeState.PARTLY, DisputeState.REJECTED}:
        raise Fault(422, "Please decide", "Choose accept, accept in part or reject. Go back; what you wrote is still there.")
    answer = visitor.text("answer", required="your reasons")
    level = {"accepted": one.proposed, "rejected": one.level}.get(state) or visitor.text("level", required="the level that is right")
    if level not in {*rubric.scale_of(one.criterion).ids, NOT_APPLICABLE}:
        raise Fault(422, "Please choose a level", "For a partial decision the level that is right is needed. Go back to the form.")
    label = Label(
        id=one.id,
        source=one.source,
        levels={one.criterion: NA if level == NOT_APPLICABLE else level},
        annotator=visitor.name,
        kind=LabelKind.DISPUTE,
        rubric=one.rubric,
        notes={one.criterion: answer},
        at=datetime.now(UTC),
    )
    visitor.store.decide(number, state=DisputeState(state), answer=answer, label=label)
    return see(f"/disputes/{number}")


@router.post("/periods/close")
def close_period(visitor: Annotated[Visitor, needs(Right.DECIDE)]) -> Response:
    """Let the numbers of a period stand, whatever is corrected later."""
    until = visitor.date("until")
    if until > datetime.now(UTC):
        raise Fault(422, "That day is yet to come", "A period can be closed when it is over.")
    if any(one.until >= until for one in visitor.store.closings()):
        raise Fault(409, "That is closed already", "A period that was closed stays so; choose a later day to close more.")
    visitor.store.close_period(until, by=visitor.name)
    return see("/disputes")


def _page(visitor: Visitor, one: Dispute) -> Response:
    rubric = visitor.store.rubric(one.rubric)
    choices = _levels(rubric, one) if rubric else ()
    in_play = one.state is DisputeState.OPEN and visitor.may(Right.DECIDE)
    why_not = _why_not(visitor, one) if in_play else ""
    closed = [closing for closing in visitor.store.closings() if one.decided_at and closing.at < one.decided_at]
    return visitor.page(
        "dispute", one=_view(visitor, one), choices=choices, may_decide=in_play, why_not=why_not, states=DisputeState, closings=closed
    )


def _levels(rubric: Rubric, one: Dispute) -> tuple[tuple[str, str], ...]:
    offered = (*rubric.scale_of(one.criterion).ids, NOT_APPLICABLE)
    return tuple((level, level_name(rubric, one.criterion, level)) for level in offered)


def _found(visitor: Visitor, number: int) -> Dispute:
    one = visitor.store.dispute(number)
    if one is None or not _may_see(visitor, one):
        raise Fault(404, NOWHERE, "Or none that you may see.", link=("/disputes", "Disputes"))
    return one


def _may_see(visitor: Visitor, one: Dispute) -> bool:
    agents = () if one.agent is None else (one.agent,)
    return one.by == visitor.name or covers(visitor.person, one.team, agents)


def _why_not(visitor: Visitor, one: Dispute) -> str:
    """Return why the visitor may not decide a dispute; empty where they may."""
    if one.by == visitor.name:
        return "You raised this dispute."
    if one.text_hash is not None and visitor.name in _reviewers(visitor, one):
        return "You graded this conversation; somebody who has not decides."
    return ""


def _reviewers(visitor: Visitor, one: Dispute) -> set[str]:
    labels = visitor.store.labels(source=one.source, ids=[one.id])
    return {
        label.annotator for label in labels if label.annotator and one.criterion in label.levels and label.kind is not LabelKind.DISPUTE
    }


def _deciders(visitor: Visitor, of: StoredConversation) -> list[str]:
    people = visitor.store.people()
    return [one.name for one in people if may(one, Right.DECIDE) and covers(one, of.team, of.agents) and one.name != visitor.name]


def _view(visitor: Visitor, one: Dispute) -> DisputeView:
    rubric = visitor.store.rubric(one.rubric)

    def named(level: str | None) -> str:
        if level is None or rubric is None:
            return level or ""
        return level_name(rubric, one.criterion, NOT_APPLICABLE if level == NA else level)

    return DisputeView(
        dispute=one,
        criterion=rubric.criterion(one.criterion).name if rubric else one.criterion,
        level=named(one.level),
        proposed=named(one.proposed),
        decided=named(one.decided),
        overdue=one.state is DisputeState.OPEN and one.due < datetime.now(UTC),
        address=address_of(one.source, one.id) if one.text_hash else "",
    )


def _plain(words: str) -> str:
    return " ".join(words.split()).casefold()
