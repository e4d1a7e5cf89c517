"""Graded conversations: the list, the explanation sheet of each, and auto-fails that wait for a person."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter
from fastapi.responses import Response

from clearbar.label import Label, LabelKind
from clearbar.model import Model
from clearbar.review.access import Right, covers
from clearbar.review.pages.queue import visible_items
from clearbar.review.reviewing import level_name
from clearbar.review.snapshot import Row, read_audit
from clearbar.review.turns import Mark, show_turns
from clearbar.review.web import Fault, Visitor, needs, see
from clearbar.rubric import Rubric
from clearbar.store import Mode, StaffRole, State, StoredAudit
from clearbar.verdict import NOT_APPLICABLE, Audit, Verdict

__all__ = ["Sheet", "address_of", "blind_keys", "load_sheet", "readable", "router"]

router = APIRouter()
SHOWN: Final = 100
"""Conversations on a page."""
Key = tuple[str, str]


class ListedConversation(Model):
    """A line of the list."""

    source: str
    id: str
    team: str | None
    agents: tuple[str, ...]
    happened_at: datetime | None
    score: float | None
    band: str | None
    blind: bool
    """Whether the grades are kept from the visitor, who may still review it blind."""
    address: str


class ConversationList(Model):
    """What the list shows."""

    conversations: tuple[ListedConversation, ...]
    total: int
    page: int


class VerdictView(Model):
    """A verdict as the sheet explains it."""

    verdict: Verdict
    name: str
    asks: str
    level: str
    fails: bool
    means: str
    choices: tuple[tuple[str, str], ...]
    checked: str
    """Who checked it, by role."""
    contested: str
    """State of the newest dispute about it; empty where there is none."""
    dispute: int | None
    contestable: bool


class Sheet(Model):
    """Why a conversation was graded as it was."""

    source: str
    id: str
    text_hash: str
    team: str | None
    agents: tuple[str, ...]
    score: float | None
    band: str
    weight_graded: float
    provisional: tuple[str, ...]
    verdicts: tuple[VerdictView, ...]
    others: int
    """Verdicts that concern a colleague and are not shown."""
    contest_until: datetime


@router.get("/conversations")
@router.get("/conversations.json")
def show_list(visitor: Annotated[Visitor, needs(Right.READ)], page: int = 1) -> Response:
    """List the conversations that the visitor may see, the newest first."""
    snapshot = visitor.room.snapshots.now()
    rows = sorted(snapshot.of(visitor.person), key=lambda row: (row.happened_at or row.made_at, row.id), reverse=True)
    hidden = blind_keys(visitor)
    first = max(0, page - 1) * SHOWN
    listed = tuple(_listed(visitor, row, blind=(row.source, row.id) in hidden) for row in rows[first : first + SHOWN])
    return visitor.page("conversations", data=ConversationList(conversations=listed, total=len(rows), page=max(1, page)), per_page=SHOWN)


@router.get("/conversation")
@router.get("/conversation.json")
def show(visitor: Annotated[Visitor, needs(Right.READ)], source: str, id: str) -> Response:
    """Explain the grades of a conversation: level, quote, who or what graded it, who checked, how to contest."""
    found, sheet, rubric = load_sheet(visitor, source, id)
    visitor.store.enter("view", who=visitor.name, source=source, id=id, why="explanation sheet")
    marks = [
        Mark((one.turn, one.start, one.end), item.verdict.criterion, item.name) for item in sheet.verdicts for one in item.verdict.evidence
    ]
    own = visitor.person.agent if visitor.person.role is StaffRole.AGENT else None
    turns = show_turns(found.conversation.turns, marks, names=own is None)
    return visitor.page("conversation", data=sheet, turns=turns, conversation=found.conversation, rubric=rubric)


@router.post("/conversation/verify")
def verify(visitor: Annotated[Visitor, needs(Right.OVERSEE)]) -> Response:
    """Take a conversation to verify its grades quickly, which are shown; this does not count as blind."""
    key = (visitor.text("source"), visitor.text("id"))
    found = readable(visitor, *key)[0]
    of = found.conversation
    number = visitor.store.assign_one(visitor.name, (of.source, of.id, of.text_hash, found.rubric), mode=Mode.VERIFY)
    return see(f"/reviews/{number}")


@router.get("/auto-fails")
@router.get("/auto-fails.json")
def show_auto_fails(visitor: Annotated[Visitor, needs(Right.OVERSEE)]) -> Response:
    """List the conversations that a machine auto-failed and nobody has confirmed or cleared."""
    snapshot = visitor.room.snapshots.now()
    reviewing = _reviewing(visitor)
    rows = [row for row in snapshot.of(visitor.person) if row.provisional and (row.source, row.id) not in reviewing]
    shown = rows[:SHOWN]
    known = visitor.store.seen(visitor.name)
    for row in shown:
        if (row.source, row.id) not in known:  # from now on no blind review of it by this person
            visitor.store.enter("view", who=visitor.name, source=row.source, id=row.id, why="list of auto-fails")
    data = ConversationList(conversations=tuple(_listed(visitor, row, blind=False) for row in shown), total=len(rows), page=1)
    why = {(row.source, row.id): ", ".join(row.provisional_names) for row in shown}
    return visitor.page("auto_fails", data=data, why=why)


@router.post("/agents/reveal")
def reveal(visitor: Annotated[Visitor, needs(Right.REVEAL)]) -> Response:
    """Show the name behind a pseudonym; that is written down together with the purpose."""
    pseudonym, purpose = visitor.text("agent"), visitor.text("purpose", longest=500, required="the purpose")
    if not any(pseudonym in row.agents for row in visitor.room.snapshots.now().of(visitor.person)):
        raise Fault(404, "There is no such agent", "Or none whose conversations you may see.")
    name = visitor.store.reveal_agent(pseudonym, who=visitor.name, why=purpose)
    return visitor.page("revealed", pseudonym=pseudonym, name=name, purpose=purpose)


def blind_keys(visitor: Visitor) -> set[Key]:
    """Return the conversations whose grades a visitor must not see in passing, because they review them or may yet do so, blind."""
    if not visitor.may(Right.REVIEW):
        return set()
    known = visitor.store.seen(visitor.name)
    waiting = {(item.source, item.id) for item in visible_items(visitor) if visitor.name not in item.taken_by}
    return (waiting - known) | _reviewing(visitor)


def _reviewing(visitor: Visitor) -> set[Key]:
    """Return the conversations that a visitor is grading blind, in a calibration session until it is closed."""
    if not visitor.may(Right.REVIEW):
        return set()
    sessions = {one.number for one in visitor.store.calibrations() if one.state == "open"}
    mine = visitor.store.assignments(reviewer=visitor.name)
    return {
        (one.source, one.id)
        for one in mine
        if one.mode is Mode.BLIND and (one.state is State.OPEN or (one.state is State.DONE and one.calibration in sessions))
    }


def readable(visitor: Visitor, source: str, id: str) -> tuple[StoredAudit, Audit, Rubric]:
    """Return a conversation's audit, if the visitor may see it.

    Raises
    ------
    Fault
        404 where there is none or it is not theirs to see, 409 while they review it blind.
    """
    read = read_audit(visitor.store, source, id)
    if read is None or not covers(visitor.person, read[0].conversation.team, read[0].conversation.agents):
        raise Fault(404, "There is no such conversation", "Or none that you may see.")
    if (source, id) in _reviewing(visitor):
        raise Fault(409, "You are grading this one blind", "Its grades are shown once you have committed yours.", link=("/queue", "Queue"))
    return read


def load_sheet(visitor: Visitor, source: str, id: str) -> tuple[StoredAudit, Sheet, Rubric]:
    """Return all that the explanation sheet of a conversation shows to the visitor.

    Raises
    ------
    Fault
        As `readable` does.
    """
    found, audit, rubric = readable(visitor, source, id)
    of = found.conversation
    labels = visitor.store.corrections([(of.source, of.id, of.text_hash)]).get((of.source, of.id, of.text_hash), [])
    until = found.made_at + timedelta(days=visitor.room.settings.review.contest_days)
    disputes = {one.criterion: one for one in reversed(visitor.store.disputes(conversation=(source, id))) if one.text_hash == of.text_hash}
    own = visitor.person.agent if visitor.person.role is StaffRole.AGENT else None
    mine = [verdict for verdict in audit.verdicts if own is None or verdict.agent in {None, own}]
    in_time = visitor.may(Right.CONTEST) and datetime.now(UTC) < until
    views = []
    for verdict in mine:
        dispute = disputes.get(verdict.criterion)
        view = _view(rubric, verdict, labels)
        more = {"contested": dispute.state.value if dispute else "", "dispute": dispute.number if dispute else None}
        views.append(view.model_copy(update={**more, "contestable": in_time and (dispute is None or dispute.state != "open")}))
    band = next((band.name for band in rubric.bands if band.id == audit.band), "no score")
    provisional = tuple(rubric.criterion(one.criterion).name for one in audit.auto_fail if one.provisional)
    sheet = Sheet(
        source=source,
        id=id,
        text_hash=of.text_hash,
        team=of.team,
        agents=of.agents if own is None else (own,),
        score=audit.score,
        band=f"{band} (provisional)" if provisional and band != "no score" else band,
        weight_graded=audit.weight_graded,
        provisional=provisional,
        verdicts=tuple(views),
        others=len(audit.verdicts) - len(mine),
        contest_until=until,
    )
    return found, sheet, rubric


def _view(rubric: Rubric, verdict: Verdict, labels: Sequence[Label]) -> VerdictView:
    item = rubric.criterion(verdict.criterion)
    levels = rubric.scale_of(item.id).levels
    return VerdictView(
        verdict=verdict,
        name=item.name,
        asks=item.asks,
        level=level_name(rubric, item.id, verdict.level),
        fails=verdict.graded and rubric.level(item.id, verdict.level).fails,
        means=item.levels.get(verdict.level, ""),
        choices=tuple(
            (one, level_name(rubric, item.id, one)) for one in (*(level.id for level in levels), NOT_APPLICABLE) if one != verdict.level
        ),
        checked=_checked(verdict.criterion, labels),
        contested="",
        dispute=None,
        contestable=False,
    )


_HOW: Final[Mapping[LabelKind, str]] = {
    LabelKind.BLIND: "a reviewer, without seeing the grade",
    LabelKind.REVEALED: "a reviewer, who saw the grade",
    LabelKind.CONSENSUS: "several reviewers together",
    LabelKind.ADJUDICATED: "a second reviewer",
    LabelKind.DISPUTE: "the person who decided the dispute",
}


def _checked(criterion: str, labels: Sequence[Label]) -> str:
    said = [label for label in labels if criterion in label.levels]
    if not said:
        return "nobody yet"
    at = max((label.at for label in said if label.at), default=None)
    how = dict.fromkeys(_HOW[label.kind] for label in said)
    return "; ".join(how) + (f" ({at:%Y-%m-%d})" if at else "")


def address_of(source: str, id: str) -> str:
    """Return the address of a conversation's sheet."""
    return f"/conversation?{urlencode({'source': source, 'id': id})}"


def _listed(visitor: Visitor, row: Row, *, blind: bool) -> ListedConversation:
    own = visitor.person.agent if visitor.person.role is StaffRole.AGENT else None
    return ListedConversation(
        source=row.source,
        id=row.id,
        team=row.team,
        agents=() if blind else row.agents if own is None else (own,),
        happened_at=row.happened_at,
        score=None if blind else row.score,
        band=None if blind or row.band is None else row.band_name + (" (provisional)" if row.provisional else ""),
        blind=blind,
        address=address_of(row.source, row.id),
    )
