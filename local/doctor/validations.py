"""Requests that only validate: one for each instance, or for each vault. They restore nothing.

They go the way of every request, so they prove what no look can: that messages are taken, that rows
are written, and that the vault's own roles are there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

WHAT_TO_DO_WITHOUT_ROW = (
    "Does the app take messages: does tick.ended stand in its log, does the message still wait on "
    "restore-requests, or lie in restore-requests-poison? With --wait it is waited for longer."
)


class Wanted(NamedTuple):
    """A validation that is to be asked for."""

    request_id: str
    instance: str
    group: str

    @property
    def message(self) -> dict[str, Any]:
        """Return the request."""
        return {
            "requestId": self.request_id,
            "backupInstanceId": self.instance,
            "targetResourceGroupId": self.group,
            "validateOnly": True,
            "requestedBy": "doctor",
            "reason": "Preflight: validates, restores nothing",
        }


class NothingToValidateError(ValueError):
    """No instance, or no group, is known; the text says what to name."""


def wanted(
    samples: Sequence[dict[str, Any]], instances: Sequence[str], group: str, now: datetime
) -> list[Wanted]:
    """Return a validation for each instance that is named, else one for each vault.

    Where `group` is empty, a disk goes to the group that a rule pairs with it. Raise
    NothingToValidateError.
    """
    groups = {one["backupInstanceId"].lower(): one["targetResourceGroupId"] for one in samples}
    firsts = {one["vaultId"].lower(): one["backupInstanceId"] for one in reversed(samples)}
    chosen = list(instances) or list(reversed(firsts.values()))
    if not chosen:
        raise NothingToValidateError(
            "No vault showed a backup instance that a rule holds. Name one with --instance."
        )
    found = [
        Wanted(
            f"doctor-{now:%Y%m%dT%H%M%S%fZ}-{number}",
            one,
            group or groups.get(one.lower()) or "",
        )
        for number, one in enumerate(chosen, 1)
    ]
    if not all(one.group for one in found):
        raise NothingToValidateError(
            "No rule of RESTORE_ALLOW names a group. Name the one of restored disks with "
            "--target-group."
        )
    return found
