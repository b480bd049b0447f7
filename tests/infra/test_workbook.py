"""Each tile of the workbook over the log of a run agrees with what the tables hold of it."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from statistics import median_low
from typing import Any

import pytest

from simulator import Pace, outcomes
from tests import builders, envelopes
from tests.infra.deployment import INFRA, deployment
from tests.infra.workspace import POISONED, LoggedWorld

PHASES = ("queuedSeconds", "validatingSeconds", "jobSeconds", "otherSeconds")
WELL = {"Completed", "CompletedWithWarnings"}


@cache
def workbook() -> dict[str, Any]:
    """Return the workbook as it is deployed."""
    made = deployment("smallest").only("Microsoft.Insights/workbooks")
    return dict(json.loads(made["properties"]["serializedData"]))


@cache
def tiles() -> dict[str, dict[str, Any]]:
    return {item["name"]: item["content"] for item in workbook()["items"] if item["type"] == 3}


def shown(world: LoggedWorld, tile: str, **parameters: str) -> list[dict[str, Any]]:
    """Return the rows of a tile, with the workbook's parameters put in."""
    query = tiles()[tile]["query"]
    for name, value in parameters.items():
        query = query.replace(f"{{{name}}}", value)
    return world.workspace.query(query, world.clock())


@pytest.fixture(scope="module")
def world() -> Iterator[LoggedWorld]:
    """Two days in which restores of two vaults end in every way, and some have not ended."""
    pace = Pace(job=timedelta(minutes=4))
    with LoggedWorld(pace=pace, rules={"max_active": 2, "cooldown": timedelta(0)}) as world:
        first, second = world.protect("disk-1"), world.protect("disk-2", vault="vault-2")
        for number in range(4):
            send(world, number, first if number % 2 else second)
        world.run()
        world.clock.advance(hours=20)
        script = world.simulator.script
        script("restored-10", job=outcomes.fails("UserErrorDiskSnapshotNotFound"))
        script("restored-11", job=outcomes.completes_with_warnings())
        script("restored-12", validation=outcomes.fails("UserErrorRestoreTargetRGNotFound"))
        for number in (10, 11, 12):
            send(world, number, second)
            world.run()
        send(world, 13, first, validateOnly=True)
        send(world, 15, first, targetDiskId=builders.disk("x", group=ELSEWHERE))
        world.send(b"no json")
        world.send(envelopes.sent(envelopes.an_alert(monitorCondition="Resolved")))
        world.run()
        world.simulator.script("restored-20", job=outcomes.never())
        for number in (20, 21, 22):
            send(world, number, second)
        world.run(seconds=100)
        yield world


ELSEWHERE = f"/subscriptions/{builders.SUBSCRIPTION}/resourceGroups/rg-elsewhere"


def send(world: LoggedWorld, number: int, instance: str, **changes: Any) -> None:
    target = builders.disk(f"restored-{number}")
    world.send(
        **{
            "requestId": f"r{number}",
            "backupInstanceId": instance,
            "targetDiskId": target,
            **changes,
        }
    )


def results(world: LoggedWorld) -> list[dict[str, Any]]:
    return world.rows("RestoreResults")


def test_the_run_has_every_ending_and_some_without(world: LoggedWorld) -> None:
    assert {row["status"] for row in results(world)} == {
        *WELL,
        *("Failed", "Rejected", "Validated", "Ignored"),
    }
    assert len(world.rows("OutstandingRestores")) == 3


def test_how_they_ended_agrees(world: LoggedWorld) -> None:
    statuses = Counter(row["status"] for row in results(world))

    assert {row["status"]: row["restores"] for row in shown(world, "by-status")} == statuses


def test_what_was_given_up_is_counted_once_although_its_job_ends_later() -> None:
    with LoggedWorld(rules={"max_age": timedelta(hours=1)}) as given_up:
        script = given_up.simulator.script
        script("disk-1-restored", job=outcomes.succeeds(lasts=timedelta(hours=2)))
        given_up.send(backupInstanceId=given_up.protect())
        given_up.run()

        assert len([line for line in given_up.workspace.messages if "restore.ending" in line]) == 2
        assert shown(given_up, "by-status") == [{"status": "TimedOut", "restores": 1}]


def test_endings_a_day_agree(world: LoggedWorld) -> None:
    found = {
        (f"{row['day']:%Y-%m-%d}", row["status"]): row["restores"] for row in shown(world, "by-day")
    }

    assert found == Counter(
        (f"{row['completedAt']:%Y-%m-%d}", row["status"]) for row in results(world)
    )
    assert len({day for day, _ in found}) == 2


def test_endings_by_vault_agree(world: LoggedWorld) -> None:
    found = {(row["vault"], row["status"]): row["restores"] for row in shown(world, "by-vault")}

    assert found == Counter((vault_of(row), row["status"]) for row in results(world))
    assert {vault for vault, _ in found} == {"vault-1", "vault-2", "none known"}


def vault_of(row: dict[str, Any]) -> str:
    instance = row.get("backupInstanceId", "")
    return instance.split("/backupVaults/")[1].split("/")[0] if instance else "none known"


def test_durations_agree(world: LoggedWorld) -> None:
    assert per_day(world, "durations", "slowest") == expected(world, "durationSeconds", 60)


