"""Which conversations people look at: a random part with known chances, and a targeted part in strata set beforehand.

Only the random part feeds estimates. The draw can be proved: a conversation's place is the SHA-256 of seed, frame and id, and
the smallest of a stratum are taken, so that anyone can repeat it with the frame at hand, in any language.

References
----------
.. [1] Neyman, J. (1934). On the two different aspects of the representative method. Journal of the Royal Statistical Society
       97, 558-625. (Allocation by spread.)
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from enum import StrEnum
from heapq import heappop, heappush
from math import sqrt
from typing import Literal

from pydantic import Field

from clearbar.model import Model, digest
from clearbar.rubric import Rubric
from clearbar.verdict import ABSTAINED, UNGRADED, Audit

__all__ = ["NO_TEAM", "Candidate", "Doubt", "Sampled", "candidates", "draw", "frame_hash", "verify"]

NEAR = 3.0
"""Points from the edge of a band that count as near."""
NO_TEAM = "(no team)"


class Doubt(StrEnum):
    """Why a conversation is worth a look; a conversation belongs to the first that fits."""

    SWAYED = "the grader may have been swayed"
    AUTO_FAIL = "provisional auto-fail"
    CONFLICT = "graders disagree"
    VOTES = "votes of the LLM disagree"
    ABSTAINED = "grader abstained"
    NEAR_BAR = "near the edge of a band"


class Candidate(Model):
    """A conversation of the frame."""

    source: str
    id: str
    team: str | None = None
    doubt: Doubt | None = None
    below: float = Field(default=0.0, ge=0, le=1)
    """Share of its graded criteria under the bar; teams where it varies most get more reviews."""


class Sampled(Model):
    """A conversation that was drawn, with all that estimation and an auditor need to know of the draw."""

    source: str
    id: str
    team: str | None
    part: Literal["random", "targeted"]
    stratum: str
    probability: float = Field(gt=0, le=1)
    """Chance of being drawn: for the random part among the team's conversations, for the targeted part within its stratum,
    given that it was not drawn at random before."""
    seed: int
    frame_hash: str
    why: str


def candidates(audits: Sequence[Audit], rubric: Rubric, *, source: str = "", others: Sequence[Audit] = ()) -> list[Candidate]:
    """Return the frame of a set of audits, with what is doubtful about each.

    Parameters
    ----------
    audits
        Of one source.
    rubric
        Whose bands and levels count.
    source
        Fingerprint of the source.
    others
        Audits of the same conversations by another grader, where there are any.
    """
    second = {audit.transcript: audit for audit in others}
    return [
        Candidate(
            source=source,
            id=audit.transcript,
            team=audit.team,
            doubt=_doubt(audit, second.get(audit.transcript), rubric),
            below=_below(audit, rubric),
        )
        for audit in audits
    ]


def _doubt(audit: Audit, other: Audit | None, rubric: Rubric) -> Doubt | None:
    edges = [band.from_score for band in rubric.bands if band.from_score > 0]
    doubts = {
        Doubt.SWAYED: any(verdict.doubt for verdict in audit.verdicts),
        Doubt.AUTO_FAIL: any(item.provisional for item in audit.auto_fail),
        Doubt.CONFLICT: other is not None and _conflicts(audit, other),
        Doubt.VOTES: any(verdict.agreement is not None and verdict.agreement < 1 for verdict in audit.verdicts),
        Doubt.ABSTAINED: any(verdict.level == UNGRADED and verdict.reason == ABSTAINED for verdict in audit.verdicts),
        Doubt.NEAR_BAR: audit.score is not None and any(abs(audit.score - edge) <= NEAR for edge in edges),
    }
    return next((doubt for doubt, found in doubts.items() if found), None)


def _conflicts(audit: Audit, other: Audit) -> bool:
    said = {verdict.criterion: verdict.level for verdict in other.verdicts if verdict.level != UNGRADED}
    return any(verdict.level not in {UNGRADED, said.get(verdict.criterion, verdict.level)} for verdict in audit.verdicts)


def _below(audit: Audit, rubric: Rubric) -> float:
    graded = [rubric.level(verdict.criterion, verdict.level).fails for verdict in audit.verdicts if verdict.graded]
    return round(sum(graded) / len(graded), 4) if graded else 0.0


def frame_hash(frame: Sequence[Candidate]) -> str:
    """Return the digest of the list that is drawn from, whatever its order."""
    return digest(sorted([item.source, item.id, item.team or "", item.doubt or ""] for item in frame))


def draw(
    frame: Sequence[Candidate], *, budget: int, seed: int, random_share: float = 0.5, reviewed: Mapping[str, int] | None = None
) -> list[Sampled]:
    """Return the conversations to review, the random part first.

    Parameters
    ----------
    frame
        All conversations that could be reviewed; one that stands twice counts once.
    budget
        How many reviews there are.
    seed
        Settle it before the frame is known, and note it: the draw is proved by seed and frame hash.
    random_share
        Share of the budget for the random part. It also gets what the frame has too few doubtful conversations for; where the
        random draw takes doubtful ones away, a few reviews may stay unused, since topping up would change the known chances.
    reviewed
        Random reviews that each team already has; the next ones go where intervals narrow most.
    """
    unique = list({(item.source, item.id): item for item in frame}.values())
    pinned = frame_hash(unique)
    doubtful = sum(item.doubt is not None for item in unique)
    targeted = 0 if budget >= len(unique) else min(doubtful, budget - round(budget * random_share))
    chosen = _random_part(unique, budget - targeted, seed, pinned, reviewed or {})
    taken = {(item.source, item.id) for item in chosen}
    left = [item for item in unique if (item.source, item.id) not in taken]
    return [*chosen, *_targeted_part(left, min(budget - len(chosen), targeted), seed, pinned)]


def verify(drawn: Sequence[Sampled], frame: Sequence[Candidate], *, budget: int, seed: int, random_share: float = 0.5) -> bool:
    """Whether a first draw (no team reviewed before) is what seed and frame give."""
    return list(drawn) == draw(frame, budget=budget, seed=seed, random_share=random_share)


def _random_part(frame: Sequence[Candidate], number: int, seed: int, pinned: str, reviewed: Mapping[str, int]) -> list[Sampled]:
    teams: dict[str, list[Candidate]] = defaultdict(list)
    for item in frame:
        teams[item.team or NO_TEAM].append(item)
    shares = _allocate(teams, number, reviewed)
    return [
        _sampled(item, "random", team, shares[team] / len(members), seed, pinned, "drawn at random")
        for team, members in sorted(teams.items())
        for item in _first(members, shares[team], seed, pinned)
    ]


def _targeted_part(frame: Sequence[Candidate], number: int, seed: int, pinned: str) -> list[Sampled]:
    strata = {doubt: [item for item in frame if item.doubt is doubt] for doubt in Doubt}
    shares = dict.fromkeys(strata, 0)
    while number and any(shares[doubt] < len(members) for doubt, members in strata.items()):
        for doubt, members in strata.items():
            if number and shares[doubt] < len(members):
                shares[doubt] += 1
                number -= 1
    return [
        _sampled(item, "targeted", doubt.value, shares[doubt] / len(members), seed, pinned, doubt.value)
        for doubt, members in strata.items()
        for item in _first(members, shares[doubt], seed, pinned)
    ]


def _sampled(  # noqa: PLR0917 - the fields of the record
    item: Candidate, part: Literal["random", "targeted"], stratum: str, chance: float, seed: int, pinned: str, why: str
) -> Sampled:
    return Sampled(
        source=item.source,
        id=item.id,
        team=item.team,
        part=part,
        stratum=stratum,
        probability=chance,
        seed=seed,
        frame_hash=pinned,
        why=why,
    )


def _first(members: Sequence[Candidate], number: int, seed: int, pinned: str) -> list[Candidate]:
    """Return the members whose hashed places come first: a simple random sample without replacement."""
    return sorted(members, key=lambda item: hashlib.sha256(f"{seed}\n{pinned}\n{item.source}\n{item.id}".encode()).digest())[:number]


def _allocate(teams: Mapping[str, Sequence[Candidate]], number: int, reviewed: Mapping[str, int]) -> dict[str, int]:
    """Return how many reviews each team gets: one after the other to the team whose interval it narrows most [1]_."""
    shares = dict.fromkeys(teams, 0)
    waiting: list[tuple[float, str]] = []
    spreads = {team: _spread(members) for team, members in teams.items()}

    def offer(team: str) -> None:
        done, size = reviewed.get(team, 0) + shares[team], len(teams[team])
        if shares[team] < size:
            gain = spreads[team] * (1 / sqrt(done + 1) - 1 / sqrt(done + 2))
            heappush(waiting, (-gain, team))

    for team in sorted(teams):
        offer(team)
    for _ in range(number):
        if not waiting:
            break
        _, team = heappop(waiting)
        shares[team] += 1
        offer(team)
    return shares


def _spread(members: Sequence[Candidate]) -> float:
    """Return how much the share under the bar varies between a team's conversations; never nothing, since grades may be wrong."""
    mean = sum(item.below for item in members) / len(members)
    smoothed = (mean * len(members) + 1) / (len(members) + 2)
    return sqrt(smoothed * (1 - smoothed))
