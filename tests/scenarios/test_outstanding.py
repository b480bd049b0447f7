"""One outstanding row for each request, whatever it names and whoever wrote it; tables are made."""

from datetime import timedelta
from typing import Any

from azure.data.tables import UpdateMode

from restore_core.azure.tables.account import AccountTables
from restore_core.azure.tables.outstanding import OUTSTANDING
from tests import builders
from tests.fakes import Io
from tests.slow_storage import fails_once, slow_reads
from tests.world import World

VAULT_2 = {"backupInstanceId": builders.INSTANCE.replace("vault-1", "vault-2")}


def both_at_once(world: World, first: bytes, second: bytes) -> None:
    """Let a second worker read `second` while the first is between its two rows of `first`."""
    worker, other = world.engine, world.deploy()

    def meanwhile(what: str) -> None:
        if what == "Restores.create_entity":
            world.io.before = lambda _: None
            other.intake.accept(second, world.clock())

    world.io.before = meanwhile
    worker.intake.accept(first, world.clock())


def test_one_id_under_two_vaults_has_one_row_and_takes_one_turn() -> None:
    with World(rules={"max_active": 2}) as world:
        instance = world.protect()
        by_disk = {"backupInstanceId": ..., "sourceDiskId": world.simulator.source_disk(instance)}
        for number in range(2):
            name = f"twice-{number}"
            mine = builders.message(requestId=name, targetDiskId=builders.disk(name), **VAULT_2)
            other = builders.message(requestId=name, targetDiskId=builders.disk(name), **by_disk)
            both_at_once(world, mine, other)
        world.run(minutes=1)

        names = [row["RowKey"] for row in world.rows(OUTSTANDING)]
        assert len(names) == len(set(names))

        world.restore(world.protect("disk-9"), requestId="another")
        assert world.status("another") == "Completed"
        world.run()
        assert world.rows(OUTSTANDING) == []


def test_a_row_that_is_dropped_when_it_is_dated_is_written_anew(world: World) -> None:
    schedule = AccountTables(world.tables).schedule
    schedule.announce(builders.a_restore(), world.clock(), world.clock())
    (read,) = schedule.all()

    def dropped(what: str) -> None:
        if what == "OutstandingRestores.update":
            world.io.before = lambda _: None
            schedule.drop(read)

    world.io.before = dropped
    schedule.announce(builders.a_restore(), world.clock(), world.clock())

    assert [row["RowKey"] for row in world.rows(OUTSTANDING)] == ["r1"]


def test_a_redelivery_leaves_the_row_that_stands_as_it_is(world: World) -> None:
    body = builders.message(backupInstanceId=world.protect())
    world.engine.intake.accept(body, world.clock())
    world.run(minutes=1)
    before = world.rows(OUTSTANDING)

    world.engine.intake.accept(body, world.clock())

    assert before
    assert world.rows(OUTSTANDING) == before


def put_old_row(world: World, request_id: str, **columns: Any) -> None:
    """Write a row under the key of its vault, as the versions before 0.2.0 did."""
    row = {
        "PartitionKey": "0" * 32,
        "RowKey": request_id,
        "due": world.clock(),
        "jobId": "",
        "turn": "taken",
        "acceptedAt": world.clock(),
        **columns,
    }
    world.tables.get_table_client(OUTSTANDING).upsert_entity(row, UpdateMode.REPLACE)


def under_an_old_key(world: World, request_id: str = "r1") -> None:
    """Let the outstanding row of a restore stand as an earlier version wrote it."""
    rows = world.tables.get_table_client(OUTSTANDING).rows
    key = next(key for key in rows if key[1] == request_id)
    _, row = rows.pop(key)
    put_old_row(world, request_id, due=row["due"], turn=row["turn"], acceptedAt=row["acceptedAt"])


def keys(world: World) -> list[tuple[str, str]]:
    return [(row["PartitionKey"], row["RowKey"]) for row in world.rows(OUTSTANDING)]


def test_the_first_tick_of_a_worker_gives_every_old_row_its_own_key(world: World) -> None:
    world.send(backupInstanceId=world.protect())
    world.run(until=lambda: world.status() == "Running")
    under_an_old_key(world)
    world.deploy()

    world.tick_now()

    ((key, name),) = keys(world)
    assert (len(key), name) == (2, "r1")
    world.run()
    assert world.result()["status"] == "Completed"
    assert keys(world) == []


def test_a_tick_moves_an_old_row_that_it_meets(world: World) -> None:
    world.send(backupInstanceId=world.protect())
    world.run(until=lambda: world.status() == "Running")
    under_an_old_key(world)

    world.run()

    assert world.result()["status"] == "Completed"
    assert keys(world) == []


def test_who_waits_under_an_old_key_is_called_before_a_newcomer() -> None:
    with World(rules={"max_active": 1}) as world:
        for number in (1, 2, 3):
            target = builders.disk(f"target-{number}")
            instance = world.protect(f"disk-{number}")
            world.send(requestId=f"r{number}", backupInstanceId=instance, targetDiskId=target)
            world.run(seconds=20)
        under_an_old_key(world, "r2")
        world.deploy(max_active=2)

        world.tick_now()

        assert world.status("r3") == "Queued"
        assert world.status("r2") == "Validating"


