"""Does a grader say the same when nothing that matters changed? Flip rates under harmless changes of prompt and text.

Probes of the grader: the same again, criteria in another order, the questions framed in other words. Probes of the text, for
fairness: other forms of address and greetings, dialect, non-native writing and spelling noise, on the customer's and on the
agent's side. What changes is stated with each probe; the meaning does not.
"""

import random
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Final

from clearbar.grading import Grader
from clearbar.labelled import Resolved
from clearbar.model import Model
from clearbar.resampling import exact_bounds
from clearbar.rubric import Rubric
from clearbar.transcript import RedactedTranscript, Role, Turn
from clearbar.verdict import UNGRADED, Audit, Grade, GradedBy, GradeFailure

__all__ = [
    "FAIRNESS",
    "STABILITY",
    "ErrorRate",
    "FlipRate",
    "MakeGrader",
    "Probe",
    "Stability",
    "error_rates",
    "probe_stability",
    "vary",
]

MakeGrader = Callable[[Rubric, str], Grader]
"""Makes a grader for a rubric and a replicate; a replicate other than the empty one is really asked, not read from a store."""


class Probe(StrEnum):
    """What was changed."""

    REPEAT = "asked again"
    ORDER = "criteria in reverse order"
    WORDING = "questions framed in other words"
    ADDRESS = "other forms of address, by the agent"
    GREETING = "other greetings, by the customer"
    DIALECT_CUSTOMER = "dialect, customer"
    DIALECT_AGENT = "dialect, agent"
    NON_NATIVE_CUSTOMER = "non-native writing, customer"
    NON_NATIVE_AGENT = "non-native writing, agent"
    SPELLING_CUSTOMER = "spelling noise, customer"
    SPELLING_AGENT = "spelling noise, agent"


STABILITY: Final = (Probe.REPEAT, Probe.ORDER, Probe.WORDING)
FAIRNESS: Final = tuple(probe for probe in Probe if probe not in STABILITY)


class FlipRate(Model):
    """How often a verdict changed under a probe."""

    probe: Probe
    criterion: str
    conversations: int
    """That the probe changes at all and that were graded both times."""
    flips: int
    rate: float | None
    low: float | None
    high: float | None
    """Exact 95 % interval over conversations."""
    exact: bool
    """The grader is deterministic: on these conversations the rate is no estimate."""


class ErrorRate(Model):
    """How often a grader differs from the labels in one group of conversations."""

    group: str
    criterion: str
    compared: int
    wrong: int
    rate: float | None
    low: float | None
    high: float | None


class Stability(Model):
    """All flip rates."""

    grader: str
    rates: tuple[FlipRate, ...]
    failed: dict[str, int]
    """Conversations that could not be graded, by probe; they enter no rate."""
    errors: tuple[ErrorRate, ...] = ()
    """How often the grader differs from labels, by language and by channel, where there are labels."""

    def of(self, probe: Probe, criterion: str) -> FlipRate | None:
        """Return one rate."""
        return next((item for item in self.rates if (item.probe, item.criterion) == (probe, criterion)), None)


def probe_stability(
    make: MakeGrader,
    rubric: Rubric,
    transcripts: Sequence[RedactedTranscript],
    *,
    probes: Sequence[Probe] = STABILITY,
    repeats: int = 2,
    seed: int = 20_263,
) -> Stability:
    """Grade conversations with and without harmless changes, and return how often verdicts flip.

    Parameters
    ----------
    make
        Makes the grader; it is asked for other rubrics and replicates.
    rubric, transcripts
        What is graded.
    probes
        What to change: `STABILITY`, `FAIRNESS` or any of them.
    repeats
        How often `Probe.REPEAT` asks, at least 2.
    seed
        Of spelling noise, and part of the replicates' names.
    """
    plain = make(rubric, "")
    first = _levels(plain.grade(transcripts))
    rates: list[FlipRate] = []
    failed: dict[str, int] = {}
    for probe in probes:
        runs = _runs(probe, make, rubric, transcripts, first, repeats=repeats, seed=seed)
        failed[probe.value] = sum(levels is None for run in runs for levels in run)
        for criterion in rubric.criteria:
            pairs = [pair for one, other in pairwise(runs) for pair in _pairs(one, other, criterion.id)]
            rates.append(_rate(probe, criterion.id, pairs, exact=plain.graded_by is GradedBy.RULES))
    return Stability(grader=plain.fingerprint, rates=tuple(rates), failed=failed)


