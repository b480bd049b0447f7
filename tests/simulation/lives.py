"""The lives of which every plan of deaths and every race is tried: one short one for each end.

One request, the pace of the vault quickened. `Life` says how it is to end. Where another restore
must be there for it to wait for, or to be refused for, that one is not looked at: no one dies while
it is worked on.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

from restore_core.lifecycle.budget import GLANCE
from restore_core.lifecycle.outbox import Stage
from restore_core.lifecycle.pace import OPERATION_PATIENCE
from restore_core.lifecycle.quota import Bucket, Quota
from simulator import faults as spoil
from simulator import outcomes
from simulator.exchange import Answer
from simulator.outcomes import Outcome
from simulator.pace import Pace
from tests import builders
from tests.fakes import NOON
from tests.simulation import incidents
from tests.simulation.azure import GATEWAY, LOCKED
from tests.simulation.senders import HOME, VAULTS
from tests.simulation.world import World

JOB: Final = timedelta(seconds=50)
PACE: Final = Pace(
    validation=timedelta(seconds=12),
    job=JOB,
    validation_retry_after=10,
    operation_retry_after=10,
)
TARGET: Final = "t0"
NEVER: Final = 1e9
"""Seconds that no world lives."""


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
    happens: tuple[tuple[float, Callable[[World], None]], ...] = ()
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


def _lengthen_the_list(world: World) -> None:
    """Let the job stand behind more pages than one look reads, and the graph show nothing."""
    world.simulator.habits.graph = "empty"
    world.simulator.habits.page_size = 1
    world.simulator.add_history(world.wants.sent[0].instance, 2 * GLANCE)


MACHINE: Final = f"{HOME}/providers/Microsoft.Compute/virtualMachines/vm-0"
OS_DISK: Final = f"{HOME}/providers/Microsoft.Compute/disks/vm-0-os"
A_SET: Final = {
    "backupInstanceId": ...,
    "targetDiskId": ...,
    "sourceVirtualMachineId": MACHINE,
    "vaultId": f"{VAULTS}/vault-1",
    "targetResourceGroupId": builders.TARGET_GROUP,
}
AT_VAULT_1: Final = {"vaultId": f"{VAULTS}/vault-1"}
_A_STRANGER: Final = {"requestId": incidents.member_id("r0", OS_DISK), "reason": "a stranger's"}
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


def _takes_one_at_a_time(world: World) -> None:
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
        others=({"backupInstanceId": ..., "sourceDiskId": OS_DISK, **AT_VAULT_1},),
        sooner=150,
        ends={"CompletedWithWarnings": 1, "Completed": 2, "Rejected": 1},
    ),
    "a set of what is back from after its cut-off": Life(
        "PartlyCompleted",
        fields={**A_SET, "pointInTime": (NOON - timedelta(days=1)).isoformat()},
        disks=(True, True),
        others=({"backupInstanceId": ..., "sourceDiskId": OS_DISK, **AT_VAULT_1},),
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


def _look_fails(world: World) -> None:
    world.simulator.next("GET", "/operationStatus/*", spoil.status(503))


def _its_job_begins(world: World) -> None:
    """Begin the job of the first claim, as an operation does that has waited for hours."""
    claim = next(iter(world.watch.claims))
    instance = world.wants.sent[0].instance
    job = world.simulator.start_restore(instance, builders.disk(TARGET), activity_id=claim)
    world.causes[job.name] = world.watch.claims[claim]


BESIDE: Final[dict[str, Life]] = {
    "an operation that begins its job late, and is not read once": Life(
        "Completed",
        {"operation": [replace(outcomes.never(), with_job=False)]},
        max_age=timedelta(hours=6),
        lag=timedelta(seconds=60),
        happens=((4_500, _look_fails), (9_000, _its_job_begins)),
    ),
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
    "a set withdrawn in a vault that takes one at a time": Life(
        "PartlyCompleted",
        fields=A_SET,
        disks=(True,) * 6,
        happens=((0.1, _takes_one_at_a_time),),
        withdrawn=(50,),
        ends={"PartlyCompleted": 1, "Completed": 1, "Cancelled": 5},
    ),
    "a set in a vault that takes one at a time": Life(
        "Completed",
        fields=A_SET,
        disks=(True, True, True),
        happens=((0.1, _takes_one_at_a_time),),
        ends={"Completed": 4},
    ),
}
"""More lives, of which no deaths are tried: what may be given when, and a job that begins late."""

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
