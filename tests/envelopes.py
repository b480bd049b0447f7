"""What other senders put on the queue, as it was seen in the field: alerts and events."""

import base64
import json
from typing import Any

from tests.builders import SUBSCRIPTION, TARGET_GROUP, disk

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-prod"
PROVIDERS = f"/subscriptions/{SUBSCRIPTION}/resourcegroups/rg-prod/providers"
DISK = disk("disk-1", GROUP)
MACHINE = f"{PROVIDERS}/microsoft.compute/virtualmachines/wcus-r2-gen2"
WORKSPACE = f"{PROVIDERS}/microsoft.operationalinsights/workspaces/logs-1"
RECOVERY_VAULT = f"{PROVIDERS}/microsoft.recoveryservices/vaults/rsv-infra-prod-01"
ALERT_ID = (
    f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.AlertsManagement/alerts/"
    "aaaa0a0a-bb1b-cc2c-dd3d-eeeeee4e4e4e"
)
PROPERTIES = {"targetResourceGroupId": TARGET_GROUP}


def sent(envelope: object) -> bytes:
    return json.dumps(envelope).encode()


def sent_in_base64(envelope: object) -> bytes:
    return base64.b64encode(sent(envelope))


def sent_in_base64_twice(envelope: object) -> bytes:
    """Return what a client writes that puts into base64 what a connector has put there already."""
    return base64.b64encode(sent_in_base64(envelope))


def sent_in_url_safe_utf_16(envelope: object) -> bytes:
    """Return what a script writes that takes its language's own text and a token's alphabet."""
    text = sent(envelope).decode().encode("utf-16-le")
    return base64.urlsafe_b64encode(text).rstrip(b"=")


