"""How long customers waited, from the times of turns, and how long they were told to wait."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from clearbar.grading.rules.text import spelled
from clearbar.grading.rules.texts import AGENT, CUSTOMER

__all__ = ["length_named", "waits", "weekday_waits"]

_APART: Final = 2  # words from an amount within which its unit stands: "a couple of minutes"
_DIGITS: Final = 4
_DAY: Final = 86_400.0
_MONDAY: Final = 4 * _DAY  # the first one of the Unix epoch

Flags = NDArray[np.bool_]
Seconds = NDArray[np.float64]


def waits(sides: NDArray[np.integer], times: Seconds, whose: NDArray[np.int_], announced: Flags) -> Seconds:
    """Return of each turn, of conversations end to end, the seconds that a customer had waited for it; NaN where nobody did.

    A wait begins with the first turn of a customer, or with an answer that announces a wait.

    Parameters
    ----------
    sides, times, whose
        Of each turn: who said it, when (NaN where that is not known), in which conversation.
    announced
        Of each turn, whether it announces a wait.
    """
    turns = np.flatnonzero((sides == AGENT) | (sides == CUSTOMER) & ~np.isnan(times))
    asks, times_here, talk = sides[turns] == CUSTOMER, times[turns], whose[turns]
    opens = talk != _before(talk, -1)
    began = _latest(asks & (opens | ~_before(asks, first=False)))  # of each turn: where the customer's latest run of turns begins
    answers = np.flatnonzero(~asks)
    asked = asks[answers - 1] & ~opens[answers]
    time = times_here[answers]
    holds = announced[turns[answers]] & ~np.isnan(time)
    held = _before(holds, first=False) & (talk[answers] == _before(talk[answers], -1))  # the answer before announced a wait
    waiting = asked[_latest(asked | ~held)]  # an announced wait goes on if somebody was waiting when it was announced
    since = np.where(held & _before(waiting, first=False), _before(time, np.nan), times_here[began[answers]])
    found = np.full(len(sides), np.nan)
    found[turns[answers]] = np.where(waiting, time - since, np.nan)
    return found


def weekday_waits(moments: Seconds, waited: Seconds) -> Seconds:
    """Return the seconds of each wait that lay on weekdays (UTC), where its date is known; else the wait as it is.

    Parameters
    ----------
    moments
        When each wait ended, in Unix seconds; NaN where that is not known.
    waited
        How long each was.
    """
    return np.where(np.isnan(moments), waited, _weekday_seconds(moments) - _weekday_seconds(moments - waited))


def _weekday_seconds(times: Seconds) -> Seconds:
    """Return how many seconds of weekdays have gone by since the first Monday of the epoch."""
    weeks, since = np.divmod(times - _MONDAY, 7 * _DAY)
    return weeks * 5 * _DAY + np.minimum(since, 5 * _DAY)


def _before(values: NDArray[Any], first: float) -> NDArray[Any]:
    """Return what stands before each value."""
    return np.concatenate([np.array([first], values.dtype), values[:-1]])


def _latest(told: Flags) -> NDArray[np.int_]:
    """Return of each place the latest one, up to it, of which it is told that it is so."""
    return np.maximum.accumulate(np.where(told, np.arange(len(told)), 0))


def length_named(normal: bytes, amounts: Mapping[bytes, float], units: Mapping[bytes, float]) -> float | None:
    """Return the first length of time that a normal text names, in seconds; None where it names none.

    Parameters
    ----------
    normal
        A text as patterns read it.
    amounts
        Number words, with the numbers.
    units
        Units of time, with their seconds.
    """
    amount, words_since = 0.0, _APART
    for word in spelled(normal):
        if word in units and words_since < _APART:
            return amount * units[word]
        words_since += 1
        if word in amounts or (word.isdigit() and len(word) <= _DIGITS):
            amount, words_since = amounts[word] if word in amounts else float(word), 0
    return None
