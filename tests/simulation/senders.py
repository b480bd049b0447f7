"""What is sent into a world and what stands ready there: requests, disks, endings, outages.

Everything is drawn before the world begins, each part from a stream of its own. For each request
it is noted how it may end; the invariants hold the app to that.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any, Final

from restore_core.lifecycle.outbox import FINAL, Stage
from simulator import outcomes
from simulator.outcomes import Outcome
from tests import builders, envelopes
from tests.fakes import NOON
from tests.simulation import dress, incidents
from tests.simulation.faults import CONDITIONS, ENDINGS, FEW
from tests.simulation.ground import Ground
from tests.simulation.plan import HOUR, Plan, Sent, Settings

OTHER_GROUP: Final = f"/subscriptions/{builders.SUBSCRIPTION}/resourceGroups/rg-elsewhere"
HOME: Final = f"/subscriptions/{builders.SUBSCRIPTION}/resourceGroups/rg-prod"
VAULTS: Final = f"{HOME}/providers/Microsoft.DataProtection/backupVaults"
ALLOW: Final = f"{builders.ALLOW}; /subscriptions/{builders.SUBSCRIPTION} => {HOME}"
"""A deleted disk comes back where it was."""
COOLDOWNS: Final = (timedelta(0), timedelta(0), timedelta(minutes=10), timedelta(minutes=60))
TOLD: Final = (frozenset(Stage), FINAL, frozenset[Stage]())
MANY: Final = 12
LONG: Final = 320
"""Jobs of a list, one to a page, that is longer than a search reads."""
"""From so many requests on, a turn must not be so rare that some of them grow too old waiting."""
ENDLESS: Final = ("job-never-ends", "job-unknown-word")
MOST_ENDLESS: Final = 2
"""Each of them is looked at for two days and guarded for a week."""
HOST_GIVES_UP: Final = 33
"""Seconds after which a host ends that cannot reach its storage: measured on the real one."""
EXISTS: Final = "UserErrorSameNameDiskAlreadyExists"
IN_USE: Final = "TargetInUse"
RESTORED_ALREADY: Final = "RestoredAlready"


def prepare(world: Ground) -> Plan:
    """Return the plan of a world, and set the world up for it."""
    rng = world.faults.stream("plan")
    plan = Plan(processes=rng.randint(1, 4))
    size = 300 if world.seed % 50 == 49 else 5 + int(26 * rng.random() ** 3)
    span = rng.choice((60, 600, 2 * HOUR))
    plan.heals = span + rng.uniform(1, 6) * HOUR
    max_age = timedelta(hours=rng.choice((24, 48)))
    world.settings = _settings(world.faults.stream("rules"), size, max_age)
    instances = _instances(world, rng, plan, disks=max(2, size // 2))
    for number in range(size):
        _add_request(world, plan, rng, number=number, span=span, instances=instances)
    _add_others(world, plan, span=span)
    _repeat_some(plan, rng, span)
    _add_a_storm(world, plan, span=span, instances=instances)
    _add_ids_in_two_vaults(world, plan, span=span, instances=instances)
    incidents.happen(world, plan, span=span, home=HOME)
    plan.heals = max(plan.heals, *(sent.at + 60 for sent in plan.sent))
    _add_endings(world, plan)
    _add_conditions(world, plan)
    _add_windows(world, plan)
    return plan


def _settings(rng: Random, size: int, max_age: timedelta) -> Settings:
    return Settings(
        allow=ALLOW,
        max_age=max_age,
        default_vault=rng.choice(("", f"{VAULTS}/vault-1", f"{VAULTS}/vault-1")),
        deleted_disks=rng.random() < 0.6,
        cooldown=rng.choice(COOLDOWNS),
        max_active=rng.choice(_turns(size)),
        notices=rng.choice(TOLD),
    )


def _turns(size: int) -> tuple[int, ...]:
    return (1, 2, 3, 5, 200) if size <= MANY else (3, 5, 200) if size < 10 * MANY else (20, 200)


def _instances(world: Ground, rng: Random, plan: Plan, *, disks: int) -> list[str]:
    found = []
    for number in range(disks):
        vault = f"vault-{rng.randint(1, 2)}"
        name = f"disk-{number}"
        instance = world.simulator.protect(name, vault=vault, subscription=builders.SUBSCRIPTION)
        if world.faults.has("points-expire") and rng.random() < 0.3:
            world.faults.count("points-expire")
            plan.expiring.add(instance)
            for point in world.simulator.points(instance):
                point.expiry = NOON + timedelta(hours=rng.uniform(0, 5))
        found.append(instance)
    return found


def _add_request(
    world: Ground,
    plan: Plan,
    rng: Random,
    *,
    number: int,
    span: float,
    instances: list[str],
) -> None:
    request_id = f"r{number}"
    earlier = [sent.target for sent in plan.sent if sent.target]
    target = f"t{number}"
    if earlier and rng.random() < 0.12:
        target = rng.choice(earlier)
    instance = rng.choice(instances)
    fields: dict[str, Any] = {
        "requestId": request_id,
        "backupInstanceId": instance,
        "targetDiskId": builders.disk(target),
        "pointInTime": rng.choice(
            (..., ..., ..., "latest", (NOON - timedelta(days=1)).isoformat())
        ),
        "reason": rng.choice((..., "the incident of today")),
    }
    kind = "good"
    validates_only = rng.random() < 0.08
    if validates_only:
        fields["validateOnly"] = True
    draw = rng.random()
    if draw < 0.05:
        kind, fields["targetDiskId"] = "forbidden", builders.disk(target, OTHER_GROUP)
    elif draw < 0.08:
        kind, fields["pointInTime"] = "malformed", ""
    elif draw < 0.10:
        kind, fields["backupInstanceId"] = "no-instance", f"{instance}-gone"
    elif draw < 0.16:
        del fields["targetDiskId"]
        fields["targetResourceGroupId"] = builders.TARGET_GROUP
        target = ""
    at = rng.uniform(0, span)
    source = world.simulator.source_disk(instance)
    of_its_own = world.faults.stream("senders")
    kind = _ask_otherwise(world, of_its_own, fields, kind=kind, at=at, source=source)
    dressed = dress.dress(of_its_own, fields, number)
    sent = Sent(number, at, dressed.request_id, kind, dressed.write(fields), target, instance)
    sent.validates_only, sent.source = validates_only, source
    sent.fields, sent.write = fields, dressed.write
    plan.sent.append(sent)


def _ask_otherwise(
    world: Ground, rng: Random, fields: dict[str, Any], *, kind: str, at: float, source: str
) -> str:
    """Name the disk in place of its instance, insist, or set a last moment; return the kind."""
    if rng.random() < 0.15:
        fields["force"] = True
    if rng.random() < 0.15:
        moment = NOON + timedelta(seconds=at + rng.choice((-30, 2, 60, 300, 1800, 4 * HOUR)))
        fields["notAfter"] = moment.isoformat()
    names_the_disk = rng.random() < 0.4 and kind != "no-instance"
    if not names_the_disk:
        return kind
    vault = fields.pop("backupInstanceId").partition("/backupInstances/")[0]
    fields["sourceDiskId"] = rng.choice((source, source.lower()))
    named = rng.choice((vault, vault, vault.upper(), "", f"{VAULTS}/vault-3"))
    if named:
        fields["vaultId"] = named
    finds = (named or world.settings.default_vault).lower() == vault.lower()
    return kind if finds or kind == "malformed" else "no-disk" if kind == "good" else kind


def _add_others(world: Ground, plan: Plan, *, span: float) -> None:
    """Add what is no request, or asks in no words of ours: alerts, deletions, unknown messages."""
    rng = world.faults.stream("senders")
    fired = [sent for sent in plan.sent if sent.request_id == dress.id_of_alert(sent.number)]
    for sent in fired:
        if rng.random() < 0.6:
            at = max(0.0, sent.at + rng.choice((-20, 0, 5, 200, 4000)))
            _add(plan, at, sent.request_id, "ignored", dress.resolved(sent.number))
    for _ in range(rng.randint(0, 3)):
        number, at = len(plan.sent), rng.uniform(0, span)
        match rng.randrange(4):
            case 0:
                _add(plan, at, "", "malformed", dress.unknown(number))
            case 1:
                _add(plan, at, dress.id_of_alert(number), "ignored", dress.resolved(number))
            case 2:
                event = dress.deleted(dress.SOMETHING, number, as_cloud_event=rng.random() < 0.5)
                _add(plan, at, event.request_id, "ignored", event.write({}))
            case _:
                _delete_a_disk(world, plan, rng, number=number, at=at)


def _delete_a_disk(world: Ground, plan: Plan, rng: Random, *, number: int, at: float) -> None:
    name = f"gone-{number}"
    instance = world.simulator.protect(name, vault="vault-1", subscription=builders.SUBSCRIPTION)
    source = world.simulator.source_disk(instance)
    world.simulator.remove_disk(source)
    event = dress.deleted(source, number, as_cloud_event=rng.random() < 0.5)
    sent = _add(plan, at, event.request_id, "deletion", event.write({}))
    sent.target, sent.instance, sent.source = name, instance, source


def _add(plan: Plan, at: float, request_id: str, kind: str, body: bytes) -> Sent:
    sent = Sent(len(plan.sent), at, request_id, kind, body)
    plan.sent.append(sent)
    return sent


def _add_a_storm(world: Ground, plan: Plan, *, span: float, instances: list[str]) -> None:
    """Add requests for one disk within a minute, the restores of the first of which end badly."""
    if not world.faults.has("storm"):
        return
    world.faults.count("storm")
    rng = world.faults.stream("storm")
    instance, begin = rng.choice(instances), rng.uniform(0, span)
    source = world.simulator.source_disk(instance)
    first, count = len(plan.sent), rng.randint(3, 8)
    for number in range(first, first + count):
        fields = {
            "requestId": f"r{number}",
            "sourceDiskId": source,
            "vaultId": instance.partition("/backupInstances/")[0],
            "targetDiskId": builders.disk(f"t{number}"),
        }
        dressed = dress.dress(rng, fields, number)
        at = begin + rng.choice((0, rng.uniform(0, 60), rng.uniform(0, 900)))
        sent = _add(plan, at, dressed.request_id, "good", dressed.write(fields))
        sent.target, sent.instance, sent.source = f"t{number}", instance, source
        sent.fields, sent.write = fields, dressed.write
    plan.stormy += [f"t{number}" for number in range(first, first + count) if rng.random() < 0.7]


_BAD_ENDS: Final = (
    "validation-fails",
    "operation-fails",
    "job-fails",
    "job-fails-for-now",
    "job-fails-twice-for-now",
    "job-cancelled",
)
"""Of restores in a storm."""


def _add_ids_in_two_vaults(world: Ground, plan: Plan, *, span: float, instances: list[str]) -> None:
    """Add pairs of messages with one id, read at one moment, that name another vault each."""
    if not world.faults.has("one-id-in-two-vaults"):
        return
    world.faults.count("one-id-in-two-vaults")
    rng = world.faults.stream("two vaults")
    for _ in range(rng.randint(1, 5)):
        number, at = len(plan.sent), rng.uniform(0, span)
        for which, instance in enumerate(rng.sample(instances, 2)):
            source = world.simulator.source_disk(instance)
            named = {"backupInstanceId": instance}
            if which and rng.random() < 0.5:
                named = {"sourceDiskId": source}  # In no vault, unless there is a default one.
            fields = {
                "requestId": f"r{number}",
                "targetDiskId": builders.disk(f"t{number}"),
                "reason": f"the message of {which}",
                **named,
            }
            vault = instance.partition("/backupInstances/")[0]
            finds = "sourceDiskId" not in named or world.settings.default_vault == vault
            kind = "good" if finds else "no-disk"
            sent = _add(plan, at, f"r{number}", kind, envelopes.sent(fields))
            sent.target, sent.instance, sent.source = f"t{number}", instance, source
            sent.fields = fields


def _repeat_some(plan: Plan, rng: Random, span: float) -> None:
    """Send some requests again, and some ids again with other content."""
    for sent in list(plan.sent):
        draw = rng.random()
        if draw > 0.15:
            continue
        number, at = len(plan.sent), sent.at + rng.choice((0, 0.1, 30, 300, span))
        again = replace(sent, number=number, at=at)
        if draw >= 0.10 and sent.kind != "malformed" and sent.write is not None:
            again.fields = {**sent.fields, "reason": "something else"}
            again.body = sent.write(again.fields)
        plan.sent.append(again)


# ------------------------------------------------------------------------------------- endings


def _add_endings(world: Ground, plan: Plan) -> None:
    rng = world.faults.stream("endings")
    enabled = [kind for kind in ENDINGS if world.faults.has(kind)]
    for name in plan.stormy:
        _script(world, plan, rng, name=name, kind=rng.choice(_BAD_ENDS))
    named = {sent.target for sent in plan.sent if sent.target} | plan.targets_of_sets
    names = sorted(named - set(plan.stormy))
    chance = 0.5 if len(enabled) > 1 else 0.8
    for name in names:
        if not enabled or rng.random() > chance:
            continue
        kind = rng.choice(enabled)
        if kind in ENDLESS and len(plan.endless) >= MOST_ENDLESS:
            continue
        world.faults.count(kind)
        _script(world, plan, rng, name=name, kind=kind)


def _script(world: Ground, plan: Plan, rng: Random, *, name: str, kind: str) -> None:
    part = kind.partition("-")[0]
    if kind in ENDLESS:
        plan.endless.add(name)
    if kind in _REFUSALS:
        plan.refusals.setdefault(name, set()).add(_REFUSALS[kind])
    times = rng.randint(1, 3) if kind == "validation-fails-for-now" else 1
    times = 2 if kind == "job-fails-twice-for-now" else times
    scripted: Any = {part: [_ENDS[kind](rng)] * times}
    world.simulator.script(name, **scripted)


_REFUSALS: Final = {
    "validation-fails": "UserErrorSomething",
    "validation-cancelled": "ValidationFailed",
    "validation-succeeds-with-error": "UserErrorOdd",
}
_ENDS: Final[dict[str, Callable[[Random], Outcome]]] = {
    "validation-fails": lambda _: outcomes.fails("UserErrorSomething"),
    "validation-fails-for-now": lambda _: outcomes.fails("CloudInternalError"),
    "validation-cancelled": lambda _: outcomes.cancelled(),
    "validation-succeeds-with-error": lambda _: outcomes.succeeds_with_error("UserErrorOdd"),
    "validation-unknown-word": lambda _: outcomes.ends_as("Halfway"),
    "validation-never-ends": lambda _: outcomes.never(),
    "operation-fails": lambda rng: outcomes.fails("UserErrorLate", with_job=rng.random() < 0.3),
    "operation-cancelled": lambda _: outcomes.cancelled(),
    "operation-succeeds-with-error": lambda rng: Outcome(
        "Succeeded", code="UserErrorOdd", with_job=rng.random() < 0.5
    ),
    "operation-unknown-word": lambda _: outcomes.ends_as("Halfway"),
    "operation-never-ends": lambda _: outcomes.never(),
    "operation-gone": lambda rng: outcomes.gone(timedelta(seconds=rng.choice((0, 5, 60)))),
    "job-fails": lambda _: outcomes.fails("UserErrorJob"),
    "job-fails-for-now": lambda _: outcomes.fails("CloudInternalError"),
    "job-fails-twice-for-now": lambda _: outcomes.fails("CloudServiceRetryableError"),
    "job-cancelled": lambda _: outcomes.cancelled(),
    "job-warns": lambda _: outcomes.completes_with_warnings(),
    "job-ends-in-another-word-for-success": lambda rng: outcomes.ends_as(
        rng.choice(("Success", "Succeeded", "SuccessWithWarning"))
    ),
    "job-ends-in-another-word-for-failure": lambda rng: outcomes.ends_as(
        rng.choice(("TimedOut", "Canceled"))
    ),
    "job-unknown-word": lambda _: outcomes.ends_as("Halfway"),
    "job-never-ends": lambda _: outcomes.never(),
}


# ------------------------------------------------------------------ conditions and outages


def _add_conditions(world: Ground, plan: Plan) -> None:
    rng = world.faults.stream("conditions")
    on = {kind for kind in CONDITIONS if world.faults.has(kind)}
    habits = world.simulator.habits
    habits.activity_ids = "client"
    if "activity-suffixed" in on and (rng.random() < 0.5 or "activity-unrelated" not in on):
        habits.activity_ids = "suffixed"
        world.faults.count("activity-suffixed")
    elif "activity-unrelated" in on:
        habits.activity_ids = "unrelated"
        world.faults.count("activity-unrelated")
    plan.lags_steadily = rng.random() < 0.5
    if "short-pages" in on:
        habits.page_size = rng.randint(1, 4)
        world.faults.count("short-pages")
    habits.graph = plan.graph or ("open" if "graph-sees" in on else "empty")
    if "graph-sees" in on:
        world.faults.count("graph-sees")
    if "long-job-list" in on and (rng.random() < 0.2 or len(world.kinds) <= FEW):
        _lengthen_the_list(world)
    if "old-rows" in on:
        world.faults.count("old-rows")
        plan.changes.append((rng.uniform(0, plan.heals), world.age_the_rows))
    if "settings-change" in on:
        for _ in range(rng.randint(1, 3)):
            plan.changes.append((rng.uniform(0, plan.heals), lambda: _change_settings(world, rng)))


def _lengthen_the_list(world: Ground) -> None:
    """Let a vault's list of jobs be longer than one search reads, a job to a page."""
    instance = next(iter(world.simulator.world.instances.values()), None)
    if instance is not None:
        world.simulator.habits.page_size = 1
        world.simulator.add_history(instance.id, LONG)
        world.faults.count("long-job-list")


