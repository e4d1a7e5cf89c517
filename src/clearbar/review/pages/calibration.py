"""Calibration sessions: several people grade the same conversations blind, then look at where they differ."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response

from clearbar.agreement import coincidences, krippendorff_alpha
from clearbar.label import NA, Label, LabelKind
from clearbar.model import Model
from clearbar.review.access import Right, covers, may
from clearbar.review.pages.queue import in_scope, visible_items
from clearbar.review.reviewing import level_name
from clearbar.review.web import Fault, Number, Visitor, needs, see
from clearbar.rubric import Rubric
from clearbar.store import Assignment, Calibration, State
from clearbar.verdict import NOT_APPLICABLE

__all__ = ["router"]

router = APIRouter()
Given = dict[str, str]
"""Level by reviewer."""


class CriterionAgreement(Model):
    """How far the participants agree on a criterion."""

    criterion: str
    name: str
    alpha: float | None
    """Krippendorff's alpha over levels and not applicable; null where it is undefined."""
    agreement: float | None
    """Share of pairs of participants who gave the same level."""
    pairs: int


class ReviewerAgreement(Model):
    """How far one participant agrees with the others and with the expert."""

    reviewer: str
    with_group: float | None
    """Share of criteria on which they gave the level that most others gave."""
    group_n: int
    with_expert: float | None
    expert_n: int


class Said(Model):
    """What one participant said of a criterion of a conversation."""

    reviewer: str
    level: str
    note: str
    quotes: tuple[str, ...]


class Compared(Model):
    """One criterion of one conversation, side by side."""

    criterion: str
    name: str
    said: tuple[Said, ...]
    split: bool
    """Whether the participants differ."""
    suggested: str
    """The expert's level, else the most frequent one."""
    agreed: str
    """The level recorded as consensus."""
    choices: tuple[tuple[str, str], ...]


class ComparedConversation(Model):
    """A conversation of a session with what everybody said of it."""

    place: int
    id: str
    criteria: tuple[Compared, ...]


class SessionResult(Model):
    """What a closed session shows."""

    session: Calibration
    criteria: tuple[CriterionAgreement, ...]
    reviewers: tuple[ReviewerAgreement, ...]
    conversations: tuple[ComparedConversation, ...]


class SessionView(Model):
    """A session in the list."""

    session: Calibration
    participants: tuple[str, ...]
    committed: int
    of: int


class SessionList(Model):
    """What the list shows."""

    sessions: tuple[SessionView, ...]


@router.get("/calibrations")
@router.get("/calibrations.json")
def show_list(visitor: Annotated[Visitor, needs(Right.OVERSEE)]) -> Response:
    """List the sessions, and show the form that opens one."""
    sessions = SessionList(sessions=tuple(_view(visitor, one) for one in visitor.store.calibrations() if _covered(visitor, one)))
    free = [item for item in visible_items(visitor) if not item.taken_by]
    people = [one for one in visitor.store.people() if may(one, Right.REVIEW) and one.active]
    return visitor.page("calibrations", data=sessions, free=free[:200], people=people)


@router.post("/calibrations")
def open_session(visitor: Annotated[Visitor, needs(Right.OVERSEE)]) -> Response:
    """Open a session with conversations of the queue that nobody has had."""
    free = {(item.source, item.id): item for item in visible_items(visitor) if not item.taken_by}
    wanted = [free[key] for key in map(_key, visitor.many.get("conversation", [])) if key in free]
    people = {one.name: one for one in visitor.store.people() if may(one, Right.REVIEW)}
    participants = [people[name] for name in visitor.many.get("participant", []) if name in people]
    expert = visitor.text("expert") or None
    if not wanted or len(participants) < 2:  # noqa: PLR2004 - agreement needs two
        raise Fault(422, "Too few", "Choose at least one conversation and two people. Go back; what you chose is still there.")
    if expert is not None and expert not in {one.name for one in participants}:
        raise Fault(422, "The expert takes part, too", "Choose one of the participants as expert. Go back; what you chose is still there.")
    for one in participants:
        known = visitor.store.seen(one.name)
        if any((item.source, item.id) in known or not covers(one, item.team, item.agents) for item in wanted):
            raise Fault(409, "Not blind for everybody", f"{one.shown} has seen grades of one of them, or may not see it. Choose others.")
    number = visitor.store.open_calibration(
        visitor.text("title", longest=200, required="a title"),
        conversations=[(item.source, item.id, item.text_hash, item.rubric) for item in wanted],
        participants=[one.name for one in participants],
        expert=expert,
        due=visitor.date("due") if visitor.form.get("due") else None,
        by=visitor.name,
    )
    return see(f"/calibrations/{number}")


