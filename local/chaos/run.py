"""One run of chaos: restores are sent, things break, everything is judged and measured."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError, ResourceNotFoundError

from local.azurite import Azurite
from local.chaos.aged import Aged
from local.chaos.cloud import Cloud
from local.chaos.hosts import Hosts, kind_of
from local.chaos.lateness import longest_silence, silences, summary
from local.chaos.ledger import NAME, QUEUES, Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from local.chaos.plan import Plan

MOST_ACTIVE = 20  # Restores at once, so that some must wait for their turn.
MOMENT = 0.7  # seconds in which a message that was sent is taken, more or less.
GLANCE = 0.5  # seconds between two looks at the hosts and at what has ended.
TELL_EVERY = 15.0  # seconds between two lines while nothing is killed.


class Chaos:
    """One run."""

    def __init__(self, plan: Plan, folder: Path, say: Callable[[str], None]) -> None:
        self._plan = plan
        self._folder = folder
        self._say = say
        self._random = random.Random(plan.seed)  # noqa: S311 - no secret hangs on it.
        self._began = time.monotonic()
        (folder / "azurite").mkdir()
        self._since = datetime.now(UTC)
        self._kind = kind_of(plan, self._since)
        self._azurite = Azurite(folder / "azurite")
        self._cloud = Cloud(plan, folder, self._since)
        self.did: Counter[str] = Counter()
        self.under_way: list[int] = []
        """Restores that had not ended at each kill of a host or a worker."""
        self._disturbances: list[tuple[str, float]] = []
        self._figures: list[str] = []
        self._sent = 0

    def run(self) -> list[str]:
        """Do it all and return what is not as it must be."""
        try:
            self._azurite.start()
            self._cloud.start()
            self._ledger = Ledger(self._azurite.connection_string)
            self._aged = Aged(self._azurite.connection_string, self._plan.aged)
            self._aged.write()
            self._hosts = self._new_hosts()
            return self._run()
        finally:
            self._cloud.end()
            self._azurite.close()

    def figures(self) -> Iterator[str]:
        """Yield how late each restore was, and how long it was still after each disturbance."""
        yield from self._figures

    def _run(self) -> list[str]:
        try:
            self._hosts.start()
            self._break_things()
            self._send(self._plan.restores)
            self.did["seconds of kills"] = round(self._elapsed())
            ended = self._wait()
            self.did["seconds in all"] = round(self._elapsed())
            wrong = list(self._aged.purge())
        finally:
            self._hosts.end()
        self._figures = list(self._measured())
        wanted = {f"{NAME}{number}" for number in range(self._plan.restores)}
        wrong += self._ledger.judge(wanted, self._cloud.report(), self.did)
        return [*([] if ended else ["it did not end in time"]), *wrong]

    # ---------------------------------------------------------------------------------- doing

    def _new_hosts(self) -> Hosts:
        return Hosts(
            self._kind,
            number=self._plan.hosts,
            settings=self._settings(),
            logs=self._folder,
            ended=self._note,
        )

    def _settings(self) -> dict[str, str]:
        return {
            "AzureWebJobsStorage": self._azurite.connection_string,
            "AzureFunctionsWebHost__hostid": "chaos",
            "RestoreStorage": self._azurite.connection_string,
            "RESTORE_ALLOW": "* => *",
            "RESTORE_MAX_ACTIVE": str(min(MOST_ACTIVE, self._plan.restores // 2 + 1)),
            "RESTORE_EVENTS": "all",
            "RESTORE_JOB_LIST_LAG_SECONDS": "1",
            "RESTORE_POLL_SCHEDULE": f"*/{1 if self._plan.speed > 1 else 5} * * * * *",
            "AzureFunctionsJobHost__extensions__queues__maxPollingInterval": "00:00:01",
            "PYTHON_THREADPOOL_THREAD_COUNT": "16",
            **self._cloud.settings,
        }

    def _send(self, number: int) -> None:
        """Send so many more requests."""
        queue = self._ledger.queue(QUEUES[0])
        for _ in range(min(number, self._plan.restores - self._sent)):
            while True:
                try:
                    queue.send_message(json.dumps(self._request(self._sent)))
                    break
                except ResourceNotFoundError:  # The app creates its queues in its first tick.
                    self._sleep(GLANCE)
            self._sent += 1

    def _request(self, number: int) -> dict[str, str]:
        instance = self._cloud.instances[number]
        return {
            "requestId": f"{NAME}{number}",
            "backupInstanceId": instance,
            "targetResourceGroupId": instance.partition("/providers/")[0] + "-restored",
            "targetDiskName": f"restored-{number}",
        }

    def _break_things(self) -> None:
        events: list[Callable[[], None]] = [self._kill_host] * self._plan.kills
        others = [(self._kill_worker, self._plan.worker_kills)]
        others += [(each, self._plan.outages) for each in (self._stop_azurite, self._kill_cloud)]
        others += [(self._kill_purge, self._plan.purges)]
        for event, times in others:
            for _ in range(times):
                events.insert(self._random.randint(min(1, len(events)), len(events)), event)
        # The last half is sent a moment before something breaks: then a host holds the messages.
        self._send(self._plan.restores - self._plan.restores // 2)
        self._tell(f"{self._sent} requests are on the queue")
        for number, event in enumerate(events, 1):
            self._sleep(self._random.uniform(0.05, self._plan.longest_wait))
            self._send(self._plan.restores // 2 * number // len(events) - self._sent_late())
            time.sleep(self._random.uniform(0, MOMENT))
            event()

    def _sent_late(self) -> int:
        return self._sent - (self._plan.restores - self._plan.restores // 2)

    def _kill_host(self) -> None:
        self._count_under_way()
        host = self._hosts[self._random.randrange(len(self._hosts))]
        self._hosts.kill_one(host)
        self._note("host killed")
        self._hosts.start_one(host)

    def _kill_worker(self) -> None:
        self._count_under_way()
        host = self._hosts[self._random.randrange(len(self._hosts))]
        if host.kill_worker():
            self._note("worker killed")

    def _kill_purge(self) -> None:
        if self._aged.purge_and_kill():
            self._note("purge killed")

    def _stop_azurite(self) -> None:
        away = self._plan.away
        self._away("storage away", self._azurite.stop, self._azurite.start, away)

    def _kill_cloud(self) -> None:
        self._away("simulated Azure killed", self._cloud.kill, self._cloud.start, 0)

    def _away(
        self, what: str, stop: Callable[[], None], start: Callable[[], None], seconds: float
    ) -> None:
        """Let something be away for a while; now and then a host dies meanwhile, too."""
        host = self._hosts[0] if self._random.random() < 1 / 3 else None
        stop()
        if host:
            self._hosts.kill_one(host)
            self._note("host killed in an outage")
        self._sleep(seconds or self._random.uniform(0.2, self._plan.longest_wait))
        start()
        self._note(what)
        if host:
            self._hosts.start_one(host)

    def _wait(self) -> bool:
        """Wait until everything has ended; tell whether it did in time."""
        told = self._elapsed()
        while self._elapsed() < self._plan.patience:
            if self._ledger.results() >= self._plan.restores and not self._ledger.left_over():
                return True
            if self._elapsed() - told > TELL_EVERY:
                told = self._elapsed()
                self._tell("waiting")
            self._sleep(GLANCE)
        return False

    def _sleep(self, seconds: float) -> None:
        """Let time pass, and do meanwhile what the platform does: start again what has ended."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._hosts.look()
            time.sleep(min(GLANCE, left))

    # --------------------------------------------------------------------------------- telling

    def _measured(self) -> Iterator[str]:
        if self._plan.speed == 1:  # else rows are stamped by another clock than the app's.
            late = self._ledger.lateness()
            yield from map(str, late)
            yield from summary(late)
        ticks = self._hosts.ticks
        yield from silences(self._disturbances, ticks)
        yield f"the longest time between two ticks: {longest_silence(ticks):.1f} s"

    def _count_under_way(self) -> None:
        self.under_way.append(self._plan.restores - self._ledger.results())

    def _note(self, what: str) -> None:
        self.did[what] += 1
        self._disturbances.append((what, time.monotonic()))
        self._tell(f"{what} ({self.did[what]})")

    def _tell(self, what: str) -> None:
        try:
            stand = self._ledger.states()
        except AzureError:
            self._say(f"{self._elapsed():6.1f} s  {what}")
            return
        states = ", ".join(f"{state} {number}" for state, number in sorted(stand.items()))
        self._say(f"{self._elapsed():6.1f} s  {what:32} {states}")

    def _elapsed(self) -> float:
        return time.monotonic() - self._began
