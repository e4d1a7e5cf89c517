"""Figures, states and reasons in words for people; the only place where a report's wording of them stands."""

import re
import unicodedata
from typing import Final

from clearbar.model import digest
from clearbar.plural import plural
from clearbar.report.inputs import Change, Estimate, Period, PeriodBefore, Shift, Step, Trust
from clearbar.verdict import ABSTAINED, GradedBy, Usage

__all__ = [
    "GRADERS",
    "GRADERS_SHORT",
    "TRUST",
    "TRUST_SHORT",
    "change_words",
    "interval",
    "part_words",
    "percent",
    "period_words",
    "reason_words",
    "score_words",
    "share_words",
    "shift_words",
    "since_before",
    "team_slug",
    "usage_words",
    "whose_words",
]

GRADERS: Final = {GradedBy.LLM: "a language model", GradedBy.RULES: "rules", GradedBy.HUMAN: "people"}
GRADERS_SHORT: Final = {GradedBy.LLM: "language model", GradedBy.RULES: "rules", GradedBy.HUMAN: "people"}

TRUST: Final = {
    Trust.GO: "Agrees with the labels well enough to be used.",
    Trust.NO_GO: "Does not agree with the labels well enough: read the conversations before you act on this.",
    Trust.TOO_FEW: "Too few labels to tell whether this can be trusted: treat it as not trusted.",
    Trust.UNMEASURED: "Nobody has measured how far this agrees with people: treat it as not trusted.",
}
TRUST_SHORT: Final = {Trust.GO: "trusted", Trust.NO_GO: "not trusted", Trust.TOO_FEW: "too few labels", Trust.UNMEASURED: "not measured"}

_REASONS: Final = {
    ABSTAINED: "no evidence either way",
    "failed:unread": "the reply could not be read",
    "failed:refused": "the model refused",
    "failed:truncated": "the reply was cut off",
    "failed:over-long": "the conversation was too long",
    "failed:timed out": "no reply in time",
    "failed:budget": "the budget was used up",
    "failed:unreachable": "the model could not be reached",
    "failed:evidence": "no quote could be found in the conversation",
    "failed:language": "a language that the grader does not read",
    "failed:interrupted": "the run was interrupted",
    "missing": "the criterion was not asked",
}


def reason_words(reason: str | None) -> str:
    """Return why a verdict is missing or comes from another grader."""
    return _REASONS.get(reason or "", reason or "no reason given")


def percent(share: float | None) -> str:
    """Return a share as whole per cent; never 0 % or 100 % for what is neither."""
    if share is None:
        return "\N{EN DASH}"
    if 0 < share < 0.005:  # noqa: PLR2004 - what would be rounded to none
        return "<\N{NO-BREAK SPACE}1\N{NO-BREAK SPACE}%"
    if 0.995 <= share < 1:  # noqa: PLR2004 - what would be rounded to all
        return ">\N{NO-BREAK SPACE}99\N{NO-BREAK SPACE}%"
    return f"{share * 100:.0f}\N{NO-BREAK SPACE}%"


def share_words(estimate: Estimate) -> str:
    """Return a share, or that too few were graded to say."""
    return percent(estimate.value) if estimate.enough else "too few to say"


def score_words(estimate: Estimate) -> str:
    """Return a mean score, or that too few were graded to say."""
    return f"{estimate.value:.0f}" if estimate.enough and estimate.value is not None else "too few to say"


def interval(estimate: Estimate, *, of_hundred: bool = False) -> str:
    """Return where the truth may lie; empty where that is not known."""
    if estimate.low is None or estimate.high is None:
        return ""
    if of_hundred:
        return f"{estimate.low:.0f}\N{EN DASH}{estimate.high:.0f}"
    return f"{estimate.low * 100:.0f}\N{EN DASH}{estimate.high * 100:.0f}\N{NO-BREAK SPACE}%"