@router.get("/calibrations/{number}")
@router.get("/calibrations/{number}.json")
def show(visitor: Annotated[Visitor, needs(Right.REVIEW)], number: Number) -> Response:
    """Show how far an open session is, or what a closed one came to."""
    session, assignments = _session(visitor, number)
    if session.state == "open":
        return visitor.page("calibration_open", data=SessionList(sessions=(_view(visitor, session),)))
    return visitor.page("calibration", data=_result(visitor, session, assignments))


@router.post("/calibrations/{number}/close")
def close(visitor: Annotated[Visitor, needs(Right.OVERSEE)], number: Number) -> Response:
    """Close a session and show its results to those who took part."""
    _session(visitor, number)
    visitor.store.close_calibration(number, by=visitor.name)
    return see(f"/calibrations/{number}")


@router.post("/calibrations/{number}/consensus")
def agree(visitor: Annotated[Visitor, needs(Right.OVERSEE)], number: Number) -> Response:
    """Record what the participants agreed on for one conversation."""
    session, _ = _session(visitor, number)
    place = visitor.text("place")
    if session.state != "closed" or not place.isdecimal() or int(place) >= len(session.conversations):
        raise Fault(409, "Not now", "A consensus is recorded when the session is closed.")
    source, id, text_hash, made_with = session.conversations[int(place)]
    rubric = visitor.store.rubric(made_with)
    if rubric is None or text_hash is None:
        raise Fault(404, "That conversation is gone", "It was erased; the session's other conversations are kept.")
    levels = {item.id: visitor.text(f"level.{item.id}") for item in rubric.criteria}
    allowed = {item.id: {*rubric.scale_of(item.id).ids, NOT_APPLICABLE} for item in rubric.criteria}
    agreed = {criterion: level for criterion, level in levels.items() if level in allowed[criterion]}
    if not agreed:
        raise Fault(422, "Nothing was agreed on", "Choose at least one level. Go back; what you chose is still there.")
    label = Label(
        id=id,
        source=source,
        levels={criterion: NA if level == NOT_APPLICABLE else level for criterion, level in agreed.items()},
        annotator=f"session {number}",
        kind=LabelKind.CONSENSUS,
        rubric=made_with,
        at=datetime.now(UTC),
    )
    visitor.store.add_consensus(label, text_hash)
    visitor.store.enter("consensus", who=visitor.name, source=source, id=id, why=f"session {number}")
    return see(f"/calibrations/{number}#conversation-{place}")


def _session(visitor: Visitor, number: int) -> tuple[Calibration, list[Assignment]]:
    session = visitor.store.calibration(number)
    assignments = visitor.store.assignments(calibration=number) if session else []
    if session is None or not (visitor.may(Right.OVERSEE) or visitor.name in {one.reviewer for one in assignments}):
        raise Fault(404, "There is no such session", "Or none that you take part in.")
    if not _covered(visitor, session):
        raise Fault(404, "There is no such session", "Or none whose conversations you may see.")
    return session, assignments


def _covered(visitor: Visitor, session: Calibration) -> bool:
    return all(in_scope(visitor, one) for one in session.conversations)


def _view(visitor: Visitor, session: Calibration) -> SessionView:
    assignments = visitor.store.assignments(calibration=session.number)
    return SessionView(
        session=session.model_copy(update={"conversations": ()}),
        participants=tuple(sorted({one.reviewer for one in assignments})),
        committed=sum(one.state is State.DONE for one in assignments),
        of=len(assignments),
    )


def _key(value: str) -> tuple[str, str]:
    source, _, id = value.partition("\n")
    return source, id


