"""What a simulated vault refuses: an identity it lacks, what was deleted, what is forbidden."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from simulator import AT_ONCE, Pace, Simulator
from tests.fakes import NOON, ManualClock
from tests.platform.simulator_client import Client

IDENTITY = (
    "/subscriptions/10000000-2000-4000-8000-300000000000/resourceGroups/rg-ids/providers"
    "/Microsoft.ManagedIdentity/userAssignedIdentities/id-1"
)
DETAILS = {"useSystemAssignedIdentity": False, "userAssignedIdentityArmUrl": IDENTITY}


@pytest.fixture
def client() -> Iterator[tuple[Simulator, Client]]:
    simulator = Simulator(now=ManualClock(NOON), pace=Pace(validation=AT_ONCE))
    server = simulator.serve()
    instance = simulator.protect("disk-1", identity=IDENTITY)
    yield simulator, Client(server, instance)
    server.close()


def validated(client: Client, **more: Any) -> dict[str, Any]:
    """Return how a validation ended whose inner body holds `more`."""
    body = {"restoreRequestObject": {**client.body(), **more}}
    accepted = client.post(f"{client.instance}/validateRestore", body)
    assert accepted.status_code == 202, accepted.text
    return client.operation(accepted)


def test_an_instance_tells_its_identity_by_get_and_in_the_list(
    client: tuple[Simulator, Client],
) -> None:
    _, asks = client

    one = asks.get(asks.instance).json()
    (listed,) = asks.get(f"{asks.vault}/backupInstances").json()["value"]

    assert one["properties"]["identityDetails"] == DETAILS
    assert listed["properties"]["identityDetails"] == DETAILS


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"identityDetails": DETAILS}, "Succeeded"),
        ({}, "Failed"),
        ({"identityDetails": None}, "Failed"),
        ({"identityDetails": {"useSystemAssignedIdentity": True}}, "Failed"),
        ({"identityDetails": {**DETAILS, "userAssignedIdentityArmUrl": IDENTITY + "2"}}, "Failed"),
    ],
)
def test_a_vault_restores_under_an_identity_that_it_has(
    client: tuple[Simulator, Client], more: dict[str, Any], status: str
) -> None:
    simulator, asks = client
    simulator.take_identity(asks.vault)

    assert validated(asks, **more)["status"] == status


@pytest.mark.parametrize(
    "details",
    [[], {}, {"useSystemAssignedIdentity": False}, {**DETAILS, "useSystemAssignedIdentity": True}],
)
def test_identity_details_that_name_none_or_two_are_a_wrong_body(
    client: tuple[Simulator, Client], details: Any
) -> None:
    simulator, asks = client
    body = {"restoreRequestObject": {**asks.body(), "identityDetails": details}}

    assert asks.post(f"{asks.instance}/validateRestore", body).status_code == 400
    assert "identityDetails" in simulator.accusations[-1]


def test_identity_details_beside_the_inner_body_are_accused(
    client: tuple[Simulator, Client],
) -> None:
    simulator, asks = client
    body = {"restoreRequestObject": asks.body(), "identityDetails": DETAILS}

    assert asks.post(f"{asks.instance}/validateRestore", body).status_code == 400
    assert "stands beside" in simulator.accusations[-1]


@pytest.mark.parametrize("call", [Client.validate, Client.restore])
def test_what_was_deleted_is_shown_and_restores_nothing(
    client: tuple[Simulator, Client], call: Callable[[Client], Any]
) -> None:
    simulator, asks = client
    simulator.soft_delete(asks.instance)

    refused = call(asks)

    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "UserErrorBackupInstanceSoftDeleted"
    assert asks.get(asks.instance).json()["properties"]["currentProtectionState"] == "SoftDeleted"


def test_what_was_undeleted_restores_again(client: tuple[Simulator, Client]) -> None:
    simulator, asks = client
    simulator.soft_delete(asks.instance)
    simulator.undelete(asks.instance)

    assert asks.validate().status_code == 202


@pytest.mark.parametrize("call", [Client.validate, Client.restore])
def test_what_arm_forbids_is_refused_in_its_words(
    client: tuple[Simulator, Client], call: Callable[[Client], Any]
) -> None:
    simulator, asks = client
    simulator.refuse(asks.vault, "RequestDisallowedByPolicy", "No.")

    refused = call(asks)

    assert refused.status_code == 403
    assert refused.json() == {"error": {"code": "RequestDisallowedByPolicy", "message": "No."}}
