"""The app's queues, on either storage."""

from datetime import timedelta
from typing import Any

import pytest

from restore_core.azure.queues import POISON_BATCH, AccountQueues
from restore_core.contract.queue_names import EVENTS, POISON, REQUESTS, STEPS
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
    storage: Storage, app_queues: AccountQueues
) -> None:
    poison(storage, REQUESTS, "x")

    app_queues.create_missing()

    assert len(visible(storage, REQUESTS + POISON)) == 1
    assert all(visible(storage, queue) == [] for queue in QUEUES)


@pytest.mark.parametrize("delay", [timedelta(), timedelta(seconds=-5)])
def test_a_step_that_is_due_is_seen_at_once(
    storage: Storage, app_queues: AccountQueues, delay: timedelta
) -> None:
    app_queues.steps.enqueue("r1", delay)

    assert [step.content for step in visible(storage, STEPS)] == ["r1"]


@pytest.mark.parametrize(
    "delay", [timedelta(hours=1), timedelta(days=1), timedelta(seconds=59, microseconds=1)]
)
def test_a_step_that_is_not_due_is_hidden(
    storage: Storage, app_queues: AccountQueues, delay: timedelta
) -> None:
    app_queues.steps.enqueue("r1", delay)

    assert visible(storage, STEPS) == []


def test_an_event_is_seen_as_it_was_told(storage: Storage, app_queues: AccountQueues) -> None:
    event = '{"id":"r1/1","data":{"reason":"größe 😀 <&>"}}'

    app_queues.notices.publish(event)

    assert [message.content for message in visible(storage, EVENTS)] == [event]


def test_a_poisoned_request_is_read_as_it_was_sent_with_its_time(
    storage: Storage, app_queues: AccountQueues
) -> None:
    before = storage.now() - timedelta(seconds=2)
    poison(storage, REQUESTS, message(reason="<&> ä").decode(), in_base64().decode())

    found = list(app_queues.poison.requests())

    assert {one.body for one in found} == {message(reason="<&> ä"), in_base64()}
    assert all(before <= one.inserted_at for one in found)
    assert list(app_queues.poison.steps()) == []


def test_a_poisoned_step_is_read(storage: Storage, app_queues: AccountQueues) -> None:
    poison(storage, STEPS, "r1")

    (found,) = app_queues.poison.steps()

    assert found.body == b"r1"
    assert list(app_queues.poison.requests()) == []


def test_a_poisoned_message_that_is_being_dealt_with_is_hidden(
    storage: Storage, app_queues: AccountQueues
) -> None:
    poison(storage, REQUESTS, "x")

    assert len(list(app_queues.poison.requests())) == 1
    assert list(app_queues.poison.requests()) == []


def test_a_poisoned_message_that_was_dealt_with_is_gone(
    storage: Storage, app_queues: AccountQueues
) -> None:
    poison(storage, REQUESTS, "x")
    (found,) = app_queues.poison.requests()

    app_queues.poison.delete(found)
    app_queues.poison.delete(found)

    client = storage.queues.get_queue_client(REQUESTS + POISON)
    assert _count(client) == 0


def _count(client: Any) -> int:
    return len(client.messages) if hasattr(client, "messages") else len(client.peek_messages(32))


def test_a_tick_takes_on_so_many_poisoned_messages_and_no_more(
    storage: Storage, app_queues: AccountQueues
) -> None:
    poison(storage, REQUESTS, *(f"m{number}" for number in range(POISON_BATCH + 3)))

    assert len(list(app_queues.poison.requests())) == POISON_BATCH
    assert len(list(app_queues.poison.requests())) == 3


def test_a_missing_poison_queue_is_an_empty_one(storage: Storage) -> None:
    app_queues = AccountQueues(storage.queues)

    assert list(app_queues.poison.requests()) == []
    assert list(app_queues.poison.steps()) == []


def test_a_queue_that_is_missing_is_made_when_it_is_missed(storage: Storage) -> None:
    app_queues = AccountQueues(storage.queues)

    app_queues.steps.enqueue("r1", timedelta())
    app_queues.notices.publish("{}")

    assert [step.content for step in visible(storage, STEPS)] == ["r1"]
    assert [notice.content for notice in visible(storage, EVENTS)] == ["{}"]


def test_a_message_of_a_queue_that_is_gone_needs_no_deleting(
    storage: Storage, app_queues: AccountQueues
) -> None:
    poison(storage, STEPS, "r1")
    (found,) = app_queues.poison.steps()
    client = storage.queues.get_queue_client(STEPS + POISON)
    _remove(client)

    app_queues.poison.delete(found)


def _remove(client: Any) -> None:
    if hasattr(client, "messages"):
        client.exists, client.messages = False, []
    else:
        client.delete_queue()
