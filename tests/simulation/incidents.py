"""The bad days of a world: who asks for several disks at once, and who takes back what was asked.

Machines and groups stand ready with their disks, most of them protected; some change or go while
the world runs. What a set may mean is kept (`Plan.meant`): each state that its machine has had.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import Any, Final

from restore_core.lifecycle.quota import Bucket, Quota
from simulator.limits import Rate
from tests import builders, envelopes
from tests.fakes import NOON
from tests.simulation.faults import BAD_DAYS, FEW, LIES
from tests.simulation.ground import Ground
from tests.simulation.plan import HOUR, Plan, Sent

_READ_MACHINES: Final = "Microsoft.Compute/virtualMachines/read"
STRANGE: Final = "a stranger's"
"""How the reason begins that tells a restore under a member's id from the member."""
SUFFIX: Final = "-back"


@dataclass(frozen=True)
class Incident:
    """What a set may name: disks that belong together, whether a machine has them or a group."""

    machine: str
    group: str
    disks: tuple[str, ...]
    instances: tuple[str, ...]
    """Of those disks that are protected."""
    vault: str
    """The vault of the first of them."""


def happen(world: Ground, plan: Plan, *, span: float, home: str) -> None:
    """Add what belongs to sets, in a world in which any of it can happen."""
    kinds = [kind for kind in (*BAD_DAYS, *LIES) if world.faults.has(kind)]
    if not kinds:
        return
    rng = world.faults.stream("incidents")
    incidents = [_incident(world, rng, number, home) for number in range(rng.randint(1, 3))]
    for one in incidents:
        plan.meant[one.machine.lower()] = [frozenset(disk.lower() for disk in one.disks)]
        protected = {world.simulator.source_disk(one).lower() for one in one.instances}
        plan.meant[one.group.lower()] = [frozenset(protected)]
    for number in range(rng.randint(1, 5)):
        _ask(world, plan, rng, number=number, span=span, among=incidents)
    _beside(world, plan, rng, span=span, incidents=incidents)
    for kind, add in _MORE.items():
        if kind in kinds and (len(world.kinds) <= FEW or rng.random() < 0.6):
            add(world, plan, rng, span, incidents)
    _shows(plan, rng)
    world.settings = replace(
        world.settings,
        max_set=rng.choice((2, 500, 500, 500)),
        quota=Quota(Bucket(60, 5), Bucket(4, 0.2)) if rng.random() < 0.2 else world.settings.quota,
    )


# ------------------------------------------------------------------------ what there is to restore


def _incident(world: Ground, rng: Random, number: int, home: str) -> Incident:
    """Have a machine in a group of its own; some of its disks may not be protected."""
    simulator, group = world.simulator, f"rg-of-{number}"
    names = [f"data-{number}-{one}" for one in range(rng.randint(0, 3))]
    machine = simulator.add_machine(
        f"vm-{number}", data_disks=names, group=group, subscription=builders.SUBSCRIPTION
    )
    disks, vaults = simulator.disks_of(machine), ("vault-1", "vault-2")
    first, other = rng.sample(vaults, 2)
    instances = []
    for place, disk in enumerate(disks):
        vault = other if place and rng.random() < 0.1 else first
        if not place or rng.random() < 0.85:
            instances.append(
                simulator.protect(disk, vault=vault, subscription=builders.SUBSCRIPTION)
            )
    return Incident(
        machine=machine,
        group=machine.partition("/providers/")[0],
        disks=tuple(disks),
        instances=tuple(instances),
        vault=f"{home}/providers/Microsoft.DataProtection/backupVaults/{first}",
    )


def _ask(
    world: Ground,
    plan: Plan,
    rng: Random,
    *,
    number: int,
    span: float,
    among: Sequence[Incident],
) -> None:
    one, at, set_id = rng.choice(among), rng.uniform(0, span), f"s{number}"
    if rng.random() < 0.1:  # The id of a single, or of another set.
        set_id = rng.choice(
            [sent.request_id for sent in plan.sent if sent.kind == "good"] or ["s0"]
        )
    fields: dict[str, Any] = {
        "requestId": set_id,
        "targetResourceGroupId": builders.TARGET_GROUP,
        "vaultId": rng.choice((one.vault, one.vault, one.vault, "")),
        "reason": f"the incident of set {number}",
        "pointInTime": rng.choice((..., ..., "latest", (NOON - timedelta(days=1)).isoformat())),
        **_source(rng, one),
        **_conditions(rng, one, at),
    }
    sent = _send(plan, at, fields, "set")
    sent.validates_only = bool(fields.get("validateOnly"))
    draw = rng.random()
    if draw < 0.06:
        sent.kind, sent.body = (
            "malformed",
            envelopes.sent({**_there(fields), "targetDiskId": builders.disk("t0")}),
        )
    elif draw < 0.3:  # The same once more, or something else under the same id.
        later = sent.at + rng.choice((0, 0.1, 30, 300, span))
        again = fields if draw < 0.24 else {**fields, "reason": "another incident"}
        _send(plan, later, again, "set").validates_only = sent.validates_only
    plan.targets_of_sets |= {target_name(fields, disk) for disk in one.disks}
    world.faults.count("sets")


