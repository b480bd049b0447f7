"""The app's queues, on either storage."""

from datetime import timedelta
from typing import Any

import pytest

from restore_core.azure.step_queue import EVENTS, POISON, POISON_BATCH, REQUESTS, STEPS, StepQueue
from restore_core.errors import Unavailable
from tests.builders import in_base64, message
from tests.storage_contracts.conftest import QUEUES, Storage


def visible(storage: Storage, queue: str) -> list[Any]:
    client = storage.queues.get_queue_client(queue)
    return list(
        client.receive_messages(max_messages=32, messages_per_page=32, visibility_timeout=60)
    )


def poison(storage: Storage, queue: str, *bodies: str) -> None:
    for body in bodies:
        storage.queues.get_queue_client(queue + POISON).send_message(body)


def test_queues_are_created_where_they_are_missing_and_left_where_they_are(
    storage: Storage, steps: StepQueue
) -> None:
    poison(storage, REQUESTS, "x")

    steps.create_missing()

    assert len(visible(storage, REQUESTS + POISON)) == 1
    assert all(visible(storage, queue) == [] for queue in QUEUES)


@pytest.mark.parametrize("delay", [timedelta(), timedelta(seconds=-5)])
def test_a_step_that_is_due_is_seen_at_once(
    storage: Storage, steps: StepQueue, delay: timedelta
) -> None:
    steps.enqueue("r1", delay)

    assert [step.content for step in visible(storage, STEPS)] == ["r1"]


@pytest.mark.parametrize(
    "delay", [timedelta(hours=1), timedelta(days=1), timedelta(seconds=59, microseconds=1)]
)
def test_a_step_that_is_not_due_is_hidden(
    storage: Storage, steps: StepQueue, delay: timedelta
) -> None:
    steps.enqueue("r1", delay)

    assert visible(storage, STEPS) == []


def test_an_event_is_seen_as_it_was_told(storage: Storage, steps: StepQueue) -> None:
    event = '{"id":"r1/1","data":{"reason":"größe 😀 <&>"}}'

    steps.tell(event)

    assert [message.content for message in visible(storage, EVENTS)] == [event]


def test_a_poisoned_request_is_read_as_it_was_sent_with_its_time(
    storage: Storage, steps: StepQueue
) -> None:
    before = storage.now() - timedelta(seconds=2)
    poison(storage, REQUESTS, message(reason="<&> ä").decode(), in_base64().decode())

    found = list(steps.poisoned_requests())

    assert {one.body for one in found} == {message(reason="<&> ä"), in_base64()}
    assert all(before <= one.inserted_at for one in found)
    assert list(steps.poisoned_steps()) == []


def test_a_poisoned_step_is_read(storage: Storage, steps: StepQueue) -> None:
    poison(storage, STEPS, "r1")

    (found,) = steps.poisoned_steps()

    assert found.body == b"r1"
    assert list(steps.poisoned_requests()) == []


def test_a_poisoned_message_that_is_being_dealt_with_is_hidden(
    storage: Storage, steps: StepQueue
) -> None:
    poison(storage, REQUESTS, "x")

    assert len(list(steps.poisoned_requests())) == 1
    assert list(steps.poisoned_requests()) == []


def test_a_poisoned_message_that_was_dealt_with_is_gone(storage: Storage, steps: StepQueue) -> None:
    poison(storage, REQUESTS, "x")
    (found,) = steps.poisoned_requests()

    steps.delete(found)
    steps.delete(found)

    client = storage.queues.get_queue_client(REQUESTS + POISON)
    assert _count(client) == 0


def _count(client: Any) -> int:
    return len(client.messages) if hasattr(client, "messages") else len(client.peek_messages(32))


def test_a_tick_takes_on_so_many_poisoned_messages_and_no_more(
    storage: Storage, steps: StepQueue
) -> None:
    poison(storage, REQUESTS, *(f"m{number}" for number in range(POISON_BATCH + 3)))

    assert len(list(steps.poisoned_requests())) == POISON_BATCH
    assert len(list(steps.poisoned_requests())) == 3


def test_a_missing_poison_queue_is_an_empty_one(storage: Storage) -> None:
    steps = StepQueue(storage.queues)

    assert list(steps.poisoned_requests()) == []
    assert list(steps.poisoned_steps()) == []


def test_a_missing_steps_queue_is_an_outage(storage: Storage) -> None:
    with pytest.raises(Unavailable) as raised:
        StepQueue(storage.queues).enqueue("r1", timedelta())

    assert raised.value.problem.code == "StorageUnavailable"
    assert "Storage did not answer" in raised.value.problem.message


def test_a_message_of_a_queue_that_is_gone_needs_no_deleting(
    storage: Storage, steps: StepQueue
) -> None:
    poison(storage, STEPS, "r1")
    (found,) = steps.poisoned_steps()
    client = storage.queues.get_queue_client(STEPS + POISON)
    _remove(client)

    steps.delete(found)


def _remove(client: Any) -> None:
    if hasattr(client, "messages"):
        client.exists, client.messages = False, []
    else:
        client.delete_queue()