def changed(whole: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return `whole` with the changes; a change to `...` leaves a field out."""
    return {name: value for name, value in {**whole, **changes}.items() if value is not ...}


def an_alert(
    properties: Any = PROPERTIES, context: dict[str, Any] | None = None, **essentials: Any
) -> dict[str, Any]:
    """Return a metric alert that fired on a disk; `essentials` are changes to those."""
    whole = {
        "alertId": ALERT_ID,
        "alertRule": "WCUS-R2-Gen2",
        "alertRuleId": f"{GROUP}/providers/microsoft.insights/metricAlerts/WCUS-R2-Gen2",
        "severity": "Sev3",
        "signalType": "Metric",
        "monitorCondition": "Fired",
        "monitoringService": "Platform",
        "alertTargetIDs": [DISK.lower()],
        "configurationItems": ["disk-1"],
        "originAlertId": "3f2d4487-b0fc-4125-8bd5-7ad17384221e_microsoft.insights_metricAlerts",
        "firedDateTime": "2026-11-21T13:58:24.3713213Z",
        "description": "",
        "essentialsVersion": "1.0",
        "alertContextVersion": "1.0",
    }
    metric = {
        "properties": None,
        "conditionType": "SingleResourceMultipleMetricCriteria",
        "condition": {
            "windowSize": "PT5M",
            "allOf": [
                {
                    "metricName": "Composite Disk Read Bytes/sec",
                    "operator": "LessThan",
                    "threshold": "1",
                    "dimensions": [{"name": "ResourceId", "value": "a0a0a0a0-bbbb"}],
                    "metricValue": 0.0,
                }
            ],
        },
    }
    data = {
        "essentials": changed(whole, essentials),
        "alertContext": changed(metric, context or {}),
        "customProperties": properties,
    }
    return {"schemaId": "azureMonitorCommonAlertSchema", "data": changed(data, {})}


def a_backup_alert(properties: Any = None) -> dict[str, Any]:
    """Return an alert of Azure Backup as captured: the vault is its target, `schemaId` is last."""
    essentials = {
        "region": "westeurope",
        "alertId": ALERT_ID,
        "severity": "Sev1",
        "alertRule": "Backup Failure",
        "signalType": "Log",
        "description": "First full backup is missing for this datasource.",
        "firedDateTime": "2026-03-13T11:56:13.9392346Z",
        "alertTargetIDs": [RECOVERY_VAULT],
        "monitorCondition": "Fired",
        "monitoringService": "Azure Backup",
        "configurationItems": ["rsv-infra-prod-01"],
        "targetResourceType": "microsoft.recoveryservices/vaults",
        "targetResourceGroup": "rg-infrastructure-prod-rsv",
    }
    context = {
        "category": "Jobs",
        "sourceType": "SQLDataBase",
        "extendedInfo": {"jobId": "88df0be3", "possibleCauses": None, "occurrenceCount": 1},
        "linkedResourceId": f"{GROUP}/providers/Microsoft.Compute/virtualMachines/vm-sql-prod-02",
        "linkedResourceName": "vm-sql-prod-02",
        "alertVersionNumber": "V2020_10",
    }
    data = {"essentials": essentials, "alertContext": context, "customProperties": properties}
    return {"data": data, "schemaId": "azureMonitorCommonAlertSchema"}


def an_activity_alert(
    properties: Any = PROPERTIES, context: dict[str, Any] | None = None, **essentials: Any
) -> dict[str, Any]:
    """Return the alert on the deletion of a disk in the activity log; `context` is changed."""
    about = {"signalType": "Activity Log", "monitoringService": "Activity Log - Administrative"}
    whole = an_alert(properties, None, **{**about, **essentials})
    event = {
        "authorization": {"action": "Microsoft.Compute/disks/delete", "scope": DISK},
        "channels": "Operation",
        "claims": "{}",
        "caller": "somebody@example.com",
        "correlationId": "22222222-0000-0000-0000-000000000000",
        "eventSource": "Administrative",
        "eventTimestamp": "2026-11-21T13:57:36.1836909+00:00",
        "level": "Informational",
        "operationName": "Microsoft.Compute/disks/delete",
        "properties": {
            "requestbody": "{}",
            "responseBody": "",
            "statusCode": "OK",
            "serviceRequestId": "1",
            "eventCategory": "Administrative",
            "entity": DISK,
            "message": "Microsoft.Compute/disks/delete",
            "hierarchy": "00000000/11111111",
        },
        "status": "Succeeded",
        "subStatus": "",
        "submissionTimestamp": "2026-11-21T13:58:20.141807+00:00",
        "Activity Log Event Description": "",
    }
    whole["data"]["alertContext"] = changed(event, context or {})
    return whole


def a_health_alert(status: Any = "Active", *, service: str = "Resource Health") -> dict[str, Any]:
    """Return the alert on the health of a disk, with the properties that Azure gives the event."""
    health = {
        "title": "This disk is unavailable",
        "details": None,
        "currentHealthStatus": "Unavailable",
        "previousHealthStatus": "Available",
        "type": "Downtime",
        "cause": "PlatformInitiated",
        "reason": "of Azure's own",
        "resourceGroup": "rg-prod",
        "region": "Global",
        "validationStatus": "x",
    }
    event = {"authorization": None, "eventSource": 2, "level": 3, "caller": None}
    return an_activity_alert(
        PROPERTIES,
        {**event, "operationName": ..., "properties": health, "status": status},
        monitoringService=service,
        signalType="ActivityLog",
    )


def a_cloud_event(**changes: Any) -> dict[str, Any]:
    whole = {
        "specversion": "1.0",
        "type": "com.contoso.restore.requested",
        "source": "/contoso/servicenow",
        "id": "9aeb0fdf-c01e-0131-0922-9eb54906e209",
        "time": "2026-11-21T15:13:39Z",
        "subject": "INC0012345",
        "datacontenttype": "application/json",
        "data": {"sourceDiskId": DISK, **PROPERTIES},
    }
    return changed(whole, changes)


def a_grid_event(**changes: Any) -> dict[str, Any]:
    whole = {
        "topic": f"{GROUP}/providers/Microsoft.EventGrid/topics/restores",
        "subject": "INC0012345",
        "eventType": "Contoso.Restore.Requested",
        "eventTime": "2026-11-21T15:13:39Z",
        "id": "19a69642-1aad-4a96-a5ab-8d05494513ce",
        "data": {"sourceDiskId": DISK, **PROPERTIES},
        "dataVersion": "1",
        "metadataVersion": "1",
    }
    return changed(whole, changes)


def deletion_data(resource: Any = DISK, **changes: Any) -> dict[str, Any]:
    whole = {
        "authorization": {"scope": DISK, "action": "Microsoft.Compute/disks/delete"},
        "claims": {"appid": "11111111-0000-0000-0000-000000000000"},
        "correlationId": "22222222-0000-0000-0000-000000000000",
        "httpRequest": {"method": "DELETE", "url": "https://management.azure.com/x?s=secret"},
        "resourceProvider": "Microsoft.Compute",
        "resourceUri": resource,
        "operationName": "Microsoft.Compute/disks/delete",
        "status": "Succeeded",
        "subscriptionId": SUBSCRIPTION,
    }
    return changed(whole, changes)


def a_deletion(resource: Any = DISK, **changes: Any) -> dict[str, Any]:
    """Return the event of a deleted disk in Event Grid's form; `changes` are of its data."""
    return a_grid_event(
        topic=GROUP,
        subject=DISK.replace("resourceGroups", "resourcegroups"),
        eventType="Microsoft.Resources.ResourceDeleteSuccess",
        data=deletion_data(resource, **changes),
        dataVersion="2",
    )


def a_deletion_as_cloud_event(resource: Any = DISK, **changes: Any) -> dict[str, Any]:
    return a_cloud_event(
        source=GROUP,
        subject=DISK,
        type="Microsoft.Resources.ResourceDeleteSuccess",
        data=deletion_data(resource, **changes),
    )


def notification_data(resource: Any = DISK, **changes: Any) -> dict[str, Any]:
    """Return the data of a resource notification; `changes` are of these, not of the resource."""
    info = {"id": resource, "name": "disk-1", "type": "Microsoft.Compute/disks"}
    whole = {
        "resourceInfo": changed(info, {}),
        "operationalInfo": {"resourceEventTime": "2026-11-21T15:13:38.6347858Z"},
        "apiVersion": "2024-03-02",
    }
    return changed(whole, changes)


def a_notification(resource: Any = DISK, **changes: Any) -> dict[str, Any]:
    """Return the newer event of a deleted disk, a resource notification in Event Grid's form."""
    return a_grid_event(
        id="d4611260-d179-4f86-b196-3a9d4128be2d",
        topic=f"/subscriptions/{SUBSCRIPTION}",
        subject=DISK,
        eventType="Microsoft.ResourceNotifications.Resources.Deleted",
        data=notification_data(resource, **changes),
    )


def a_notification_as_cloud_event(resource: Any = DISK, **changes: Any) -> dict[str, Any]:
    return a_cloud_event(
        id="d4611260-d179-4f86-b196-3a9d4128be2d",
        source=f"/subscriptions/{SUBSCRIPTION}",
        subject=DISK,
        type="Microsoft.ResourceNotifications.Resources.Deleted",
        datacontenttype=...,
        data=notification_data(resource, **changes),
    )


ZABBIX = {
    "title": "Disk failure on VMSQLTEST08",
    "state": "PROBLEM",
    "message": "…",
    "alert_uid": "4518912",
    "tags": {"host": "VMSQLTEST08", "severity": "Average", "trigger_id": "34571"},
    "zone": "b",
}
