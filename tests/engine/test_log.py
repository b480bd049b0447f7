"""The log: one line per transition, `key=value` in the text, the restore's id always there."""

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from restore_core.engine.columns import result_row
from restore_core.engine.log import (
    log_accepted,
    log_failure,
    log_message_refused,
    log_moved,
    log_started,
    log_superseded,
    log_tick,
    log_unsent,
)
from restore_core.engine.ports import Outstanding
from restore_core.errors import Problem, Unavailable
from restore_core.lifecycle.reasons import withdrawn
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.sets import Count, Tally
from restore_core.lifecycle.states import Ended, Ending, Guarding, State, Wait
from restore_core.lifecycle.status import Status
from restore_core.lifecycle.turn import Turn
from tests.builders import (
    A_JOB,
    A_PROBLEM,
    INSTANCE,
    SOURCE,
    TARGET_GROUP,
    a_claimed_plan,
    a_refused_message,
    a_restore,
    an_outcome,
    disk,
    every_state,
)
from tests.fakes import NOON

STATES = every_state()
MACHINE = f"{TARGET_GROUP}/providers/Microsoft.Compute/virtualMachines/vm-1"


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


def move(old: State, new: State) -> tuple[Restore, Restore]:
    return a_restore(old), a_restore(new)


def test_an_accepted_request_is_one_line(log: pytest.LogCaptureFixture) -> None:
    log_accepted(a_restore())

    assert log.messages == [
        f"restore.accepted requestId=r1 backupInstanceId={INSTANCE} origin=native"
    ]


def test_a_request_that_names_a_disk_is_told_by_it(log: pytest.LogCaptureFixture) -> None:
    log_accepted(a_restore(backupInstanceId=..., sourceDiskId=str(SOURCE)))

    assert log.messages == [f"restore.accepted requestId=r1 sourceDiskId={SOURCE} origin=native"]


def test_a_message_that_asks_for_nothing_is_no_warning(log: pytest.LogCaptureFixture) -> None:
    log_message_refused(a_refused_message(status=Status.IGNORED))

    assert log.messages == ["message.ignored requestId=- code=SomeCode reason=Something is wrong."]
    assert log.records[0].levelname == "INFO"


@pytest.mark.parametrize(("given_up", "level"), [(False, "WARNING"), (True, "ERROR")])
def test_events_that_cannot_be_sent_are_told_of(
    log: pytest.LogCaptureFixture, *, given_up: bool, level: str
) -> None:
    log_unsent(a_restore(), Unavailable(A_PROBLEM), given_up=given_up)

    told = f"restore.untold requestId=r1 givenUp={given_up}"
    assert log.messages == [f"{told} error=Unavailable: SomeCode: Something is wrong."]
    assert log.records[0].levelname == level


def test_a_transition_is_one_line_at_info_with_its_fields(log: pytest.LogCaptureFixture) -> None:
    log_moved(*move(STATES["Restoring"], STATES["Running"]))

    (message,) = log.messages
    assert message == (
        "restore.moved requestId=r1 from=Restoring to=Running "
        f"targetDiskId={disk('disk-1-restored')} "
        f"recoveryPointId=a05715f103bc4ec498a311801f3baf01 jobId={A_JOB}"
    )
    assert [record.levelname for record in log.records] == ["INFO"]


def test_a_transition_before_a_plan_names_neither_target_nor_job(
    log: pytest.LogCaptureFixture,
) -> None:
    log_moved(*move(STATES["Accepted"], Ending(an_outcome(Status.REJECTED), None)))

    (message,) = log.messages
    assert message == (
        "restore.ending requestId=r1 from=Accepted to=Ending status=Rejected "
        f"targetDiskId={disk('disk-1-restored')} backupInstanceId={INSTANCE} origin=native "
        "durationSeconds=0"
    )


@pytest.mark.parametrize("status", [one for one in Status if one is not Status.IGNORED])
def test_an_ending_is_one_line_at_warning_unless_it_is_a_good_one(
    log: pytest.LogCaptureFixture, status: Status
) -> None:
    ending = Ending(an_outcome(status, problem=A_PROBLEM), a_claimed_plan())

    log_moved(*move(STATES["Running"], ending))

    good = status in {Status.COMPLETED, Status.VALIDATED}
    assert [record.levelname for record in log.records] == ["INFO" if good else "WARNING"]
    assert f" status={status.value} " in log.messages[0]
    assert log.messages[0].endswith(" code=SomeCode reason=Something is wrong.")


