"""Every plan of deaths, and every interleaving of two workers, over the life of one restore.

A life is short here: one request, the pace of the vault quickened. `Life` says how it is to end.
Where another restore must be there for it to wait for, or to be refused for, that one is not
looked at: no one dies while it is worked on.

Deaths. A process can die before and after each call that leaves it, and when a function is at its
end. Where nothing has changed in storage or in Azure between two such points they are one: dying
after a call is dying before the next one, and between two questions nothing happens. So a point is
where something has changed since the last one: a write, a POST, a message taken.

Races. At one delivery (or tick) the same work is given to two processes at the same moment, and
which of them makes its next call is chosen every time; all choices are tried, with a bound on how
often the one that could go on must stand back. Other races are of two different pieces of work.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any, Final

from restore_core.contract.queue_names import REQUESTS, STEPS
from restore_core.lifecycle.budget import GLANCE
from restore_core.lifecycle.outbox import Stage
from restore_core.lifecycle.pace import OPERATION_PATIENCE
from restore_core.lifecycle.quota import Bucket, Quota
from simulator import faults as spoil
from simulator import outcomes
from simulator.exchange import Answer, Request
from simulator.outcomes import Outcome
from simulator.pace import Pace
from simulator.world import Job
from tests import builders, envelopes
from tests.fakes import NOON, Message
from tests.simulation import dress, incidents
from tests.simulation.azure import GATEWAY, LOCKED
from tests.simulation.host import Delivery, Host
from tests.simulation.plan import Plan, Sent, Settings
from tests.simulation.process import Process
from tests.simulation.senders import HOME, VAULTS
from tests.simulation.world import Report, World

_JOB: Final = timedelta(seconds=50)
PACE: Final = Pace(
    validation=timedelta(seconds=12),
    job=_JOB,
    validation_retry_after=10,
    operation_retry_after=10,
)
TARGET: Final = "t0"
NEVER: Final = 1e9
"""Seconds that no world lives."""
_ASKS_ONLY: Final = (".create_table", ".create_queue", ".receive_messages", ".query_entities")


@dataclass(frozen=True)
class Life:
    """How one restore is to end."""

    status: str
    scripted: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    spoils_post: spoil.Fault | None = None
    max_age: timedelta = timedelta(hours=48)
    lag: timedelta = timedelta(seconds=600)
    settings: dict[str, Any] = field(default_factory=dict)
    """Others than the usual ones."""
    others: tuple[dict[str, Any], ...] = ()
    """The fields of restores that are asked for before, each of a disk of its own."""
    sooner: float = 15
    """Seconds by which they are."""
    late: dict[str, Any] | None = None
    """The fields of one that is asked for when a race begins."""
    ends: dict[str, int] = field(default_factory=dict)
    """How all end, where there are others."""
    or_ends: dict[str, int] = field(default_factory=dict)
    """How they may end as well, where a death makes it late or leaves a claim behind."""
    spoils_second_post: spoil.Fault | None = None
    """What the second POST restore is answered."""
    spoils_polls: spoil.Fault | None = None
    """What the first poll of the restore's operation is answered."""
    leaves_a_disk: bool = False
    """Whether its target exists when its first job has failed."""
    is_alert: bool = False
    kind: str = "good"
    codes: frozenset[str] = frozenset()
    job_decides: bool = False
    """Until its job would end it is the completed one; deaths before are tried there."""
    alike: float = 0
    """Seconds in which it is as others are, and long: no deaths are tried there."""
    scripted_of: dict[str, dict[str, Any]] = field(default_factory=dict)
    """How the restores of others end, by their targets."""
    happens: tuple[tuple[float, Callable[["_Small"], None]], ...] = ()
    """What happens around it, and when."""
    disks: tuple[bool, ...] = ()
    """Of a set of a machine: its disks, and whether each is protected. Deaths come from the moment
    on at which it is asked for."""
    withdrawn: tuple[float, ...] = ()
    """When it is withdrawn, or the one that `withdrawn_is` names."""
    withdrawn_is: str = "r0"
    among: frozenset[str] = frozenset()
    """The statuses of all rows, where it depends on the moment of a death who ends how."""


