from collections.abc import Callable

import pytest

from clearbar.redact import Redactor
from clearbar.settings import RedactionSettings

Redact = Callable[..., list[str]]


@pytest.fixture(scope="session")
def redactor() -> Redactor:
    return Redactor(RedactionSettings(), bytes(range(32)))


@pytest.fixture
def redact(redactor: Redactor) -> Redact:
    """Redact turns, given names of the record."""

    def run(*turns: str, names: tuple[str, ...] = ()) -> list[str]:
        return redactor.redact_texts(turns, names).texts

    return run
