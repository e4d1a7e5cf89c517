"""Signing in: passwords, sessions, and a brake on guessing."""

import hashlib
import hmac
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from clearbar.errors import UsageError
from clearbar.review.access import Right, covers, default_teams, may
from clearbar.store import Person, StaffRole, Store

__all__ = ["Accounts", "TooManyAttemptsError", "csrf_token", "token_digest"]

SHORTEST: Final = 10
"""Characters of a password."""
LONGEST: Final = 200
WINDOW: Final = timedelta(minutes=15)
PER_NAME: Final = 8
"""Failed sign-ins with one name in the window, after which no more are tried."""
PER_ADDRESS: Final = 40
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")


class TooManyAttemptsError(Exception):
    """Too many sign-ins failed; the password was not even looked at."""


def token_digest(token: str) -> str:
    """Return under what a session is kept."""
    return hashlib.sha256(token.encode()).hexdigest()


def csrf_token(token: str) -> str:
    """Return what every form of a session must carry."""
    return hmac.new(token.encode(), b"csrf", hashlib.sha256).hexdigest()


class Accounts:
    """Local accounts and sessions.

    Parameters
    ----------
    store
        Where they are kept; of passwords argon2 hashes, of sessions digests.
    hours
        How long a session lasts.
    hasher
        argon2id with the library's parameters, unless told otherwise.
    """

    def __init__(self, store: Store, *, hours: float, hasher: PasswordHasher | None = None) -> None:
        self._store = store
        self._hours = hours
        self._hasher = hasher or PasswordHasher()
        self._nobody = self._hasher.hash(secrets.token_hex(16))

    def add(
        self,
        name: str,
        *,
        role: StaffRole,
        password: str | None,
        shown: str = "",
        teams: tuple[str, ...] = (),
        agent: str | None = None,
        subject: str | None = None,
        active: bool = True,
        by: str,
    ) -> Person:
        """Add a person, or change one; without a password the old one stays.

        Raises
        ------
        UsageError
            If name or password cannot be used, or an agent has no pseudonym.
        """
        if not _NAME.fullmatch(name):
            raise UsageError(f"{name!r} is no name to sign in with", fix="use small letters, digits and . _ @ + -")
        if role is StaffRole.AGENT and not agent:
            raise UsageError("an agent's account needs the agent's pseudonym", fix="give the one that reports show")
        if password is not None and not SHORTEST <= len(password) <= LONGEST:
            raise UsageError(f"a password has {SHORTEST} to {LONGEST} characters", fix="choose another one")
        person = self._store.save_person(
            name, role=role, shown=shown, teams=teams or default_teams(role), agent=agent, subject=subject, active=active, by=by
        )
        if password is not None:
            self._store.set_password(name, self._hasher.hash(password))
        self._give_back(person, by)
        return person

    def lock(self, name: str, *, by: str) -> int | None:
        """Lock a person out, and return how many reviews they gave back with that; null where there is nobody of that name."""
        one = self._store.person(name)
        if one is None:
            return None
        locked = self._store.save_person(
            name, role=one.role, shown=one.shown, teams=one.teams, agent=one.agent, subject=one.subject, active=False, by=by
        )
        return self._give_back(locked, by)

    def _give_back(self, person: Person, by: str) -> int:
        """Let others have the reviews that a person may not do any more."""
        allowed = may(person, Right.REVIEW)
        return self._store.give_back(person.name, lambda team, agents: allowed and covers(person, team, agents), by=by)

    def sign_in(self, name: str, password: str, address: str) -> str | None:
        """Return the token of a new session; null where name and password do not fit.

        Raises
        ------
        TooManyAttemptsError
            If too many failed in the last quarter of an hour.
        """
        self._brake(name, address)
        known = self._store.password_of(name)
        try:
            self._hasher.verify(known or self._nobody, password[:LONGEST])
        except (VerificationError, InvalidHashError):
            known = None
        if known is None:
            self._store.note_refusal([f"name:{_short(name)}", f"address:{address}"])
            return None
        self._store.forgive(f"name:{_short(name)}")
        if self._hasher.check_needs_rehash(known):
            self._store.set_password(name, self._hasher.hash(password))
        return self.start(name)

    def start(self, name: str) -> str:
        """Return the token of a new session of somebody whose identity is known."""
        token = secrets.token_urlsafe(32)
        self._store.start_session(token_digest(token), name, hours=self._hours)
        return token

    def _brake(self, name: str, address: str) -> None:
        since = datetime.now(UTC) - WINDOW
        failed = self._store.refusals(f"name:{_short(name)}", since=since)
        if failed >= PER_NAME or self._store.refusals(f"address:{address}", since=since) >= PER_ADDRESS:
            raise TooManyAttemptsError


def _short(name: str) -> str:
    return name[:64]
