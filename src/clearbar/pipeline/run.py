"""An audit from end to end: pull, redact, grade, store; batch by batch, so that a kill loses at most the batches under way."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from clearbar.errors import UsageError
from clearbar.grading import Grader
from clearbar.model import Model
from clearbar.pipeline.exclusions import EXCLUDED
from clearbar.pipeline.grading import Graded, grade_batch, why_waiting
from clearbar.pipeline.intake import Dropped, Room, Taken, batches, open_sources, pull
from clearbar.pipeline.overlap import overlapping
from clearbar.pipeline.request import AuditRequest
from clearbar.pipeline.steps import WATCH, Pending, Steps
from clearbar.pipeline.workspace import Workspace
from clearbar.plural import plural
from clearbar.sources import Source
from clearbar.store import Counts, Item, Mark, Outcome, Run, SourceRef, Store
from clearbar.verdict import Usage

__all__ = ["Listed", "Pulled", "audit_conversations"]

SHOWN_TEAMS: Final = 20
LISTED: Final = 200
"""So many rejected or failed records are listed one by one; the others are counted."""


class Listed(Model):
    """A record that a person should look at."""

    place: str
    id: str | None
    outcome: Outcome
    why: str

    def __str__(self) -> str:
        """Return one line for the terminal."""
        named = f" (id {self.id!r})" if self.id else ""
        return f"{self.outcome}: {self.place}{named}: {self.why}"


@dataclass
class Pulled:
    """What a run did: its record in the store, and what to tell about it."""

    run: Run
    counts: Counts
    sources: tuple[str, ...]
    """Fingerprints."""
    listed: list[Listed] = field(default_factory=list)
    """Rejected and ungraded records, the first `LISTED` of them."""
    fallbacks: dict[str, int] = field(default_factory=dict)
    """By reason, conversations that the grader asked first could not grade."""
    excluded: dict[str, int] = field(default_factory=dict)
    """By rule, conversations that nobody should grade; they are among those that were filtered."""
    spent: Usage = field(default_factory=Usage)
    """What the calls of this run consumed."""
    failed: int = 0
    """Conversations with a criterion whose grading failed, and which nobody else could grade."""
    other_teams: Counter[str] = field(default_factory=Counter)
    """Conversations that were left out as those of another team, by team; empty for none."""


@dataclass(frozen=True)
class _Saved:
    """A batch after it was committed."""

    items: list[Item]
    failures: list[str]
    spent: Usage
    marks: list[Mark]


def audit_conversations(space: Workspace, request: AuditRequest, *, steps: Steps, notice: Callable[[str], None], now: datetime) -> Pulled:
    """Pull, grade and store all that a request asks for.

    Parameters
    ----------
    space
        With a store.
    request
        What to pull.
    steps
        Carries out the batches.
    notice
        Called with lines that a person should see.
    now
        The moment against which an incremental pull decides what is settled.

    Returns
    -------
    Pulled
        Its counts close: every record that was pulled has one outcome.

    Raises
    ------
    UsageError
        If one team was asked for and no conversation is of it.
    """
    store = _store(space)
    sources = open_sources(space.project, space.settings, request, notice)
    run = store.start_run(
        kind="audit",
        rubric=space.rubric,
        asked=space.asked,
        parameters=request.model_dump(mode="json", exclude={"out"}, exclude_defaults=True),
    )
    pulled = Pulled(run, Counts(), tuple(source.fingerprint for source in sources))
    try:
        room = Room(request.limit)
        for source in sources:
            if known := overlapping(source, store.sources().values()):
                notice(known)
            store.save_source(SourceRef(fingerprint=source.fingerprint, shown=source.name, kind=source.kind))
            _audit_source(space, source, request, pulled, room=room, steps=steps, now=now)
    except BaseException as error:
        interrupted = isinstance(error, KeyboardInterrupt)
        if space.llm is not None:
            space.llm.interrupt()  # batches under way end with the calls that are in flight
        pulled.run = store.finish_run(
            run.id, state="interrupted" if interrupted else "failed", why="" if interrupted else type(error).__name__
        )
        raise
    pulled.run = store.finish_run(run.id)
    pulled.counts = pulled.run.counts
    if not (request.incremental and request.team in store.teams()):  # a team that is known may have a quiet night
        _require_team(request.team, pulled)
    return pulled


def _require_team(team: str | None, pulled: Pulled) -> None:
    """Refuse a team that no conversation is of: a misspelt name would look like a quiet night."""
    others = pulled.other_teams.total()
    if team is None or not others or pulled.counts.pulled > others + pulled.counts.rejected:
        return
    names = sorted(name or "(no team)" for name in pulled.other_teams)
    more = f" and {len(names) - SHOWN_TEAMS} more" if len(names) > SHOWN_TEAMS else ""
    there = ", ".join(repr(name[:80]) for name in names[:SHOWN_TEAMS])
    raise UsageError(
        f"no conversation is of team {team!r}; the teams there are: {there}{more}", fix="check the spelling, or leave --team out"
    )


def _audit_source(
    space: Workspace, source: Source, request: AuditRequest, pulled: Pulled, *, room: Room, steps: Steps, now: datetime
) -> None:
    store = _store(space)
    after = store.watermark(source.fingerprint) if request.incremental else None
    rules = store.exclusions(active=True)
    records = pull(space.redactor, space.settings, source, request, after=after, now=now, room=room, rules=rules)
    horizon: list[Mark] = []
    committed: list[Mark] = []
    under_way: deque[Pending[_Saved]] = deque()
    at_once = 1 if space.llm is None else 3
    for batch in _submitted(space, batches(records, space.settings.grading.batch)):
        pulled.other_teams.update(item.team for item in batch if isinstance(item, Dropped) and item.team is not None)
        horizon += [item.mark for item in batch if isinstance(item, Dropped) and item.held_back and item.mark]
        under_way.append(steps.submit(f"grade {plural(len(batch), 'record')}", _work(space, pulled.run, batch)))
        while len(under_way) > at_once:
            committed += _collect(pulled, under_way.popleft().result())
    while under_way:
        committed += _collect(pulled, under_way.popleft().result())
    whole = request.team is None and request.since is None and request.until is None
    first_left = min(horizon, default=None)
    if request.incremental and whole and (passed := [mark for mark in committed if first_left is None or mark < first_left]):
        store.advance(source.fingerprint, max(passed))


def _submitted(space: Workspace, found: Iterable[list[Taken | Dropped]]) -> Iterable[list[Taken | Dropped]]:
    """Send all batches to the provider's batch interface before the first is waited for; else each would wait its turn of a day."""
    if space.llm is None or space.llm.settings.mode != "batch" or space.cascade is not None:
        return found
    kept = list(found)
    store = _store(space)
    for batch in kept:
        taken = [item.transcript for item in batch if isinstance(item, Taken)]
        erased = store.suppressed(taken)
        known = store.known_grades([space.llm.key(one) for one in taken])
        space.llm.submit([one for one in taken if (one.source, one.id) not in erased and space.llm.key(one) not in known])
    return kept


