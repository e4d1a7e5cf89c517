r"""Finding the few places worth a closer look, in one pass over the ASCII shadow of a text.

The patterns here use only what RE2 and `re` read alike: no look-around, no back-references, no `\s`. RE2 is linear in the
length of the text and about ten times as fast; without it `re` finds the same places.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

__all__ = ["Presence", "Scanner"]

try:
    import re2
except ImportError:  # pragma: no cover - platforms without the wheel
    re2 = None


_MEMORY: Final = 64 << 20
"""Bytes that the states of one automaton may take; with few of them it starts anew again and again, at a thirtieth of its speed."""


class Scanner:
    """Compiles cues when they are first looked for, and keeps them.

    Parameters
    ----------
    native
        Whether RE2 may be used.
    """

    def __init__(self, *, native: bool = True) -> None:
        self._native = native and re2 is not None
        self._compiled: dict[str, Any] = {}

    def spans(self, cue: str, shadow: bytes) -> list[tuple[int, int]]:
        """Return where a cue matches, from left to right and without regard to case."""
        compiled = self._compiled.get(cue)
        if compiled is None:
            compiled = self._compiled[cue] = self._compile(cue)
        return [match.span() for match in compiled.finditer(shadow)]

    def _compile(self, cue: str) -> Any:
        if self._native:
            return re2.compile(cue.encode("ascii"), _options())
        return re.compile(cue.encode("ascii"), re.IGNORECASE)

    def holds(self, pattern: str, text: str) -> bool:
        """Whether a pattern occurs in a text of any script, with regard to case."""
        compiled = self._compiled.get(pattern)
        if compiled is None:
            compiled = self._compiled[pattern] = re2.compile(pattern) if self._native else re.compile(pattern)
        if self._native:
            return compiled.search(text.encode("utf-8", "replace")) is not None
        return compiled.search(text) is not None

    def presence(self, cues: Sequence[str]) -> "Presence":
        """Return what tells which of some cues occur."""
        return Presence(cues, native=self._native)


class Presence:
    """Tells which cues occur in a shadow, in one pass.

    Parameters
    ----------
    cues
        What to look for.
    native
        Whether RE2 is used.
    """

    def __init__(self, cues: Sequence[str], *, native: bool) -> None:
        self._set: Any = None
        self._each: list[re.Pattern[bytes]] = []
        if native:
            self._set = re2.Set.SearchSet(_options())
            for cue in cues:
                self._set.Add(cue.encode("ascii"))
            self._set.Compile()
        else:
            self._each = [re.compile(cue.encode("ascii"), re.IGNORECASE) for cue in cues]

    def __call__(self, shadow: bytes) -> Iterable[int]:
        """Return the places, in the list of cues, of those that occur."""
        if self._set is not None:
            return self._set.Match(shadow) or ()
        return [place for place, cue in enumerate(self._each) if cue.search(shadow)]


def _options() -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _MEMORY
    return options
