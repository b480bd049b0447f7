"""Whatever the app tells, over the queue or over HTTP, is what the published schemas say."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from restore_core.contract.queue_names import EVENTS
from restore_core.lifecycle.outbox import Stage
from restore_core.reading.exchange import Query
from simulator import faults
from tests.envelopes import an_alert, sent
from tests.published_schemas import EVENT, RESULT, schema
from tests.scenarios.test_receivers import HOST, look, receivers, told
from tests.world import World


@pytest.fixture
def world() -> Iterator[World]:
    with World(rules={"notices": frozenset(Stage), "max_active": 1}) as world:
        yield world


def events(world: World) -> list[dict[str, Any]]:
    return [json.loads(message.content) for message in world.queue(EVENTS).messages]


def known(name: str, *path: str) -> set[str]:
    """Return the names that a schema lists and that may become more."""
    found: Any = schema(name)
    for step in (*path, "anyOf"):
        found = found[step]
    return set(found[0]["enum"])


def test_every_event_and_every_answer_is_valid(world: World) -> None:
    instances = [world.protect(f"disk-{n}") for n in range(4)]
    world.simulator.next("GET", "/backupInstances/disk-3*", faults.status(404))
    for n, instance in enumerate(instances):
        world.send(
            requestId=f"r{n}",
            backupInstanceId=instance,
            targetDiskId=f"{instance.partition('/resourceGroups/')[0]}/resourceGroups/rg-restore"
            f"/providers/Microsoft.Compute/disks/new-{n}",
            validateOnly=n == 2,
            reason="<b>ä</b>",
        )
    world.send(requestId="r9", colour="red")
    world.send(b"restore my disk")
    world.send(sent(an_alert(monitorCondition="Resolved")))

    answers = []
    world.deliver()
    while not world.is_idle():
        answers += [told(look(world, f"r{n}")) for n in (0, 1, 2, 3, 9)]
        world.run(seconds=10)
    answers += told(receivers(world).results(Query(HOST)))["value"]

    for answer in answers:
        RESULT.validate(answer)
    statuses = {answer["status"] for answer in answers if not answer["ended"]}
    assert {"Validating", "Restoring", "Running", "Queued"} <= statuses
    assert statuses <= known("restore-result.v1", "else", "properties", "status")
    for event in events(world):
        EVENT.validate(event)
        assert "messageText" not in event["data"]
        assert set(event["data"]) <= set(schema("restore-result.v1")["properties"])
    assert {answer["status"] for answer in answers if answer["ended"]} == {
        "Completed",
        "Validated",
        "Rejected",
        "Ignored",
    }
    stages = {event["type"].split(".")[-2] for event in events(world)}
    assert {"accepted", "queued", "validating", "restoring", "completed", "rejected"} <= stages
    assert {event["type"] for event in events(world)} <= known(
        "restore-event.v1", "properties", "type"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"id": "r1"},
        {"sequence": 1},
        {"specversion": "0.3"},
        {"source": "somebody"},
        {"subject": ""},
        {"data": {"ended": False, "status": "Running"}},
    ],
)
def test_an_event_that_the_app_never_sends_is_not_valid(
    world: World, change: dict[str, Any]
) -> None:
    world.restore(world.protect())
    event = events(world)[-1]
    EVENT.validate(event)

    assert not EVENT.is_valid({**event, **change})
    assert not EVENT.is_valid({name: event[name] for name in event if name not in change})
