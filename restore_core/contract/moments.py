"""The ways to write a time that a request may use: one table, for the parser and the schema. Pure.

Python's own reader is not asked: what it takes differs from version to version, and it takes a
fraction of a minute for one of a second. Whatever is read here, any version reads alike.
"""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

_YEAR: Final = "[0-9]{4}"
_MONTH: Final = "(?:0[1-9]|1[0-2])"
_DAY: Final = "(?:0[1-9]|[12][0-9]|3[01])"
_WEEK: Final = "W(?:0[1-9]|[1-4][0-9]|5[0-3])"
_DAY_OF_YEAR: Final = "(?:00[1-9]|0[1-9][0-9]|[12][0-9]{2}|3[0-5][0-9]|36[0-6])"
_DATES: Final = (
    f"{_YEAR}-{_MONTH}-{_DAY}",
    f"{_YEAR}{_MONTH}{_DAY}",
    f"{_YEAR}-{_WEEK}-[1-7]",
    f"{_YEAR}{_WEEK}[1-7]",
    f"{_YEAR}-?{_DAY_OF_YEAR}",
)

_HOUR: Final = "(?:[01][0-9]|2[0-3])"
_MINUTE: Final = "[0-5][0-9]"
_SECOND: Final = r"(?:[0-5][0-9]|60)(?:[.,][0-9]+)?"
_TIMES: Final = (
    f"{_HOUR}:{_MINUTE}(?::{_SECOND})?",
    f"{_HOUR}(?:{_MINUTE}(?:{_SECOND})?)?",
    "24:00(?::00(?:[.,]0+)?)?",
    "24(?:00(?:00(?:[.,]0+)?)?)?",
)

_DATE: Final = f"(?:{'|'.join(_DATES)})"
_TIME: Final = f"(?:{'|'.join(_TIMES)})"
_ZONE: Final = f"(?:[Zz]|[+-]{_HOUR}(?::?{_MINUTE})?)"

PATTERN: Final = f"{_DATE}[Tt ]{_TIME}{_ZONE}"
"""Every form, in what each dialect of regular expressions reads."""

_PARTS: Final = re.compile(f"({_DATE})(?:[Tt ]({_TIME})({_ZONE})?)?")
_MICROSECONDS: Final = 6
_AN_EXAMPLE: Final = "an example is 2026-11-21T02:00:00Z"


def moment_of(text: str) -> datetime:
    """Return the moment that `text` names, in UTC; raise ValueError, which says what is wrong."""
    parts = _PARTS.fullmatch(text)
    try:
        midnight = _midnight(parts[1]) if parts else None
    except (ValueError, OverflowError):  # It is written well, and in no calendar.
        midnight = None
    if parts is None or midnight is None:
        raise ValueError(f"it is no ISO 8601 time; {_AN_EXAMPLE}")
    if not parts[3]:
        raise ValueError(f"it has no time zone: add Z or an offset; {_AN_EXAMPLE}")
    try:
        return _checked(midnight + _since_midnight(parts[2]) - _offset(parts[3]), parts[2])
    except OverflowError:
        raise ValueError("it is out of range") from None


def _midnight(written: str) -> datetime:
    digits = written.replace("-", "")
    year, rest = int(digits[:4]), digits[4:]
    if rest.startswith("W"):
        day = date.fromisocalendar(year, int(rest[1:3]), int(rest[3]))
    elif len(rest) == len("MMDD"):
        day = date(year, int(rest[:2]), int(rest[2:]))
    else:
        day = date(year, 1, 1) + timedelta(days=int(rest) - 1)
        if day.year != year:
            raise ValueError("the year has no such day")
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _since_midnight(written: str) -> timedelta:
    """Return how far into its day a time is: 24:00 and a second of 60 fall into the next one."""
    whole, _, fraction = written.replace(":", "").replace(",", ".").partition(".")
    return timedelta(
        hours=int(whole[:2]),
        minutes=int(whole[2:4] or 0),
        seconds=int(whole[4:6] or 0),
        microseconds=int(fraction[:_MICROSECONDS].ljust(_MICROSECONDS, "0")),
    )


def _offset(written: str) -> timedelta:
    if written in ("Z", "z"):
        return timedelta(0)
    digits = written[1:].replace(":", "")
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return ahead if written[0] == "+" else -ahead


def _checked(moment: datetime, time: str) -> datetime:
    """Refuse a second of 60 that no leap second can be: these end a day of UTC."""
    is_leap = time.replace(":", "")[4:6] == "60"
    if is_leap and (moment.hour, moment.minute, moment.second) != (0, 0, 0):
        raise ValueError(f"it is no ISO 8601 time; {_AN_EXAMPLE}")
    return moment
