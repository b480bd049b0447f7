"""The vendor's own client restores a disk against the simulator: that is the simulator's proof."""

from collections.abc import Iterator

import pytest
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.core.rest import HttpRequest, HttpResponse
from azure.identity import DefaultAzureCredential
from azure.mgmt.dataprotection import DataProtectionMgmtClient
from azure.mgmt.dataprotection.models import (
    AzureBackupRecoveryPointBasedRestoreRequest,
    Datasource,
    RestoreTargetInfo,
    ValidateRestoreRequestObject,
)

from simulator import AfterReads, Pace, Server, Simulator, outcomes

SUBSCRIPTION = "10000000-2000-4000-8000-300000000000"
TARGET = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-restored"
    "/providers/Microsoft.Compute/disks/disk-1-restored"
)
# The SDK sleeps as long as Retry-After says, and asks at once where it says nothing.
PACE = Pace(
    validation=AfterReads(1),
    operation=AfterReads(1),
    job=AfterReads(2),
    validation_retry_after=0,
    operation_retry_after=0,
)


class PlainHttp(SansIOHTTPPolicy[HttpRequest, HttpResponse]):
    """Let the SDK send its token without TLS, in polling too; only the loopback hears it."""

    def on_request(self, request: PipelineRequest[HttpRequest]) -> None:
        request.context.options["enforce_https"] = False


@pytest.fixture
def simulator() -> Simulator:
    return Simulator(pace=PACE)


@pytest.fixture
def server(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with simulator.serve() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[DataProtectionMgmtClient]:
    with (
        DefaultAzureCredential() as credential,
        DataProtectionMgmtClient(
            credential,
            SUBSCRIPTION,
            base_url=server.url,
            credential_scopes=[f"{server.url}/.default"],
            per_call_policies=[PlainHttp()],
            polling_interval=0,
        ) as client,
    ):
        yield client


@pytest.fixture
def instance(simulator: Simulator) -> str:
    return simulator.protect("disk-1").rsplit("/", 1)[-1]


def a_request(point: str) -> AzureBackupRecoveryPointBasedRestoreRequest:
    source = Datasource(
        resource_id=TARGET,
        datasource_type="Microsoft.Compute/disks",
        resource_location="westeurope",
        resource_name="disk-1-restored",
    )
    target = RestoreTargetInfo(
        recovery_option="FailIfExists", restore_location="westeurope", datasource_info=source
    )
    return AzureBackupRecoveryPointBasedRestoreRequest(
        recovery_point_id=point,
        source_data_store_type="OperationalStore",
        restore_target_info=target,
    )


def newest_point(client: DataProtectionMgmtClient, instance: str) -> str:
    points = client.recovery_points.list("rg-prod", "vault-1", instance)
    return str(next(iter(points)).name)


def test_the_official_sdk_restores_a_disk(
    simulator: Simulator, client: DataProtectionMgmtClient, instance: str
) -> None:
    request = a_request(newest_point(client, instance))

    client.backup_instances.begin_validate_for_restore(
        "rg-prod", "vault-1", instance, ValidateRestoreRequestObject(restore_request_object=request)
    ).result()
    started = client.backup_instances.begin_trigger_restore(
        "rg-prod", "vault-1", instance, request
    ).result()
    job_name = started.job_id.rsplit("/", 1)[-1]
    statuses = [client.jobs.get("rg-prod", "vault-1", job_name).properties.status for _ in range(3)]

    assert statuses == ["InProgress", "InProgress", "Completed"]
    assert simulator.restores_of("disk-1-restored") == 1
    assert TARGET.lower() in simulator.disks()
    assert simulator.accusations == []


def test_the_official_sdk_reads_the_whole_job(
    simulator: Simulator, client: DataProtectionMgmtClient
) -> None:
    simulator.start_restore(simulator.protect("disk-1"), TARGET)
    job = simulator.jobs()[0]

    read = client.jobs.get("rg-prod", "vault-1", job.name).properties

    assert read.activity_id == job.activity_id
    assert read.extended_info.recovery_destination == TARGET
    assert read.extended_info.source_recover_point.recovery_point_id == job.point_id
    assert read.duration == "PT0S"


def test_the_official_sdk_lists_jobs_page_by_page(
    simulator: Simulator, client: DataProtectionMgmtClient
) -> None:
    simulator.habits.page_size = 2
    protected = simulator.protect("disk-1")
    for number in range(5):
        simulator.start_restore(protected, f"{TARGET}-{number}")

    listed = list(client.jobs.list("rg-prod", "vault-1"))

    assert [job.name for job in listed] == [job.name for job in simulator.jobs()]
    assert all(job.properties.extended_info is None for job in listed)


def test_the_official_sdk_reads_the_instance_and_its_points(
    client: DataProtectionMgmtClient, instance: str
) -> None:
    read = client.backup_instances.get("rg-prod", "vault-1", instance).properties
    points = list(client.recovery_points.list("rg-prod", "vault-1", instance))

    assert read.friendly_name == "disk-1"
    assert read.data_source_info.resource_id.endswith("/disks/disk-1")
    assert len(points) == 7


def test_a_failed_validation_raises_the_official_sdks_usual_error(
    simulator: Simulator, client: DataProtectionMgmtClient, instance: str
) -> None:
    simulator.add_disk(TARGET)
    request = a_request(newest_point(client, instance))

    with pytest.raises(HttpResponseError) as refused:
        client.backup_instances.begin_validate_for_restore(
            "rg-prod",
            "vault-1",
            instance,
            ValidateRestoreRequestObject(restore_request_object=request),
        ).result()

    assert refused.value.error is not None
    assert refused.value.error.code == "UserErrorSameNameDiskAlreadyExists"


def test_a_failed_job_tells_the_official_sdk_why(
    simulator: Simulator, client: DataProtectionMgmtClient, instance: str
) -> None:
    simulator.script(TARGET, job=outcomes.fails("UserErrorSubscriptionDiskQuotaLimitReached"))
    request = a_request(newest_point(client, instance))

    started = client.backup_instances.begin_trigger_restore(
        "rg-prod", "vault-1", instance, request
    ).result()
    name = started.job_id.rsplit("/", 1)[-1]
    read = [client.jobs.get("rg-prod", "vault-1", name).properties for _ in range(3)][-1]

    assert read.status == "Failed"
    assert read.error_details[0].code == "UserErrorSubscriptionDiskQuotaLimitReached"
    assert read.error_details[0].inner_error.embedded_inner_error.code == "InternalServerError"
