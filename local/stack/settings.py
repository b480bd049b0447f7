"""Every setting that the app needs to run against Azurite and the simulated Azure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.azurite import Azurite


def app_settings(azurite: Azurite, simulated: Mapping[str, str]) -> dict[str, str]:
    """Return the settings, as `local.settings.json` or the environment holds them."""
    return {
        "AzureWebJobsStorage": azurite.connection_string,
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "PYTHON_THREADPOOL_THREAD_COUNT": "16",
        "RestoreStorage": azurite.connection_string,
        "RESTORE_ALLOW": "* => *",
        "RESTORE_POLL_SCHEDULE": "*/30 * * * * *",
        **simulated,
    }
