"""The queues when storage fails: every failure is left to the sweep."""

from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from azure.core.exceptions import ResourceExistsError

from restore_core.azure.queues import AccountQueues
from restore_core.contract.queue_names import POISON, REQUESTS, STEPS
from restore_core.engine.ports import Poisoned
from restore_core.errors import Unavailable
from tests.azure.failing_storage import OUTAGES, failing, http_error
from tests.fakes import NOON, Io, ManualClock, MemoryQueues

POISONED = Poisoned(REQUESTS + POISON, "id", "receipt", b"x", NOON)
CALLS: dict[str, Callable[[AccountQueues], Any]] = {
    "create_missing": lambda app_queues: app_queues.create_missing(),
    "enqueue": lambda app_queues: app_queues.steps.enqueue("r1", timedelta()),
    "poisoned_requests": lambda app_queues: list(app_queues.poison.requests()),
    "poisoned_steps": lambda app_queues: list(app_queues.poison.steps()),
    "delete": lambda app_queues: app_queues.poison.delete(POISONED),
}


@pytest.fixture
def io() -> Io:
    return Io()


@pytest.fixture
def queues(io: Io) -> MemoryQueues:
    return MemoryQueues(io, ManualClock(NOON))


@pytest.fixture
def app_queues(queues: MemoryQueues) -> AccountQueues:
    app_queues = AccountQueues(queues)  # type: ignore[arg-type]
    app_queues.create_missing()
    return app_queues


@pytest.mark.parametrize(
    ("call", "outage"),
    [pair for pair in product(CALLS, OUTAGES) if pair != ("create_missing", "403")],
)
def test_every_failure_of_every_call_may_be_tried_again(
    io: Io, app_queues: AccountQueues, call: str, outage: str
) -> None:
    failing(io, OUTAGES[outage])

    with pytest.raises(Unavailable) as raised:
        CALLS[call](app_queues)

    assert raised.value.problem.code == "StorageUnavailable"
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("answer", [http_error(403), ResourceExistsError("QueueAlreadyExists")])
def test_not_creating_queues_that_exist_is_no_error(
    io: Io, app_queues: AccountQueues, answer: Exception
) -> None:
    failing(io, answer, only=lambda what: what.endswith(".create"))

    app_queues.create_missing()

    assert len([call for call in io.calls if call.endswith(".create")]) == 2 * 5


@pytest.mark.parametrize(
    ("delay", "hidden"),
    [
        (timedelta(seconds=-1), 0),
        (timedelta(), 0),
        (timedelta(microseconds=1), 1),
        (timedelta(seconds=1), 1),
        (timedelta(seconds=29, milliseconds=999), 30),
        (timedelta(days=1), 86_400),
    ],
)
def test_a_step_is_hidden_until_it_is_due_and_never_seen_before(
    queues: MemoryQueues, app_queues: AccountQueues, delay: timedelta, hidden: int
) -> None:
    app_queues.steps.enqueue("r1", delay)

    (message,) = queues.get_queue_client(STEPS).messages
    assert message.visible_at == NOON + timedelta(seconds=hidden)


def test_a_poisoned_message_is_not_asked_for_before_it_is_wanted(
    io: Io, app_queues: AccountQueues
) -> None:
    before = len(io.calls)

    app_queues.poison.requests()

    assert len(io.calls) == before
