from collections.abc import Sequence

import pytest

from clearbar.grading import Grader
from clearbar.label import Label
from clearbar.labelled import resolve
from clearbar.rubric import Rubric
from clearbar.stability import FAIRNESS, STABILITY, Probe, error_rates, probe_stability, vary
from clearbar.transcript import RedactedTranscript, Role, Turn
from clearbar.verdict import Audit, Grade, GradedBy, GradeFailure, RubricRef, Usage, Verdict


@pytest.fixture(scope="module")
def rubric() -> Rubric:
    return Rubric.model_validate(
        {
            "name": "small",
            "version": "1",
            "title": "Small",
            "about": "x",
            "instructions": ["One.", "Two."],
            "scales": [
                {
                    "id": "steps",
                    "levels": [{"id": "low", "name": "low", "points": 0, "fails": True}, {"id": "fair", "name": "fair", "points": 80}],
                }
            ],
            "sections": [{"id": "all", "name": "All"}],
            "criteria": [
                {
                    "id": id,
                    "name": id,
                    "asks": f"Was there {id}?",
                    "scale": "steps",
                    "section": "all",
                    "weight": 1,
                    "applies": {"when": "always"},
                    "levels": {"low": "x", "fair": "x"},
                    "notes": ["a", "b"],
                }
                for id in ("care", "speed")
            ],
            "bands": [{"id": "low", "name": "Low"}],
        }
    )


class Fake:
    """Says `low` on care where a word of the text calls for it, and on speed by what the replicate is."""

    graded_by = GradedBy.LLM
    fingerprint = "fake:1"

    def __init__(self, rubric: Rubric, replicate: str) -> None:
        self.rubric, self.replicate = rubric, replicate

    def key(self, transcript: RedactedTranscript) -> str:
        return transcript.text_hash + self.replicate

    def grade(self, batch: Sequence[RedactedTranscript]) -> list[Grade | GradeFailure]:
        return [self._grade(item) for item in batch]

    def _grade(self, item: RedactedTranscript) -> Grade | GradeFailure:
        text = " ".join(turn.text for turn in item.turns)
        if "unreadable" in text:
            return GradeFailure(text_hash=item.text_hash, reason="failed:unread")
        care = "low" if "ain't" in text else "fair"
        speed = "low" if (self.replicate and item.id == "0") or "how would you" in self.rubric.criteria[0].asks else "fair"
        verdicts = tuple(
            Verdict(criterion=name, level=level, graded_by=GradedBy.LLM, grader="fake:1")
            for name, level in (("care", care), ("speed", speed))
        )
        return Grade(key=self.key(item), text_hash=item.text_hash, graded_by=GradedBy.LLM, grader="fake:1", verdicts=verdicts)


def make(rubric: Rubric, replicate: str) -> Grader:
    return Fake(rubric, replicate)


def conversation(
    id: str, customer: str = "Hello sir, it isn't here", agent: str = "Good morning, Sir, I am looking for the parcel"
) -> RedactedTranscript:
    turns = (Turn(role=Role.CUSTOMER, text=customer), Turn(role=Role.AGENT, text=agent, agent="a"))
    return RedactedTranscript(source="s", id=id, turns=turns)


def test_flips_are_counted_for_each_probe_and_criterion(rubric: Rubric) -> None:
    found = probe_stability(make, rubric, [conversation(str(place)) for place in range(10)], repeats=3)
    repeat = found.of(Probe.REPEAT, "speed")
    assert repeat is not None
    assert (repeat.conversations, repeat.flips, repeat.rate) == (20, 1, 0.05)
    assert repeat.low is not None
    assert repeat.high is not None
    assert repeat.low < 0.05 < repeat.high
    assert [found.of(probe, "care").flips for probe in STABILITY] == [0, 0, 0]  # type: ignore[union-attr]
    assert found.of(Probe.WORDING, "speed").flips == 10  # type: ignore[union-attr]


