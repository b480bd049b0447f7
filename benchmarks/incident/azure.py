"""The simulated Azure as a process of its own: four vaults, ARM's buckets, the recorded pace."""

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import requests

from local.child import Child

GREETING: Final = r"\b(ARM_ENDPOINT|IDENTITY_ENDPOINT|IDENTITY_HEADER)=(\S+)"
VAULTS: Final = ("vault-1", "vault-2", "vault-3", "vault-4")


class Azure:
    """One simulated Azure, with protected disks in one group; it answers after `seconds`."""

    def __init__(self, folder: Path, *, disks: int, seconds: float) -> None:
        self._child = Child([sys.executable, "-m", "simulator"], log=folder / "azure.log")
        self.settings: dict[str, str] = dict(self._child.wait_for(GREETING, count=3))
        self._door = requests.Session()
        self.instances = [self._protect(number) for number in range(disks)]
        if seconds:
            slow = {"fault": "slow", "seconds": seconds}
            self._ask("POST", "faults", {"method": "*", "path": "/*", "fault": slow, "times": None})

    def _protect(self, number: int) -> str:
        """Let a disk be protected, by turns in each vault; return its instance."""
        words = {"disk": f"disk-{number:04}", "vault": VAULTS[number % len(VAULTS)]}
        return str(self._ask("POST", "protect", words)["backupInstanceId"])

    @property
    def url(self) -> str:
        """Where it listens."""
        return self.settings["ARM_ENDPOINT"]

    @property
    def group(self) -> str:
        """The group of the disks."""
        return self.instances[0].partition("/providers/")[0]

    @property
    def target(self) -> str:
        """The group that they are restored to."""
        return f"{self.group}-restored"

    @property
    def vaults(self) -> Sequence[str]:
        """The vaults' ids."""
        named = (one.partition("/backupInstances/")[0] for one in self.instances)
        return list(dict.fromkeys(named))

    def report(self) -> dict[str, Any]:
        """Return everything that happened."""
        return self._ask("GET", "report", {})

    def progress(self) -> Iterator[str]:
        """Yield what a person wants to know of it."""
        jobs = self.report()["jobs"]
        ended = sum(job["ended"] is not None for job in jobs)
        yield f"{len(jobs):,} jobs begun, {ended:,} ended"

    def end(self) -> None:
        """Let it end."""
        self._child.end()

    def _ask(self, method: str, command: str, words: dict[str, Any]) -> dict[str, Any]:
        url = f"{self.url}/simulator/{command}"
        answer = self._door.request(method, url, json=words or None, timeout=60)
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
        return told


def parts_of(instance: str) -> tuple[str, str, str, str]:
    """Return subscription, group, vault and name of an instance."""
    found = re.fullmatch(
        r"/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/[^/]+"
        r"/backupVaults/([^/]+)/backupInstances/([^/]+)",
        instance,
    )
    if found is None:
        raise ValueError(f"{instance} is no backup instance")
    subscription, group, vault, name = found.groups()
    return subscription, group, vault, name
