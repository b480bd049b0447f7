"""One world: a deployment of the app, an Azure, senders, and all that goes wrong under one seed."""

import functools
import logging
import typing
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any, Final
from unittest.mock import patch

from azure.data.tables import UpdateMode

import function_app
from restore_core.azure.tables import value_codec
from restore_core.azure.tables.durations import DURATIONS
from restore_core.azure.tables.outstanding import OUTSTANDING
from restore_core.azure.tables.restores import RESTORES
from restore_core.azure.tables.results import RESULTS
from restore_core.azure.tables.sets import SETS
from restore_core.azure.tables.sources import SOURCES
from restore_core.azure.tables.targets import LOCKS
from restore_core.contract.queue_names import EVENTS, POISON, REQUESTS, STEPS
from restore_core.lifecycle.status import Status
from restore_core.lifecycle.turn import Turn
from simulator.exchange import Request
from simulator.world import Job
from tests.fakes import Message
from tests.simulation import invariants
from tests.simulation.faults import stream
from tests.simulation.ground import Breach, Ground, Writer
from tests.simulation.host import SKEW, Host
from tests.simulation.plan import Plan, Sent
from tests.simulation.scheduler import Pool
from tests.simulation.senders import prepare
from tests.simulation.watch import Watch

ENDS: Final = frozenset(status.value for status in Status)
HORIZON: Final = 14 * 86400.0
"""After this everything has ended: two days of patience, a week of guarding, and some."""


@dataclass
class Report:
    """What became of one world."""

    seed: int
    restores: int
    faults: Counter[str]
    statuses: Counter[str]
    checks: Counter[str]
    breaches: list[Breach]
    trace: list[str]
    span: float
    """Seconds of virtual time."""
    calls: int


