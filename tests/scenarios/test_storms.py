"""An alert storm must not become a restore storm: cooldown, turns, and what comes too late."""

import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError

from restore_core.text import utc_text
from simulator import Pace, faults, outcomes
from tests import builders
from tests.world import World

# The same lines thousands of times: their coverage, which doubles the cost, is not measured.
pytestmark = pytest.mark.no_cover

HOUR = timedelta(hours=1)
OUT = faults.status(503, "ServiceUnavailable")


def ask(world: World, name: str, disk: str = "disk-1", **changes: Any) -> None:
    """Ask for a disk to be restored to one that bears the request's name."""
    instance = world.protect(disk)
    fields = {"backupInstanceId": instance, "targetDiskId": builders.disk(name), **changes}
    world.send(requestId=name, **fields)


def only(path: str) -> re.Pattern[str]:
    return re.compile(re.escape(path) + "$")


def ended(world: World, name: str) -> tuple[str, str]:
    row = world.result(name)
    return row["status"], row.get("errorCode", "")


# ------------------------------------------------------------------------------- the cooldown


def test_a_disk_that_is_being_restored_is_not_restored_again(world: World) -> None:
    ask(world, "first")
    world.run(until=lambda: world.status("first") == "Running")

    calls = len(world.arm_calls())
    ask(world, "second")
    world.run(until=lambda: world.status("second") == "Following")
    assert len(world.arm_calls()) - calls == 1  # whose disk the instance protects
    world.run()

    assert ended(world, "first") == ("Completed", "")
    assert ended(world, "second") == ("Rejected", "RestoredAlready")
    first = world.result("first")
    told = f"to {builders.disk('first')}, from {utc_text(first['recoveryPointTime'])}, by the"
    assert f"{told} request first" in world.result("second")["errorMessage"]
    assert "force" in world.result("second")["recommendedAction"]


def test_a_disk_that_has_been_restored_is_not_restored_again_within_the_hour(world: World) -> None:
    ask(world, "first")
    world.run()
    world.clock.now = world.result("first")["completedAt"] + HOUR - timedelta(seconds=10)

    ask(world, "second")
    world.run()

    assert ended(world, "second") == ("Rejected", "RestoredAlready")
    assert "by the request first, which ended at" in world.result("second")["errorMessage"]


def test_a_disk_may_be_restored_again_when_the_hour_is_over(world: World) -> None:
    ask(world, "first")
    world.run()
    world.clock.now = world.result("first")["completedAt"] + HOUR

    ask(world, "second")
    world.run()

    assert ended(world, "second") == ("Completed", "")


def test_who_insists_restores_again_at_once_and_counts_for_the_next(world: World) -> None:
    ask(world, "first")
    world.run(until=lambda: world.status("first") == "Running")
    ask(world, "second", force=True)
    ask(world, "third")

    world.run()

    assert ended(world, "first") == ended(world, "second") == ("Completed", "")
    assert ended(world, "third") == ("Rejected", "RestoredAlready")


def test_an_earlier_restore_counts_although_a_later_one_that_insisted_failed(world: World) -> None:
    world.simulator.script("second", job=outcomes.fails("UserErrorJob"))
    ask(world, "first")
    world.run()
    ask(world, "second", force=True)
    world.run()

    ask(world, "third")
    world.run()

    assert ended(world, "second")[0] == "Failed"
    assert ended(world, "third") == ("Rejected", "RestoredAlready")


@pytest.mark.parametrize(
    ("first", "changes"),
    [
        ({"job": outcomes.fails("UserErrorJob")}, {}),
        ({"job": outcomes.cancelled()}, {}),
        ({"validation": outcomes.fails("UserErrorSomething")}, {}),
        ({}, {"validateOnly": True}),
    ],
    ids=["failed", "cancelled", "rejected", "only validated"],
)
def test_what_brought_no_disk_back_keeps_no_one_waiting(
    world: World, first: dict[str, Any], changes: dict[str, Any]
) -> None:
    world.simulator.script("first", **first)
    ask(world, "first", **changes)
    world.run()

    ask(world, "second")
    world.run()

    assert ended(world, "first")[0] != "Completed"
    assert ended(world, "second") == ("Completed", "")


def test_a_validation_is_always_welcome(world: World) -> None:
    ask(world, "first")
    world.run()

    ask(world, "second", validateOnly=True)
    world.run()

    assert ended(world, "second") == ("Validated", "")


def test_without_a_cooldown_a_disk_is_restored_as_often_as_asked_for() -> None:
    with World(rules={"cooldown": timedelta(0)}) as world:
        ask(world, "first")
        ask(world, "second")
        world.run()

        assert ended(world, "first") == ended(world, "second") == ("Completed", "")


