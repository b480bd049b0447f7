"""Times and durations in the three spellings the service uses."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

BEFORE_TIME = "0001-01-01T00:00:00Z"  # What an operation that still runs says it ended at.


def precise(moment: datetime) -> str:
    """Return a time with seven digits of a second, as .NET prints it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def whole(moment: datetime) -> str:
    """Return a time in whole seconds, as an operation prints its end."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def http_date(moment: datetime) -> str:
    """Return a time as HTTP headers print it."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def ticks(moment: datetime) -> int:
    """Return .NET's ticks: tenths of a microsecond since the year 1."""
    since = moment.astimezone(UTC) - datetime(1, 1, 1, tzinfo=UTC)
    return since // timedelta(microseconds=1) * 10


def iso_duration(span: timedelta) -> str:
    """Return a duration as a single job prints it: `PT3M33.7473410S`, `PT0S`."""
    days, hours, minutes, seconds, micros = _parts(span)
    fraction = f".{micros:06d}0" if micros else ""
    clock = "".join(f"{n}{u}" for n, u in ((hours, "H"), (minutes, "M")) if n)
    clock += f"{seconds}{fraction}S" if seconds or micros or not (clock or days) else ""
    return "P" + (f"{days}D" if days else "") + (f"T{clock}" if clock else "")


def net_time_span(span: timedelta) -> str:
    """Return a duration as a list of jobs prints it: `03:48:41.1772840`, `1.09:22:25`."""
    days, hours, minutes, seconds, micros = _parts(span)
    head = f"{days}." if days else ""
    tail = f".{micros:06d}0" if micros else ""
    return f"{head}{hours:02d}:{minutes:02d}:{seconds:02d}{tail}"


def _parts(span: timedelta) -> tuple[int, int, int, int, int]:
    minutes, seconds = divmod(span.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return span.days, hours, minutes, seconds, span.microseconds
