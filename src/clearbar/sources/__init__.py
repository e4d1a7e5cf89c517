"""Sources: where conversations are pulled from. `open_source` gives one; its `pull` yields transcripts and rejections."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote

from clearbar.errors import Rejection, SourceError
from clearbar.sources.mapping import FieldMap
from clearbar.transcript import Transcript

__all__ = ["FieldMap", "Source", "open_source"]


class Source(Protocol):
    """Somewhere that conversations come from."""

    fingerprint: str
    """Identity of the source; holds no credentials."""
    name: str
    """How people know it; holds no credentials."""
    kind: str

    def pull(self, since: datetime | None = None) -> Iterator[tuple[str, Transcript | Rejection]]:
        """Yield (place, what was read) a record.

        Parameters
        ----------
        since
            Records whose `updated_at` is known to lie before may be left out by a source that can; others yield all.
        """


def open_source(
    uri: str, fields: FieldMap, *, root: Path, notice: Callable[[str], None], table: str | None = None, query: str | None = None
) -> Source:
    """Return the source behind a path, a glob or a SQLAlchemy URL.

    Parameters
    ----------
    uri
        `PATH`, `FOLDER`, `GLOB`, or `dialect://…` with the table behind `#`: `postgresql://host/db#messages`.
    fields
        Where fields stand in its records.
    root
        Folder against which a path is named, so that a project's own files have one identity wherever it lies.
    notice
        Called with lines that a person should see: files that were skipped, and why.
    table, query
        Of a database.

    Raises
    ------
    SourceError
        If there is nothing there, or it cannot be read.
    """
    if "://" in uri and not uri.startswith("file://"):
        from clearbar.sources.database import DatabaseSource  # noqa: PLC0415 - SQLAlchemy only where it is asked for

        return DatabaseSource(uri, fields, table=table, query=query)
    if table or query:
        raise SourceError(
            "a table or query belongs to a database, and this source is a path", fix="give a SQLAlchemy URL such as sqlite:///FILE"
        )
    from clearbar.sources.files import FileSource  # noqa: PLC0415

    return FileSource(unquote(uri.removeprefix("file://")) if uri.startswith("file://") else uri, fields, root=root, notice=notice)