_SOURCE: Final = f"{HOME}/providers/Microsoft.Compute/disks/disk-0"
LOOKED_UP: Final = {"sourceDiskId": _SOURCE, "backupInstanceId": ...}


def _unmarked(_: Answer) -> Answer:
    """Return the answer that a lock stands in the way, which the gateway has not given."""
    return Answer.of({"error": {"code": "ScopeLocked", "message": LOCKED}}, 409)


def _lengthen_the_list(world: "_Small") -> None:
    """Let the job stand behind more pages than one look reads, and the graph show nothing."""
    world.simulator.habits.graph = "empty"
    world.simulator.habits.page_size = 1
    world.simulator.add_history(world.wants.sent[0].instance, 2 * GLANCE)


MACHINE: Final = f"{HOME}/providers/Microsoft.Compute/virtualMachines/vm-0"
_OS_DISK: Final = f"{HOME}/providers/Microsoft.Compute/disks/vm-0-os"
A_SET: Final = {
    "backupInstanceId": ...,
    "targetDiskId": ...,
    "sourceVirtualMachineId": MACHINE,
    "vaultId": f"{VAULTS}/vault-1",
    "targetResourceGroupId": builders.TARGET_GROUP,
}
AT_VAULT_1: Final = {"vaultId": f"{VAULTS}/vault-1"}
_A_STRANGER: Final = {"requestId": incidents.member_id("r0", _OS_DISK), "reason": "a stranger's"}
_FOR_NOW: Final = outcomes.fails("CloudInternalError")
AT_HOME: Final = {"default_vault": f"{VAULTS}/vault-1"}

