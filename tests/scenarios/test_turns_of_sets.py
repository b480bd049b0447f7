"""Members of sets take their turns by what ARM lets one subscription be asked, singles first."""

import json
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError

from restore_core.lifecycle.outbox import Stage
from restore_core.lifecycle.quota import DOCUMENTED, READS, Bucket, Quota
from simulator import Limits, Pace, faults, outcomes
from simulator.limits import Rate
from tests import builders, sets
from tests.fakes import NOON
from tests.world import World

SMALL = Quota(reads=Bucket(25, 2.5), writes=Bucket(20, 1))
"""A tenth of what is documented: a tick gives 20 at first, then 15."""
AS_SMALL = Limits(reads=Rate(25, 2.5), writes=Rate(20, 1))
TICK = timedelta(seconds=30)


def a_world(quota: Quota = SMALL, limits: Limits = AS_SMALL, **options: Any) -> World:
    rules = {"quota": quota, **options.pop("rules", {})}
    return World(rules=rules, limits=limits, **options)


def ask(world: World, disks: int, set_id: str = "set", **changes: Any) -> list[str]:
    """Ask for a set of so many disks and return the ids that its members have."""
    names = [f"{set_id}-{number:03}" for number in range(disks)]
    sources = sets.protect(world, *names)
    sets.send(world, requestId=set_id, sourceDiskIds=sources, **changes)
    world.run(until=lambda: world.status(set_id) == "Gathering", minutes=1)
    return sorted(row["PartitionKey"] for row in world.rows("Restores") if _is_member(row))


def ask_for_one(world: World, name: str) -> None:
    instance = world.protect(name)
    world.send(requestId=name, backupInstanceId=instance, targetDiskId=builders.disk(f"{name}-new"))


def _is_member(row: dict[str, Any]) -> bool:
    return bool(json.loads(row["document"])["member"])


def document(world: World, request_id: str) -> dict[str, Any]:
    rows = [row for row in world.rows("Restores") if row["PartitionKey"] == request_id]
    read: dict[str, Any] = json.loads(rows[0]["document"])
    return read


def turned(world: World, members: list[str]) -> list[str]:
    """Return those that have been given a turn."""
    return [name for name in members if document(world, name)["turnAt"]]


def given(world: World, members: list[str]) -> list[int]:
    """Return how many turns each tick gave that gave any, in order."""
    moments = Counter(document(world, name)["turnAt"] for name in members)
    return [count for _, count in sorted(moments.items())]


def all_well(world: World, members: list[str]) -> None:
    assert [world.result(name)["status"] for name in members] == ["Completed"] * len(members)
    assert max(world.simulator.restores_of(target) for target in targets(world)) == 1
    assert len(world.simulator.jobs()) == len(members)


def targets(world: World) -> list[str]:
    return [
        json.loads(m["document"])["request"]["targetDiskId"].rpartition("/")[2]
        for m in world.rows("Restores")
        if _is_member(m)
    ]


# ------------------------------------------------------------------------------- how many


def test_ticks_give_members_the_burst_and_what_refills_and_not_one_call_is_answered_429() -> None:
    with a_world() as world:
        members = ask(world, 40)
        world.run()

        first = (SMALL.reads.size + 30 * SMALL.reads.per_second) // READS
        assert given(world, members) == [first, 15, 5]
        assert [call for call in world.arm_calls() if call.status == 429] == []
        all_well(world, members)


def test_a_member_costs_at_most_9_calls(capsys: pytest.CaptureFixture[str]) -> None:
    """Points, validation, two looks at it, restore, a look at that, up to three at the job."""
    with World() as world:
        members = ask(world, 20)
        before = len(world.simulator.calls)
        world.run()

        costs = [world.result(name)["armCalls"] for name in members]
        with capsys.disabled():
            print(f"\nARM calls a member: {min(costs)} to {max(costs)}")
        assert max(costs) <= 9
        assert sum(costs) == len(world.simulator.calls) - before


