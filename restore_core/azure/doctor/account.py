"""The looks at the account: a row of each table, a message of each queue, neither taken nor kept.

A right to write cannot be seen by reading: it is named, and left to the validation that follows.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from azure.core.exceptions import AzureError, ClientAuthenticationError, ResourceNotFoundError
from azure.data.tables import TableServiceClient
from azure.storage.queue import QueueServiceClient

from restore_core.azure.tables.durations import DURATIONS
from restore_core.azure.tables.outstanding import OUTSTANDING
from restore_core.azure.tables.restores import RESTORES
from restore_core.azure.tables.results import RESULTS
from restore_core.azure.tables.sets import SETS
from restore_core.azure.tables.sources import SOURCES
from restore_core.azure.tables.targets import LOCKS
from restore_core.connection import STORAGE
from restore_core.contract.queue_names import EVENTS, POISON, REQUESTS, STEPS
from restore_core.engine.checks import Check, Findings, Look, Verdict
from restore_core.text import one_line

TABLES: Final = (RESTORES, OUTSTANDING, LOCKS, SOURCES, RESULTS, SETS, DURATIONS)
QUEUES: Final = (REQUESTS, STEPS, REQUESTS + POISON, STEPS + POISON, EVENTS)
WRITING: Final = "storage: rights to write"

_TABLE_ROLE: Final = "Storage Table Data Contributor"
_QUEUE_ROLE: Final = "Storage Queue Data Contributor"
_FORBIDDEN: Final = 403
_ROLE_IS_MISSING: Final = "AuthorizationPermissionMismatch"
_NETWORK: Final = "AuthorizationFailure"
"""What an account answers to whoever its network rules keep out."""


class AccountLooks:
    """Looks at one account."""

    def __init__(self, tables: TableServiceClient, queues: QueueServiceClient) -> None:
        self._tables = tables
        self._queues = queues

    def all(self) -> list[Look]:
        """Return a look at each table and each queue, and what no look can tell."""
        return [*self._of_tables(), *self._of_queues(), Look(WRITING, _writing)]

    def _of_tables(self) -> Iterator[Look]:
        for table in TABLES:
            name = f"table {table}"
            yield Look(name, partial(_taken, name, _TABLE_ROLE, partial(self._read, table)))

    def _of_queues(self) -> Iterator[Look]:
        for queue in QUEUES:
            name = f"queue {queue}"
            yield Look(name, partial(_taken, name, _QUEUE_ROLE, partial(self._peek, queue)))

    def _read(self, table: str) -> str:
        rows = self._tables.get_table_client(table).query_entities(
            "PartitionKey eq @key", parameters={"key": "-"}, results_per_page=1
        )
        list(rows)
        return "It can be read."

    def _peek(self, queue: str) -> str:
        waiting = self._queues.get_queue_client(queue).peek_messages(max_messages=1)
        return f"It can be read; {'messages wait' if waiting else 'no message waits'} there."


def _taken(name: str, role: str, read: Callable[[], str]) -> Findings:
    try:
        return Findings([Check(name, Verdict.OK, read())])
    except AzureError as error:
        code = getattr(error, "error_code", None) or type(error).__name__
        code = one_line(str(getattr(code, "value", code)), 300)
        found = f"It cannot be read: {code}."
        return Findings([Check(name, Verdict.FAILED, found, _remedy(error, code, role))])


def _remedy(error: AzureError, code: str, role: str) -> str:
    status = getattr(error, "status_code", None)
    if isinstance(error, ResourceNotFoundError):
        return (
            "It is missing. The timer makes it at its next tick, half a minute away: ask again "
            "then. If it stays missing, poll_restores does not run: look for tick.ended in the log."
        )
    if code == _ROLE_IS_MISSING:
        return (
            f"Grant the app's identity the role '{role}' on the storage account "
            "(docs/operations.md). A new role assignment takes up to 15 minutes to apply."
        )
    if code == _NETWORK:
        return (
            "The account's network rules keep the app out: let its subnet in, or give the account "
            "a private endpoint that the app's network leads to."
        )
    if status == _FORBIDDEN:
        return f"The account refuses the key or the identity of {STORAGE}: correct that setting."
    if isinstance(error, ClientAuthenticationError):
        return (
            "The identity got no token for storage. Check that the function app has a managed "
            f"identity, and that {STORAGE}__clientId names it where it is user-assigned."
        )
    return (
        f"Check that {STORAGE} names the account, that its name resolves where the app runs (a "
        "private endpoint needs its DNS zone), and that no firewall stands between."
    )


def _writing() -> Findings:
    found = (
        "Not tried: to write rows, and to send, receive and delete messages, cannot be seen by "
        "reading."
    )
    return Findings(
        [Check(WRITING, Verdict.SKIPPED, found, "A validation proves it: python -m local.doctor.")]
    )
