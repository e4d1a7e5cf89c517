"""Database errors told as one line that a person can act on, without statement, values or credentials."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from clearbar.errors import StoreError

__all__ = ["told"]

_FAULTS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("SQLITE_FULL", "53100", "disk is full", "No space left"),
        "the disk is full",
        "free some space and run again; what was saved is kept",
    ),
    (("SQLITE_BUSY", "SQLITE_LOCKED", "55P03"), "another process holds it locked", "wait until that one is done and run again"),
    (("SQLITE_READONLY", "25006"), "it is read-only", "make the file and its folder writable, or name another one with CLEARBAR_STORE_URL"),
    (("SQLITE_NOTADB",), "the file is no SQLite database", "name another one with CLEARBAR_STORE_URL"),
    (("SQLITE_CORRUPT",), "the file is damaged", "restore a backup"),
    (("SQLITE_CANTOPEN",), "the file cannot be opened", "check that its folder exists and is writable"),
    (("SQLITE_IOERR",), "reading or writing the file failed", "check the disk"),
    (("28P01", "28000", "password", "no pg_hba.conf"), "user or password is refused", "check CLEARBAR_STORE_URL"),
    (("3D000", "does not exist"), "there is no such database, table or role", "create it, or check CLEARBAR_STORE_URL"),
    (("42501",), "the user lacks a right in the database", "grant it"),
    (("53300",), "the server has no free connection", "wait, or raise max_connections"),
    (("40001", "40P01"), "two processes wrote the same rows", "run again"),
    (("resolve", "translate host"), "the server's name is unknown", "check CLEARBAR_STORE_URL"),
    (("refused", "timeout", "08", "57P0", "closed", "connection"), "the server cannot be reached", "start it, or check CLEARBAR_STORE_URL"),
)


@contextmanager
def told(store: str) -> Iterator[None]:
    """Turn database errors into `StoreError`.

    Parameters
    ----------
    store
        What to call the store: a file, or host and database.
    """
    try:
        yield
    except exc.DBAPIError as error:
        raise _told(store, error.orig) from None
    except exc.TimeoutError:
        raise StoreError(f"store {store}: too many connections at once", fix="run fewer at a time") from None


def _told(store: str, error: BaseException | None) -> StoreError:
    code = getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None) or ""
    # only what has no code is told by its words: a message that has one may repeat a value
    words = code or str(error)
    for signs, what, fix in _FAULTS:
        if any(words.startswith(sign) if code else sign in words for sign in signs):
            return StoreError(f"store {store}: {what}", fix=fix)
    return StoreError(f"store {store}: the database refused ({type(error).__name__} {code})".replace(" )", ")"), fix="run with --debug")