def test_the_age_of_the_points_agrees(world: LoggedWorld) -> None:
    assert per_day(world, "point-age", "oldest") == expected(world, "recoveryPointAgeSeconds", 3600)


def per_day(world: LoggedWorld, tile: str, most: str) -> dict[str, tuple[float, float]]:
    return {
        f"{row['day']:%Y-%m-%d}": (pytest.approx(row["median"]), pytest.approx(row[most]))
        for row in shown(world, tile)
    }


def expected(world: LoggedWorld, column: str, unit: int) -> dict[str, tuple[float, float]]:
    days: dict[str, list[int]] = {}
    for row in results(world):
        if row["status"] in WELL:
            days.setdefault(f"{row['completedAt']:%Y-%m-%d}", []).append(row[column])
    return {day: (median_low(found) / unit, max(found) / unit) for day, found in days.items()}


def test_where_the_time_went_is_what_the_row_tells_and_adds_up(world: LoggedWorld) -> None:
    phases = {row["requestId"]: row for row in shown(world, "phases")}

    done = {row["RowKey"]: row for row in results(world) if row["status"] in WELL}
    assert phases.keys() == done.keys()
    for name, row in phases.items():
        for column in ("queuedSeconds", "validatingSeconds", "jobSeconds"):
            assert row[column] == done[name].get(column, 0), (name, column)
        assert sum(row[part] for part in PHASES) == done[name]["durationSeconds"], name


def test_who_waited_for_a_turn_is_seen_to_have_waited(world: LoggedWorld) -> None:
    """Two run at once: of four that came together, two waited as long as the first two took."""
    phases = {row["requestId"]: row for row in shown(world, "phases")}

    waited = [phases[name]["queuedSeconds"] > 240 for name in ("r0", "r1", "r2", "r3")]
    assert waited == [False, False, True, True]


def test_reasons_stand_there_with_their_remedies(world: LoggedWorld) -> None:
    found = {row["code"]: row for row in shown(world, "reasons")}

    told = [row for row in results(world) if row.get("errorCode")]
    assert {code: row["times"] for code, row in found.items()} == Counter(
        row["errorCode"] for row in told
    )
    for row in told:
        assert row["recommendedAction"].startswith(found[row["errorCode"]]["remedy"].rstrip("…"))
        assert row["errorMessage"].startswith(found[row["errorCode"]]["reason"].rstrip("…"))


def test_what_has_not_ended_stands_there_as_the_table_has_it(world: LoggedWorld) -> None:
    found = {row["requestId"]: row["state"] for row in shown(world, "running")}

    ended = {row["RowKey"] for row in results(world)}
    assert found == {
        row["PartitionKey"]: row["status"]
        for row in world.rows("Restores")
        if row["PartitionKey"] not in ended
    }
    assert len(found) == 3


def test_one_restore_s_story_is_told_from_acceptance_to_end(world: LoggedWorld) -> None:
    story = [row["Message"] for row in shown(world, "story", RequestId="r10")]

    assert story[0].startswith("restore.accepted requestId=r10 ")
    assert story[-1].startswith("restore.ended requestId=r10 ")
    assert story == [line for line in world.workspace.messages if "requestId=r10 " in line]


def test_the_last_tick_is_shown_as_the_tables_stand(world: LoggedWorld) -> None:
    (now,) = shown(world, "now")

    states = Counter(row["state"] for row in shown(world, "running"))
    assert now["outstanding"] == states.total() == 3
    assert now["queued"] == states["Queued"]
    assert now["running"] == states.total() - states["Queued"]
    assert now["oldestMinutes"] == 1


# ------------------------------------------------------------------------------------ the layout


def test_every_tile_is_a_query_of_this_workspace_and_this_time() -> None:
    workspace = deployment("smallest").only("Microsoft.OperationalInsights/workspaces")["id"]

    assert workbook()["fallbackResourceIds"] == [workspace]
    for name, content in tiles().items():
        assert content["crossComponentResources"] == [workspace], name
        assert content["timeContextFromParameter"] == "TimeRange", name
        assert "TimeGenerated" in content["query"], name
        assert content["title"]


def test_every_axis_and_group_of_a_chart_is_a_column_of_its_query(world: LoggedWorld) -> None:
    for name, content in tiles().items():
        chart = content.get("chartSettings", {})
        named = {chart.get("xAxis"), chart.get("group"), *chart.get("yAxis", [])} - {None}
        rows = shown(world, name, RequestId="r10")
        assert rows, name
        assert named <= set(rows[0]), name


def test_every_query_file_is_shown() -> None:
    files = {file.stem for file in (INFRA / "workbook").glob("*.kql")} - {"ended"}

    assert files == set(tiles())


def test_each_field_that_a_query_extracts_stands_in_the_lines_of_a_run(world: LoggedWorld) -> None:
    """The same pattern finds it: a field renamed in the log would leave a chart empty."""
    rows = [*world.workspace.messages, POISONED.format(queue="restore-requests-poison")]
    files = sorted([*(INFRA / "workbook").glob("*.kql"), *(INFRA / "alerts").glob("*.kql")])
    patterns = {
        found
        for file in files
        for found in re.findall(r'extract\(@"([^"]+)", 1, Message\)', file.read_text("utf-8"))
    }

    assert len(patterns) > 10
    for pattern in patterns:
        assert any((match := re.search(pattern, row)) and match[1] for row in rows), pattern
