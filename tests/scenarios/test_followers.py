"""Requests for a disk that is being restored: they follow, and one goes ahead where it failed."""

from datetime import timedelta
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError

from simulator import faults, outcomes
from tests import builders
from tests.sets import withdraw
from tests.slow_storage import fails_once, slow_reads
from tests.world import World

BUSY = outcomes.fails("CloudInternalError")
BROKEN = outcomes.fails("UserErrorDiskSnapshotNotFound")


def ask(world: World, name: str, **changes: Any) -> None:
    """Ask by its disk for disk-1 to be restored to a disk that bears the request's name."""
    instance = world.protect()
    source = world.simulator.source_disk(instance)
    vault = instance.partition("/backupInstances")[0]
    fields = {"backupInstanceId": ..., "sourceDiskId": source, "vaultId": vault}
    fields["targetDiskId"] = builders.disk(name)
    world.send(requestId=name, **{**fields, **changes})


def ended(world: World, name: str) -> tuple[str, str]:
    row = world.result(name)
    return row["status"], row.get("errorCode", "")


def storm(
    world: World, *names: str, until: str = "Running", target: str = "", **changes: Any
) -> None:
    """Let the first of them have come so far when the others come, all to one `target` if named."""
    first, *others = names
    of_all = {"targetDiskId": builders.disk(target)} if target else {}
    ask(world, first, **of_all, **changes)
    world.run(until=lambda: world.status(first) == until)
    for name in others:
        world.clock.advance(seconds=1)
        ask(world, name, **of_all)
        world.deliver()
    world.run(until=lambda: all(world.status(name) == "Following" for name in others))


BY_GROUP = {"targetDiskId": ..., "targetResourceGroupId": builders.TARGET_GROUP}


@pytest.mark.parametrize(
    ("changes", "locks"),
    [({}, 0), (BY_GROUP, 0), ({**BY_GROUP, "sourceDiskId": ..., "vaultId": ...}, 1)],
    ids=["target named", "source named", "neither named"],
)
def test_who_comes_to_follow_once_it_has_its_target_gives_that_back(
    changes: dict[str, Any], locks: int
) -> None:
    """Without a cooldown another passes it while it tries once more; then a cooldown is set."""
    with World(rules={"cooldown": timedelta(0)}) as world:
        instance = {"backupInstanceId": world.protect()} if "sourceDiskId" in changes else {}
        ask(world, "second", **changes, **instance)
        world.io.before = fails_once("Restores.update", after=1)
        world.deliver()
        assert (world.status("second"), len(world.rows("TargetLocks"))) == ("Planned", 1)
        ask(world, "first")
        world.deliver()
        world.deploy(cooldown=timedelta(hours=1))

        world.run()

        assert ended(world, "second") == ("Rejected", "RestoredAlready")
        assert len(world.rows("TargetLocks")) == locks
        if locks:
            (row,) = world.rows("TargetLocks")
            world.send(backupInstanceId=world.protect("disk-2"), targetDiskId=row["targetDiskId"])
            world.run()
            assert ended(world, "r1") == ("Completed", "")


def test_a_follower_asks_azure_for_nothing_and_takes_no_turn() -> None:
    with World(rules={"max_active": 1}) as world:
        ask(world, "first")
        world.run(until=lambda: world.status("first") == "Running")
        calls = len(world.arm_calls())
        ask(world, "second")
        world.deliver()

        row = next(row for row in world.rows("Restores") if row["requestId"] == "second")
        assert (row["status"], row["follows"]) == ("Following", "first")
        assert len(world.arm_calls()) == calls
        world.run()
        assert ended(world, "second") == ("Rejected", "RestoredAlready")
        assert builders.disk("first") in world.result("second")["errorMessage"]


def test_the_earliest_goes_ahead_when_the_first_has_failed(world: World) -> None:
    world.simulator.script(builders.disk("first"), job=BROKEN)
    storm(world, "first", "second", "third")

    world.run()

    assert ended(world, "first") == ("Failed", "UserErrorDiskSnapshotNotFound")
    assert ended(world, "second") == ("Completed", "")
    assert ended(world, "third") == ("Rejected", "RestoredAlready")
    assert "by the request second" in world.result("third")["errorMessage"]


