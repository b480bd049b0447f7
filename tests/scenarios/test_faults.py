"""What goes wrong at ARM, and that a restore ends all the same, once."""

import re
from datetime import timedelta

import pytest

from simulator import Pace, faults, outcomes
from simulator.faults import Fault
from tests.world import World

CALLS = [
    ("GET", "/backupInstances/*"),
    ("GET", "/recoveryPoints"),
    ("POST", "/validateRestore"),
    ("GET", "/operationStatus/*"),
    ("POST", "/restore"),
    ("GET", "/backupJobs/*"),
]
TRANSIENT: dict[str, Fault] = {
    "429 with Retry-After": faults.throttle(retry_after=120),
    "429 without": faults.throttle(),
    "500": faults.service_error(500, "CloudInternalError"),
    "503": faults.service_error(503, "ServiceUnavailable"),
    "504": faults.service_error(504, "GatewayTimeout"),
    "408": faults.status(408, error_code="RequestTimeout"),
    "409": faults.status(409, error_code="Conflict"),
    "reset": faults.reset(),
    "obeyed, answer lost": faults.lose_answer(),
    "HTML": faults.garbage("html"),
    "cut": faults.garbage("cut"),
    "a list": faults.garbage("list"),
    "redirect": faults.redirect("https://login.example/"),
    "CloudDos": faults.cloud_dos(),
}


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call[0]} {call[1]}")
@pytest.mark.parametrize("fault", TRANSIENT.values(), ids=TRANSIENT.keys())
def test_a_fault_that_passes_ends_no_restore_and_doubles_none(
    world: World, call: tuple[str, str], fault: Fault
) -> None:
    instance = world.protect()
    world.simulator.next(*call, fault)

    row = world.restore(instance)

    assert row["status"] == "Completed"
    assert world.simulator.restores_of("disk-1-restored") == 1


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call[0]} {call[1]}")
def test_every_kind_of_call_rides_out_three_throttled_answers(
    world: World, call: tuple[str, str]
) -> None:
    instance = world.protect()
    world.simulator.next(*call, faults.throttle(retry_after=45), times=3)

    row = world.restore(instance)

    assert row["status"] == "Completed"
    assert world.simulator.restores_of("disk-1-restored") == 1


def test_a_throttled_restore_says_so_in_its_row_while_it_waits(world: World) -> None:
    instance = world.protect()
    world.simulator.next("POST", "/restore", faults.throttle(retry_after=300), times=1)
    world.send(backupInstanceId=instance)

    world.run(minutes=2)

    row = world.rows("Restores")[0]
    assert row["status"] == "Retrying"
    assert row["errorCode"] == "SubscriptionRequestsThrottled"
    assert row["dueAt"] > world.clock()
    assert world.rows("RestoreResults") == []


def test_the_service_s_own_limit_that_comes_as_400_is_waited_out(world: World) -> None:
    instance = world.protect()
    world.simulator.next("POST", "/restore", faults.cloud_dos(), times=2)
    began = world.clock()

    row = world.restore(instance)

    assert row["status"] == "Completed"
    assert row["triggeredAt"] - began >= timedelta(hours=2)


def test_an_expired_token_is_fetched_anew(world: World) -> None:
    world.send(backupInstanceId=world.protect())
    world.run(seconds=20)

    world.simulator.expire_tokens()
    world.run()

    assert world.result()["status"] == "Completed"
    assert world.credential.fetched == 2


def test_one_token_serves_a_whole_restore(world: World) -> None:
    world.restore(world.protect())

    assert world.credential.fetched == 1


@pytest.mark.parametrize(
    "code",
    [
        "CloudInternalError",
        "CloudServiceRetryableError",
        "InternalServerError",
        "GatewayTimeout",
        "UserErrorMaxConcurrentOperationLimitReached",
        "CloudDosTimeboudLimitReached",
    ],
)
def test_a_validation_that_fails_for_a_while_is_repeated(world: World, code: str) -> None:
    instance = world.protect()
    world.simulator.script("disk-1-restored", validation=[outcomes.fails(code)] * 3)
    began = world.clock()

    row = world.restore(instance)

    assert row["status"] == "Completed"
    assert row["triggeredAt"] - began >= timedelta(minutes=1 + 5 + 15)
    assert len(world.arm_calls("POST", "/validateRestore")) == 4


