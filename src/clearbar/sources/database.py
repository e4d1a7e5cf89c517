"""Any SQL database, by SQLAlchemy URL with a table or a query; read in order of conversation, without loading it whole."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from clearbar.errors import Rejection, SourceError
from clearbar.model import digest
from clearbar.sources.mapping import FieldMap
from clearbar.sources.record import RecordError, read_record
from clearbar.sources.tables import TableShape, group_turns
from clearbar.transcript import Transcript

__all__ = ["DatabaseSource"]

_ROWS_AT_ONCE = 2_000


class DatabaseSource:
    """Conversations in a table or behind a query.

    Parameters
    ----------
    url
        SQLAlchemy URL, the table behind `#` unless given apart.
    fields
        Which columns hold which fields.
    table, query
        What to read; one of them.

    Raises
    ------
    SourceError
        If the URL, the driver, the server, the table or its columns cannot be used. No credential is ever shown.
    """

    kind = "database"

    def __init__(self, url: str, fields: FieldMap, *, table: str | None = None, query: str | None = None) -> None:
        url, _, fragment = url.partition("#")
        table = table or fragment or None
        self._url = _parse(url)
        shown = sa.URL.create(self._url.drivername, host=self._url.host, port=self._url.port, database=self._url.database)
        if (table is None) == (query is None):
            raise SourceError(
                f"source {shown.render_as_string()!r} needs a table or a query", fix="write the table behind '#': …/database#messages"
            )
        self._what = table or "query"
        self.name = f"{shown.render_as_string()}#{self._what}"
        self.fingerprint = digest(["database", shown.render_as_string(), table, query])[:16]
        self._fields = fields
        self._engine = _engine(self._url)
        self._from = self._selectable(table, query)
        self._shape = TableShape(self._from.c.keys(), fields, self.name)

    def _selectable(self, table: str | None, query: str | None) -> Any:
        with _told(self.name), self._engine.connect() as connection:
            if query is not None:
                query = query.strip().rstrip(";").replace(":", "\\:")  # a colon in it is its own, and names no parameter
                cursor = connection.execute(sa.text(f"SELECT * FROM ({query}) AS pulled WHERE 1 = 0"))  # noqa: S608 - the lead's own query
                return sa.text(query).columns(*(sa.column(name) for name in cursor.keys())).subquery("pulled")  # noqa: SIM118 - a cursor is no dict
            schema, _, bare = (table or "").rpartition(".")
            inspector = sa.inspect(connection)
            there = [
                *inspector.get_table_names(schema or None),
                *inspector.get_view_names(schema or None),
                *_materialized_views(inspector, schema or None),
            ]
            if bare not in there:
                raise SourceError(
                    f"{self.name}: there is no table {bare!r}; tables: {', '.join(sorted(there)[:20]) or 'none'}", fix="name one behind '#'"
                )
            names = [column["name"] for column in inspector.get_columns(bare, schema or None)]
            return sa.table(bare, *(sa.column(name) for name in names), schema=schema or None)

    def pull(self, since: datetime | None = None) -> Iterator[tuple[str, Transcript | Rejection]]:
        """Yield (place, what was read) a conversation; with `since`, only those changed from then on."""
        with _told(self.name):
            for place, record in group_turns(self._rows(since), self._shape, contiguous=True, ordered=False):
                try:
                    yield place, read_record(record, self.fingerprint, self._shape.record_fields)
                except RecordError as error:
                    yield place, Rejection(where=place, reason=str(error), id=error.id)

    def _rows(self, since: datetime | None) -> Iterator[tuple[str, dict[str, Any]]]:
        columns = self._from.c
        query = sa.select(self._from)
        if since is not None and self._shape.updated_at and self._comparable(since):
            changed = sa.select(columns[self._shape.id]).where(columns[self._shape.updated_at] >= sa.bindparam("since"))
            query = query.where(columns[self._shape.id].in_(changed)).params(since=self._since(since))
        order = [self._shape.id, self._shape.position or self._shape.turn.get("time")] if self._shape.turns is None else [self._shape.id]
        query = query.order_by(*(columns[name] for name in order if name))
        with self._engine.connect().execution_options(stream_results=True, yield_per=_ROWS_AT_ONCE) as connection:
            for number, row in enumerate(connection.execute(query).mappings(), 1):
                yield f"{self.name}:{number}", dict(row)

    def _sample(self) -> Any:
        column = self._from.c[self._shape.updated_at]
        with self._engine.connect() as connection:
            return connection.execute(sa.select(column).where(column.is_not(None)).limit(1)).scalar()

    def _comparable(self, since: datetime) -> bool:
        # Only where the database's own order is time's order can it leave rows out; else all are read and filtered here.
        del since
        return isinstance(self._sample(), datetime | int | float)

    def _since(self, since: datetime) -> Any:
        sample = self._sample()
        if isinstance(sample, datetime):
            return since if sample.tzinfo else since.astimezone(UTC).replace(tzinfo=None)
        return since.timestamp() * (1_000 if sample >= 1e11 else 1)  # noqa: PLR2004 - milliseconds, as in times


def _materialized_views(inspector: sa.Inspector, schema: str | None) -> list[str]:
    try:
        return inspector.get_materialized_view_names(schema)
    except NotImplementedError:
        return []


def _parse(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise SourceError(
            "a source URL cannot be read (expected dialect://user@host/database)", fix="a secret belongs into env:NAME or a named source"
        ) from None
    return parsed.set(drivername="postgresql+psycopg") if parsed.drivername in {"postgresql", "postgres"} else parsed


def _engine(url: sa.URL) -> sa.Engine:
    if url.drivername.startswith("sqlite") and url.database and not os.path.exists(url.database):  # noqa: PTH110 - sqlite would make it
        raise SourceError(f"source {url.database!r}: there is no such database file", fix="check the path")
    try:
        # A connection lasts as long as it reads: a source is opened once a run and has nobody to close it.
        engine = sa.create_engine(url, hide_parameters=True, poolclass=sa.NullPool)
    except (sa.exc.NoSuchModuleError, ModuleNotFoundError) as error:
        raise SourceError(
            f"no driver for {url.drivername!r} databases is installed ({error})", fix="pip install it beside clearbar"
        ) from None
    if url.drivername.startswith("sqlite"):
        sa.event.listen(engine, "connect", _take_any_bytes)
    return engine


def _take_any_bytes(connection: Any, record: object) -> None:
    """Let bytes that are no UTF-8 through as lone surrogates, which become U+FFFD, counted, with all others later."""
    del record
    connection.text_factory = lambda found: found.decode(errors="surrogateescape")


class _told:  # noqa: N801 - used as a statement
    """Tells a database's faults in one line without credentials."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, sa.exc.SQLAlchemyError):
            cause = getattr(error, "orig", None)
            state = getattr(cause, "sqlstate", None) or ""
            # A fault of data (class 22) is told without its words, which repeat the value.
            words = f"a value cannot be read, {state}" if state.startswith("22") else str(cause or type(error).__name__)
            line = words.strip().splitlines()[0]
            raise SourceError(
                f"{self._name}: the database refused ({line})", fix="check the address, the table or query, and what the user may read"
            ) from None