LIVES: Final[dict[str, Life]] = {
    "completed": Life("Completed"),
    "completed with warnings": Life(
        "CompletedWithWarnings", {"job": outcomes.completes_with_warnings()}, job_decides=True
    ),
    "job failed": Life("Failed", {"job": outcomes.fails("UserErrorJob")}, job_decides=True),
    "job cancelled": Life("Cancelled", {"job": outcomes.cancelled()}, job_decides=True),
    "operation failed": Life("Failed", {"operation": outcomes.fails("UserErrorLate")}),
    "validation failed": Life(
        "Rejected",
        {"validation": outcomes.fails("UserErrorSomething")},
        codes=frozenset({"UserErrorSomething"}),
    ),
    "not allowed": Life(
        "Rejected",
        fields={"targetDiskId": builders.disk(TARGET, f"{builders.TARGET_GROUP}-other")},
        kind="forbidden",
    ),
    "validated only": Life("Validated", fields={"validateOnly": True}),
    "answer to the restore lost": Life("Completed", spoils_post=spoil.lose_answer()),
    "restore never arrived": Life(
        "Completed", spoils_post=spoil.reset(), lag=timedelta(seconds=60)
    ),
    "timed out": Life(
        "TimedOut",
        {"job": Outcome(lasts=timedelta(minutes=20))},
        max_age=timedelta(minutes=15),
        lag=timedelta(seconds=60),
        job_decides=True,
    ),
    "asked for by an alert that names a disk": Life(
        "Completed", fields=LOOKED_UP, settings=AT_HOME, is_alert=True
    ),
    "told of everything": Life("Completed", settings={"notices": frozenset(Stage)}),
    "too late": Life("Rejected", fields={"notAfter": (NOON + timedelta(seconds=12)).isoformat()}),
    "queued": Life(
        "Completed",
        settings={"max_active": 1, "notices": frozenset(Stage)},
        others=({},),
        ends={"Completed": 2},
    ),
    "too late while queued": Life(
        "Rejected",
        fields={"notAfter": (NOON + timedelta(seconds=40)).isoformat()},
        settings={"max_active": 1},
        others=({},),
        ends={"Completed": 1, "Rejected": 1},
    ),
    "restored already": Life(
        "Rejected", others=(LOOKED_UP,), settings=AT_HOME, ends={"Completed": 1, "Rejected": 1}
    ),
    "follows one that completes": Life(
        "Rejected",
        fields=LOOKED_UP,
        others=(LOOKED_UP, LOOKED_UP),
        settings={**AT_HOME, "notices": frozenset(Stage)},
        ends={"Completed": 1, "Rejected": 2},
    ),
    "follows, and goes ahead": Life(
        "Completed",
        fields=LOOKED_UP,
        others=(LOOKED_UP,),
        scripted_of={"t1": {"job": outcomes.fails("UserErrorJob")}},
        settings={**AT_HOME, "notices": frozenset(Stage)},
        ends={"Failed": 1, "Completed": 1},
    ),
    "follows who goes ahead": Life(
        "Rejected",
        fields=LOOKED_UP,
        others=(LOOKED_UP, LOOKED_UP),
        scripted_of={"t1": {"operation": outcomes.fails("UserErrorLate")}},
        settings=AT_HOME,
        sooner=52,
        ends={"Failed": 1, "Completed": 1, "Rejected": 1},
    ),
    "follows, and two have failed": Life(
        "Rejected",
        fields=LOOKED_UP,
        others=(LOOKED_UP, LOOKED_UP),
        scripted_of={
            "t1": {"operation": outcomes.fails("UserErrorLate")},
            "t2": {"operation": outcomes.fails("UserErrorLate")},
        },
        settings=AT_HOME,
        ends={"Failed": 2, "Rejected": 1},
        or_ends={"Failed": 2, "Completed": 1},
    ),
    "follows who goes ahead and is withdrawn": Life(
        "Completed",
        fields=LOOKED_UP,
        others=(LOOKED_UP, LOOKED_UP),
        scripted_of={"t1": {"operation": outcomes.fails("UserErrorLate")}},
        settings=AT_HOME,
        sooner=52,
        withdrawn=(100,),
        withdrawn_is="r2",
        ends={"Failed": 1, "Cancelled": 1, "Completed": 1},
    ),
    "follows who goes ahead for one that was withdrawn": Life(
        "Completed",
        fields=LOOKED_UP,
        others=(LOOKED_UP, LOOKED_UP),
        scripted_of={"t2": {"operation": outcomes.fails("UserErrorLate")}},
        settings=AT_HOME,
        withdrawn=(20,),
        withdrawn_is="r1",
        ends={"Cancelled": 1, "Failed": 1, "Completed": 1},
    ),
    "follows one that is cancelled": Life(
        "Rejected",
        fields=LOOKED_UP,
        others=(LOOKED_UP,),
        scripted_of={"t1": {"job": outcomes.cancelled()}},
        settings=AT_HOME,
        ends={"Cancelled": 1, "Rejected": 1},
        or_ends={"Cancelled": 1, "Completed": 1},
    ),
    "two for one target": Life(
        "Completed",
        others=({"targetDiskId": builders.disk(TARGET)},),
        sooner=0,
        ends={"Completed": 1, "Rejected": 1},
    ),
    "job started anew": Life(
        "Completed", {"job": [_FOR_NOW]}, or_ends={"Failed": 1}, job_decides=True
    ),
    "job started anew, and fails again": Life(
        "Failed", {"job": [_FOR_NOW, _FOR_NOW]}, job_decides=True
    ),
    "job started anew, its answer lost": Life(
        "Completed",
        {"job": [_FOR_NOW]},
        spoils_second_post=spoil.lose_answer(),
        or_ends={"Failed": 1},
        job_decides=True,
    ),
    "job of a second claim, not started anew": Life(
        "Failed",
        {"job": [_FOR_NOW]},
        spoils_post=spoil.reset(),
        lag=timedelta(seconds=60),
        or_ends={"Completed": 1},
    ),
    "job limited, never started anew": Life(
        "Failed", {"job": outcomes.fails("CloudDosLimit")}, job_decides=True
    ),
    "started anew, and the target exists": Life(
        "Failed",
        {"job": [_FOR_NOW]},
        leaves_a_disk=True,
        job_decides=True,
    ),
    "a lock on the vault, seen by the gateway": Life(
        "Rejected",
        spoils_post=spoil.status(409, "ScopeLocked", LOCKED, GATEWAY),
        or_ends={"Completed": 1},
        codes=frozenset({"ScopeLocked"}),
    ),
    "a lock on the vault, told by nobody knows whom": Life(
        "Completed",
        spoils_post=spoil.status(409, "ScopeLocked", LOCKED),
        lag=timedelta(seconds=60),
    ),
    "triggered under a lock all the same": Life("Completed", spoils_post=spoil.Altered(_unmarked)),
    "a lock that comes too late": Life("Completed", spoils_polls=spoil.status(409, "ScopeLocked")),
    "rows of an earlier version": Life(
        "Completed",
        others=({},),
        settings={"max_active": 1},
        ends={"Completed": 2},
        happens=((30, World.age_the_rows), (75, World.age_the_rows)),
    ),
    "tries again behind a healthy vault": Life(
        "Completed",
        {"validation": [outcomes.fails("CloudInternalError")] * 2},
        settings={"max_active": 1, "notices": frozenset(Stage)},
        others=({}, {}),
        ends={"Completed": 3},
    ),
    "an operation that never ends, before a long list": Life(
        "Completed",
        {"operation": outcomes.never()},
        max_age=timedelta(hours=6),
        lag=timedelta(seconds=60),
        alike=OPERATION_PATIENCE.total_seconds(),
        happens=((0.1, _lengthen_the_list),),
    ),
    "so little time is left": Life(
        "TimedOut",
        {"validation": Outcome(lasts=timedelta(minutes=10))},
        max_age=timedelta(minutes=15),
        lag=timedelta(seconds=60),
    ),
}