def test_a_validation_that_succeeded_with_an_error_is_not_trusted(world: World) -> None:
    instance = world.protect()
    world.simulator.script(
        "disk-1-restored", validation=outcomes.succeeds_with_error("UserErrorSomething")
    )

    row = world.restore(instance)

    assert row["status"] == "Rejected"
    assert row["errorCode"] == "UserErrorSomething"
    assert world.simulator.jobs() == []


def test_a_lost_validation_is_validated_again(world: World) -> None:
    instance = world.protect()
    world.simulator.script(
        "disk-1-restored",
        validation=[outcomes.gone(timedelta(seconds=5)), outcomes.succeeds()],
    )

    row = world.restore(instance)

    assert row["status"] == "Completed"
    assert len(world.arm_calls("POST", "/validateRestore")) == 2


def test_a_validation_that_never_ends_is_validated_again(world: World) -> None:
    instance = world.protect()
    world.simulator.script("disk-1-restored", validation=[outcomes.never(), outcomes.succeeds()])

    row = world.restore(instance)

    assert row["status"] == "Completed"


@pytest.mark.parametrize("word", ["Running", "Accepted", "Provisioning"])
def test_an_unknown_word_of_an_operation_means_that_it_runs(world: World, word: str) -> None:
    instance = world.protect()
    world.simulator.script(
        "disk-1-restored", validation=[outcomes.ends_as(word), outcomes.succeeds()]
    )

    row = world.restore(instance)

    assert row["status"] == "Completed"


def test_a_restore_operation_that_fails_without_a_job_is_failed(world: World) -> None:
    instance = world.protect()
    world.simulator.script(
        "disk-1-restored", operation=outcomes.fails("UserErrorDiskSnapshotNotFound")
    )

    row = world.restore(instance)

    assert row["status"] == "Failed"
    assert row["errorCode"] == "UserErrorDiskSnapshotNotFound"
    assert "jobId" not in row


@pytest.mark.parametrize(
    "scripted",
    [
        outcomes.fails("UserErrorX", with_job=True),
        outcomes.succeeds_with_error("UserErrorX"),
        outcomes.gone(timedelta(seconds=0)),
    ],
)
def test_a_restore_operation_that_says_odd_things_is_decided_by_its_job(
    world: World, scripted: outcomes.Outcome
) -> None:
    instance = world.protect()
    world.simulator.script("disk-1-restored", operation=scripted)

    row = world.restore(instance)

    assert row["jobId"]
    assert world.simulator.restores_of("disk-1-restored") == 1
    assert len(world.arm_calls("POST", "/restore")) == 1


@pytest.mark.parametrize(
    "fault",
    [faults.no_operation(), faults.foreign_operation("https://management.azure.com.evil.example")],
)
@pytest.mark.parametrize("call", ["/validateRestore", "/restore"])
def test_an_operation_url_that_is_missing_or_leads_elsewhere_is_never_followed(
    world: World, fault: Fault, call: str
) -> None:
    instance = world.protect()
    world.simulator.next("POST", call, fault)

    row = world.restore(instance)

    assert row["status"] == "Completed"
    assert world.simulator.restores_of("disk-1-restored") == 1


@pytest.mark.parametrize(
    "action",
    [
        "Microsoft.DataProtection/backupVaults/backupJobs/read",
        "Microsoft.DataProtection/backupVaults/operationStatus/read",
    ],
)
def test_a_right_that_is_missing_while_polling_waits_and_is_told(world: World, action: str) -> None:
    instance = world.protect()
    world.send(backupInstanceId=instance)
    world.run(until=lambda: world.status() == "Restoring")
    world.simulator.deny(action)
    world.run(minutes=30)
    row = world.rows("Restores")[0]
    assert row["errorCode"] == "AuthorizationFailed"
    assert "az role assignment create" in row["recommendedAction"]
    assert world.rows("RestoreResults") == []

    world.simulator.allow(action)
    world.run()

    assert world.result()["status"] == "Completed"
    assert world.simulator.restores_of("disk-1-restored") == 1