def change_words(step: Step) -> str:
    """Return how a criterion stood after a step against before, and no more than the figures carry."""
    if step.difference is None:
        return "too few conversations on one side or both to say"
    value, low, high = (round(100 * share) for share in step.difference)
    told = f"{value:+d} points, likely {low:+d} to {high:+d}".replace("-", "\N{MINUS SIGN}")
    if step.difference[1] > 0:
        found = "more often than before"
    elif step.difference[2] < 0:
        found = "less often than before"
    else:
        found = "cannot be told from before"
    doubt = "; other graders graded after than before, which alone can change a share" if step.graders_changed else ""
    return f"{found} ({told}){doubt}"


def shift_words(shift: Shift, change: Change) -> str:
    """Return by how many points a figure moved, or a part of it, with where the truth may lie."""
    scale = 1 if change.of == "score" else 100
    value, low, high = (_signed(scale * one) for one in (shift.value, shift.low, shift.high))
    return f"{value} points (likely {low} to {high})"


def _signed(points: float) -> str:
    shown = f"{points:+.0f}".replace("-", "\N{MINUS SIGN}")
    return "0" if shown[1:] == "0" else shown


def part_words(shift: Shift | None, change: Change) -> str:
    """Return what one part of a change comes to, and no more than the figures carry."""
    if shift is None:
        return "cannot be said"
    if shift.low == shift.high == 0:
        return "none"
    return shift_words(shift, change) if change.enough else "too few to say"


def whose_words(change: Change) -> str:
    """Return whose a change is."""
    if change.grader is None:
        return "whose it is cannot be said" if change.differs else "cannot be told from chance"
    if change.rest_differs:
        known = change.grader.low == change.grader.high == 0
        return "the agents\N{RIGHT SINGLE QUOTATION MARK}, or other conversations" if known else "more than the grader changed"
    return "the grader alone may account for it" if change.differs else "cannot be told from chance"


def since_before(before: PeriodBefore | None) -> str:
    """Return in a line how the share that clears the bar moved, and what the grader explains of it; empty where nothing is known."""
    change = next((one for one in before.changes if one.of == "clears"), None) if before else None
    if before is None or change is None:
        return ""
    told = f"{shift_words(change.total, change)} against {period_words(before.period)}"
    if change.grader is None:
        return f"{told}; what of it is the grader\N{RIGHT SINGLE QUOTATION MARK}s cannot be said: {change.why_not}"
    return f"{told}; the grader\N{RIGHT SINGLE QUOTATION MARK}s part: {part_words(change.grader, change)}; {whose_words(change)}"


def period_words(period: Period) -> str:
    """Return a period as days; with the time of day where it does not begin or end with one."""
    since = period.since.strftime("%Y-%m-%d %H:%M").removesuffix(" 00:00") if period.since else ""
    until = period.until.strftime("%Y-%m-%d %H:%M").removesuffix(" 00:00") if period.until else ""
    if since and until:
        return f"{since} to before {until}"
    if since:
        return f"since {since}"
    return f"before {until}" if until else "all dates"


def team_slug(team: str | None) -> str:
    """Return a name for a team's folder and files: plain, stable, and different for different teams."""
    if team is None:
        return "no-team"
    plain = unicodedata.normalize("NFKD", team).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:48].rstrip("-")
    if plain and plain == team and plain not in {"no-team", "index", "con", "prn", "aux", "nul"}:
        return plain
    return f"{plain or 'team'}-{digest(team)[:6]}"


def usage_words(usage: Usage) -> str:
    """Return what calls consumed, and their cost where the model's price is known."""
    cost = "" if usage.cost_usd is None else f", ${usage.cost_usd:,.2f}"
    tokens = f"{usage.input_tokens:,} input tokens ({usage.cached_tokens:,} cached), {usage.output_tokens:,} output tokens"
    return f"{plural(usage.calls, 'call')}, {tokens}{cost}"
