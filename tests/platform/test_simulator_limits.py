"""How much the simulator answers in which time, what it says then, and whom it accuses."""

from datetime import timedelta
from typing import Any

import pytest
import requests

from simulator import Limits, Pace, Rate, Server, Simulator, faults, outcomes
from simulator.__main__ import _limits, _parser
from tests.platform.simulator_client import (
    HTTP_TIMEOUT,
    Client,
    ManualClock,
    restore_body,
    target_id,
)
from tests.platform.test_simulator_graph import INSTANCES, SUBSCRIPTION, asked

READS = "x-ms-ratelimit-remaining-subscription-reads"
WRITES = "x-ms-ratelimit-remaining-subscription-writes"
OF_SERVICE = "x-ms-ratelimit-remaining-subscription-resource-requests"
FULL = "UserErrorMaxConcurrentOperationLimitReached"
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def simulator(clock: ManualClock) -> Simulator:
    return Simulator(now=clock, limits=Limits(reads=Rate(3, 2), writes=Rate(2, 0.25), under_way=2))


@pytest.fixture
def machine(simulator: Simulator) -> str:
    return simulator.add_machine("vm-1")


def read(client: Client) -> requests.Response:
    return client.get(client.instance)


def write(client: Client) -> requests.Response:
    """Ask for something that takes a token and does nothing."""
    return client.post(f"{client.instance}/validateRestore", {})


def look_at(client: Client, machine: str) -> requests.Response:
    return client.get(f"{machine}?api-version=2024-07-01")


def restore(client: Client, simulator: Simulator, target: str) -> requests.Response:
    """Ask for a restore without a read before it."""
    point = simulator.points(client.instance)[0].id
    return client.post(f"{client.instance}/restore", restore_body(point, target_id(target)))


# ------------------------------------------------------------------------------------- buckets


def test_a_bucket_runs_dry_and_says_so_as_arm_does(client: Client) -> None:
    answers = [read(client) for _ in range(4)]

    refused = answers.pop()
    assert [answer.status_code for answer in answers] == [200] * 3
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "1"
    assert refused.headers["x-ms-failure-cause"] == "gateway"
    assert refused.json()["error"] == {
        "code": "SubscriptionRequestsThrottled",
        "message": (
            f"Number of 'read' requests for subscription '{SUBSCRIPTION}' actor "
            "'66666666-7777-4888-9999-aaaaaaaaaaaa' exceeded. Please try again after '1' seconds "
            "after additional tokens are available. Refer to https://aka.ms/arm-throttling for "
            "additional information."
        ),
    }


def test_it_fills_again_as_time_passes_and_never_beyond_its_size(
    client: Client, machine: str, clock: ManualClock
) -> None:
    left = [look_at(client, machine).headers[READS] for _ in range(3)]
    clock.advance(SECOND)
    left.append(look_at(client, machine).headers[READS])
    clock.advance(timedelta(hours=1))
    left.append(look_at(client, machine).headers[READS])

    assert left == ["2", "1", "0", "1", "2"]


def test_reads_of_the_service_tell_the_services_own_count_alone(
    client: Client, machine: str
) -> None:
    of_vault, of_machine, written = read(client), look_at(client, machine), write(client)

    assert (of_vault.headers[OF_SERVICE], of_vault.headers.get(READS)) == ("1099", None)
    assert (of_machine.headers[READS], of_machine.headers.get(OF_SERVICE)) == ("1", None)
    assert (written.headers[WRITES], written.headers.get(OF_SERVICE)) == ("1", None)


def test_the_service_counts_each_kind_of_read_apart(simulator: Simulator, client: Client) -> None:
    simulator.habits.limits = Limits(service_reads=Rate(1, 0.1))

    answers = [read(client), client.get(f"{client.instance}/recoveryPoints"), read(client)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].headers["Retry-After"] == "10"
    assert answers[-1].headers[OF_SERVICE] == "0"
    assert (
        "operation 'GET/SUBSCRIPTIONS/RESOURCEGROUPS/PROVIDERS/MICROSOFT.DATAPROTECTION/"
        "BACKUPVAULTS/BACKUPINSTANCES' exceeded"
    ) in answers[-1].json()["error"]["message"]


def test_reads_and_writes_and_subscriptions_have_buckets_of_their_own(
    simulator: Simulator, client: Client
) -> None:
    elsewhere = simulator.protect("disk-2", subscription="another")
    for _ in range(4):
        read(client)

    assert write(client).status_code == 400
    assert client.get(elsewhere).status_code == 200


def test_another_region_has_buckets_of_its_own(client: Client, server: Server) -> None:
    # A token for the simulator's own address would be no good at another host.
    become(client, server, resource="https://management.azure.com")
    for _ in range(4):
        read(client)

    client.session.headers["Host"] = "eastus2euap.management.azure.com"

    assert read(client).status_code == 200


