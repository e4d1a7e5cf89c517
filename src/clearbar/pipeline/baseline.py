"""What the rules reached when somebody last looked and was content: `evals/baseline.json`, which later checks are held against."""

from typing import Final

import orjson

from clearbar.errors import UsageError
from clearbar.model import Model
from clearbar.pipeline.checking import Checked
from clearbar.project import Project
from clearbar.verdict import RubricRef

__all__ = ["BASELINE", "Baseline", "against_baseline", "load_baseline", "save_baseline"]

BASELINE: Final = "evals/baseline.json"
MOVED: Final = 0.005
"""Kappa that moved by less is the same to two digits."""


class Baseline(Model):
    """Kappa of every criterion, and what it was measured with."""

    grader: str
    """Fingerprint."""
    labelled_set: str
    rubric: RubricRef
    kappa: dict[str, float | None]
    decisions: dict[str, str]


def save_baseline(project: Project, checked: Checked) -> None:
    """Write a check down as the baseline.

    Raises
    ------
    UsageError
        If it is no check of the rules against the test part of the project's own set: others are not comparable night by night.
    """
    if checked.grader != "rules" or "test part" not in checked.labelled_set:
        raise UsageError(
            "the baseline is a check of the rules against the test part of the project's own set",
            fix="clearbar check --grader rules --save-baseline",
        )
    found = checked.result
    made = Baseline(
        grader=found.grader,
        labelled_set=checked.labelled_set,
        rubric=found.rubric,
        kappa={id: item.kappa for id, item in found.criteria.items()},
        decisions={id: decision.value for id, decision in found.decisions.items()},
    )
    (project.root / BASELINE).write_bytes(
        orjson.dumps(made.model_dump(mode="json"), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    )


def load_baseline(project: Project) -> Baseline | None:
    """Return the baseline; null where there is none, or none that can be read."""
    try:
        return Baseline.model_validate(orjson.loads((project.root / BASELINE).read_bytes()))
    except (FileNotFoundError, ValueError):
        return None


def against_baseline(baseline: Baseline | None, checked: Checked) -> str:
    """Return in one line on which criteria kappa rose and fell; empty where the baseline is of another grader or set."""
    if baseline is None or checked.grader != "rules" or checked.labelled_set != baseline.labelled_set:
        return ""
    rose: list[str] = []
    fell: list[str] = []
    for id, item in checked.result.criteria.items():
        before = baseline.kappa.get(id)
        if before is not None and item.kappa is not None and abs(item.kappa - before) >= MOVED:
            (rose if item.kappa > before else fell).append(f"{id} {before:.2f} → {item.kappa:.2f}")
    return f"since the baseline ({baseline.grader}): kappa rose on {', '.join(rose) or 'nothing'}; fell on {', '.join(fell) or 'nothing'}"