def test_dialect_of_the_customer_that_changes_a_verdict_is_found(rubric: Rubric) -> None:
    found = probe_stability(make, rubric, [conversation("1"), conversation("2", customer="Hello, where is it")], probes=FAIRNESS)
    dialect = found.of(Probe.DIALECT_CUSTOMER, "care")
    assert dialect is not None
    assert (dialect.conversations, dialect.flips) == (1, 1)
    assert found.of(Probe.GREETING, "care").flips == 0  # type: ignore[union-attr]
    assert found.of(Probe.DIALECT_AGENT, "care").rate is None  # type: ignore[union-attr]


def test_conversations_that_cannot_be_graded_enter_no_rate_and_are_counted(rubric: Rubric) -> None:
    found = probe_stability(make, rubric, [conversation("1"), conversation("2", customer="unreadable")], probes=[Probe.ORDER])
    assert found.of(Probe.ORDER, "care").conversations == 1  # type: ignore[union-attr]
    assert found.failed == {"criteria in reverse order": 2}


@pytest.mark.parametrize(
    ("probe", "customer", "agent"),
    [
        (Probe.ADDRESS, "Hello sir, it isn't here", "Good morning, Madam, I am looking for the parcel"),
        (Probe.GREETING, "Salaam sir, it isn't here", "Good morning, Sir, I am looking for the parcel"),
        (Probe.DIALECT_CUSTOMER, "Hello sir, it ain't here", "Good morning, Sir, I am looking for the parcel"),
        (Probe.NON_NATIVE_AGENT, "Hello sir, it isn't here", "Good morning, Sir, I am looking for parcel"),
    ],
)
def test_a_probe_changes_one_side_and_nothing_else(probe: Probe, customer: str, agent: str) -> None:
    varied = vary(conversation("1"), probe)
    assert [turn.text for turn in varied.turns] == [customer, agent]
    assert varied.text_hash != conversation("1").text_hash
    assert varied.turns[1].agent == "a"


def test_spelling_noise_repeats_and_leaves_placeholders_alone() -> None:
    text = "please bring parcel number [ORDER_1] over tomorrow morning because nobody waits here " * 6
    one, again, other = (vary(conversation("1", customer=text), Probe.SPELLING_CUSTOMER, seed) for seed in (1, 1, 2))
    assert one == again
    assert one != other
    assert one.turns[0].text.count("[ORDER_1]") == 6
    assert sorted(one.turns[0].text) == sorted(text)


def test_a_probe_that_finds_nothing_leaves_the_conversation_as_it_is() -> None:
    same = conversation("1", customer="Où est mon colis", agent="Je regarde")
    assert vary(same, Probe.DIALECT_CUSTOMER) is same


def test_rates_of_deterministic_graders_are_exact(rubric: Rubric) -> None:
    class Rules(Fake):
        graded_by = GradedBy.RULES

    found = probe_stability(lambda rubric, _: Rules(rubric, ""), rubric, [conversation("1")], probes=[Probe.REPEAT])
    assert all(item.exact and item.flips == 0 for item in found.rates)


def test_error_rates_are_told_by_language(rubric: Rubric) -> None:
    def audit(id: str, level: str) -> Audit:
        return Audit(
            transcript=id,
            team=None,
            agent=None,
            rubric=RubricRef(name="r", version="1", hash="h"),
            text_hash="",
            score=None,
            band=None,
            weight_graded=1,
            auto_fail=(),
            verdicts=(Verdict(criterion="care", level=level, graded_by=GradedBy.LLM, grader="x"),),
            usage=Usage(),
        )

    audits = [audit("en1", "fair"), audit("en2", "low"), audit("fr1", "ungraded")]
    resolved = resolve([Label(id=audit.transcript, levels={"care": 1}) for audit in audits], rubric)
    rows = {(row.group, row.criterion): row for row in error_rates(audits, resolved, rubric, lambda audit: audit.transcript[:2])}
    assert (rows["en", "care"].compared, rows["en", "care"].wrong, rows["en", "care"].rate) == (2, 1, 0.5)
    assert rows["fr", "care"].rate == 1
    assert rows["fr", "speed"].rate is None