def test_one_goes_ahead_once(world: World) -> None:
    for name in ("first", "second"):
        world.simulator.script(builders.disk(name), job=BROKEN)
    storm(world, "first", "second", "third", "fourth")

    world.run()

    assert ended(world, "second") == ("Failed", "UserErrorDiskSnapshotNotFound")
    for name in ("third", "fourth"):
        assert ended(world, name) == ("Rejected", "UserErrorDiskSnapshotNotFound")
        assert "The request second was restoring" in world.result(name)["errorMessage"]
    assert len(world.simulator.jobs()) == 2


def test_who_goes_ahead_and_is_withdrawn_takes_nobody_with_it(world: World) -> None:
    """Nobody else has said that the disk is wanted no more."""
    world.simulator.script(builders.disk("first"), job=BROKEN)
    storm(world, "first", "second", "third", "fourth")
    world.run(until=lambda: world.status("second") == "Validating")
    withdraw(world, "second")

    world.run()

    assert ended(world, "second") == ("Cancelled", "Withdrawn")
    assert ended(world, "third") == ("Completed", "")
    assert ended(world, "fourth") == ("Rejected", "RestoredAlready")


def test_who_goes_ahead_for_one_that_was_withdrawn_is_the_first_to_try(world: World) -> None:
    """Only one restore has failed when it fails, so one more goes ahead, and no further."""
    for name in ("second", "third"):
        world.simulator.script(builders.disk(name), job=BROKEN)
    storm(world, "first", "second", "third", "fourth", until="Validating")
    withdraw(world, "first")

    world.run()

    assert ended(world, "first") == ("Cancelled", "Withdrawn")
    assert ended(world, "second") == ("Failed", "UserErrorDiskSnapshotNotFound")
    assert ended(world, "third") == ("Failed", "UserErrorDiskSnapshotNotFound")
    assert ended(world, "fourth") == ("Rejected", "UserErrorDiskSnapshotNotFound")
    assert len(world.simulator.jobs()) == 2


def test_what_had_failed_before_one_that_was_withdrawn_counts(world: World) -> None:
    for name in ("first", "third"):
        world.simulator.script(builders.disk(name), job=BROKEN)
    storm(world, "first", "second", "third", "fourth")
    world.run(until=lambda: world.status("second") == "Validating")
    withdraw(world, "second")

    world.run()

    assert ended(world, "second") == ("Cancelled", "Withdrawn")
    assert ended(world, "third") == ("Failed", "UserErrorDiskSnapshotNotFound")
    assert ended(world, "fourth") == ("Rejected", "UserErrorDiskSnapshotNotFound")


def test_one_that_came_too_late_is_no_try(world: World) -> None:
    for name in ("second", "third"):
        world.simulator.script(builders.disk(name), job=BROKEN)
    late = (world.clock() + timedelta(seconds=40)).isoformat()
    storm(world, "first", "second", "third", "fourth", until="Validating", notAfter=late)

    world.run()

    assert ended(world, "first") == ("Rejected", "TooLate")
    assert ended(world, "third") == ("Failed", "UserErrorDiskSnapshotNotFound")
    assert ended(world, "fourth") == ("Rejected", "UserErrorDiskSnapshotNotFound")


def test_nobody_goes_ahead_of_one_that_was_cancelled(world: World) -> None:
    world.simulator.script(builders.disk("first"), job=outcomes.cancelled())
    storm(world, "first", "second")

    world.run()

    assert ended(world, "first")[0] == "Cancelled"
    assert ended(world, "second")[0] == "Rejected"
    assert "first" in world.result("second")["errorMessage"]


def test_what_the_vault_refuses_it_refuses_to_all(world: World) -> None:
    world.simulator.script(builders.disk("first"), validation=BROKEN)
    ask(world, "first")
    world.run(until=lambda: world.status("first") == "Validating")
    ask(world, "second")

    world.run()

    assert ended(world, "first") == ("Rejected", "UserErrorDiskSnapshotNotFound")
    assert ended(world, "second") == ("Rejected", "UserErrorDiskSnapshotNotFound")


