"""The table of cases, first part: what a host does with work while nothing dies.

One host of each kind runs for all of them; each case has a queue or a route of its own.
"""

from __future__ import annotations

import itertools
import json
import statistics
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import pytest
from azure.core.exceptions import ResourceNotFoundError

from tests.host.witness import (
    POISON,
    Witness,
    ask,
    let_pass,
    most_at_once,
    times_called,
    wait_until,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.azurite import Azurite
    from local.host_process import HostProcess, Kind

pytestmark = [pytest.mark.azurite, pytest.mark.timeout(180)]

TRIES = 3  # host.json's maxDequeueCount
WAIT = 3.0  # host.json's visibilityTimeout
POLL = 1.0  # host.json's maxPollingInterval
SLACK = 30.0  # seconds by which a loaded machine may be late: ten minutes are told from it
BATCH, THRESHOLD = 4, 1
WORN = "the host died three times on this"


class Running(NamedTuple):
    """A host that runs, and what it sees."""

    witness: Witness
    host: HostProcess


@pytest.fixture(scope="module")
def running(
    kind: Kind, azurite: object, storage: Azurite, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    del azurite  # which says whether Azurite can be started here at all
    witness = Witness(kind, storage, tmp_path_factory.mktemp(kind.name))
    witness.make_queues()
    _wear_out(witness)
    try:
        yield Running(witness, witness.start())
    finally:
        witness.end()


def _wear_out(witness: Witness) -> None:
    queue = witness.queue("bodies")
    queue.send_message(WORN)
    for _ in range(TRIES):
        taken = queue.receive_message()
        queue.update_message(taken, visibility_timeout=0)


def test_a_message_whose_function_fails_is_tried_three_times_then_poisoned(
    running: Running,
) -> None:
    witness, body = running.witness, '<&>"é until poison'
    sent = witness.queue("refused").send_message(body)

    calls = witness.diary.wait_for("refuse", count=TRIES)
    wait_until(lambda: _poisoned(witness, "refused"), witness.diary.all)
    (poisoned,) = _poisoned(witness, "refused")

    assert [call.dequeued for call in calls] == [1, 2, 3]
    waits = [(b.at - a.at).total_seconds() for a, b in itertools.pairwise(calls)]
    assert all(WAIT * 0.9 <= wait <= WAIT + POLL + SLACK for wait in waits), waits
    assert (poisoned.content, poisoned.dequeue_count) == (body, 0)
    assert poisoned.id != sent.id
    assert poisoned.expires_on - poisoned.inserted_on == timedelta(days=7)
    wait_until(lambda: witness.there_are("refused") == 0, witness.diary.all)


def test_a_message_dequeued_too_often_is_poisoned_without_a_call(running: Running) -> None:
    witness = running.witness

    wait_until(lambda: _poisoned(witness, "bodies"), witness.diary.all)

    assert [message.content for message in _poisoned(witness, "bodies")] == [WORN]
    assert WORN not in times_called(witness.diary, "echo")


def test_a_message_that_fails_on_a_poison_queue_stays_hidden_and_goes_nowhere(
    running: Running,
) -> None:
    witness = running.witness
    witness.queue("worse-poison").send_message("x")

    witness.diary.wait_for("refuse_poisoned")
    let_pass(2 * (WAIT + POLL))

    assert len(witness.diary.entries("refuse_poisoned")) == 1
    assert witness.there_are("worse-poison") == 1
    assert witness.queue("worse-poison").peek_messages() == []
    with pytest.raises(ResourceNotFoundError):
        witness.there_are("worse-poison-poison")


def test_a_queue_that_is_missing_is_waited_for_and_not_made(running: Running) -> None:
    queue = running.witness.queue("made-late")
    with pytest.raises(ResourceNotFoundError):
        queue.get_queue_properties()

    queue.create_queue()
    sent = datetime.now(UTC)
    queue.send_message("at last")

    (call,) = running.witness.diary.wait_for("await_queue")
    assert (call.body, call.dequeued) == ("at last", 1)
    assert call.at - sent < timedelta(seconds=POLL + SLACK)
    queue.delete_queue()


BODIES = [
    "plain text",
    '{"a": "<&>\\"é"}',
    "  spaces around  ",
    "\r\nlines around\r\n",
    "\ttabs\tin it\t",
    "",
    "\U0001f600",
    "\ufeffa mark at the beginning",
    "cGxhaW4gdGV4dA==",
    "x" * 48_000,
]


def test_every_body_arrives_as_it_was_sent(running: Running) -> None:
    for body in BODIES:
        running.witness.send_as_it_is("bodies", body)

    running.witness.diary.wait_for("echo", count=len(BODIES))

    assert times_called(running.witness.diary, "echo") == dict.fromkeys(BODIES, 1)


def test_a_batch_runs_at_once_and_no_more_than_its_threshold_beside_it(running: Running) -> None:
    messages = [str(number) for number in range(12)]
    for message in messages:
        running.witness.queue("crowded").send_message(message)

    running.witness.diary.wait_for("crowd", "ended", count=len(messages))

    assert BATCH <= most_at_once(running.witness.diary, "crowd") <= BATCH + THRESHOLD
    assert times_called(running.witness.diary, "crowd") == dict.fromkeys(messages, 1)


def test_a_timer_ticks_by_its_schedule(running: Running) -> None:
    ticks = running.witness.diary.wait_for("tick", count=6)

    gaps = [(b.at - a.at).total_seconds() for a, b in itertools.pairwise(ticks)]
    assert 1.5 < statistics.median(gaps) < 2.5, gaps  # one is late on a busy machine, not most
    assert not any(tick.seen["past_due"] for tick in ticks)


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/api/things/1", {}, 401),
        ("GET", "/api/things/1", {"x-functions-key": "another"}, 401),
        ("GET", "/api/things/1?code=another", {}, 401),
        ("GET", "/api/things", None, 404),
        ("GET", "/things/1", None, 404),
        ("GET", "/api/things/1/2", None, 404),
        ("POST", "/api/things/1", None, 404),
        ("GET", "/api/things/1?fail=yes", None, 500),
        ("GET", "/admin/host/status", {}, 401),
        ("GET", "/admin/host/status", {"x-functions-key": "another"}, 401),
    ],
)
def test_an_answer_of_the_host_s_own_is_a_status_and_no_more(
    running: Running, method: str, path: str, headers: dict[str, str] | None, status: int
) -> None:
    more = {} if headers is None else {"headers": headers}

    got = ask(running.host, path, method, **more)

    assert (got.status_code, got.content) == (status, b"")


