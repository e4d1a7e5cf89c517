"""What a reviewer sees of an assignment, and what becomes of what they put down."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from clearbar.label import NA, Label, LabelKind
from clearbar.model import Model
from clearbar.review.turns import Mark
from clearbar.rubric import Criterion, Rubric
from clearbar.store import Assignment, Calibration, Draft, Mode, RefusedError, State, Store, StoredConversation, grading_hash
from clearbar.verdict import NOT_APPLICABLE, UNGRADED, Verdict

__all__ = ["Choice", "CriterionView", "Review", "SavedDraft", "commit", "is_revealed", "level_name", "load_review", "marks_of", "settle"]


class Choice(Model):
    """A level as it is offered."""

    key: str
    """The key that chooses it: 1 to n from the lowest, 0 for not applicable."""
    id: str
    name: str
    words: str


class CriterionView(Model):
    """A criterion, what the reviewer put down, and, once that may be shown, what the grader said."""

    id: str
    name: str
    section: str
    asks: str
    applies: str
    notes: tuple[str, ...]
    choices: tuple[Choice, ...]
    draft: Draft
    machine: Verdict | None = None
    machine_level: str = ""
    """Name of the grader's level."""

    @property
    def differs(self) -> bool:
        """Whether the reviewer's level is not the grader's."""
        return self.machine is not None and self.machine.level not in {UNGRADED, self.draft.level}

    @property
    def chosen(self) -> str:
        """Name of the reviewer's level."""
        return next((choice.name for choice in self.choices if choice.id == self.draft.level), "")


class Review(Model):
    """An assignment with all that its page shows; before the commit it holds nothing of the grader's."""

    assignment: Assignment
    conversation: StoredConversation
    rubric: Rubric
    revealed: bool
    outdated: bool
    """Whether the conversation has another text by now."""
    sampled: str = ""
    """Why it was drawn; empty until that may be shown."""
    criteria: tuple[CriterionView, ...]

    @property
    def graded(self) -> int:
        """How many criteria have a level."""
        return sum(item.draft.level is not None for item in self.criteria)

    @property
    def differing(self) -> tuple[CriterionView, ...]:
        """Criteria on which reviewer and grader differ."""
        return tuple(item for item in self.criteria if item.differs)


class SavedDraft(Model):
    """What the browser sends for one criterion."""

    level: str | None = None
    note: str = ""
    spans: tuple[tuple[int, int, int], ...] = ()
    version: int = 0


def is_revealed(assignment: Assignment, calibration: Calibration | None) -> bool:
    """Return whether the grader's levels may be shown: after the commit, in a calibration after the session, or in verify mode."""
    if assignment.mode is Mode.VERIFY:
        return True
    if assignment.state not in {State.COMMITTED, State.DONE}:
        return False
    return calibration is None or calibration.state == "closed"


def load_review(store: Store, assignment: Assignment) -> Review:
    """Return an assignment as its page shows it.

    Raises
    ------
    RefusedError
        `missing` where the conversation was erased or its text was removed.
    """
    found = store.conversation(assignment.source, assignment.id, assignment.text_hash) if assignment.text_hash else None
    rubric = store.rubric(assignment.rubric)
    if found is None or not found.turns or rubric is None:
        raise RefusedError("missing", "the conversation of this review is no longer stored", fix="go on with the queue")
    calibration = store.calibration(assignment.calibration) if assignment.calibration is not None else None
    revealed = is_revealed(assignment, calibration)
    verdicts = _verdicts(store, assignment, rubric) if revealed else {}
    drafts = store.drafts(assignment.number) or (_committed(store, assignment, rubric) if assignment.state is State.DONE else {})
    current = store.conversation(assignment.source, assignment.id)
    return Review(
        assignment=assignment,
        conversation=found,
        rubric=rubric,
        revealed=revealed,
        outdated=current is not None and current.text_hash != assignment.text_hash,
        sampled=_why(store, assignment) if revealed else "",
        criteria=tuple(_view(rubric, item, drafts.get(item.id), verdicts.get(item.id), assignment.mode) for item in rubric.criteria),
    )


def _verdicts(store: Store, assignment: Assignment, rubric: Rubric) -> dict[str, Verdict]:
    # by what graders read: a rubric that only weighs anew has taken the audit over
    audit = store.audit_of(assignment.source, assignment.id, assignment.text_hash or "", grading=grading_hash(rubric))
    return {verdict.criterion: verdict for verdict in audit.verdicts} if audit else {}


def _why(store: Store, assignment: Assignment) -> str:
    drawn = store.drawn(assignment.source, assignment.id)
    if drawn is None:
        return ""
    return drawn.why or ("drawn at random" if drawn.part == "random" else "picked for what its grades say")


def _committed(store: Store, assignment: Assignment, rubric: Rubric) -> dict[str, Draft]:
    """Return what a finished review said, read back from its labels."""
    found: dict[str, Draft] = {}
    for label in store.labels(source=assignment.source, ids=[assignment.id], annotator=assignment.reviewer):
        if label.kind not in {LabelKind.BLIND, LabelKind.REVEALED}:
            continue
        for criterion, stated in label.levels.items():
            before = found.get(criterion)
            spans = label.spans.get(criterion) or (before.spans if before else ())
            level = NOT_APPLICABLE if stated == NA else str(stated)
            found[criterion] = Draft(criterion=criterion, level=level, note=label.notes.get(criterion, ""), spans=spans, version=0)
    return {item.id: found[item.id] for item in rubric.criteria if item.id in found}


