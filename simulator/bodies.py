"""The JSON in which clients see the world: every field as recorded in 2024, nulls included."""

from datetime import datetime, timedelta
from typing import Any

from simulator import arm_ids, errors, wire_times
from simulator.world import RUNNING, Instance, Job, Operation, Point

_TYPE = "Microsoft.DataProtection/backupVaults"
_DISKS = "Microsoft.Compute/disks"
_STORE_ID = "38a3787d-2bf9-4bf1-91fd-7322e17163ce"
_POLICY = "diskpolicy"


def instance(one: Instance) -> dict[str, Any]:
    """Return a BackupInstanceResource."""
    name = arm_ids.name_of(one.disk_id)
    store = {
        "objectType": "AzureOperationalStoreParameters",
        "dataStoreType": "OperationalStore",
        "resourceGroupId": one.snapshot_group,
    }
    properties = {
        "friendlyName": name,
        "dataSourceInfo": _data_source(one),
        "dataSourceSetInfo": None,
        "policyInfo": {
            "policyId": _policy_id(one),
            "policyVersion": "",
            "policyParameters": {"dataStoreParametersList": [store]},
        },
        "protectionStatus": {"status": one.protection, "errorDetails": None},
        "currentProtectionState": one.protection,
        "protectionErrorDetails": None,
        "provisioningState": "Succeeded",
        "objectType": "BackupInstance",
        **_identity_details(one),
    }
    return _resource(one.id, f"{_TYPE}/backupInstances", properties)


def recovery_point(one: Instance, point: Point) -> dict[str, Any]:
    """Return an AzureBackupRecoveryPointResource."""
    properties = {
        "objectType": "AzureBackupDiscreteRecoveryPoint",
        "recoveryPointId": point.id,
        "recoveryPointTime": wire_times.precise(point.time),
        "recoveryPointType": "Incremental",
        "friendlyName": point.id,
        "recoveryPointDataStoresDetails": [_data_store(point)],
        "retentionTagName": "Default",
        "retentionTagVersion": "638224851417049008",
        "policyName": _POLICY,
        "policyVersion": None,
        "expiryTime": _precise_or_null(point.expiry),
        "recoveryPointState": point.point_state,
    }
    kind = f"{_TYPE}/backupInstances/recoveryPoints"
    return _resource(f"{one.id}/recoveryPoints/{point.id}", kind, properties)


def job(one: Job, of: Instance) -> dict[str, Any]:
    """Return an AzureBackupJobResource as a GET of that one job shows it."""
    span = one.ended - one.started if one.ended else timedelta(0)
    own = {"duration": wire_times.iso_duration(span), "extendedInfo": _extended_info(one)}
    return _resource(one.id, f"{_TYPE}/backupJobs", {**_job_properties(one, of), **own})


def listed_job(one: Job, of: Instance) -> dict[str, Any]:
    """Return an AzureBackupJobResource as a list shows it: less, and spelled otherwise."""
    span = one.ended - one.started if one.ended else timedelta(0)
    own = {"duration": wire_times.net_time_span(span), "extendedInfo": None}
    return _resource(one.id, f"{_TYPE}/backupJobs", {**_job_properties(one, of), **own})


def graph_instance(one: Instance) -> dict[str, Any]:
    """Return the properties of a backup instance's row in Resource Graph."""
    properties: dict[str, Any] = instance(one)["properties"]
    allowed = ["Restore", "Backup", "StopProtection"]
    extended = {"vaultId": one.vault_id, "allowedOperations": allowed}
    return {**properties, "backupInstanceExtendedProperties": extended}


def graph_job(one: Job, of: Instance) -> dict[str, Any]:
    """Return the properties of a job's row in Resource Graph: those of its GET, but one."""
    properties: dict[str, Any] = job(one, of)["properties"]
    span = one.ended - one.started if one.ended else timedelta(0)
    return {**properties, "duration": wire_times.net_time_span(span)}


def operation(one: Operation, path: str) -> dict[str, Any]:
    """Return an OperationResource; `path` is the one it was asked by."""
    body: dict[str, Any] = {
        "id": path,
        "name": one.id,
        "status": operation_status(one),
        "startTime": wire_times.precise(one.started),
        "endTime": wire_times.whole(one.ended) if one.ended else wire_times.BEFORE_TIME,
    }
    if one.ended and one.job_id:
        body["properties"] = operation_result(one)
    if one.ended and one.outcome.code:
        outcome = one.outcome
        body["error"] = errors.brief_shape_a(one.outcome.code, outcome.message, outcome.advice)
    return body


def operation_status(one: Operation) -> str:
    """Return an operation's status as it is spelled: not as a job's."""
    if not one.ended:
        return "Inprogress"
    status = one.outcome.status or "Succeeded"
    return "Canceled" if status == "Cancelled" else status


