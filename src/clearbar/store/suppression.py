"""The list that keeps what was erased from coming back, without saying what that was."""

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Final

from sqlalchemy import Connection, select

from clearbar.store.database import chunks, merge, now
from clearbar.store.records import Item, Outcome, StoredConversation
from clearbar.store.tables import facts, grades, replies, suppressions, texts, versions
from clearbar.transcript import RedactedTranscript

__all__ = ["SALT", "Readable", "Suppression"]

Readable = RedactedTranscript | StoredConversation
"""A conversation of which the text's digest is known."""

SALT: Final = "suppression_salt"
"""Name of the random key, made with the store and never leaving it."""


class Suppression:
    """The suppression list, inside one transaction.

    It holds keyed digests only: whoever reads it can test a guess with the key that lies beside it, but cannot read off a name.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, kind: str, *parts: str, why: str) -> None:
        """Suppress a `conversation` (source, id), a `customer` (pseudonym) or a `text` (hash); an `id` alone is only remembered."""
        row = {"kind": kind, "digest": self.digest(kind, *parts), "at": now(), "why": why}
        merge(self._connection, suppressions, [row])

    def add_copies(self, one: Readable, *, why: str) -> None:
        """Suppress what is the same conversation in another source: a copy of its file, or another way to the same table."""
        for parts in _recognised_by(one):
            self.add("copy", *parts, why=why)

    def found(self, conversations: Iterable[Readable]) -> set[tuple[str, str]]:
        """Return source and id of those that must not be stored."""
        if self._empty:
            return set()
        digests: dict[str, list[tuple[str, str]]] = {}
        for one in conversations:
            key = (one.source, one.id)
            parts = [("conversation", *key), *(("copy", *copy) for copy in _recognised_by(one))]
            for known_by in [*parts, *([("customer", one.customer)] if one.customer else [])]:
                digests.setdefault(self.digest(*known_by), []).append(key)
        return {key for known in self._known(digests) for key in digests[known]}

    def remembers(self, id: str) -> bool:
        """Return whether a conversation of this id was erased, in whatever source."""
        return bool(self._known([self.digest("id", id)]))

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


def _recognised_by(one: Readable) -> Iterator[tuple[str, ...]]:
    """Yield what tells a conversation whatever its source is called.

    The id alone does not: "1" is somebody else's in another file. With the very text it does; and with start, customer and team it
    does however the talk went on and whatever a later version of clearbar redacts otherwise.
    """
    yield one.id, one.text_hash
    start = one.started_at
    if one.customer or (start and (start.minute or start.second)):  # many records of an export that gives no time of day share a date
        yield one.id, str(start.timestamp()) if start else "", one.customer or "", one.team or ""