def _result(visitor: Visitor, session: Calibration, assignments: Sequence[Assignment]) -> SessionResult:
    done = {(one.source, one.id, one.reviewer) for one in assignments if one.state is State.DONE}
    conversations = []
    given: dict[tuple[int, str], Given] = {}
    names: dict[str, str] = {}
    for place, (source, id, text_hash, made_with) in enumerate(session.conversations):
        rubric = visitor.store.rubric(made_with)
        found = visitor.store.conversation(source, id, text_hash) if text_hash else None
        if rubric is None or found is None:
            continue
        names |= {item.id: item.name for item in rubric.criteria}
        labels = visitor.store.labels(source=source, ids=[id])
        blind = {
            str(label.annotator): label for label in labels if label.kind is LabelKind.BLIND and (source, id, str(label.annotator)) in done
        }
        agreed = next((label for label in reversed(labels) if label.annotator == f"session {session.number}"), None)
        texts = [turn.text for turn in found.turns]
        for item in rubric.criteria:
            given[place, item.id] = {who: _level(label, item.id) for who, label in blind.items() if item.id in label.levels}
        compared = tuple(
            _compared(rubric, item.id, blind=blind, given=given[place, item.id], texts=texts, expert=session.expert, agreed=agreed)
            for item in rubric.criteria
        )
        conversations.append(ComparedConversation(place=place, id=id, criteria=compared))
    return SessionResult(
        session=session,
        criteria=tuple(
            _criterion_agreement(id, name, [said for (_, one), said in given.items() if one == id]) for id, name in names.items()
        ),
        reviewers=tuple(
            _reviewer_agreement(who, given, session.expert) for who in sorted({who for said in given.values() for who in said})
        ),
        conversations=tuple(conversations),
    )


def _level(label: Label, criterion: str) -> str:
    said = str(label.levels[criterion])
    return NOT_APPLICABLE if said == NA else said


def _compared(
    rubric: Rubric,
    criterion: str,
    *,
    blind: Mapping[str, Label],
    given: Given,
    texts: Sequence[str],
    expert: str | None,
    agreed: Label | None,
) -> Compared:
    said = tuple(
        Said(
            reviewer=who,
            level=level_name(rubric, criterion, level),
            note=blind[who].notes.get(criterion, ""),
            quotes=tuple(texts[turn][start:end] for turn, start, end in blind[who].spans.get(criterion, ())),
        )
        for who, level in sorted(given.items())
    )
    usual = Counter(given.values()).most_common(1)
    return Compared(
        criterion=criterion,
        name=rubric.criterion(criterion).name,
        said=said,
        split=len(set(given.values())) > 1,
        suggested=given.get(expert or "") or (usual[0][0] if usual else ""),
        agreed=_level(agreed, criterion) if agreed and criterion in agreed.levels else "",
        choices=tuple((level, level_name(rubric, criterion, level)) for level in (*rubric.scale_of(criterion).ids, NOT_APPLICABLE)),
    )


def _criterion_agreement(criterion: str, name: str, units: Sequence[Given]) -> CriterionAgreement:
    levels = sorted({level for unit in units for level in unit.values()})
    counts = [[list(unit.values()).count(level) for level in levels] for unit in units if len(unit) > 1]
    pairs = sum(sum(unit) * (sum(unit) - 1) // 2 for unit in counts)
    same = sum(number * (number - 1) // 2 for unit in counts for number in unit)
    alpha = float(krippendorff_alpha(coincidences(counts))) if counts else float("nan")
    return CriterionAgreement(
        criterion=criterion,
        name=name,
        alpha=None if alpha != alpha else round(alpha, 3),  # noqa: PLR0124 - NaN
        agreement=same / pairs if pairs else None,
        pairs=pairs,
    )


def _reviewer_agreement(who: str, given: Mapping[tuple[int, str], Given], expert: str | None) -> ReviewerAgreement:
    group, same_as_group, with_expert, same_as_expert = 0, 0, 0, 0
    for said in given.values():
        if who not in said:
            continue
        others = Counter(level for other, level in said.items() if other != who).most_common(2)
        if others and (len(others) == 1 or others[0][1] > others[1][1]):  # no majority, nothing to agree with
            group += 1
            same_as_group += others[0][0] == said[who]
        if expert in said and expert != who:
            with_expert += 1
            same_as_expert += said[expert] == said[who]
    return ReviewerAgreement(
        reviewer=who,
        with_group=same_as_group / group if group else None,
        group_n=group,
        with_expert=same_as_expert / with_expert if with_expert else None,
        expert_n=with_expert,
    )
