"""What an edit of the rubric would have done to conversations that were graded before, told before it goes live."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from clearbar.model import Model
from clearbar.plural import plural
from clearbar.rubric import Criterion, Rubric
from clearbar.scoring import score
from clearbar.verdict import UNGRADED, Audit

__all__ = ["CriterionFlips", "Flip", "Moved", "RubricDiff", "TeamChange", "diff", "needs_grading", "rescore"]

EXAMPLES: Final = 5


class Flip(Model):
    """One verdict that would be another."""

    transcript: str
    team: str | None
    old: str
    new: str
    text_hash: str = ""
    """Tells conversations of two sources apart that have the same id."""
    why: str = ""
    """Why the new one was given."""


class Moved(Model):
    """A conversation whose score or band would be another."""

    transcript: str
    team: str | None
    text_hash: str
    old_score: float | None
    new_score: float | None
    old_band: str | None
    new_band: str | None


class CriterionFlips(Model):
    """How the verdicts on a criterion would change."""

    criterion: str
    compared: int
    """Conversations with a verdict under both rubrics."""
    flips: int
    by_team: dict[str, int]
    moves: dict[str, int]
    """How often which level became which: `clears → below`."""
    examples: tuple[Flip, ...]


class TeamChange(Model):
    """How a team's scores would change; null where nothing is scored under either rubric."""

    team: str
    conversations: int
    old_score: float | None
    new_score: float | None
    bands_changed: int
    auto_fails: int
    """How many more (or fewer) conversations would auto-fail."""


