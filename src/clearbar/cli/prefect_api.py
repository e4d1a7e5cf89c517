"""Whether Prefect can be used here, asked before a flow is started, and what it is told beforehand."""

import json
import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Final

__all__ = ["quiet", "unusable"]

_WAIT: Final = 3.0
"""Seconds in which a server that is up answers its health page."""
_SQLITE: Final = b"SQLite format 3\x00"
_QUIET: Final = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",  # what fails inside Prefect is told in one line of ours
    "PREFECT_LOGGING_SERVER_LEVEL": "CRITICAL",
    "PREFECT_INTERNAL_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_CLI_COLORS": "false",
    "PREFECT_CLIENT_MAX_RETRIES": "2",  # a server that dies in mid-run is given up after seconds, and the audit goes on without it
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "60",  # the first start makes a database, on a busy machine slowly
}


def quiet(environ: MutableMapping[str, str] = os.environ) -> None:
    """Switch off what Prefect would report home or print, unless somebody set it otherwise; before Prefect is imported."""
    for name, value in _QUIET.items():
        environ.setdefault(name, value)


def unusable(environ: Mapping[str, str] = os.environ) -> str | None:
    """Return why a flow cannot run here, or None."""
    url = environ.get("PREFECT_API_URL")
    if url:
        return _unreachable(url)
    home = Path(environ.get("PREFECT_HOME") or Path.home() / ".prefect")
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as error:
        return f"Prefect's folder {home} cannot be written ({error.strerror}); set PREFECT_HOME to one that can"
    return _damaged(home / "prefect.db")


def _damaged(database: Path) -> str | None:
    """Return why Prefect's own database cannot be one; Prefect would start its server over and over until its time is up."""
    if database.is_file() and _head(database) not in (b"", _SQLITE):
        return f"Prefect's database {database} is damaged; move it away, and Prefect makes a new one"
    return None


def _head(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(len(_SQLITE))


def _unreachable(url: str) -> str | None:
    if not url.startswith(("http://", "https://")):
        return "PREFECT_API_URL is no http address"
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/health", timeout=_WAIT) as answer:  # noqa: S310 - checked above
            return None if json.load(answer) is True else f"{_bare(url)} answers, but is no Prefect server"
    except (OSError, ValueError, urllib.error.URLError):
        return f"no Prefect server answers at {_bare(url)} (PREFECT_API_URL)"


def _bare(url: str) -> str:
    """Return an address without what may be a secret in it."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rsplit('@', 1)[-1].split('?', 1)[0]}"
