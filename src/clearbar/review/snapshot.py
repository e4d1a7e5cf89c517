"""All graded conversations as they stand now, people's corrections laid over them; kept until something changes."""

import threading
from collections.abc import Sequence
from datetime import datetime

from clearbar.audit import assemble
from clearbar.corrections import Corrections
from clearbar.grading.fallback import apply_conditions
from clearbar.labelled import Resolved
from clearbar.model import Model
from clearbar.pipeline.selection import ReportRequest, graded_items, named, reviews_of
from clearbar.project import Project
from clearbar.review.access import covers
from clearbar.rubric import Rubric
from clearbar.rubric_file import open_rubric
from clearbar.scoring import score
from clearbar.store import Person, Store, StoredAudit, StoredConversation, grading_hash
from clearbar.transcript import Conversation, RedactedTranscript
from clearbar.verdict import Audit, RubricRef, Usage, Verdict

__all__ = ["Row", "Snapshot", "Snapshots", "as_transcript", "read_audit"]

FIELDS = tuple(name for name in Conversation.model_fields if name != "turns")


class Row(Model):
    """A graded conversation."""

    source: str
    id: str
    text_hash: str
    team: str | None
    agents: tuple[str, ...]
    happened_at: datetime | None
    made_at: datetime
    score: float | None
    band: str | None
    provisional: tuple[str, ...]
    """Critical criteria that a machine failed and nobody has confirmed."""
    levels: dict[str, str]
    graders: dict[str, str]
    """Who gave each level: llm, rules or human."""
    concerned: dict[str, str | None]
    """Whom each verdict concerns."""
    band_name: str
    provisional_names: tuple[str, ...]
    graded_score: float | None
    graded_band: str | None
    """Both before people corrected anything."""
    current: bool
    """Whether it was graded with the wording that is in force; only such rows enter figures."""

    def as_graded(self, rubric: Rubric) -> Audit:
        """Return the audit before people corrected anything, without its verdicts, under the name that `reviews_of` gives it."""
        return Audit(
            transcript=named(self.source, self.id),
            team=self.team,
            agent=None,
            rubric=RubricRef(name=rubric.name, version=rubric.version, hash=rubric.full_hash),
            text_hash=self.text_hash,
            score=self.graded_score,
            band=self.graded_band,
            weight_graded=1,
            auto_fail=(),
            verdicts=(),
            usage=Usage(),
        )


class Snapshot(Model):
    """The latest audit of every conversation."""

    rubric: Rubric
    rows: tuple[Row, ...]
    reviews: Resolved
    """What people said of the conversations that were graded with the wording in force."""

    def of(self, person: Person) -> list[Row]:
        """Return the rows of conversations that a person may see."""
        return [row for row in self.rows if covers(person, row.team, row.agents)]


class Snapshots:
    """Makes a snapshot when the store or the rubric has changed since the last one.

    Parameters
    ----------
    project, rubric
        Where the rubric in force lies, and what it is called.
    store
        What to read.
    """

    def __init__(self, project: Project, rubric: str, store: Store) -> None:
        self._project = project
        self._name = rubric
        self._store = store
        self._kept: tuple[object, Snapshot] | None = None
        self._turn = threading.Lock()

    def now(self) -> Snapshot:
        """Return how things stand."""
        rubric = open_rubric(self._name, self._project)
        key = (rubric.full_hash, self._store.pulse())
        with self._turn:
            if self._kept is None or self._kept[0] != key:
                self._kept = (key, self._made(rubric))
            return self._kept[1]

    def _made(self, rubric: Rubric) -> Snapshot:
        in_force = grading_hash(rubric)
        known = {rubric.full_hash: (rubric, Corrections.load(self._store, rubric))}
        rows = []
        for found in self._store.audits():
            current = found.grading_hash == in_force
            made_with = rubric.full_hash if current else found.rubric
            if made_with not in known:
                earlier = self._store.rubric(made_with) or rubric
                known[made_with] = (earlier, Corrections.load(self._store, earlier))
            read_with, corrections = known[made_with]
            rows.append(_row(found, read_with, corrections.apply(found), current=current))
        reviews = reviews_of(graded_items(self._store, rubric, ReportRequest()), self._store, rubric)
        return Snapshot(rubric=rubric, rows=tuple(rows), reviews=reviews)


def read_audit(store: Store, source: str, id: str) -> tuple[StoredAudit, Audit, Rubric] | None:
    """Return the latest audit of a conversation with its turns, as corrected, and the rubric that it was made with."""
    found = next(store.audits(sources=[source], ids=[id], turns=True), None)
    rubric = store.rubric(found.rubric) if found else None
    if found is None or rubric is None:
        return None
    of = found.conversation
    corrections = Corrections.load(store, rubric, [(of.source, of.id, of.text_hash)])
    if not of.turns:
        return None
    return found, assemble(as_transcript(of), rubric, corrections.apply(found), found.usage), rubric


def as_transcript(found: StoredConversation) -> RedactedTranscript:
    """Return a stored conversation as graders see it."""
    values = {name: getattr(found, name) for name in FIELDS}
    return RedactedTranscript(**values, turns=found.turns, text_hash=found.text_hash, redactions=dict(found.redactions))


def _row(found: StoredAudit, rubric: Rubric, verdicts: Sequence[Verdict], *, current: bool) -> Row:
    of = found.conversation
    final = apply_conditions(rubric, tuple(verdicts))
    scored = score(final, rubric)
    graded = scored if verdicts is found.verdicts else score(apply_conditions(rubric, found.verdicts), rubric)
    return Row(
        source=of.source,
        id=of.id,
        text_hash=of.text_hash,
        team=of.team,
        agents=of.agents,
        happened_at=of.started_at or of.ended_at or of.updated_at,
        made_at=found.made_at,
        score=scored.score,
        band=scored.band,
        provisional=tuple(item.criterion for item in scored.auto_fail if item.provisional),
        levels={verdict.criterion: verdict.level for verdict in final},
        graders={verdict.criterion: verdict.graded_by.value for verdict in final},
        band_name=next((band.name for band in rubric.bands if band.id == scored.band), ""),
        provisional_names=tuple(rubric.criterion(item.criterion).name for item in scored.auto_fail if item.provisional),
        graded_score=graded.score,
        graded_band=graded.band,
        current=current,
        concerned={verdict.criterion: verdict.agent for verdict in final},
    )
