"""Pulling: from sources to redacted transcripts, with an outcome for every record that goes no further."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar

from clearbar.errors import ClearbarError, Rejection, SettingsError, SourceError
from clearbar.model import digest
from clearbar.pipeline.exclusions import exclusion_of, told
from clearbar.pipeline.request import AuditRequest
from clearbar.project import Project
from clearbar.redact import Redactor
from clearbar.settings import Settings
from clearbar.sources import FieldMap, Source, open_source
from clearbar.store import Exclusion, Mark, Outcome
from clearbar.transcript import RedactedTranscript, Transcript

__all__ = ["FUTURE", "OTHER_TEAM", "Dropped", "Room", "Taken", "batches", "open_sources", "pull", "redact_all"]

T = TypeVar("T")
_LIFE_TIME: Final = 3e9
"""Seconds; a longer talk has a broken clock."""
_CLOCKS_DIFFER: Final = timedelta(hours=26)
"""A date further ahead is wrong in every time zone."""
FUTURE: Final = "dated in the future: it waits until then"
OTHER_TEAM: Final = "another team"
_BEFORE_ALL: Final = Mark(datetime.min.replace(tzinfo=UTC), "")


@dataclass(frozen=True)
class Taken:
    """A conversation that goes on to be graded."""

    place: str
    source: str
    transcript: RedactedTranscript
    mark: Mark | None
    agents: dict[str, str]
    """Names of its agents by pseudonym, for those who may see them."""


@dataclass(frozen=True)
class Dropped:
    """A record that goes no further."""

    place: str
    source: str
    id: str | None
    outcome: Outcome
    why: str
    mark: Mark | None = None
    held_back: bool = False
    """Whether it is to be taken by a later pull, so that the watermark may not pass it."""
    team: str | None = None
    """Its team, empty for none, where that is why it goes no further."""

    def __str__(self) -> str:
        """Return one line for the terminal."""
        named = f" (id {self.id!r})" if self.id else ""
        return f"{self.place}{named}: {self.why}"


class Room:
    """Counts down a request's limit.

    Parameters
    ----------
    limit
        How many conversations may be taken; null means all.
    """

    def __init__(self, limit: int | None) -> None:
        self._left = limit

    def __call__(self) -> bool:
        """Take a place and return whether there was one."""
        if self._left is None:
            return True
        self._left -= 1
        return self._left >= 0


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the items in lists of at most `size`."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def open_sources(project: Project, settings: Settings, request: AuditRequest, notice: Callable[[str], None]) -> list[Source]:
    """Return the sources of a request, each opened; a source that names a secret is resolved here and nowhere else.

    Of several, one that cannot be opened is a rejected record of the pull, and the others go on; one that is named twice is read once.

    Raises
    ------
    SourceError
        If none is there.
    SettingsError
        If a name or an environment variable is unknown.
    """
    names = dict.fromkeys(request.sources or settings.default_sources)
    opened: dict[str, Source] = {}
    for name in names:
        try:
            source = _open(project, settings, name, request.map, notice)
        except (SourceError, SettingsError) as error:
            source = _Missing(name, error)
        if source.fingerprint in opened:
            notice(f"source {source.name} was named twice and is read once")
        opened.setdefault(source.fingerprint, source)
    for source in opened.values():
        if isinstance(source, _Missing) and all(isinstance(one, _Missing) for one in opened.values()):
            raise source.error
    return list(opened.values())


class _Missing:
    """A source that could not be opened."""

    kind = "missing"

    def __init__(self, name: str, error: ClearbarError) -> None:
        self.name = name
        self.fingerprint = digest(["missing", name])[:16]
        self.error = error

    def pull(self, since: datetime | None = None) -> Iterator[tuple[str, Transcript | Rejection]]:
        """Raise what went wrong."""
        del since
        raise self.error
        yield  # what makes it an iterator, as a source's pull is


def _open(project: Project, settings: Settings, name: str, options: Sequence[str], notice: Callable[[str], None]) -> Source:
    named = settings.sources.get(name)
    uri = named.uri if named else name
    if uri.startswith("env:"):
        variable = uri.removeprefix("env:")
        if not os.environ.get(variable):
            raise SettingsError(f"source {name!r} takes its address from the environment variable {variable!r}, which is not set")
        uri = os.environ[variable]
    fields = FieldMap.parse(options, named.map if named else None)
    inside = project.root / uri
    if "://" not in uri and not Path(uri).exists() and inside.exists():
        uri = str(inside)
    return open_source(
        uri, fields, root=project.root, notice=notice, table=named.table if named else None, query=named.query if named else None
    )


def pull(
    redactor: Redactor,
    settings: Settings,
    source: Source,
    request: AuditRequest,
    *,
    after: Mark | None,
    now: datetime,
    room: Callable[[], bool],
    rules: Sequence[Exclusion] = (),
) -> Iterator[Taken | Dropped]:
    """Yield what became of each record of a source.

    Parameters
    ----------
    redactor
        Takes personal data out before anything else sees the text.
    settings
        Look-back and settle time.
    source
        What to read.
    request
        Team and period.
    after
        The watermark of an incremental pull: records that changed before it, less the look-back, are left out.
    now
        Records that changed within the settle time before it may still be open, and are left to a later incremental pull.
    room
        Whether the request's limit leaves room for one more.
    rules
        Kinds of conversations that nobody should grade.
    """
    since = None if after is None else after.updated_at - timedelta(hours=settings.look_back_hours)
    settled = now - timedelta(minutes=settings.settle_minutes) if request.incremental else None
    admit = _Gate(redactor, room, rules)
    met: dict[str, tuple[str, str]] = {}
    for place, record in _records(source, since):
        if isinstance(record, Rejection):
            yield Dropped(place, source.fingerprint, record.id, Outcome.REJECTED, record.reason)
            continue
        if isinstance(record, ClearbarError):
            yield Dropped(place, source.fingerprint, None, Outcome.REJECTED, record.what, _BEFORE_ALL, held_back=True)
            continue
        mark = _mark(record)
        content = digest(record.model_dump(mode="json"))[:32]
        if record.id in met:
            yield _again(place, source, record, content, met[record.id])
            continue
        met[record.id] = (content, place)
        why, held_back = _outside(record, request), False
        if why is None:
            why, held_back = _too_old_or_new(mark, since, settled, now)
        if why is None:
            yield admit(place, record, mark)
        else:
            team = record.team or "" if why == OTHER_TEAM else None
            yield Dropped(place, source.fingerprint, record.id, Outcome.FILTERED, why, mark, held_back, team)


def _records(source: Source, since: datetime | None) -> Iterator[tuple[str, Transcript | Rejection | ClearbarError]]:
    """Yield a source's records and, where it breaks off, why: what it did not give is left to a later pull, other sources go on."""
    try:
        yield from source.pull(since)
    except (SourceError, SettingsError) as error:
        yield source.name, error


