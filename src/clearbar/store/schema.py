"""Making a store's tables and bringing an older store up to date."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from clearbar.errors import StoreError
from clearbar.store.database import Database, make_private

__all__ = ["HEAD", "REVISIONS", "backups", "prepare", "revision", "upgrade"]

REVISIONS: Final = ("0001", "0002", "0003", "0004", "0005", "0006")
"""All revisions, the oldest first; kept here so that opening an up-to-date store need not load Alembic."""
HEAD: Final = REVISIONS[-1]
VERSION_TABLE: Final = "clearbar_revision"


def revision(database: Database) -> str | None:
    """Return the revision of a store; null where there are no tables yet.

    Raises
    ------
    StoreError
        If the tables belong to something else.
    """
    with database.read() as connection:
        return _revision(connection, database.name)


def prepare(database: Database, *, create: bool) -> None:
    """Make a new store, or bring a SQLite one up to date after copying it.

    Raises
    ------
    StoreError
        If it is missing and must not be made, is newer than this program, or is an older one on PostgreSQL, whose owner decides when.
    """
    if database.file and not database.file.exists():
        if not create:
            raise StoreError(f"there is no store {database.name}", fix="make one with: clearbar audit")
        _make_file(database.file, database.name)
    found = revision(database)
    if found == HEAD:
        return
    if found is None and not create:
        raise StoreError(f"store {database.name} is empty", fix="fill it with: clearbar audit")
    if found is not None and not database.sqlite:
        _refuse_newer(found, database.name)
        raise StoreError(f"store {database.name} is of an older version ({found}, now {HEAD})", fix="run: clearbar store upgrade")
    upgrade(database)


def upgrade(database: Database) -> str | None:
    """Bring a store to the newest revision and return the one that it had; a SQLite file that holds data is copied before.

    Raises
    ------
    StoreError
        If it is newer than this program.
    """
    with database.write() as connection:
        if not database.sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('clearbar upgrade'))"))
        found = _revision(connection, database.name)  # again, as another process may have been faster
        if found == HEAD:
            return found
        if found is not None:
            _refuse_newer(found, database.name)
            if database.file:
                _copy(database.file, found)
        _migrate(connection)
    return found


def backups(file: Path) -> list[Path]:
    """Return the copies that upgrades made of a SQLite store."""
    return sorted(file.parent.glob(f"{file.name}.*.backup"))


def _make_file(file: Path, name: str) -> None:
    try:
        make_private(file)
    except OSError as error:
        fix = "name a file in a folder that can be written with CLEARBAR_STORE_URL"
        raise StoreError(f"store {name} cannot be made ({error.strerror})", fix=fix) from error


def _revision(connection: Connection, name: str) -> str | None:
    tables = set(inspect(connection).get_table_names())
    if VERSION_TABLE not in tables:
        # on PostgreSQL a schema may be shared; a SQLite file that holds anything is somebody's
        if tables & {"texts", "conversations", "audits"} or (tables and connection.dialect.name == "sqlite"):
            raise StoreError(f"{name} is a database of another program", fix="name another one with CLEARBAR_STORE_URL")
        return None
    found: str | None = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608 - a constant
    return found


def _refuse_newer(found: str, name: str) -> None:
    if found not in REVISIONS:
        raise StoreError(
            f"store {name} was made by a newer clearbar (revision {found}; this one knows up to {HEAD})", fix="update clearbar"
        )


def _copy(file: Path, found: str) -> None:
    """Copy a SQLite store through SQLite, so that what is still in its log comes along."""
    copy = file.with_name(f"{file.name}.{found}.backup")
    copy.unlink(missing_ok=True)
    make_private(copy)
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


def _migrate(connection: Connection, to: str = "head") -> None:
    from alembic import command  # noqa: PLC0415 - takes a tenth of a second, and only a new or older store needs it
    from alembic.config import Config  # noqa: PLC0415

    config = Config(attributes={"connection": connection, "version_table": VERSION_TABLE})
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    command.upgrade(config, to)