def test_who_waits_under_an_old_key_that_storage_keeps_from_being_moved_is_not_overtaken() -> None:
    with World(rules={"max_active": 1}) as world:
        for number in (1, 2, 3):
            target = builders.disk(f"target-{number}")
            instance = world.protect(f"disk-{number}")
            world.send(requestId=f"r{number}", backupInstanceId=instance, targetDiskId=target)
            world.run(seconds=20)
        under_an_old_key(world, "r2")
        world.deploy(max_active=2)
        world.io.before = fails_once("Restores.get")

        world.tick_now()

        assert ("0" * 32, "r2") in keys(world)
        assert {world.status("r2"), world.status("r3")} == {"Queued"}
        world.tick_now()
        assert (world.status("r2"), world.status("r3")) == ("Validating", "Queued")


def one_runs_and_one_waits(world: World) -> None:
    for number in (1, 2):
        target = builders.disk(f"target-{number}")
        instance = world.protect(f"disk-{number}")
        world.send(requestId=f"r{number}", backupInstanceId=instance, targetDiskId=target)
        world.run(seconds=20)


def test_who_was_given_a_turn_counts_also_where_its_row_could_not_be_written() -> None:
    with World(rules={"max_active": 1}) as world:
        one_runs_and_one_waits(world)
        world.deploy(max_active=2)
        world.io.before = fails_once("OutstandingRestores.upsert", after=1)

        world.tick_now()

        assert world.status("r2") == "Validating"
        assert {row["turn"] for row in world.rows(OUTSTANDING)} == {"taken"}


def test_who_was_given_a_turn_by_a_save_whose_answer_was_lost_goes_on_though_none_is_free() -> None:
    with World(rules={"max_active": 1}) as world:
        one_runs_and_one_waits(world)
        world.deploy(max_active=2)
        world.io.after = fails_once("Restores.update")
        world.tick_now()
        assert world.status("r2") == "Ready"
        world.deploy(max_active=1)

        world.run(minutes=2)

        assert world.status("r1") == "Running"
        assert world.status("r2") == "Validating"


def test_an_old_row_beside_its_own_is_dropped(world: World) -> None:
    world.send(backupInstanceId=world.protect())
    world.run(until=lambda: world.status() == "Running")
    put_old_row(world, "r1")

    world.tick_now()

    assert [key for key, _ in keys(world) if len(key) != 2] == []
    assert len(keys(world)) == 1


def test_an_old_row_of_a_restore_that_has_ended_is_dropped(world: World) -> None:
    world.restore(world.protect())
    put_old_row(world, "r1")

    world.tick_now()

    assert keys(world) == []


def test_an_old_row_without_a_restore_is_kept_for_an_hour(world: World) -> None:
    put_old_row(world, "nobody")

    world.run(minutes=59)
    kept = keys(world)
    world.run(minutes=2)

    assert kept == [("0" * 32, "nobody")]
    assert keys(world) == []


def test_an_old_row_that_cannot_be_moved_stays_and_stops_no_other(world: World) -> None:
    world.send(backupInstanceId=world.protect())
    world.run(until=lambda: world.status() == "Running")
    table = world.tables.get_table_client("Restores")
    table.create_entity({"PartitionKey": "broken", "RowKey": "restore", "document": "{"})
    put_old_row(world, "broken")
    under_an_old_key(world)

    world.run(minutes=1)

    assert ("0" * 32, "broken") in keys(world)
    assert [key for key, name in keys(world) if name == "r1" and len(key) != 2] == []


def test_an_old_row_that_cannot_be_read_keeps_nobody_from_a_turn() -> None:
    with World(rules={"max_active": 1}) as world:
        for number in (1, 2):
            target = builders.disk(f"target-{number}")
            instance = world.protect(f"disk-{number}")
            world.send(requestId=f"r{number}", backupInstanceId=instance, targetDiskId=target)
        world.run(seconds=20)
        table = world.tables.get_table_client("Restores")
        table.create_entity({"PartitionKey": "broken", "RowKey": "restore", "document": "{"})
        put_old_row(world, "broken", turn="none")

        world.run(until=lambda: world.status("r2") == "Completed")

        assert ("0" * 32, "broken") in keys(world)


def test_a_tick_ends_in_time_however_slowly_old_rows_are_moved(world: World) -> None:
    for number in range(20):
        put_old_row(world, f"nobody-{number}")
    begun = world.clock()

    world.io.before = slow_reads(world)
    world.tick_now()

    assert world.clock() - begun < timedelta(minutes=4)


def test_the_first_message_of_a_fresh_account_waits_for_nothing() -> None:
    world = World()
    try:
        assert world.io.calls == Io().calls
        for name in ("restore-requests", "restore-steps"):
            world.queue(name).create_queue()
        body = builders.message(backupInstanceId=world.protect())

        world.engine.intake.accept(body, world.clock())

        assert world.status() == "Validating"
    finally:
        world.server.close()
