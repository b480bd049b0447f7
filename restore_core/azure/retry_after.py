"""How long the service asks to be left alone: the header `Retry-After`. Pure."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from restore_core.lifecycle.pace import MAX_RETRY_AFTER


def span_of(header: str, now: datetime) -> timedelta | None:
    """Return the span, given as seconds or as an HTTP date; None where it is neither."""
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), MAX_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(zoned - now, timedelta()), MAX_RETRY_AFTER)