def test_of_five_alerts_at_once_one_restores(world: World) -> None:
    bodies = [
        builders.message(
            requestId=f"r{number}",
            backupInstanceId=world.protect(),
            targetDiskId=builders.disk(f"d{number}"),
        )
        for number in range(5)
    ]
    barrier = threading.Barrier(5)

    def accept(body: bytes) -> None:
        barrier.wait()
        world.engine.intake.accept(body, world.clock())

    threads = [threading.Thread(target=accept, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    world.run()

    found = sorted(ended(world, f"r{number}") for number in range(5))
    assert found == [("Completed", ""), *[("Rejected", "RestoredAlready")] * 4]
    assert len(world.simulator.jobs()) == 1


def test_a_row_of_an_earlier_restore_that_cannot_be_read_keeps_no_one_waiting(
    world: World,
) -> None:
    ask(world, "first")
    world.run()
    key = ("first", "restore")
    etag, row = world.tables.tables["Restores"].rows[key]
    world.tables.tables["Restores"].rows[key] = (etag, {**row, "document": "{not JSON"})

    ask(world, "second")
    world.run()

    assert ended(world, "second") == ("Completed", "")


# ---------------------------------------------------------------------------------- the turns


def test_no_more_run_at_once_than_may_and_the_rest_follow_in_order() -> None:
    with World(rules={"max_active": 2}) as world:
        names = [f"r{number}" for number in range(7)]
        for name in names:
            ask(world, name, disk=name)
            world.deliver()
            world.clock.advance(seconds=1)
        most = 0

        def all_ended() -> bool:
            nonlocal most
            running = [
                n for n in names if world.status(n) in ("Validating", "Restoring", "Running")
            ]
            most = max(most, len(running))
            return world.is_idle()

        assert [world.status(name) for name in names[2:]] == ["Queued"] * 5
        world.run(until=all_ended)

        assert most == 2
        assert [ended(world, name) for name in names] == [("Completed", "")] * 7
        begun = sorted(names, key=lambda name: world.result(name)["triggeredAt"])
        assert begun == names


def test_one_that_waits_has_asked_azure_for_its_plan_and_for_nothing_more() -> None:
    with World(rules={"max_active": 1}) as world:
        ask(world, "first", disk="disk-1")
        ask(world, "second", disk="disk-2")
        world.deliver()

        assert world.status("second") == "Queued"
        assert len(world.arm_calls("POST", "/validateRestore")) == 1
        row = next(row for row in world.rows("Restores") if row["PartitionKey"] == "second")
        assert row["recoveryPointId"]


def test_a_newcomer_does_not_overtake_who_waits() -> None:
    with World(rules={"max_active": 1}) as world:
        ask(world, "first", disk="disk-1")
        ask(world, "second", disk="disk-2")
        world.deliver()
        # The first has ended, and the timer has not looked yet.
        world.tables.get_table_client("OutstandingRestores").rows = {
            key: held
            for key, held in world.tables.get_table_client("OutstandingRestores").rows.items()
            if key[1] != "first"
        }

        ask(world, "third", disk="disk-3")
        world.deliver()

        assert world.status("third") == "Queued"


def test_a_validation_needs_no_turn() -> None:
    with World(rules={"max_active": 1}) as world:
        ask(world, "first", disk="disk-1")
        ask(world, "second", disk="disk-2", validateOnly=True)
        world.deliver()

        assert world.status("second") == "Validating"


def test_one_that_waits_too_long_is_given_up_without_a_job() -> None:
    with World(rules={"max_active": 1}, pace=Pace(job=timedelta(hours=60))) as world:
        ask(world, "first", disk="disk-1")
        ask(world, "second", disk="disk-2")
        world.run(hours=50)

        assert ended(world, "second") == ("TimedOut", "TimedOut")
        assert "No job was started" in world.result("second")["errorMessage"]


def test_a_restore_that_is_given_up_and_guarded_takes_no_one_s_turn() -> None:
    with World(rules={"max_active": 1}, pace=Pace(job=timedelta(hours=60))) as world:
        ask(world, "first", disk="disk-1")
        world.run(hours=49)
        assert world.status("first") == "TimedOut"

        ask(world, "second", disk="disk-2")
        world.deliver()

        assert world.status("second") == "Validating"


def test_one_whose_row_cannot_be_read_is_passed_over_and_called_when_it_can() -> None:
    with World(rules={"max_active": 1}) as world:
        ask(world, "first", disk="disk-1")
        for name in ("second", "third"):
            ask(world, name, disk=name)
            world.deliver()
            world.clock.advance(seconds=1)
        key = ("second", "restore")
        etag, row = world.tables.tables["Restores"].rows[key]
        world.tables.tables["Restores"].rows[key] = (etag, {**row, "document": "{not JSON"})
        world.run(minutes=30)
        assert ended(world, "first") == ended(world, "third") == ("Completed", "")

        world.tables.tables["Restores"].rows[key] = (etag, row)
        world.run()

        assert ended(world, "second") == ("Completed", "")


def test_one_that_storage_keeps_from_its_turn_is_not_overtaken() -> None:
    with World(rules={"max_active": 1}) as world:
        for name in ("first", "second", "third"):
            ask(world, name, disk=name)
            world.deliver()
            world.clock.advance(seconds=1)
        failing = 0

        def fail(what: str) -> None:
            nonlocal failing
            first_is_over = "first" not in {r["RowKey"] for r in world.rows("OutstandingRestores")}
            if what == "Restores.update" and first_is_over and failing < 2:
                failing += 1
                raise ServiceRequestError("no route to storage")

        world.io.before = fail
        world.run()

        assert failing == 2
        assert world.result("second")["triggeredAt"] < world.result("third")["triggeredAt"]


def test_one_that_another_worker_saves_at_that_moment_is_not_overtaken() -> None:
    with World(rules={"max_active": 1}) as world:
        for name in ("first", "second", "third"):
            ask(world, name, disk=name)
            world.deliver()
            world.clock.advance(seconds=1)
        races = 0
        restores = world.tables.tables["Restores"].rows

        def race(what: str) -> None:
            nonlocal races
            first_is_over = "first" not in {r["RowKey"] for r in world.rows("OutstandingRestores")}
            if what == "Restores.update" and first_is_over and not races:
                races += 1
                _, row = restores["second", "restore"]
                restores["second", "restore"] = (
                    "another",
                    {**row, "document": row["document"] + " "},
                )

        world.io.before = race
        world.run()

        assert races == 1
        assert world.result("second")["triggeredAt"] < world.result("third")["triggeredAt"]


def test_a_tick_looks_at_who_waits_with_two_queries_whatever_their_number() -> None:
    with World(rules={"max_active": 1}) as world:
        for number in range(30):
            ask(world, f"r{number}", disk=f"disk-{number}")
        world.deliver()
        world.queue("restore-steps").messages.clear()
        world.io.calls.clear()

        world.tick_now()

        assert world.io.calls.count("OutstandingRestores.query") == 2
        assert len(world.io.calls) == 4


def test_one_that_azure_holds_up_takes_no_one_s_turn() -> None:
    with World(rules={"max_active": 1}) as world:
        world.simulator.next("GET", only(world.protect("disk-1")), OUT, times=1000)
        ask(world, "held-up", disk="disk-1")
        world.deliver()

        ask(world, "second", disk="disk-2")
        world.run(until=lambda: world.status("second") == "Completed", hours=1)

        assert ended(world, "second") == ("Completed", "")
        assert world.status("held-up") == "Accepted"


def test_one_that_was_held_up_leaves_its_turn_to_the_timer() -> None:
    with World(rules={"max_active": 2}) as world:
        world.simulator.next("GET", only(world.protect("disk-1")), OUT)
        ask(world, "held-up", disk="disk-1")
        ask(world, "second", disk="disk-2")
        world.run(until=lambda: world.status("held-up") == "Queued", hours=1)
        assert world.status("second") == "Validating"

        world.run()

        assert ended(world, "held-up") == ended(world, "second") == ("Completed", "")


def test_who_waits_without_a_row_takes_no_one_s_turn() -> None:
    with World(rules={"max_active": 1}) as world:
        for name in ("first", "gone", "third"):
            ask(world, name, disk=name)
            world.deliver()
            world.clock.advance(seconds=1)
        del world.tables.tables["Restores"].rows["gone", "restore"]

        world.run(until=lambda: world.status("third") == "Completed", hours=2)

        assert ended(world, "third") == ("Completed", "")


def test_a_tick_that_cannot_count_the_turns_visits_what_is_due_all_the_same() -> None:
    with World(rules={"max_active": 1}) as world:
        ask(world, "first", disk="disk-1")
        ask(world, "second", disk="disk-2")
        world.run(until=lambda: world.status("first") == "Running")
        queries = 0

        def fail(what: str) -> None:
            nonlocal queries
            queries += what == "OutstandingRestores.query"
            if what == "OutstandingRestores.query" and queries % 2 == 0:
                raise ServiceRequestError("no route to storage")

        world.io.before = fail
        world.run(until=lambda: world.status("first") == "Completed", minutes=10)

        assert ended(world, "first") == ("Completed", "")


def test_two_copies_of_a_message_that_waits_leave_it_waiting() -> None:
    with World(rules={"max_active": 1}) as world:
        ask(world, "first", disk="disk-1")
        world.deliver()
        body = builders.message(
            requestId="second",
            backupInstanceId=world.protect("disk-2"),
            targetDiskId=builders.disk("second"),
        )

        def overtaken(what: str) -> None:
            if what == "Restores.create_entity":
                world.io.before = lambda _: None
                world.engine.intake.accept(body, world.clock())

        world.io.before = overtaken
        world.engine.intake.accept(body, world.clock())

        turns = {row["RowKey"]: row["turn"] for row in world.rows("OutstandingRestores")}
        assert turns == {"first": "taken", "second": "awaited"}


# ------------------------------------------------------------------------------- the last hour


def until(world: World, **span: float) -> str:
    return (world.clock() + timedelta(**span)).isoformat()


def test_a_request_that_is_read_too_late_is_refused_before_azure_is_asked(world: World) -> None:
    ask(world, "r1", notAfter=until(world, minutes=10))
    world.clock.advance(minutes=10)
    world.run()

    assert ended(world, "r1") == ("Rejected", "TooLate")
    assert world.simulator.calls == []


def test_a_time_before_all_time_is_refused_like_any_that_has_passed(world: World) -> None:
    """What a sender leaves there that never set it; no table could hold it."""
    ask(world, "r1", notAfter="0001-01-01T00:00:00Z")
    world.run()

    assert ended(world, "r1") == ("Rejected", "TooLate")


def test_a_job_that_the_list_showed_too_late_is_found_when_it_is_too_late_for_another() -> None:
    slow = Pace(validation=timedelta(minutes=10))
    with World(pace=slow, job_list_lag=timedelta(minutes=24), graph="empty") as world:
        world.simulator.next("POST", "/restore", faults.lose_answer())
        ask(world, "r1", notAfter=until(world, minutes=40))

        world.run()

        # Believed lost 20 minutes after the claim; it lapses in its second validation.
        assert ended(world, "r1") == ("Completed", "")
        assert len(world.arm_calls("POST", "/validateRestore")) == 2
        assert len(world.arm_calls("POST", "/restore")) == 1


def test_a_claim_whose_post_never_arrived_is_not_followed_by_another_after_the_last_moment(
    world: World,
) -> None:
    world.simulator.next("POST", "/restore", faults.reset())
    ask(world, "r1", notAfter=until(world, minutes=15))

    world.run()

    assert ended(world, "r1") == ("Rejected", "TooLate")
    assert "was triggered, but no job of it was found" in world.result("r1")["errorMessage"]
    assert world.simulator.jobs() == []


def test_a_request_that_runs_in_time_is_not_stopped_by_its_last_hour(world: World) -> None:
    ask(world, "r1", notAfter=until(world, minutes=3))
    world.run()

    assert ended(world, "r1") == ("Completed", "")


def test_a_request_whose_turn_does_not_come_in_time_is_refused_then_and_not_later() -> None:
    with World(rules={"max_active": 1}, pace=Pace(job=timedelta(hours=3))) as world:
        ask(world, "first", disk="disk-1")
        ask(world, "second", disk="disk-2", notAfter=until(world, minutes=30))
        late = world.clock() + timedelta(minutes=30)

        world.run()

        assert ended(world, "first") == ("Completed", "")
        assert ended(world, "second") == ("Rejected", "TooLate")
        assert world.result("second")["completedAt"] - late <= timedelta(seconds=30)


def test_a_request_that_an_outage_of_azure_holds_up_for_too_long_is_refused(world: World) -> None:
    world.simulator.next("*", "*", faults.status(503, "ServiceUnavailable"), times=1000)
    ask(world, "r1", notAfter=until(world, minutes=20))

    world.run()

    assert ended(world, "r1") == ("Rejected", "TooLate")
    assert "ARM last said" in world.result("r1")["errorMessage"]


def test_a_validation_that_ends_too_late_is_not_followed_by_a_restore() -> None:
    with World(pace=Pace(validation=timedelta(minutes=5))) as world:
        ask(world, "r1", notAfter=until(world, minutes=4))
        world.run()

        assert ended(world, "r1") == ("Rejected", "TooLate")
        assert world.arm_calls("POST", "/restore") == []


def test_one_whose_row_says_that_it_waits_although_it_runs_goes_on() -> None:
    with World(rules={"max_active": 2}) as world:
        ask(world, "first")
        world.run(until=lambda: world.status("first") == "Running")
        (row,) = world.tables.get_table_client("OutstandingRestores").rows.values()
        row[1]["turn"] = "awaited"

        world.run()

        assert ended(world, "first") == ("Completed", "")
