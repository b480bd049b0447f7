"""The way people use today: the vendor's client and its pollers, a thread for each disk.

Python's own pool would have 32 threads at the most, and take as many rounds as that needs.
"""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Final

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

from benchmarks.incident.azure import Azure, parts_of

LOOK_EVERY: Final = 30.0  # seconds between two looks at a job, as the client's own pollers do.


class PlainHttp(SansIOHTTPPolicy[HttpRequest, HttpResponse]):
    """Lets the client send its token without TLS; only the loopback hears it."""

    def on_request(self, request: PipelineRequest[HttpRequest]) -> None:
        """Allow it."""
        request.context.options["enforce_https"] = False


def restore_all(azure: Azure) -> int:
    """Restore every disk by the pollers; return how many were given up for an error."""
    os.environ.update(azure.settings)
    subscription = parts_of(azure.instances[0])[0]
    with (
        DefaultAzureCredential() as credential,
        DataProtectionMgmtClient(
            credential,
            subscription,
            base_url=azure.url,
            credential_scopes=[f"{azure.url}/.default"],
            per_call_policies=[PlainHttp()],
            polling_interval=LOOK_EVERY,
        ) as client,
        ThreadPoolExecutor(len(azure.instances)) as pool,
    ):
        asked = [pool.submit(_restore, client, azure, one) for one in azure.instances]
        return sum(one.exception() is not None for one in asked)


def _restore(client: DataProtectionMgmtClient, azure: Azure, instance: str) -> None:
    _, group, vault, name = parts_of(instance)
    newest = next(iter(client.recovery_points.list(group, vault, name)))
    wanted = _wanted(azure.target, name, str(newest.name))
    asked = ValidateRestoreRequestObject(restore_request_object=wanted)
    client.backup_instances.begin_validate_for_restore(group, vault, name, asked).result()
    started = client.backup_instances.begin_trigger_restore(group, vault, name, wanted).result()
    job = str(started.job_id).rpartition("/")[2]
    while getattr(client.jobs.get(group, vault, job).properties, "status", "") == "InProgress":
        time.sleep(LOOK_EVERY)


def _wanted(target: str, instance: str, point: str) -> AzureBackupRecoveryPointBasedRestoreRequest:
    name = f"{instance[:60]}-restored"
    disk = Datasource(
        resource_id=f"{target}/providers/Microsoft.Compute/disks/{name}",
        datasource_type="Microsoft.Compute/disks",
        resource_location="westeurope",
        resource_name=name,
    )
    return AzureBackupRecoveryPointBasedRestoreRequest(
        recovery_point_id=point,
        source_data_store_type="OperationalStore",
        restore_target_info=RestoreTargetInfo(
            recovery_option="FailIfExists", restore_location="westeurope", datasource_info=disk
        ),
    )
