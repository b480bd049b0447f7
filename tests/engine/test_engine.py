"""The engine where two workers meet in one call, and where its queue holds what is no step."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from restore_core.azure.tables.account import AccountTables
from restore_core.engine.engine import Engine
from restore_core.errors import Unavailable
from restore_core.lifecycle.states import Ended
from restore_core.lifecycle.status import Status
from tests import builders
from tests.builders import a_restore, an_outcome
from tests.world import World


def once(world: World, call: str, then: Callable[[], object], *, nth: int = 1) -> None:
    """Let something happen before the n-th such storage call, and before no other."""
    seen: list[str] = []

    def before(what: str) -> None:
        seen.append(what)
        if what == call and seen.count(call) == nth:
            then()

    world.io.before = before


def another_worker(world: World) -> Engine:
    """Return a second worker on the same storage; the first one stays the world's own."""
    first = world.engine
    second = world.deploy()
    world.engine = first
    return second


def test_two_workers_that_record_one_request_at_once_make_one_restore(world: World) -> None:
    instance, second = world.protect(), another_worker(world)
    body = builders.message(backupInstanceId=instance)
    once(world, "Restores.create_entity", lambda: second.intake.accept(body, world.clock()))

    world.engine.intake.accept(body, world.clock())
    world.run()

    assert world.result()["status"] == "Completed"
    assert world.simulator.restores_of("disk-1-restored") == 1


def test_a_restore_that_was_there_and_cannot_be_read_asks_for_redelivery(world: World) -> None:
    body = builders.message(backupInstanceId=world.protect())
    store = AccountTables(world.tables)  # type: ignore[arg-type]
    restores = world.tables.get_table_client("Restores")

    def recorded_and_gone() -> None:
        store.restores.record(a_restore())
        world.io.before = lambda what: restores.rows.clear() if what == "Restores.get" else None

    once(world, "Restores.create_entity", recorded_and_gone)

    with pytest.raises(Unavailable, match="The restore was there and cannot be read"):
        world.engine.intake.accept(body, world.clock())


def test_a_lock_that_was_taken_for_a_restore_that_ended_meanwhile_is_given_back(
    world: World,
) -> None:
    store = AccountTables(world.tables)  # type: ignore[arg-type]

    def ended_by_another() -> None:
        found = store.restores.load("r1")
        assert found is not None
        ended = Ended(an_outcome(Status.CANCELLED), found.restore.plan)
        store.restores.save(replace(found.restore, state=ended), found.etag)

    once(world, "TargetLocks.create_entity", ended_by_another)

    world.engine.intake.accept(builders.message(backupInstanceId=world.protect()), world.clock())

    assert world.rows("TargetLocks") == []
    assert world.status() == "Cancelled"


def test_a_lock_that_was_taken_for_a_restore_that_goes_on_is_kept(world: World) -> None:
    second = another_worker(world)
    once(world, "TargetLocks.create_entity", lambda: second.steps.advance(b"r1"))

    world.engine.intake.accept(builders.message(backupInstanceId=world.protect()), world.clock())

    assert [row["requestId"] for row in world.rows("TargetLocks")] == ["r1"]
    world.run()
    assert world.result()["status"] == "Completed"


@pytest.mark.parametrize("body", [b"no step!", b"", b"\xff\xfe", b'{"requestId": "r1"}'])
def test_a_message_that_names_no_restore_is_told_in_a_row_and_raises_nothing(
    world: World, body: bytes
) -> None:
    world.engine.steps.advance(body)

    row = world.refused_message()
    assert (row["status"], row["errorCode"]) == ("Rejected", "NotAStep")
    assert "restore-steps" in row["errorMessage"]


def test_a_step_of_a_restore_that_nobody_knows_does_nothing(world: World) -> None:
    world.engine.steps.advance(b"nobody")

    assert world.rows("RestoreResults") == []
    assert world.arm_calls() == []


def test_a_step_of_a_restore_that_has_ended_does_nothing(world: World) -> None:
    world.restore(world.protect())
    calls = len(world.arm_calls())

    world.engine.steps.advance(b"r1")

    assert len(world.arm_calls()) == calls
    assert world.queue("restore-steps").messages == []
