"""What people said of conversations, appended for ever, and which conversations they were asked about."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from clearbar.label import Label, LabelKind
from clearbar.model import digest
from clearbar.store.database import CHUNK, Database, chunks, merge, now
from clearbar.store.editions import outdate
from clearbar.store.records import Sampled
from clearbar.store.rows import from_json
from clearbar.store.tables import labels, report_conversations, samples

__all__ = ["Labels", "label_row", "read_label"]


class Labels(Database):
    """Labels and samples."""

    def add_labels(self, given: Iterable[Label], *, text_hash: str | None = None) -> int:
        """Append labels and return how many were new; the same label given again changes nothing.

        Nothing changes or removes a label later but an erasure: a corrected opinion is a further label. Reports that show a
        conversation of these are out of date, since their corrected figures rest on labels.

        Parameters
        ----------
        given
            Labels.
        text_hash
            The text that was read, where it is known.
        """
        rows = {row["digest"]: row for row in (label_row(label, text_hash) for label in given)}
        with self.write() as connection:
            added = merge(connection, labels, list(rows.values()), key=["digest"], as_given=True)
            if added:
                for source, id in _shown(connection, {(row["source"], row["id"]) for row in rows.values()}):
                    outdate(connection, source, id, text_hash, "labels were added to conversations in it")
            return added

    def labels(
        self,
        *,
        source: str | None = None,
        ids: Sequence[str] = (),
        kinds: Sequence[LabelKind] = (),
        annotator: str | None = None,
        of_text: bool | None = None,
    ) -> list[Label]:
        """Return labels in the order in which they came, without those of erased conversations.

        Parameters
        ----------
        source
            Only of this source; labels that name no source belong to any.
        ids, kinds, annotator
            Only these, where given.
        of_text
            Only those that say which text was read, or only those that do not, as labels brought from elsewhere.
        """
        wanted = [
            *([] if of_text is None else [labels.c.text_hash.is_not(None) if of_text else labels.c.text_hash.is_(None)]),
            *([or_(labels.c.source == source, labels.c.source.is_(None))] if source is not None else []),
            *([labels.c.id.in_(ids)] if 0 < len(ids) <= CHUNK else []),
            *([labels.c.kind.in_(kinds)] if kinds else []),
            *([labels.c.annotator == annotator] if annotator is not None else []),
        ]
        query = select(labels).where(labels.c.erased.is_(False), *wanted).order_by(labels.c.number)
        with self.read() as connection:
            rows = connection.execute(query).all()
        # more ids than a statement holds are picked out here
        asked = set(ids)
        return [read_label(row) for row in rows if not asked or row.id in asked]

    def add_samples(self, drawn: Iterable[Sampled]) -> None:
        """Write down which conversations a run selected; a draw that was written stays as it was."""
        rows = [one.model_dump() for one in drawn]
        with self.write() as connection:
            merge(connection, samples, rows)

    def samples(self, run: str | None = None) -> list[Sampled]:
        """Return the conversations that were selected, by run, source and id."""
        query = select(samples).order_by(samples.c.run, samples.c.source, samples.c.id)
        with self.read() as connection:
            rows = connection.execute(query.where(samples.c.run == run) if run else query).mappings()
            return [Sampled(**row) for row in rows]


def _shown(connection: Connection, keys: Collection[tuple[str | None, str]]) -> list[tuple[str, str]]:
    """Return those of some conversations (source, which need not be told where only one has the id, and id) that reports show."""
    named = report_conversations.c
    found: set[tuple[str, str]] = set()
    for some in chunks(sorted({id for _, id in keys})):
        found.update(connection.execute(select(named.source, named.id).where(named.id.in_(some)).distinct()).tuples())
    sources = Counter(id for _, id in found)
    return sorted((source, id) for source, id in found if (source, id) in keys or ((None, id) in keys and sources[id] == 1))


def label_row(label: Label, text_hash: str | None) -> dict[str, Any]:
    """Return a label as a row of its table."""
    return {
        "digest": digest([label.model_dump(mode="json"), text_hash]),
        "source": label.source,
        "id": label.id,
        "text_hash": text_hash,
        "annotator": label.annotator,
        "kind": label.kind.value,
        "body": label.model_dump_json(exclude={"source", "id", "annotator", "kind"}, exclude_none=True),
        "erased": False,
        "recorded_at": now(),
    }


def read_label(row: Row[Any]) -> Label:
    """Return the label of a row."""
    return Label(**from_json(row.body), source=row.source, id=row.id, annotator=row.annotator, kind=row.kind)