def test_a_follower_is_given_the_command_that_mends_it_at_the_end_of_its_advice(
    world: World,
) -> None:
    refused = outcomes.fails("UserErrorNotEnoughPermissionOnTargetRG")
    world.simulator.script(builders.disk("first"), job=refused)
    world.simulator.script(builders.disk("second"), job=refused)
    storm(world, "first", "second", "third")

    world.run()

    own, told = (world.result(name)["recommendedAction"] for name in ("second", "third"))
    assert "The command: az role assignment create" in told
    assert told.endswith(own)


def test_what_only_the_first_may_not_do_the_next_may(world: World) -> None:
    at = world.clock() + timedelta(seconds=20)
    ask(world, "first", notAfter=at.isoformat())
    world.run(until=lambda: world.status("first") == "Validating")
    ask(world, "second")

    world.run()

    assert ended(world, "first") == ("Rejected", "TooLate")
    assert ended(world, "second") == ("Completed", "")


@pytest.mark.parametrize(
    "code", ["UserErrorSameNameDiskAlreadyExists", "UserErrorTargetDiskAlreadyExists"]
)
def test_a_disk_in_the_way_of_the_first_stops_no_other(world: World, code: str) -> None:
    world.simulator.script(builders.disk("first"), validation=outcomes.fails(code))
    ask(world, "first")
    world.run(until=lambda: world.status("first") == "Validating")
    ask(world, "second")

    world.run()

    assert ended(world, "first") == ("Rejected", code)
    assert ended(world, "second") == ("Completed", "")


def test_alerts_for_a_target_that_exists_try_twice_and_no_more(world: World) -> None:
    target = builders.disk("the-disk")
    world.simulator.add_disk(target)
    for name in ("first", "second", "third", "fourth"):
        world.clock.advance(seconds=1)
        ask(world, name, targetDiskId=target)
        world.deliver()

    world.run()

    assert len(world.arm_calls("POST", "/validateRestore")) == 2
    code = world.result("first")["errorCode"]
    assert [ended(world, name) for name in ("first", "second", "third", "fourth")] == [
        ("Rejected", code)
    ] * 4
    assert "The request second was restoring" in world.result("fourth")["errorMessage"]


def test_two_requests_for_one_fixed_target_are_one_restore_and_a_follower(world: World) -> None:
    target = builders.disk("the-disk")
    ask(world, "first", targetDiskId=target)
    ask(world, "second", targetDiskId=target)

    world.run()

    assert ended(world, "first") == ("Completed", "")
    assert ended(world, "second") == ("Rejected", "RestoredAlready")
    assert world.simulator.restores_of("the-disk") == 1


@pytest.mark.parametrize("changes", [{"force": True}, {"validateOnly": True}])
def test_who_insists_or_only_validates_never_follows(world: World, changes: dict[str, Any]) -> None:
    ask(world, "first")
    world.run(until=lambda: world.status("first") == "Running")

    ask(world, "second", **changes)
    world.run(until=lambda: world.status("second") not in ("", "Accepted"))

    assert world.status("second") != "Following"
    world.run()


def test_a_leader_that_is_gone_counts_as_ended(world: World) -> None:
    storm(world, "first", "second")
    del world.tables.get_table_client("Restores").rows[("first", "restore")]

    world.run()

    assert ended(world, "second") == ("Completed", "")


def test_a_follower_ends_at_its_own_last_moment(world: World) -> None:
    ask(world, "first")
    world.run(until=lambda: world.status("first") == "Running")
    at = world.clock() + timedelta(minutes=1)
    ask(world, "second", notAfter=at.isoformat())

    world.run()

    assert ended(world, "second") == ("Rejected", "TooLate")


def test_a_newcomer_follows_who_goes_ahead(world: World) -> None:
    world.simulator.script(builders.disk("first"), job=BROKEN)
    storm(world, "first", "second")
    world.run(until=lambda: world.status("second") == "Running")

    ask(world, "third")
    world.run(until=lambda: world.status("third") == "Following")
    world.run()

    assert ended(world, "third") == ("Rejected", "RestoredAlready")


def test_a_newcomer_does_not_overtake_who_follows_one_that_has_just_failed(world: World) -> None:
    world.simulator.script(builders.disk("first"), job=BROKEN)
    storm(world, "first", "second")
    world.run(until=lambda: world.status("first") == "Failed")

    ask(world, "newcomer")
    world.run()

    assert ended(world, "second") == ("Completed", "")
    assert ended(world, "newcomer") == ("Rejected", "RestoredAlready")


