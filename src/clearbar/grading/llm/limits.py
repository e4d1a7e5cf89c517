"""How many calls are under way, and how many may be sent in a minute: by settings, and by what the provider's headers say."""

import re
import time
from collections.abc import Callable, Mapping

__all__ = ["Pace", "reset_seconds"]

LIMITED_IN_A_ROW = 3
"""So many refusals for pace without a success between hold back all calls, not just the refused ones."""
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class Pace:
    """When the next call may be sent, as far as the provider has told."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = 0.0
        self._limited = 0

    def wait(self) -> float:
        """Return the seconds to wait before sending."""
        return max(0.0, self._until - self._clock())

    def refused(self, wait: float) -> None:
        """Note a refusal for pace (status 429)."""
        self._limited += 1
        if self._limited >= LIMITED_IN_A_ROW:
            self._hold(wait)

    def answered(self, headers: Mapping[str, str], needed: int) -> None:
        """Note a reply and what its headers say is left of the minute; `needed` are the tokens of a usual call."""
        self._limited = 0
        for kind, need in (("requests", 1), ("tokens", needed)):
            left = headers.get(f"x-ratelimit-remaining-{kind}")
            if left is not None and left.isdecimal() and int(left) < need:
                self._hold(reset_seconds(headers.get(f"x-ratelimit-reset-{kind}", "")))

    def _hold(self, seconds: float) -> None:
        self._until = max(self._until, self._clock() + seconds)


def reset_seconds(value: str) -> float:
    """Return the seconds that a reset header names, as in `6m0s`, `20ms` or `1.5`; 1 where it cannot be read, 60 at most."""
    parts = _PART.findall(value)
    if parts:
        return min(60.0, sum(float(figure) * _SECONDS[unit] for figure, unit in parts))
    try:
        return min(60.0, max(0.0, float(value)))
    except ValueError:
        return 1.0
