"""The body of validateRestore and of restore, as all recorded disk restores sent it. Pure."""

from typing import Any

from restore_core.azure.protected_disk import DISKS
from restore_core.lifecycle.recovery_points import OPERATIONAL_STORE
from restore_core.lifecycle.states import Plan


def restore_body(plan: Plan) -> dict[str, Any]:
    """Return AzureBackupRecoveryPointBasedRestoreRequest, as all recorded disk restores sent it."""
    return {
        "objectType": "AzureBackupRecoveryPointBasedRestoreRequest",
        "recoveryPointId": plan.point,
        "sourceDataStoreType": OPERATIONAL_STORE,
        "restoreTargetInfo": {
            "objectType": "RestoreTargetInfo",
            "recoveryOption": "FailIfExists",
            "restoreLocation": plan.region,
            "datasourceInfo": {
                "objectType": "Datasource",
                "datasourceType": DISKS,
                "resourceType": DISKS,
                "resourceID": str(plan.target),
                "resourceName": plan.target.name,
                "resourceLocation": plan.region,
                "resourceUri": str(plan.target),
            },
        },
        **_identity_details(plan),
    }


def _identity_details(plan: Plan) -> dict[str, Any]:
    """Return the instance's own `identityDetails`: without them Azure takes the vault's own."""
    if plan.identity is None:
        return {}
    return {
        "identityDetails": {
            "useSystemAssignedIdentity": False,
            "userAssignedIdentityArmUrl": str(plan.identity),
        }
    }