class RubricDiff(Model):
    """The difference between two rubrics and its effect."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    reworded: tuple[str, ...]
    """Criteria that an LLM would read differently."""
    other_rules: tuple[str, ...]
    """Criteria that the rules would read differently."""
    scoring_changed: bool
    costs_grades: bool
    """Whether anything must be graded anew; a change of scoring alone must not."""
    regraded: bool
    """Whether the effect on levels was measured; otherwise only the effect on scores is shown."""
    criteria: tuple[CriterionFlips, ...]
    teams: tuple[TeamChange, ...]
    moved: tuple[Moved, ...] = ()
    """Some of the conversations whose band or score would change: those of another band first, then those that move farthest."""
    notes: tuple[str, ...]


def needs_grading(old: Rubric, new: Rubric) -> bool:
    """Whether conversations would have to be graded anew, by the LLM or by the rules."""
    return old.prompt_hash != new.prompt_hash or old.rules_hash != new.rules_hash


def rescore(audits: Sequence[Audit], rubric: Rubric) -> list[Audit]:
    """Return audits with the same verdicts, scored by another rubric; verdicts that it has no place for are left out."""
    return [_rescored(audit, rubric) for audit in audits]


def _rescored(audit: Audit, rubric: Rubric) -> Audit:
    scales = {item.id: (*rubric.scale_of(item.id).ids, "not_applicable", UNGRADED) for item in rubric.criteria}
    kept = tuple(verdict for verdict in audit.verdicts if verdict.level in scales.get(verdict.criterion, ()))
    scored = score(kept, rubric)
    return audit.model_copy(
        update={
            "verdicts": kept,
            "score": scored.score,
            "band": scored.band,
            "weight_graded": scored.weight_graded,
            "auto_fail": scored.auto_fail,
        }
    )


def diff(old: Rubric, new: Rubric, audits: Sequence[Audit], regraded: Sequence[Audit] | None = None) -> RubricDiff:
    """Return what the edit would have done.

    Parameters
    ----------
    old, new
        The rubric in force, and the edited one.
    audits
        Stored audits under the old rubric; scored anew by it, so that both sides are alike.
    regraded
        The same conversations graded with the new rubric. Without it the old verdicts are scored by the new rubric, which is
        exact where only the scoring changed.
    """
    before = {_key(audit): audit for audit in rescore(audits, old)}
    after = {_key(audit): audit for audit in (rescore(audits, new) if regraded is None else rescore(regraded, new))}
    costs = needs_grading(old, new)
    pairs = [(before[one], after[one]) for one in before if one in after]
    shared = [item.id for item in new.criteria if item.id in {one.id for one in old.criteria}]
    return RubricDiff(
        added=tuple(item.id for item in new.criteria if item.id not in {one.id for one in old.criteria}),
        removed=tuple(item.id for item in old.criteria if item.id not in {one.id for one in new.criteria}),
        reworded=tuple(id for id in shared if _read(old, id) != _read(new, id)),
        other_rules=tuple(id for id in shared if _ruled(old.criterion(id)) != _ruled(new.criterion(id))),
        scoring_changed=old.scoring_hash != new.scoring_hash,
        costs_grades=costs,
        regraded=regraded is not None,
        criteria=tuple(_flips(id, pairs) for id in shared),
        teams=tuple(_teams(pairs)),
        moved=tuple(_moved(pairs)),
        notes=tuple(_notes(before.keys() - after.keys(), costs=costs, measured=regraded is not None)),
    )


def _key(audit: Audit) -> tuple[str, str]:
    return audit.transcript, audit.text_hash


def _read(rubric: Rubric, criterion: str) -> object:
    view = next(item for item in rubric.prompt_view["criteria"] if item["id"] == criterion)
    return view, rubric.scale_of(criterion).model_dump()


def _ruled(criterion: Criterion) -> object:
    return criterion.rules, criterion.applies, criterion.scale


def _flips(criterion: str, pairs: Sequence[tuple[Audit, Audit]]) -> CriterionFlips:
    found: list[Flip] = []
    compared = 0
    for old, new in pairs:
        was, now = (next((item for item in audit.verdicts if item.criterion == criterion), None) for audit in (old, new))
        if was is None or now is None:
            continue
        compared += 1
        if was.level != now.level:
            named = {"transcript": old.transcript, "team": old.team, "text_hash": old.text_hash}
            found.append(Flip(**named, old=was.level, new=now.level, why=now.rationale))
    by_team: dict[str, int] = defaultdict(int)
    moves: dict[str, int] = defaultdict(int)
    for flip in found:
        by_team[flip.team or ""] += 1
        moves[f"{flip.old} → {flip.new}"] += 1
    return CriterionFlips(
        criterion=criterion,
        compared=compared,
        flips=len(found),
        by_team=dict(sorted(by_team.items())),
        moves=dict(sorted(moves.items(), key=lambda item: (-item[1], item[0]))),
        examples=tuple(found[:EXAMPLES]),
    )


def _teams(pairs: Sequence[tuple[Audit, Audit]]) -> list[TeamChange]:
    teams: dict[str, list[tuple[Audit, Audit]]] = defaultdict(list)
    for old, new in pairs:
        teams[old.team or ""].append((old, new))
    return [
        TeamChange(
            team=team,
            conversations=len(members),
            old_score=_mean([old.score for old, _ in members]),
            new_score=_mean([new.score for _, new in members]),
            bands_changed=sum(old.band != new.band for old, new in members),
            auto_fails=sum(bool(new.auto_fail) for _, new in members) - sum(bool(old.auto_fail) for old, _ in members),
        )
        for team, members in sorted(teams.items())
    ]


def _moved(pairs: Sequence[tuple[Audit, Audit]]) -> list[Moved]:
    changed = [(old, new) for old, new in pairs if (old.band, old.score) != (new.band, new.score)]
    changed.sort(key=lambda pair: (pair[0].band == pair[1].band, -abs((pair[1].score or 0) - (pair[0].score or 0))))
    return [
        Moved(
            transcript=old.transcript,
            team=old.team,
            text_hash=old.text_hash,
            old_score=old.score,
            new_score=new.score,
            old_band=old.band,
            new_band=new.band,
        )
        for old, new in changed[:EXAMPLES]
    ]


def _mean(scores: Sequence[float | None]) -> float | None:
    known = [value for value in scores if value is not None]
    return round(sum(known) / len(known), 2) if known else None


def _notes(missing: set[tuple[str, str]], *, costs: bool, measured: bool) -> list[str]:
    notes = []
    if costs and not measured:
        notes.append("the wording or the rules changed: levels may change too, which only grading anew can show")
    if missing:
        notes.append(f"{plural(len(missing), 'conversation')} not graded with the new rubric and left out")
    return notes
