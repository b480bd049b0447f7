"""Each thing that the simulator lets go wrong."""

from datetime import UTC, datetime

import pytest
import requests

from simulator import Simulator, faults
from tests.platform.simulator_client import VERSION, Client


def test_an_answer_can_be_lost_after_the_restore_was_obeyed(
    simulator: Simulator, client: Client
) -> None:
    simulator.next("POST", "/restore", faults.lose_answer())

    with pytest.raises(requests.ConnectionError):
        client.restore()

    assert simulator.restores_of("disk-1-restored") == 1
    assert simulator.calls[-1].status is None


def test_a_reset_comes_before_the_restore_is_obeyed(simulator: Simulator, client: Client) -> None:
    simulator.next("POST", "/restore", faults.reset())

    with pytest.raises(requests.ConnectionError):
        client.restore()

    assert simulator.restores_of("disk-1-restored") == 0


def test_a_slow_answer_outlasts_its_client_and_is_obeyed(
    simulator: Simulator, client: Client
) -> None:
    simulator.next("POST", "/restore", faults.slow(60))
    body = client.body()

    with pytest.raises(requests.ReadTimeout):
        client.session.post(
            client.server.url + client.instance + "/restore",
            params={"api-version": VERSION},
            json=body,
            timeout=2,  # in which it is obeyed also on a busy machine
        )

    assert simulator.restores_of("disk-1-restored") == 1


def test_faults_are_consumed_in_order_and_then_over(simulator: Simulator, client: Client) -> None:
    simulator.next("GET", "/recoveryPoints", faults.status(503, "ServerBusy"), times=2)
    simulator.next("GET", "/recoveryPoints", faults.status(500))

    statuses = [client.get(f"{client.instance}/recoveryPoints").status_code for _ in range(4)]

    assert statuses == [503, 503, 500, 200]


def test_a_fault_can_last_until_it_is_removed(simulator: Simulator, client: Client) -> None:
    simulator.next("*", "*", faults.status(503), times=None)

    statuses = [client.get(client.instance).status_code for _ in range(5)]
    simulator.clear_faults()

    assert set(statuses) == {503}
    assert client.get(client.instance).status_code == 200


def test_a_star_stands_for_one_segment_of_a_path(simulator: Simulator, client: Client) -> None:
    simulator.next("GET", "/backupInstances/*", faults.status(504, "GatewayTimeout"))

    assert client.get(f"{client.instance}/recoveryPoints").status_code == 200
    assert client.get(client.instance).json()["error"]["code"] == "GatewayTimeout"


@pytest.mark.parametrize(
    ("wait", "header"),
    [
        (7, "7"),
        (datetime(2026, 3, 1, 12, 1, tzinfo=UTC), "Sun, 01 Mar 2026 12:01:00 GMT"),
        (None, None),
    ],
)
def test_throttling_says_when_to_come_back(
    simulator: Simulator, client: Client, wait: int | datetime | None, header: str | None
) -> None:
    simulator.next("GET", "/recoveryPoints", faults.throttle(retry_after=wait))

    answer = client.get(f"{client.instance}/recoveryPoints")

    assert (answer.status_code, answer.headers.get("Retry-After")) == (429, header)
    assert answer.json()["error"]["code"] == "SubscriptionRequestsThrottled"


@pytest.mark.parametrize("kind", ["html", "empty", "cut", "list"])
def test_an_answer_can_be_garbage(
    simulator: Simulator, client: Client, kind: faults.Garbage
) -> None:
    simulator.next("GET", "/recoveryPoints", faults.garbage(kind))

    answer = client.get(f"{client.instance}/recoveryPoints")

    assert answer.status_code == 200
    assert not answer.text.endswith("]}")


def test_an_answer_can_end_before_it_said_it_would(simulator: Simulator, client: Client) -> None:
    simulator.next("GET", "/recoveryPoints", faults.garbage("short"))

    with pytest.raises(requests.RequestException):
        client.get(f"{client.instance}/recoveryPoints")


def test_a_call_can_be_redirected(simulator: Simulator, client: Client) -> None:
    simulator.next("GET", "/recoveryPoints", faults.redirect("https://elsewhere.example/"))

    answer = client.get(f"{client.instance}/recoveryPoints")

    assert (answer.status_code, answer.headers["Location"]) == (307, "https://elsewhere.example/")


def test_operation_urls_can_name_a_foreign_host(simulator: Simulator, client: Client) -> None:
    simulator.next("POST", "/restore", faults.foreign_operation("https://elsewhere.example"))

    accepted = client.restore()

    assert accepted.headers["Azure-AsyncOperation"].startswith("https://elsewhere.example/sub")
    assert simulator.restores_of("disk-1-restored") == 1


def test_a_202_can_lack_its_operation_url(simulator: Simulator, client: Client) -> None:
    simulator.next("POST", "/restore", faults.no_operation())

    accepted = client.restore()

    assert accepted.status_code == 202
    assert "Azure-AsyncOperation" not in accepted.headers
    assert "Location" in accepted.headers


def test_a_closed_server_refuses_and_comes_back_on_its_port(
    simulator: Simulator, client: Client
) -> None:
    client.server.close()

    with pytest.raises(requests.ConnectionError):
        client.get(client.instance)
    with simulator.serve(port=client.server.port):
        assert client.get(client.instance).status_code == 200
