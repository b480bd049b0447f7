"""A sick vault starves no other: who waits to try again holds no turn, and turns are shared."""

from dataclasses import replace
from datetime import timedelta

import pytest

from restore_core.azure.tables.outstanding import OUTSTANDING
from restore_core.lifecycle.outbox import FINAL, Stage
from restore_core.lifecycle.quota import DOCUMENTED, Bucket
from simulator import Limits, faults, outcomes
from tests import builders
from tests.world import World

# The same lines thousands of times: their coverage, which doubles the cost, is not measured.
pytestmark = pytest.mark.no_cover

SICK = outcomes.fails("CloudInternalError")


def ask(world: World, name: str, *, vault: str = "vault-1", sick: bool = False) -> None:
    instance = world.protect(f"of-{name}", vault=vault)
    if sick:
        world.simulator.script(builders.disk(name), validation=[SICK] * 200)
    world.send(requestId=name, backupInstanceId=instance, targetDiskId=builders.disk(name))
    world.deliver()
    world.clock.advance(seconds=1)


def test_three_restores_of_a_sick_vault_leave_a_healthy_one_its_turn() -> None:
    with World(rules={"max_active": 3}) as world:
        for number in range(3):
            ask(world, f"sick-{number}", sick=True)
        world.run(until=lambda: world.status("sick-2") == "Retrying")

        ask(world, "healthy", vault="vault-2")
        asked = world.clock()
        world.run(until=lambda: world.status("healthy") == "Completed")

        assert world.clock() - asked < timedelta(minutes=12)


def test_one_that_tries_again_waits_in_the_queue_in_which_it_was_accepted() -> None:
    with World(rules={"max_active": 1}) as world:
        world.simulator.script(builders.disk("first"), validation=[SICK, outcomes.succeeds()])
        ask(world, "first")
        world.run(until=lambda: world.status("first") == "Retrying")
        ask(world, "second")
        ask(world, "third")
        world.run()

        begun = {name: world.result(name)["triggeredAt"] for name in ("first", "second", "third")}
        assert begun["first"] < begun["third"]
        assert len({*begun.values()}) == 3


def test_no_vault_is_given_more_than_its_share_while_another_waits() -> None:
    with World(rules={"max_active": 2}) as world:
        ask(world, "runs-1")
        ask(world, "runs-2")
        world.run(until=lambda: world.status("runs-2") == "Running")
        ask(world, "a-1")
        ask(world, "a-2")
        ask(world, "b-1", vault="vault-2")

        world.run(until=lambda: world.status("b-1") not in ("Accepted", "Queued"))

        assert world.status("a-1") not in ("Accepted", "Queued")
        assert world.status("a-2") == "Queued"


def test_where_one_vault_waits_alone_it_may_have_every_turn() -> None:
    with World(rules={"max_active": 2}) as world:
        ask(world, "b-1", vault="vault-2")
        for number in range(3):
            ask(world, f"a-{number}")
        world.run(until=lambda: world.status("b-1") == "Completed")
        world.run(minutes=2)

        running = [row for row in world.rows("Restores") if row["status"] != "Queued"]
        assert sum(row["requestId"].startswith("a-") for row in running) >= 2


def test_a_restore_that_cannot_end_in_time_is_not_triggered() -> None:
    with World(rules={"max_age": timedelta(minutes=30)}) as world:
        world.simulator.script(
            builders.disk("late"), validation=[SICK, SICK, SICK, outcomes.succeeds()]
        )
        ask(world, "late")
        world.run()

        row = world.result("late")
        assert row["status"] == "TimedOut"
        assert world.simulator.jobs() == []
        assert "No job was started" in row["errorMessage"]


@pytest.mark.parametrize("code", ["ScopeLocked", "MissingSubscriptionRegistration"])
@pytest.mark.parametrize("path", ["/validateRestore", "/restore"])
def test_an_obstacle_that_stands_ends_the_restore_with_its_remedy(code: str, path: str) -> None:
    with World() as world:
        headers = {"x-ms-failure-cause": "gateway"}
        world.simulator.next("POST", path, faults.status(409, code, "No.", headers), times=None)
        row = world.restore(world.protect())

        assert (row["status"], row["errorCode"]) == ("Rejected", code)
        assert "then send the request again with a new requestId" in row["recommendedAction"]
        assert world.rows("TargetLocks") == []


def test_what_azure_answers_for_a_quarter_of_an_hour_is_told_once() -> None:
    with World(rules={"notices": FINAL | {Stage.WAITING}}) as world:
        busy = faults.status(503, "ServerBusy", "Later.")
        world.simulator.next("POST", "/validateRestore", busy, times=8)
        row = world.restore(world.protect())

        assert row["status"] == "Completed"
        assert world.told() == ["waiting", "completed"]
        (waiting, _) = world.events()
        assert waiting["data"]["errorCode"] == "ServerBusy"
        assert waiting["data"]["ended"] is False


def test_one_that_has_cost_too_much_to_ask_soon_closes_a_full_vault_for_nobody_else() -> None:
    """It has looked through a long list, and asks again in hours: there is room long before."""
    quota = replace(DOCUMENTED, reads=Bucket(1_000, 25))
    limits = replace(Limits.none(), restores_of_vault=1)
    with World(graph="forbidden", limits=limits, rules={"quota": quota}) as world:
        world.simulator.habits.page_size = 98
        instance = world.protect("disk-1")
        world.simulator.add_history(instance, 24_000)
        world.simulator.next("POST", "/restore", faults.status(503))
        world.send(requestId="r1", backupInstanceId=instance, targetDiskId=builders.disk("a"))
        world.run(until=lambda: world.status("r1") == "Triggering")
        lasts = timedelta(hours=4)
        world.simulator.script(builders.disk("portal"), job=outcomes.succeeds(lasts=lasts))
        job = world.simulator.start_restore(world.protect("disk-9"), builders.disk("portal"))
        world.run(until=lambda: world.rows(OUTSTANDING)[0].get("findsFull", False))
        world.run(until=lambda: job.status != "InProgress")
        ask(world, "r2")
        ask(world, "r3")

        world.run(until=lambda: world.status("r2") == "Completed")
        room = world.clock()
        world.run(until=lambda: world.status("r3") == "Completed")

        assert world.status("r1") == "Retrying"
        assert world.clock() - room < timedelta(minutes=12)
