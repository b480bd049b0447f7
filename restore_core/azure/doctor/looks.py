"""Every look of one examination, made of the settings. Its clients are its own, and fresh.

So a token is fetched anew, and an answer is not one that a client remembers.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from restore_core.azure import clients
from restore_core.azure.arm import Arm
from restore_core.azure.doctor import graph
from restore_core.azure.doctor.account import AccountLooks
from restore_core.azure.doctor.token import token_look
from restore_core.azure.doctor.vaults import VaultLooks
from restore_core.contract.resource_ids import BackupVaultId
from restore_core.engine.checks import Look
from restore_core.settings import Settings


class AzureLooks:
    """What there is to look at for an app with these settings."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        identity = clients.Identity(settings.arm_client_id)
        self._account = AccountLooks(
            clients.tables(settings.storage, retries=0), clients.queues(settings.storage, retries=0)
        )
        self._arm = Arm(
            settings.arm_endpoint,
            identity,
            api_version=settings.api_version,
            clock=clock,
            quota=settings.rules.quota,
        )
        self._settings = settings
        self._clock = clock

    def storage(self) -> Sequence[Look]:
        """Return a look at each table and each queue; raises nothing before it is taken."""
        return self._account.all()

    def token(self) -> Look:
        """Return the look at the token for ARM."""
        return token_look(self._arm.bearer, self._settings.arm_endpoint)

    def arm(self) -> Sequence[Look]:
        """Return the looks at each vault that the settings name, and at Resource Graph."""
        named = vaults(self._settings)
        looks = VaultLooks(self._arm, self._settings.rules.policy, self._clock)
        seen = graph.look(self._arm, named, self._clock, is_on=self._settings.uses_graph)
        return [*(looks.at(vault) for vault in named), seen]


def vaults(settings: Settings) -> list[BackupVaultId]:
    """Return the vaults that rules name, and the default one, each once."""
    default = settings.rules.default_vault
    named = [*settings.rules.policy.vaults, *([default] if default else [])]
    return list(dict.fromkeys(named))