def test_who_follows_leads_nobody_although_a_lost_race_noted_it_as_restoring(world: World) -> None:
    world.simulator.script(builders.disk("first"), job=BROKEN)
    storm(world, "first", "second", "third")
    ((key, (etag, row)),) = world.tables.get_table_client("RestoredSources").rows.items()
    noted = {**row, "requestIds": f"{row['requestIds']},third"}
    world.tables.get_table_client("RestoredSources").rows[key] = (etag, noted)

    world.run()

    assert ended(world, "second") == ("Completed", "")
    assert ended(world, "third") == ("Rejected", "RestoredAlready")


def test_a_point_that_only_the_first_named_and_is_not_there_stops_no_other(world: World) -> None:
    busy = faults.status(503, "ServerBusy", "Later.")
    world.simulator.next("GET", "/recoveryPoints/nonsense", busy)
    ask(world, "first", recoveryPointId="nonsense")
    world.run(seconds=5)

    ask(world, "second")
    world.run()

    assert ended(world, "first") == ("Rejected", "UserErrorGenericResourceNotFound")
    assert ended(world, "second") == ("Completed", "")


def test_all_are_told_of_the_request_that_brought_the_disk_back(world: World) -> None:
    world.simulator.script(builders.disk("first"), job=BROKEN)
    storm(world, "first", "second", "third")

    ask(world, "insists", force=True)
    world.run()

    for name in ("second", "third"):
        row = world.result(name)
        assert row["errorCode"] == "RestoredAlready"
        assert row["errorMessage"].startswith("disk-1 is not restored again: it was restored")
        assert "by the request insists" in row["errorMessage"]


def test_a_tick_ends_in_time_however_slowly_leaders_are_read(world: World) -> None:
    for number in range(20):
        for name in (f"first-{number}", f"second-{number}"):
            instance, target = world.protect(f"disk-{number}"), builders.disk(name)
            world.send(requestId=name, backupInstanceId=instance, targetDiskId=target)
    world.deliver()
    begun = world.clock()

    world.io.before = slow_reads(world)
    world.tick_now()

    assert world.status("second-19") == "Following"
    assert world.clock() - begun < timedelta(minutes=4)


# ------------------------------------------------------------------------------ one retry


def test_a_job_that_azure_could_not_do_is_done_anew_once(world: World) -> None:
    world.simulator.script(builders.disk("first"), job=[BUSY, outcomes.succeeds()])
    storm(world, "first", "second")

    world.run()

    assert ended(world, "first") == ("Completed", "")
    assert ended(world, "second") == ("Rejected", "RestoredAlready")
    first, second = sorted(world.simulator.jobs(), key=lambda job: job.started)
    assert first.ended is not None
    assert second.started - first.ended >= timedelta(minutes=5)
    assert world.result("first")["jobId"] == second.id.rpartition("/")[2]


def test_a_job_that_fails_again_ends_the_restore(world: World) -> None:
    world.simulator.script(builders.disk("first"), job=[BUSY, BUSY])
    ask(world, "first")

    world.run()

    assert ended(world, "first") == ("Failed", "CloudInternalError")
    assert len(world.simulator.jobs()) == 2


def test_one_whose_target_exists_by_then_ends_as_its_first_job_failed(world: World) -> None:
    world.simulator.script(builders.disk("first"), job=[BUSY, outcomes.succeeds()])
    ask(world, "first")
    world.run(until=lambda: world.status("first") == "Retrying")
    world.simulator.add_disk(builders.disk("first"))

    world.run()

    assert ended(world, "first") == ("Failed", "CloudInternalError")
    (job,) = world.simulator.jobs()
    row = world.result("first")
    assert row["jobId"] == job.id.rpartition("/")[2]
    assert row["acceptedAt"] < row["triggeredAt"] <= row["jobStartedAt"]
    assert "It was not started anew" in row["errorMessage"]


# ------------------------------------------------------------- what comes between two steps


def between(world: World, what: str, happens: Any) -> None:
    """Let something happen before the first call of that name."""

    def before(call: str) -> None:
        if call == what:
            world.io.before = lambda _: None
            happens()

    world.io.before = before


