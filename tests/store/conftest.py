from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.postgres import new_database, postgres_server
from tests.store.made import made_rubric

from clearbar.store import Run, Store


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with postgres_server() as url:
        yield url


@pytest.fixture
def postgres_url(server: str) -> Iterator[str]:
    with new_database(server) as url:
        yield url


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "clearbar.db"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest) -> str:
    """Where a new store may be made, on each engine in turn."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{request.getfixturevalue('file')}"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with Store.open(url) as opened:
        yield opened


@pytest.fixture
def run(store: Store) -> Run:
    return store.start_run(rubric=made_rubric(), asked="rules")