def _takes_one_at_a_time(world: "_Small") -> None:
    limits = world.simulator.habits.limits
    world.simulator.habits.limits = replace(limits, restores_of_vault=1)


SETS: Final[dict[str, Life]] = {
    "a set": Life(
        "PartlyCompleted",
        fields=A_SET,
        disks=(True, True, False),
        max_age=timedelta(hours=3),
        ends={"PartlyCompleted": 1, "Completed": 2},
    ),
    "a set by turns, told of everything": Life(
        "Completed",
        fields=A_SET,
        disks=(True, True),
        settings={"max_active": 1, "notices": frozenset(Stage)},
        ends={"Completed": 3},
    ),
    "a rehearsal": Life(
        "Validated",
        fields={**A_SET, "validateOnly": True},
        disks=(True, True),
        ends={"Validated": 3},
    ),
    "a set withdrawn at once": Life(
        "Cancelled",
        fields=A_SET,
        disks=(True, True),
        settings={"max_active": 1},
        withdrawn=(6,),
        among=frozenset({"Cancelled", "Completed", "PartlyCompleted", "Ignored", "Rejected"}),
    ),
    "a set withdrawn while its disks come back": Life(
        "PartlyCompleted",
        fields=A_SET,
        disks=(True, True),
        settings={"max_active": 1},
        withdrawn=(55, 60),
        among=frozenset({"Cancelled", "Completed", "PartlyCompleted", "Ignored", "Rejected"}),
    ),
    "a set with a stranger under a member's id": Life(
        "PartlyCompleted",
        fields=A_SET,
        disks=(True, True),
        max_age=timedelta(hours=3),
        others=(_A_STRANGER,),
        sooner=2,
        ends={
            "PartlyCompleted": 1,
            "Completed": 2,
        },
        or_ends={"Completed": 3, "Rejected": 1},
    ),
    "a set of what is back in part": Life(
        "CompletedWithWarnings",
        fields=A_SET,
        disks=(True, True),
        others=({"backupInstanceId": ..., "sourceDiskId": _OS_DISK, **AT_VAULT_1},),
        sooner=150,
        ends={"CompletedWithWarnings": 1, "Completed": 2, "Rejected": 1},
    ),
    "a set of what is back from after its cut-off": Life(
        "PartlyCompleted",
        fields={**A_SET, "pointInTime": (NOON - timedelta(days=1)).isoformat()},
        disks=(True, True),
        others=({"backupInstanceId": ..., "sourceDiskId": _OS_DISK, **AT_VAULT_1},),
        sooner=150,
        ends={"PartlyCompleted": 1, "Completed": 2, "Rejected": 1},
    ),
    "two sets of one machine": Life(
        "Rejected",
        fields=A_SET,
        disks=(True, True),
        others=(A_SET,),
        sooner=20,
        ends={"Completed": 3, "Rejected": 1},
    ),
}
"""Lives of sets of a machine."""
LIVES |= SETS

