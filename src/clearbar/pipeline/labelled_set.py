"""The project's own labelled set: where it lies, and on which side of the recorded split a conversation is."""

from typing import Final

import orjson

from clearbar.project import Project

__all__ = ["CONVERSATIONS", "LABELS", "SPLIT", "side_of_split"]

LABELS: Final = "evals/labels"
CONVERSATIONS: Final = "evals/conversations"
SPLIT: Final = "evals/split.json"


def side_of_split(project: Project, split: str) -> frozenset[str] | None:
    """Return the conversations on one side, `dev` or `test`, of the recorded split; null for `all`."""
    if split == "all":
        return None
    recorded: dict[str, list[str]] = orjson.loads(project.path(SPLIT).read_bytes())
    return frozenset(recorded[split])
