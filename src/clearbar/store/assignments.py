"""Who reviews what: the queue, what reviewers put down, and labels made of it."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, select, text

from clearbar.label import Label
from clearbar.store.database import Database, merge, now
from clearbar.store.editions import outdate
from clearbar.store.labels import label_row
from clearbar.store.records import JournalEntry, Sampled
from clearbar.store.reports import write_entry
from clearbar.store.review_records import Assignment, Draft, Mode, QueueItem, RefusedError, Span, State
from clearbar.store.review_tables import assignments, drafts
from clearbar.store.rows import from_json, to_json
from clearbar.store.tables import audits, conversations, journal, labels, runs, samples, versions

__all__ = ["Assignments", "Wanted", "write_assignment"]

Wanted = tuple[str, str, str, str]
"""Source, id, text and rubric of what is to be reviewed."""
SEEN = ("view", "review")
"""Entries in the audit trail after which somebody knows a conversation's grades."""


class Assignments(Database):
    """Assignments and drafts."""

    def queue(self, *, days: int) -> list[QueueItem]:
        """Return what the runs of the last days sampled and can be reviewed, in an order that tells nothing of why."""
        with self.read() as connection:
            return _queue(connection, days)

    def seen(self, person: str) -> set[tuple[str, str]]:
        """Return the conversations (source, id) whose grades a person has been shown."""
        query = select(journal.c.source, journal.c.id).where(journal.c.who == person, journal.c.action.in_(SEEN), journal.c.id.is_not(None))
        with self.read() as connection:
            return {(source, id) for source, id in connection.execute(query.distinct()).tuples()}

    def assign(
        self, choose: Callable[[Sequence[QueueItem]], Iterable[tuple[str, QueueItem]]], *, days: int, by: str, mode: Mode = Mode.BLIND
    ) -> list[int]:
        """Give items of the queue to people and return the assignments' numbers.

        Nobody else assigns meanwhile, so what `choose` sees of the queue holds until its choice is written.

        Parameters
        ----------
        choose
            Given the queue, yields who gets what.
        """
        made = []
        with self.write() as connection:
            _alone(connection)
            for person, item in choose(_queue(connection, days)):
                number = write_assignment(connection, person, (item.source, item.id, item.text_hash, item.rubric), mode=mode)
                if number is not None:
                    made.append(number)
                    entry = JournalEntry(at=now(), who=by, action="assign", source=item.source, id=item.id, why=f"to {person}, {mode}")
                    write_entry(connection, entry)
        return made

    def assign_one(self, person: str, wanted: Wanted, *, mode: Mode) -> int:
        """Give one conversation to a person and return the assignment's number, the old one where they have it."""
        source, id, text_hash, _ = wanted
        with self.write() as connection:
            write_assignment(connection, person, wanted, mode=mode)
            own = (assignments.c.source == source, assignments.c.id == id, assignments.c.text_hash == text_hash)
            number: int = connection.execute(select(assignments.c.number).where(*own, assignments.c.reviewer == person)).scalar_one()
        return number

    def assignment(self, number: int) -> Assignment | None:
        """Return an assignment."""
        with self.read() as connection:
            row = connection.execute(select(assignments).where(assignments.c.number == number)).mappings().one_or_none()
        return Assignment(**row) if row else None

    def assignments(
        self,
        *,
        reviewer: str | None = None,
        states: Collection[State] = (),
        calibration: int | None = None,
        conversation: tuple[str, str] | None = None,
    ) -> list[Assignment]:
        """Return assignments, the oldest first."""
        wanted = [
            *([assignments.c.reviewer == reviewer] if reviewer is not None else []),
            *([assignments.c.state.in_([state.value for state in states])] if states else []),
            *([assignments.c.calibration == calibration] if calibration is not None else []),
            *([assignments.c.source == conversation[0], assignments.c.id == conversation[1]] if conversation else []),
        ]
        with self.read() as connection:
            rows = connection.execute(select(assignments).where(*wanted).order_by(assignments.c.number)).mappings()
            return [Assignment(**row) for row in rows]

    def drafts(self, assignment: int) -> dict[str, Draft]:
        """Return what was put down for an assignment, by criterion."""
        with self.read() as connection:
            return _drafts(connection, assignment)

    def save_draft(self, assignment: int, reviewer: str, draft: Draft) -> int:
        """Keep what a reviewer put down and return its new version; what is acknowledged survives a killed server.

        Raises
        ------
        RefusedError
            `missing` where the assignment is not theirs, `closed` where it is over, `stale` where another window saved in between.
        """
        row = {"assignment": assignment, "criterion": draft.criterion, "level": draft.level, "note": draft.note, "saved_at": now()}
        row |= {"spans": to_json(draft.spans), "version": draft.version + 1}
        with self.write() as connection:
            _require(connection, assignment, reviewer, (State.OPEN, State.COMMITTED))
            if draft.version == 0:
                done = merge(connection, drafts, [row])
            else:
                same = and_(drafts.c.assignment == assignment, drafts.c.criterion == draft.criterion, drafts.c.version == draft.version)
                done = connection.execute(drafts.update().where(same).values(**row)).rowcount
            if not done:
                raise RefusedError(
                    "stale", "this criterion was changed in another window", fix="reload the page to see what was saved there"
                )
        return draft.version + 1

    def finish(
        self,
        assignment: int,
        reviewer: str,
        compose: Callable[[Assignment, dict[str, Draft]], tuple[Label | None, State]],
    ) -> Assignment:
        """Turn drafts into a label and move the assignment on, both or neither.

        Parameters
        ----------
        compose
            Given the assignment and its drafts, returns the label and what the assignment then is; raises where something is missing.

        Raises
        ------
        RefusedError
            As `save_draft` does, and what `compose` raises.
        """
        with self.write() as connection:
            one = _require(connection, assignment, reviewer, (State.OPEN, State.COMMITTED))
            label, state = compose(one, _drafts(connection, assignment))
            if label is not None:
                merge(connection, labels, [label_row(label, one.text_hash)], key=["digest"])
                entry = JournalEntry(at=now(), who=reviewer, action="review", source=one.source, id=one.id, why=f"{label.kind} label")
                write_entry(connection, entry)
                if one.calibration is None:  # of a session, what it agrees on counts
                    outdate(connection, one.source, one.id, one.text_hash, "people reviewed conversations in it")
            _move(connection, assignment, state)
        return one.model_copy(update={"state": state})

    def skip(self, assignment: int, reviewer: str, why: str) -> None:
        """Give an item back, for another person.

        Raises
        ------
        RefusedError
            As `save_draft` does.
        """
        with self.write() as connection:
            one = _require(connection, assignment, reviewer, (State.OPEN,))
            _move(connection, assignment, State.SKIPPED, why)
            write_entry(connection, JournalEntry(at=now(), who=reviewer, action="skip", source=one.source, id=one.id))

    def give_back(self, person: str, keep: Callable[[str | None, Collection[str]], bool], *, by: str) -> int:
        """Give back, for others, the reviews that somebody has begun or not and may not do any more, and return how many.

        Parameters
        ----------
        person
            Who has them; what calibration sessions gave them stays.
        keep
            Given a conversation's team and agents, whether they may still review it.
        by
            For the audit trail.
        """
        version = _same(versions, assignments)
        query = (
            select(assignments.c.number, assignments.c.source, assignments.c.id, versions.c.team, versions.c.agents)
            .join(versions, version, isouter=True)
            .where(assignments.c.reviewer == person, assignments.c.state.in_([State.OPEN.value, State.COMMITTED.value]))
            .where(assignments.c.calibration.is_(None))
            .order_by(assignments.c.number)
        )
        with self.write() as connection:
            _alone(connection)
            lost = [row for row in connection.execute(query).all() if not keep(row.team, from_json(row.agents or "[]"))]
            for row in lost:
                _move(connection, row.number, State.SKIPPED, "given back")
                why = f"from {person}, who may not review it any more"
                write_entry(connection, JournalEntry(at=now(), who=by, action="give back", source=row.source, id=row.id, why=why))
        return len(lost)

    def drawn(self, source: str, id: str) -> Sampled | None:
        """Return how a conversation was drawn last; null where it never was."""
        query = select(samples).where(samples.c.source == source, samples.c.id == id).order_by(samples.c.run.desc()).limit(1)
        with self.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return Sampled(**row) if row else None


