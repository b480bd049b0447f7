"""The look at a vault: its instances, the newest points of some of them, its jobs.

Of a list one page is read: whether it may be read is the question, not what all of it holds.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from restore_core.azure.advice import for_app
from restore_core.azure.advice.instances import no_vault_of_settings
from restore_core.azure.arm import Arm
from restore_core.azure.inventory import Inventory
from restore_core.azure.protected_disk import name_of, protected_disk
from restore_core.azure.vault_calls import Page, VaultCalls
from restore_core.contract.resource_ids import BackupInstanceId, BackupVaultId, InvalidId
from restore_core.engine.checks import Check, Findings, Look, Sample, Verdict
from restore_core.errors import Rejected, Unavailable
from restore_core.lifecycle.policy import SETTING, Policy
from restore_core.lifecycle.recovery_points import newest
from restore_core.text import utc_text

MOST_SAMPLES: Final = 3
"""Instances of a vault whose points are read: each is a call, and 15 s are there for all."""

_AN_HOUR: Final = 60
_OTHERWISE: Final = (
    "Ask again. If it stays so: do ARM_ENDPOINT and RESTORE_API_VERSION name what they should, and "
    "does a proxy or a firewall stand between?"
)


class VaultLooks:
    """Looks at vaults with the app's own identity."""

    def __init__(self, arm: Arm, policy: Policy, clock: Callable[[], datetime]) -> None:
        self._calls = VaultCalls(arm, clock, advised=for_app.while_looking)
        self._inventory = Inventory(self._calls)
        self._policy = policy
        self._clock = clock

    def at(self, vault: BackupVaultId) -> Look:
        """Return the look at `vault`."""
        return Look(f"vault {vault.name}", partial(self._findings, vault))

    def _findings(self, vault: BackupVaultId) -> Findings:
        checks: list[Check] = []
        samples: list[BackupInstanceId] = []
        name = f"vault {vault.name}: backup instances"
        with _failing_in(checks, name):
            disks, more = self._disks(vault)
            samples = [disk for disk in disks if self._policy.pairs(disk)][:MOST_SAMPLES]
            checks.append(_of_instances(name, vault, disks, more=more, some=bool(samples)))
        for instance in samples:
            point = f"vault {vault.name}: newest point of {instance.name}"
            with _failing_in(checks, point):
                checks.append(self._newest(point, instance))
        jobs = f"vault {vault.name}: jobs"
        with _failing_in(checks, jobs):
            self._page(vault, "backupJobs")
            checks.append(Check(jobs, Verdict.OK, "The list of jobs can be read."))
        return Findings(checks, [Sample(one, self._policy.target_of(one)) for one in samples])

    def _disks(self, vault: BackupVaultId) -> tuple[list[BackupInstanceId], bool]:
        """Return the protected disks of the list's first page, and whether it has another."""
        page = self._page(vault, "backupInstances")
        known = (_disk(vault, item) for item in page.items)
        return [one for one in known if one is not None], bool(page.next_link)

    def _page(self, vault: BackupVaultId, of: str) -> Page:
        return next(self._calls.pages(f"{vault}/{of}", vault, no_vault_of_settings(vault)))

    def _newest(self, name: str, instance: BackupInstanceId) -> Check:
        now = self._clock()
        point = newest(self._inventory.points(instance), not_after=None, now=now)
        found = f"Of {utc_text(point.time)}: {_age(now - point.time)} old."
        return Check(name, Verdict.OK, found)


def _age(span: timedelta) -> str:
    minutes = max(0, int(span.total_seconds() // 60))
    return f"{minutes // 60} h" if minutes >= _AN_HOUR else f"{minutes} min"


def _disk(vault: BackupVaultId, item: dict[str, Any]) -> BackupInstanceId | None:
    """Return the instance that an item of the list is, where it protects a disk, undeleted."""
    try:
        return protected_disk(BackupInstanceId.of(vault, name_of(item)), item).id
    except (InvalidId, Rejected, Unavailable):
        return None


def _of_instances(
    name: str, vault: BackupVaultId, disks: list[BackupInstanceId], *, more: bool, some: bool
) -> Check:
    if not disks:
        return Check(
            name,
            Verdict.FAILED,
            f"{vault} protects no disk.",
            "Is this the vault that is meant? Configure the backup of a disk in it, or name "
            f"another one in {SETTING}.",
        )
    count = f"{len(disks)}{' or more' if more else ''}"
    found = f"{vault} protects {count} disks."
    if some:
        return Check(name, Verdict.OK, found)
    action = f"Name one of them, or the vault, as a source in {SETTING}."
    return Check(name, Verdict.FAILED, f"{found} No rule of {SETTING} holds any of them.", action)


@contextmanager
def _failing_in(checks: list[Check], name: str) -> Iterator[None]:
    """Add what stood in the way of a check, with its remedy."""
    try:
        yield
    except (Rejected, Unavailable) as error:
        problem = error.problem
        checks.append(Check(name, Verdict.FAILED, str(problem), problem.action or _OTHERWISE))
