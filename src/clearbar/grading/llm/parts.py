"""Conversations that are longer than the model's window: read in parts with overlap, merged by the rubric's rule; never cut."""

from collections.abc import Mapping, Sequence

from clearbar.grading.llm.schema import ABSTAIN
from clearbar.grading.llm.tokens import estimate_tokens
from clearbar.model import Model
from clearbar.rubric import Rubric
from clearbar.transcript import Turn
from clearbar.verdict import NOT_APPLICABLE, Failure

__all__ = ["Part", "merge_levels", "split"]

OVERLAP = 0.1
"""Share of a part's tokens that the next part repeats, so that an answer is read together with its question."""
TURN_TOKENS = 8
"""What a turn's number, speaker and time cost at most."""


class Part(Model):
    """Turns of a conversation that are read at once: from `first` up to, not including, `last`."""

    first: int
    last: int
    number: int = 1
    count: int = 1


def split(turns: Sequence[Turn], room: int) -> tuple[Part, ...]:
    """Return the parts of a conversation, each of at most `room` estimated tokens; none if a single turn is larger than that."""
    if sum(len(turn.text) + TURN_TOKENS for turn in turns) <= room:  # no text has more tokens than characters
        return (Part(first=0, last=len(turns)),)
    sizes = [estimate_tokens(turn.text) + TURN_TOKENS for turn in turns]
    if sum(sizes) <= room:
        return (Part(first=0, last=len(turns)),)
    if max(sizes) > room:
        return ()
    spans: list[tuple[int, int]] = []
    first = 0
    while True:
        last = _fill(sizes, first, room)
        spans.append((first, last))
        if last == len(sizes):
            break
        first = _step_back(sizes, first, last, room)
    return tuple(Part(first=first, last=last, number=place, count=len(spans)) for place, (first, last) in enumerate(spans, 1))


def _fill(sizes: Sequence[int], first: int, room: int) -> int:
    last, left = first, room
    while last < len(sizes) and sizes[last] <= left:
        left -= sizes[last]
        last += 1
    return last


def _step_back(sizes: Sequence[int], first: int, last: int, room: int) -> int:
    """Return where the next part begins: some turns back, but so that it gets further than this one."""
    start, left = last, int(room * OVERLAP)
    while start - 1 > first and sizes[start - 1] <= left:
        left -= sizes[start - 1]
        start -= 1
    while _fill(sizes, start, room) <= last:
        start += 1
    return start


def merge_levels(
    criterion: str, levels: Mapping[int, str], failures: Sequence[Failure], rubric: Rubric
) -> tuple[str, int | None, Failure | None]:
    """Return level, the number of the part that gives it, and the failure, of a criterion that was read in parts.

    A part that could not be read leaves the whole unknown, unless another part already shows the scale's lowest level and the
    criterion's rule is `worst`. Parts in which the criterion did not apply, or did not show, count only where all are such: a part
    that abstains outweighs one in which there was no occasion.

    Parameters
    ----------
    levels
        What was said, by number of the part.
    failures
        Reasons of the parts that failed.
    """
    scale = rubric.scale_of(criterion).ids
    rule = rubric.criterion(criterion).parts
    shown = {number: level for number, level in levels.items() if level in scale}
    if failures and not (rule == "worst" and scale[0] in shown.values()):
        return "", None, failures[0]
    if shown:
        ranked = sorted(shown, key=lambda number: (scale.index(shown[number]), number))
        chosen = {"worst": ranked[0], "best": ranked[-1], "last": max(shown)}[rule]
        return shown[chosen], chosen, None
    for state in (ABSTAIN, NOT_APPLICABLE):
        for number, level in levels.items():
            if level == state:
                return state, number, None
    return ABSTAIN, None, None
