"""What whoever listens is told: each transition that is wanted, in order, however things go."""

from datetime import timedelta
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError

from restore_core.lifecycle.outbox import Stage
from simulator import outcomes
from tests import builders
from tests.world import World

# The same lines thousands of times: their coverage, which doubles the cost, is not measured.
pytestmark = pytest.mark.no_cover

ALL = {"notices": frozenset(Stage)}
OF_A_RESTORE = ["accepted", "validating", "restoring", "completed"]


def sequences(world: World, request_id: str = "r1") -> list[int]:
    return [int(event["sequence"]) for event in world.events(request_id)]


def fail_to_tell(times: int) -> Any:
    left = times

    def hook(what: str) -> None:
        nonlocal left
        if what == "restore-events.send" and left:
            left -= 1
            raise ServiceRequestError("no route to storage")

    return hook


def test_by_default_the_end_alone_is_told_with_the_fields_of_the_result(world: World) -> None:
    row = world.restore(world.protect(), reason="why", correlationId="c-1")

    (event,) = world.events()
    assert event["specversion"] == "1.0"
    assert event["type"] == "azure-disk-restore.restore.completed.v1"
    assert (event["id"], event["subject"], event["sequence"]) == ("r1/1", "r1", "0001")
    told = event["data"]
    assert (told["status"], told["ended"]) == ("Completed", True)
    for column in ("jobId", "targetDiskId", "durationSeconds", "reason", "correlationId"):
        assert told[column] == row[column]


def test_all_transitions_are_told_in_order_where_that_is_wanted() -> None:
    with World(rules=ALL) as world:
        world.restore(world.protect())

        assert world.told() == OF_A_RESTORE
        assert sequences(world) == [1, 2, 3, 4]
        assert [event["data"]["ended"] for event in world.events()] == [False] * 3 + [True]
        statuses = [event["data"]["status"] for event in world.events()]
        assert statuses == ["Accepted", "Validating", "Restoring", "Completed"]


def test_what_is_not_told_takes_no_number() -> None:
    with World(rules={"notices": {Stage.RESTORING, Stage.COMPLETED}}) as world:
        world.restore(world.protect())

        assert world.told() == ["restoring", "completed"]
        assert sequences(world) == [1, 2]


def test_nothing_is_told_where_nothing_is_wanted() -> None:
    with World(rules={"notices": frozenset()}) as world:
        world.restore(world.protect())
        world.send(b"no request")
        world.run()

        assert world.queue("restore-events").messages == []


def test_one_that_waits_for_its_turn_is_told_so() -> None:
    with World(rules={**ALL, "max_active": 1}) as world:
        for name in ("r1", "r2"):
            instance = world.protect(name)
            world.send(requestId=name, backupInstanceId=instance, targetDiskId=builders.disk(name))
        world.run()

        assert world.told("r1") == OF_A_RESTORE
        assert world.told("r2") == ["accepted", "queued", *OF_A_RESTORE[1:]]


@pytest.mark.parametrize(
    ("scripted", "changes", "told"),
    [
        ({"job": outcomes.fails("UserErrorJob")}, {}, "failed"),
        ({"job": outcomes.cancelled()}, {}, "cancelled"),
        ({"job": outcomes.completes_with_warnings()}, {}, "completedWithWarnings"),
        ({"validation": outcomes.fails("UserErrorX")}, {}, "rejected"),
        ({}, {"validateOnly": True}, "validated"),
        ({"job": outcomes.never()}, {}, "timedOut"),
    ],
)
def test_every_end_has_its_name(
    world: World, scripted: dict[str, Any], changes: dict[str, Any], told: str
) -> None:
    world.simulator.script("disk-1-restored", **scripted)
    world.send(backupInstanceId=world.protect(), **changes)

    world.run(hours=60)

    assert world.told() == [told]


def test_a_restore_that_is_validated_twice_is_told_of_once() -> None:
    with World(rules=ALL) as world:
        script = [outcomes.fails("CloudInternalError")] * 2
        world.simulator.script("disk-1-restored", validation=script)
        world.restore(world.protect())

        assert world.told() == OF_A_RESTORE


def test_the_result_stands_when_its_end_is_told(world: World) -> None:
    seen: list[bool] = []

    def look(what: str) -> None:
        if what == "restore-events.send":
            seen.append(bool(world.rows("RestoreResults")))

    world.io.before = look
    world.restore(world.protect())

    assert seen == [True]


@pytest.mark.parametrize("outage", [1, 5, 40])
def test_an_event_queue_that_cannot_be_reached_holds_up_nothing_and_gets_all_in_the_end(
    outage: int,
) -> None:
    with World(rules=ALL) as world:
        world.io.before = fail_to_tell(outage)
        row = world.restore(world.protect())

        assert row["durationSeconds"] < 420
        assert world.told() == OF_A_RESTORE
        assert sequences(world) == [1, 2, 3, 4]