_Levels = list[dict[str, str] | None]
"""Levels by criterion of each conversation; None where it could not be graded."""


def _levels(grades: Sequence[Grade | GradeFailure]) -> _Levels:
    return [
        None if isinstance(grade, GradeFailure) else {verdict.criterion: verdict.level for verdict in grade.verdicts} for grade in grades
    ]


def _runs(
    probe: Probe,
    make: MakeGrader,
    rubric: Rubric,
    transcripts: Sequence[RedactedTranscript],
    first: _Levels,
    *,
    repeats: int,
    seed: int,
) -> list[_Levels]:
    """Return gradings to be compared one with the next."""
    if probe is Probe.REPEAT:
        return [first, *(_levels(make(rubric, f"stability:{seed}:{number}").grade(transcripts)) for number in range(1, repeats))]
    if probe in {Probe.ORDER, Probe.WORDING}:
        other = _reordered(rubric) if probe is Probe.ORDER else _reworded(rubric)
        return [first, _levels(make(other, f"stability:{seed}:{probe.value}").grade(transcripts))]
    varied = [vary(transcript, probe, seed) for transcript in transcripts]
    changed = [place for place, (one, other) in enumerate(zip(transcripts, varied, strict=True)) if one.text_hash != other.text_hash]
    graded = _levels(make(rubric, f"stability:{seed}:{probe.value}").grade([varied[place] for place in changed]))
    return [[first[place] for place in changed], graded]


def _pairs(one: _Levels, other: _Levels, criterion: str) -> list[tuple[str, str]]:
    return [
        (left.get(criterion, UNGRADED), right.get(criterion, UNGRADED))
        for left, right in zip(one, other, strict=True)
        if left is not None and right is not None
    ]


def _rate(probe: Probe, criterion: str, pairs: Sequence[tuple[str, str]], *, exact: bool) -> FlipRate:
    flips, number = sum(one != other for one, other in pairs), len(pairs)
    low, high = exact_bounds(flips, number, 0.975) if number else (None, None)
    return FlipRate(
        probe=probe,
        criterion=criterion,
        conversations=number,
        flips=flips,
        rate=round(flips / number, 4) if number else None,
        low=None if low is None else round(low, 4),
        high=None if high is None else round(high, 4),
        exact=exact,
    )


def _reordered(rubric: Rubric) -> Rubric:
    return Rubric.model_validate({**rubric.model_dump(mode="json"), "criteria": rubric.model_dump(mode="json")["criteria"][::-1]})


def _reworded(rubric: Rubric) -> Rubric:
    """Return the rubric with its questions framed otherwise and its advice in another order; nothing is added or lost."""
    whole = rubric.model_dump(mode="json")
    whole["instructions"] = whole["instructions"][::-1]
    for criterion in whole["criteria"]:
        criterion["asks"] = f"Taking the transcript alone, how would you answer this: {criterion['asks']}"
        criterion["notes"] = criterion["notes"][::-1]
    return Rubric.model_validate(whole)


_ADDRESS: Final = {
    "sir": "madam",
    "madam": "sir",
    "ma'am": "sir",
    "mr": "ms",
    "ms": "mr",
    "mrs": "mr",
    "gentleman": "lady",
    "lady": "gentleman",
}
_GREETINGS: Final = {
    "hello": "salaam",
    "hi": "namaste",
    "hey": "hola",
    "good morning": "buenos días",
    "good afternoon": "as-salamu alaykum",
}
_DIALECT: Final = {
    "isn't": "ain't",
    "aren't": "ain't",
    "going to": "gonna",
    "want to": "wanna",
    "have to": "gotta",
    "you all": "y'all",
    "because": "'cause",
    "nothing": "nothin'",
    "something": "somethin'",
    "doing": "doin'",
    "them": "'em",
}
_NON_NATIVE: Final = {
    "the": "",
    "a": "",
    "an": "",
    "i have been": "I am since",
    "is not working": "not work",
    "does": "do",
    "has": "have",
    "information": "informations",
}
_TABLES: Final[Mapping[Probe, tuple[Role, Mapping[str, str]]]] = {
    Probe.ADDRESS: (Role.AGENT, _ADDRESS),
    Probe.GREETING: (Role.CUSTOMER, _GREETINGS),
    Probe.DIALECT_CUSTOMER: (Role.CUSTOMER, _DIALECT),
    Probe.DIALECT_AGENT: (Role.AGENT, _DIALECT),
    Probe.NON_NATIVE_CUSTOMER: (Role.CUSTOMER, _NON_NATIVE),
    Probe.NON_NATIVE_AGENT: (Role.AGENT, _NON_NATIVE),
}
_TYPOS: Final = 0.06
"""Share of words of four letters or more in which two neighbouring letters change places."""
_WORD: Final = re.compile(r"(?<![\w\[])[A-Za-z]{4,}(?![\w\]])")


