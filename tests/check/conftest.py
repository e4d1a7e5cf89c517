from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest

from clearbar.label import Label, LabelKind
from clearbar.rubric import Rubric
from clearbar.verdict import Audit, GradedBy, RubricRef, Usage, Verdict

MakeAudit = Callable[..., Audit]


@pytest.fixture(scope="session")
def rubric() -> Rubric:
    """Two criteria on three levels, one yes/no question."""

    def criterion(id: str, scale: str, levels: Sequence[str]) -> dict[str, object]:
        return {
            "id": id,
            "name": id.title(),
            "asks": f"{id}?",
            "scale": scale,
            "section": "all",
            "weight": 1,
            "applies": {"when": "always"},
            "levels": dict.fromkeys(levels, "x"),
        }

    steps = [("low", 0, True), ("fair", 80, False), ("top", 100, False)]
    answers = [("no", 0, True), ("yes", 100, False)]
    scales = {"steps": steps, "yes_no": answers}
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
                criterion("care", "steps", ["low", "fair", "top"]),
                criterion("speed", "steps", ["low", "fair", "top"]),
                criterion("proof", "yes_no", ["no", "yes"]),
            ],
            "bands": [{"id": "low", "name": "Low"}],
        }
    )


@pytest.fixture(scope="session")
def audit(rubric: Rubric) -> MakeAudit:
    """Return an audit with the levels given by criterion."""

    def make(id: str, levels: Mapping[str, str], agent: str | None = None, fallback: str | None = None) -> Audit:
        verdicts = tuple(
            Verdict(
                criterion=criterion,
                level=level,
                graded_by=GradedBy.RULES,
                grader="rules:1",
                reason="abstained" if level == "ungraded" else None,
                fallback_reason=fallback,
            )
            for criterion, level in levels.items()
        )
        return Audit(
            transcript=id,
            team="north",
            agent=agent,
            rubric=RubricRef(name=rubric.name, version=rubric.version, hash=rubric.full_hash),
            text_hash="0",
            score=None,
            band=None,
            weight_graded=1,
            auto_fail=(),
            verdicts=verdicts,
            usage=Usage(),
        )

    return make


@pytest.fixture(scope="session")
def labelled() -> list[Label]:
    """Four hundred labels; one in four under the bar, some not applicable."""
    rng = np.random.default_rng(11)
    steps: list[int | str] = [0, 1, 2, "na"]
    answers: list[int | str] = [0, 1, "na"]
    return [
        Label(
            id=f"c{place}",
            annotator="anna",
            kind=LabelKind.ADJUDICATED,
            levels={
                "care": steps[rng.choice(4, p=[0.25, 0.45, 0.1, 0.2])],
                "speed": steps[rng.choice(4, p=[0.25, 0.45, 0.1, 0.2])],
                "proof": answers[rng.choice(3, p=[0.3, 0.6, 0.1])],
            },
        )
        for place in range(400)
    ]
