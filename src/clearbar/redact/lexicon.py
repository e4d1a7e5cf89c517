"""Word lists that decide what is a name, a password or a street; one text file each in `words/`."""

from functools import cache
from importlib.resources import files

__all__ = ["read_words"]


@cache
def read_words(name: str) -> frozenset[str]:
    """Return the words of a list, in lower case."""
    text = files("clearbar.redact").joinpath("words", f"{name}.txt").read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())
