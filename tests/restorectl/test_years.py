"""100,000 restores of three years: what is shown reads the days that it shows, and no other."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from azure.data.tables import TableServiceClient

from restore_core.azure.tables.account import AccountTables
from restore_core.engine.columns import result_row
from restore_core.lifecycle.states import Ending
from restore_core.reading.reading import Reading
from restore_core.reading.wanted import Wanted, until_now
from restorectl.account import CONNECTION
from tests.builders import a_claimed_plan, a_restore, an_outcome
from tests.restorectl.bench import program

if TYPE_CHECKING:
    from local.azurite import Azurite

pytestmark = [pytest.mark.long, pytest.mark.azurite, pytest.mark.timeout(1200)]

RESTORES, DAYS = 100_000, 1_096
BATCH = 100


@dataclass
class Counted:
    """Counts what the service answers."""

    rows: int = 0
    answers: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    def __call__(self, response: Any) -> None:
        self.answers += 1
        body = json.loads(response.http_response.text() or "{}")
        self.rows += len(body.get("value", []))

    def of(self, name: str, ask: Any) -> tuple[Any, int, int]:
        """Return an answer, the rows it took and the calls."""
        self.rows = self.answers = 0
        begun = time.monotonic()
        answer = ask()
        self.seconds[name] = time.monotonic() - begun
        return answer, self.rows, self.answers


@pytest.fixture(scope="module")
def now() -> datetime:
    return datetime.now(UTC).replace(hour=12)


@pytest.fixture(scope="module")
def years(azurite: Azurite, now: datetime) -> dict[str, int]:
    """Have three years of results, and return how many each day holds."""
    tables = TableServiceClient.from_connection_string(azurite.connection_string)
    AccountTables(tables).create_missing()
    results, held = tables.get_table_client("RestoreResults"), dict[str, int]()
    pattern = a_row()
    for day in range(DAYS):
        count = RESTORES * (day + 1) // DAYS - RESTORES * day // DAYS
        midnight = (now - timedelta(days=day)).replace(hour=0, minute=0, second=1)
        rows = [a_result(pattern, midnight, n, count) for n in range(count)]
        held[rows[0]["PartitionKey"]] = count
        for begin in range(0, count, BATCH):
            changes = [("create", row) for row in rows[begin : begin + BATCH]]
            results.submit_transaction(changes)
    return held


def a_row() -> dict[str, Any]:
    outcome = an_outcome()
    return result_row(a_restore(Ending(outcome, a_claimed_plan())), outcome)


def a_result(pattern: dict[str, Any], midnight: datetime, number: int, of: int) -> dict[str, Any]:
    accepted = midnight + timedelta(hours=11) * (number + 1) / of
    key = f"{accepted:%Y%m%d}-{(number * 37) % 101:03}-{number}"
    times = {"acceptedAt": accepted, "requestedAt": accepted}
    times["completedAt"] = accepted + timedelta(seconds=250 + number)
    keys = {"PartitionKey": f"{accepted:%Y-%m-%d}", "RowKey": key, "requestId": key}
    return {**pattern, **keys, **times, "durationSeconds": 250 + number}


def test_what_is_shown_reads_the_days_that_are_shown(
    azurite: Azurite, years: dict[str, int], now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    counted = Counted()
    tables = TableServiceClient.from_connection_string(
        azurite.connection_string, raw_response_hook=counted
    )
    reading = Reading(lambda: AccountTables(tables, are_made=False))
    day, month = timedelta(days=1), timedelta(days=30)
    of_a_day, of_a_month = (_held(years, now, days) for days in (2, 31))

    page, rows, _ = counted.of("ls", lambda: reading.restores(until_now(now - day, now), now))
    assert 0 < len(page.items) <= rows <= of_a_day

    told, rows, answers = counted.of("stats", lambda: reading.summary(now - month, now, now))
    assert 0 < told["total"] <= rows <= of_a_month
    assert answers <= 1 + of_a_month // 1_000 + 2

    ever = Wanted(since=now - DAYS * day, until=now + day, top=100)
    page, rows, answers = counted.of("newest 100 of all", lambda: reading.restores(ever, now))
    shown = {item["acceptedAt"][:10] for item in page.items}
    times = [item["acceptedAt"] for item in page.items]
    assert (len(times), times) == (100, sorted(times, reverse=True))
    probes = 12
    assert rows <= sum(years[one] for one in shown) + probes
    assert answers <= 2 * probes

    with capsys.disabled():
        print(f"\n{sum(years.values())} results: seconds {counted.seconds}")


def _held(years: dict[str, int], now: datetime, days: int) -> int:
    return sum(years.get(f"{now - timedelta(days=n):%Y-%m-%d}", 0) for n in range(days))


@pytest.mark.usefixtures("years")
def test_the_console_script_answers(azurite: Azurite, capsys: pytest.CaptureFixture[str]) -> None:
    seconds = {}
    for words in (["ls", "--since", "2d"], ["stats", "--since", "30d"]):
        begun = time.monotonic()
        told = program(*words, **{CONNECTION: azurite.connection_string})
        seconds[" ".join(words)] = round(time.monotonic() - begun, 1)
        assert told.code == 0
        assert len(told.out.splitlines()) > 5

    with capsys.disabled():
        print(f"\nthe console script, with all that it imports: seconds {seconds}")