def vary(transcript: RedactedTranscript, probe: Probe, seed: int = 0) -> RedactedTranscript:
    """Return a conversation with one harmless change of its text; the same where the probe finds nothing to change.

    Placeholders of redaction stay as they are.
    """
    if probe in {Probe.SPELLING_CUSTOMER, Probe.SPELLING_AGENT}:
        role = Role.CUSTOMER if probe is Probe.SPELLING_CUSTOMER else Role.AGENT
        source = random.Random(f"{seed}:{transcript.text_hash}")
        return _with_texts(transcript, role, lambda text: _WORD.sub(lambda found: _typo(found.group(), source), text))
    role, words = _TABLES[probe]
    pattern = re.compile(r"(?<![\w\[])(" + "|".join(sorted(map(re.escape, words), key=len, reverse=True)) + r")(?![\w\]])", re.IGNORECASE)
    return _with_texts(
        transcript, role, lambda text: _tidy(pattern.sub(lambda found: _cased(words[found.group().lower()], found.group()), text), text)
    )


def _with_texts(transcript: RedactedTranscript, role: Role, change: Callable[[str], str]) -> RedactedTranscript:
    turns = tuple(_with_text(turn, change(turn.text)) if turn.role is role else turn for turn in transcript.turns)
    if turns == transcript.turns:
        return transcript
    return RedactedTranscript(**{**dict(transcript), "turns": turns, "text_hash": ""})


def _with_text(turn: Turn, text: str) -> Turn:
    return turn.model_copy(update={"text": text})


def _typo(word: str, source: random.Random) -> str:
    if source.random() >= _TYPOS:
        return word
    place = source.randrange(1, len(word) - 2)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def _cased(word: str, model: str) -> str:
    return word[:1].upper() + word[1:] if model[:1].isupper() else word


def _tidy(text: str, before: str) -> str:
    """Close the gaps that left-out words leave."""
    return text if text == before else re.sub(r"(?<=\S) {2,}(?=\S)", " ", text).strip(" ")


def error_rates(audits: Sequence[Audit], resolved: Resolved, rubric: Rubric, group_of: Callable[[Audit], str]) -> tuple[ErrorRate, ...]:
    """Return error rates by group (a language, a channel) with exact 95 % intervals; ungraded verdicts count as errors."""
    compared: Counter[tuple[str, str]] = Counter()
    wrong: Counter[tuple[str, str]] = Counter()
    groups = sorted({group_of(audit) for audit in audits})
    for audit in audits:
        given = {verdict.criterion: verdict.level for verdict in audit.verdicts}
        for criterion, ruling in resolved.rulings.get(audit.transcript, {}).items():
            if ruling.independent:
                key = (group_of(audit), criterion)
                compared[key] += 1
                wrong[key] += given.get(criterion, UNGRADED) != ruling.level
    return tuple(
        _error_rate(group, item.id, wrong[group, item.id], compared[group, item.id]) for group in groups for item in rubric.criteria
    )


def _error_rate(group: str, criterion: str, wrong: int, compared: int) -> ErrorRate:
    low, high = exact_bounds(wrong, compared, 0.975) if compared else (None, None)
    return ErrorRate(
        group=group,
        criterion=criterion,
        compared=compared,
        wrong=wrong,
        rate=round(wrong / compared, 4) if compared else None,
        low=None if low is None else round(low, 4),
        high=None if high is None else round(high, 4),
    )
