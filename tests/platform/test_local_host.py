"""The local host takes messages by the Functions host's rules, on real Azurite."""

from __future__ import annotations

import logging
import threading
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueServiceClient

from local.azurite import Azurite
from local.host.host_json import QueueSettings
from local.host.local_host import LocalHost
from local.host.queue_connection import queue_service
from tests.platform.small_app import PATIENCE, QUICK, Calls, Log, an_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    import azure.functions as func
    from azure.storage.queue import QueueClient


@pytest.fixture
def log() -> Iterator[Log]:
    with Log.of("local", logging.DEBUG) as log:
        yield log


@pytest.fixture
def settings(azurite: Azurite) -> dict[str, str]:
    return {
        "RestoreStorage": azurite.connection_string,
        "QUEUE": f"q-{uuid.uuid4()}",
        "SCHEDULE": "* * * * * *",
    }


@pytest.fixture
def service(azurite: Azurite) -> QueueServiceClient:
    return QueueServiceClient.from_connection_string(azurite.connection_string)


@pytest.fixture
def messages(service: QueueServiceClient, settings: dict[str, str]) -> QueueClient:
    return service.create_queue(settings["QUEUE"])


@pytest.fixture
def calls() -> Calls:
    return Calls()


def count(messages: QueueClient) -> int:
    """Visible and invisible messages together."""
    return messages.get_queue_properties().approximate_message_count or 0


@pytest.mark.azurite
def test_a_message_is_given_to_its_function_and_deleted(
    settings: dict[str, str], messages: QueueClient, calls: Calls
) -> None:
    sent = messages.send_message("restore this")

    with LocalHost.for_app(an_app(calls.add), settings, settings=QUICK):
        message = calls.next()

    assert message.id == sent.id
    assert message.get_body() == b"restore this"
    assert message.dequeue_count == 1
    assert message.insertion_time == sent.inserted_on
    assert message.expiration_time == sent.expires_on
    assert message.pop_receipt
    assert count(messages) == 0


@pytest.mark.azurite
def test_a_message_that_failed_comes_again_after_the_visibility_timeout(
    settings: dict[str, str], messages: QueueClient, calls: Calls
) -> None:
    def fail_once(message: func.QueueMessage) -> None:
        calls.add(message)
        if message.dequeue_count == 1:
            raise ValueError("not this time")

    delay = timedelta(seconds=1)
    quick = QueueSettings(visibility_timeout=delay, max_polling_interval=QUICK.max_polling_interval)
    messages.send_message("x")

    with LocalHost.for_app(an_app(fail_once), settings, settings=quick):
        first, second = calls.next_moment(), calls.next_moment()

    assert second - first > delay * 0.9
    assert count(messages) == 0


@pytest.mark.azurite
def test_a_message_that_fails_for_the_last_time_goes_to_the_poison_queue(
    settings: dict[str, str], service: QueueServiceClient, messages: QueueClient, calls: Calls
) -> None:
    def fail(message: func.QueueMessage) -> None:
        calls.add(message)
        raise ValueError("never")

    messages.send_message("poison me")

    with LocalHost.for_app(an_app(fail), settings, settings=QUICK):
        counts = [calls.next().dequeue_count for _ in range(QUICK.max_dequeue_count)]

    poisoned = service.get_queue_client(settings["QUEUE"] + "-poison").peek_messages()
    assert counts == [1, 2, 3]
    assert [message.content for message in poisoned] == ["poison me"]
    assert count(messages) == 0


@pytest.mark.azurite
def test_a_message_dequeued_too_often_is_poisoned_without_a_call(
    settings: dict[str, str],
    service: QueueServiceClient,
    messages: QueueClient,
    calls: Calls,
    log: Log,
) -> None:
    messages.send_message("the host died three times on this")
    for _ in range(QUICK.max_dequeue_count):
        taken = messages.receive_message()
        messages.update_message(taken.id, pop_receipt=taken.pop_receipt, visibility_timeout=0)

    with LocalHost.for_app(an_app(calls.add), settings, settings=QUICK):
        log.wait_for("has reached MaxDequeueCount of 3")

    poisoned = service.get_queue_client(settings["QUEUE"] + "-poison").peek_messages()
    assert calls.none_left()
    assert [message.content for message in poisoned] == ["the host died three times on this"]


