"""The app assembled from an environment: what its functions call.

The first call of a function imports it, and with it everything that works: the SDKs, the HTTP
library, the model of the message. Indexing needs none of that (`function_app`).
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache

from restore_core.azure import clients
from restore_core.azure.arm import Arm
from restore_core.azure.backup_vault import BackupVault
from restore_core.azure.doctor import AzureLooks
from restore_core.azure.queues import AccountQueues
from restore_core.azure.tables.account import AccountTables
from restore_core.engine.engine import Engine
from restore_core.engine.log import log_started
from restore_core.reading.doctor import BUDGET, Doctor
from restore_core.reading.http_api import HttpApi
from restore_core.reading.items import portal_of
from restore_core.settings import Settings, examine
from restore_core.version import VERSION


def engine(environment: Mapping[str, str], clock: Callable[[], datetime]) -> Engine:
    """Return the engine that `environment` describes; raise SettingsError."""
    log_started(VERSION)
    settings = Settings.read(environment)
    arm = Arm(
        settings.arm_endpoint,
        clients.Identity(settings.arm_client_id),
        api_version=settings.api_version,
        clock=clock,
        quota=settings.rules.quota,
    )
    return Engine.of(
        tables=AccountTables(clients.tables(settings.storage)),
        queues=AccountQueues(clients.queues(settings.storage)),
        vault=BackupVault(arm, clock, uses_graph=settings.uses_graph),
        rules=settings.rules,
        clock=clock,
    )


def http_api(environment: Mapping[str, str], clock: Callable[[], datetime]) -> HttpApi:
    """Return what answers receivers; what is wrong in `environment` is an answer, too."""

    @cache
    def tables() -> AccountTables:
        return AccountTables(clients.tables(Settings.read(environment).storage))

    def portal() -> str:
        return portal_of(Settings.read(environment).arm_endpoint)

    return HttpApi(tables, clock, portal=portal)


def doctor(
    environment: Mapping[str, str], clock: Callable[[], datetime], *, budget: float = BUDGET
) -> Doctor:
    """Return what examines the app that `environment` describes, right or wrong."""

    def looks(settings: Settings) -> AzureLooks:
        return AzureLooks(settings, clock)

    return Doctor(lambda: examine(environment), looks, clock, budget=budget)
