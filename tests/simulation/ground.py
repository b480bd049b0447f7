"""What every part of a world stands on: its time and chance, storage, Azure, and what is noted.

Processes, senders, the host and whoever watches know the ground and nothing above it. What they
report, and what only the world as a whole can answer, is declared here and done in `world`.
"""

import json
from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final, Protocol

from simulator import Simulator
from simulator.crowds import FULL
from simulator.exchange import Answer, Request
from simulator.world import Job, Operation
from tests.fakes import NOON, Io, MemoryQueues, MemoryTables, Message
from tests.simulation.faults import Faults
from tests.simulation.plan import Plan, Settings
from tests.simulation.scheduler import Scheduler

_OF_STORAGE: Final = ("storage-outage", "storage-gone-and-the-host")


@dataclass(frozen=True)
class Breach:
    """An invariant that does not hold, and for which restore."""

    invariant: str
    text: str
    restore: str = ""

    def __str__(self) -> str:
        return f"{self.invariant}: {self.text}" + (f" ({self.restore})" if self.restore else "")


class Writer(Protocol):
    """A process, to those who look at what it has written."""

    settings: Settings

    def clock(self) -> datetime:
        """Return what time this process holds it to be."""


class _Silent(Io):
    """Notes nothing: what leaves a process is noted there."""

    def __call__(self, what: str) -> Any:  # noqa: ARG002
        return nullcontext()