@pytest.mark.azurite
def test_a_missing_queue_is_waited_for_and_not_created(
    settings: dict[str, str], service: QueueServiceClient, calls: Calls, log: Log
) -> None:
    queue_client = service.get_queue_client(settings["QUEUE"])

    with LocalHost.for_app(an_app(calls.add), settings, settings=QUICK):
        log.wait_for("queue.missing")
        log.wait_for("queue.missing")
        with pytest.raises(ResourceNotFoundError):
            queue_client.get_queue_properties()
        queue_client.create_queue()
        queue_client.send_message("at last")

        assert calls.next().get_body() == b"at last"


@pytest.mark.azurite
def test_a_message_stays_invisible_as_long_as_its_function_runs(
    settings: dict[str, str], messages: QueueClient, calls: Calls, log: Log
) -> None:
    renewed_twice = threading.Event()

    def run_long(message: func.QueueMessage) -> None:
        calls.add(message)
        renewed_twice.wait(PATIENCE)

    messages.send_message("x")
    quick = QueueSettings(
        max_polling_interval=QUICK.max_polling_interval, invisibility=timedelta(seconds=8)
    )

    with LocalHost.for_app(an_app(run_long), settings, settings=quick):
        calls.next()
        for _ in range(3):  # the third renewal comes when the first invisibility is over
            log.wait_for("queue.message_renewed")
        renewed_twice.set()

    assert calls.none_left()
    assert count(messages) == 0


@pytest.mark.azurite
def test_no_more_than_a_batch_and_its_threshold_run_at_once(
    settings: dict[str, str], messages: QueueClient
) -> None:
    running, most, ended = 0, 0, threading.Semaphore(0)
    three_run, lock = threading.Event(), threading.Lock()

    def overlap(message: func.QueueMessage) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            first = message.get_body() == b"0"
            if running == QUICK.batch_size + QUICK.new_batch_threshold:
                three_run.set()
        if not first:  # which makes room for the next batch beside the second message
            three_run.wait(PATIENCE)
        with lock:
            running -= 1
        ended.release()

    for number in range(8):
        messages.send_message(str(number))

    with LocalHost.for_app(an_app(overlap), settings, settings=QUICK):
        for _ in range(8):
            assert ended.acquire(timeout=PATIENCE)

    assert most == QUICK.batch_size + QUICK.new_batch_threshold


@pytest.mark.azurite
def test_a_host_that_stops_lets_running_functions_end(
    settings: dict[str, str], messages: QueueClient, calls: Calls
) -> None:
    stopping = threading.Event()

    def run_until_stopped(message: func.QueueMessage) -> None:
        calls.add(message)
        stopping.wait(PATIENCE)

    messages.send_message("x")
    host = LocalHost.for_app(an_app(run_until_stopped), settings, settings=QUICK)
    host.__enter__()
    calls.next()

    leaving = threading.Thread(target=host.__exit__)
    leaving.start()
    stopping.set()
    leaving.join(PATIENCE)

    assert count(messages) == 0


@pytest.mark.azurite
def test_a_host_rides_out_an_outage_of_its_storage(
    settings: dict[str, str], calls: Calls, log: Log
) -> None:
    with Azurite() as own:
        settings["RestoreStorage"] = own.connection_string
        client = queue_service("RestoreStorage", settings).create_queue(settings["QUEUE"])
        with LocalHost.for_app(an_app(calls.add), settings, settings=QUICK):
            own.stop()
            log.wait_for("queue.unreachable")
            own.start()
            client.send_message("still here")

            assert calls.next().get_body() == b"still here"