def test_no_more_run_at_once_than_may() -> None:
    with World(rules={"max_active": 4}) as world:
        members = ask(world, 10)
        most = 0

        def is_over() -> bool:
            nonlocal most
            turns = Counter(row["turn"] for row in world.rows("OutstandingRestores"))
            most = max(most, turns["taken"])
            return world.is_idle()

        world.run(until=is_over)

        assert most == 4
        all_well(world, members)


def test_members_are_given_their_turns_in_order_also_those_of_another_set() -> None:
    with a_world() as world:
        first = ask(world, 12, "set-a")
        second = ask(world, 12, "set-b")
        both = [name for name in second if name not in first]
        world.run()

        told = sorted((document(world, name)["turnAt"], name) for name in second)
        assert [name for _, name in told] == [*first, *both]


# ------------------------------------------------------------------------- who goes before


def test_one_disk_alone_goes_at_once_although_members_wait() -> None:
    with a_world() as world:
        members = ask(world, 22)
        world.tick_now()
        assert 0 < len(turned(world, members)) < 22

        ask_for_one(world, "alone")
        world.deliver()

        assert world.status("alone") == "Validating"


def test_one_disk_that_waits_is_given_its_turn_before_any_member() -> None:
    with World(rules={"max_active": 1}) as world:
        ask_for_one(world, "runs")
        world.deliver()
        members = ask(world, 3)
        ask_for_one(world, "waits")
        world.deliver()
        assert world.status("waits") == "Queued"

        world.run(until=lambda: bool(turned(world, members)))

        assert world.result("waits")["status"] == "Completed"


def test_the_turns_of_single_disks_leave_members_less_room() -> None:
    with a_world() as world:
        members = ask(world, 20)
        for number in range(8):
            ask_for_one(world, f"alone-{number}")
        world.deliver()

        world.tick_now()

        assert len(turned(world, members)) == 20 - 8


def test_the_turns_that_single_disks_are_given_in_a_tick_leave_its_members_less_room() -> None:
    with a_world(rules={"max_active": 1}) as world:
        for number in range(4):
            ask_for_one(world, f"alone-{number}")
            world.deliver()
        members = ask(world, 20)
        world.deploy(max_active=100)

        world.tick_now()

        assert len(turned(world, members)) == 20 - 4


def test_a_member_keeps_the_turn_that_it_was_given_although_somebody_began_to_wait() -> None:
    with World(rules={"max_active": 2}) as world:
        ask_for_one(world, "runs")
        world.deliver()
        (member,) = ask(world, 1)
        world.tick_now()
        ask_for_one(world, "waits")
        world.deliver()

        assert world.status("waits") == "Queued"
        assert world.status(member) == "Validating"


def test_a_single_disk_that_storage_keeps_from_its_turn_is_overtaken_by_no_member() -> None:
    with World(rules={"max_active": 1}) as world:
        ask_for_one(world, "runs")
        world.deliver()
        members = ask(world, 1)
        ask_for_one(world, "waits")
        world.deliver()
        failing = 0

        def fail(what: str) -> None:
            nonlocal failing
            is_over = "runs" not in {row["RowKey"] for row in world.rows("OutstandingRestores")}
            if what == "Restores.update" and is_over and failing < 2:
                failing += 1
                raise ServiceRequestError("no route to storage")

        world.io.before = fail
        world.run()

        assert failing == 2
        assert world.result("waits")["triggeredAt"] < world.result(members[0])["triggeredAt"]


# --------------------------------------------------------------------------- while ARM says no


def test_after_a_429_no_member_is_given_a_turn_in_that_subscription_until_it_is_over() -> None:
    with World() as world:
        ask_for_one(world, "alone")
        world.deliver()
        members = ask(world, 3)
        world.simulator.next("GET", "/operationStatus/*", faults.throttle(100))
        world.clock.advance(seconds=30)
        world.deliver()
        said = world.clock()

        world.run(until=lambda: bool(turned(world, members)))

        (at,) = {datetime.fromisoformat(document(world, name)["turnAt"]) for name in members}
        assert timedelta(seconds=100) <= at - said <= timedelta(seconds=100) + TICK
        world.run()
        assert world.result("set")["status"] == "Completed"