BESIDE: Final[dict[str, Life]] = {
    "a set behind singles, by turns": Life(
        "Completed",
        fields=A_SET,
        disks=(True, True),
        settings={"max_active": 1},
        others=({}, {}),
        sooner=5,
        ends={"Completed": 5},
    ),
    "a set within a small quota": Life(
        "Completed",
        fields=A_SET,
        disks=(True,) * 6,
        settings={"quota": Quota(Bucket(60, 5), Bucket(2, 0.1))},
        ends={"Completed": 7},
    ),
    "a set in a vault that takes one at a time": Life(
        "Completed",
        fields=A_SET,
        disks=(True, True, True),
        happens=((0.1, _takes_one_at_a_time),),
        ends={"Completed": 4},
    ),
}
"""More lives of sets, of which no deaths are tried: what may be given when."""

RIVALS: Final[dict[str, Life]] = {
    "two sets": Life(
        "Completed",
        fields=A_SET,
        disks=(True, True),
        others=(A_SET,),
        sooner=0,
        ends={"Completed": 3, "Rejected": 1},
    ),
    "set and withdrawal": Life(
        "Cancelled",
        fields=A_SET,
        disks=(True, True),
        withdrawn=(0.5,),
        among=frozenset({"Cancelled", "Completed", "PartlyCompleted", "Rejected"}),
    ),
    "two requests": Life(
        "Completed",
        fields=LOOKED_UP,
        others=(LOOKED_UP,),
        sooner=0,
        settings=AT_HOME,
        ends={"Completed": 1, "Rejected": 1},
    ),
    "two turns": Life(
        "Completed", settings={"max_active": 1}, others=({}, {}), ends={"Completed": 3}
    ),
    "request and turn": Life(
        "Completed", settings={"max_active": 1}, others=({},), late={}, ends={"Completed": 3}
    ),
}
"""Lives for races of different pieces of work, by the race: for a source, for a turn."""


