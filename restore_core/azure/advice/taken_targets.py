"""What to do where the target disk exists. Never to delete it: it may be in use, and the source."""

from typing import assert_never

from restore_core.contract.target_field import TargetField
from restore_core.lifecycle.states import Plan


def another_target(plan: Plan) -> str:
    """Return which field names another target, and that Azure restores over nothing."""
    if plan.target == plan.source:
        return (
            f"The target is the source disk itself, {plan.target.name}, and it exists: Azure "
            "restores over nothing, it only makes new disks. Leave it as it is; to have its old "
            f"content beside it: {_how(plan)}"
        )
    return (
        f"{plan.target.name} exists already in {plan.target.group}, and Azure restores over no "
        "existing disk, the source disk included. An earlier restore may have made it: "
        f"RestoreResults tells. For another: {_how(plan)}"
    )


def _how(plan: Plan) -> str:
    match plan.target_field:
        case TargetField.DISK_ID | TargetField.DISK_NAME as field:
            return f"name another disk in {field.value} and send the request with a new requestId."
        case TargetField.DERIVED:
            return (
                "send the request with a new requestId, of which the app makes the name where "
                "targetDiskName is absent."
            )
        case TargetField.SUFFIX:
            return "send the set with a new requestId and another targetDiskSuffix, or with none."
        case None:
            return "name another target disk and send the request with a new requestId."
        case _:
            assert_never(plan.target_field)
