"""What a draft of the rubric would have done to last month's conversations."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter
from fastapi.responses import Response

from clearbar.pipeline.rubric_change import Preview, preview
from clearbar.pipeline.rubric_desk import edited
from clearbar.review.access import Right, covers
from clearbar.review.pages.conversations import address_of, blind_keys
from clearbar.review.rubric_desk import find_change
from clearbar.review.web import Fault, Number, Visitor, needs
from clearbar.rubric import Rubric
from clearbar.rubric_diff import Flip, Moved, needs_grading
from clearbar.rubric_draft import examine

__all__ = ["router"]

router = APIRouter()
MONTH: Final = timedelta(days=31)


@router.get("/rubric/changes/{number}/preview")
@router.get("/rubric/changes/{number}/preview.json")
def show_preview(visitor: Annotated[Visitor, needs(Right.RUBRIC)], number: Number, by: str = "") -> Response:
    """Show what the edit would have done to last month's conversations."""
    change = find_change(visitor, number)
    base, body = edited(change)
    after, _ = examine(body)
    if after is None:
        raise Fault(
            409, "Not yet", "The draft is no rubric yet; mend its errors first.", link=(f"/rubric/changes/{number}", "To the draft")
        )
    hidden = blind_keys(visitor)
    found = preview(
        visitor.room.project,
        visitor.room.settings,
        visitor.store,
        base,
        after,
        since=datetime.now(UTC) - MONTH,
        by_rules=by == "rules" and needs_grading(base, after),
        keep=lambda ref: covers(visitor.person, ref.team, ()),
        show=lambda one: (one.source, one.id) not in hidden,
    )
    smallest = visitor.room.settings.report.min_group
    shown = _without_small(found, smallest)
    names = {item.id: item.name for item in (*base.criteria, *after.criteria)}
    links = {
        (one.conversation.id, one.conversation.text_hash): address_of(one.conversation.source, one.conversation.id)
        for one in visitor.store.audits(ids=[item.transcript for item in _examples(shown)])
    }
    bands = {band.id: band.name for band in (*base.bands, *after.bands)}
    told: dict[str, Any] = {
        "names": names,
        "bands": bands,
        "links": links,
        "smallest": smallest,
        "regrades": needs_grading(base, after),
        "number": number,
    }
    return visitor.page("rubric_preview", data=shown, level=_level_names(base, after), **told)


def _without_small(found: Preview, smallest: int) -> Preview:
    """Leave out groups that would tell of single conversations."""
    criteria = tuple(item for item in found.diff.criteria if item.compared >= smallest)
    teams = tuple(item for item in found.diff.teams if item.conversations >= smallest)
    large = {item.team for item in teams}
    criteria = tuple(
        item.model_copy(update={"by_team": {team: flips for team, flips in item.by_team.items() if team in large}}) for item in criteria
    )
    return found.model_copy(update={"diff": found.diff.model_copy(update={"criteria": criteria, "teams": teams})})


def _examples(found: Preview) -> Sequence[Flip | Moved]:
    return [*found.diff.moved, *(one for item in found.diff.criteria for one in item.examples)]


def _level_names(base: Rubric, after: Rubric) -> Callable[[str], str]:
    names = {level.id: level.name for rubric in (base, after) for scale in rubric.scales for level in scale.levels}
    names |= {"not_applicable": "Not applicable", "ungraded": "Not graded"}
    return lambda level: names.get(level, level)