@dataclass
class World(Ground):
    """A world, before, while and after it runs."""

    patience: float = HORIZON
    """Seconds after which nothing is waited for any more, once nothing goes wrong."""
    plan: Plan | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.watch = Watch(self)
        self.early = timedelta(seconds=SKEW if self.faults.has("clock-skew") else 0)
        """By how much a process may hold a thing to be due that is not."""
        with _ids(self.seed, "before"):
            self.wants = self.plan or prepare(self)
        self.host = self.make_host()

    def make_host(self) -> Host:
        """Return what calls the functions."""
        return Host(self)

    # --------------------------------------------------------------------------------- its life

    def run(self) -> Report:
        """Live from the first message until nothing is left to do, and say what was found."""
        with _reproducible(self):
            self._deploy()
            for sent in self.wants.sent:
                if sent.number not in self.leave_out:
                    self.scheduler.at(sent.at, lambda sent=sent: self.send(sent))
            for when, change in self.wants.changes:
                self.scheduler.at(when, change)
            self.scheduler.at(self.wants.heals, self._heal)
            self.scheduler.at(self.wants.heals + self.patience, self.scheduler.stop)
            self.scheduler.run()
            self._tick_once_more()
        invariants.check(self.watch)
        return self._report()

    def _deploy(self) -> None:
        """Begin the processes; the tables and queues are there, as after the first tick."""
        for table in (RESTORES, OUTSTANDING, LOCKS, SOURCES, RESULTS, SETS, DURATIONS):
            self.tables.get_table_client(table).create_table()
        for name in (REQUESTS, STEPS, REQUESTS + POISON, STEPS + POISON, EVENTS):
            self.queue(name).create_queue()
        for _ in range(self.wants.processes):
            self.host.begin()

    def send(self, sent: Sent) -> None:
        """Put a message on the queue."""
        now = self.azure_clock()
        sent.inserted = now
        self.note(f"sent: {sent.request_id} {sent.kind}", restore=sent.request_id)
        self.queue(REQUESTS).messages.append(
            Message(sent.body.decode("utf-8", "surrogateescape"), now, now)
        )
        self.host.wake(REQUESTS, self.scheduler.now)

    def _heal(self) -> None:
        """Let nothing more go wrong."""
        self.note("from here on nothing goes wrong")
        self.faults.are_on = False
        self.outages.clear()
        self.simulator.habits.job_list_lag = timedelta(0)
        self.host.need_tick(self.scheduler.now)
        self._look_hourly()

    def _look_hourly(self) -> None:
        self.look_whether_it_is_over()
        self.scheduler.at(self.scheduler.now + 3600, self._look_hourly)

    def _tick_once_more(self) -> None:
        """Let an idle app tick, to see what that costs."""
        if self.host.processes:
            process = self.host.processes[0]
            for _ in range(2):
                self.scheduler.at(self.scheduler.now, lambda: self.host.tick(process))
                self.scheduler.at(self.scheduler.now + 60, self.scheduler.stop)
                self.idle_calls = self.calls
                self.scheduler.run()
            self.idle_calls = self.calls - self.idle_calls if self.host.processes else 0

    def look_whether_it_is_over(self) -> None:
        """Stop when nothing goes wrong any more and nothing is left to do."""
        if not self.faults.are_on and not self.host.is_at_work and self.is_idle():
            self.scheduler.stop()

    def is_idle(self) -> bool:
        """Tell whether nothing is outstanding and no message waits for the app."""
        queues = self.queues.queues.items()
        waiting = any(queue.messages for name, queue in queues if name != EVENTS)
        return not waiting and not self.tables.get_table_client(OUTSTANDING).rows

    # ------------------------------------------------------------------------ what others ask it

    def pool(self, size: int, **_: Any) -> Pool:
        """Return a pool of threads, which are tasks here."""
        return Pool(self.scheduler, size)

    def next_need(self) -> float | None:
        """Return when a tick may find something to do, or None while there is nothing."""
        dues = [row["due"] for row in self._outstanding()]
        if self._may_call() or self._may_decide():
            dues.append(self.azure_clock())
        poisoned = (
            message.visible_at
            for name in (REQUESTS, STEPS)
            for message in self.queue(name + POISON).messages
        )
        needs = [due - self.early for due in dues]
        moments = [*needs, *poisoned]
        return self.seconds(min(moments)) if moments else None

    def _outstanding(self) -> list[Any]:
        return [row for _, row in self.tables.get_table_client(OUTSTANDING).rows.values()]

    def _may_call(self) -> bool:
        """Tell whether a tick may give somebody a turn: one waits, and fewer run than may."""
        turns = Counter(row["turn"] for row in self._outstanding())
        waiting = turns[Turn.AWAITED] + turns[Turn.ENROLLED]
        return waiting > 0 and turns[Turn.TAKEN] < self.most_active()

    def _may_decide(self) -> bool:
        """Tell whether a tick may decide about somebody who follows: its leader has ended."""
        known = self.watch.documents
        leaders = (row.get("leader") for row in self._outstanding() if row["turn"] == Turn.FOLLOWS)
        return any("outcome" in known[one]["state"] for one in leaders if one in known)

    def most_active(self) -> int:
        """Return how many may run at once, by the settings of whichever process allows most."""
        return max((process.settings.max_active for process in self.host.processes), default=0)

    def replace_processes(self) -> None:
        """Let all processes end and others begin, as a change of settings does."""
        self.host.replace()

    def age_the_rows(self) -> None:
        """Let another version begin where the one before has written what is outstanding.

        Its key was made of the vault; and it left rows of restores that had ended or never came.
        """
        self.note("what is outstanding stands under an earlier version's keys")
        table = self.tables.get_table_client(OUTSTANDING)
        rows = [dict(row) for row in self._outstanding()]
        for row in rows:
            table.delete_entity(row["PartitionKey"], row["RowKey"])
        due = self.azure_clock() - timedelta(minutes=50)
        strays = {"due": due, "jobId": "", "turn": "taken", "acceptedAt": due}
        ended = (row["PartitionKey"] for row in self.rows(RESTORES) if row["status"] in ENDS)
        rows += [{**strays, "RowKey": name} for name in (*islice(ended, 2), "never-came")]
        for number, row in enumerate(rows):
            aged = {name: row[name] for name in ("RowKey", *strays)}
            aged["PartitionKey"] = f"{number % 3:032x}"
            table.upsert_entity(aged, UpdateMode.REPLACE)
        self.replace_processes()

    # ------------------------------------------------------------------------- what it is told

    def written(self, name: str, method: str, args: Any, process: Writer) -> None:
        """Look at a write that storage has obeyed."""
        if name == STEPS and method == "send_message":
            newest = self.queue(name).messages[-1]
            self.host.wake(name, self.seconds(newest.visible_at))
        elif name == OUTSTANDING and method == "upsert_entity":
            self.host.need_tick(self.seconds(args[0]["due"] - self.early))
        if name == OUTSTANDING and (self._may_call() or self._may_decide()):
            self.host.need_tick(self.scheduler.now)
        self.watch.written(name, method, args, process)

    def asks_arm(self, concerned: str) -> None:
        """Look at a call that leaves for ARM."""
        self.watch.following.asked(concerned)
        self.watch.turns.asked(concerned)

    def caused(self, job: Job, concerned: str, asked: Request) -> None:
        """Note for which restore a job was begun."""
        claim = asked.client_request_id or ""
        self.causes[job.name] = self.watch.claims.get(claim, concerned)
        self.note(f"JOB {job.name} begins", restore=self.causes[job.name])
        self.watch.job_begun(job, claim)

    def _report(self) -> Report:
        return Report(
            seed=self.seed,
            restores=len(self.tables.get_table_client(RESTORES).rows),
            faults=self.faults.counts,
            statuses=Counter(row["status"] for row in self.rows(RESULTS)),
            checks=self.checks,
            breaches=self.breaches,
            trace=self._trace_of(self.breaches[0].restore if self.breaches else ""),
            span=self.scheduler.now,
            calls=self.calls,
        )

    def _trace_of(self, restore: str) -> list[str]:
        """Return the trace, of one restore where one is named: its own lines and what all feel."""
        return [
            f"{_time(when)} {name:<24} {about:<6} {what}"
            for when, name, about, what in self.trace
            if not restore or about == restore or (not about and "->" not in what)
        ]