def test_another_caller_has_buckets_and_a_quota_of_its_own(client: Client, server: Server) -> None:
    for _ in range(4):
        read(client)
    for _ in range(16):
        asked(client, INSTANCES)
    assert [read(client).status_code, asked(client, INSTANCES).status_code] == [429, 429]

    become(client, server, client_id="other")

    assert [read(client).status_code, asked(client, INSTANCES).status_code] == [200, 200]


def become(client: Client, server: Server, **query: str) -> None:
    """Let the client call with a token of its own, of another identity or for another host."""
    granted = requests.get(
        server.environment["IDENTITY_ENDPOINT"],
        params={"resource": server.url, "api-version": "2019-08-01", **query},
        headers={"X-IDENTITY-HEADER": server.environment["IDENTITY_HEADER"]},
        timeout=HTTP_TIMEOUT,
    )
    client.session.headers["Authorization"] = f"Bearer {granted.json()['access_token']}"


def test_resource_graph_has_a_quota_of_its_own(client: Client) -> None:
    for _ in range(4):
        read(client)

    answer = asked(client, INSTANCES)

    assert answer.status_code == 200
    assert READS not in answer.headers
    assert OF_SERVICE not in answer.headers


def test_a_faster_pace_fills_faster(
    simulator: Simulator, client: Client, clock: ManualClock
) -> None:
    simulator.habits.pace = Pace(scale=10)
    for _ in range(2):
        write(client)

    assert write(client).headers["Retry-After"] == "1"
    clock.advance(SECOND)
    assert [write(client).status_code for _ in range(3)] == [400, 400, 429]


def test_without_limits_the_headers_are_those_that_were_recorded(
    simulator: Simulator, client: Client, machine: str
) -> None:
    simulator.habits.limits = Limits.none()

    assert {read(client).headers[OF_SERVICE] for _ in range(9)} == {"1099"}
    assert {write(client).headers[WRITES] for _ in range(9)} == {"799"}
    assert look_at(client, machine).headers[READS] == "11999"


def test_the_documented_buckets_are_the_usual_ones(
    simulator: Simulator, client: Client, machine: str
) -> None:
    simulator.habits.limits = Simulator().habits.limits

    read_first, written_first = look_at(client, machine), write(client)

    assert (read_first.headers[READS], written_first.headers[WRITES]) == ("249", "199")


# ------------------------------------------------------------------------------------- overrun


def test_who_calls_before_it_is_over_waits_anew(client: Client, clock: ManualClock) -> None:
    for _ in range(3):
        write(client)
    clock.advance(timedelta(seconds=3.5))

    early = write(client)

    assert (early.status_code, early.headers["Retry-After"]) == (429, "1")
    clock.advance(SECOND)
    assert write(client).status_code == 400


def test_who_goes_on_and_on_is_accused_once(
    simulator: Simulator, client: Client, machine: str
) -> None:
    others = [simulator.add_machine(f"vm-{number}") for number in range(2, 9)]
    for _ in range(3):
        look_at(client, machine)
    assert look_at(client, machine).status_code == 429

    for one in others[:2]:  # Two calls may have been under way.
        look_at(client, one)
    assert simulator.accusations == []
    for one in others[2:]:
        look_at(client, one)

    (accusation,) = simulator.accusations
    assert "call 3 since a 429" in accusation
    assert "no more reads" in accusation


def test_who_goes_on_asking_a_graph_that_has_had_enough_is_accused_once(
    simulator: Simulator, client: Client
) -> None:
    for _ in range(15 + 1 + 2):  # The quota, the refusal, and two that may have been under way.
        asked(client, INSTANCES)
    assert simulator.accusations == []

    for _ in range(4):
        asked(client, INSTANCES)

    (accusation,) = simulator.accusations
    assert "goes on" in accusation


def test_who_waits_is_accused_of_nothing(
    simulator: Simulator, client: Client, clock: ManualClock, machine: str
) -> None:
    statuses = []
    for _ in range(20):
        answer = look_at(client, machine)
        statuses.append(answer.status_code)
        clock.advance(timedelta(seconds=int(answer.headers.get("Retry-After", 0))))

    assert statuses.count(429) >= 5
    assert simulator.accusations == []


# --------------------------------------------------------------------- restores that run at once


def crowded(client: Client, simulator: Simulator, clock: ManualClock, target: str) -> str | None:
    """Ask for a restore, read half a minute later how it went, and return the code."""
    operation = restore(client, simulator, target)
    clock.advance(timedelta(seconds=30))
    error = client.operation(operation).get("error")
    return str(error["code"]) if error else None


@pytest.mark.parametrize(
    ("limits", "codes"),
    [
        (Limits(restores_of_vault=2), [None, None, FULL]),
        (Limits(restores_of_subscription=1), [None, FULL, FULL]),
        (Limits(), [None, None, None]),
    ],
)
def test_so_many_restores_run_at_once(
    simulator: Simulator, client: Client, clock: ManualClock, limits: Limits, codes: list[Any]
) -> None:
    simulator.habits.limits = limits

    told = [crowded(client, simulator, clock, f"t{number}") for number in range(3)]

    assert told == codes
    assert len(simulator.jobs()) == codes.count(None)