def operation_result(one: Operation) -> dict[str, Any]:
    """Return an OperationJobExtendedInfo; a validation has no job to name."""
    named = {"jobId": one.job_id} if one.job_id else {}
    return {**named, "objectType": "OperationJobExtendedInfo"}


def _resource(resource_id: str, kind: str, properties: dict[str, Any]) -> dict[str, Any]:
    name = arm_ids.name_of(resource_id)
    return {"properties": properties, "id": resource_id, "name": name, "type": kind}


def _identity_details(one: Instance) -> dict[str, Any]:
    if not one.identity:
        return {}
    details = {"useSystemAssignedIdentity": False, "userAssignedIdentityArmUrl": one.identity}
    return {"identityDetails": details}


def _data_source(one: Instance) -> dict[str, Any]:
    return {
        "datasourceType": one.datasource_type,
        "objectType": "Datasource",
        "resourceID": one.disk_id,
        "resourceLocation": one.region,
        "resourceName": arm_ids.name_of(one.disk_id),
        "resourceType": one.datasource_type,
        "resourceUri": one.disk_id,
    }


def _data_store(point: Point) -> dict[str, Any]:
    return {
        "id": _STORE_ID,
        "type": point.store_type,
        "creationTime": wire_times.precise(point.time),
        "expiryTime": _precise_or_null(point.expiry),
        "metaData": None,
        "visible": point.visible,
        "state": point.state,
        "rehydrationExpiryTime": None,
        "rehydrationStatus": None,
    }


def _precise_or_null(moment: datetime | None) -> str | None:
    return wire_times.precise(moment) if moment else None


def _policy_id(one: Instance) -> str:
    return f"{one.vault_id}/backupPolicies/{_POLICY}"


def _job_properties(one: Job, of: Instance) -> dict[str, Any]:
    subscription, name = arm_ids.subscription_of(of.disk_id), arm_ids.name_of(of.disk_id)
    return {
        "activityID": one.activity_id,
        "subscriptionId": arm_ids.subscription_of(one.id),
        "backupInstanceId": of.id,
        "policyId": _policy_id(of),
        "dataSourceId": of.disk_id,
        "vaultName": arm_ids.name_of(of.vault_id),
        "backupInstanceFriendlyName": name,
        "policyName": _POLICY,
        "sourceResourceGroup": arm_ids.group_name_of(of.disk_id),
        "dataSourceSetName": None,
        "dataSourceName": name,
        "sourceDataStoreName": None,
        "sourceDataStoreType": "OperationalStore",
        "destinationDataStoreName": None,
        "progressEnabled": False,
        "etag": _etag(one.ended or one.started),
        "sourceSubscriptionID": subscription,
        "dataSourceLocation": of.region,
        "startTime": wire_times.precise(one.started),
        "endTime": _precise_or_null(one.ended),
        "dataSourceType": _DISKS,
        "operationCategory": one.category,
        "operation": one.category,
        "status": one.status,
        "restoreType": None,
        "isUserTriggered": True,
        "rehydrationPriority": None,
        "supportedActions": [""],
        "progressUrl": None,
        "isCrossRegionRestore": None,
        "errorDetails": _error_details(one),
    }


def _etag(moment: datetime) -> str:
    return "W/\"datetime'" + wire_times.precise(moment).replace(":", "%3A") + "'\""


def _error_details(one: Job) -> list[dict[str, Any]] | None:
    if one.error_code is None or one.made_disk:
        return None
    outcome = one.outcome
    detail = outcome.detail or f"The plugin reported {one.error_code}."
    return [errors.user_facing(one.error_code, outcome.message, outcome.advice, detail)]


def _extended_info(one: Job) -> dict[str, Any]:
    point = {
        "recoveryPointID": one.point_id,
        "recoveryPointTime": wire_times.precise(one.point_time),
    }
    return {
        "backupInstanceState": None,
        "dataTransferredInBytes": None,
        "targetRecoverPoint": None,
        "sourceRecoverPoint": point,
        "recoveryDestination": one.target_id,
        "subTasks": [_sub_task(one)],
        "additionalDetails": None,
        "warningDetails": _warnings(one),
    }


def _sub_task(one: Job) -> dict[str, Any]:
    details = {
        "DataTransferredInBytes": "0",
        "TaskId": one.activity_id,
        "DatasourceType": _DISKS,
    }
    return {
        "taskId": 1,
        "taskName": "Trigger Restore",
        "taskStatus": one.status,
        "taskProgress": None,
        "additionalDetails": None if one.status == RUNNING else details,
    }


def _warnings(one: Job) -> list[dict[str, Any]] | None:
    if one.status != "CompletedWithWarnings" or one.error_code is None:
        return None
    name = arm_ids.name_of(one.target_id)
    return [{"resourceName": name, "warning": errors.user_facing(one.error_code)}]