def test_one_whose_place_at_the_source_was_lost_follows_who_has_it(world: World) -> None:
    ask(world, "first")
    world.run(until=lambda: world.status("first") == "Running")
    sources = world.tables.get_table_client("RestoredSources").rows
    kept = dict(sources)
    sources.clear()
    ask(world, "second")
    between(world, "TargetLocks.get", lambda: sources.update(kept))

    world.deliver()

    assert world.status("second") == "Following"
    world.run()
    assert ended(world, "second") == ("Rejected", "RestoredAlready")


def test_a_target_that_was_taken_after_it_was_looked_at_is_in_use(world: World) -> None:
    other = world.protect("disk-2")
    ask(world, "first", targetDiskId=builders.disk("the-disk"))

    def taken() -> None:
        world.send(
            requestId="other", backupInstanceId=other, targetDiskId=builders.disk("the-disk")
        )
        body = world.queue("restore-requests").messages.pop().content.encode()
        world.engine.intake.accept(body, world.clock())

    between(world, "TargetLocks.create_entity", taken)
    world.run()

    assert ended(world, "first") == ("Rejected", "TargetInUse")
    assert ended(world, "other") == ("Completed", "")


def test_a_leader_whose_row_cannot_be_read_counts_as_ended(world: World) -> None:
    storm(world, "first", "second")
    _, row = world.tables.get_table_client("Restores").rows[("first", "restore")]
    row["document"] = "{"

    world.run(until=lambda: world.status("second") not in ("", "Following"))
    world.run(hours=1)

    assert ended(world, "second") == ("Completed", "")


def test_followers_whose_leader_cannot_be_read_now_wait_for_the_next_tick(world: World) -> None:
    storm(world, "first", "second")
    world.run(until=lambda: world.status("first") == "Ended" or bool(world.rows("RestoreResults")))

    def away(call: str) -> None:
        if call == "Restores.get":
            world.io.before = lambda _: None
            raise ServiceRequestError("away")

    world.io.before = away
    world.tick_now()
    assert world.status("second") == "Following"

    world.run()
    assert ended(world, "second") == ("Rejected", "RestoredAlready")


def test_a_leader_that_has_come_to_its_end_but_not_to_its_release_keeps_no_target() -> None:
    """Storage fails right after the save of its end: a tick lets others go before it goes on."""
    with World(rules={"max_active": 1}) as world:
        busy = world.protect("disk-9")
        world.send(requestId="busy", backupInstanceId=busy, targetDiskId=builders.disk("busy"))
        world.deliver()
        storm(world, "first", "second", "third", until="Queued", target="the-disk")
        withdraw(world, "first")

        world.io.before = fails_once("OutstandingRestores.upsert")
        world.run()

        assert ended(world, "second") == ("Completed", "")
        assert ended(world, "third") == ("Rejected", "RestoredAlready")


@pytest.mark.parametrize("what", ["missing_groups", "groups_without_role"])
def test_a_target_group_of_the_leader_alone_is_no_reason_for_others(what: str) -> None:
    other = f"/subscriptions/{builders.SUBSCRIPTION}/resourceGroups/rg-other"
    allow = f"{builders.ALLOW}; /subscriptions/{builders.SUBSCRIPTION} => {other}"
    with World(allow=allow) as world:
        getattr(world.simulator.world, what).append(other.lower())
        ask(world, "first", targetDiskId=builders.disk("first", other))
        world.run(until=lambda: world.status("first") == "Validating")
        ask(world, "second")

        world.run()

        assert world.result("first")["status"] == "Rejected"
        assert ended(world, "second") == ("Completed", "")


def test_two_are_tried_also_where_the_first_who_should_go_ahead_is_withdrawn_before_it_did(
    world: World,
) -> None:
    for name in ("first", "third", "fourth"):
        world.simulator.script(builders.disk(name), job=BROKEN)
    storm(world, "first", "second", "third", "fourth", "fifth")
    world.run(until=lambda: world.status("first") == "Failed")
    world.io.before = fails_once("Restores.update")
    world.tick_now()
    assert [world.status(name) for name in ("second", "third")] == ["Following", "Following"]

    withdraw(world, "second")
    world.run()

    assert len(world.simulator.jobs()) == 2
    assert ended(world, "third")[0] == "Failed"
    assert {ended(world, name)[0] for name in ("fourth", "fifth")} == {"Rejected"}
