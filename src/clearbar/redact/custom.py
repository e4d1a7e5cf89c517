"""A project's own patterns: further kinds of what must not be read."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from clearbar.errors import SettingsError
from clearbar.redact.kinds import Finding, Kind
from clearbar.redact.view import SEPARATOR, View

__all__ = ["CustomPatterns"]

try:
    import re2
except ImportError:  # pragma: no cover - platforms without the wheel
    re2 = None

_NAME: Final = re.compile(r"[a-z][a-z_]{0,30}")


class CustomPatterns:
    """Finds what a project's own patterns match.

    Only RE2's syntax is taken: its time is linear in the text whatever the pattern, so that none can be catastrophic.

    Parameters
    ----------
    patterns
        Name of the kind and regular expression.

    Raises
    ------
    SettingsError
        If a name or a pattern cannot be used.
    """

    def __init__(self, patterns: Mapping[str, str]) -> None:
        self._patterns: list[tuple[str, Any]] = []
        for name, pattern in patterns.items():
            self._patterns.append((name, _compiled(name, pattern)))
        self.names = frozenset(patterns)

    def find(self, view: View) -> Iterator[Finding]:
        """Yield the matches turn by turn."""
        for name, compiled in self._patterns:
            place = 0
            for turn in view.text.split(SEPARATOR):
                for match in compiled.finditer(turn):
                    start, end = match.span()
                    if start < end:
                        yield Finding(place + start, place + end, name, turn[start:end])
                place += len(turn) + 1


def _compiled(name: str, pattern: str) -> Any:
    setting = f"setting 'redaction.patterns.{name}'"
    if not _NAME.fullmatch(name) or name in set(Kind):
        raise SettingsError(f"{setting}: the name must be new, in small letters and underscores", fix="rename it")
    if re2 is None:  # pragma: no cover - platforms without the wheel
        raise SettingsError(f"{setting} needs google-re2, which is not installed here", fix="pip install google-re2")
    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(pattern, options)
    except re2.error as error:
        raise SettingsError(
            f"{setting} is no pattern that RE2 can read ({_reason(error)})",
            fix="look-around and back-references are not taken, since no bound on their time could be given",
        ) from None
    if compiled.search("") is not None:
        raise SettingsError(f"{setting} matches the empty text, and so everything", fix="let it need at least one character")
    return compiled


def _reason(error: Exception) -> str:
    told = error.args[0] if error.args else ""
    return told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