def _work(space: Workspace, run: Run, batch: Sequence[Taken | Dropped]) -> Callable[[], _Saved]:
    return lambda: _grade_and_save(space, run, batch)


def _grade_and_save(space: Workspace, run: Run, batch: Sequence[Taken | Dropped]) -> _Saved:
    store = _store(space)
    taken = [item for item in batch if isinstance(item, Taken)]
    erased = store.suppressed(item.transcript for item in taken)
    wanted = [item for item in taken if (item.source, item.transcript.id) not in erased]
    graded = grade_batch(space, [item.transcript for item in wanted], store.known_grades(_keys(space, wanted)))
    by_place = {item.place: found for item, found in zip(wanted, graded, strict=True)}
    store.save_agents({name: shown for item in wanted for name, shown in item.agents.items()})
    saved = store.save_batch(run, [_item(item, by_place) for item in batch])
    spent = sum((found.spent for found in graded), Usage())
    failures = [found.failure for found in graded if found.failure]
    return _Saved(saved, failures, spent, [item.mark for item in batch if item.mark and not _held(item)])


def _keys(space: Workspace, taken: Sequence[Taken]) -> list[str]:
    graders: list[Grader] = [space.rules] if space.llm is None else [space.rules, space.first]
    return [grader.key(item.transcript) for item in taken for grader in graders]


def _held(item: Taken | Dropped) -> bool:
    return isinstance(item, Dropped) and item.held_back


def _item(item: Taken | Dropped, graded: dict[str, Graded]) -> Item:
    if isinstance(item, Dropped):
        return Item(source=item.source, place=item.place, id=item.id, outcome=item.outcome, why=item.why)
    found = graded.get(item.place)
    if found is None:  # the store empties it: it was erased
        return Item(source=item.source, place=item.place, outcome=Outcome.FILTERED, why="erased earlier", transcript=item.transcript)
    why = (found.failure or _why_ungraded(found)) if found.outcome is Outcome.UNGRADED else found.failure or ""
    return Item(
        source=item.source,
        place=item.place,
        outcome=found.outcome,
        why=why,
        transcript=item.transcript,
        grades=found.fresh,
        verdicts=found.verdicts,
        waiting=why_waiting(found.verdicts) is not None,
        usage=found.usage,
    )


def _why_ungraded(found: Graded) -> str:
    reasons = sorted({verdict.reason or "abstained" for verdict in found.verdicts})
    return ", ".join(reasons)


def _collect(pulled: Pulled, saved: _Saved) -> list[Mark]:
    for item in saved.items:
        if item.outcome in {Outcome.REJECTED, Outcome.UNGRADED, Outcome.DUPLICATE} and len(pulled.listed) < LISTED:
            shown = item.transcript.id if item.transcript else item.id
            pulled.listed.append(Listed(place=item.place, id=shown, outcome=item.outcome, why=item.why))
        if item.why.startswith(EXCLUDED):
            pulled.excluded[item.why] = pulled.excluded.get(item.why, 0) + 1
    pulled.spent += saved.spent
    pulled.failed += sum(any(verdict.failed for verdict in item.verdicts or ()) for item in saved.items)
    for reason in saved.failures:
        pulled.fallbacks[reason] = pulled.fallbacks.get(reason, 0) + 1
    counted = {outcome: sum(item.outcome is outcome for item in saved.items) for outcome in Outcome}
    pulled.counts = Counts(**{outcome.value: getattr(pulled.counts, outcome) + number for outcome, number in counted.items()})
    WATCH.get()("conversations", pulled.counts.pulled)
    return saved.marks


def _store(space: Workspace) -> Store:
    if space.store is None:
        raise ValueError("an audit needs a store")
    return space.store