def write_assignment(
    connection: Connection, person: str, wanted: Wanted, *, mode: Mode = Mode.BLIND, calibration: int | None = None
) -> int | None:
    """Write an assignment inside a transaction and return its number; null where the person has or had that text before."""
    source, id, text_hash, rubric = wanted
    row: dict[str, Any] = {"source": source, "id": id, "text_hash": text_hash, "rubric": rubric, "reviewer": person, "mode": mode.value}
    row |= {"calibration": calibration, "state": State.OPEN.value, "why": "", "made_at": now()}
    if not merge(connection, assignments, [row], key=["source", "id", "text_hash", "reviewer"]):
        return None
    same = (assignments.c.source == source, assignments.c.id == id, assignments.c.text_hash == text_hash)
    number: int = connection.execute(select(assignments.c.number).where(*same, assignments.c.reviewer == person)).scalar_one()
    return number


def _alone(connection: Connection) -> None:
    # SQLite's writers are alone as it is
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('clearbar assign'))"))


def _move(connection: Connection, number: int, state: State, why: str = "") -> None:
    values: dict[str, Any] = {"state": state.value, "why": why}
    if state in {State.DONE, State.SKIPPED}:
        values["ended_at"] = now()
        connection.execute(drafts.delete().where(drafts.c.assignment == number))
    connection.execute(assignments.update().where(assignments.c.number == number).values(**values))


