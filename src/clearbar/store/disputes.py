"""Contested verdicts, closed periods, and what people corrected."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, func, select

from clearbar.label import Label, LabelKind
from clearbar.store.database import Database, chunks, merge, now
from clearbar.store.editions import outdate
from clearbar.store.labels import label_row, read_label
from clearbar.store.people import write_notices
from clearbar.store.records import JournalEntry, StoredAudit
from clearbar.store.reports import write_entry
from clearbar.store.review_records import Closing, Dispute, DisputeState, RefusedError
from clearbar.store.review_tables import assignments, closings, disputes
from clearbar.store.rows import read_fields, read_usage, read_verdicts
from clearbar.store.tables import audits, labels, tombstones, versions

__all__ = ["Disputes"]

Key = tuple[str, str, str]
"""Source, id and text of a conversation."""


class Disputes(Database):
    """Disputes and corrections."""

    def audit_of(self, source: str, id: str, text_hash: str, *, grading: str | None = None) -> StoredAudit | None:
        """Return the newest audit of a text of a conversation, without turns; of those made with one `grading_hash`, where given."""
        query = select(versions, *(audits.c[name] for name in _AUDIT), audits.c.run.label("made_in")).join(
            versions, (versions.c.source == audits.c.source) & (versions.c.id == audits.c.id) & (versions.c.text_hash == audits.c.text_hash)
        )
        query = query.where(audits.c.source == source, audits.c.id == id, audits.c.text_hash == text_hash)
        if grading is not None:
            query = query.where(audits.c.grading_hash == grading)
        with self.read() as connection:
            row = connection.execute(query.order_by(audits.c.made_at.desc(), audits.c.number.desc()).limit(1)).mappings().one_or_none()
        if row is None:
            return None
        values: dict[str, Any] = {name: row[name] for name in ("rubric", "grading_hash", "asked", "made_at")}
        verdicts, usage = read_verdicts(row["verdicts"]), read_usage(row["usage"])
        return StoredAudit(**values, conversation=read_fields(row), verdicts=verdicts, usage=usage, run=row["made_in"])

    def corrections(self, keys: Collection[Key] | None = None, *, calibration: bool = False) -> dict[Key, list[Label]]:
        """Return what people said in the reviewers' room, the oldest first, by the text that they read.

        Parameters
        ----------
        keys
            Source, id and text of conversations; all by default.
        calibration
            Whether blind grades given in a calibration session are among them; in reports the consensus counts instead.
        """
        found: dict[Key, list[Label]] = defaultdict(list)
        made_here = (labels.c.erased.is_(False), labels.c.text_hash.is_not(None), labels.c.source.is_not(None))
        query = select(labels).where(*made_here, *([] if calibration else [~_in_calibration()]))
        with self.read() as connection:
            parts = [None] if keys is None else list(chunks({key[2] for key in keys}))
            for some in parts:
                part = query if some is None else query.where(labels.c.text_hash.in_(some))
                for row in connection.execute(part.order_by(labels.c.number)):
                    found[row.source, row.id, row.text_hash].append(read_label(row))
        wanted = None if keys is None else set(keys)
        return {key: said for key, said in found.items() if wanted is None or key in wanted}

    def pulse(self) -> tuple[object, ...]:
        """Return a value that changes whenever an audit, a label, a closing or an erasure comes; for what is computed of them and kept."""
        with self.read() as connection:
            newest = [connection.execute(select(func.max(table.c.number))).scalar() for table in (labels, audits, closings)]
            last = connection.execute(select(func.max(audits.c.made_at))).scalar()
            erased = connection.execute(select(func.count()).select_from(tombstones)).scalar()
        return (*newest, last, erased)

    def open_dispute(self, values: Mapping[str, Any], *, days: int, notify: Sequence[str]) -> int:
        """Write down that a verdict is contested, tell those who decide, and return its number.

        Parameters
        ----------
        values
            Fields of `Dispute` that the person who contests gives.
        days
            Within which it is to be answered.

        Raises
        ------
        RefusedError
            `closed` where that verdict is contested already and not yet decided.
        """
        moment = now()
        same = [disputes.c[name] == values[name] for name in ("source", "id", "text_hash", "criterion")]
        with self.write() as connection:
            if connection.execute(select(disputes.c.number).where(*same, disputes.c.state == "open")).first():
                raise RefusedError("closed", "this verdict is contested already", fix="wait for the decision")
            row = {**values, "state": "open", "answer": "", "made_at": moment, "due": moment + timedelta(days=days)}
            number: int = connection.execute(disputes.insert().values(**row).returning(disputes.c.number)).scalar_one()
            _enter(connection, values, values["by"], "dispute", f"dispute {number}: {values['criterion']}")
            write_notices(connection, notify, f"Dispute {number} waits for a decision", f"/disputes/{number}")
        return number

    def dispute(self, number: int) -> Dispute | None:
        """Return a dispute."""
        with self.read() as connection:
            row = connection.execute(select(disputes).where(disputes.c.number == number)).mappings().one_or_none()
        return Dispute(**row) if row else None

    def disputes(
        self,
        *,
        by: str | None = None,
        states: Collection[DisputeState] = (),
        conversation: tuple[str, str] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[Dispute]:
        """Return disputes, the newest first; `since` and `until` bound when they were raised."""
        wanted = [
            *([disputes.c.by == by] if by is not None else []),
            *([disputes.c.state.in_([state.value for state in states])] if states else []),
            *([disputes.c.source == conversation[0], disputes.c.id == conversation[1]] if conversation else []),
            *([disputes.c.made_at >= since] if since else []),
            *([disputes.c.made_at < until] if until else []),
        ]
        with self.read() as connection:
            rows = connection.execute(select(disputes).where(*wanted).order_by(disputes.c.number.desc())).mappings()
            return [Dispute(**row) for row in rows]

    def decide(self, number: int, *, state: DisputeState, answer: str, label: Label) -> list[str]:
        """Decide a dispute: the label, the notice to the one who raised it, and the reports that no longer hold.

        Returns
        -------
        list of str
            Reports that are marked for being made anew; those of a closed period keep their numbers and tell of it.

        Raises
        ------
        RefusedError
            `closed` where somebody else decided it first.
        """
        moment = now()
        with self.write() as connection:
            open_one = (disputes.c.number == number, disputes.c.state == "open")
            level = label.levels[next(iter(label.levels))]
            values = {"state": state.value, "answer": answer, "decided": str(level), "decided_by": label.annotator, "decided_at": moment}
            row = connection.execute(disputes.update().where(*open_one).values(**values).returning(disputes)).mappings().one_or_none()
            if row is None:
                raise RefusedError("closed", "this dispute is decided already", fix="read the decision below")
            merge(connection, labels, [label_row(label, row["text_hash"])], key=["digest"])
            of = row["source"], row["id"], row["text_hash"]
            stale = [] if state is DisputeState.REJECTED else outdate(connection, *of, f"dispute {number} changed a verdict in it")
            _enter(connection, {**row}, str(label.annotator), "decide", f"dispute {number}: {state}")
            write_notices(connection, [row["by"]], f"Your dispute {number} was decided", f"/disputes/{number}")
        return stale

    def add_consensus(self, label: Label, text_hash: str) -> list[str]:
        """Append what a calibration session agreed on and return the reports that are marked for being made anew."""
        with self.write() as connection:
            merge(connection, labels, [label_row(label, text_hash)], key=["digest"])
            return outdate(connection, str(label.source), label.id, text_hash, "a calibration session settled verdicts in it")

    def close_period(self, until: datetime, *, by: str) -> None:
        """Let the numbers of all conversations before a moment stand; the audit trail keeps how disputes stood then."""
        with self.write() as connection:
            connection.execute(closings.insert().values(until=until, by=by, at=now()))
            counted = connection.execute(
                select(disputes.c.state, func.count()).group_by(disputes.c.state).order_by(disputes.c.state)
            ).tuples()
            told = ", ".join(f"{number} {state}" for state, number in counted) or "none"
            why = f"until {until:%Y-%m-%d %H:%M} UTC; disputes so far: {told}"
            write_entry(connection, JournalEntry(at=now(), who=by, action="close period", why=why))

    def closings(self) -> list[Closing]:
        """Return the closed periods, the oldest closing first."""
        with self.read() as connection:
            return [Closing(**row) for row in connection.execute(select(closings).order_by(closings.c.number)).mappings()]


_AUDIT = ("rubric", "grading_hash", "asked", "verdicts", "usage", "made_at")


def _in_calibration() -> ColumnElement[bool]:
    same = [assignments.c[name] == labels.c[name] for name in ("source", "id", "text_hash")]
    by = assignments.c.reviewer == labels.c.annotator
    return exists().where(*same, by, assignments.c.calibration.is_not(None)) & (labels.c.kind == LabelKind.BLIND.value)


def _enter(connection: Connection, of: Mapping[str, Any], who: str, action: str, why: str) -> None:
    write_entry(connection, JournalEntry(at=now(), who=who, action=action, source=of["source"], id=of["id"], why=why))