class _Small(World):
    """A world with one restore, or one and a few others, and no chance in it."""

    life: Life
    late: Sent

    def __init__(self, life: Life, **options: Any) -> None:
        self.life = life
        heals = 1 + life.sooner * bool(life.others)
        super().__init__(0, frozenset(), plan=Plan(heals=heals, processes=1), **options)
        self.simulator.habits.pace = PACE
        usual = Settings(builders.ALLOW, max_age=life.max_age, job_list_lag=life.lag)
        self.settings = replace(usual, **life.settings)
        if life.disks:
            self._have_a_machine(life.disks)
        self._ask(0, 0.5 + life.sooner * bool(life.others), life.fields, life.kind)
        for number, fields in enumerate(life.others, 1):
            another = self._ask(number, 0.5 + (number - 1) * life.sooner / 10, fields, "good")
            another.target = another.fields.get("targetDiskId", "").rsplit("/", 1)[-1]
        for when in life.withdrawn:
            self._withdraw(when)
        if life.late is not None:
            self.late = self._ask(len(self.wants.sent), NEVER, life.late, "good")
        self.wants.refusals[TARGET] = set(life.codes)
        self.wants.endless.add(TARGET)
        if life.scripted:
            self.simulator.script(TARGET, **life.scripted)
        for target, scripted in life.scripted_of.items():
            self.simulator.script(target, **scripted)
        for when, what in life.happens:
            self.wants.changes.append((when, partial(what, self)))
            self.wants.heals = max(self.wants.heals, when + 1)
        if life.spoils_post:
            self.simulator.next("POST", "/restore", life.spoils_post)
        if life.spoils_polls:
            self.simulator.next("GET", "/backupJobs/*", life.spoils_polls)

    def _ask(self, number: int, at: float, changes: dict[str, Any], kind: str) -> Sent:
        """Have a restore asked for, of the disk and to the target of its number."""
        instance = self.simulator.protect(f"disk-{number}", subscription=builders.SUBSCRIPTION)
        fields = {
            "requestId": f"r{number}",
            "backupInstanceId": instance,
            "targetDiskId": builders.disk(f"t{number}"),
            **changes,
        }
        fields = {name: value for name, value in fields.items() if value is not ...}
        body, request_id = envelopes.sent(fields), str(fields["requestId"])
        if self.life.is_alert:
            body = envelopes.sent(dress.fired(fields, number, leaves_the_disk_out=True))
            request_id = dress.id_of_alert(number)
        kind = "set" if "sourceVirtualMachineId" in fields else kind
        sent = Sent(number, at, request_id, kind, body, f"t{number}", instance)
        sent.validates_only, sent.fields = bool(fields.get("validateOnly")), fields
        sent.source = fields.get("sourceDiskId") or self.simulator.source_disk(instance)
        self.wants.sent.append(sent)
        return sent

    def _have_a_machine(self, disks: tuple[bool, ...]) -> None:
        """Have a machine whose disks are protected, or are not."""
        names = [f"data-{number}" for number in range(len(disks) - 1)]
        machine = self.simulator.add_machine(
            MACHINE, os_disk=_OS_DISK, data_disks=names, subscription=builders.SUBSCRIPTION
        )
        found = self.simulator.disks_of(machine)
        self.wants.meant[machine.lower()] = [frozenset(disk.lower() for disk in found)]
        for disk, is_protected in zip(found, disks, strict=True):
            if is_protected:
                self.simulator.protect(disk, subscription=builders.SUBSCRIPTION)

    def _withdraw(self, when: float) -> None:
        number = len(self.wants.sent)
        name = self.life.withdrawn_is
        fields = {"withdraw": name, "requestedBy": f"somebody {number}"}
        sent = Sent(number, when, name, "withdrawal", envelopes.sent(fields), fields=fields)
        self.wants.sent.append(sent)
        self.wants.heals = max(self.wants.heals, when + 1)

    def in_flight(self) -> bool:
        return False

    def caused(self, job: Job, concerned: str, asked: Request) -> None:
        super().caused(job, concerned, asked)
        if self.life.spoils_second_post and len(self.simulator.world.jobs) == 1:
            self.simulator.next("POST", "/restore", self.life.spoils_second_post)
        if self.life.leaves_a_disk and len(self.simulator.world.jobs) == 1:
            ended = self.scheduler.now + _JOB.total_seconds() + 1
            self.scheduler.at(ended, lambda: self.simulator.add_disk(job.target_id))

    def run(self) -> Report:
        report = super().run()
        ends = Counter(self.life.ends or {self.life.status: 1})
        if self.life.among:
            if not self.breaches and not {*report.statuses} <= self.life.among:
                self.breach("I1", f"it ended as {dict(report.statuses)}")
        elif not self.breaches and report.statuses not in (ends, self.life.or_ends or ends):
            self.breach("I1", f"it ended as {dict(report.statuses)}, not as {ends}")
        return report