def test_no_event_takes_the_etag_of_a_worker_that_is_triggering() -> None:
    """Between the claim and ARM's answer the row is that worker's: a step saves nothing."""
    meanwhile: list[str] = []

    class Duplicate:
        """A step message that is delivered twice, while ARM answers."""

        def around(self, obey: Any, _hold: Any) -> Any:
            answer = obey()
            world.clock.advance(seconds=59)
            before = len(world.io.calls)
            world.engine.steps.advance(b"r1")
            meanwhile.extend(world.io.calls[before:])
            return answer

    with World(rules=ALL) as world:
        world.io.before = fail_to_tell(4)
        world.send(backupInstanceId=world.protect())
        world.simulator.next("POST", "/restore", Duplicate())
        world.run()

        assert meanwhile == ["Restores.get"]
        assert world.status() == "Completed"
        assert world.told() == OF_A_RESTORE
        assert world.arm_calls("GET", "/backupJobs?") == []


def test_an_event_that_cannot_be_made_holds_up_nothing_either(world: World) -> None:
    def fail(what: str) -> None:
        if what == "restore-events.send":
            raise TypeError("a bug")

    world.io.before = fail
    world.send(backupInstanceId=world.protect())
    world.run(hours=1)

    assert world.result()["status"] == "Completed"
    assert [row["turn"] for row in world.rows("OutstandingRestores")] == ["none"]


def test_a_week_without_an_event_queue_is_given_up_and_the_restore_forgotten(
    world: World,
) -> None:
    world.io.before = fail_to_tell(10**9)
    world.send(backupInstanceId=world.protect())

    world.run(days=8)

    assert world.result()["status"] == "Completed"
    assert world.rows("OutstandingRestores") == []


def test_a_process_that_dies_after_telling_tells_the_same_again(world: World) -> None:
    class Killed(BaseException):
        pass

    def die(what: str) -> None:
        if what == "restore-events.send":
            world.io.after = lambda _: None
            raise Killed

    world.io.after = die
    world.send(backupInstanceId=world.protect())
    with pytest.raises(Killed):
        world.run()
    world.deploy()
    world.run()

    first, again = world.events()
    assert first == again


def test_a_message_that_never_became_a_restore_is_told_of_without_its_text(world: World) -> None:
    world.send(builders.message(pointInTme="2026-11-21T02:00:00Z"))
    world.run()

    row = world.refused_message()
    (event,) = world.events(row["RowKey"])
    assert event["id"] == f"{row['RowKey']}/1"
    assert event["type"] == "azure-disk-restore.restore.rejected.v1"
    assert event["data"]["requestId"] == "r1"
    assert event["data"]["errorMessage"] == row["errorMessage"]
    assert "messageText" not in event["data"]


def test_a_message_whose_refusal_cannot_be_told_comes_again_until_it_is(world: World) -> None:
    world.io.before = fail_to_tell(3)
    world.send(b"no request")
    world.run()

    row = world.refused_message()
    assert len(world.events(row["RowKey"])) == 1


def test_a_forged_step_is_told_to_no_one(world: World) -> None:
    world.engine.steps.advance(b"{no step}")

    assert world.refused_message()["errorCode"] == "NotAStep"
    assert world.queue("restore-events").messages == []


def test_an_event_fits_into_a_message_whatever_the_texts_are(world: World) -> None:
    text = "😀\ufffe<&" * 400
    world.simulator.script("disk-1-restored", job=outcomes.fails("Code", message=text))
    world.restore(world.protect(), reason=text, requestedBy=text, correlationId=text)

    (message,) = world.queue("restore-events").messages
    assert len(message.content.encode()) < 48 * 1024
    assert "\ufffe" not in message.content
    assert world.events()[0]["data"]["status"] == "Failed"


def test_a_restore_recorded_by_the_version_before_goes_on_and_is_told_of(world: World) -> None:
    world.send(backupInstanceId=world.protect())
    world.run(until=lambda: world.status() == "Running")
    forget_what_the_version_before_did_not_write(world)

    world.run()

    assert world.result()["status"] == "Completed"
    assert world.told() == ["completed"]


def forget_what_the_version_before_did_not_write(world: World) -> None:
    import json  # noqa: PLC0415

    (key,) = world.tables.tables["Restores"].rows
    etag, row = world.tables.tables["Restores"].rows[key]
    document = json.loads(row["document"])
    del document["outbox"], document["origin"], document["state"]["plan"]["instance"]
    world.tables.tables["Restores"].rows[key] = (etag, {**row, "document": json.dumps(document)})
    for name, (tag, outstanding) in list(world.tables.tables["OutstandingRestores"].rows.items()):
        old = {k: v for k, v in outstanding.items() if k not in ("turn", "acceptedAt")}
        world.tables.tables["OutstandingRestores"].rows[name] = (tag, old)


def test_the_time_of_an_event_is_that_of_the_transition_not_of_the_telling(world: World) -> None:
    world.io.before = fail_to_tell(4)
    row = world.restore(world.protect())

    (event,) = world.events()
    assert event["time"] == row["completedAt"].strftime("%Y-%m-%dT%H:%M:%SZ")
    assert world.clock() - row["completedAt"] > timedelta(minutes=1)
