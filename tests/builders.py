"""What tests send: a valid request, of which a test says only what matters to it."""

import base64
import json
from typing import Any

SUBSCRIPTION = "00000000-1111-2222-3333-444444444444"
TARGET_GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-restore"
ALLOW = f"/subscriptions/{SUBSCRIPTION} => {TARGET_GROUP}"
INSTANCE = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-backup/providers/Microsoft.DataProtection"
    "/backupVaults/vault-1/backupInstances/disk-1-7d5b2a6e-0000-0000-0000-000000000001"
)


def disk(name: str, group: str = TARGET_GROUP) -> str:
    return f"{group}/providers/Microsoft.Compute/disks/{name}"


def fields(**changes: Any) -> dict[str, Any]:
    """Return a request's fields; a change to `...` leaves the field out."""
    whole = {
        "requestId": "r1",
        "backupInstanceId": INSTANCE,
        "targetDiskId": disk("disk-1-restored"),
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not ...}


def message(**changes: Any) -> bytes:
    return json.dumps(fields(**changes)).encode()


def in_base64(**changes: Any) -> bytes:
    return base64.b64encode(message(**changes))
