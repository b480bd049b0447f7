"""How many restores run at once in a vault and in a subscription, and who was told that it is full.

The service refuses the next one with a code, in the operation; whoever has read that code may ask
once a minute whether there is room again.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from simulator import arm_ids
from simulator.habits import Habits
from simulator.world import Job

FULL: Final = "UserErrorMaxConcurrentOperationLimitReached"
_UNDER_WAY: Final = timedelta(seconds=5)  # What was sent before its sender had read the code.
_PROBE: Final = timedelta(minutes=1)


@dataclass
class _Told:
    at: datetime
    probed: datetime | None = None


@dataclass
class Crowds:
    """The restores that run, counted for each scope."""

    habits: Habits
    _running: Counter[str] = field(default_factory=Counter)
    _told: dict[str, _Told] = field(default_factory=dict)

    def began(self, job: Job) -> None:
        """Count a restore that runs from now on."""
        self._running.update(_scopes(job.id))

    def ended(self, job: Job) -> None:
        """Count a restore no longer: there is room again."""
        self._running.subtract(_scopes(job.id))
        for scope in _scopes(job.id):
            self._told.pop(scope, None)

    def full(self, resource_id: str) -> str:
        """Return the scope of this resource in which no more may run, or nothing."""
        limits = self.habits.limits
        vault, subscription = _scopes(resource_id)
        for scope, most in (
            (vault, limits.restores_of_vault),
            (subscription, limits.restores_of_subscription),
        ):
            if most is not None and self._running[scope] >= most:
                return scope
        return ""

    def told(self, scope: str, now: datetime) -> None:
        """Take note that a client has read that a scope is full."""
        if self._running[scope]:
            self._told.setdefault(scope, _Told(now))

    def overruns(self, resource_id: str, now: datetime) -> bool:
        """Tell whether a restore asked for now is one too many, as its client knows."""
        told = self._told.get(self.full(resource_id))
        if told is None or now - told.at <= self._scaled(_UNDER_WAY):
            return False
        if now - (told.probed or told.at) < self._scaled(_PROBE):
            return True
        told.probed = now
        return False

    def _scaled(self, span: timedelta) -> timedelta:
        return span / self.habits.pace.scale


def _scopes(resource_id: str) -> tuple[str, str]:
    vault = "/".join(arm_ids.key(resource_id).split("/")[:9])
    return vault, f"/subscriptions/{arm_ids.subscription_of(resource_id).lower()}"
