"""The queue: what waits for whom."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response

from clearbar.model import Model, digest
from clearbar.review.access import Right, covers, may
from clearbar.review.web import Visitor, needs, see
from clearbar.store import ALL_TEAMS, Assignment, Mode, Person, QueueItem, StaffRole, State, Store

__all__ = ["choose", "in_scope", "next_item", "router", "visible_items", "wanted"]

router = APIRouter()
OPEN = (State.OPEN, State.COMMITTED)
Wanted = tuple[str, str, str | None, str]
"""Source, id, text and rubric of a conversation in a session."""


class OpenReview(Model):
    """An assignment in somebody's queue; nothing of its grades or why it was drawn."""

    number: int
    state: State
    mode: Mode
    session: str
    """Title of its calibration session."""
    made_at: str


class Load(Model):
    """How much one reviewer has to do and has done."""

    reviewer: str
    shown: str
    open: int
    done: int
    skipped: int


class QueueData(Model):
    """What the queue page shows."""

    open: tuple[OpenReview, ...]
    done: int
    """By the visitor."""
    waiting: int
    """Items that the visitor could take."""
    sampled: int | None = None
    """In all; shown to those who oversee."""
    finished: int | None = None
    twice: int | None = None
    """How many are to be reviewed by two people."""
    loads: tuple[Load, ...] = ()


@router.get("/queue")
@router.get("/queue.json")
def show(visitor: Annotated[Visitor, needs(Right.REVIEW)]) -> Response:
    """Show what waits for the visitor, and to those who oversee how far all are."""
    mine = [one for one in visitor.store.assignments(reviewer=visitor.name) if one.state not in OPEN or in_scope(visitor, one)]
    sessions = {one.number: one.title for one in visitor.store.calibrations()}
    items = visible_items(visitor)
    data = QueueData(
        open=tuple(_open(one, sessions) for one in mine if one.state in OPEN),
        done=sum(one.state is State.DONE for one in mine),
        waiting=sum(True for _ in _candidates(items, visitor.person, visitor.store.seen(visitor.name), _share(visitor))),
    )
    if visitor.may(Right.OVERSEE):
        data = data.model_copy(update=_progress(visitor, items))
    return visitor.page("queue", data=data)


@router.post("/queue/next")
def take(visitor: Annotated[Visitor, needs(Right.REVIEW)]) -> Response:
    """Go on with the next item: one that is open, else one from the queue."""
    number = next_item(visitor)
    return see(f"/reviews/{number}" if number is not None else "/queue")


@router.post("/queue/distribute")
def distribute(visitor: Annotated[Visitor, needs(Right.OVERSEE)]) -> Response:
    """Give all that waits to the active reviewers, evenly."""
    store = visitor.store
    reviewers = [one for one in store.people([StaffRole.REVIEWER]) if one.active]
    loads = Counter(one.reviewer for one in store.assignments(states=OPEN))
    seen = {one.name: store.seen(one.name) for one in reviewers}
    share = _share(visitor)
    keep = {(item.source, item.id) for item in visible_items(visitor)}

    def chosen(items: Sequence[QueueItem]) -> Iterator[tuple[str, QueueItem]]:
        return choose([item for item in items if (item.source, item.id) in keep], reviewers, loads, seen, share)

    store.assign(chosen, days=visitor.room.settings.review.days, by=visitor.name)
    return see("/queue")


def next_item(visitor: Visitor) -> int | None:
    """Return the visitor's next assignment, made now where none is open; null where nothing is left."""
    store = visitor.store
    opened = next((one for one in store.assignments(reviewer=visitor.name, states=OPEN) if in_scope(visitor, one)), None)
    if opened:
        return opened.number
    seen, share = store.seen(visitor.name), _share(visitor)
    keep = {(item.source, item.id) for item in visible_items(visitor)}

    def first(items: Sequence[QueueItem]) -> Iterator[tuple[str, QueueItem]]:
        kept = [item for item in items if (item.source, item.id) in keep]
        for item in _candidates(kept, visitor.person, seen, share):
            yield visitor.name, item
            return

    made = store.assign(first, days=visitor.room.settings.review.days, by=visitor.name)
    return made[0] if made else None