def test_another_subscription_goes_on_meanwhile() -> None:
    other = "11111111-1111-2222-3333-444444444444"
    both = f"{builders.ALLOW}; /subscriptions/{other} => {builders.TARGET_GROUP}"
    with World(allow=both) as world:
        sick = world.simulator.protect("sick", subscription=other)
        world.send(backupInstanceId=sick)
        world.deliver()
        members = ask(world, 3)
        world.simulator.next("GET", "/operationStatus/*", faults.throttle(1_000))
        world.clock.advance(seconds=30)
        world.deliver()

        world.tick_now()

        assert turned(world, members) == members


def test_a_restore_that_arm_would_not_take_now_is_held_back_without_a_miss_or_a_reason() -> None:
    """A worker that restarts knows of no bucket: here it has fewer tokens than its turns need."""
    with World(rules={"quota": Quota(Bucket(4, 0.2), DOCUMENTED.writes)}) as world:
        for number in range(4):
            ask_for_one(world, f"r{number}")
        world.deliver()
        held = [document(world, f"r{number}")["state"] for number in range(4)]

        assert {state["is"] for state in held} >= {"Accepted", "Validating"}
        assert [state["wait"]["misses"] for state in held] == [0] * 4
        assert [state["wait"]["problem"] for state in held] == [None] * 4
        turns = Counter(row["turn"] for row in world.rows("OutstandingRestores"))
        assert turns == {"taken": 4}
        world.run()
        assert {world.result(f"r{number}")["status"] for number in range(4)} == {"Completed"}


def test_a_look_that_arm_would_not_take_now_is_no_missed_one() -> None:
    with World(rules={"quota": Quota(Bucket(2, 0.02), DOCUMENTED.writes)}) as world:
        ask_for_one(world, "r1")
        world.run(seconds=31)

        state = document(world, "r1")["state"]
        assert state["is"] == "Validating"
        assert (state["wait"]["misses"], state["wait"]["problem"]) == (0, None)
        assert state["wait"]["due"] > world.clock().isoformat()


def test_no_claim_is_saved_that_arm_would_not_take_at_once() -> None:
    quota = Quota(DOCUMENTED.reads, Bucket(1, 0.01))
    with World(rules={"quota": quota}) as world:
        ask_for_one(world, "r1")
        world.run(until=lambda: world.status("r1") == "Validated", minutes=2)

        assert document(world, "r1")["state"]["plan"]["claims"] == []
        assert world.arm_calls("POST", "/restore") == []
        world.run()
        assert world.result("r1")["status"] == "Completed"
        assert len(world.arm_calls("POST", "/restore")) == 1


def test_the_token_of_a_claim_that_another_worker_overtook_is_not_lost() -> None:
    quota = Quota(DOCUMENTED.reads, Bucket(2, 0.01))
    with World(rules={"quota": quota}) as world:
        ask_for_one(world, "r1")
        world.run(until=lambda: world.status("r1") == "Validating", minutes=2)
        rows = world.tables.tables["Restores"].rows
        raced = 0

        def race(what: str) -> None:
            nonlocal raced
            _, row = rows["r1", "restore"]
            if what == "Restores.update" and row["status"] == "Validated" and not raced:
                raced += 1
                rows["r1", "restore"] = "another", row

        world.io.before = race
        world.run(until=lambda: world.status("r1") == "Running", minutes=5)

        assert raced == 1
        assert len(world.arm_calls("POST", "/restore")) == 1


# ----------------------------------------------------------------------- what gets lost


@pytest.mark.parametrize(
    ("lost", "seconds"), [("OutstandingRestores.upsert", 80), ("restore-steps.send", 170)]
)
def test_a_turn_whose_row_or_step_was_lost_is_found_again(lost: str, seconds: int) -> None:
    with a_world() as world:
        members = ask(world, 5)
        failing = 0

        def fail(what: str) -> None:
            nonlocal failing
            if what == lost and turned(world, members) and not failing:
                failing += 1
                raise ServiceRequestError("no route to storage")

        world.io.before = fail
        world.run()

        assert failing == 1
        all_well(world, members)
        triggered = max(world.result(name)["triggeredAt"] for name in members)
        assert triggered - NOON <= timedelta(seconds=seconds)


