"""What people said in review, laid over what graders said: the verdicts that reports count."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Final, Self

from clearbar.label import NA, Label, LabelKind
from clearbar.rubric import Rubric
from clearbar.store import Closing, Store, StoredAudit
from clearbar.transcript import Turn
from clearbar.verdict import NOT_APPLICABLE, Evidence, GradedBy, Verdict

__all__ = ["Corrections", "level_said", "overlay", "same_wording"]

RULED: Final = frozenset({LabelKind.CONSENSUS, LabelKind.ADJUDICATED, LabelKind.DISPUTE})
"""What several people decided; no single reviewer overrules it."""


def overlay(
    verdicts: Sequence[Verdict],
    labels: Iterable[Label],
    rubric: Rubric,
    *,
    turns: Sequence[Turn] = (),
    worded: Callable[[Label], Collection[str]] | None = None,
) -> tuple[Verdict, ...]:
    """Return the verdicts with what people said of the same text in place of what graders said.

    For each criterion the newest decision (consensus, adjudication, dispute) holds, else the newest level that a reviewer gave. An
    auto-fail is confirmed by that, since its verdict is then a person's. Where the person agrees, the grader's reason and evidence stay.

    Parameters
    ----------
    verdicts
        Of one conversation.
    labels
        What people said of its current text, the oldest first, committed reviews only.
    rubric
        Levels that it does not have are passed over.
    turns
        The redacted turns, from which passages are quoted.
    worded
        Criteria of a label that were worded then as they are now; all by default.
    """
    given = {verdict.criterion: verdict for verdict in verdicts}
    said: dict[str, tuple[Label, str]] = {}
    for label in labels:
        known = {item.id for item in rubric.criteria} if worded is None else set(worded(label))
        for criterion in known & label.levels.keys():
            level = level_said(label, criterion, rubric)
            earlier = said.get(criterion)
            if level is not None and not (earlier and earlier[0].kind in RULED and label.kind not in RULED):
                said[criterion] = (label, level)
    corrected = {criterion: _verdict(given.get(criterion), *found, criterion, turns) for criterion, found in said.items()}
    final = {**given, **corrected}
    return tuple(final[item.id] for item in rubric.criteria if item.id in final)


def level_said(label: Label, criterion: str, rubric: Rubric) -> str | None:
    """Return the level's id (or `not_applicable`) that a label gives a criterion; null where the rubric's scale has none such."""
    stated, ids = label.levels.get(criterion), rubric.scale_of(criterion).ids
    if isinstance(stated, int):
        return ids[stated] if 0 <= stated < len(ids) else None
    if stated in {NA, NOT_APPLICABLE}:
        return NOT_APPLICABLE
    return stated if stated in ids else None


def same_wording(old: Rubric, new: Rubric) -> frozenset[str]:
    """Return the criteria that people read alike in two rubrics: question, applicability, levels and notes."""
    worded = {item.id: _wording(old, item.id) for item in old.criteria}
    return frozenset(item.id for item in new.criteria if worded.get(item.id) == _wording(new, item.id))


def _wording(rubric: Rubric, criterion: str) -> tuple[object, ...]:
    item = rubric.criterion(criterion)
    return item.asks, item.applies.when, item.levels, rubric.scale_of(criterion).ids, item.notes


def _verdict(before: Verdict | None, label: Label, level: str, criterion: str, turns: Sequence[Turn]) -> Verdict:
    agrees = before is not None and before.level == level
    evidence = tuple(_quote(span, turns) for span in label.spans.get(criterion, ()) if span[0] < len(turns))
    return Verdict(
        criterion=criterion,
        level=level,
        agent=before.agent if before else None,
        graded_by=GradedBy.HUMAN,
        grader=f"human:{label.kind}",
        rationale=label.notes.get(criterion, "") or (before.rationale if agrees and before else ""),
        evidence=evidence or (before.evidence if agrees and before else ()),
        searched=before.searched if agrees and before and not evidence else None,
    )


def _quote(span: tuple[int, int, int], turns: Sequence[Turn]) -> Evidence:
    turn, start, end = span
    return Evidence(turn=turn, start=start, end=end, quote=turns[turn].text[start:end])


class Corrections:
    """All that people said of stored conversations, ready to be laid over audits that are read.

    Parameters
    ----------
    labels
        By source, id and text of the conversation, the oldest first.
    rubric
        With which audits are read.
    earlier
        Returns the rubric of a hash, with which a label was made.
    closings
        Closed periods: what was said after the closing changes nothing in them.
    """

    def __init__(
        self,
        labels: Mapping[tuple[str, str, str], Sequence[Label]],
        rubric: Rubric,
        *,
        earlier: Callable[[str], Rubric | None],
        closings: Sequence[Closing] = (),
    ) -> None:
        self._labels = labels
        self._rubric = rubric
        self._closings = closings
        self._worded = cache(lambda made_with: self._same(made_with, earlier))

    @classmethod
    def load(cls, store: Store, rubric: Rubric, keys: Collection[tuple[str, str, str]] | None = None) -> Self:
        """Return what the store holds of some texts (source, id, text hash), or of all."""
        return cls(store.corrections(keys), rubric, earlier=store.rubric, closings=store.closings())

    def apply(self, audit: StoredAudit) -> tuple[Verdict, ...]:
        """Return the verdicts of an audit with what people said in their place."""
        return self._overlaid(audit, self.counted(_happened(audit), self._of(audit)))

    def late(self, audit: StoredAudit) -> tuple[Verdict, ...] | None:
        """Return the verdicts as they would be with what people said after the period was closed; null where nothing was said then."""
        said = self._of(audit)
        return self._overlaid(audit, said) if len(self.counted(_happened(audit), said)) < len(said) else None

    def counted(self, happened_at: datetime | None, said: Sequence[Label]) -> list[Label]:
        """Return the labels of a conversation that came before its period was closed."""
        closed = self._closed_at(happened_at)
        return [label for label in said if closed is None or label.at is None or label.at <= closed]

    def _of(self, audit: StoredAudit) -> Sequence[Label]:
        of = audit.conversation
        return self._labels.get((of.source, of.id, of.text_hash), ())

    def _overlaid(self, audit: StoredAudit, said: Sequence[Label]) -> tuple[Verdict, ...]:
        if not said:
            return audit.verdicts
        turns = audit.conversation.turns
        return overlay(audit.verdicts, said, self._rubric, turns=turns, worded=lambda label: self._worded(label.rubric))

    def _closed_at(self, happened_at: datetime | None) -> datetime | None:
        """Return when the period of a conversation was closed first."""
        return min((one.at for one in self._closings if happened_at and happened_at < one.until), default=None)

    def _same(self, made_with: str | None, earlier: Callable[[str], Rubric | None]) -> frozenset[str]:
        old = earlier(made_with) if made_with and made_with != self._rubric.full_hash else None
        return frozenset(item.id for item in self._rubric.criteria) if old is None else same_wording(old, self._rubric)


def _happened(audit: StoredAudit) -> datetime | None:
    of = audit.conversation
    return of.started_at or of.ended_at or of.updated_at
