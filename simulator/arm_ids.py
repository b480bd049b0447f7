"""ARM resource ids as text: built, taken apart and compared. Knows no resource, only how ids read.

ARM ids are compared without case: the service itself hands them back in other spellings.
"""

import re

_SUBSCRIPTION = re.compile(r"^/subscriptions/([^/]+)", re.IGNORECASE)
_GROUP = re.compile(r"^/subscriptions/[^/]+/resourceGroups/([^/]+)", re.IGNORECASE)
_DISK = re.compile(
    r"^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Compute/disks/[^/]+$",
    re.IGNORECASE,
)


def key(resource_id: str) -> str:
    """Return the form under which two spellings of one id are equal."""
    return resource_id.rstrip("/").lower()


def name_of(resource_id: str) -> str:
    """Return the last segment of an id."""
    return resource_id.rstrip("/").rsplit("/", 1)[-1]


def subscription_of(resource_id: str) -> str:
    """Return the subscription's id that stands in a resource id, or nothing."""
    found = _SUBSCRIPTION.match(resource_id)
    return found.group(1) if found else ""


def group_name_of(resource_id: str) -> str:
    """Return the name of the resource group that stands in a resource id, or nothing."""
    found = _GROUP.match(resource_id)
    return found.group(1) if found else ""


def group_id_of(resource_id: str) -> str:
    """Return the id of the resource group that holds a resource."""
    found = _GROUP.match(resource_id)
    return found.group(0) if found else ""


def is_disk(resource_id: str) -> bool:
    """Tell whether an id names a managed disk."""
    return bool(_DISK.match(resource_id))


def group_id(subscription: str, group: str) -> str:
    """Return the id of a resource group."""
    return f"/subscriptions/{subscription}/resourceGroups/{group}"


def disk_id(group: str, name: str) -> str:
    """Return the id of a managed disk in the group with that id."""
    return f"{group}/providers/Microsoft.Compute/disks/{name}"


def machine_id(group: str, name: str) -> str:
    """Return the id of a virtual machine in the group with that id."""
    return f"{group}/providers/Microsoft.Compute/virtualMachines/{name}"


def vault_id(group: str, name: str) -> str:
    """Return the id of a backup vault in the group with that id."""
    return f"{group}/providers/Microsoft.DataProtection/backupVaults/{name}"


def is_within(resource_id: str, scope: str) -> bool:
    """Tell whether a resource is the scope or lies below it."""
    return (key(resource_id) + "/").startswith(key(scope) + "/")
