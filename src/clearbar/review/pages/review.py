"""The review page: grade blind, commit, look at the differences."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError

from clearbar.label import NA, LabelKind
from clearbar.review.access import Right
from clearbar.review.pages.queue import in_scope
from clearbar.review.reviewing import Review, SavedDraft, commit, load_review, marks_of, settle
from clearbar.review.turns import show_turns, show_words
from clearbar.review.web import Fault, Number, Visitor, needs, see
from clearbar.store import Assignment, Draft, RefusedError, State, Store
from clearbar.verdict import NOT_APPLICABLE

__all__ = ["router"]

router = APIRouter()
Reviewer = Annotated[Visitor, needs(Right.REVIEW)]


@router.get("/reviews/{number}")
def show(visitor: Reviewer, number: Number) -> Response:
    """Show the conversation beside the criteria."""
    return _page(visitor, _review(visitor, number))


@router.put("/reviews/{number}/drafts/{criterion}")
async def save(visitor: Reviewer, number: Number, criterion: str) -> Response:
    """Keep what was put down for one criterion; the answer says that it is on disk."""
    from starlette.concurrency import run_in_threadpool  # noqa: PLC0415

    sent = await _sent(visitor.request)
    return await run_in_threadpool(_save, visitor, number, criterion, sent)


@router.post("/reviews/{number}/save")
def save_form(visitor: Reviewer, number: Number) -> Response:
    """Keep the whole form, where a browser runs no script."""
    review = _review(visitor, number)
    _take_form(visitor, review)
    return see(f"/reviews/{number}")


@router.post("/reviews/{number}/commit")
def finish_blind(visitor: Reviewer, number: Number) -> Response:
    """Commit the levels; from then on the grader's may be seen."""
    review = _review(visitor, number)
    if review.assignment.state is not State.OPEN:
        return see(f"/reviews/{number}")
    _take_form(visitor, review)
    drawn = visitor.store.drawn(review.assignment.source, review.assignment.id)
    chance = drawn.probability if drawn and drawn.part == "random" else None
    try:
        done = visitor.store.finish(number, visitor.name, lambda _, drafts: commit(review, drafts, chance))
    except RefusedError as error:
        if error.kind != "incomplete":
            raise
        return _page(visitor, _review(visitor, number), status=422, fault=error.what)
    if done.state is State.COMMITTED and not _review(visitor, number).differing:
        _settle(visitor, number)
    return see(f"/reviews/{number}")


@router.post("/reviews/{number}/settle")
def finish(visitor: Reviewer, number: Number) -> Response:
    """Keep what was said in sight of the grader's levels, and end the review."""
    review = _review(visitor, number)
    if review.assignment.state is not State.COMMITTED:
        return see(f"/reviews/{number}")
    _take_form(visitor, review)
    try:
        _settle(visitor, number)
    except RefusedError as error:
        if error.kind != "incomplete":
            raise
        return _page(visitor, _review(visitor, number), status=422, fault=error.what)
    return see(f"/reviews/{number}")


@router.post("/reviews/{number}/skip")
def skip(visitor: Reviewer, number: Number) -> Response:
    """Give the item back with a reason."""
    _mine(visitor, number)
    visitor.store.skip(number, visitor.name, visitor.text("why", longest=500, required="a reason for skipping"))
    return see("/queue")


def _page(visitor: Visitor, review: Review, *, status: int = 200, fault: str = "") -> Response:
    turns = show_turns(review.conversation.turns, marks_of(review), names=review.revealed)
    return visitor.page("review", status=status, review=review, turns=turns, fault=fault, states=State)


def _review(visitor: Visitor, number: int) -> Review:
    assignment = _mine(visitor, number)
    review = load_review(visitor.store, assignment)
    if review.revealed and visitor.request.method == "GET":
        visitor.store.enter("view", who=visitor.name, source=assignment.source, id=assignment.id, why=f"review {number}")
    return review