def _time(seconds: float) -> str:
    return f"{seconds // 3600:4.0f}h{seconds % 3600 // 60:02.0f}m{seconds % 60:06.3f}"


class _Listener(logging.Handler):
    def __init__(self, world: World) -> None:
        super().__init__(logging.INFO)
        self._world = world

    def emit(self, record: logging.LogRecord) -> None:
        self._world.watch.logged(record)


# Half of a world's time would go into asking the same of the same types again.
_HINTS: Final = functools.cache(typing.get_type_hints)
_PROTOCOLS: Final = functools.cache(typing._get_protocol_attrs)


@contextmanager
def _ids(seed: int, when: str) -> Iterator[None]:
    """Let ids come from the seed."""
    rng = stream(seed, f"ids {when}")
    real = uuid.uuid4, uuid.uuid1
    uuid.uuid4 = lambda: uuid.UUID(int=rng.getrandbits(128), version=4)
    uuid.uuid1 = lambda *_: uuid.UUID(int=rng.getrandbits(128), version=1)
    try:
        yield
    finally:
        uuid.uuid4, uuid.uuid1 = real


@contextmanager
def _reproducible(world: World) -> Iterator[None]:
    """Let pools be tasks and ids come from the seed, and hear every log line, while it runs."""
    listener, logger = _Listener(world), logging.getLogger("restore")
    kept = logger.level, logger.propagate
    with ExitStack() as stack:
        stack.enter_context(_ids(world.seed, "while"))
        stack.enter_context(patch.object(function_app, "ThreadPoolExecutor", world.pool))
        stack.enter_context(patch.object(value_codec, "get_type_hints", _HINTS))
        stack.enter_context(patch.object(typing, "_get_protocol_attrs", _PROTOCOLS))
        stack.callback(logger.removeHandler, listener)
        logger.addHandler(listener)
        logger.setLevel(logging.INFO)
        logger.propagate = False
        try:
            yield
        finally:
            logger.level, logger.propagate = kept


__all__ = ["Breach", "Report", "World"]