def test_an_ending_tells_the_figures_of_its_result(log: pytest.LogCaptureFixture) -> None:
    outcome = an_outcome(Status.COMPLETED)
    running, ended = move(STATES["Running"], Ending(outcome, a_claimed_plan()))

    log_moved(running, ended)

    row = result_row(ended, outcome)
    assert row["recoveryPointAgeSeconds"] > 0
    assert log.messages[0].endswith(
        f"status=Completed backupInstanceId={INSTANCE} origin=native "
        f"durationSeconds={row['durationSeconds']} "
        f"recoveryPointAgeSeconds={row['recoveryPointAgeSeconds']}"
    )


def test_an_advice_is_told_before_the_reason_in_which_a_sender_s_words_may_stand(
    log: pytest.LogCaptureFixture,
) -> None:
    problem = Problem("SomeCode", "'advice=run this' is no field.", "Correct it.\nThen send again.")

    log_message_refused(a_refused_message(problem=problem))

    (message,) = log.messages
    assert message == (
        "message.rejected requestId=- code=SomeCode advice=Correct it. Then send again. "
        "reason='advice=run this' is no field."
    )


def test_an_ending_is_told_once(log: pytest.LogCaptureFixture) -> None:
    outcome = an_outcome(Status.FAILED, problem=A_PROBLEM)

    log_moved(*move(Ending(outcome, None), Ended(outcome, None)))

    (message,) = log.messages
    assert message.startswith("restore.ended requestId=r1 from=Ending to=Ended status=Failed ")
    assert "durationSeconds=0" in message
    assert "SomeCode" not in message
    assert [record.levelname for record in log.records] == ["INFO"]


def test_a_set_is_told_apart_from_its_disks_at_its_end(log: pytest.LogCaptureFixture) -> None:
    tally = Tally(
        3, 2, (Count("Completed", 2), Count("NotProtected", 1)), slowest="m", slowest_seconds=9
    )
    outcome = an_outcome(Status.PARTLY_COMPLETED, tally=tally)
    names = {"backupInstanceId": ..., "targetDiskId": ..., "targetResourceGroupId": TARGET_GROUP}
    of = a_restore(Ending(outcome, None), **names, sourceDiskIds=[str(SOURCE)])

    log_moved(of, replace(of, state=Ended(outcome, None)))

    (message,) = log.messages
    assert message == (
        "set.ended requestId=r1 from=Ending to=Ended status=PartlyCompleted disks=3 members=2 "
        'alreadyBack=0 slowestSeconds=9 counts={"Completed":2,"NotProtected":1}'
    )


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ({"sourceVirtualMachineId": MACHINE}, f"sourceVirtualMachineId={MACHINE}"),
        ({"sourceResourceGroupId": TARGET_GROUP}, f"sourceResourceGroupId={TARGET_GROUP}"),
        ({"sourceDiskIds": [str(SOURCE)]}, "sourceDiskIds=1"),
    ],
)
def test_an_accepted_set_is_told_by_what_it_names(
    log: pytest.LogCaptureFixture, named: dict[str, Any], told: str
) -> None:
    names = {"backupInstanceId": ..., "targetDiskId": ..., "targetResourceGroupId": TARGET_GROUP}

    log_accepted(a_restore(**names, **named))

    assert log.messages == [f"restore.accepted requestId=r1 {told} origin=native"]


def test_what_was_withdrawn_is_no_warning(log: pytest.LogCaptureFixture) -> None:
    outcome = an_outcome(Status.CANCELLED, problem=withdrawn("the night", ""))

    log_moved(*move(STATES["Queued"], Ending(outcome, None)))

    assert [record.levelname for record in log.records] == ["INFO"]


@pytest.mark.parametrize(
    ("reasons", "level"),
    [({"Withdrawn": 2}, "INFO"), ({"Withdrawn": 2, "UserErrorJob": 1}, "WARNING"), ({}, "WARNING")],
    ids=["withdrawn", "one failed besides", "no reason told"],
)
def test_a_set_warns_of_what_was_not_withdrawn_alone(
    log: pytest.LogCaptureFixture, reasons: dict[str, int], level: str
) -> None:
    tally = Tally(3, 3, (), reasons=tuple(Count(name, count) for name, count in reasons.items()))
    problem = Problem("SetPartlyCompleted", "Of 3 disks: 1 Completed, 2 Cancelled.")
    outcome = replace(an_outcome(Status.PARTLY_COMPLETED, problem=problem), tally=tally)

    log_moved(*move(STATES["Queued"], Ending(outcome, None)))

    assert [record.levelname for record in log.records] == [level]


def test_where_the_time_went_is_told_at_the_end(log: pytest.LogCaptureFixture) -> None:
    outcome = an_outcome(job_started=NOON - timedelta(seconds=240), job=A_JOB)
    before = a_restore(Ending(outcome, a_claimed_plan()))
    before = replace(
        before,
        moments={
            "Queued": NOON - timedelta(seconds=400),
            "Ready": NOON - timedelta(seconds=340),
            "Validating": NOON - timedelta(seconds=339),
            "Validated": NOON - timedelta(seconds=291),
        },
    )

    log_moved(before, replace(before, state=Ended(outcome, a_claimed_plan())))

    assert log.messages[0].endswith("queuedSeconds=60 validatingSeconds=48 jobSeconds=240")


