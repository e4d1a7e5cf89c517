from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from clearbar.errors import Rejection
from clearbar.sources import FieldMap, open_source
from clearbar.transcript import Transcript


class Pulled(NamedTuple):
    """What came of a source."""

    transcripts: list[Transcript]
    rejections: list[Rejection]
    notices: list[str]


Pull = Callable[..., Pulled]


@pytest.fixture
def pull(tmp_path: Path) -> Pull:
    """Pull everything from a source, with `--map` options."""

    def run(uri: Path | str, *options: str, since: Any = None, **others: Any) -> Pulled:
        notices: list[str] = []
        source = open_source(str(uri), FieldMap.parse(options), root=tmp_path, notice=notices.append, **others)
        found = [item for _, item in source.pull(since)]
        kept = [item for item in found if isinstance(item, Transcript)]
        return Pulled(kept, [item for item in found if isinstance(item, Rejection)], notices)

    return run
