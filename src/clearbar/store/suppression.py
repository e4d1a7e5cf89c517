"""The list that keeps what was erased from coming back, without saying what that was."""

import hashlib
import hmac
from collections.abc import Iterable
from functools import cached_property
from typing import Final

from sqlalchemy import Connection, select

from clearbar.store.database import chunks, merge, now
from clearbar.store.records import Item, Outcome
from clearbar.store.tables import facts, grades, replies, suppressions, texts, versions
from clearbar.transcript import Conversation

__all__ = ["SALT", "Suppression"]

SALT: Final = "suppression_salt"
"""Name of the random key, made with the store and never leaving it."""


class Suppression:
    """The suppression list, inside one transaction.

    It holds keyed digests only: whoever reads it can test a guess with the key that lies beside it, but cannot read off a name.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, kind: str, *parts: str, why: str) -> None:
        """Suppress a `conversation` (source, id), a `customer` (pseudonym) or a `text` (hash)."""
        row = {"kind": kind, "digest": self.digest(kind, *parts), "at": now(), "why": why}
        merge(self._connection, suppressions, [row])

    def found(self, conversations: Iterable[Conversation]) -> set[tuple[str, str]]:
        """Return source and id of those that must not be stored."""
        if self._empty:
            return set()
        digests: dict[str, list[tuple[str, str]]] = {}
        for one in conversations:
            key = (one.source, one.id)
            digests.setdefault(self.digest("conversation", *key), []).append(key)
            if one.customer:
                digests.setdefault(self.digest("customer", one.customer), []).append(key)
        return {key for known in self._known(digests) for key in digests[known]}

    def records(self, keys: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        """Return which source and id of records without a text are those of erased conversations."""
        if self._empty:
            return set()
        digests = {self.digest("conversation", *key): key for key in keys}
        return {digests[known] for known in self._known(digests)}

    def texts(self, hashes: Iterable[str]) -> set[str]:
        """Return which of these texts were erased."""
        if self._empty:
            return set()
        digests = {self.digest("text", hash): hash for hash in hashes}
        return {digests[known] for known in self._known(digests)}

    def purge(self, hashes: Iterable[str], *, why: str) -> None:
        """Remove texts that no conversation has any more, with all that speaks of them, and keep late replies to them from being stored."""
        gone = set(hashes)
        for some in chunks(gone):
            gone -= set(self._connection.execute(select(versions.c.text_hash).where(versions.c.text_hash.in_(some))).scalars())
        for some in chunks(gone):
            self._connection.execute(texts.delete().where(texts.c.hash.in_(some)))
            for table in (grades, replies):
                self._connection.execute(table.delete().where(table.c.text_hash.in_(some)))
        for hash in gone:
            self.add("text", hash, why=why)

    def emptied(self, item: Item) -> Item:
        """Return what may be kept of a record that must not come back: that one was pulled."""
        return Item(source=item.source, place=self.digest("place", item.source, item.place), outcome=Outcome.FILTERED, why="erased earlier")

    def digest(self, *parts: str) -> str:
        """Return the keyed digest of some strings."""
        return hmac.new(self._salt, "\0".join(parts).encode(), hashlib.sha256).hexdigest()

    @cached_property
    def _salt(self) -> bytes:
        return bytes.fromhex(self._connection.execute(select(facts.c.value).where(facts.c.name == SALT)).scalar_one())

    @cached_property
    def _empty(self) -> bool:
        return self._connection.execute(select(suppressions.c.digest).limit(1)).first() is None

    def _known(self, digests: Iterable[str]) -> set[str]:
        known: set[str] = set()
        for some in chunks(digests):
            known |= set(self._connection.execute(select(suppressions.c.digest).where(suppressions.c.digest.in_(some))).scalars())
        return known
