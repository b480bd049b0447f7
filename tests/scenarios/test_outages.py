"""Outages of our own storage, what was poisoned, what was lost, and how a tick stays bounded."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ServiceRequestError

from restore_core.azure.tables.account import AccountTables
from restore_core.contract.resource_ids import DiskId
from restore_core.errors import Unavailable
from simulator import faults
from tests import builders
from tests.fakes import Message, OneAfterTheOther
from tests.slow_storage import slow_reads
from tests.world import World


def send(world: World, name: str) -> None:
    """Ask for a disk of that name to be restored to one of the same name."""
    instance = world.protect(name)
    world.send(requestId=name, backupInstanceId=instance, targetDiskId=builders.disk(name))


def _fail(*names: str, times: int = 10**9) -> Callable[[str], None]:
    left = times

    def hook(what: str) -> None:
        nonlocal left
        if left > 0 and any(what.startswith(name) for name in names):
            left -= 1
            raise ServiceRequestError("no route to storage")

    return hook


def test_a_message_that_cannot_be_recorded_is_asked_for_again(world: World) -> None:
    body = builders.message(backupInstanceId=world.protect())
    world.io.before = _fail("Restores")

    with pytest.raises(Unavailable):
        world.engine.intake.accept(body, world.clock())

    assert world.simulator.calls == []


def test_a_restore_that_is_recorded_never_raises_again(world: World) -> None:
    body = builders.message(backupInstanceId=world.protect())
    world.io.before = _fail("Restores.update", "restore-steps")

    world.engine.intake.accept(body, world.clock())

    world.io.before = lambda _: None
    world.run()
    assert world.result()["status"] == "Completed"
    assert world.simulator.restores_of("disk-1-restored") == 1


@pytest.mark.parametrize(
    "broken",
    ["Restores.", "OutstandingRestores.", "TargetLocks.", "RestoreResults.", "restore-steps."],
)
def test_a_table_or_queue_that_fails_for_two_hours_loses_nothing(world: World, broken: str) -> None:
    instance = world.protect()
    world.send(backupInstanceId=instance)
    world.io.before = _fail(broken)
    world.run(hours=2)

    world.io.before = lambda _: None
    world.run()

    assert world.result()["status"] == "Completed"
    assert world.simulator.restores_of("disk-1-restored") == 1
    assert world.rows("TargetLocks") == []


def test_a_write_that_was_done_but_not_answered_is_recognised(world: World) -> None:
    """The client repeats it and is told that the etag is another: it is its own write."""
    instance = world.protect()
    seen: list[str] = []

    def lose_the_answer(what: str) -> None:
        if what == "Restores.update" and world.status() not in seen:
            seen.append(world.status())
            raise ServiceRequestError("answer lost")

    world.io.after = lose_the_answer
    world.send(backupInstanceId=instance)
    world.run()

    assert world.result()["status"] == "Completed"
    assert world.simulator.restores_of("disk-1-restored") == 1


def test_a_request_that_an_outage_poisoned_is_accepted_after_all(world: World) -> None:
    world.send(backupInstanceId=world.protect())
    world.io.before = _fail("Restores.", "OutstandingRestores.")
    world.run(hours=1, minutes=5)
    assert len(world.queue("restore-requests-poison").messages) == 1

    world.io.before = lambda _: None
    world.run()

    assert world.result()["status"] == "Completed"
    assert world.queue("restore-requests-poison").messages == []


def test_a_poisoned_message_that_is_no_request_is_recorded_with_its_text(world: World) -> None:
    poison = world.queue("restore-requests-poison")
    poison.messages.append(Message("junk", world.clock(), world.clock()))

    world.tick_now()

    assert world.refused_message()["messageText"] == "junk"
    assert poison.messages == []


def test_a_poisoned_step_is_taken_and_junk_on_the_steps_queue_is_recorded(world: World) -> None:
    poison = world.queue("restore-steps-poison")
    for text in ("r1", "junk on\r\nsteps"):
        poison.messages.append(Message(text, world.clock(), world.clock()))

    world.tick_now()

    assert world.refused_message()["errorCode"] == "NotAStep"
    assert poison.messages == []


def test_however_many_requests_were_poisoned_a_tick_asks_arm_for_none_of_them(
    world: World,
) -> None:
    poison = world.queue("restore-requests-poison")
    for number in range(40):
        body = builders.message(
            requestId=f"r{number}",
            backupInstanceId=world.protect(f"disk-{number}"),
            targetDiskId=builders.disk(f"d{number}"),
        )
        poison.messages.append(Message(body.decode(), world.clock(), world.clock()))

    world.tick_now()

    assert world.simulator.calls == []
    world.run()
    assert all(world.result(f"r{n}")["status"] == "Completed" for n in range(40))


def test_a_tick_ends_in_time_however_slowly_what_was_poisoned_is_taken(world: World) -> None:
    poison = world.queue("restore-requests-poison")
    for number in range(32):
        body = builders.message(requestId=f"r{number}", backupInstanceId=world.protect())
        poison.messages.append(Message(body.decode(), world.clock(), world.clock()))
    begun = world.clock()

    world.io.before = slow_reads(world)
    world.tick_now()

    assert 0 < len(poison.messages) < 32
    assert world.clock() - begun < timedelta(minutes=4)


def test_a_poisoned_message_that_fails_stops_no_other(world: World) -> None:
    poison = world.queue("restore-requests-poison")
    for name in ("r1", "r2"):
        body = builders.message(
            requestId=name, backupInstanceId=world.protect(name), targetDiskId=builders.disk(name)
        )
        poison.messages.append(Message(body.decode(), world.clock(), world.clock()))
    world.io.before = _fail("Restores.get", times=1)

    world.tick_now()
    assert [row["PartitionKey"] for row in world.rows("Restores")] == ["r2"]

    world.run()
    assert world.result("r1")["status"] == "Completed"


def test_a_step_for_a_restore_that_is_not_there_does_nothing(world: World) -> None:
    world.engine.steps.advance(b"unknown")

    assert world.io.calls == ["Restores.get"]


def test_a_lost_step_is_taken_by_the_sweep(world: World) -> None:
    world.send(backupInstanceId=world.protect())
    world.deliver()

    world.queue("restore-steps").messages.clear()
    world.run()

    assert world.result()["status"] == "Completed"


def test_the_sweep_leaves_a_restore_to_its_step_message_while_that_is_not_overdue(
    world: World,
) -> None:
    world.send(backupInstanceId=world.protect())
    world.deliver()
    calls = len(world.simulator.calls)

    world.clock.advance(seconds=30)
    world.tick_now()

    assert len(world.simulator.calls) == calls


def test_an_outstanding_row_whose_restore_never_came_is_dropped_after_a_while(
    world: World,
) -> None:
    world.io.before = _fail("Restores.create_entity")
    with pytest.raises(Unavailable):
        world.engine.intake.accept(builders.message(), world.clock())
    world.run(minutes=30)
    assert len(world.rows("OutstandingRestores")) == 1

    world.run(hours=1)

    assert world.rows("OutstandingRestores") == []


def test_a_redelivery_puts_back_an_outstanding_row_that_is_missing(world: World) -> None:
    body = builders.message(backupInstanceId=world.protect())
    world.engine.intake.accept(body, world.clock())
    world.tables.tables["OutstandingRestores"].rows.clear()
    world.queue("restore-steps").messages.clear()

    world.engine.intake.accept(body, world.clock())
    world.run()

    assert world.result()["status"] == "Completed"


def test_tables_and_queues_are_created_in_the_first_tick() -> None:
    world = World()
    try:
        world.tick_now()

        assert all(table.exists for table in world.tables.tables.values())
        assert all(queue.exists for queue in world.queues.queues.values())
        assert set(world.queues.queues) == {
            "restore-requests",
            "restore-steps",
            "restore-requests-poison",
            "restore-steps-poison",
            "restore-events",
        }
        assert len(world.tables.tables) == 7
    finally:
        world.server.close()


def test_not_being_allowed_to_create_what_exists_is_no_error(world: World) -> None:
    def forbid(what: str) -> None:
        if what.endswith(".create"):
            refusal = HttpResponseError("AuthorizationPermissionMismatch")
            refusal.status_code = 403
            raise refusal

    world.io.before = forbid
    world.deploy()

    assert world.restore(world.protect())["status"] == "Completed"


def test_one_restore_that_fails_stops_no_other(world: World) -> None:
    for name in ("r1", "r2"):
        send(world, name)
    world.run(until=lambda: world.status("r2") == "Running")
    key = ("r1", "restore")
    etag, row = world.tables.tables["Restores"].rows[key]
    world.tables.tables["Restores"].rows[key] = (etag, {**row, "document": "{not JSON"})

    world.run(minutes=10)

    assert world.result("r2")["status"] == "Completed"
    world.tables.tables["Restores"].rows[key] = (etag, row)
    world.run()
    assert world.result("r1")["status"] == "Completed"


def test_a_message_for_a_row_that_cannot_be_read_is_recorded_and_not_asked_for_again(
    world: World,
) -> None:
    world.send(backupInstanceId=world.protect())
    world.deliver()
    key = ("r1", "restore")
    etag, row = world.tables.tables["Restores"].rows[key]
    world.tables.tables["Restores"].rows[key] = (etag, {**row, "document": "[]"})

    world.engine.intake.accept(builders.message(), world.clock())
    world.engine.steps.advance(b"r1")

    assert world.refused_message()["errorCode"] == "UnreadableRow"


def test_a_tick_begins_nothing_after_two_minutes_and_the_next_one_goes_on(world: World) -> None:
    for number in range(6):
        send(world, f"r{number}")
    world.deliver()
    world.queue("restore-steps").messages.clear()
    world.clock.advance(minutes=10)
    world.io.before = lambda what: (
        world.clock.advance(seconds=50) if what == "Restores.update" else None
    )
    before = len(world.simulator.calls)

    world.tick_now()

    assert 0 < len(world.simulator.calls) - before < 6
    world.io.before = lambda _: None
    world.run()
    assert [world.result(f"r{n}")["status"] for n in range(6)] == ["Completed"] * 6


def test_the_longest_overdue_restore_is_looked_at_first(world: World) -> None:
    for name in ("early", "late"):
        send(world, name)
        world.deliver()
        world.clock.advance(seconds=5)
    world.queue("restore-steps").messages.clear()
    world.clock.advance(minutes=10)
    world.io.calls.clear()
    store = world.tables.tables["Restores"]
    order: list[str] = []
    original = store.get_entity

    def noting(partition_key: str, row_key: str) -> object:
        order.append(partition_key)
        return original(partition_key, row_key)

    store.get_entity = noting  # type: ignore[method-assign, assignment]
    world.tick_now()

    assert order[:2] == ["early", "late"]


def test_two_ticks_at_once_do_each_thing_once(world: World) -> None:
    names = [f"r{n}" for n in range(8)]
    for name in names:
        send(world, name)
    world.run(until=lambda: all(world.status(name) == "Validating" for name in names))
    world.queue("restore-steps").messages.clear()
    world.clock.advance(minutes=5)
    barrier = threading.Barrier(2)

    def tick() -> None:
        barrier.wait()
        with ThreadPoolExecutor(4) as pool:
            world.engine.sweep.tick(pool)

    threads = [threading.Thread(target=tick) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    world.run()

    assert [world.result(name)["status"] for name in names] == ["Completed"] * 8
    assert len(world.arm_calls("POST", "/restore")) == 8


def test_a_lock_that_a_beaten_worker_took_too_late_blocks_nobody(world: World) -> None:
    instance = world.protect()
    world.restore(instance, requestId="first", validateOnly=True)
    late_write_of_a_beaten_worker = AccountTables(world.tables)
    late_write_of_a_beaten_worker.targets.lock(
        DiskId.parse(builders.disk("disk-1-restored")), "first"
    )

    row = world.restore(instance, requestId="second")

    assert row["status"] == "Completed"
    assert world.rows("TargetLocks") == []


def test_without_a_token_a_restore_waits_and_says_so(world: World) -> None:
    instance = world.protect()

    def refuse(*_scopes: str) -> None:
        raise ClientAuthenticationError("no managed identity")

    original, world.credential.get_token = world.credential.get_token, refuse  # type: ignore[method-assign, assignment]
    world.send(backupInstanceId=instance)
    world.run(minutes=10)
    assert world.rows("Restores")[0]["errorCode"] == "NoToken"

    world.credential.get_token = original  # type: ignore[method-assign]
    world.run()

    assert world.result()["status"] == "Completed"


def test_an_error_that_nobody_foresaw_is_told_and_tried_again(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    instance = world.protect()
    original = world.credential.get_token

    def broken(*_scopes: str) -> None:
        raise ZeroDivisionError("a bug")

    world.credential.get_token = broken  # type: ignore[method-assign, assignment]
    world.send(backupInstanceId=instance)
    world.deliver()
    assert world.rows("Restores")[0]["errorCode"] == "InternalError"
    assert "step.failed requestId=r1 error=ZeroDivisionError: a bug at=broken" in caplog.text

    world.credential.get_token = original  # type: ignore[method-assign]
    world.run()

    assert world.result()["status"] == "Completed"


def test_a_sweep_survives_storage_that_is_away(world: World) -> None:
    world.io.before = _fail("")

    world.engine.sweep.tick(OneAfterTheOther())

    assert world.simulator.calls == []


def test_throttling_that_outlasts_a_restore_s_patience_with_steps_needs_no_step(
    world: World,
) -> None:
    instance = world.protect()
    world.simulator.next("GET", "/operationStatus/*", faults.throttle(retry_after=600), times=2)
    world.send(backupInstanceId=instance)
    world.run(seconds=20)
    world.queue("restore-steps").messages.clear()

    world.run()

    assert world.result()["status"] == "Completed"
    assert world.clock() - world.result()["acceptedAt"] > timedelta(minutes=10)
