"""What receivers read over HTTP while restores run: a Logic App's until loop, and I4."""

import json
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError

from restore_core.azure.tables.account import AccountTables
from restore_core.reading.exchange import Query, Reply
from restore_core.reading.http_api import HttpApi
from simulator import faults
from tests.scenarios.test_secrets import SIGNED
from tests.world import World

HOST = "https://app.azurewebsites.net/api/restores"


def receivers(world: World) -> HttpApi:
    return HttpApi(lambda: AccountTables(world.tables), world.clock)


def look(world: World, request_id: str = "r1") -> Reply:
    return receivers(world).restore(Query(f"{HOST}/{request_id}?code=k", {}, request_id))


def told(reply: Reply) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(reply.body)
    return document


def until_ended(world: World, request_id: str = "r1") -> list[Reply]:
    """Ask as often as each reply says, until one says that the restore has ended."""
    replies = [look(world, request_id)]
    while "Retry-After" in replies[-1].headers:
        world.run(seconds=int(replies[-1].headers["Retry-After"]))
        replies.append(look(world, request_id))
    return replies


def test_an_until_loop_follows_a_restore_to_its_end(world: World) -> None:
    assert look(world).status == 404
    world.send(backupInstanceId=world.protect())
    world.deliver()

    replies = until_ended(world)

    statuses = list(dict.fromkeys(told(reply)["status"] for reply in replies))
    assert statuses == ["Validating", "Restoring", "Running", "Completed"]
    assert [told(reply)["ended"] for reply in replies] == [False] * (len(replies) - 1) + [True]
    assert {reply.status for reply in replies} == {200}
    world.run()
    (listed,) = told(receivers(world).results(Query(HOST)))["value"]
    assert told(replies[-1]) | listed == told(replies[-1])
    assert told(replies[-1])["validatingSeconds"] > 0


def test_a_restore_that_has_ended_and_is_not_told_of_yet_is_due_to_no_one_outside(
    world: World,
) -> None:
    def fail(what: str) -> None:
        if what == "restore-events.send":
            raise ServiceRequestError("no route to storage")

    world.io.before = fail
    world.send(backupInstanceId=world.protect())
    world.run(minutes=20)

    assert world.rows("Restores")[0]["dueAt"]
    assert told(look(world))["ended"] is True
    assert "dueAt" not in told(look(world))


def test_a_restore_waiting_for_arm_tells_what_it_was_told(world: World) -> None:
    world.simulator.next("GET", "/backupInstances/*", faults.status(403), times=50)
    world.send(backupInstanceId=world.protect())
    world.deliver()

    document = told(look(world))

    assert (document["status"], document["ended"]) == ("Accepted", False)
    assert document["errorCode"]


def test_an_until_loop_ends_for_a_message_that_never_became_a_restore(world: World) -> None:
    world.send(backupInstanceId=world.protect(), recoveryPointID="abc")
    world.run(minutes=1)

    (reply,) = until_ended(world)

    document = told(reply)
    assert (document["status"], document["ended"]) == ("Rejected", True)
    assert "perhaps recoveryPointId is meant" in document["errorMessage"]
    assert document["recommendedAction"]


def test_a_message_refused_before_midnight_is_found_for_a_day(world: World) -> None:
    world.send(colour="red")
    world.run(minutes=1)

    world.clock.advance(hours=24)
    assert told(look(world))["status"] == "Rejected"
    world.clock.advance(hours=24)
    assert look(world).status == 404


def test_a_day_s_results_are_listed_refused_messages_too(world: World) -> None:
    for name in ("disk-1", "disk-2"):
        world.send(backupInstanceId=world.protect(name), requestId=name, validateOnly=True)
    world.send(b"restore my disk")
    world.run()

    page = told(receivers(world).results(Query(f"{HOST}?top=2", {"top": "2"})))
    rest = told(receivers(world).results(Query(HOST, {"after": "disk-2"})))
    rejected = told(receivers(world).results(Query(HOST, {"status": "rejected"})))

    assert [row["requestId"] for row in page["value"]] == ["disk-1", "disk-2"]
    assert "after=disk-2" in page["nextLink"]
    assert [row["messageText"] for row in rest["value"]] == ["restore my disk"]
    assert rest == rejected


@pytest.mark.parametrize("table", ["Restores", "RestoreResults"])
def test_an_outage_of_storage_is_told_and_passes(world: World, table: str) -> None:
    def out(what: str) -> None:
        if what.startswith(f"{table}."):
            raise ServiceRequestError("no connection")

    world.io.before = out

    reply = look(world)

    assert (reply.status, reply.headers["Retry-After"]) == (503, "30")
    assert told(reply)["code"] == "StorageUnavailable"
    world.io.before = lambda _what: None
    assert look(world).status == 404


def test_no_reply_holds_a_token_or_a_signed_url(world: World) -> None:
    """Looked at after every call to storage, of which some leave a signed URL in the row."""
    replies: list[bytes] = []
    rows_with_urls = 0

    def look_on(_what: str) -> None:
        nonlocal rows_with_urls
        world.io.after = lambda _what: None
        rows_with_urls += any("operationUrl" in row for row in world.rows("Restores"))
        replies.extend((look(world).body, receivers(world).results(Query(HOST)).body))
        world.io.after = look_on

    world.io.after = look_on
    world.restore(world.protect())

    token = world.credential.get_token(f"{world.server.url}/.default").token
    assert rows_with_urls > 5
    for reply in map(bytes.decode, replies):
        assert not SIGNED.search(reply)
        assert "operationUrl" not in reply
        assert not any(part in reply for part in token.split(".")[1:])
