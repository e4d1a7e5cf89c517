"""Lexicons: what people say, group by group, in files that a QA lead can read and extend; one file a language."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

from pydantic import Field

from clearbar.errors import RubricError
from clearbar.grading.rules.phrases import compile_phrases
from clearbar.model import Model, digest
from clearbar.rubric_file import load_model

__all__ = ["TRAITS", "Group", "Lexicon", "Tongue", "load_lexicon"]

Speaker = Literal["agent", "customer", "any"]


class PhrasesEntry(Model):
    """What is found by phrases, as it stands in a file."""

    about: str = ""
    """What the phrases mean; for people."""
    phrases: tuple[str, ...] = Field(min_length=1)
    unless: tuple[str, ...] = ()
    """A hit that overlaps one of these does not count."""


class GroupEntry(PhrasesEntry):
    """A group as it stands in a file."""

    speaker: Speaker


class StrategyEntry(PhrasesEntry):
    """A strategy of politeness, or of rudeness, as it stands in a file."""

    weight: float = Field(allow_inf_nan=False, strict=True)
    """How much one use of it adds to a turn's politeness."""


class LexiconFile(Model):
    """A lexicon file."""

    language: str = Field(pattern="^[a-z]{2}$")
    about: str = ""
    macros: dict[str, tuple[str, ...]] = {}
    groups: dict[str, GroupEntry] = Field(min_length=1)
    politeness: dict[str, StrategyEntry] = {}
    """Strategies by which an agent's turn is politer or ruder; no decision can name one, only their sum, `politeness`."""
    function_words: str = ""
    """Words by which the language is recognised, with spaces between them."""
    common_words: str = ""
    """Words that say nothing about a customer's own case."""
    amounts: dict[str, float] = {}
    """Number words before a unit of time, with the numbers."""
    time_units: dict[str, float] = {}
    """Units of time, with their seconds."""


class Group:
    """Phrases that mean the same to a rubric, said by one side.

    Parameters
    ----------
    name
        How decisions call it.
    speaker
        Whose turns are searched.
    pattern
        One regular expression for all phrases, in the syntax that both engines share.
    unless
        Hits that overlap a hit of this pattern do not count.
    """

    def __init__(self, name: str, speaker: Speaker, pattern: str, unless: str | None) -> None:
        self.name = name
        self.speaker = speaker
        self.pattern = pattern
        self.unless = unless


TRAITS: Final = ("_asks", "_clause", "_mannerly", "_shouts")
"""What is noted of every turn beside the groups found in it; no group can be called so."""


class Tongue:
    """A lexicon of one language.

    Parameters
    ----------
    language
        ISO 639-1 code.
    groups
        In the order of the file, which gives them their columns.
    strategies
        Of politeness, with what one use of each adds to a turn's.
    function_words
        Words by which the language is recognised.
    common_words
        Words that say nothing about a customer's own case.
    amounts, time_units
        Number words, and the seconds of units of time.
    """

    def __init__(
        self,
        language: str,
        groups: tuple[Group, ...],
        strategies: Mapping[Group, float],
        function_words: frozenset[bytes],
        common_words: frozenset[bytes],
        *,
        amounts: Mapping[str, float],
        time_units: Mapping[str, float],
    ) -> None:
        self.language = language
        self.groups = groups
        self.function_words = function_words
        self.common_words = common_words | function_words
        self.strategies = strategies
        self.amounts = {word.encode(): number for word, number in amounts.items()}
        self.time_units = {word.encode(): seconds for word, seconds in time_units.items()}
        self.columns = {group.name: place for place, group in enumerate(groups)}
        self.by_name = {group.name: group for group in groups}


class Lexicon:
    """All languages that the rules can read.

    Parameters
    ----------
    tongues
        By ISO 639-1 code.
    digest
        Of the files' contents; part of the grader's fingerprint.
    """

    def __init__(self, tongues: Mapping[str, Tongue], digest: str) -> None:
        self.tongues = dict(tongues)
        self.digest = digest

    @property
    def names(self) -> frozenset[str]:
        """Groups of any language."""
        return frozenset(name for tongue in self.tongues.values() for name in tongue.columns)


def load_lexicon(folder: Path) -> Lexicon:
    """Return the lexicons of a folder, one YAML file a language.

    Raises
    ------
    RubricError
        Naming file, entry and what is wrong with it.
    """
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise RubricError(f"{folder}: holds no lexicon", fix="expected one file a language, as en.yaml")
    read = {file: load_model(file, LexiconFile) for file in files}
    tongues = [_tongue(file.name, value) for file, value in read.items()]
    return Lexicon({tongue.language: tongue for tongue in tongues}, digest([value.model_dump(mode="json") for value in read.values()]))


def _tongue(file: str, value: LexiconFile) -> Tongue:
    def group(section: str, name: str, entry: PhrasesEntry, speaker: Speaker) -> Group:
        place = f"lexicon {file}: {section}.{name}"
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise RubricError(f"{place}: a name is written in lower case, digits and underscores")
        pattern = compile_phrases(f"{place}.phrases", entry.phrases, value.macros)
        unless = compile_phrases(f"{place}.unless", entry.unless, value.macros)
        return Group(name, speaker, pattern, unless or None)

    return Tongue(
        value.language,
        tuple(group("groups", name, entry, entry.speaker) for name, entry in value.groups.items()),
        {group("politeness", name, entry, "agent"): entry.weight for name, entry in value.politeness.items()},
        _words(value.function_words),
        _words(value.common_words),
        amounts=value.amounts,
        time_units=value.time_units,
    )


def _words(text: str) -> frozenset[bytes]:
    return frozenset(word.encode() for word in text.lower().split())
