"""The connection to the store: SQLite or PostgreSQL, readers and writers apart."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from sqlalchemy import ColumnElement, Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from clearbar.errors import StoreError
from clearbar.store.faults import told

__all__ = ["CHUNK", "Database", "chunks", "make_private", "merge", "now"]

Item = TypeVar("Item")

BUSY_SECONDS: Final = 30
"""How long a writer waits for another process's transaction."""
CHUNK: Final = 1000
"""How many values go into one IN list."""


def now() -> datetime:
    """Return the current moment in UTC."""
    return datetime.now(UTC)


def chunks(items: Iterable[Item], size: int = CHUNK) -> Iterator[list[Item]]:
    """Cut items into lists that fit one statement."""
    whole = list(items)
    for start in range(0, len(whole), size):
        yield whole[start : start + size]


def merge(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    update: Sequence[str] = (),
    key: Sequence[str] | None = None,
    where: Callable[[Any], ColumnElement[bool]] | None = None,
    as_given: bool = False,
) -> int:
    """Insert rows and return how many were inserted or changed; where one is there already, change only the columns in `update`.

    Rows go in the order of their key, so that two writers never wait for each other in a circle.

    Parameters
    ----------
    key
        The columns that identify a row; the primary key unless told.
    where
        Given the new row's columns, a condition under which the old row is changed.
    as_given
        Whether to keep the order of the rows instead.
    """
    if not rows:
        return 0
    names = list(key or (column.name for column in table.primary_key))
    insert = postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
    if update:
        values = {name: insert.excluded[name] for name in update}
        insert = insert.on_conflict_do_update(index_elements=names, set_=values, where=where(insert.excluded) if where else None)
    else:
        insert = insert.on_conflict_do_nothing()
    done = connection.execute(
        insert,
        rows if as_given else sorted(rows, key=lambda row: [row[name] for name in names]),
        execution_options={"preserve_rowcount": True},
    )
    return done.rowcount


class Database:
    """Two engines on one database: writers take the write lock when they begin, readers never do.

    Nothing holds a transaction while it waits for something else: `read` and `write` are for single, short steps.

    Parameters
    ----------
    url
        Path of a SQLite file, or a SQLAlchemy URL of SQLite or PostgreSQL.
    """

    def __init__(self, url: str | Path) -> None:
        self._url = _parse(url)
        self.file: Path | None = Path(self._url.database) if self.sqlite and self._url.database else None
        self.name = str(self.file) if self.file else f"{self._url.host or 'localhost'}/{self._url.database or ''}"
        """What to call the store in messages: the file, or host and database; never credentials."""
        self._turn = threading.RLock()
        self._writer, self._reader = _sqlite_engines(self._url) if self.sqlite else _postgresql_engines(self._url)

    @property
    def sqlite(self) -> bool:
        """Whether this is SQLite, not PostgreSQL."""
        return self._url.get_backend_name() == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection that sees one state of the store and cannot change it."""
        with told(self.name), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Yield a connection whose changes are committed together when the block ends, or not at all."""
        if not self.sqlite:
            with told(self.name), self._writer.begin() as connection:
                yield connection
            return
        # waiting here, in order of arrival, is cheaper than in SQLite, which polls
        with self._turn, told(self.name), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def alone(self) -> Iterator[Connection]:
        """Yield a connection of its own outside any transaction, for statements that the engine allows only there."""
        engine = create_engine(self._url, isolation_level="AUTOCOMMIT", poolclass=NullPool, hide_parameters=True)
        with self._turn, told(self.name), engine.connect() as connection:
            yield connection

    def close(self) -> None:
        """Give back all connections."""
        self._writer.dispose()
        self._reader.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _parse(url: str | Path) -> URL:
    text = str(url)
    if isinstance(url, Path) or "://" not in text:
        return URL.create("sqlite", database=text)
    try:
        parsed = make_url(text)
    except ArgumentError:
        raise StoreError("the store's URL cannot be read", fix="write sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE") from None
    kind = parsed.get_backend_name()
    if kind in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg")
    if kind != "sqlite":
        raise StoreError(f"the store cannot be {kind!r}", fix="use SQLite (sqlite:///FILE) or PostgreSQL (postgresql://…)")
    if parsed.database in {None, "", ":memory:"}:
        raise StoreError("the store cannot be in memory, where readers and writers would not meet", fix="name a file: sqlite:///FILE")
    return parsed.set(drivername="sqlite")


def _sqlite_engines(url: URL) -> tuple[Engine, Engine]:
    arguments = {"timeout": BUSY_SECONDS, "isolation_level": None, "check_same_thread": False}
    writer = create_engine(url, connect_args=arguments, hide_parameters=True, pool_size=1, max_overflow=0)
    reader = create_engine(url, connect_args=arguments, hide_parameters=True, pool_size=8, max_overflow=56)
    event.listen(writer, "connect", _prepare_writer)
    event.listen(reader, "connect", lambda raw, _: raw.execute("PRAGMA query_only = ON"))
    event.listen(writer, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    event.listen(reader, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return writer, reader


def _prepare_writer(raw: sqlite3.Connection, _: object) -> None:
    raw.execute("PRAGMA secure_delete = ON")
    raw.execute("PRAGMA synchronous = FULL")
    if raw.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        _switch_to_wal(raw)


def _switch_to_wal(raw: sqlite3.Connection) -> None:
    """Switch, waiting for others by hand: SQLite's own busy timeout does not cover this statement."""
    patience = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            raw.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > patience:
                raise
            time.sleep(0.05)
        else:
            return


def _postgresql_engines(url: URL) -> tuple[Engine, Engine]:
    writer = create_engine(url, hide_parameters=True, pool_pre_ping=True, pool_size=8, max_overflow=56)
    return writer, writer.execution_options(postgresql_readonly=True)


def make_private(file: Path) -> None:
    """Make an empty file that only its owner can read, if there is none; SQLite's side files take over its mode."""
    file.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
