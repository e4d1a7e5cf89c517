"""Edits of rubrics: drafts, who approved them, when they hold, and the texts before and after."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from clearbar.store.database import Database, now
from clearbar.store.people import write_notices
from clearbar.store.records import JournalEntry
from clearbar.store.reports import write_entry
from clearbar.store.review_records import ChangeState, RefusedError, RubricChange
from clearbar.store.review_tables import rubric_changes

__all__ = ["RubricChanges"]


class RubricChanges(Database):
    """The rubric desk's part of the store; every step stands in the audit trail."""

    def begin_change(self, rubric: str, *, base_text: str, body: str, by: str) -> int:
        """Begin a draft and return its number."""
        moment = now()
        row: dict[str, Any] = {"rubric": rubric, "state": ChangeState.DRAFT.value, "author": by, "why": "", "base_text": base_text}
        row |= {"body": body, "text": "", "version": 1, "answer": "", "begun_at": moment, "saved_at": moment}
        with self.write() as connection:
            made = rubric_changes.insert().values(**row).returning(rubric_changes.c.number)
            number: int = connection.execute(made).scalar_one()
            _enter(connection, by, f"began draft {number} of {rubric}")
        return number

    def change(self, number: int) -> RubricChange | None:
        """Return an edit."""
        with self.read() as connection:
            row = connection.execute(select(rubric_changes).where(rubric_changes.c.number == number)).mappings().one_or_none()
        return RubricChange(**row) if row else None

    def changes(self, *, rubric: str | None = None, states: Collection[ChangeState] = ()) -> list[RubricChange]:
        """Return edits, the newest first."""
        query = select(rubric_changes).order_by(rubric_changes.c.number.desc())
        if rubric is not None:
            query = query.where(rubric_changes.c.rubric == rubric)
        if states:
            query = query.where(rubric_changes.c.state.in_([state.value for state in states]))
        with self.read() as connection:
            return [RubricChange(**row) for row in connection.execute(query).mappings()]

    def save_change(self, number: int, *, by: str, version: int, body: str, base_text: str | None = None) -> int:
        """Keep what the author wrote and return the new version; with the text of the file where the draft was carried over to it.

        Raises
        ------
        RefusedError
            `missing` where the draft is not theirs, `closed` where it is no draft any more, `stale` where another window saved first.
        """
        values: dict[str, Any] = {"body": body, "version": version + 1, "saved_at": now()}
        if base_text is not None:
            values["base_text"] = base_text
        with self.write() as connection:
            found = _require(connection, number, (ChangeState.DRAFT,), version)
            if found.author != by:
                raise RefusedError("missing", "this draft is somebody else's", fix="begin one of your own")
            _update(connection, number, values)
        return version + 1

    def propose_change(
        self, number: int, *, by: str, version: int, body: str, text: str, why: str, effective: datetime, tell: Collection[str]
    ) -> None:
        """Send a draft for approval, with the text that the file is to have.

        Raises
        ------
        RefusedError
            As `save_change` does.
        """
        with self.write() as connection:
            found = _require(connection, number, (ChangeState.DRAFT,), version)
            if found.author != by:
                raise RefusedError("missing", "this draft is somebody else's", fix="begin one of your own")
            state = ChangeState.PROPOSED.value
            values = {"state": state, "body": body, "text": text, "why": why, "effective": effective, "version": version + 1}
            _update(connection, number, {**values, "answer": "", "decided_by": None, "decided_at": None, "saved_at": now()})
            _enter(connection, by, f"sent change {number} of {found.rubric} for approval")
            told = f"Change {number} of the rubric {found.rubric} waits for approval"
            write_notices(connection, [one for one in tell if one != by], told, f"/rubric/changes/{number}")

    def approve_change(self, number: int, *, by: str, version: int, answer: str = "") -> None:
        """Approve an edit, which then becomes the file on its day.

        Raises
        ------
        RefusedError
            `closed` where it does not wait for approval, or its author asks; `stale` where it was changed since it was read.
        """
        with self.write() as connection:
            found = _require(connection, number, (ChangeState.PROPOSED,), version)
            if found.author == by:
                raise RefusedError("closed", "nobody approves a change of their own", fix="another lead or an admin can")
            values = {"state": ChangeState.APPROVED.value, "decided_by": by, "decided_at": now(), "answer": answer}
            _update(connection, number, {**values, "version": version + 1})
            _enter(connection, by, f"approved change {number} of {found.rubric}")
            write_notices(connection, [found.author], f"Change {number} of the rubric was approved", f"/rubric/changes/{number}")

    def return_change(self, number: int, *, by: str, version: int, answer: str) -> None:
        """Make a draft again of an edit that is not in force yet, with a word to its author.

        Raises
        ------
        RefusedError
            `closed` where it is in force, dropped, or a draft; `stale` where it was changed since it was read.
        """
        with self.write() as connection:
            found = _require(connection, number, (ChangeState.PROPOSED, ChangeState.APPROVED), version)
            values = {"state": ChangeState.DRAFT.value, "decided_by": by, "decided_at": now(), "answer": answer, "version": version + 1}
            _update(connection, number, values)
            _enter(connection, by, f"returned change {number} of {found.rubric}")
            if found.author != by:
                write_notices(connection, [found.author], f"Change {number} of the rubric is a draft again", f"/rubric/changes/{number}")

    def drop_change(self, number: int, *, by: str, version: int) -> None:
        """End a draft that nobody wants; its history stays.

        Raises
        ------
        RefusedError
            As `return_change` does.
        """
        with self.write() as connection:
            found = _require(connection, number, (ChangeState.DRAFT,), version)
            _update(connection, number, {"state": ChangeState.DROPPED.value, "version": version + 1})
            _enter(connection, by, f"dropped draft {number} of {found.rubric}")

    def put_change_in_force(self, number: int, at: datetime) -> bool:
        """Write down that an approved edit is the file now; false where another process has done so."""
        with self.write() as connection:
            approved = (rubric_changes.c.number == number, rubric_changes.c.state == ChangeState.APPROVED.value)
            done = rubric_changes.update().where(*approved).values(state=ChangeState.IN_FORCE.value, in_force_at=at)
            if not connection.execute(done).rowcount:
                return False
            found = _require(connection, number, (ChangeState.IN_FORCE,), None)
            _enter(connection, found.decided_by or "", f"change {number} of {found.rubric} is in force")
            told = f"Change {number} of the rubric {found.rubric} is in force"
            write_notices(connection, {found.author, found.decided_by or found.author}, told, f"/rubric/changes/{number}")
        return True


def _require(connection: Connection, number: int, states: Collection[ChangeState], version: int | None) -> RubricChange:
    query = select(rubric_changes).where(rubric_changes.c.number == number).with_for_update()
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise RefusedError("missing", "there is no such change of a rubric", fix="go on from the rubric desk")
    found = RubricChange(**row)
    if found.state not in states:
        raise RefusedError("closed", f"this change is {found.state.replace('_', ' ')} already", fix="look at it on the rubric desk")
    if version is not None and found.version != version:
        raise RefusedError("stale", "this change was saved in another window", fix="reload the page to see what was saved there")
    return found


def _update(connection: Connection, number: int, values: dict[str, Any]) -> None:
    connection.execute(rubric_changes.update().where(rubric_changes.c.number == number).values(**values))


def _enter(connection: Connection, who: str, why: str) -> None:
    write_entry(connection, JournalEntry(at=now(), who=who, action="rubric", why=why))
