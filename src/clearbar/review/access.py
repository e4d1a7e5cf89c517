"""Who may do what, and whose conversations they may see. The only place where that is decided."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final

from clearbar.store import ALL_TEAMS, Person, StaffRole

__all__ = ["RIGHTS", "Right", "covers", "default_teams", "may"]


class Right(StrEnum):
    """Something that a page lets a person do."""

    REVIEW = "review"
    """Grade what they are assigned; see their own agreement with others."""
    OVERSEE = "oversee"
    """The whole queue, verify mode, auto-fails, calibration, reviewers' agreement."""
    READ = "read"
    """Explanation sheets of the conversations that they may see."""
    CONTEST = "contest"
    """Dispute a verdict."""
    DECIDE = "decide"
    """Decide disputes of others; close a period."""
    FIGURES = "figures"
    """Figures of the teams that they may see."""
    COACH = "coach"
    REVEAL = "reveal"
    """An agent's name, for a purpose that is written down."""
    RUBRIC = "rubric"
    """The rubric desk and exclusions."""
    TRAIL = "trail"
    """The audit trail and the settings; no content."""
    PEOPLE = "people"
    ERASE = "erase"


_LEAD: Final = frozenset(
    {
        Right.REVIEW,
        Right.OVERSEE,
        Right.READ,
        Right.DECIDE,
        Right.FIGURES,
        Right.COACH,
        Right.REVEAL,
        Right.RUBRIC,
    }
)
RIGHTS: Final[Mapping[StaffRole, frozenset[Right]]] = {
    StaffRole.ADMIN: _LEAD | {Right.TRAIL, Right.PEOPLE, Right.ERASE},
    StaffRole.LEAD: _LEAD,
    StaffRole.REVIEWER: frozenset({Right.REVIEW}),
    StaffRole.TEAM_LEAD: frozenset({Right.READ, Right.CONTEST, Right.FIGURES, Right.COACH, Right.REVEAL}),
    StaffRole.AGENT: frozenset({Right.READ, Right.CONTEST}),
    StaffRole.AUDITOR: frozenset({Right.TRAIL}),
    StaffRole.VIEWER: frozenset({Right.FIGURES}),
}


def may(person: Person, right: Right) -> bool:
    """Return whether a person's role has a right."""
    return person.active and right in RIGHTS[person.role]


def covers(person: Person, team: str | None, agents: Collection[str]) -> bool:
    """Return whether a conversation of a team, in which these agents speak, is one of those that a person may see.

    Agents see those in which they speak, and no others; everybody else sees those of their teams. Auditors see none.
    """
    if person.role is StaffRole.AGENT:
        return person.agent is not None and person.agent in agents
    if person.role is StaffRole.AUDITOR:
        return False
    return ALL_TEAMS in person.teams or (team is not None and team in person.teams)


def default_teams(role: StaffRole) -> tuple[str, ...]:
    """Return whose conversations a new person of a role sees where nothing was said."""
    return (ALL_TEAMS,) if role in {StaffRole.ADMIN, StaffRole.LEAD, StaffRole.REVIEWER} else ()
