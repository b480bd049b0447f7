"""Rows as the tables hold them, and what is read of them: shared by the tests of reading."""

from datetime import datetime, timedelta
from typing import Any

from restore_core.reading.reading import Page, Reading
from restore_core.reading.wanted import Wanted
from tests.builders import INSTANCE
from tests.fakes import NOON
from tests.given_rows import GivenRows, Row

VAULT = INSTANCE.partition("/backupInstances/")[0]
OTHER = INSTANCE.replace("vault-1", "vault-2")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def ended(key: str, ago: timedelta = HOUR, status: str = "Completed", **columns: Any) -> Row:
    """Return a result of a restore that was accepted so long before noon."""
    accepted = NOON - ago
    return {
        "PartitionKey": f"{accepted:%Y-%m-%d}",
        "RowKey": key,
        "requestId": key,
        "status": status,
        "backupInstanceId": INSTANCE,
        "acceptedAt": accepted,
        "completedAt": accepted + timedelta(seconds=300),
        "durationSeconds": 300,
        **columns,
    }


def running(key: str, ago: timedelta = HOUR, status: str = "Running", **columns: Any) -> Row:
    """Return what the outstanding row of a restore shows."""
    return {
        "RowKey": key,
        "requestId": key,
        "status": status,
        "backupInstanceId": INSTANCE,
        "acceptedAt": NOON - ago,
        **columns,
    }


def page(rows: GivenRows, now: datetime = NOON, **asked: Any) -> Page:
    wanted = Wanted(**{"since": NOON - 30 * DAY, "until": NOON + HOUR, **asked})
    return Reading(lambda: rows).restores(wanted, now)


def ids(found: Page) -> list[str]:
    return [item["rowId"] for item in found.items]


def summary(rows: GivenRows, **asked: Any) -> dict[str, Any]:
    return Reading(lambda: rows).summary(NOON - 30 * DAY, NOON + HOUR, NOON, **asked)