def test_an_outage_of_arm_of_six_hours_after_which_operations_are_gone_loses_nothing(
    world: World,
) -> None:
    instance = world.protect()
    world.simulator.script(
        "disk-1-restored", operation=outcomes.gone(timedelta(hours=1), outcomes.succeeds())
    )
    world.send(backupInstanceId=instance)
    world.run(until=lambda: world.status() == "Restoring")
    world.simulator.next("*", _everything(), faults.service_error(503, "ServiceUnavailable"), None)
    world.run(hours=6)

    world.simulator.clear_faults()
    world.run()

    assert world.result()["status"] == "Completed"
    assert world.simulator.restores_of("disk-1-restored") == 1


def test_an_outage_before_anything_was_asked_is_ridden_out(world: World) -> None:
    instance = world.protect()
    world.simulator.next("*", _everything(), faults.reset(), None)
    world.send(backupInstanceId=instance)
    world.run(hours=5)
    assert world.status() == "Accepted"

    world.simulator.clear_faults()
    world.run()

    assert world.result()["status"] == "Completed"


def test_a_slow_outage_costs_few_calls(world: World) -> None:
    instance = world.protect()
    world.simulator.next("*", _everything(), faults.throttle(), None)
    world.send(backupInstanceId=instance)

    world.run(hours=24)

    assert len(world.simulator.calls) <= 24 * 4 + 8


def test_a_job_that_ran_33_hours_and_failed_is_failed() -> None:
    with World(pace=Pace(job=timedelta(hours=33))) as world:
        instance = world.protect()
        world.simulator.script("disk-1-restored", job=outcomes.fails("MOSJobTimedOutError"))

        row = world.restore(instance)

        assert row["status"] == "Failed"
        assert row["errorCode"] == "MOSJobTimedOutError"


def _everything() -> re.Pattern[str]:
    return re.compile(".*")


def test_a_restore_operation_that_runs_for_an_hour_is_waited_for_and_not_asked_again(
    world: World,
) -> None:
    world.simulator.script(
        "disk-1-restored", operation=outcomes.succeeds(lasts=timedelta(minutes=64))
    )
    world.simulator.habits.job_list_lag = timedelta(hours=2)
    world.simulator.habits.graph = "empty"

    row = world.restore(world.protect())

    assert row["status"] == "Completed"
    assert len(world.arm_calls("POST", "/restore")) == 1


def test_a_look_for_the_job_of_a_slow_operation_that_fails_changes_nothing(world: World) -> None:
    world.simulator.script(
        "disk-1-restored", operation=outcomes.succeeds(lasts=timedelta(minutes=64))
    )
    world.simulator.habits.graph = "empty"
    away = faults.status(503, "ServerBusy")
    world.simulator.next("GET", "/backupJobs", away, times=3)

    row = world.restore(world.protect())

    assert row["status"] == "Completed"
    assert len(world.arm_calls("POST", "/restore")) == 1


def test_an_operation_that_ends_late_without_a_job_leaves_the_list_its_time(world: World) -> None:
    world.simulator.habits.job_list_lag = timedelta(minutes=30)
    world.simulator.habits.graph = "empty"
    world.simulator.script(
        "disk-1-restored",
        operation=outcomes.succeeds_with_error("UserErrorX"),
    )

    row = world.restore(world.protect())

    assert row["jobId"]
    assert len(world.arm_calls("POST", "/restore")) == 1


@pytest.mark.parametrize("call", ["/validateRestore", "/restore"])
def test_a_limit_of_the_service_that_passes_is_waited_out(world: World, call: str) -> None:
    busy = faults.service_error(400, "UserErrorMaxConcurrentOperationLimitReached")
    instance = world.protect()
    world.simulator.next("POST", call, busy, times=3)

    row = world.restore(instance)

    assert row["status"] == "Completed"
    assert world.simulator.restores_of("disk-1-restored") == 1


def test_a_validation_that_is_lost_every_time_costs_few_calls(world: World) -> None:
    world.simulator.script("disk-1-restored", validation=outcomes.gone(timedelta(0)))
    world.send(backupInstanceId=world.protect())

    world.run(hours=24)

    assert len(world.arm_calls("POST", "/validateRestore")) <= 28


def test_a_page_of_a_proxy_ends_no_restore(world: World) -> None:
    instance = world.protect()
    page = faults.status(404, body="<html>Not here</html>")
    for call in (("GET", "/backupInstances/*"), ("GET", "/recoveryPoints")):
        world.simulator.next(*call, page)

    assert world.restore(instance)["status"] == "Completed"