def _source(rng: Random, one: Incident) -> dict[str, Any]:
    match rng.choice(("machine", "machine", "group", "list")):
        case "machine":
            return {"sourceVirtualMachineId": rng.choice((one.machine, one.machine.upper()))}
        case "group":
            return {"sourceResourceGroupId": one.group}
        case _:
            return {"sourceDiskIds": list(one.disks)}


def _conditions(rng: Random, one: Incident, at: float) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if rng.random() < 0.2:
        fields["validateOnly"] = True
    if rng.random() < 0.15:
        fields["force"] = True
    if rng.random() < 0.25:
        fields["targetDiskSuffix"] = SUFFIX
    if rng.random() < 0.2:
        fields["expectedDisks"] = rng.choice((len(one.disks), len(one.disks), 9))
    if rng.random() < 0.15:
        moment = NOON + timedelta(seconds=at + rng.choice((-30, 30, 120, 600, 4 * HOUR)))
        fields["notAfter"] = moment.isoformat()
    return fields


def target_name(fields: dict[str, Any], disk: str) -> str:
    """Return the name of the disk that a member of a set makes; none here is so long as to be cut.

    Worked out here once more, from the contract and not from the app.
    """
    own = "-" + hashlib.sha256(fields["requestId"].encode()).hexdigest()[:10]
    return disk.rsplit("/", 1)[-1].lower() + str(fields.get("targetDiskSuffix", own))


def member_id(set_id: str, disk: str) -> str:
    """Return the id that the restore of a disk has in a set, by the contract."""
    name, digest = disk.rsplit("/", 1)[-1], hashlib.sha256(disk.lower().encode()).hexdigest()
    return f"{set_id}.{name[:46]}.{digest[:16]}"


def _beside(
    world: Ground, plan: Plan, rng: Random, *, span: float, incidents: Sequence[Incident]
) -> None:
    """Add requests for single disks of what sets may name, too."""
    for _ in range(rng.randint(0, 3)):
        number, at = len(plan.sent), rng.uniform(0, span)
        instance = rng.choice(rng.choice(incidents).instances)
        fields = {
            "requestId": f"r{number}",
            "backupInstanceId": instance,
            "targetDiskId": builders.disk(f"t{number}"),
        }
        sent = _send(plan, at, fields, "good")
        sent.target, sent.instance = f"t{number}", instance
        sent.source = world.simulator.source_disk(instance)


# ----------------------------------------------------------------------- what else may be sent


def _strangers(
    world: Ground, plan: Plan, rng: Random, _span: float, incidents: Sequence[Incident]
) -> None:
    """Have restores asked for under the ids that members of sets will have."""
    for asked in [sent for sent in plan.sent if sent.kind == "set"]:
        one = next((one for one in incidents if _names(asked, one)), None)
        if one is None or rng.random() < 0.4:
            continue
        at = max(0.0, asked.at + rng.choice((-3000, -60, -1, 0, 0, 1, 5)))
        number = len(plan.sent)
        instance = rng.choice(one.instances)
        disk = world.simulator.source_disk(instance)
        fields = {
            "requestId": member_id(asked.request_id, disk),
            "backupInstanceId": instance,
            "targetDiskId": builders.disk(f"t{number}"),
            "reason": f"{STRANGE} {number}",
        }
        sent = _send(plan, at, fields, "good")
        sent.target, sent.instance, sent.source = f"t{number}", instance, disk
        world.faults.count("strangers")


def _withdrawals(
    world: Ground, plan: Plan, rng: Random, span: float, incidents: Sequence[Incident]
) -> None:
    """Have singles, sets, members and what nobody knows taken back, some of them twice."""
    asked = [sent for sent in plan.sent if sent.request_id and sent.kind in ("good", "set")]
    for sent in rng.sample(asked, min(len(asked), rng.randint(1, 6))):
        name = sent.request_id
        one = next((one for one in incidents if _names(sent, one)), None)
        if one is not None and rng.random() < 0.4:
            name = member_id(name, rng.choice(one.disks))
        _withdraw(plan, name, sent.at + rng.choice((-5, 0, 1, 15, 40, 60, 120, 400, 3000)))
        if rng.random() < 0.3:
            _withdraw(plan, name, sent.at + rng.choice((0, 60, span)))
        world.faults.count("withdrawals")
    if rng.random() < 0.3:
        _withdraw(plan, "nobody-knows", rng.uniform(0, span))


