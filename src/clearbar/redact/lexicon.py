"""Word lists that decide what is a name, a password or a street; one text file each in `words/`."""

from functools import cache
from importlib.resources import files
from typing import NamedTuple

__all__ = ["Lexicon", "lexicon", "read_words"]


class Lexicon(NamedTuple):
    """The lists that names are judged by, in lower case."""

    given: frozenset[str]
    """Given names that are little else."""
    ambiguous: frozenset[str]
    """Names that are everyday words too."""
    no_names: frozenset[str]
    """Words that are no names where a name might stand."""
    organisations: frozenset[str]
    """Words that make what is greeted an organisation, a role or a crowd."""
    titles: frozenset[str]
    particles: frozenset[str]


@cache
def read_words(name: str) -> frozenset[str]:
    """Return the words of a list."""
    text = files("clearbar.redact").joinpath("words", f"{name}.txt").read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())


@cache
def lexicon() -> Lexicon:
    """Return the lists that names are judged by."""
    return Lexicon(*map(read_words, ("given_names", "ambiguous_names", "no_names", "organisations", "titles", "particles")))
