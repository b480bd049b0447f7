"""Every `az` command that the app prints. Pure.

An advice ends with its commands, in one line that can be pasted into a shell as it stands: what
came from outside is in quotes, for `rg-(prod)` is a legal group. `az dataprotection` is an
extension, and asks before it installs itself: it is added first, and never stands in a `$( )`,
where nobody would see the question.
"""

from typing import Final

from restore_core.contract.resource_ids import (
    BackupInstanceId,
    BackupVaultId,
    DiskId,
    IdentityId,
    VirtualMachineId,
)

HERE: Final = "The command: "
"""Stands before the commands, which go to the end of an advice."""

_EXTENSION: Final = "az extension add --name dataprotection"
_INSTANCES: Final = "az dataprotection backup-instance"


def line(*commands: str) -> str:
    """Return commands as the end of an advice: each runs if the one before it did."""
    first = [_EXTENSION] if any(one.startswith("az dataprotection") for one in commands) else []
    return HERE + " && ".join([*first, *commands])


def grant(principal: str, role: str, scope: object) -> str:
    """Return the command that gives an identity a role; `principal` is a word of the shell."""
    return (
        f"az role assignment create --assignee-object-id {principal} "
        f"--assignee-principal-type ServicePrincipal --role {_word(role)} --scope {_word(scope)}"
    )


def principal(object_id: str) -> str:
    """Return an object id as a word of the shell."""
    return _word(object_id)


def principal_of(holder: BackupVaultId | IdentityId) -> str:
    """Return the word that asks for the object id of a vault's own identity, or of another."""
    if isinstance(holder, IdentityId):
        return f'"$(az identity show --ids {_word(holder)} --query principalId -o tsv)"'
    return f'"$(az resource show --ids {_word(holder)} --query identity.principalId -o tsv)"'


def list_instances(vault: BackupVaultId) -> str:
    """Return the command that lists what a vault protects."""
    return f"{_INSTANCES} list {_in(vault)} --query '[].id' -o tsv"


def list_deleted(vault: BackupVaultId) -> str:
    """Return the command that lists what was deleted from a vault and is still kept there."""
    return f"{_INSTANCES} deleted-backup-instance list {_in(vault)} -o json"


def undelete(vault: BackupVaultId, instance: str) -> str:
    """Return the command that brings a soft-deleted instance back."""
    where = f"--backup-instance-name {_word(instance)} {_in(vault)}"
    return f"{_INSTANCES} deleted-backup-instance undelete {where}"


def list_points(instance: BackupInstanceId) -> str:
    """Return the command that lists an instance's recovery points."""
    where = f"--backup-instance-name {_word(instance.name)} {_in(instance.vault)}"
    wanted = "--query '[].[name, properties.recoveryPointTime]' -o tsv"
    return f"az dataprotection recovery-point list {where} {wanted}"


def list_locks(subscription: str, group: str | None) -> str:
    """Return the command that lists the locks of a resource group, else of a subscription."""
    where = f" --resource-group {_word(group)}" if group else ""
    return f"az lock list{where} --subscription {_word(subscription)} -o table"


def register(namespace: str, subscription: str) -> str:
    """Return the command that registers a resource provider."""
    words = f"--namespace {_word(namespace)} --subscription {_word(subscription)}"
    return f"az provider register {words}"


def swap_os_disk(machine: VirtualMachineId, disk: DiskId) -> tuple[str, ...]:
    """Return the commands that let a machine begin from `disk`; it is stopped meanwhile."""
    ids = f"--ids {_word(machine)}"
    return (
        f"az vm deallocate {ids}",
        f"az vm update {ids} --os-disk {_word(disk)}",
        f"az vm start {ids}",
    )


def swap_data_disk(
    machine: VirtualMachineId, old: DiskId, disk: DiskId, lun: int | None
) -> tuple[str, ...]:
    """Return the commands that detach `old` from a machine and attach `disk` in its place."""
    group = machine.group
    where = (
        f"--vm-name {_word(machine.name)} --resource-group {_word(group.name)} "
        f"--subscription {_word(group.subscription)}"
    )
    place = "" if lun is None else f" --lun {lun}"
    return (
        f"az vm disk detach {where} --name {_word(old.name)}",
        f"az vm disk attach {where} --name {_word(disk)}{place}",
    )


def _in(vault: BackupVaultId) -> str:
    group = vault.group
    return (
        f"--vault-name {_word(vault.name)} --resource-group {_word(group.name)} "
        f"--subscription {_word(group.subscription)}"
    )


def _word(value: object) -> str:
    """Return `value` as one word of the shell, always in quotes."""
    return "'" + str(value).replace("'", "'\\''") + "'"