@pytest.mark.parametrize("notices", [set(), {Stage.ACCEPTED}], ids=["none told", "accepted told"])
def test_a_tick_does_not_visit_the_members_that_it_gives_turns(notices: set[Stage]) -> None:
    with a_world(rules={"notices": frozenset(notices)}) as world:
        members = ask(world, 5)
        before = len(world.simulator.calls)

        world.tick_now()

        assert turned(world, members) == members
        assert len(world.simulator.calls) == before
        steps = [message.content for message in world.queue("restore-steps").messages]
        assert [name for name in steps if name in members] == members


def test_a_member_whose_row_cannot_be_read_is_passed_over() -> None:
    with a_world() as world:
        members = ask(world, 3)
        key = (members[0], "restore")
        etag, row = world.tables.tables["Restores"].rows[key]
        world.tables.tables["Restores"].rows[key] = (etag, {**row, "document": "{not JSON"})

        world.tick_now()
        world.tables.tables["Restores"].rows[key] = (etag, row)

        assert turned(world, members) == members[1:]


# ---------------------------------------------------------------- when a turn is given back


def test_a_member_that_azure_holds_up_gives_its_turn_back_and_waits_for_another() -> None:
    with World(rules={"max_active": 1}) as world:
        members = ask(world, 2)
        world.simulator.next("GET", "/recoveryPoints", faults.status(503))
        world.run()

        all_well(world, members)
        held, other = (document(world, name)["turnAt"] for name in members)
        assert NOON + TICK <= datetime.fromisoformat(held) < datetime.fromisoformat(other)
        asked = [call.at for call in world.arm_calls("GET", "/recoveryPoints")]
        assert [at for at in asked if (at - NOON) % TICK] == []  # In a turn, never before.


def test_a_member_of_a_rehearsal_waits_for_a_turn_before_it_validates_again() -> None:
    with World(rules={"max_active": 1}) as world:
        members = ask(world, 2, validateOnly=True)
        world.simulator.next("POST", "/validateRestore", faults.status(503))
        most = 0

        def is_over() -> bool:
            nonlocal most
            most = max(most, sum(world.status(name) == "Validating" for name in members))
            return world.is_idle()

        world.run(until=is_over)

        assert most == 1
        asked = [call.at for call in world.arm_calls("POST", "/validateRestore")]
        assert len(asked) == 3
        assert [at for at in asked if (at - NOON) % TICK] == []
        assert {world.result(name)["status"] for name in members} == {"Validated"}


def test_turns_are_given_for_30_seconds_of_a_tick_and_its_jobs_are_looked_at_all_the_same() -> None:
    with World(pace=Pace(job=timedelta(seconds=1))) as world:
        members = ask(world, 8)

        def slow(what: str) -> None:
            if what == "OutstandingRestores.upsert":
                world.clock.advance(seconds=5)  # Each turn is two of them.

        world.io.before = slow
        world.tick_now()

        assert len(turned(world, members)) == 4


def test_a_set_in_a_sick_vault_keeps_no_set_of_another_vault_waiting() -> None:
    with World(rules={"max_active": 2}) as world:
        sick = sets.protect(world, *[f"sick-{number}" for number in range(8)])
        for number in range(8):
            world.simulator.script(f"sick-{number}-back", validation=[outcomes.never()] * 200)
        sets.send(world, requestId="sick", sourceDiskIds=sick, targetDiskSuffix="-back")
        world.run(minutes=2)
        another = sets.VAULT.replace("vault-1", "vault-2")
        well = world.simulator.source_disk(world.protect("well", vault="vault-2"))
        sets.send(world, requestId="well", sourceDiskIds=[well], vaultId=another)
        asked = world.clock()

        world.run(until=lambda: world.status("well") == "Completed")

        an_hour_for_each_sick_one = timedelta(minutes=75)
        assert world.clock() - asked < an_hour_for_each_sick_one
