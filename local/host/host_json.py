"""host.json as the host reads it: its queue settings and its time-out.

Both are open to overrides by the environment:
`AzureFunctionsJobHost__extensions__queues__maxPollingInterval=00:00:01` overrides that one value,
here as in Azure; names are compared without case.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

OVERRIDE = "azurefunctionsjobhost__"
QUEUES = "extensions__queues__"
TIME_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2}(?:\.\d+)?)")
DEFAULT_FUNCTION_TIMEOUT = timedelta(minutes=30)
SHORTEST_POLLING_INTERVAL = timedelta(milliseconds=100)


class HostJsonError(ValueError):
    """host.json asks for something that the host, or this local one, does not do."""


@dataclass(frozen=True)
class QueueSettings:
    """How queue triggers take messages. The defaults are the host's own."""

    batch_size: int = 16
    new_batch_threshold: int = 8
    max_dequeue_count: int = 5
    visibility_timeout: timedelta = timedelta(0)
    max_polling_interval: timedelta = timedelta(minutes=1)
    invisibility: timedelta = timedelta(minutes=10)  # Fixed in the host; host.json has no say.

    @classmethod
    def read(cls, host_json: Path, environment: Mapping[str, str]) -> QueueSettings:
        """Read the `queues` section, with its overrides."""
        values = _values(host_json, environment)
        found = {key.removeprefix(QUEUES): value for key, value in values.items()}
        return cls._checked(found)

    @classmethod
    def _checked(cls, found: Mapping[str, Any]) -> QueueSettings:
        if found.get("messageencoding") != "none":
            raise HostJsonError('The local host knows only "messageEncoding": "none".')
        batch_size = int(found.get("batchsize", cls.batch_size))
        longest = _time_span(found.get("maxpollinginterval"), cls.max_polling_interval)
        return cls(
            batch_size=batch_size,
            new_batch_threshold=int(found.get("newbatchthreshold", batch_size // 2)),
            max_dequeue_count=int(found.get("maxdequeuecount", cls.max_dequeue_count)),
            visibility_timeout=_time_span(found.get("visibilitytimeout"), cls.visibility_timeout),
            max_polling_interval=max(longest, SHORTEST_POLLING_INTERVAL),
        )


def function_timeout(host_json: Path, environment: Mapping[str, str]) -> timedelta | None:
    """Return how long an invocation may run; None for ever, which is written -1."""
    text = _values(host_json, environment).get("functiontimeout")
    return None if text == "-1" else _time_span(text, DEFAULT_FUNCTION_TIMEOUT)


def _values(host_json: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    values = dict(_flat(json.loads(host_json.read_text())))
    for name, value in environment.items():
        if name.lower().startswith(OVERRIDE):
            values[name.lower().removeprefix(OVERRIDE)] = value
    return values


def _flat(section: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in section.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name.lower()}__")
        else:
            yield prefix + name.lower(), value


def _time_span(text: str | None, default: timedelta) -> timedelta:
    if text is None:
        return default
    found = TIME_SPAN.fullmatch(text)
    if found is None:
        raise HostJsonError(f"host.json: {text!r} is no time span hh:mm:ss.")
    days, hours, minutes, seconds = found.groups()
    return timedelta(
        days=int(days or 0), hours=int(hours), minutes=int(minutes), seconds=float(seconds)
    )
