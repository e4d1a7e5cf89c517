"""Dashboards: teams, criteria and weeks; reviewers' agreement and graders' health; the coaching log."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response

from clearbar.model import Model
from clearbar.review.access import Right, covers
from clearbar.review.figures import Agreement, BeforeAfter, before_after, grader_agreement, make_figures, reviewer_agreement
from clearbar.review.snapshot import Snapshot
from clearbar.review.web import Fault, Visitor, needs, see
from clearbar.store import Coaching

__all__ = ["router"]

router = APIRouter()


class Quality(Model):
    """How reviewers agree, and graders with them."""

    reviewers: tuple[Agreement, ...]
    """All for those who oversee, else the visitor alone."""
    graders: tuple[Agreement, ...] = ()
    disputes: dict[str, int] = {}
    """By state; for those who oversee."""


class CoachingView(Model):
    """A step that was agreed, and what came of it."""

    step: Coaching
    criterion: str
    figures: BeforeAfter


class CoachingLog(Model):
    """What the coaching page shows."""

    steps: tuple[CoachingView, ...]


@router.get("/figures")
@router.get("/figures.json")
def show_figures(visitor: Annotated[Visitor, needs(Right.FIGURES)]) -> Response:
    """Show how the visitor's teams stand."""
    snapshot = visitor.room.snapshots.now()
    data = make_figures(snapshot.of(visitor.person), snapshot.rubric, visitor.room.settings.report, reviews=snapshot.reviews)
    return visitor.page("figures", data=data, rubric=snapshot.rubric)


@router.get("/quality")
@router.get("/quality.json")
def show_quality(visitor: Annotated[Visitor, needs(Right.REVIEW)]) -> Response:
    """Show how far reviewers agree with what was decided together; each sees themselves, those who oversee see all."""
    snapshot = visitor.room.snapshots.now()
    labels = visitor.store.corrections(calibration=True)
    reviewers = reviewer_agreement(labels, snapshot.rubric)
    if not visitor.may(Right.OVERSEE):
        mine = tuple(one for one in reviewers if one.of == visitor.name)
        return visitor.page("quality", data=Quality(reviewers=mine))
    keys = {key: visitor.store.audit_of(*key) for key in labels}
    machine = {key: audit.verdicts for key, audit in keys.items() if audit}
    states = [one.state for one in visitor.store.disputes() if covers(visitor.person, one.team, ())]
    data = Quality(
        reviewers=tuple(reviewers),
        graders=tuple(grader_agreement(labels, machine, snapshot.rubric)),
        disputes={state: states.count(state) for state in dict.fromkeys(states)},
    )
    return visitor.page("quality", data=data)


@router.get("/coaching")
@router.get("/coaching.json")
def show_coaching(visitor: Annotated[Visitor, needs(Right.COACH)]) -> Response:
    """Show the steps that were agreed, with figures before and after."""
    snapshot = visitor.room.snapshots.now()
    steps = tuple(_step(visitor, snapshot, one) for one in visitor.store.coaching() if covers(visitor.person, one.team, ()))
    rows = snapshot.of(visitor.person)
    choices = {"teams": sorted({row.team for row in rows if row.team}), "agents": sorted({agent for row in rows for agent in row.agents})}
    return visitor.page("coaching", data=CoachingLog(steps=steps), rubric=snapshot.rubric, choices=choices)


@router.post("/coaching")
def add_step(visitor: Annotated[Visitor, needs(Right.COACH)]) -> Response:
    """Write down a step that was agreed with an agent or a team."""
    snapshot = visitor.room.snapshots.now()
    criterion, team, agent = visitor.text("criterion"), visitor.text("team") or None, visitor.text("agent") or None
    if criterion not in {item.id for item in snapshot.rubric.criteria}:
        raise Fault(422, "There is no such criterion", "Choose one of the list. Go back; what you wrote is still there.")
    theirs = [row for row in snapshot.of(visitor.person) if row.team == team and (agent is None or agent in row.agents)]
    if not theirs:
        raise Fault(422, "There is no such team or agent", "Choose a team, and if you like an agent of that team. Go back to the form.")
    step = visitor.text("step", required="the step that was agreed")
    visitor.store.add_coaching(team=team, agent=agent, criterion=criterion, step=step, agreed_on=visitor.date("on"), by=visitor.name)
    return see("/coaching")


def _step(visitor: Visitor, snapshot: Snapshot, one: Coaching) -> CoachingView:
    rows = [row for row in snapshot.of(visitor.person) if row.team == one.team]
    figures = before_after(rows, snapshot.rubric, one.criterion, one.agreed_on, visitor.room.settings.report, agent=one.agent)
    name = next((item.name for item in snapshot.rubric.criteria if item.id == one.criterion), one.criterion)
    return CoachingView(step=one, criterion=name, figures=figures)