@pytest.mark.parametrize(
    ("method", "path", "seen"),
    [
        ("GET", "/api/things/1", {"id": "1", "body": ""}),
        ("GET", "/API/Things/1", {"id": "1"}),
        ("PUT", "/api/things/a%20b", {"id": "a b", "body": "sent", "asked": "so"}),
        ("GET", "/api/things/%C3%A9", {"id": "é"}),
        ("GET", "/api/things/a%2Fb", {"id": "a%2Fb"}),
        ("GET", "/api/things/1?q=1&q=2", {"query": "1,2"}),
        ("GET", "/api/things/1?q=", {"query": None}),
        ("GET", "/api/things/1?q=%C3%A9+x", {"query": "é x"}),
    ],
)
def test_a_request_reaches_its_function_and_the_answer_its_sender(
    running: Running, method: str, path: str, seen: dict[str, str]
) -> None:
    body = "sent" if method == "PUT" else None
    headers = {"x-functions-key": "function-key", "X-Asked": "so"}

    got = ask(running.host, path, method, headers=headers, data=body)

    assert (got.status_code, got.headers["X-Made"]) == (201, "yes")
    told = json.loads(got.content)
    assert told["method"] == method
    assert {name: told[name] for name in seen} == seen


def test_the_key_may_stand_in_the_query(running: Running) -> None:
    assert ask(running.host, "/api/things/1?code=function-key", headers={}).status_code == 201


def test_a_function_that_asks_for_no_key_answers_everybody(running: Running) -> None:
    got = ask(running.host, "/api/open", headers={})

    assert (got.status_code, got.text) == (200, "text")


def _poisoned(witness: Witness, queue: str) -> list:  # type: ignore[type-arg]
    try:
        return witness.queue(queue + POISON).peek_messages(max_messages=32)
    except ResourceNotFoundError:
        return []