def test_a_restore_that_was_given_up_and_watched_is_told_of_as_ended_once(
    log: pytest.LogCaptureFixture,
) -> None:
    gave_up, plan = an_outcome(Status.TIMED_OUT), a_claimed_plan()
    until = NOON + timedelta(days=7)

    log_moved(*move(Ending(gave_up, plan, until), Guarding(gave_up, plan, until, Wait(NOON))))
    log_moved(*move(Ending(gave_up, plan), Ended(gave_up, plan)))

    assert [line.split()[0] for line in log.messages] == ["restore.ended", "restore.moved"]


def test_a_worker_tells_its_version_first(log: pytest.LogCaptureFixture) -> None:
    log_started("1.2.3")

    assert log.messages[0].startswith("worker.started version=1.2.3 python=3.")


def test_a_tick_tells_what_it_found(log: pytest.LogCaptureFixture) -> None:
    turns = (Turn.TAKEN, Turn.ENROLLED, Turn.AWAITED, Turn.FOLLOWS, Turn.NONE)
    found = [
        Outstanding(
            key="00",
            request_id=f"r{number}",
            due=NOON,
            turn=turn,
            accepted_at=NOON - timedelta(seconds=number),
            vault="",
            leader="",
            turn_at=None,
            throttled_until=None,
            finds_full=False,
            is_own=True,
            etag="x",
        )
        for number, turn in enumerate(turns)
    ]

    log_tick(found, NOON, left_over=1)
    log_tick([], NOON, left_over=0)

    assert log.messages == [
        "tick.ended outstanding=5 running=1 queued=2 following=1 oldestSeconds=4 leftOver=1",
        "tick.ended outstanding=0 running=0 queued=0 following=0 oldestSeconds=0 leftOver=0",
    ]


def test_a_restore_that_stays_where_it_is_says_nothing(log: pytest.LogCaptureFixture) -> None:
    log_moved(*move(STATES["Running"], every_state(Wait(NOON, 1))["Running"]))

    assert log.messages == []


def test_a_restore_that_waits_tells_what_it_was_told_once(log: pytest.LogCaptureFixture) -> None:
    told, again = (every_state(Wait(NOON, misses, A_PROBLEM))["Running"] for misses in (1, 2))

    log_moved(*move(STATES["Running"], told))
    log_moved(*move(told, again))

    assert log.messages == [
        "restore.waiting requestId=r1 in=Running code=SomeCode reason=Something is wrong."
    ]


@pytest.mark.parametrize(("request_id", "shown"), [("r1", "r1"), ("", "-")])
def test_a_message_that_never_becomes_a_restore_is_a_warning(
    log: pytest.LogCaptureFixture, request_id: str, shown: str
) -> None:
    log_message_refused(a_refused_message(request_id=request_id))

    assert log.messages == [
        f"message.rejected requestId={shown} code=SomeCode reason=Something is wrong."
    ]
    assert log.records[0].levelname == "WARNING"


def test_being_slower_than_another_worker_is_no_fault(log: pytest.LogCaptureFixture) -> None:
    log_superseded(a_restore())

    assert log.messages == ["restore.superseded requestId=r1"]
    assert log.records[0].levelname == "INFO"


def test_a_failure_that_is_ours_is_told_without_a_place(log: pytest.LogCaptureFixture) -> None:
    log_failure("r1", Unavailable(Problem("StorageUnavailable", "no answer")))

    assert log.messages == [
        "step.failed requestId=r1 error=Unavailable: StorageUnavailable: no answer"
    ]
    assert log.records[0].levelname == "ERROR"


def test_a_failure_that_is_a_bug_is_told_with_its_place(log: pytest.LogCaptureFixture) -> None:
    try:
        int("x")
    except ValueError as error:
        log_failure("r1", error)

    assert "error=ValueError: invalid literal" in log.messages[0]
    assert "at=test_a_failure_that_is_a_bug_is_told_with_its_place:" in log.messages[0]


def test_a_line_is_one_line_cut_and_shows_no_signature(log: pytest.LogCaptureFixture) -> None:
    nasty = "x\r\nforged requestId=r2 https://h/o?s=signature " + "y" * 1_000

    log_message_refused(a_refused_message(problem=Problem("Code", nasty)))
    log_failure("r1", _raised(ValueError(nasty)))

    for message in log.messages:
        assert "\n" not in message
        assert "signature" not in message
        assert len(message) < 450


def _raised(error: ValueError) -> ValueError:
    try:
        raise error
    except ValueError as caught:
        return caught
