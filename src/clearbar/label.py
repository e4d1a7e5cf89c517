"""What a person (or another careful reader) says a conversation deserves."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from pydantic import Field

from clearbar.model import Model

__all__ = ["NA", "Label", "LabelKind"]

NA: Final = "na"
"""How a label says `not_applicable`."""


class LabelKind(StrEnum):
    """How a label came about; only blind ones feed agreement."""

    BLIND = "blind"
    REVEALED = "revealed"
    CONSENSUS = "consensus"
    ADJUDICATED = "adjudicated"
    DISPUTE = "dispute"


class Label(Model):
    """Levels that one annotator gave one conversation."""

    id: str = Field(min_length=1)
    levels: dict[str, int | str]
    """By criterion: rank of the level from 0, its id, or `na`."""
    source: str | None = None
    overall: str | None = None
    evidence: dict[str, tuple[int, ...]] = {}
    """By criterion: turns, from 0."""
    spans: dict[str, tuple[tuple[int, int, int], ...]] = {}
    """By criterion: turn, start and end of each passage, in code points of the text that was read."""
    notes: dict[str, str] = {}
    """By criterion: why."""
    annotator: str | None = None
    kind: LabelKind = LabelKind.BLIND
    rubric: str | None = None
    """Hash of the rubric it was made with."""
    probability: float | None = None
    """Chance with which the conversation was selected for labelling."""
    group: str | None = None
    """Conversations of one incident share it and stay on one side of a split."""
    note: str | None = None
    at: datetime | None = None
