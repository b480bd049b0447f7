"""What is found where one looks whether the app could restore: values, and who looks. No I/O."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from restore_core.contract.resource_ids import BackupInstanceId, ResourceGroupId


class Verdict(StrEnum):
    """How a check went."""

    OK = "ok"
    FAILED = "failed"
    """A restore would meet it, too: somebody must act."""
    SKIPPED = "skipped"
    """It was not looked at, or a look cannot tell; the app works without."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    verdict: Verdict
    found: str
    action: str = ""
    """What to do; "" where nothing has to be done."""


@dataclass(frozen=True)
class Sample:
    """A backup instance of which a validation may be asked, and where to."""

    instance: BackupInstanceId
    target: ResourceGroupId | None
    """None where no rule names a group."""


@dataclass(frozen=True)
class Findings:
    """What one look found."""

    checks: Sequence[Check]
    samples: Sequence[Sample] = ()


@dataclass(frozen=True)
class Look:
    """A look at one thing. It changes nothing, and may take as long as a call may."""

    name: str
    take: Callable[[], Findings]


class Looks(Protocol):
    """Everything that can be looked at with the app's own rights."""

    def storage(self) -> Sequence[Look]:
        """Return a look at each table and each queue."""

    def token(self) -> Look:
        """Return the look at the token for ARM."""

    def arm(self) -> Sequence[Look]:
        """Return the looks that are of use only with a token."""