def _mine(visitor: Visitor, number: int) -> Assignment:
    found = visitor.store.assignment(number)
    if found is None or found.reviewer != visitor.name or not in_scope(visitor, found):
        raise Fault(404, "There is no such review of yours", "It may be another person's. Go on with your queue.", link=("/queue", "Queue"))
    return found


async def _sent(request: Request) -> SavedDraft:
    try:
        return SavedDraft.model_validate_json(await request.body())
    except ValidationError as error:
        raise Fault(422, "That cannot be saved", "The browser sent something unexpected; reload the page.") from error


def _save(visitor: Visitor, number: int, criterion: str, sent: SavedDraft) -> Response:
    assignment = _mine(visitor, number)
    rubric = visitor.store.rubric(assignment.rubric)
    if rubric is None or criterion not in {item.id for item in rubric.criteria}:
        raise Fault(404, "There is no such criterion", "The rubric of this review does not have it; reload the page.")
    draft = _checked(visitor, rubric.scale_of(criterion).ids, Draft(criterion=criterion, **sent.model_dump()))
    earlier = visitor.store.drafts(number).get(criterion) if sent.version else None
    before = earlier.spans if earlier else ()
    if draft.spans == before:  # the usual case costs no more than it must
        return JSONResponse({"version": visitor.store.save_draft(number, visitor.name, draft), "words": {}})
    _check_spans(load_review(visitor.store, assignment), draft)
    version = visitor.store.save_draft(number, visitor.name, draft)
    words = _words(load_review(visitor.store, assignment), {span[0] for span in (*before, *draft.spans)})
    return JSONResponse({"version": version, "words": words})


def _checked(visitor: Visitor, levels: tuple[str, ...], draft: Draft) -> Draft:
    if draft.level not in {None, NOT_APPLICABLE, *levels}:
        raise Fault(422, "There is no such level", "The rubric of this review does not have it; reload the page.")
    draft = draft.model_copy(update={"note": draft.note.replace("\0", "\N{REPLACEMENT CHARACTER}")})
    longest = visitor.room.settings.review.note_length
    if len(draft.note) > longest:
        raise Fault(422, "The note is too long", f"It has {len(draft.note)} characters and may have {longest}; it is kept on this page.")
    return draft


def _check_spans(review: Review, draft: Draft) -> None:
    turns = review.conversation.turns
    if any(not (0 <= turn < len(turns) and 0 <= start < end <= len(turns[turn].text)) for turn, start, end in draft.spans):
        raise Fault(422, "That passage is not in the conversation", "Select it again; nothing else was lost.")


def _words(review: Review, places: set[int]) -> dict[str, str]:
    marks = marks_of(review)
    turns = review.conversation.turns
    return {str(place): str(show_words(turns[place].text, [mark for mark in marks if mark.span[0] == place])) for place in sorted(places)}


def _take_form(visitor: Visitor, review: Review) -> None:
    """Keep what the form holds beyond what was saved already."""
    for item in review.criteria:
        level = visitor.form.get(f"level.{item.id}", item.draft.level)
        note = visitor.form.get(f"note.{item.id}", item.draft.note)
        changed = item.draft.model_copy(update={"level": level, "note": note})
        if changed != item.draft:
            # what the form was made from: an older one is refused rather than laid over newer words
            known = visitor.form.get(f"version.{item.id}", "")
            changed = changed.model_copy(update={"version": int(known) if known.isdecimal() else item.draft.version})
            ids = tuple(choice.id for choice in item.choices)
            visitor.store.save_draft(review.assignment.number, visitor.name, _checked(visitor, ids, changed))


def _settle(visitor: Visitor, number: int) -> None:
    review = _review(visitor, number)
    blind = _blind_levels(visitor.store, review)
    visitor.store.finish(number, visitor.name, lambda _, drafts: settle(review, drafts, blind))


def _blind_levels(store: Store, review: Review) -> dict[str, str]:
    of = review.assignment
    labels = store.labels(source=of.source, ids=[of.id], annotator=of.reviewer, kinds=[LabelKind.BLIND])
    return {criterion: NOT_APPLICABLE if said == NA else str(said) for criterion, said in labels[-1].levels.items()} if labels else {}