def _view(rubric: Rubric, item: Criterion, draft: Draft | None, verdict: Verdict | None, mode: Mode) -> CriterionView:
    put_down = draft or Draft(criterion=item.id)
    if put_down.level is None and mode is Mode.VERIFY and verdict is not None and verdict.level != UNGRADED:
        put_down = put_down.model_copy(update={"level": verdict.level})
    return CriterionView(
        id=item.id,
        name=item.name,
        section=next(section.name for section in rubric.sections if section.id == item.section),
        asks=item.asks,
        applies="" if item.applies.when == "always" else item.applies.when,
        notes=item.notes,
        choices=_choices(rubric, item),
        draft=put_down,
        machine=verdict,
        machine_level=level_name(rubric, item.id, verdict.level) if verdict else "",
    )


def _choices(rubric: Rubric, item: Criterion) -> tuple[Choice, ...]:
    levels = rubric.scale_of(item.id).levels
    offered = [Choice(key=str(place), id=level.id, name=level.name, words=item.levels[level.id]) for place, level in enumerate(levels, 1)]
    when = "" if item.applies.when == "always" else f"unless {item.applies.when}"
    return (*offered, Choice(key="0", id=NOT_APPLICABLE, name="Not applicable", words=when or "the conversation gave no occasion"))


def level_name(rubric: Rubric, criterion: str, level: str) -> str:
    """Return what people call a level or state."""
    names = {NOT_APPLICABLE: "Not applicable", UNGRADED: "Not graded"}
    return names.get(level) or rubric.level(criterion, level).name


def marks_of(review: Review) -> list[Mark]:
    """Return the passages to mark: the reviewer's own and, once that may be shown, the grader's."""
    marks = [Mark(span, item.id, item.name) for item in review.criteria for span in item.draft.spans]
    for item in review.criteria:
        if item.machine is not None:
            marks += [Mark((one.turn, one.start, one.end), item.id, item.name) for one in item.machine.evidence]
    return marks


def commit(review: Review, drafts: Mapping[str, Draft], probability: float | None) -> tuple[Label | None, State]:
    """Return the label of a first commit: blind, or in verify mode made in sight of the grades; and what the assignment then is.

    Raises
    ------
    RefusedError
        `incomplete`, naming what is missing.
    """
    views = _with(review, drafts)
    verify = review.assignment.mode is Mode.VERIFY
    open_ones = [item.name for item in views if item.draft.level is None and not (verify and item.machine is not None)]
    if open_ones:
        raise RefusedError("incomplete", f"not graded yet: {', '.join(open_ones)}", fix="what you put down is saved")
    if verify:
        _require_notes(views)
    given = [item for item in views if item.draft.level is not None]
    label = _label(review, given, LabelKind.REVEALED if verify else LabelKind.BLIND, None if verify else probability)
    done = verify or review.assignment.calibration is not None
    return label, State.DONE if done else State.COMMITTED


def settle(review: Review, drafts: Mapping[str, Draft], blind: Mapping[str, str]) -> tuple[Label | None, State]:
    """Return the label of what was said in sight of the grades: changed levels, and reasons for those that go on to differ.

    Parameters
    ----------
    blind
        The levels that were committed.

    Raises
    ------
    RefusedError
        `incomplete` where a difference has no note.
    """
    views = _with(review, drafts)
    _require_notes(views)
    told = [item for item in views if item.differs or item.draft.level != blind.get(item.id)]
    return (_label(review, told, LabelKind.REVEALED, None) if told else None), State.DONE


def _with(review: Review, drafts: Mapping[str, Draft]) -> list[CriterionView]:
    return [
        item.model_copy(update={"draft": drafts[item.id]}) if item.id in drafts and drafts[item.id].level is not None else item
        for item in review.criteria
    ]


def _require_notes(views: Sequence[CriterionView]) -> None:
    silent = [item.name for item in views if item.differs and not item.draft.note.strip()]
    if silent:
        raise RefusedError("incomplete", f"say why you differ from the grader: {', '.join(silent)}", fix="a few words are enough")


def _label(review: Review, given: Sequence[CriterionView], kind: LabelKind, probability: float | None) -> Label:
    of = review.assignment
    return Label(
        id=of.id,
        source=of.source,
        levels={item.id: NA if item.draft.level == NOT_APPLICABLE else str(item.draft.level) for item in given},
        evidence={item.id: tuple(sorted({span[0] for span in item.draft.spans})) for item in given if item.draft.spans},
        spans={item.id: item.draft.spans for item in given if item.draft.spans},
        notes={item.id: item.draft.note.strip() for item in given if item.draft.note.strip()},
        annotator=of.reviewer,
        kind=kind,
        rubric=of.rubric,
        probability=probability,
        at=datetime.now(UTC),
    )