class Dying(_Small):
    """A life with deaths at points of a plan."""

    def __init__(self, life: Life, deaths: frozenset[int], **options: Any) -> None:
        self.deaths = deaths
        self.points: list[float] = []
        """When each point was passed."""
        self.has_changed = False
        super().__init__(life, **options)
        self.others = {sent.request_id for sent in self.wants.sent if sent.number > 0}

    def dies(self, kind: str, what: str) -> bool:
        if not self.has_changed or (kind == "death-after-a-call" and "the end of" not in what):
            return False
        task = self.scheduler.current
        if task is not None and task.restore in self.others and not self.life.disks:
            return False
        if self.life.disks and not self._is_of_the_set(task.restore if task else ""):
            return False
        self.has_changed = False
        self.points.append(self.scheduler.now)
        return len(self.points) - 1 in self.deaths

    def _is_of_the_set(self, concerned: str) -> bool:
        """Tell whether a death here is one of the set's life, and not one of its second member's.

        Its members are alike: what deaths do on the way of one, they do on the way of all.
        """
        if self.scheduler.now < self.wants.sent[0].at:
            return False
        state = self.watch.documents.get(concerned, {}).get("state", {"is": ""})["is"]
        return ".data-" not in concerned or state in ("", "Enrolled", "Ending")

    def first_of_its_own(self) -> int:
        """Return the first point that the completed life does not have as well."""
        jobs = list(self.simulator.world.jobs.values())
        if not self.life.job_decides or not jobs:
            return self.first_after(self.life.alike)
        return self.first_after(self.seconds(jobs[0].started + _JOB))

    def first_after(self, ends: float) -> int:
        """Return the first point that is passed then or later."""
        return next((n for n, when in enumerate(self.points) if when >= ends), len(self.points))

    def written(self, name: str, method: str, args: Any, process: Process) -> None:
        super().written(name, method, args, process)
        self.has_changed = self.has_changed or not f".{method}".endswith(_ASKS_ONLY)

    def obeyed(self, asked: Request) -> None:
        super().obeyed(asked)
        self.has_changed = self.has_changed or asked.method == "POST"

    def delivered(self, name: str, message: Message) -> None:
        super().delivered(name, message)
        self.has_changed = True


def plans_of_deaths(
    name: str, *, begin: int = 0, step: int = 1, most: int = 2
) -> Iterator[tuple[Any, Report]]:
    """Live all lives of an ending with one death and with two; give each plan and its report.

    `begin` and `step` take every `step`-th first death only, to share the work; `most` 1 leaves out
    the second deaths.
    """
    life = LIVES[name]
    whole = Dying(life, frozenset())
    report = whole.run()
    if begin == 0:
        yield (), report
    for first in range(whole.first_after(life.alike) + begin, len(whole.points), step):
        world = Dying(life, frozenset({first}))
        yield (first,), world.run()
        if most == 1:
            continue
        for second in range(max(first + 1, world.first_of_its_own()), len(world.points)):
            yield (first, second), Dying(life, frozenset({first, second})).run()


# --------------------------------------------------------------------------------------- races


class _Choices:
    """Who goes on, each time that two could: the one that has run, or the other one."""

    def __init__(self, script: tuple[int, ...], most: int) -> None:
        self._script = script
        self._left = most
        self.made: list[tuple[int, bool]] = []
        """What was chosen, and whether there was a choice."""
        self._count = 0

    def __call__(self) -> float:
        self._count += 1
        number = len(self.made)
        stands_back = number < len(self._script) and self._script[number] == 1
        self.made.append((int(stands_back), self._left > 0))
        self._left -= stands_back
        return float(self._count if stands_back else -self._count)

    def next_script(self) -> tuple[int, ...] | None:
        """Return the choices of the next race in the order of all of them, or None."""
        for number in reversed(range(len(self.made))):
            choice, was_free = self.made[number]
            if choice == 0 and was_free:
                return (*(made for made, _ in self.made[:number]), 1)
        return None


