"""The graded conversations of a report, read from the store one after the other, as often as they are asked for."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from clearbar.audit import assemble
from clearbar.corrections import Corrections
from clearbar.label import Label
from clearbar.labelled import Resolved, resolve
from clearbar.model import Model
from clearbar.pipeline.request import Moment, Team
from clearbar.report import Contest, ReportItem
from clearbar.rubric import Rubric
from clearbar.store import AuditRef, DisputeState, Store, StoredAudit, grading_hash
from clearbar.transcript import Conversation, RedactedTranscript
from clearbar.verdict import Audit

__all__ = ["GradedItems", "ReportRequest", "as_graded", "chosen_audits", "graded_items", "named", "reviews_of"]

FIELDS = tuple(name for name in Conversation.model_fields if name != "turns")
Key = tuple[str, str]
"""Source fingerprint and id."""


class ReportRequest(Model):
    """Which conversations are reported, and where."""

    sources: tuple[str, ...] = ()
    """Fingerprints; all by default."""
    since: Moment | None = None
    until: Moment | None = None
    team: Team = None
    asked: str | None = None
    """Only audits for which this grader was asked first: rules, llm, cascade."""
    beside: str | None = None
    """Audits for which this grader was asked stand where the one above has none of a conversation: of a night when it was down."""
    rubric: str | None = None
    out: Path | None = None
    pdf: bool = False
    parquet: bool = False
    publish: bool = False
    """Put a copy where the settings say, and tell those who asked."""


class GradedItems:
    """Graded conversations with what people said of them; holds where they stand, and reads them anew each time.

    Parameters
    ----------
    store, rubric
        Where they lie, and what they are scored with.
    refs
        Which they are.
    """

    def __init__(self, store: Store, rubric: Rubric, refs: Collection[AuditRef]) -> None:
        self._store = store
        self._rubric = rubric
        self.refs = sorted(refs, key=_place)
        """By team, date, id and source."""
        self.refresh()

    def refresh(self) -> None:
        """Look anew what people said."""
        self.corrections = Corrections.load(self._store, self._rubric)
        self._contests = _contests(self._store)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.refs)

    def __iter__(self) -> Iterator[ReportItem]:
        """Read them in the order of `refs`."""
        for found in self._store.read_audits([ref.number for ref in self.refs], turns=True):
            yield self._item(found)

    def _item(self, found: StoredAudit) -> ReportItem:
        of = found.conversation
        transcript = RedactedTranscript(
            **{name: getattr(of, name) for name in FIELDS}, turns=of.turns, text_hash=of.text_hash, redactions=dict(of.redactions)
        )
        corrected, late = self.corrections.apply(found), self.corrections.late(found)
        audit = assemble(transcript, self._rubric, corrected, found.usage)
        return ReportItem(
            transcript=transcript,
            audit=audit,
            graded=None if corrected is found.verdicts else assemble(transcript, self._rubric, found.verdicts, found.usage),
            uncounted=None if late is None else assemble(transcript, self._rubric, late, found.usage),
            contests=tuple(self._contests.get((of.source, of.id), ())),
        )


def graded_items(store: Store, rubric: Rubric, request: ReportRequest, *, only: Collection[Key] | None = None) -> GradedItems:
    """Return the latest audit of each conversation that was asked for, with what reviewers corrected, scored as the rubric says now.

    Parameters
    ----------
    only
        Source and id of those that may be among them; all by default.
    """
    refs = chosen_audits(store, rubric, request)
    return GradedItems(store, rubric, [ref for ref in refs if only is None or (ref.source, ref.id) in only])


def as_graded(item: ReportItem) -> Audit:
    """Return what graders said, before people corrected it, under a name that tells conversations of several sources apart."""
    return (item.graded or item.audit).model_copy(update={"transcript": named(item.transcript.source, item.transcript.id)})


def reviews_of(items: GradedItems, store: Store, rubric: Rubric) -> Resolved:
    """Return what people said of the very texts that were graded, under the names that `as_graded` gives, for estimates.

    What was said after a period was closed is left out. Labels brought from elsewhere do not say which text was read, and count for
    the conversation of that id.
    """
    said: list[Label] = []
    refs = {(ref.source, ref.id): ref for ref in items.refs}
    for (source, id, text), labels in store.corrections(calibration=True).items():
        ref = refs.get((source, id))
        if ref is not None and ref.text_hash == text:
            said += [label.model_copy(update={"id": named(source, id)}) for label in items.corrections.counted(ref.happened_at, labels)]
    sources: dict[str, list[str]] = defaultdict(list)
    for source, id in refs:
        sources[id].append(source)
    for label in store.labels(of_text=False):
        homes = [source for source in sources[label.id] if label.source in {None, source}] if label.id in sources else []
        if len(homes) == 1:
            counted = items.corrections.counted(refs[homes[0], label.id].happened_at, [label])
            said += [one.model_copy(update={"id": named(homes[0], one.id)}) for one in counted]
    return resolve(said, rubric)


def named(source: str, id: str) -> str:
    """Return a name that tells conversations of several sources apart."""
    return f"{source}\n{id}"


def _place(ref: AuditRef) -> tuple[str, float, str, str]:
    moment = ref.happened_at.timestamp() if ref.happened_at else float("-inf")
    return ref.team or "", moment, ref.id, ref.source


def chosen_audits(store: Store, rubric: Rubric, request: ReportRequest, *, earlier: bool = False) -> Collection[AuditRef]:
    """Return the audits of the grader that was asked for, and those beside them; of another text than theirs, the later audit counts.

    Parameters
    ----------
    earlier
        Whether those by earlier words of the same rubric count too.
    """

    def asked_of(grader: str | None) -> list[AuditRef]:
        return store.audit_index(
            since=request.since,
            until=request.until,
            teams=(request.team,) if request.team else (),
            sources=request.sources,
            grading=None if earlier else grading_hash(rubric),
            rubric=rubric.name if earlier else None,
            asked=grader,
        )

    if request.beside is None:
        return asked_of(request.asked)
    found = {(ref.source, ref.id): ref for ref in asked_of(request.asked)}
    for ref in asked_of(request.beside):
        there = found.setdefault((ref.source, ref.id), ref)
        if there.text_hash != ref.text_hash and there.made_at < ref.made_at:
            found[ref.source, ref.id] = ref
    return found.values()


def _contests(store: Store) -> Mapping[Key, Sequence[Contest]]:
    now = datetime.now(UTC)
    found: dict[Key, list[Contest]] = defaultdict(list)
    for one in reversed(store.disputes()):
        overdue = one.state is DisputeState.OPEN and one.due < now
        found[one.source, one.id].append(Contest(criterion=one.criterion, state="overdue" if overdue else one.state.value))
    return found
