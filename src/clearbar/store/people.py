"""People, their sessions, failed sign-ins, and notices to them."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select

from clearbar.store.database import Database, merge, now
from clearbar.store.records import JournalEntry
from clearbar.store.reports import write_entry
from clearbar.store.review_records import Notice, Person, StaffRole
from clearbar.store.review_tables import notices, people, refusals, sign_ins
from clearbar.store.rows import from_json, to_json

__all__ = ["People", "write_notices"]


class People(Database):
    """People, sessions, notices."""

    def save_person(
        self,
        name: str,
        *,
        role: StaffRole,
        shown: str = "",
        teams: Sequence[str] = (),
        agent: str | None = None,
        subject: str | None = None,
        active: bool = True,
        by: str,
    ) -> Person:
        """Add a person or change what they may do; changed rights hold from the next request on."""
        values: dict[str, Any] = {"shown": shown or name, "role": role.value, "teams": to_json(sorted(set(teams))), "agent": agent}
        values |= {"subject": subject, "active": active}
        with self.write() as connection:
            merge(connection, people, [{"name": name, "made_at": now(), **values}], update=list(values))
            if not active:
                connection.execute(sign_ins.delete().where(sign_ins.c.person == name))
            told = f"{name}: {role.value}, teams {', '.join(teams) or 'none'}" + ("" if active else ", locked out")
            write_entry(connection, JournalEntry(at=now(), who=by, action="person", why=told))
            row = connection.execute(select(people).where(people.c.name == name)).mappings().one()
        return _person(row)

    def set_password(self, name: str, hashed: str) -> None:
        """Keep the hash of a person's new password and end all their sessions."""
        with self.write() as connection:
            connection.execute(people.update().where(people.c.name == name).values(password=hashed))
            connection.execute(sign_ins.delete().where(sign_ins.c.person == name))

    def person(self, name: str) -> Person | None:
        """Return a person by the name they sign in with."""
        return self._person(people.c.name == name)

    def person_of_subject(self, subject: str) -> Person | None:
        """Return a person by who they are to the identity provider."""
        return self._person(people.c.subject == subject)

    def people(self, roles: Collection[StaffRole] = ()) -> list[Person]:
        """Return all people by name, or those of some roles."""
        query = select(people).order_by(people.c.name)
        if roles:
            query = query.where(people.c.role.in_([role.value for role in roles]))
        with self.read() as connection:
            return [_person(row) for row in connection.execute(query).mappings()]

    def password_of(self, name: str) -> str | None:
        """Return the hash of an active person's password."""
        query = select(people.c.password).where(people.c.name == name, people.c.active.is_(True))
        with self.read() as connection:
            found: str | None = connection.execute(query).scalar()
        return found

    def start_session(self, token: str, person: str, *, hours: float) -> None:
        """Keep a session under the digest of its token, and drop those that are over."""
        moment = now()
        with self.write() as connection:
            connection.execute(sign_ins.delete().where(sign_ins.c.until < moment))
            until = moment + timedelta(hours=hours)
            connection.execute(sign_ins.insert().values(token=token, person=person, made_at=moment, until=until))
            write_entry(connection, JournalEntry(at=moment, who=person, action="sign in"))

    def end_session(self, token: str) -> None:
        """End a session."""
        with self.write() as connection:
            connection.execute(sign_ins.delete().where(sign_ins.c.token == token))

    def signed_in(self, token: str) -> Person | None:
        """Return whose session this is; null where it is over or the person is locked out."""
        wanted = (sign_ins.c.token == token, sign_ins.c.until > now(), people.c.active.is_(True))
        query = select(people).join(sign_ins, sign_ins.c.person == people.c.name).where(*wanted)
        with self.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return _person(row) if row else None

    def note_refusal(self, keys: Iterable[str]) -> None:
        """Remember a failed sign-in."""
        moment = now()
        with self.write() as connection:
            connection.execute(refusals.delete().where(refusals.c.at < moment - timedelta(days=1)))
            connection.execute(refusals.insert(), [{"key": key, "at": moment} for key in keys])

    def forgive(self, key: str) -> None:
        """Forget failed sign-ins of a name, after one that succeeded."""
        with self.write() as connection:
            connection.execute(refusals.delete().where(refusals.c.key == key))

    def refusals(self, key: str, *, since: datetime) -> int:
        """Return how many sign-ins failed."""
        query = select(func.count()).select_from(refusals).where(refusals.c.key == key, refusals.c.at >= since)
        with self.read() as connection:
            found: int = connection.execute(query).scalar_one()
        return found

    def notify(self, persons: Iterable[str], text: str, link: str) -> None:
        """Leave a notice for people."""
        with self.write() as connection:
            write_notices(connection, persons, text, link)

    def notices(self, person: str, *, unread: bool = False) -> list[Notice]:
        """Return a person's newest notices first, at most a hundred."""
        query = select(notices).where(notices.c.person == person).order_by(notices.c.number.desc()).limit(100)
        if unread:
            query = query.where(notices.c.read_at.is_(None))
        with self.read() as connection:
            return [Notice(**row) for row in connection.execute(query).mappings()]

    def read_notices(self, person: str) -> None:
        """Mark a person's notices as read."""
        with self.write() as connection:
            mine = notices.update().where(notices.c.person == person, notices.c.read_at.is_(None))
            connection.execute(mine.values(read_at=now()))

    def _person(self, condition: Any) -> Person | None:
        with self.read() as connection:
            row = connection.execute(select(people).where(condition)).mappings().one_or_none()
        return _person(row) if row else None


def write_notices(connection: Connection, persons: Iterable[str], text: str, link: str) -> None:
    """Leave a notice for people inside a transaction."""
    rows = [{"person": person, "text": text, "link": link, "made_at": now()} for person in sorted(set(persons))]
    if rows:
        connection.execute(notices.insert(), rows)


def _person(row: RowMapping) -> Person:
    values = {name: row[name] for name in Person.model_fields if name in row and name != "teams"}
    return Person(**values, teams=tuple(from_json(row["teams"])), local=row["password"] is not None)