class _RacingHost(Host):
    """Gives the n-th piece of work of a kind to two processes at once."""

    world: "Racing"

    def _function(self, process: Process, name: str, message: Message) -> None:
        super()._function(process, name, message)
        if not self.world.is_on_the_line(name):
            return
        if self.world.race == "step and tick":
            self.tick(self._other_than(process))
        elif self.world.race not in _COME_BY_THEMSELVES:
            work = self.bodies["accept_restore" if name == REQUESTS else "advance_restore"]
            other = self._other_than(process)
            self._invoke(other, name, lambda: work(Delivery(message)), lambda _: None)
        self.world.begin()

    def tick(self, process: Process) -> None:
        super().tick(process)
        if not self.world.is_on_the_line("tick"):
            return
        if self.world.race == "request and turn":
            self.world.begin()
            self.world.send(self.world.late)
            self._deliver(REQUESTS)
        else:
            super().tick(self._other_than(process))
            self.world.begin()

    def _is_spoilt(self, name: str, held: Message) -> bool:
        """Let a step that shall race with a tick be late: before, a tick would leave it alone."""
        late = self.world.race == "step and tick" and held.dequeue_count == 1
        if late and name == STEPS and self.world.seen[STEPS] + 1 == self.world.number:
            self._show(name, held, 200)
            self.silent_until = self.world.scheduler.now + 220
            return True
        return False

    def _fire(self) -> None:
        if self.world.scheduler.now < self.silent_until and not self.world.happened:
            self._set_tick(self.silent_until)
            return
        super()._fire()

    silent_until = 0.0

    def _other_than(self, process: Process) -> Process:
        return next(other for other in self.processes if other is not process)


class Racing(_Small):
    """A life in which two processes do the same at one moment."""

    def __init__(
        self, life: Life, race: str, *, number: int, script: tuple[int, ...], most: int
    ) -> None:
        self.race = race
        self.number = number
        self.happened = False
        self.is_racing = False
        self.seen: Counter[str] = Counter()
        self.choices = _Choices(script, most)
        super().__init__(life)
        self.wants.processes = 2
        self.scheduler.tie = self._tie

    def make_host(self) -> Host:
        return _RacingHost(self)

    def is_on_the_line(self, name: str) -> bool:
        """Tell whether this is the piece of work that two shall do."""
        if self.is_racing or self.idle_calls:
            return False
        if self.race in RIVALS and name == "tick" and not self._may_call():
            return False
        self.seen[name] += 1
        return _RACES[self.race] == name and self.seen[name] == self.number

    def begin(self) -> None:
        """Let the race begin."""
        self.is_racing = self.happened = True

    def pause(self, what: str, seconds: float, *, is_answered: bool) -> None:
        if not self.is_racing:
            super().pause(what, seconds, is_answered=is_answered)
        elif not is_answered and not what.endswith(_ASKS_ONLY):
            self.scheduler.sleep(0)

    def look_whether_it_is_over(self) -> None:
        self.is_racing = self.is_racing and self.host.is_at_work
        super().look_whether_it_is_over()

    def _deploy(self) -> None:
        super()._deploy()
        for process in self.host.processes:
            process.engine.sweep._created = True

    def _tie(self) -> float:
        return self.choices() if self.is_racing and self.scheduler.others_are_ready() else 0.0


_RACES: Final = {
    "two accept": REQUESTS,
    "two steps": STEPS,
    "step and tick": STEPS,
    "two ticks": "tick",
    "two requests": REQUESTS,
    "two sets": REQUESTS,
    "set and withdrawal": REQUESTS,
    "two turns": "tick",
    "request and turn": "tick",
}

_COME_BY_THEMSELVES: Final = ("two requests", "two sets", "set and withdrawal")
"""Races in which the other one need not be called: both were sent at one moment."""


def races(name: str, race: str, *, number: int, most: int) -> Iterator[tuple[Any, Report]]:
    """Run the n-th piece of work of a life twice at once, in every order; nothing: there is none.

    `most` bounds how often the one that could go on stands back.
    """
    script: tuple[int, ...] | None = ()
    while script is not None:
        life = RIVALS.get(race) or LIVES[name]
        world = Racing(life, race, number=number, script=script, most=most)
        report = world.run()
        if not world.happened:
            return
        yield script, report
        script = world.choices.next_script()


def all_races(most: int) -> list[tuple[str, str, int, int]]:
    """Return each race there is: life, kind, which piece of work, and the bound."""
    found = []
    for name in ("completed", "answer to the restore lost", "restore never arrived", "job failed"):
        for race in _RACES:
            if race not in RIVALS and (name == "completed" or race != "two accept"):
                numbers = range(1, 12 if race == "two ticks" else 9)
                found += [(name, race, number, most) for number in numbers]
    return found + [("rivals", race, number, most) for race in RIVALS for number in (1, 2)]
