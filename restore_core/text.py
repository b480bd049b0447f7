"""Text from outside, made fit to show. It never lets through a line break or a signed query."""

import re
from datetime import UTC, datetime
from typing import Final

MAX_TEXT: Final = 1_500
"""Characters of an error or an advice that a row keeps: a person reads a few lines, not 64 KiB."""

MAX_ADVICE: Final = 8_192
"""Characters of an advice where it is shown: the service's own, ours, and our commands, which are
of use only whole."""

MAX_QUOTE: Final = 80
"""Characters of a caller's value that a reason quotes back."""

# Possessive and whole, so that no text takes more than one pass: 64 KiB of "eyJeyJ…", sent as a
# message, would else cost a worker seconds.
_URL: Final = re.compile(r"(https?://[^\s?\"'<>]++)(\?[^\s\"'<>]*+)?", re.IGNORECASE)
_BEARER: Final = re.compile(r"(bearer\s+)[\w.~+/=-]+", re.IGNORECASE)
_TOKEN: Final = re.compile(r"eyJ[\w-]++(\.[\w-]++\.[\w-]*+)?")
_UNSHOWABLE: Final = re.compile(
    "[\x00-\x20\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]+"
)


def one_line(text: str, limit: int = MAX_TEXT) -> str:
    """Return `text` as one line of at most `limit` characters, without secrets.

    Control characters, bidirectional marks, byte order marks and lone surrogates (which no
    table can hold) become a space. The query of every URL is cut, because an operation URL
    carries its signature there (measured since 2024), and so is whatever looks like a token.
    """
    text = _UNSHOWABLE.sub(" ", text).strip()
    text = _URL.sub(lambda url: f"{url[1]}?…" if url[2] else url[0], text)
    text = _BEARER.sub(r"\1…", text)
    text = _TOKEN.sub(lambda token: "…" if token[1] else token[0], text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def quoted(value: object) -> str:
    """Return a caller's value as a reason shows it: one line, cut, in quotation marks."""
    return f"'{one_line(str(value), MAX_QUOTE)}'"


def shown(value: object) -> str:
    """Return a JSON value as a reason shows it: text quoted, of anything else its type."""
    return quoted(value) if isinstance(value, str) else json_type(value)


def json_type(value: object) -> str:
    """Return the type of a JSON value, as a person says it."""
    if value is None:
        return "null"
    names = {bool: "a boolean", int: "a number", float: "a number", str: "text", list: "a list"}
    return names.get(type(value), "an object")


def utc_text(moment: datetime) -> str:
    """Return `moment` as people and ARM write it: `2026-11-21T02:00:00Z`."""
    return f"{moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat()}Z"
