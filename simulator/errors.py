"""What the service says when it refuses: the four recorded shapes, and the words of known codes.

A  `{"error": {additionalInfo: [UserFacingError], code, message, target, details}}`  the service
B  `{"error": {code, message}}`                                                      ARM itself
C  `{"error": {code, message, target, details, innerError}}`                         a 404
D  `{"ErrorCode", "Message": {...}, "Values": []}`                                   old corners
"""

import uuid
from typing import Any, Final

from simulator import arm_ids
from simulator.exchange import Answer

# Code: what it says.
_TEXTS: Final = {
    "UserErrorSameNameDiskAlreadyExists": (
        "A disk with the same name already exists in the target resource group."
    ),
    "UserErrorNotEnoughPermissionOnTargetRG": (
        "Azure Backup Service requires additional permissions on the target Resource "
        "Group to do this operation."
    ),
    "UserErrorRestoreTargetRGNotFound": (
        "The target Resource Group of the restore could not be found."
    ),
    "UserErrorDiskSnapshotNotFound": (
        "The snapshot for this restore point has been deleted or has expired."
    ),
    "CloudInternalError": "Microsoft Azure Backup encountered an internal error.",
    "CloudDosTimeboudLimitReached": (
        "The operation is blocked, as a security precaution, since multiple attempts were"
        " made beyond an internal limit."
    ),
    "CloudInvalidInputError": (
        "The operation failed with an internal service error 'Invalid input error'."
    ),
    "BMSUserErrorInvalidInput": "Input provided for the call is invalid.",
    "UserErrorMaxConcurrentOperationLimitReached": (
        "The maximum number of operations that can run at one time has been reached."
    ),
    "VaultMSIUnauthorized": (
        "The Backup Vault has no managed identity to do this operation with, or it has no rights."
    ),
    "UserErrorBackupInstanceSoftDeleted": (
        "The backup instance is soft deleted, and the operation is not allowed on it."
    ),
}

# Code: what it advises.
_ADVICE: Final = {
    "UserErrorSameNameDiskAlreadyExists": "Provide a different disk name for the restore.",
    "UserErrorNotEnoughPermissionOnTargetRG": (
        "Grant the Backup Vault's managed identity the Disk Restore Operator role on the "
        "target Resource Group. Refer documentation to understand what permissions are "
        "required and how to provide them - https://aka.ms/diskbackupdoc-restore "
    ),
    "UserErrorRestoreTargetRGNotFound": (
        "Create the Resource Group, or choose one that exists, and try the operation again."
    ),
    "UserErrorDiskSnapshotNotFound": "Use another recovery point to restore.",
    "CloudInternalError": (
        "Wait for a few minutes and then try the operation again. If the issue persists, "
        "please contact Microsoft support."
    ),
    "CloudDosTimeboudLimitReached": "Please retry after few hours",
    "CloudInvalidInputError": (
        "Please retry the operation. If the issue persists, please contact Microsoft support."
    ),
    "BMSUserErrorInvalidInput": (
        "Please ensure that the given input is valid and try the operation again."
    ),
    "UserErrorMaxConcurrentOperationLimitReached": (
        "Wait until the running operations have ended, and try again."
    ),
    "VaultMSIUnauthorized": "Enable a managed identity of the Backup Vault and grant it rights.",
    "UserErrorBackupInstanceSoftDeleted": "Undelete the backup instance and try again.",
}


class Refusal(Exception):
    """The request gets an error for its answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def text_of(code: str) -> str:
    """Return what the service says with a code."""
    return _TEXTS.get(code, f"The operation failed with {code}.")


def advice_of(code: str) -> str:
    """Return what the service recommends with a code."""
    return _ADVICE.get(code, "Wait for a few minutes and then try the operation again.")


def user_facing(
    code: str, message: str | None = None, advice: str | None = None, detail: str | None = None
) -> dict[str, Any]:
    """Return a UserFacingError; with a detail it is nested as recorded, boilerplate innermost."""
    return {
        "message": message or text_of(code),
        "recommendedAction": [advice or advice_of(code)],
        "details": None,
        "code": code,
        "target": "",
        "innerError": _inner(detail) if detail else None,
        "isRetryable": False,
        "isUserError": False,
        "properties": {"ActivityId": str(uuid.uuid4())},
    }


def shape_a(code: str, message: str | None = None, advice: str | None = None) -> dict[str, Any]:
    """Return the error of the service, as in a 400 or 500."""
    info = user_facing(code, message, advice)
    return {**_error(code, info), "target": None, "details": None}


def brief_shape_a(
    code: str, message: str | None = None, advice: str | None = None
) -> dict[str, Any]:
    """Return the error of the service as an operation holds it."""
    info = user_facing(code, message, advice)
    absent = ("details", "innerError")
    return _error(code, {name: value for name, value in info.items() if name not in absent})


def by_service(status: int, code: str, message: str | None = None) -> Refusal:
    """Return a refusal of the service (shape A)."""
    return Refusal(Answer.of({"error": shape_a(code, message)}, status))


def by_arm(status: int, code: str, message: str) -> Refusal:
    """Return a refusal of ARM (shape B)."""
    headers = {"x-ms-failure-cause": "gateway"}
    return Refusal(Answer.of({"error": {"code": code, "message": message}}, status, headers))


def not_there(kind: str, resource_id: str) -> Refusal:
    """Return ARM's 404 of a resource, whose type is given as ARM spells it."""
    group, name = arm_ids.group_name_of(resource_id), arm_ids.name_of(resource_id)
    text = (
        f"The Resource '{kind}/{name}' under resource group '{group}' was not found. For more "
        "details please go to https://aka.ms/ARMResourceNotFoundFix"
    )
    return by_arm(404, "ResourceNotFound", text)


def not_found(what: str) -> Refusal:
    """Return the service's 404 (shape C)."""
    error = {
        "code": "UserErrorGenericResourceNotFound",
        "message": f"The requested resource {what} was not found.",
        "target": None,
        "details": None,
        "innerError": None,
    }
    return Refusal(Answer.of({"error": error}, 404, {"x-ms-failure-cause": "service"}))


def _error(code: str, info: dict[str, Any]) -> dict[str, Any]:
    additional = [{"type": "UserFacingError", "info": info}]
    return {"additionalInfo": additional, "code": code, "message": info["message"]}


def _inner(detail: str) -> dict[str, Any]:
    innermost = {
        "code": "InternalServerError",
        "additionalInfo": {"DetailedNonLocalisedMessage": "An internal error occurred."},
        "embeddedInnerError": None,
    }
    return {
        "code": "PluginError",
        "additionalInfo": {"DetailedNonLocalisedMessage": detail},
        "embeddedInnerError": innermost,
    }
