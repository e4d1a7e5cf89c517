"""A report for a place that more people see than the one it was made for."""

from collections.abc import Sequence

from clearbar.report.model import ConversationReport, TeamReport, VerdictReport
from clearbar.verdict import GradedBy

__all__ = ["shareable"]


def shareable(report: TeamReport, *, quotes: bool = False, names: bool = False) -> TeamReport:
    """Return the report without words of conversations and without agents' names, unless they are asked for.

    What an LLM or a person wrote about a conversation goes with its words; sentences of the rules stay, since they are the
    rubric's.
    """
    if not names:
        shown = "pseudonym" if report.agents_shown == "name" else report.agents_shown
        report = report.model_copy(update={"agent_names": {}, "agents_shown": shown})
    if quotes:
        return report
    coaching = tuple(item.model_copy(update={"examples": (), "model": None}) for item in report.coaching)
    wordless = {"quotes": False, "coaching": coaching, "look_at": _mute(report.look_at), "exemplary": _mute(report.exemplary)}
    wordless["steps"] = tuple(step.model_copy(update={"step": ""}) for step in report.steps)
    return report.model_copy(update=wordless)


def _mute(conversations: Sequence[ConversationReport]) -> tuple[ConversationReport, ...]:
    return tuple(item.model_copy(update={"verdicts": tuple(map(_mute_verdict, item.verdicts))}) for item in conversations)


def _mute_verdict(verdict: VerdictReport) -> VerdictReport:
    told = verdict.rationale if verdict.graded_by is GradedBy.RULES else ""
    return verdict.model_copy(update={"quotes": (), "same_as": "", "rationale": told})
