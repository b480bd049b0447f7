"""One account under the caller's identity: what is read of it, and what may be written.

Failures of storage and of ARM are told as sentences with a remedy (`explained`).
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from azure.core.exceptions import AzureError

from restore_core.azure import clients, storage
from restore_core.azure.arm import Arm
from restore_core.azure.backup_vault import BackupVault
from restore_core.azure.tables.account import AccountTables
from restore_core.contract.queue_names import POISON, REQUESTS, STEPS
from restore_core.errors import Problem, Rejected, SettingsError, Unavailable
from restore_core.reading.items import portal_of
from restore_core.reading.reading import Reading
from restore_core.settings import DEFAULT_API_VERSION
from restorectl import account
from restorectl.exits import Exit, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from azure.data.tables import TableServiceClient
    from azure.storage.queue import QueueMessage, QueueServiceClient

    from restorectl.account import Account

MOST_PEEKED: Final = 32
"""Messages that a queue shows at once: the service's limit."""
MAX_MESSAGE: Final = 64 * 1024
_RETRIES: Final = 1
"""A person waits: what does not answer is told."""

_LOGIN: Final = "Log in: az login (and az account set, where you have several tenants)."
_ROLES: Final = (
    "To read takes Storage Table Data Reader and Storage Queue Data Reader on the account, to send "
    "Storage Queue Data Message Sender on its queue of requests, to purge Storage Table Data "
    "Contributor. A role that was just given takes some minutes; a closed network takes calls from "
    "inside it alone."
)
_NETWORK: Final = (
    "Is the account's name right, and does this machine reach it? A closed network (private "
    "endpoints, a firewall) is reached from inside it alone."
)
_ANOTHER: Final = "Is it the app's account, and did the app ever run?"
_REMEDIES: Final = {
    "ClientAuthenticationError": _LOGIN,
    "CredentialUnavailableError": _LOGIN,
    "AuthenticationFailed": _ROLES,
    "AuthorizationFailure": _ROLES,
    "AuthorizationPermissionMismatch": _ROLES,
    "InsufficientAccountPermissions": _ROLES,
    "NoAuthenticationInformation": _ROLES,
    "TableNotFound": _ANOTHER,
    "QueueNotFound": _ANOTHER,
}
"""By the code that the SDK or the service gives; every other is one of the network."""


class Session:
    """An account, opened. Safe for threads; every call may raise Unavailable."""

    def __init__(self, opened: Account, clock: Callable[[], datetime]) -> None:
        self.account = opened
        self.clock = clock

    @cached_property
    def reading(self) -> Reading:
        """What can be asked."""
        return Reading(lambda: self.tables, portal=portal_of(self.account.arm_endpoint))

    @cached_property
    def tables(self) -> AccountTables:
        """The app's tables, of which none is ever made."""
        return AccountTables(self.table_service, are_made=False)

    @cached_property
    def table_service(self) -> TableServiceClient:
        """The account's tables."""
        return clients.tables(self.account.connection, retries=_RETRIES)

    @cached_property
    def queue_service(self) -> QueueServiceClient:
        """The account's queues."""
        return clients.queues(self.account.connection, retries=_RETRIES)

    @cached_property
    def vault(self) -> BackupVault:
        """The vaults, by the app's own rules, under the caller's identity."""
        arm = Arm(
            self.account.arm_endpoint,
            clients.Identity(),
            api_version=DEFAULT_API_VERSION,
            clock=self.clock,
        )
        return BackupVault(arm, self.clock)

    def send(self, message: Mapping[str, Any]) -> None:
        """Put a message on the queue of requests."""
        text = json.dumps(message, ensure_ascii=False)
        if len(text.encode()) > MAX_MESSAGE:
            raise Trouble("The message has more than 64 KiB, which no queue takes.", "", Exit.USAGE)
        with storage.answering():
            self.queue_service.get_queue_client(REQUESTS).send_message(text)

    def waiting(self, queue: str = REQUESTS) -> int:
        """Return about how many messages are on a queue."""
        with storage.answering():
            properties = self.queue_service.get_queue_client(queue).get_queue_properties()
        return properties.approximate_message_count or 0

    def poisoned(self) -> list[tuple[str, QueueMessage]]:
        """Return what the host gave up, of each queue as many as it shows at once."""
        return [
            (queue, message)
            for queue in (REQUESTS + POISON, STEPS + POISON)
            for message in self.peeked(queue)
        ]

    def peeked(self, queue: str) -> list[QueueMessage]:
        """Return what a queue shows at once; nothing where the queue is missing."""
        try:
            client = self.queue_service.get_queue_client(queue)
            with storage.answering():
                return list(client.peek_messages(max_messages=MOST_PEEKED))
        except Unavailable as error:
            if "QueueNotFound" in error.problem.message:
                return []  # The host makes it when the first message is poisoned.
            raise


def opened(option: str) -> Session:
    """Return the account that is meant (`account`); raise Trouble."""
    return Session(account.chosen(option, os.environ, Path.cwd()), clock)


def clock() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


@contextmanager
def explained() -> Iterator[None]:
    """Tell failures of storage and ARM as Trouble: the service's words, and what to do."""
    try:
        yield
    except Unavailable as error:
        raise Trouble(error.problem.message, _remedy(error.problem)) from None
    except Rejected as error:
        code = Exit.USAGE if error.problem.code == "InvalidParameter" else Exit.UNREACHED
        raise Trouble(error.problem.message, error.problem.action, code) from None
    except SettingsError as error:
        raise Trouble(str(error), "", Exit.USAGE) from None
    except AzureError as error:
        problem = Problem("", f"Azure did not answer: {type(error).__name__}")
        raise Trouble(problem.message, _remedy(problem)) from None


def _remedy(problem: Problem) -> str:
    if problem.action:
        return problem.action
    for code, remedy in _REMEDIES.items():
        if code in problem.message:
            return remedy
    return _NETWORK
