"""What is not loaded yet when the app has been indexed, and when no call needed a token."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
INDEXED = """
import function_app

assert len([function.get_dict_repr() for function in function_app.app.get_functions()]) == 7
"""
CALLED = """
from restore_core import wiring
from restore_core.azure import clients
from restore_core.connection import StorageConnection

wiring.http_api({}, lambda: None)
wiring.doctor({}, lambda: None)
account = StorageConnection(
    queue_uri="https://a.queue.core.windows.net", table_uri="https://a.table.core.windows.net"
)
clients.tables(account), clients.queues(account), clients.Identity()
"""


def loaded_after(program: str) -> set[str]:
    """Return the modules that a Python of its own has loaded when `program` has run."""
    asked = f"{program}\nimport sys\nprint(*sys.modules)"
    ran = subprocess.run(  # noqa: S603  our own words
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(ran.stdout.split())


@pytest.fixture(scope="module")
def indexed() -> set[str]:
    return loaded_after(INDEXED)


@pytest.mark.parametrize(
    "module",
    [
        "azure.core",
        "azure.data.tables",
        "azure.identity",
        "azure.storage.queue",
        "cryptography",
        "msal",
        "pydantic",
        "requests",
        "restore_core.azure",
        "restore_core.contract.request",
        "restore_core.engine",
        "restore_core.lifecycle",
        "restore_core.reading.doctor",
        "restore_core.reading.http_api",
        "restore_core.settings",
        "restore_core.wiring",
        "urllib3",
    ],
)
def test_indexing_does_not_load(module: str, indexed: set[str]) -> None:
    assert module not in indexed
    assert "azure.functions" in indexed


def test_no_identity_is_loaded_before_a_token_is_asked_for() -> None:
    loaded = loaded_after(CALLED)

    assert "azure.storage.queue" in loaded
    assert not loaded & {"azure.identity", "msal"}