@dataclass
class Ground(ABC):
    """One world, as its parts know it."""

    seed: int
    kinds: frozenset[str]
    leave_out: frozenset[int] = frozenset()
    salt: int = 0
    tracing: bool = False
    function_timeout: float = 300
    slowest: float = 250
    breaches: list[Breach] = field(default_factory=list)
    token_heads: set[str] = field(default_factory=set)
    """How the tokens begin that were handed out: all in the same way."""

    def __post_init__(self) -> None:
        self.faults = Faults(self.seed, self.kinds, self.salt)
        self.latency = self.faults.stream("latency")
        self.scheduler = Scheduler(self.faults.stream("order").random)
        self.tables = MemoryTables(_Silent())
        self.queues = MemoryQueues(_Silent(), self.azure_clock)
        self.simulator = Simulator(now=self.azure_clock)
        self.simulator.identity.now = self.azure_clock
        self.trace: list[tuple[float, str, str, str]] = []
        self.checks: Counter[str] = Counter()
        self.calls = self.idle_calls = 0
        self.causes: dict[str, str] = {}
        """For which restore a job was begun, by the job's name."""
        self.validations: defaultdict[str, list[Operation]] = defaultdict(list)
        self.outages: dict[str, tuple[float, float]] = {}
        self.settings = Settings(allow="")
        self.settings_used: list[Settings] = []
        """Those of every process that has ever begun."""
        self.wants = Plan()
        self.host_lives = False
        """Whether the process that dies now leaves its host behind."""

    # ---------------------------------------------------------------------- what others ask it

    def azure_clock(self) -> datetime:
        """Return the time that is right."""
        return NOON + timedelta(seconds=self.scheduler.now)

    def seconds(self, moment: datetime) -> float:
        """Return a moment as this world's scheduler counts."""
        return (moment - NOON).total_seconds()

    def queue(self, name: str) -> Any:
        """Return a queue as the host sees it."""
        return self.queues.get_queue_client(name)

    def is_out(self, kind: str) -> bool:
        """Tell whether an outage lasts."""
        begin, end = self.outages.get(kind, (0.0, 0.0))
        return begin <= self.scheduler.now < end

    def end_of_storages_outage(self) -> float:
        """Return when the outage of storage ends that lasts."""
        return max(self.outages[kind][1] for kind in _OF_STORAGE if self.is_out(kind))

    def count_outage_of_storage(self) -> None:
        """Count a call that meets it."""
        self.faults.count(next(kind for kind in _OF_STORAGE if self.is_out(kind)))

    def is_storage_out(self, *, tables: bool) -> bool:
        """Tell whether the tables, or the queues, cannot be reached."""
        alone = self.wants.tables_alone and not tables
        return self.is_out("storage-gone-and-the-host") or (
            self.is_out("storage-outage") and not alone
        )

    def dies(self, kind: str, what: str) -> bool:  # noqa: ARG002  for plans of deaths
        """Tell whether a process dies here."""
        struck = self.faults.strikes("death")
        if struck == "worker-dies-alone" and kind == "death-before-a-call":
            kind = struck
        if struck != kind:
            return False
        self.faults.count(kind)
        self.host_lives = kind == "worker-dies-alone"
        return True

    def pause(self, what: str, seconds: float, *, is_answered: bool) -> None:  # noqa: ARG002
        """Let the current task wait for its call to arrive, or for the answer."""
        self.scheduler.sleep(seconds)

    def in_flight(self) -> bool:
        """Tell whether a call that had left when its process died is obeyed."""
        return self.faults.are_on and self.latency.random() < 0.5

    def begun_of_current(self) -> float:
        """Return when the current invocation began."""
        task = self.scheduler.current
        return task.begun if task else self.scheduler.now

    def let_the_list_lag(self) -> None:
        """Let a list of jobs miss what is younger than it, up to the setting."""
        if not self.faults.are_on or not self.faults.has("job-list-lag"):
            return
        least = self.wants.lag if self.wants.lags_steadily else 0.0
        lag = timedelta(seconds=self.latency.uniform(least, self.wants.lag))
        self.simulator.habits.job_list_lag = lag
        if any(
            job.started > self.azure_clock() - lag for job in self.simulator.world.jobs.values()
        ):
            self.faults.count("job-list-lag")

    def let_the_graph_lag(self) -> None:
        """Let Resource Graph be behind: its rows are candidates, however late they are."""
        if not self.faults.are_on or not self.faults.has("graph-lag"):
            return
        self.simulator.habits.graph_lag = timedelta(seconds=self.latency.uniform(0, 900))
        self.faults.count("graph-lag")

    def heard(self, answer: Answer) -> None:
        """Count what limits of Azure an answer tells of."""
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            self.faults.count("buckets-dry")
        elif FULL.encode() in answer.body:
            self.faults.count("vault-full")

    def rows_are_wrong(self) -> bool:
        """Tell whether Resource Graph shows the jobs of others as the one that is asked for."""
        wrong = self.faults.are_on and self.faults.has("graph-wrong-rows")
        if not wrong or self.latency.random() < 0.5:
            return False
        self.faults.count("graph-wrong-rows")
        return True

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Return what stands in a table."""
        rows: list[dict[str, Any]] = self.tables.get_table_client(table).list_entities()
        return rows

    # ------------------------------------------------------------------------- what it is told

    def note(self, what: str, answer: Any = None, restore: str = "") -> None:
        """Keep a line of the trace."""
        if self.tracing:
            task = self.scheduler.current
            name = task.name if task else "host"
            about = restore or (task.restore if task else "")
            shown = "" if answer is None else f" -> {_shown(answer)}"
            self.trace.append((self.scheduler.now, name, about, what + shown))

    def count_io(self, _name: str, _method: str) -> None:
        """Count a call that the app makes."""
        self.calls += 1

    def breach(self, invariant: str, text: str, restore: str = "") -> None:
        """Note that an invariant does not hold."""
        if len(self.breaches) < 20:
            self.breaches.append(Breach(invariant, text, restore))
            self.note(f"BREACH {invariant}: {text}", restore=restore)

    def delivered(self, name: str, message: Message) -> None:
        """Note a delivery."""
        if self.tracing:
            self.note(f"{name} delivers", restore=_id_in(message.content))

    def obeyed(self, asked: Request) -> None:
        """Note that ARM has obeyed a call."""
        if asked.path.endswith("/validateRestore") and self.simulator.world.operations:
            newest = next(reversed(self.simulator.world.operations.values()))
            if newest.kind == "validateRestore":
                self.validations[newest.target_id.lower()].append(newest)

    # ---------------------------------------------------------------- what the whole world does

    @abstractmethod
    def written(self, name: str, method: str, args: Any, process: Writer) -> None:
        """Look at a write that storage has obeyed."""

    @abstractmethod
    def asks_arm(self, concerned: str) -> None:
        """Look at a call that leaves for ARM, for a restore."""

    @abstractmethod
    def caused(self, job: Job, concerned: str, asked: Request) -> None:
        """Note for which restore a job was begun."""

    @abstractmethod
    def look_whether_it_is_over(self) -> None:
        """Stop when nothing goes wrong any more and nothing is left to do."""

    @abstractmethod
    def next_need(self) -> float | None:
        """Return when a tick may find something to do, or None while there is nothing."""

    @abstractmethod
    def most_active(self) -> int:
        """Return how many may run at once, by the settings of whichever process allows most."""

    @abstractmethod
    def age_the_rows(self) -> None:
        """Let what is outstanding stand as the version before has written it."""

    @abstractmethod
    def replace_processes(self) -> None:
        """Let all processes end and others begin, as a change of settings does."""


def _shown(answer: Any) -> str:
    status = getattr(answer, "status", None)
    if status is not None:
        body = getattr(answer, "body", b"")[:160]
        return f"HTTP {status} {body.decode('utf-8', 'replace')}"
    if isinstance(answer, dict) and "document" in answer:
        return json.loads(answer["document"])["state"]["is"]
    return str(answer)[:120]


def _id_in(text: str) -> str:
    try:
        return str(json.loads(text)["requestId"])
    except (ValueError, KeyError, TypeError):
        return text if len(text) < 20 else ""
