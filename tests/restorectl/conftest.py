"""An account on Azurite that an operator looks at, and an environment that names it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from azure.core.exceptions import ResourceNotFoundError

from restorectl.account import CONNECTION
from tests.restorectl.bench import Ctl, Operated, utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local.azurite import Azurite


@pytest.fixture(autouse=True)
def nobodys_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No account of whoever runs the tests is ever meant."""
    for name in ("RESTORECTL_ACCOUNT", "RESTORECTL_CONFIG", CONNECTION, "AZURE_ENV_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def operated(azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> Iterator[Operated]:
    """The app's tables and queues, empty."""
    monkeypatch.setenv(CONNECTION, azurite.connection_string)
    operated = Operated(azurite.connection_string, utc_now())
    operated.store.create_missing()
    operated.queues.create_missing()
    yield operated
    for table in list(operated.table_service.list_tables()):
        operated.table_service.delete_table(table.name)
    for queue in list(operated.queue_service.list_queues()):
        with suppress(ResourceNotFoundError):
            operated.queue_service.delete_queue(queue.name)
    operated.table_service.close()
    operated.queue_service.close()


@pytest.fixture
def ctl(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ctl:
    return Ctl(monkeypatch, capsys)
