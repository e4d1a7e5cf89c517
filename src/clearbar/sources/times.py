"""Times in every usual form: seconds or milliseconds since 1970, seconds from the start, ISO 8601, `hh:mm:ss`."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

__all__ = ["BadTimeError", "read_instant", "read_moment", "read_times"]

_CLOCK: Final = re.compile(r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2}(?:[.,]\d{1,6})?)\s*(am|pm)?", re.IGNORECASE)
_TWO_PARTS: Final = re.compile(r"(\d{1,2}):\d{2}")
_HOURS: Final = 24
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")
_DAY: Final = 86_400.0
_UNIX_FROM: Final = 1e8
"""Numbers from here on (March 1973 in seconds) count from 1970; smaller ones count from the start of the conversation."""
_MILLISECONDS_FROM: Final = 1e11
"""Numbers from here on (the year 5138 in seconds) are milliseconds."""
_MICROSECONDS_FROM: Final = 1e14
_NANOSECONDS_FROM: Final = 1e17
_UNIX_TO: Final = 1e20
_SHORTEST_DATE: Final = len("20260101")


class BadTimeError(ValueError):
    """A time in no known form."""

    def __init__(self) -> None:
        super().__init__("is no time (expected seconds, milliseconds since 1970, ISO 8601 or hh:mm:ss)")


def read_instant(value: object) -> datetime:
    """Return the moment that a value names; without a zone it is taken as UTC.

    Raises
    ------
    BadTimeError
        If it names no moment (elapsed seconds and clock times without a date do not).
    """
    instant = _absolute(value)
    if instant is None:
        raise BadTimeError
    return _moment(instant)


def read_times(values: Sequence[object]) -> tuple[list[float | None], datetime | None]:
    """Return the seconds of each turn from the first timed one, and the moment of that one where it is known.

    Clock times that fall by more than half a day have passed midnight. `12:05` is minutes and seconds if the first turn comes within the
    first minute, as a recording's does, and hours and minutes otherwise.

    Raises
    ------
    BadTimeError
        With `args[1]`, the index of the turn.
    """
    values = _with_seconds(values)
    absolute: list[float | None] = []
    elapsed: list[float | None] = []
    midnights, last_clock = 0.0, 0.0
    for index, value in enumerate(values):
        try:
            instant, clock = _read(value)
        except BadTimeError as error:
            error.args = (*error.args, index)
            raise
        if clock is not None and isinstance(value, str) and ":" in value:
            midnights += _DAY if clock < last_clock - _DAY / 2 else 0.0
            last_clock = clock
            clock += midnights
        absolute.append(instant)
        elapsed.append(clock)
    first = next((instant for instant in absolute if instant is not None), None)
    if first is not None:
        return [None if instant is None else round(instant - first, 3) for instant in absolute], _moment(first)
    start = next((clock for clock in elapsed if clock is not None), 0.0)
    return [None if clock is None else round(clock - start, 3) for clock in elapsed], None


def read_moment(value: object) -> float:
    """Return a number by which times of one kind are put in order.

    Raises
    ------
    BadTimeError
        If there is no time.
    """
    instant, clock = _read(value)
    if instant is None and clock is None:
        raise BadTimeError
    return instant if instant is not None else clock or 0.0


def _with_seconds(values: Sequence[object]) -> Sequence[object]:
    """Write clock times of two parts with their seconds where they are hours and minutes."""
    short = [match for value in values if isinstance(value, str) and (match := _TWO_PARTS.fullmatch(value.strip()))]
    if not short or int(short[0][1]) == 0 or any(int(match[1]) >= _HOURS for match in short):
        return values
    return [f"{value.strip()}:00" if isinstance(value, str) and _TWO_PARTS.fullmatch(value.strip()) else value for value in values]


def _read(value: object) -> tuple[float | None, float | None]:
    """Return the moment or the elapsed seconds that a value names; neither where there is none."""
    if value is None or value == "":
        return None, None
    instant = _absolute(value)
    clock = _clock(value) if instant is None else None
    if instant is None and clock is None:
        raise BadTimeError
    return instant, clock


def _absolute(value: object) -> float | None:
    if isinstance(value, datetime):
        return _timestamp(value)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC).timestamp()
    if isinstance(value, int | float | Decimal):
        return None if isinstance(value, bool) else _unix(float(value))
    if not isinstance(value, str):
        return None
    text = value.strip()
    return _unix(float(text)) if _NUMBER.fullmatch(text) else _iso(text)


def _unix(number: float) -> float | None:
    if not _UNIX_FROM <= number < _UNIX_TO:
        return None
    for least, factor in ((_NANOSECONDS_FROM, 1e9), (_MICROSECONDS_FROM, 1e6), (_MILLISECONDS_FROM, 1e3)):
        if number >= least:
            return number / factor
    return number


def _iso(text: str) -> float | None:
    if len(text) < _SHORTEST_DATE or not text[:4].isdigit():
        return None
    try:
        moment = datetime.fromisoformat(text.replace(" UTC", "+00:00"))
    except ValueError:
        return None
    return _timestamp(moment)


def _timestamp(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _moment(seconds: float) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, tz=UTC)
    except ValueError:  # its zone carries it out of the calendar
        raise BadTimeError from None


def _clock(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if isinstance(value, int | float | Decimal):
        return float(value) if 0 <= value < _UNIX_FROM else None
    text = str(value).strip()
    if _NUMBER.fullmatch(text):
        return float(text) if 0 <= float(text) < _UNIX_FROM else None
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    hours, minutes, seconds, half = match.groups()
    if half and hours is None:  # 2:32 pm
        hours, minutes, seconds = minutes, seconds, "0"
    if half:
        hours = str(int(hours or 0) % 12 + (12 if half.lower() == "pm" else 0))
    return int(hours or 0) * 3600.0 + int(minutes) * 60.0 + float(seconds.replace(",", "."))