def _withdraw(plan: Plan, request_id: str, at: float) -> None:
    fields = {"withdraw": request_id, "requestedBy": f"somebody {len(plan.sent)}"}
    _send(plan, max(0.0, at), fields, "withdrawal", request_id)


def _machines_go(
    world: Ground, plan: Plan, rng: Random, span: float, incidents: Sequence[Incident]
) -> None:
    """Let machines lose a disk, be gone, or their whole group, while the world runs."""
    for one in incidents:
        change = rng.choice((_lose_a_disk, _be_gone, _group_goes))
        asked = [sent.at for sent in plan.sent if _names(sent, one)]
        when = max(0.0, rng.choice(asked or [span]) + rng.choice((-20, 0.5, 1, 3, 30, 300)))
        plan.changes.append((when, _kept(world, one, change)))
        world.faults.count("machines-go")


def _kept(
    world: Ground, one: Incident, change: Callable[[Ground, Incident], None]
) -> Callable[[], None]:
    """Return a change after which what the machine has is noted."""

    def happens() -> None:
        change(world, one)
        machines = world.simulator.world.machines
        there = world.simulator.disks_of(one.machine) if one.machine.lower() in machines else ()
        world.wants.meant[one.machine.lower()].append(frozenset(disk.lower() for disk in there))

    return happens


def _lose_a_disk(world: Ground, one: Incident) -> None:
    world.simulator.detach(one.disks[-1])


def _be_gone(world: Ground, one: Incident) -> None:
    world.simulator.remove_machine(one.machine, with_disks=True)


def _group_goes(world: Ground, one: Incident) -> None:
    world.simulator.remove_group(one.group)


def _names(sent: Sent, one: Incident) -> bool:
    """Tell whether a set is of these disks."""
    named = {one.machine.lower(), one.group.lower()}
    return sent.whole in named or sent.fields.get("sourceDiskIds") == list(one.disks)


def _send(plan: Plan, at: float, fields: dict[str, Any], kind: str, request_id: str = "") -> Sent:
    fields = _there(fields)
    named = request_id or str(fields["requestId"])
    sent = Sent(len(plan.sent), at, named, kind, envelopes.sent(fields))
    sent.fields = fields
    plan.sent.append(sent)
    return sent


def _there(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not ...}


# ------------------------------------------------------------------------- how Azure is then


def _shows(plan: Plan, rng: Random) -> None:
    """Let Resource Graph show what there is, in most worlds in which sets are asked for."""
    if not plan.graph and rng.random() < 0.6:
        plan.graph = "open"


def _machine_forbidden(
    world: Ground, _plan: Plan, _rng: Random, _span: float, _incidents: Sequence[Incident]
) -> None:
    world.simulator.deny(_READ_MACHINES)
    world.faults.count("machine-forbidden")


def _graph_hides(
    _world: Ground, plan: Plan, rng: Random, _span: float, incidents: Sequence[Incident]
) -> None:
    """Let a right be missing, so that some disks, and their instances, are shown to nobody."""
    for one in incidents:
        plan.hidden |= {disk.lower() for disk in one.disks if rng.random() < 0.5}


def _graph_forbidden(
    world: Ground, plan: Plan, _rng: Random, _span: float, _incidents: Sequence[Incident]
) -> None:
    plan.graph = "forbidden"
    world.faults.count("graph-forbidden")


def _buckets_dry(
    world: Ground, _plan: Plan, rng: Random, _span: float, _incidents: Sequence[Incident]
) -> None:
    """Let ARM take few calls; the app is told less, as much, or more."""
    limits = world.simulator.habits.limits
    limits = replace(limits, reads=Rate(rng.choice((8, 30)), 2), writes=Rate(4, 0.3))
    world.simulator.habits.limits = limits


def _vault_full(
    world: Ground, _plan: Plan, rng: Random, _span: float, _incidents: Sequence[Incident]
) -> None:
    """Let few restores run at once in a vault."""
    limits = world.simulator.habits.limits
    world.simulator.habits.limits = replace(limits, restores_of_vault=rng.choice((1, 2, 4)))


_MORE: Final = {
    "strangers": _strangers,
    "withdrawals": _withdrawals,
    "machines-go": _machines_go,
    "machine-forbidden": _machine_forbidden,
    "graph-hides": _graph_hides,
    "graph-forbidden": _graph_forbidden,
    "buckets-dry": _buckets_dry,
    "vault-full": _vault_full,
}
