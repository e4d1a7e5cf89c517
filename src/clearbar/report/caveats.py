"""What a reader must not overlook: what the graders cannot know, what was not measured, what the records lack."""

from collections import Counter
from collections.abc import Iterator, Sequence

from clearbar.plural import plural
from clearbar.report.inputs import Trust
from clearbar.report.model import DataQuality, HeldBackReport, TeamReport
from clearbar.report.words import GRADERS, percent

__all__ = ["held_back_words", "index_warnings", "quality_lines", "reading_lines", "warnings"]

_MANY_MISSING = 0.2
"""Share of missing verdicts from which on it is said at the top."""


def warnings(report: TeamReport) -> list[str]:
    """Return what is said at the top of a page, the most important first."""
    given = Counter({tally.id: tally.count for tally in report.by_verdict})
    return [*_grader_warning(given), *_trust_warning(report), *_moved([report]), *_missing_warning(report)]


def index_warnings(reports: Sequence[TeamReport]) -> list[str]:
    """Return what is said at the top of the page over all teams; what holds for every team alike is said once."""
    given = sum((Counter({tally.id: tally.count for tally in report.by_verdict}) for report in reports), Counter[str]())
    trust = {line for report in reports for line in _trust_warning(report)}
    each = ["How far the grader may be trusted differs between teams: see each team's page."] if len(trust) > 1 else trust
    return [*_grader_warning(given), *each, *_moved(reports)]


def _grader_warning(given: Counter[str]) -> Iterator[str]:
    total = given["llm"] + given["rules"] + given["human"]
    if not total:
        yield "Nothing could be graded: this report holds no finding."
    elif given["rules"] == total:
        yield (
            "Graded by rules alone: fixed patterns that find words and do not understand them. Take these grades as pointers, not as facts."
        )
    elif given["human"] == total:
        yield "Graded by people."
    elif given["rules"]:
        others = " and ".join(name for kind, name in (("llm", "a language model"), ("human", "people")) if given[kind])
        yield (
            f"Graded by machines: {percent(given['rules'] / total)} of the verdicts come from rules, which find words and do not "
            f"understand them, the others from {others}. Take machine grades as pointers, not as facts."
        )
    else:
        yield "Graded by a language model, which can misread what a person would not. Take its grades as pointers, not as facts."


def _trust_warning(report: TeamReport) -> Iterator[str]:
    machine = [item for item in report.criteria if any(tally.id != "human" for tally in item.graders)]
    if not machine:
        return
    measured = [item for item in machine if item.trust is not Trust.UNMEASURED]
    if not measured:
        yield "How far these grades agree with people has not been measured."
        return
    trusted = [item.name for item in machine if item.trust is Trust.GO]
    of = plural(len(machine), "criterion", "criteria")
    if trusted:
        yield f"Checked against labelled conversations, the grader may be trusted on {len(trusted)} of {of}: {', '.join(trusted)}."
    else:
        yield (
            f"Checked against labelled conversations, the grader is not shown to be trustworthy on any of {of}: "
            "read conversations before you act on a figure."
        )


def _moved(reports: Sequence[TeamReport]) -> list[str]:
    """Return which graders moved: a change in the figures may then be theirs and not the team's."""
    moved = {each.graded_by: each.says for report in reports for each in report.watched if each.alarm}
    return [
        f"Grading by {GRADERS[kind]} has changed: on fixed conversations that are graded anew each night, {says}. "
        "A change in these figures may come from there and not from the team."
        for kind, says in sorted(moved.items())
    ]


def _missing_warning(report: TeamReport) -> Iterator[str]:
    total = sum(tally.count for tally in report.by_verdict)
    missing = report.by_verdict[-1].count
    if total and missing / total >= _MANY_MISSING:
        yield (
            f"{percent(missing / total)} of the verdicts are missing; scores rest on the others. "
            f"{plural(report.unscored, 'conversation has', 'conversations have')} no score."
        )


def held_back_words(held: HeldBackReport, report: TeamReport) -> str:
    """Return what people said after a period was closed, and what it would have changed."""
    told = (
        f"Since the closing people decided otherwise on {plural(held.verdicts, 'verdict')} in "
        f"{plural(held.conversations, 'conversation')}; no figure on this page counts that."
    )
    would = []
    if held.score is not None and report.score.value is not None:
        instead = "" if report.score.corrected else f" instead of {report.score.value:.1f}"
        would.append(f"the mean score as graded {held.score:.1f}{instead}")
    if held.clears is not None:
        instead = "" if report.clears.corrected else f" instead of {percent(report.clears.value)}"
        would.append(f"the share that clears the bar as graded {percent(held.clears)}{instead}")
    if held.auto_fails:
        would.append(f"auto-fails {report.auto_failed + held.auto_fails} instead of {report.auto_failed}")
    return f"{told} With it: {', '.join(would)}." if would else told


def reading_lines(report: TeamReport) -> Iterator[str]:
    """Yield how to read the report, and what its graders cannot know."""
    for each in report.watched:
        if not each.alarm:
            yield (
                f"{plural(each.anchors, 'fixed conversation')} graded anew by {GRADERS[each.graded_by]} "
                f"in {plural(each.nights, 'night')}: {each.says}."
            )
    kinds = {use.graded_by.value for use in report.graders}
    yield (
        "The score is the weighted mean over the criteria that apply and were graded. What does not apply leaves both sides of the sum; "
        "what nobody could grade is ungraded, never a zero and never a pass."
    )
    yield (
        "“Likely” marks a 95 % interval, if the conversations here are a fair sample of the team's work: about one in twenty such ranges "
        "misses the truth. It speaks of the way of working behind these conversations, not of these conversations alone. "
        "“Too few to say” means that the range is too wide for one figure to be worth naming."
    )
    yield (
        "Only the text was read. Tone of voice, what the agent saw on screen, what was agreed elsewhere and what happened afterwards "
        "are unknown to every grader."
    )
    if "rules" in kinds:
        yield (
            "Rules look for words, patterns and pauses. They cannot tell irony from praise, know whether an answer was right or a matter "
            "truly settled, and miss whatever is said in words that they do not know. Where they find nothing they stay silent, or "
            "take the plain case for granted where the rubric tells them to."
        )
    if "llm" in kinds:
        yield (
            "A language model reads the whole conversation, and can still misjudge, or be swayed by length and style. Its quotes were "
            "checked to stand in the conversation; its judgement was not."
        )
    if "human" in kinds:
        yield "Verdicts by people replace those of machines, and can be disputed like them."
    yield "Nobody should be rewarded or blamed on a machine's grade alone: read the conversation first."


def quality_lines(quality: DataQuality) -> Iterator[str]:
    """Yield what the records lack, and what that means for the grades."""
    if quality.without_agent_turns:
        yield f"{plural(quality.without_agent_turns, 'conversation')} without a turn by an agent: there was nobody to grade."
    if quality.without_times:
        yield f"{plural(quality.without_times, 'conversation')} without times: waiting is graded only where somebody speaks of it."
    if quality.without_date:
        yield f"{plural(quality.without_date, 'conversation')} without a date: they cannot be placed in a period."
    if quality.without_agent:
        yield f"{plural(quality.without_agent, 'conversation')} that name no agent: they count for the team only."
    if quality.transferred:
        yield f"{plural(quality.transferred, 'conversation')} with more than one agent: each verdict names whom it concerns."
