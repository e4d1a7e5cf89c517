"""Which conversations the files of a report hold, written down before the first byte, so that an erasure finds them at any moment."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from clearbar.pipeline.editions import History
from clearbar.pipeline.selection import ReportRequest
from clearbar.report import Register
from clearbar.store import Published, Store

__all__ = ["Pages"]

Key = tuple[str, str]
"""Source fingerprint and id."""


class Pages(Register):
    """Keeps the record of a report's files.

    The files of a team, in the folder of its slug, hold its own conversations; the page over all teams holds none but those that could
    not be used. Everything here raises `ErasedError` where a conversation was erased since the report's were read.

    Parameters
    ----------
    store, request, history
        Where it is written down, of what.
    seen
        How many erasures there were before the first conversation was read.
    shown
        By slug: the team, and its conversations.
    listed
        Those that could not be used.
    """

    def __init__(  # noqa: PLR0917 - what a record of files is made of
        self,
        store: Store,
        request: ReportRequest,
        history: History,
        seen: int,
        shown: Mapping[str, tuple[str | None, Sequence[Key]]],
        listed: Sequence[Key],
    ) -> None:
        self._store = store
        self._request = request
        self._history = history
        self._seen = seen
        self._shown = shown
        self._listed = listed
        self.places: list[str] = []
        """Where files lie now."""

    def announce(self, places: Sequence[str]) -> None:
        """Write down what files will hold, beside what those in their places hold now."""
        moment = datetime.now(UTC)
        for place in places:
            page, keys = self._page(place, moment)
            self._store.announce_report(page.model_copy(update={"folder": None}), keys, seen=self._seen)  # of no edition yet

    def settling(self) -> AbstractContextManager[None]:
        """Let no erasure begin while files are moved."""
        return self._store.no_erasure_since(self._seen)

    def register(self, places: Sequence[str]) -> None:
        """Write down that files lie in their places."""
        moment = datetime.now(UTC)
        for place in places:
            page, keys = self._page(place, moment)
            self._store.add_report(page, keys, seen=self._seen)
            self.places.append(place)

    def _page(self, place: str, moment: datetime) -> tuple[Published, list[Key]]:
        team, keys = self._shown.get(place.rsplit("/", 2)[-2], (None, ()))
        page = Published(
            path=place,
            since=self._request.since,
            until=self._request.until,
            team=team,
            made_at=moment,
            folder=str(self._history.folder),
            marks=self._history.marks.get(place, 0),
        )
        return page, [*keys, *self._listed]
