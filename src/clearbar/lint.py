"""What makes a rubric hard to grade with, found before anybody grades: ambiguous questions, hidden N/A, dead bands and gates.

A rubric that cannot be used at all does not load (`RubricError`); lint looks at those that can. An error makes grades
wrong or arbitrary; a warning is for a person to weigh. The word lists are English and are left out for other languages.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import Final

from clearbar.articles import Articles, unknown_sources
from clearbar.model import Model
from clearbar.rubric import Band, Criterion, Decision, Gate, Rubric, Tally

__all__ = ["Finding", "Severity", "lint"]

MAX_ASKS: Final = 25
"""Words of a question; beyond, readers lose the thread."""
MAX_WORDING: Final = 40
"""Words of a level, a note or the words on applicability."""
MAX_CRITERION: Final = 140
"""Words of a criterion in all; the prompt of a rubric of fifteen then stays under about 1,800 tokens."""
MAX_SHARE: Final = 0.4
"""Of the whole weight; a heavier criterion is the score."""
MAX_SIGNS: Final = 12
"""Signals of a scorecard."""
SAME: Final = 0.75
"""Jaccard index of the words of two levels from which on readers cannot tell them apart."""

_ASKED_TWICE = re.compile(
    r"\b(?:and|or) (?:also |then )?(?:(?:was|were|is|are|did|does|do|has|have|had|can|could|will|would) (?:the|they|it|he|she|all|any)\b"
    r"|(?:what|when|why|how|who|where|which|whether)\b)",
    re.IGNORECASE,
)
_DONE_TWICE = re.compile(
    r"\bdid (?:the|an|our) \w+ .*\b(?:and|or) (?:also |then )?"
    r"(?:answer|apologi[sz]e|ask|check|close|confirm|describe|document|end|explain|find|follow|give|greet|help|identify|inform|introduce"
    r"|keep|listen|make|name|note|offer|propose|provide|resolve|say|show|solve|state|summari[sz]e|take|tell|thank|transfer|use|verify|wait|warn)\b",
    re.IGNORECASE,
)
_HIDDEN_NA = re.compile(
    r"\bn/?a\b|\bnot applicable\b|\b(?:if|where|when|as) (?:it is )?(?:applicable|relevant|needed|necessary|required|possible)\b",
    re.IGNORECASE,
)
_NEGATIVE = re.compile(r"\b(?:not|never|no|none|nobody|nothing|without|avoid(?:ed)?|refrain(?:ed)?|fail(?:ed)? to)\b|n't\b", re.IGNORECASE)
_VAGUE = re.compile(
    r"\b(?:appropriate(?:ly)?|adequate(?:ly)?|proper(?:ly)?|professional(?:ly|ism)?|suitabl[ey]|satisfactor(?:y|ily)|sufficient(?:ly)?"
    r"|effective(?:ly)?|reasonabl[ey]|excellent(?:ly)?|nice(?:ly)?|high[- ]quality|etc|and so on|somewhat|as expected|best practices?)\b",
    re.IGNORECASE,
)
_UNHEARD = re.compile(r"\b(?:tone of voice|intonation|body language|smil(?:e[ds]?|ing)|voice pitch)\b", re.IGNORECASE)
_ACRONYM = re.compile(r"\b[A-Z][A-Z0-9]{1,5}\b(?! \()")
_KNOWN_ACRONYMS: Final = frozenset({"ID", "OK", "PIN", "SMS", "URL", "PDF"})


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    """Grades would be wrong or arbitrary."""
    WARNING = "warning"
    """For a person to weigh."""


class Finding(Model):
    """Something in a rubric that should be mended."""

    level: Severity
    place: str
    """Path of the field, such as `criteria.courtesy.asks`."""
    what: str
    fix: str


def lint(rubric: Rubric, articles: Articles | None = None) -> list[Finding]:
    """Return what should be mended in a rubric, errors first, each in the order of the file.

    Parameters
    ----------
    rubric
        A rubric that loads.
    articles
        Where its sources, causes and steps are described; without it their ids are not looked up.
    """
    found = [finding for check in _RUBRIC_CHECKS for finding in check(rubric)]
    checks = (*_CRITERION_CHECKS, *(_WORD_CHECKS if rubric.language.partition("-")[0] == "en" else ()))
    found += [finding for criterion in rubric.criteria for check in checks for finding in check(criterion, rubric)]
    if articles is not None:
        found += [
            _error(place, what, "mend the id, or add it to the file of articles") for place, what in unknown_sources(rubric, articles)
        ]
    return sorted(found, key=lambda finding: finding.level is not Severity.ERROR)


def _error(place: str, what: str, fix: str) -> Finding:
    return Finding(level=Severity.ERROR, place=place, what=what, fix=fix)


def _warning(place: str, what: str, fix: str) -> Finding:
    return Finding(level=Severity.WARNING, place=place, what=what, fix=fix)


def _texts(criterion: Criterion) -> Iterator[tuple[str, str]]:
    """Yield field and wording of all that a grader reads of a criterion."""
    yield "asks", criterion.asks
    yield "applies", criterion.applies.when
    yield from ((f"levels.{level}", text) for level, text in criterion.levels.items())
    yield from ((f"notes.{place}", text) for place, text in enumerate(criterion.notes))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+(?:['\u2019]\w+)?", text.lower())


# The whole rubric


def _draft(rubric: Rubric) -> Iterator[Finding]:
    if rubric.status == "draft":
        yield _warning("status", "is a draft; nothing grades with it", "have a person read it, then set 'status: approved'")


def _weights(rubric: Rubric) -> Iterator[Finding]:
    for criterion in rubric.criteria:
        share = _share(criterion, rubric)
        if share > MAX_SHARE and len(rubric.criteria) > 2:  # noqa: PLR2004 - of two criteria one always weighs half
            yield _warning(
                f"criteria.{criterion.id}.weight",
                f"carries {share:.0%} of the score",
                f"keep each criterion under {MAX_SHARE:.0%}, or split it",
            )


def _share(criterion: Criterion, rubric: Rubric) -> float:
    """Return the share of the score that a criterion carries where everything applies."""
    inside = {section.id: sum(item.weight for item in rubric.criteria if item.section == section.id) for section in rubric.sections}
    if not any(section.weight for section in rubric.sections):
        return criterion.weight / sum(inside.values())
    weights = {section.id: section.weight or 0.0 for section in rubric.sections if inside[section.id]}
    return criterion.weight / inside[criterion.section] * weights[criterion.section] / (sum(weights.values()) or 1.0)


def _sections(rubric: Rubric) -> Iterator[Finding]:
    weighed = any(section.weight is not None for section in rubric.sections)
    for section in rubric.sections:
        if weighed and section.weight is None:
            yield _error(
                f"sections.{section.id}", "has no weight while others have: its criteria count nothing", "give each section a weight"
            )
        if all(criterion.section != section.id for criterion in rubric.criteria):
            yield _warning(f"sections.{section.id}", "holds no criterion", "leave it out")
    for scale in rubric.scales:
        if all(criterion.scale != scale.id for criterion in rubric.criteria):
            yield _warning(f"scales.{scale.id}", "is used by no criterion", "leave it out")
        for level in scale.levels:
            if _HIDDEN_NA.search(f"{level.name} {level.means}"):
                yield _error(f"scales.{scale.id}.{level.id}", "hides 'not applicable' among the levels", "say it under 'applies' instead")


def _bands(rubric: Rubric) -> Iterator[Finding]:
    top = _top_score(rubric)
    for place, band in enumerate(rubric.bands):
        above = next((later for later in rubric.bands[place + 1 :] if _shadows(later, band)), None)
        if above is not None:
            yield _error(
                f"bands.{band.id}", f"is never reached: {above.id!r} asks no more and stands above it", "order bands by from_score"
            )
        if band.from_score > top:
            yield _error(f"bands.{band.id}", f"is never reached: no score exceeds {top:g}", "lower from_score")
        if band.at_top > len(rubric.criteria):
            yield _error(f"bands.{band.id}", f"is never reached: there are {len(rubric.criteria)} criteria", "lower at_top")
    if rubric.bands[0].from_score or rubric.bands[0].none_failing or rubric.bands[0].at_top:
        yield _error(
            f"bands.{rubric.bands[0].id}", "the first band takes all that reach no other, so it can ask for nothing", "let it start at 0"
        )


def _shadows(later: Band, band: Band) -> bool:
    """Return whether whatever reaches a band also reaches a later one, which is then taken."""
    return later.from_score <= band.from_score and later.none_failing <= band.none_failing and later.at_top <= band.at_top


def _top_score(rubric: Rubric) -> float:
    return sum(_share(item, rubric) * rubric.scale_of(item.id).levels[-1].points for item in rubric.criteria)


def _gates(rubric: Rubric) -> Iterator[Finding]:
    for criterion in rubric.criteria:
        if criterion.gate and not any(level.fails for level in rubric.scale_of(criterion.id).levels):
            place = f"criteria.{criterion.id}.gate"
            yield _error(place, f"never acts: no level of scale {criterion.scale!r} fails", "mark the failing levels with 'fails: true'")
    if rubric.auto_fail_score == "zero" and all(criterion.gate is not Gate.CONVERSATION for criterion in rubric.criteria):
        yield _warning("auto_fail_score", "has no effect: no criterion gates the conversation", "leave it out, or set a gate")


def _cycles(rubric: Rubric) -> Iterator[Finding]:
    leads = {item.id: item.applies.condition.criterion for item in rubric.criteria if item.applies.condition}
    told: set[str] = set()
    for start in leads:
        path = [start]
        while path[-1] in leads and leads[path[-1]] not in path:
            path.append(leads[path[-1]])
        if leads.get(path[-1]) == start and start not in told:
            told.update(path)
            yield _error(f"criteria.{start}.applies.condition", f"depends on itself: {' on '.join([*path, start])}", "break the circle")


def _same_questions(rubric: Rubric) -> Iterator[Finding]:
    for place, criterion in enumerate(rubric.criteria):
        for other in rubric.criteria[:place]:
            if _words(other.asks) == _words(criterion.asks):
                yield _error(f"criteria.{criterion.id}.asks", f"is the question of {other.id!r}", "ask something else, or merge the two")


def _unsourced(rubric: Rubric) -> Iterator[Finding]:
    for field, lacks, fix in (
        ("sources", "rest on no article", "name the points they rest on"),
        ("causes", "point to no root cause, so that reports cannot explain them", "name causes from the file of articles"),
        ("steps", "point to no step, so that reports can advise nothing", "name steps from the file of articles"),
    ):
        missing = [criterion.id for criterion in rubric.criteria if not getattr(criterion, field)]
        if missing:
            yield _warning("criteria", f"{', '.join(missing)}: {lacks}", fix)


def _unruled(rubric: Rubric) -> Iterator[Finding]:
    missing = [item.id for item in rubric.criteria if not item.rules.decide and item.rules.otherwise == "abstain"]
    if missing:
        yield _warning("criteria", f"{', '.join(missing)}: have no rules, so that nothing grades them without an LLM", "add 'rules'")


def _tallies(rubric: Rubric) -> Iterator[Finding]:
    decisions = [(criterion, decision) for criterion in rubric.criteria for decision in criterion.rules.decide]
    for name, tally in rubric.tallies.items():
        place = f"tallies.{name}"
        if all(name not in decision.names for _, decision in decisions):
            yield _warning(place, "is called by no decision", "leave it out")
        if twice := sorted({part for part in tally.of if list(tally.of).count(part) > 1}):
            yield _error(f"{place}.of", f"names {twice[0]!r} twice, which counts once", "leave one out")
        if idle := [part for part, points in tally.points.items() if not points]:
            yield _warning(f"{place}.of", f"gives no points to {', '.join(idle)}", "leave them out")
        if len(tally.points) > MAX_SIGNS:
            yield _warning(
                f"{place}.of", f"counts {len(tally.points)} signals; people follow at most {MAX_SIGNS}", "keep those that tell most"
            )
        if isinstance(tally.of, dict) and not tally.chosen:
            yield _warning(place, "does not say how its points were chosen", "say on what, and when, under 'chosen'")
        for criterion, decision in decisions:
            if (figure := _asked_of(name, decision, criterion)) is not None and figure > _most(tally):
                what = f"asks for {figure:g} points of {name!r}, which gives at most {_most(tally)}"
                yield _error(f"criteria.{criterion.id}.rules", what, "lower the figure")


def _asked_of(tally: str, decision: Decision, criterion: Criterion) -> float | None:
    """Return how many points a condition asks of a tally that stands alone in a comparison with a figure."""
    asked = re.search(rf"(?:^|\(|\b(?:and|or|not) )\s*{tally} (>=?) (\w+)\s*(?:$|\)|and\b|or\b)", decision.when)
    if asked is None:
        return None
    figure = criterion.rules.given.get(asked[2], asked[2])
    return None if isinstance(figure, str) and not figure.isdecimal() else float(figure) + (asked[1] == ">")


def _most(tally: Tally) -> int:
    return sum(points for points in tally.points.values() if points > 0)


# One criterion, in any language


def _applicability(criterion: Criterion, rubric: Rubric) -> Iterator[Finding]:  # noqa: ARG001 - all checks are called alike
    place, applies = f"criteria.{criterion.id}.applies", criterion.applies
    fix = "say in words when it applies, or 'always'"
    if not applies.when.strip():
        yield _error(place, "does not say when the criterion applies", fix)
    if applies.when == "always" and not applies.always:
        yield _error(place, "says 'always' beside a condition", fix)
    if applies.always and any(example.level == "not_applicable" for example in criterion.examples):
        yield _error(place, "says 'always', but an example is not applicable", fix)


def _levels(criterion: Criterion, rubric: Rubric) -> Iterator[Finding]:
    ids = rubric.scale_of(criterion.id).ids
    for place, level in enumerate(ids):
        words = _words(criterion.levels[level])
        where = f"criteria.{criterion.id}.levels.{level}"
        if not words:
            yield _error(where, "is not worded", "say what can be seen at this level")
            continue
        for lower in ids[:place]:
            other = _words(criterion.levels[lower])
            if words == other:
                yield _error(where, f"is worded as {lower!r}", "word what sets it apart")
            elif len({*words} & {*other}) >= SAME * len({*words} | {*other}):
                yield _warning(where, f"can hardly be told from {lower!r}", "word what sets it apart")


def _examples(criterion: Criterion, rubric: Rubric) -> Iterator[Finding]:
    shown = {example.level for example in criterion.examples}
    missing = [level for level in rubric.scale_of(criterion.id).ids if level not in shown]
    if missing:
        yield _warning(f"criteria.{criterion.id}.examples", f"shows no {', '.join(missing)}", "add a short passage of your own for each")


def _length(criterion: Criterion, rubric: Rubric) -> Iterator[Finding]:  # noqa: ARG001
    place, total = f"criteria.{criterion.id}", 0
    for field, text in _texts(criterion):
        count, most = len(_words(text)), MAX_ASKS if field == "asks" else MAX_WORDING
        total += count
        if count > most:
            yield _warning(f"{place}.{field}", f"has {count} words; at most {most} are read with care", "shorten it")
    if total > MAX_CRITERION:
        yield _warning(place, f"has {total} words in all; at most {MAX_CRITERION} keep the prompt small", "shorten levels and notes")


# One criterion, in English


def _question(criterion: Criterion, rubric: Rubric) -> Iterator[Finding]:  # noqa: ARG001
    place, asks = f"criteria.{criterion.id}.asks", criterion.asks
    fix = "ask one thing; make two criteria of two"
    if "and/or" in asks.lower():
        yield _error(place, "asks two things at once ('and/or')", fix)
    elif asks.count("?") > 1 or _ASKED_TWICE.search(asks):
        yield _error(place, "asks two things at once", fix)
    elif _DONE_TWICE.search(asks):
        yield _warning(place, "may ask two things at once", fix)
    if negative := _NEGATIVE.search(asks):
        yield _warning(place, f"asks with a negative ({negative[0]!r}), so that 'no' means yes", "ask what should be there")


def _wording(criterion: Criterion, rubric: Rubric) -> Iterator[Finding]:  # noqa: ARG001
    for field, text in _texts(criterion):
        place = f"criteria.{criterion.id}.{field}"
        if hidden := _HIDDEN_NA.search(text):
            yield _error(place, f"leaves open when it applies ({hidden[0]!r})", "say under 'applies' in which conversations it does")
        if vague := _VAGUE.search(text):
            yield _warning(place, f"{vague[0]!r} means something else to everybody", "say what can be seen in the words")
        if unheard := _UNHEARD.search(text):
            yield _error(place, f"{unheard[0]!r} cannot be seen in a transcript", "ask for words")
        for acronym in sorted({*_ACRONYM.findall(text)} - _KNOWN_ACRONYMS):
            if f"({acronym})" not in text:
                yield _warning(place, f"the acronym {acronym!r} is not explained", "write it out")


_RUBRIC_CHECKS: Sequence[Callable[[Rubric], Iterator[Finding]]] = (
    _draft, _sections, _weights, _bands, _gates, _cycles, _same_questions, _unsourced, _unruled, _tallies,
)  # fmt: skip
_CRITERION_CHECKS: Sequence[Callable[[Criterion, Rubric], Iterator[Finding]]] = (_applicability, _levels, _examples, _length)
_WORD_CHECKS: Sequence[Callable[[Criterion, Rubric], Iterator[Finding]]] = (_question, _wording)
