"""A small version of `benchmarks/coverage.py`: intervals hold as often as they say, and fail where they must."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

FLOOR = 0.915


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    file = Path(__file__).parents[2] / "benchmarks" / "coverage.py"
    spec = importlib.util.spec_from_file_location("coverage_benchmark", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("number", [0, 41, 87, 131, 200, 268, 333, 390, 431])
def test_intervals_from_labels_alone_hold(benchmark: ModuleType, number: int) -> None:
    cell = benchmark.run_cell(number, 2_000, others=())
    assert cell["methods"]["clearbar"][0] >= FLOOR


def test_the_usual_ways_do_not_hold(benchmark: ModuleType) -> None:
    number = next(
        place
        for place, cell in enumerate(benchmark.GRID)
        if (cell.share, cell.sensitivity, cell.specificity, cell.conversations, cell.labels) == (0.85, 0.95, 0.7, 100, 300)
    )
    methods = benchmark.run_cell(number, 2_000, others=("raw ± Wald", "bootstrap of labels only"))["methods"]
    assert methods["bootstrap of labels only"][0] < 0.7
    assert methods["raw ± Wald"][0] < 0.93
    assert methods["clearbar"][0] >= FLOOR


def test_reviews_save_what_differing_errors_break(benchmark: ModuleType) -> None:
    rows = {(row["spread"], row["reviews"]): row for row in benchmark.run_teams(60)}
    assert rows[1.0, 0]["share"] < 0.8
    for key, row in rows.items():
        if key[1]:
            assert row["share"] >= FLOOR
            assert row["mean score"] >= FLOOR


def test_the_graders_verdicts_narrow_what_reviews_say(benchmark: ModuleType) -> None:
    rows = [row for row in benchmark.run_reviews(150) if row["correlation"] >= 0.7]
    assert rows
    assert max(row["width ratio"] for row in rows) <= 0.8
    assert np.mean([row["coverage"] for row in rows]) >= FLOOR


def test_shares_among_applicable_conversations_hold(benchmark: ModuleType) -> None:
    rows = benchmark.run_states(60)
    assert np.mean([row["coverage"] for row in rows]) >= 0.93
    assert min(row["coverage"] for row in rows) >= 0.8
