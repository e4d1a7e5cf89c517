from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from clearbar.check import CheckResult, Thresholds, check
from clearbar.label import Label
from clearbar.labelled import Provenance, Resolved, resolve
from clearbar.rubric import Rubric
from clearbar.scoring import score
from clearbar.verdict import Audit, GradedBy, RubricRef, Usage, Verdict

REAL = Provenance(annotators="people", conversations="real", selection="random", comparable=("*",))
STATES = ("low", "fair", "top", "not_applicable")


@pytest.fixture(scope="session")
def rubric() -> Rubric:
    """One criterion on three levels, one yes/no question."""
    scales = {"steps": [("low", 0, True), ("fair", 80, False), ("top", 100, False)], "yes_no": [("no", 0, True), ("yes", 100, False)]}
    return Rubric.model_validate(
        {
            "name": "small",
            "version": "1",
            "title": "Small",
            "about": "x",
            "scales": [
                {"id": id, "levels": [{"id": level, "name": level, "points": points, "fails": fails} for level, points, fails in levels]}
                for id, levels in scales.items()
            ],
            "sections": [{"id": "all", "name": "All"}],
            "criteria": [
                {
                    "id": id,
                    "name": id,
                    "asks": "?",
                    "scale": scale,
                    "section": "all",
                    "weight": 1,
                    "applies": {"when": "always"},
                    "levels": {level: "x" for level, _, _ in scales[scale]},
                }
                for id, scale in (("care", "steps"), ("proof", "yes_no"))
            ],
            "bands": [{"id": "low", "name": "Low"}],
        }
    )


@dataclass(frozen=True)
class World:
    """Audits, what they should have said, and a check of the same grader on other conversations."""

    audits: list[Audit]
    labels: list[Label]
    """The truth about the audited conversations."""
    checked: CheckResult
    truth: dict[str, float]
    """Share under the bar on `care`, by team."""

    def reviews(self, rubric: Rubric, each: int, probability: float | None = 0.1) -> Resolved:
        """Return reviews of the first conversations of each team."""
        seen: dict[str, int] = {}
        taken = []
        for audit, label in zip(self.audits, self.labels, strict=True):
            team = str(audit.team)
            seen[team] = seen.get(team, 0) + 1
            if seen[team] <= each:
                taken.append(label.model_copy(update={"probability": probability}))
        return resolve(taken, rubric)


MakeWorld = Callable[..., World]


@pytest.fixture(scope="session")
def make_world(rubric: Rubric) -> MakeWorld:
    """Return a maker of teams with given shares under the bar, and a grader that errs alike on all of them."""

    def make(shares: Sequence[float], *, each: int = 400, error: float = 0.15, labels: int = 400, made: Provenance = REAL) -> World:
        rng = np.random.default_rng(8)
        audits, truths = [], []
        for team, share in enumerate(shares):
            audits_, truths_ = _conversations(rng, f"team{team}", share, number=each, error=error, rubric=rubric)
            audits += audits_
            truths += truths_
        known, known_truth = _conversations(rng, "labelled", 0.4, number=labels, error=error, rubric=rubric)
        checked = check(known, resolve(known_truth, rubric, made), rubric, Thresholds(), grader="x", draws=50)
        return World(audits, truths, checked, {f"team{team}": share for team, share in enumerate(shares)})

    return make


def _conversations(
    rng: np.random.Generator, team: str, share: float, *, number: int, error: float, rubric: Rubric
) -> tuple[list[Audit], list[Label]]:
    audits, labels = [], []
    for place in range(number):
        states = {"care": _state(rng, share, 0.2), "proof": "no" if rng.random() < share else "yes"}
        levels = {
            "care": str(rng.choice(STATES)) if rng.random() < error * 4 / 3 else states["care"],
            "proof": ("yes" if states["proof"] == "no" else "no") if rng.random() < error else states["proof"],
        }
        id = f"{team}.{place}"
        verdicts = tuple(Verdict(criterion=name, level=level, graded_by=GradedBy.RULES, grader="x") for name, level in levels.items())
        audits.append(
            Audit(
                transcript=id,
                team=team,
                agent=f"{team}.agent{place % 4}",
                rubric=RubricRef(name=rubric.name, version=rubric.version, hash=rubric.full_hash),
                text_hash="",
                score=score(verdicts, rubric).score,
                band=None,
                weight_graded=1,
                auto_fail=(),
                verdicts=verdicts,
                usage=Usage(),
            )
        )
        labels.append(Label(id=id, levels={name: "na" if level == "not_applicable" else level for name, level in states.items()}))
    return audits, labels


def _state(rng: np.random.Generator, share: float, absent: float) -> str:
    if rng.random() < absent:
        return "not_applicable"
    return "low" if rng.random() < share else str(rng.choice(["fair", "top"], p=[0.8, 0.2]))