def visible_items(visitor: Visitor) -> list[QueueItem]:
    """Return the items of the queue that belong to the visitor's teams and that no rule excludes."""
    items = visitor.store.queue(days=visitor.room.settings.review.days)
    left_out = visitor.room.excluding.left_out(items)
    return [item for item in items if covers(visitor.person, item.team, item.agents) and (item.source, item.id) not in left_out]


def in_scope(visitor: Visitor, one: Assignment | Wanted) -> bool:
    """Return whether what was assigned, or put into a session, still belongs to the visitor's teams; what was erased has none."""
    if ALL_TEAMS in visitor.person.teams:
        return True  # saves a look at the store, on every key that a reviewer presses
    source, id, text_hash = (one.source, one.id, one.text_hash) if isinstance(one, Assignment) else one[:3]
    found = visitor.store.conversation(source, id, text_hash) if text_hash else None
    return found is None or covers(visitor.person, found.team, found.agents)


def wanted(item: QueueItem, share: float) -> int:
    """Return how many people review an item: two for a share of all, chosen by the item's name alone."""
    return 2 if int(digest([item.source, item.id])[:8], 16) < share * 2**32 else 1


def choose(
    items: Sequence[QueueItem], reviewers: Sequence[Person], loads: Counter[str], seen: dict[str, set[tuple[str, str]]], share: float
) -> Iterator[tuple[str, QueueItem]]:
    """Yield who gets which item, each to those with the least to do who may have it; no item twice to one person.

    Parameters
    ----------
    loads
        Open assignments by reviewer; counted on while items are given out.
    seen
        Conversations whose grades a reviewer has been shown, by reviewer.
    """
    for item in items:
        free = [one for one in reviewers if _can_take(item, one, seen[one.name])]
        for one in sorted(free, key=lambda one: (loads[one.name], one.name))[: max(0, wanted(item, share) - item.taken)]:
            loads[one.name] += 1
            yield one.name, item


def _candidates(items: Sequence[QueueItem], person: Person, seen: set[tuple[str, str]], share: float) -> Iterator[QueueItem]:
    for item in sorted(items, key=lambda item: item.taken):
        if item.taken < wanted(item, share) and _can_take(item, person, seen):
            yield item


def _can_take(item: QueueItem, person: Person, seen: set[tuple[str, str]]) -> bool:
    fresh = person.name not in item.taken_by and (item.source, item.id) not in seen
    return fresh and person.agent not in item.agents and may(person, Right.REVIEW) and covers(person, item.team, item.agents)


def _share(visitor: Visitor) -> float:
    return visitor.room.settings.review.double_share


def _open(one: Assignment, sessions: dict[int, str]) -> OpenReview:
    session = sessions.get(one.calibration, "") if one.calibration is not None else ""
    return OpenReview(number=one.number, state=one.state, mode=one.mode, session=session, made_at=f"{one.made_at:%Y-%m-%d}")


def _progress(visitor: Visitor, items: Sequence[QueueItem]) -> dict[str, object]:
    share = _share(visitor)
    return {
        "sampled": len(items),
        "finished": sum(item.done >= wanted(item, share) for item in items),
        "twice": sum(wanted(item, share) > 1 for item in items),
        "loads": tuple(_load(visitor.store, one) for one in visitor.store.people([StaffRole.REVIEWER, StaffRole.LEAD])),
    }


def _load(store: Store, person: Person) -> Load:
    states = Counter(one.state for one in store.assignments(reviewer=person.name))
    opened = states[State.OPEN] + states[State.COMMITTED]
    return Load(reviewer=person.name, shown=person.shown, open=opened, done=states[State.DONE], skipped=states[State.SKIPPED])
