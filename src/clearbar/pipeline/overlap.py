"""Sources that hold one another: a file alone, and the folder or glob that it is part of."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import PurePath
from typing import Final

from clearbar.sources import Source
from clearbar.store import SourceRef

__all__ = ["overlapping"]

_FILES: Final = "files"


def overlapping(source: Source, known: Iterable[SourceRef]) -> str | None:
    """Return a line where files were read before under a wider or narrower name; null where not.

    A source is what it is called: a file alone and its folder are two sources, so that either keeps its identity when files come and
    go in the folder. Whoever names both has the file's conversations twice.
    """
    if source.kind != _FILES:
        return None
    others = sorted(ref.shown for ref in known if ref.kind == _FILES and ref.fingerprint != source.fingerprint)
    met = [other for other in others if _holds(other, source.name) or _holds(source.name, other)]
    if not met:
        return None
    return (
        f"source {source.name} and {met[0]}, which was audited before, hold the same files under two names: their conversations count "
        "twice in reports over all sources; always give the same name"
    )


def _holds(wide: str, narrow: str) -> bool:
    if wide == narrow:
        return False
    if any(sign in wide for sign in "*?["):
        return fnmatchcase(narrow, wide)
    return PurePath(wide) in PurePath(narrow).parents