def _change_settings(world: Ground, rng: Random) -> None:
    """Deploy anew with other settings, the policy among them; the lag never below the real one."""
    allow = rng.choice((ALLOW, ALLOW, _only_some(rng)))
    world.settings = replace(
        world.settings,
        allow=allow,
        max_age=timedelta(hours=rng.choice((24, 30, 48))),
        job_list_lag=timedelta(seconds=rng.choice((600, 900))),
        api_version=rng.choice(("2025-07-01", "2024-04-01")),
        cooldown=rng.choice((world.settings.cooldown, *COOLDOWNS)),
        max_active=rng.choice((world.settings.max_active, *_turns(len(world.wants.sent)))),
        notices=rng.choice((world.settings.notices, *TOLD)),
    )
    world.faults.count("settings-change")
    world.note(f"other settings from here on: {world.settings}")
    world.replace_processes()


def _only_some(rng: Random) -> str:
    return f"/subscriptions/{builders.SUBSCRIPTION} => {builders.disk(f't{rng.randint(0, 9)}')}"


def _add_windows(world: Ground, plan: Plan) -> None:
    rng = world.faults.stream("windows")
    plan.tables_alone = rng.random() < 0.5
    lengths = {
        "storage-outage": 2 * HOUR,
        "storage-gone-and-the-host": rng.uniform(40, 600),
        "vault-sick": rng.uniform(0.3, 8) * HOUR,
        "events-queue-gone": rng.uniform(0.2, 3) * HOUR,
        "arm-outage": 6 * HOUR,
        "arm-forbids-polling": rng.uniform(0.1, 3) * HOUR,
        "no-token": rng.uniform(0.1, 1) * HOUR,
    }
    for kind, length in lengths.items():
        chance = 0.5 if len(world.kinds) > 1 else 1
        if world.faults.has(kind) and rng.random() <= chance:
            begin = rng.uniform(0, plan.heals * 0.7)
            world.outages[kind] = (begin, begin + length)
            plan.heals = max(plan.heals, begin + length)
            if kind == "storage-gone-and-the-host":
                plan.changes.append((begin + HOST_GIVES_UP, world.replace_processes))
    if world.faults.has("arm-forgets-operations"):
        _, end = world.outages.get("arm-outage", (0, rng.uniform(0.2, 0.9) * plan.heals))
        plan.changes.append((end - 0.001, lambda: _forget(world)))


def _forget(world: Ground) -> None:
    if world.simulator.world.operations:
        world.simulator.world.operations.clear()
        world.faults.count("arm-forgets-operations")
        world.note("ARM has forgotten its operations")
