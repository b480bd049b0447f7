"""How much is answered in which time. The defaults are what ARM documents; any may be changed.

Recorded headers of 2025 began at 799 writes and 1,099 reads of this service: so none is for sure.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rate:
    """A token bucket: so many calls at once, and then so many in a second."""

    burst: int
    per_second: float


@dataclass(frozen=True)
class Limits:
    """Of ARM for each subscription, region and caller; of the service; None: there is no limit.

    `service_reads` is this service's own, for each kind of read. How fast it refills is not known;
    1,100 a minute is a guess. `restores_of_vault` and `restores_of_subscription` are how many jobs
    may run at once: Azure has such a limit, and publishes no number. `under_way` calls may come
    after a 429 before anybody is accused: other workers and threads have not heard of it yet.
    """

    reads: Rate | None = Rate(250, 25)
    writes: Rate | None = Rate(200, 10)
    service_reads: Rate | None = Rate(1100, 18)
    restores_of_vault: int | None = None
    restores_of_subscription: int | None = None
    under_way: int = 16

    @classmethod
    def none(cls) -> "Limits":
        """Return limits that nobody meets."""
        return cls(reads=None, writes=None, service_reads=None)
