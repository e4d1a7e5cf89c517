"""A criterion before and after a step that was agreed."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.pipeline.graded import START, fill, talk

from clearbar.pipeline.coached import steps_by_team
from clearbar.project import Project
from clearbar.report import Step
from clearbar.rubric import Rubric
from clearbar.rubric_file import open_rubric
from clearbar.settings import ReportSettings
from clearbar.store import Store

DAY_20 = START + timedelta(days=20)


@pytest.fixture
def rubric(project: Project) -> Rubric:
    return open_rubric("service_bar", project)


@pytest.fixture
def store(tmp_path: Path, rubric: Rubric) -> Iterator[Store]:
    """Before day 20 every conversation fails listening, after it every fifth does; agents take turns."""
    with Store.open(tmp_path / "clearbar.db") as opened:
        talks = [talk(day, agent=f"agent-{day % 2}") for day in range(40)]
        fill(opened, rubric, [(one, ("listening",) if day < 20 or day % 5 == 0 else ()) for day, one in enumerate(talks)])
        yield opened


def steps(store: Store, rubric: Rubric, **period: object) -> list[Step]:
    told = {"since": None, "until": None, "asked": None} | period
    return list(steps_by_team(store, rubric, ReportSettings(), **told).get("parcels", ()))  # type: ignore[arg-type]


def agree(store: Store, *, agent: str | None = None, day: int = 20, criterion: str = "listening") -> None:
    store.add_coaching(
        team="parcels", agent=agent, criterion=criterion, step="Restate the need", agreed_on=START + timedelta(days=day), by="lea"
    )


def test_shares_before_and_after_come_with_their_intervals_and_that_of_the_change(store: Store, rubric: Rubric) -> None:
    agree(store)
    (step,) = steps(store, rubric)
    assert (step.before.count, step.before.n, step.after.count, step.after.n) == (20, 20, 4, 20)
    assert step.difference is not None
    value, low, high = step.difference
    assert low < value < high < 0
    assert not step.graders_changed


def test_a_step_with_an_agent_counts_what_concerns_that_agent(store: Store, rubric: Rubric) -> None:
    agree(store, agent="agent-1")
    (step,) = steps(store, rubric)
    assert (step.agent, step.before.n, step.after.n) == ("agent-1", 10, 10)


def test_a_small_side_is_not_told(store: Store, rubric: Rubric) -> None:
    agree(store, day=37)
    (step,) = steps(store, rubric)
    assert (step.after.value, step.after.n, step.difference) == (None, 0, None)


def test_nothing_after_the_period_is_looked_at_and_old_steps_are_left_out(store: Store, rubric: Rubric) -> None:
    agree(store)
    (step,) = steps(store, rubric, until=START + timedelta(days=30))
    assert step.after.n == 10
    assert steps(store, rubric, until=DAY_20) == []
    assert steps(store, rubric, since=DAY_20 + timedelta(days=60)) == []


def test_other_graders_after_than_before_are_told(store: Store, rubric: Rubric) -> None:
    fill(store, rubric, [(talk(day + 100, started_at=START + timedelta(days=day)), ()) for day in range(21, 30)], grader="rules-2")
    agree(store)
    (step,) = steps(store, rubric)
    assert step.graders_changed


def test_a_criterion_that_the_rubric_lost_is_left_out(store: Store, rubric: Rubric) -> None:
    agree(store, criterion="gone")
    assert steps(store, rubric) == []
