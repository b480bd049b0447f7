"""The app as it is deployed, on the local host in this process: Azurite, and a quick Azure."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

import function_app
from local.azurite import Azurite
from local.host.host_json import QueueSettings
from local.host.local_host import LocalHost
from local.stack.run import create_queues_and_tables
from local.stack.settings import app_settings
from restore_core import wiring
from simulator import AT_ONCE, Pace, Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

KEY = "the-key"
QUICK = Pace(
    validation=AT_ONCE,
    operation=AT_ONCE,
    job=AT_ONCE,
    validation_retry_after=1,
    operation_retry_after=1,
    poll_retry_after=1,
)
HOST = QueueSettings(
    batch_size=2,
    new_batch_threshold=1,
    max_dequeue_count=3,
    visibility_timeout=timedelta(0),
    max_polling_interval=timedelta(milliseconds=100),
)


@dataclass
class Deployed:
    """What runs, and the words that name it."""

    url: str
    simulator: Simulator
    instance: str
    group: str
    connection_string: str

    @property
    def words(self) -> list[str]:
        return [self.url, "--key", KEY]


@contextmanager
def deployed(patch: pytest.MonkeyPatch, **changes: str) -> Iterator[Deployed]:
    for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET"):
        patch.delenv(name, raising=False)
    simulator = Simulator(pace=QUICK)
    instance = simulator.protect("disk-1")
    vault, _, _ = instance.partition("/backupInstances/")
    group = vault.partition("/providers/")[0] + "-restored"
    with Azurite() as azurite, simulator.serve() as server:
        create_queues_and_tables(azurite.connection_string)
        settings = {
            **app_settings(azurite, server.environment),
            "RESTORE_ALLOW": f"{vault} => {group}",
            "RESTORE_POLL_SCHEDULE": "* * * * * *",
            "LOCAL_FUNCTION_KEY": KEY,
            **changes,
        }
        for name, value in server.environment.items():
            patch.setenv(name, value)
        patch.setenv("AZURE_STORAGE_CONNECTION_STRING", azurite.connection_string)
        with LocalHost.for_app(_app(settings), settings, settings=HOST) as host:
            yield Deployed(host.http_url, simulator, instance, group, azurite.connection_string)


def _app(settings: dict[str, str]) -> object:
    def now() -> datetime:
        return datetime.now(UTC)

    return function_app.functions(
        cache(lambda: wiring.engine(settings, now)),
        cache(lambda: wiring.http_api(settings, now)),
        cache(lambda: wiring.doctor(settings, now)),
    )
