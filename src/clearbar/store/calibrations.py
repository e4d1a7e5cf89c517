"""Calibration sessions, the coaching log, and exclusions."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from clearbar.store.assignments import Wanted, write_assignment
from clearbar.store.database import Database, now
from clearbar.store.people import write_notices
from clearbar.store.records import JournalEntry, Outcome
from clearbar.store.reports import write_entry
from clearbar.store.review_records import Calibration, Coaching, Exclusion, RefusedError, State
from clearbar.store.review_tables import assignments, calibration_conversations, calibrations, coaching, exclusions
from clearbar.store.tables import run_items

__all__ = ["Calibrations"]


class Calibrations(Database):
    """Calibration sessions, coaching, exclusions."""

    def open_calibration(
        self, title: str, *, conversations: Sequence[Wanted], participants: Sequence[str], expert: str | None, due: datetime | None, by: str
    ) -> int:
        """Open a session, give everybody the same conversations, tell them, and return its number.

        Raises
        ------
        RefusedError
            `seen` where a participant has or had one of the conversations: they could not grade it blind.
        """
        with self.write() as connection:
            row = {"title": title, "expert": expert, "due": due, "state": "open", "made_by": by, "made_at": now()}
            number: int = connection.execute(calibrations.insert().values(**row).returning(calibrations.c.number)).scalar_one()
            for place, wanted in enumerate(conversations):
                names = ("source", "id", "text_hash", "rubric")
                one = dict(zip(names, wanted, strict=True))
                connection.execute(calibration_conversations.insert().values(calibration=number, place=place, **one))
                for person in participants:
                    if write_assignment(connection, person, wanted, calibration=number) is None:
                        raise RefusedError(
                            "seen", f"{person} has had conversation {wanted[1]} before", fix="choose others, or leave them out"
                        )
            write_entry(connection, JournalEntry(at=now(), who=by, action="calibrate", why=f"opened session {number}"))
            write_notices(connection, participants, f"Calibration session “{title}” is open", "/queue")
        return number

    def close_calibration(self, number: int, *, by: str) -> None:
        """End a session: what is open in it stays as it is, and results are shown.

        Raises
        ------
        RefusedError
            `closed` where it has ended.
        """
        with self.write() as connection:
            open_one = (calibrations.c.number == number, calibrations.c.state == "open")
            if not connection.execute(calibrations.update().where(*open_one).values(state="closed", closed_at=now())).rowcount:
                raise RefusedError("closed", "this session is closed already")
            left = (assignments.c.calibration == number, assignments.c.state == State.OPEN.value)
            connection.execute(assignments.update().where(*left).values(state=State.CLOSED.value, ended_at=now()))
            write_entry(connection, JournalEntry(at=now(), who=by, action="calibrate", why=f"closed session {number}"))
            people = connection.execute(select(assignments.c.reviewer).where(assignments.c.calibration == number)).scalars().all()
            write_notices(connection, people, "The results of a calibration session are there", f"/calibrations/{number}")

    def calibration(self, number: int) -> Calibration | None:
        """Return a session with its conversations."""
        return next(iter(self._calibrations(number)), None)

    def calibrations(self) -> list[Calibration]:
        """Return all sessions, the newest first."""
        return self._calibrations(None)

    def _calibrations(self, number: int | None) -> list[Calibration]:
        query, inside = select(calibrations).order_by(calibrations.c.number.desc()), select(calibration_conversations)
        if number is not None:
            query = query.where(calibrations.c.number == number)
            inside = inside.where(calibration_conversations.c.calibration == number)
        with self.read() as connection:
            found = connection.execute(query).mappings().all()
            rows = connection.execute(inside.order_by(calibration_conversations.c.place)).all()
        return [
            Calibration(
                **one,
                conversations=tuple((row.source, row.id, row.text_hash, row.rubric) for row in rows if row.calibration == one["number"]),
            )
            for one in found
        ]

    def add_coaching(self, *, team: str | None, agent: str | None, criterion: str, step: str, agreed_on: datetime, by: str) -> None:
        """Write down a step that was agreed with an agent or a team."""
        row = {"team": team, "agent": agent, "criterion": criterion, "step": step, "agreed_on": agreed_on, "by": by, "made_at": now()}
        with self.write() as connection:
            connection.execute(coaching.insert().values(**row))
            write_entry(connection, JournalEntry(at=now(), who=by, action="coach", why=f"{criterion}, {agent or team}"))

    def coaching(self, *, teams: Sequence[str] = ()) -> list[Coaching]:
        """Return agreed steps, the newest first; of some teams, where given."""
        query = select(coaching).order_by(coaching.c.agreed_on.desc(), coaching.c.number.desc())
        if teams:
            query = query.where(coaching.c.team.in_(teams))
        with self.read() as connection:
            return [Coaching(**row) for row in connection.execute(query).mappings()]

    def add_exclusion(self, *, field: str, value: str, why: str, by: str) -> None:
        """Leave a kind of conversation out of audits and review."""
        with self.write() as connection:
            row = {"field": field, "value": value, "why": why, "active": True, "by": by, "made_at": now()}
            connection.execute(exclusions.insert().values(**row))
            write_entry(connection, JournalEntry(at=now(), who=by, action="exclude", why=f"{field}: {why}"))

    def end_exclusion(self, number: int, *, by: str) -> None:
        """Take a kind of conversation back."""
        with self.write() as connection:
            connection.execute(exclusions.update().where(exclusions.c.number == number).values(active=False))
            write_entry(connection, JournalEntry(at=now(), who=by, action="exclude", why=f"ended rule {number}"))

    def exclusions(self, *, active: bool = False) -> list[Exclusion]:
        """Return the rules, the oldest first."""
        query = select(exclusions).order_by(exclusions.c.number)
        if active:
            query = query.where(exclusions.c.active.is_(True))
        with self.read() as connection:
            return [Exclusion(**row) for row in connection.execute(query).mappings()]

    def filtered_counts(self, beginning: str) -> dict[str, int]:
        """Return how many conversations runs have left out, by reason; only for reasons with this beginning."""
        wanted = (run_items.c.outcome == Outcome.FILTERED.value, run_items.c.why.startswith(beginning, autoescape=True))
        once = select(run_items.c.why, run_items.c.source, run_items.c.id).where(*wanted).distinct().subquery()
        with self.read() as connection:
            return dict(connection.execute(select(once.c.why, func.count()).group_by(once.c.why)).tuples().all())
