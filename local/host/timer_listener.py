"""Fires one timer by its NCRONTAB schedule: six fields, seconds first, UTC.

A call never overlaps the one before. When a call outlasts its interval, the ticks it missed become
one, fired at once. For schedules of a minute or longer the next tick is kept in a file, so that a
host that was down at the time calls once with `past_due` when it is back. With a lock, it fires
only while that is held.
"""

from __future__ import annotations

import json
import logging
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from croniter import croniter

from local import whole_file
from local.host.triggers import Datum, Incoming

if TYPE_CHECKING:
    from pathlib import Path

    from local.host.timer_lock import TimerLock
    from local.host.triggers import Invoker, TimerTrigger

SHORTEST_MONITORED = timedelta(minutes=1)  # Shorter schedules are not monitored by the host.

log = logging.getLogger(__name__)


class Schedule:
    """When a timer fires."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.next_after(datetime.now(UTC))  # A wrong schedule fails here, not at night.

    def next_after(self, moment: datetime) -> datetime:
        """Return the first tick after `moment`; day of month and of week must both fit."""
        # Times from a real clock: croniter's sub-second arithmetic is not exact, so none is left.
        whole = moment.replace(microsecond=0)
        ticks = croniter(self._text, whole, second_at_beginning=True, day_or=False)
        found: datetime = ticks.get_next(datetime)
        return found

    def is_monitored(self) -> bool:
        """Tell whether the ticks are far enough apart for the host to remember them."""
        first = self.next_after(datetime.now(UTC))
        return self.next_after(first) - first >= SHORTEST_MONITORED


class TimerListener:
    """Fires one timer until it is stopped."""

    def __init__(
        self,
        trigger: TimerTrigger,
        *,
        invoker: Invoker,
        memory: Path | None = None,
        lock: TimerLock | None = None,
    ) -> None:
        self._trigger = trigger
        self._schedule = Schedule(trigger.schedule)
        self._invoker = invoker
        self._memory = memory if memory and self._schedule.is_monitored() else None
        self._lock = lock
        self._stopping = threading.Event()
        name = f"timer {trigger.function}"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to count."""
        self._thread.start()

    def stop(self) -> None:
        """Fire no more, and wait for the call that runs."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        if self._lock is None:
            self._count()
            return
        while not self._stopping.is_set() and self._lock.wait(self._stopping):
            self._count()
            self._lock.release()

    def _count(self) -> None:
        """Fire by the schedule until the host stops, or the lock is lost."""
        now = datetime.now(UTC)
        past_due = self._missed_while_down(now)
        if past_due or self._trigger.run_on_startup:
            self._fire(past_due=past_due)
        due = self._schedule.next_after(now)
        while not self._stopping.wait(max(0.0, (due - datetime.now(UTC)).total_seconds())):
            if self._lock and not self._lock.is_held():
                return
            fired_at = max(due, datetime.now(UTC))
            self._fire(past_due=False)
            due = self._schedule.next_after(fired_at)

    def _fire(self, *, past_due: bool) -> None:
        log.info("timer.fired function=%s", self._trigger.function)
        try:
            self._invoker.invoke(self._trigger, incoming(past_due=past_due))
        except Exception:
            log.exception("function.failed function=%s", self._trigger.function)
        self._remember(self._schedule.next_after(datetime.now(UTC)))

    def _missed_while_down(self, now: datetime) -> bool:
        if self._memory is None or not self._memory.exists():
            return False
        return datetime.fromisoformat(self._memory.read_text()) < now

    def _remember(self, due: datetime) -> None:
        if self._memory:
            whole_file.write(self._memory, due.isoformat())


def incoming(*, past_due: bool) -> Incoming:
    """Return what the host sends to a worker for a tick."""
    body = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": None, "IsPastDue": past_due}
    return Incoming(Datum(json.dumps(body), "json"))
