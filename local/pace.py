"""How much faster than the recorded Azure a simulated one is: as it is typed, and kept up with."""

from __future__ import annotations

import argparse
import math
from datetime import timedelta
from typing import Final

from simulator import Pace

VARIABLE: Final = "SIMULATED_PACE"
"""Names the pace to the host: the app itself knows the real Azure only."""
RECORDED_JOB: Final = timedelta(seconds=246)
A_TICK: Final = timedelta(seconds=2)


def pace(text: str) -> float:
    """Return a pace; argparse shows the reason where it is none."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no pace: it is a number above 0, such as 12")
    return number


def azure_at(pace: float) -> Pace:
    """Return how the simulated Azure goes.

    A fast one says "look again soon" while it works; whether the real one does is not known.
    """
    return Pace(scale=pace, poll_retry_after=10 if pace > 1 else None)


def fast_settings(pace: float) -> dict[str, str]:
    """Return the settings by which the app looks as often as a fast Azure is worth it."""
    if pace <= 1:
        return {}
    return {
        VARIABLE: f"{pace:g}",
        "RESTORE_POLL_SCHEDULE": f"*/{A_TICK.seconds} * * * * *",
        "AzureFunctionsJobHost__extensions__queues__maxPollingInterval": "00:00:01",
    }


def keep_up(pace: float) -> None:
    """Let the app in this process look at a set's jobs when a fast Azure's have ended.

    The pause after a look that came too early would be as long as at the recorded pace.
    """
    if pace > 1:
        # Not above: a worker must find the app in its own folder, and imports this before it does.
        from restore_core.lifecycle import pace as times  # noqa: PLC0415

        times.JOBS_END_FROM = RECORDED_JOB / pace + A_TICK  # type: ignore[misc]
