"""What is sent into a world and what stands ready there: requests, disks, endings, outages.

Everything is drawn before the world begins, each part from a stream of its own. For each request
it is noted how it may end; the invariants hold the app to that.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any, Final

from simulator import outcomes
from simulator.outcomes import Outcome
from tests import builders
from tests.fakes import NOON
from tests.simulation.faults import CONDITIONS, ENDINGS
from tests.simulation.process import Settings

if TYPE_CHECKING:
    from tests.simulation.world import World

HOUR: Final = 3600.0
OTHER_GROUP: Final = f"/subscriptions/{builders.SUBSCRIPTION}/resourceGroups/rg-elsewhere"
ENDLESS: Final = ("job-never-ends", "job-unknown-word")
MOST_ENDLESS: Final = 2
"""Each of them is looked at for two days and guarded for a week."""
EXISTS: Final = "UserErrorSameNameDiskAlreadyExists"
IN_USE: Final = "TargetInUse"


@dataclass
class Sent:
    """One message, and how it may end."""

    number: int
    at: float
    request_id: str
    kind: str
    """good, again, other-content, malformed, forbidden, not-a-disk, no-instance"""
    body: bytes
    target: str = ""
    """The name of its target disk; "" where the app makes one."""
    instance: str = ""
    validates_only: bool = False
    inserted: Any = None


@dataclass
class Plan:
    """All that is drawn beforehand."""

    sent: list[Sent] = field(default_factory=list)
    changes: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    heals: float = 4 * HOUR
    processes: int = 2
    lag: float = 600
    lags_steadily: bool = False
    tables_alone: bool = False
    """Whether an outage of storage leaves the queues alone, so that messages are poisoned."""
    refusals: dict[str, set[str]] = field(default_factory=dict)
    """By target name: the codes with which Azure may refuse a restore to it."""
    endless: set[str] = field(default_factory=set)
    """Names of targets whose job never ends, or ends in a word that nobody knows."""
    expiring: set[str] = field(default_factory=set)
    """Instances whose recovery points expire."""


def prepare(world: "World") -> Plan:
    """Return the plan of a world, and set the world up for it."""
    rng = world.faults.stream("plan")
    plan = Plan(processes=rng.randint(1, 4))
    size = 300 if world.seed % 50 == 49 else 5 + int(26 * rng.random() ** 3)
    span = rng.choice((60, 600, 2 * HOUR))
    plan.heals = span + rng.uniform(1, 6) * HOUR
    world.settings = Settings(allow=builders.ALLOW, max_age=timedelta(hours=rng.choice((24, 48))))
    instances = _instances(world, rng, plan, disks=max(2, size // 4))
    for number in range(size):
        _add_request(plan, rng, number=number, span=span, instances=instances)
    _repeat_some(plan, rng, span)
    plan.heals = max(plan.heals, *(sent.at + 60 for sent in plan.sent))
    _add_endings(world, plan)
    _add_conditions(world, plan)
    _add_windows(world, plan)
    return plan


def _instances(world: "World", rng: Random, plan: Plan, *, disks: int) -> list[str]:
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
    plan: Plan, rng: Random, *, number: int, span: float, instances: list[str]
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
    body = json.dumps({name: value for name, value in fields.items() if value is not ...}).encode()
    at = rng.uniform(0, span)
    plan.sent.append(Sent(number, at, request_id, kind, body, target, instance, validates_only))


def _repeat_some(plan: Plan, rng: Random, span: float) -> None:
    """Send some requests again, and some ids again with other content."""
    for sent in list(plan.sent):
        draw = rng.random()
        if sent.kind == "malformed" or draw > 0.15:
            continue
        number, at = len(plan.sent), sent.at + rng.choice((0, 0.1, 30, 300, span))
        if draw < 0.10:
            again = Sent(number, at, sent.request_id, "again", sent.body, sent.target)
        else:
            fields = {**json.loads(sent.body), "reason": "something else"}
            body = json.dumps(fields).encode()
            again = Sent(number, at, sent.request_id, "other-content", body, sent.target)
        plan.sent.append(again)


# ------------------------------------------------------------------------------------- endings


def _add_endings(world: "World", plan: Plan) -> None:
    rng = world.faults.stream("endings")
    enabled = [kind for kind in ENDINGS if world.faults.has(kind)]
    names = sorted({sent.target for sent in plan.sent if sent.target})
    chance = 0.5 if len(enabled) > 1 else 0.8
    for name in names:
        if not enabled or rng.random() > chance:
            continue
        kind = rng.choice(enabled)
        if kind in ENDLESS and len(plan.endless) >= MOST_ENDLESS:
            continue
        world.faults.count(kind)
        _script(world, plan, rng, name=name, kind=kind)


def _script(world: "World", plan: Plan, rng: Random, *, name: str, kind: str) -> None:
    part = kind.partition("-")[0]
    if kind in ENDLESS:
        plan.endless.add(name)
    if kind in _REFUSALS:
        plan.refusals.setdefault(name, set()).add(_REFUSALS[kind])
    times = rng.randint(1, 3) if kind == "validation-fails-for-now" else 1
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


def _add_conditions(world: "World", plan: Plan) -> None:
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
    if "settings-change" in on:
        for _ in range(rng.randint(1, 3)):
            plan.changes.append((rng.uniform(0, plan.heals), lambda: _change_settings(world, rng)))


def _change_settings(world: "World", rng: Random) -> None:
    """Deploy anew with other settings, the policy among them; the lag never below the real one."""
    allow = rng.choice((builders.ALLOW, builders.ALLOW, _only_some(rng)))
    world.settings = Settings(
        allow=allow,
        max_age=timedelta(hours=rng.choice((24, 30, 48))),
        job_list_lag=timedelta(seconds=rng.choice((600, 900))),
        api_version=rng.choice(("2025-07-01", "2024-04-01")),
    )
    world.faults.count("settings-change")
    world.note(f"other settings from here on: {world.settings}")
    world.host.replace()


def _only_some(rng: Random) -> str:
    return f"/subscriptions/{builders.SUBSCRIPTION} => {builders.disk(f't{rng.randint(0, 9)}')}"


def _add_windows(world: "World", plan: Plan) -> None:
    rng = world.faults.stream("windows")
    plan.tables_alone = rng.random() < 0.5
    lengths = {
        "storage-outage": 2 * HOUR,
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
    if world.faults.has("arm-forgets-operations"):
        _, end = world.outages.get("arm-outage", (0, rng.uniform(0.2, 0.9) * plan.heals))
        plan.changes.append((end - 0.001, lambda: _forget(world)))


def _forget(world: "World") -> None:
    if world.simulator.world.operations:
        world.simulator.world.operations.clear()
        world.faults.count("arm-forgets-operations")
        world.note("ARM has forgotten its operations")
