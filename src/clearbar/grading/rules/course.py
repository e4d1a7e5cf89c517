"""How a talk went on over its turns: waits that were announced and whether they were kept, and the customer's mood."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from clearbar.grading.rules.hearing import turns_with
from clearbar.grading.rules.once import Once
from clearbar.grading.rules.reception import Reception
from clearbar.grading.rules.turnset import TurnSet, after, before, last, places, where
from clearbar.grading.rules.waits import length_named

__all__ = ["Course"]

_GRACE: Final = 1.5  # an announced wait may last so many times as long as was said
_SPARED: Final = 60.0  # seconds that nobody counts


class _Wait(NamedTuple):
    """A wait that an agent turn announced."""

    talk: int
    place: int
    """Of the turn that announced it."""
    back: int
    """Of the agent's next turn; -1 where there is none."""
    named: bool
    """Whether it was said how long it would be."""
    kept: bool


class Course(Reception):
    """Signals of how a talk went on."""

    @Once
    def _waits(self) -> list[_Wait]:
        """Return the waits that were announced: kept by the times, where there are any, else if nobody had to press."""
        announced = self.agent & (self.hold | self.wait_named) & self._goes_on
        pressing = self.customer & (self.chase | self.anger | self.repeat_point)
        return [wait for talk in np.flatnonzero(announced).tolist() for wait in self._waits_of(talk, announced, pressing)]

    @property
    def _goes_on(self) -> TurnSet:
        """Turns before the last spoken one."""
        return (self.customer | self.agent) & ~last(self.customer | self.agent)

    def _waits_of(self, talk: int, announced: TurnSet, pressing: TurnSet) -> Iterator[_Wait]:
        turns, agent, pressed = self.heard[talk].turns, int(self.agent[talk]), int(pressing[talk])
        usual = float(self.gap_seconds[talk])
        for place, row in self.turns.said(talk, int(announced[talk])):
            length = length_named(self.turns.texts.normals[row], self.tongue.amounts, self.tongue.time_units)
            back = next(places(agent >> place + 1 << place + 1), -1)
            meanwhile = pressed >> place + 1 << place + 1
            if back >= 0:
                meanwhile &= (1 << back) - 1
            began, ended = turns[place].time, turns[back].time if back >= 0 else None
            limit = usual if length is None else max(length * _GRACE, _SPARED)
            in_time = not meanwhile if began is None or ended is None else ended - began <= limit
            yield _Wait(talk, place, back, length is not None, back >= 0 and in_time)

    def _of_waits(self, turns: Iterator[tuple[int, int]]) -> TurnSet:
        found = self.agent & 0
        for talk, place in turns:
            found[talk] |= found.dtype.type(1 << place) if found.dtype != object else 1 << place
        return found

    @turns_with("hold", "hold_length", "wait_named")
    def wait_kept(self) -> TurnSet:
        """Agent turns that say how long a wait will be, if the agent is back by then; without times, if nobody has to press."""
        return self._of_waits((wait.talk, wait.place) for wait in self._waits if wait.named and wait.kept)

    @turns_with("hold", "hold_length", "wait_named")
    def wait_broken(self) -> TurnSet:
        """Agent turns that announce a wait which lasts longer than said or allowed; without times, if the customer presses."""
        return self._of_waits((wait.talk, wait.place) for wait in self._waits if not wait.kept and wait.back >= 0)

    @turns_with()
    def back_in_time(self) -> TurnSet:
        """Agent turns that come back from a wait by the time that was said."""
        return self._of_waits((wait.talk, wait.back) for wait in self._waits if wait.named and wait.kept)

    @turns_with("chase")
    def chased(self) -> TurnSet:
        """Customer turns, after an agent turn, that chase an answer."""
        return self.customer & self.chase & after(self.agent)

    # ------------------------------------------------------------------ the customer's mood

    @property
    def _displeased(self) -> TurnSet:
        pressing = self.anger | self.complaint | self.repeat_point | self.chase | self.pushback | self.solved_elsewhere
        return self.customer & pressing & ~self.delight

    @turns_with("solved", "gratitude", "delight")
    def mood_lifts(self) -> TurnSet:
        """The customer's last turn, if it is content after an earlier one was displeased or told of trouble."""
        content = (self.solved | self.gratitude | self.delight) & ~(self.anger | self.complaint | self.pushback)
        troubled = self._displeased | self.customer & (self.worry | self.loss | self.fault)
        return last(self.customer) & content & after(troubled)

    @turns_with("anger", "complaint", "repeat_point", "chase", "pushback")
    def mood_sinks(self) -> TurnSet:
        """Displeased customer turns, after an agent turn, if the customer was not displeased before it and is not content in the end."""
        displeased = self._displeased
        sunk = where(displeased & after(self.agent), (displeased & before(self.agent)) == 0)
        return where(sunk, (last(self.customer) & (self.solved | self.gratitude | self.delight)) == 0)