def test_each_vault_has_room_of_its_own(
    simulator: Simulator, client: Client, clock: ManualClock
) -> None:
    simulator.habits.limits = Limits(restores_of_vault=1)
    other = Client(client.server, simulator.protect("disk-2", vault="vault-2"))
    crowded(client, simulator, clock, "t1")

    with other.session:
        assert crowded(other, simulator, clock, "t2") is None


@pytest.mark.parametrize("ending", [outcomes.succeeds(), outcomes.fails("UserErrorJob")])
def test_there_is_room_again_when_one_has_ended(
    simulator: Simulator, client: Client, clock: ManualClock, ending: outcomes.Outcome
) -> None:
    simulator.habits.limits = Limits(restores_of_vault=1)
    simulator.script("t1", job=ending)
    assert [crowded(client, simulator, clock, name) for name in ("t1", "t2")] == [None, FULL]

    clock.advance(timedelta(minutes=4))

    assert crowded(client, simulator, clock, "t2") is None
    assert simulator.accusations == []


def test_who_asks_on_though_it_is_full_is_accused(
    simulator: Simulator, client: Client, clock: ManualClock
) -> None:
    simulator.habits.limits = Limits(restores_of_vault=1)
    restore(client, simulator, "t1")
    refused = restore(client, simulator, "t2")
    clock.advance(timedelta(seconds=30))
    restore(client, simulator, "t3")  # Nobody has been told.
    client.operation(refused)
    restore(client, simulator, "t4")  # It was under way.
    assert simulator.accusations == []

    clock.advance(timedelta(seconds=30))
    restore(client, simulator, "t5")

    (accusation,) = simulator.accusations
    assert FULL in accusation


def test_who_asks_once_a_minute_whether_there_is_room_is_not(
    simulator: Simulator, client: Client, clock: ManualClock
) -> None:
    simulator.habits.limits = Limits(restores_of_vault=1)
    crowded(client, simulator, clock, "t1")
    crowded(client, simulator, clock, "t2")

    clock.advance(MINUTE)
    restore(client, simulator, "t2")
    clock.advance(MINUTE)
    restore(client, simulator, "t2")
    assert simulator.accusations == []

    restore(client, simulator, "t3")
    assert len(simulator.accusations) == 1


def test_what_was_told_is_over_when_a_restore_has_ended(
    simulator: Simulator, client: Client, clock: ManualClock
) -> None:
    simulator.habits.limits = Limits(restores_of_vault=1)
    simulator.script("t1", job=outcomes.Outcome(lasts=timedelta(seconds=70)))
    crowded(client, simulator, clock, "t1")
    crowded(client, simulator, clock, "t2")

    clock.advance(timedelta(seconds=15))
    restore(client, simulator, "t2")  # There is room.
    clock.advance(timedelta(seconds=15))
    restore(client, simulator, "t3")  # There is none, and nobody has been told.

    assert [job.status for job in simulator.jobs()] == ["Completed", "InProgress"]
    assert simulator.accusations == []


# ----------------------------------------------------------------------------- another process


def test_another_process_can_set_limits_and_see_what_was_refused(
    simulator: Simulator, server: Server, client: Client
) -> None:
    def command(**words: Any) -> int:
        url = f"{server.url}/simulator/limits"
        return requests.post(url, json=words, timeout=HTTP_TIMEOUT).status_code

    assert command(reads=[1, 0.5], writes=None, restores_of_vault=30) == 200
    answers = [read(client).status_code for _ in range(2)]
    report = requests.get(f"{server.url}/simulator/report", timeout=HTTP_TIMEOUT).json()

    assert simulator.habits.limits == Limits(
        reads=Rate(1, 0.5), writes=None, under_way=2, restores_of_vault=30
    )
    assert answers == [200, 429]
    assert report["statuses"] == {"200": 1, "429": 1}
    assert command(speed=3) == 400


def test_the_program_takes_limits_as_flags() -> None:
    def limits(*flags: str) -> Limits:
        return _limits(_parser().parse_args(flags))

    assert limits() == Limits()
    assert limits("--reads", "none", "--writes", "none") == Limits.none()
    assert limits("--writes", "800+12.5", "--restores-of-vault", "30") == Limits(
        writes=Rate(800, 12.5), restores_of_vault=30
    )
    with pytest.raises(SystemExit):
        limits("--reads", "many")


def test_a_planned_429_takes_no_token(simulator: Simulator, client: Client, machine: str) -> None:
    simulator.next("GET", "/vm-1", faults.throttle(retry_after=None), times=3)

    assert [look_at(client, machine).status_code for _ in range(4)] == [429] * 3 + [200]
    assert look_at(client, machine).headers[READS] == "1"