def _require(connection: Connection, number: int, reviewer: str, states: Collection[State]) -> Assignment:
    query = select(assignments).where(assignments.c.number == number, assignments.c.reviewer == reviewer).with_for_update()
    row = connection.execute(query).mappings().one_or_none()
    if row is None or row["text_hash"] is None:
        raise RefusedError("missing", "there is no such review of yours", fix="go on with the queue")
    found = Assignment(**row)
    if found.state not in states:
        raise RefusedError("closed", f"this review is {found.state} already", fix="what was saved before is kept")
    return found


def _drafts(connection: Connection, assignment: int) -> dict[str, Draft]:
    rows = connection.execute(select(drafts).where(drafts.c.assignment == assignment)).all()
    return {row.criterion: _draft(row) for row in rows}


def _draft(row: Row[Any]) -> Draft:
    spans: tuple[Span, ...] = tuple((turn, start, end) for turn, start, end in from_json(row.spans))
    return Draft(criterion=row.criterion, level=row.level, note=row.note, spans=spans, version=row.version)


def _queue(connection: Connection, days: int) -> list[QueueItem]:
    recent = and_(samples.c.run == runs.c.id, runs.c.started_at >= now() - timedelta(days=days))
    current = and_(conversations.c.source == samples.c.source, conversations.c.id == samples.c.id)
    version = _same(versions, conversations)
    audit = _same(audits, conversations)
    query = (
        select(
            conversations.c.source,
            conversations.c.id,
            conversations.c.text_hash,
            versions.c.team,
            versions.c.agents,
            versions.c.fields,
            func.max(samples.c.run).label("run"),
            func.max(audits.c.number).label("audit"),
        )
        .join(samples, current)
        .join(runs, recent)
        .join(versions, version)
        .join(audits, audit)
        .group_by(
            conversations.c.source, conversations.c.id, conversations.c.text_hash, versions.c.team, versions.c.agents, versions.c.fields
        )
        .order_by(conversations.c.text_hash)  # a digest: the order says nothing of a conversation
    )
    found = connection.execute(query).all()
    rubrics = dict(
        connection.execute(select(audits.c.number, audits.c.rubric).where(audits.c.number.in_([row.audit for row in found]))).tuples().all()
    )
    given = _given(connection)
    return [_item(row, rubrics[row.audit], given[row.source, row.id, row.text_hash]) for row in found]


def _same(one: Any, other: Any) -> ColumnElement[bool]:
    return and_(one.c.source == other.c.source, one.c.id == other.c.id, one.c.text_hash == other.c.text_hash)


def _given(connection: Connection) -> dict[tuple[str, str, str], list[tuple[str, State, bool]]]:
    """Return who has or had each text, in what state, and whether that makes one of the reviews it is to have."""
    given: dict[tuple[str, str, str], list[tuple[str, State, bool]]] = defaultdict(list)
    for row in connection.execute(select(assignments)):
        state = State(row.state)
        counts = state is State.DONE or (row.calibration is None and state in {State.OPEN, State.COMMITTED})
        given[row.source, row.id, row.text_hash].append((row.reviewer, state, counts))
    return given


def _item(row: Row[Any], rubric: str, given: Sequence[tuple[str, State, bool]]) -> QueueItem:
    return QueueItem(
        source=row.source,
        id=row.id,
        text_hash=row.text_hash,
        rubric=rubric,
        team=row.team,
        agents=tuple(from_json(row.agents)),
        fields={name: str(value) for name, value in from_json(row.fields).items() if isinstance(value, str | int | float)},
        run=row.run,
        taken_by=frozenset(person for person, _, _ in given),
        taken=sum(counts for _, _, counts in given),
        done=sum(state is State.DONE for _, state, _ in given),
    )