def _again(place: str, source: Source, record: Transcript, content: str, first: tuple[str, str]) -> Dropped:
    if content == first[0]:
        return Dropped(place, source.fingerprint, record.id, Outcome.DUPLICATE, f"the same conversation stands already at {first[1]}")
    why = f"its id stands already at {first[1]} with other content, which was taken; map a field that tells them apart with --map id=PATH"
    return Dropped(place, source.fingerprint, record.id, Outcome.REJECTED, why)


def _outside(record: Transcript, request: AuditRequest) -> str | None:
    """Return why a record is not what was asked for."""
    if request.team is not None and record.team != request.team:
        return OTHER_TEAM
    if not (request.since or request.until):
        return None
    if record.started_at is None:
        return "it has no date, and a period was asked for"
    early = request.since is not None and record.started_at < request.since
    late = request.until is not None and record.started_at >= request.until
    return "outside the period" if early or late else None


def _too_old_or_new(mark: Mark | None, since: datetime | None, settled: datetime | None, now: datetime) -> tuple[str | None, bool]:
    """Return why an incremental pull leaves a record out, and whether a later one is to take it."""
    if mark is not None and since is not None and mark.updated_at < since:
        return "no newer than what was pulled before", False
    if mark is not None and settled is not None and mark.updated_at > now + _CLOCKS_DIFFER:
        return FUTURE, True
    if mark is not None and settled is not None and mark.updated_at > settled:
        return "changed so recently that it may still be open", True
    return None, False


def _mark(record: Transcript) -> Mark | None:
    last = max((turn.time for turn in record.turns if turn.time is not None), default=None)
    spoken = record.started_at + timedelta(seconds=last) if record.started_at and last is not None and 0 <= last < _LIFE_TIME else None
    changed = record.updated_at or record.ended_at or spoken or record.started_at
    return None if changed is None else Mark(changed, record.id)


class _Gate:
    """Lets conversations in, as far as no rule excludes them and there is room; what a rule excludes takes none."""

    def __init__(self, redactor: Redactor, room: Callable[[], bool], rules: Sequence[Exclusion]) -> None:
        self._redactor = redactor
        self._room = room
        self._rules = rules
        self._full = False

    def __call__(self, place: str, record: Transcript, mark: Mark | None) -> Taken | Dropped:
        taken = _take(self._redactor, place, record, mark) if self._rules and not self._full else None
        rule = exclusion_of(self._rules, taken.transcript) if taken else None
        if rule is not None:
            return Dropped(place, record.source, record.id, Outcome.FILTERED, told(rule), mark)
        if self._full or not self._room():
            self._full = True
            return Dropped(place, record.source, record.id, Outcome.FILTERED, "the limit was reached", mark, held_back=True)
        return taken or _take(self._redactor, place, record, mark)


def _take(redactor: Redactor, place: str, record: Transcript, mark: Mark | None) -> Taken:
    redacted = redactor.redact(record)
    names = {redactor.agent(name): name for name in record.agents}
    return Taken(place, record.source, redacted, mark, names)


def redact_all(
    project: Project, settings: Settings, request: AuditRequest, *, notice: Callable[[str], None]
) -> Iterator[RedactedTranscript | Dropped]:
    """Yield each conversation as graders see it, and each record that could not be used."""
    redactor = Redactor(settings.redaction, project.secret())
    for source in open_sources(project, settings, request, notice):
        for item in pull(redactor, settings, source, request, after=None, now=datetime.now(UTC), room=Room(request.limit)):
            yield item.transcript if isinstance(item, Taken) else item
