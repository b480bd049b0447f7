"""The vendor's own clients read the simulated graph, machines and limits, page by page."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import DefaultAzureCredential
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.resourcegraph import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest, QueryRequestOptions

from simulator import Limits, Rate, Server, Simulator
from tests.platform.simulator_client import ManualClock
from tests.platform.test_official_sdk import SUBSCRIPTION, PlainHttp

DISKS = "Resources | where type =~ 'microsoft.compute/disks' | project id, managedBy"
C = TypeVar("C", bound=AbstractContextManager[Any])


class Waiting(RequestsTransport):
    """Sends as ever, and lets the simulator's clock go on where the client would sleep."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self._clock = clock

    def sleep(self, duration: float) -> None:
        self._clock.advance(timedelta(seconds=duration))


@pytest.fixture
def server(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with simulator.serve() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


Connect = Callable[..., Any]


@pytest.fixture
def connect(server: Server, clock: ManualClock) -> Iterator[Connect]:
    """Return a function that makes a client of a class, whose waiting is the clock's."""
    opened: list[AbstractContextManager[Any]] = []
    with DefaultAzureCredential() as credential:

        def made(kind: Callable[..., C], *arguments: str) -> C:
            client = kind(
                credential,
                *arguments,
                base_url=server.url,
                credential_scopes=[f"{server.url}/.default"],
                per_call_policies=[PlainHttp()],
                transport=Waiting(clock),
            )
            opened.append(client)
            return client

        yield made
        for client in opened:
            client.__exit__(None, None, None)


@pytest.fixture
def graph(connect: Connect) -> ResourceGraphClient:
    return connect(ResourceGraphClient)


@pytest.fixture
def compute(connect: Connect) -> ComputeManagementClient:
    return connect(ComputeManagementClient, SUBSCRIPTION)


def ask(graph: ResourceGraphClient, token: str | None = None) -> Any:
    options = QueryRequestOptions(top=2, skip_token=token, result_format="objectArray")
    return graph.resources(QueryRequest(query=DISKS, subscriptions=[SUBSCRIPTION], options=options))


def test_the_official_client_reads_the_graph_page_by_page(
    simulator: Simulator, graph: ResourceGraphClient
) -> None:
    machine = simulator.add_machine("vm-1", data_disks=["a", "b", "c", "d"])
    pages = [ask(graph)]
    while pages[-1].skip_token:
        pages.append(ask(graph, pages[-1].skip_token))

    assert [page.count for page in pages] == [2, 2, 1]
    assert {page.total_records for page in pages} == {5}
    assert {page.result_truncated for page in pages} == {"false"}
    rows = [row for page in pages for row in page.data]
    assert {row["id"] for row in rows} == set(simulator.disks_of(machine))
    assert {row["managedBy"].lower() for row in rows} == {machine.lower()}
    assert simulator.accusations == []


def test_the_official_client_is_told_of_a_bad_query(graph: ResourceGraphClient) -> None:
    with pytest.raises(HttpResponseError) as refused:
        graph.resources(QueryRequest(query="Resources | where owner =~ 'me'"))

    assert refused.value.error is not None
    assert refused.value.error.code == "BadRequest"
    assert refused.value.error.details[0].code == "InvalidQuery"


def test_the_official_client_reads_a_machine_and_its_disks(
    simulator: Simulator, compute: ComputeManagementClient
) -> None:
    machine = simulator.add_machine("vm-1", data_disks=["data"])

    read = compute.virtual_machines.get("rg-prod", "vm-1")
    disk = compute.disks.get("rg-prod", "data")

    assert read.storage_profile.os_disk.managed_disk.id == simulator.disks_of(machine)[0]
    (data,) = read.storage_profile.data_disks
    assert (data.lun, data.managed_disk.id) == (0, disk.id)
    assert read.hardware_profile.vm_size == "Standard_D2s_v5"
    assert (disk.managed_by, disk.disk_size_gb, disk.disk_state) == (machine, 32, "Attached")
    assert simulator.accusations == []


def test_the_official_client_is_told_that_there_is_no_such_machine(
    simulator: Simulator, compute: ComputeManagementClient
) -> None:
    simulator.add_machine("vm-1")

    with pytest.raises(ResourceNotFoundError, match="ResourceNotFound"):
        compute.virtual_machines.get("rg-prod", "vm-9")


def test_the_official_client_waits_as_long_as_a_dry_bucket_says(
    simulator: Simulator, compute: ComputeManagementClient, clock: ManualClock
) -> None:
    simulator.add_machine("vm-1")
    simulator.habits.limits = Limits(reads=Rate(2, 0.2))
    begun = clock()

    for _ in range(4):
        compute.virtual_machines.get("rg-prod", "vm-1")

    assert [call.status for call in simulator.calls] == [200, 200, 429, 200, 429, 200]
    assert clock() - begun == timedelta(seconds=10)
    assert simulator.accusations == []


def test_the_official_client_tells_of_a_dry_bucket_where_it_may_not_wait(
    simulator: Simulator, compute: ComputeManagementClient
) -> None:
    simulator.add_machine("vm-1")
    simulator.habits.limits = Limits(reads=Rate(1, 0.2))
    compute.virtual_machines.get("rg-prod", "vm-1")

    with pytest.raises(HttpResponseError) as refused:
        compute.virtual_machines.get("rg-prod", "vm-1", retry_total=0)

    assert refused.value.error is not None
    assert refused.value.error.code == "SubscriptionRequestsThrottled"
