"""What looking for an instance or a job costs in calls, where a vault holds thousands of them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from restore_core.lifecycle.quota import DOCUMENTED, Bucket
from simulator import Limits, faults, outcomes
from tests import builders, envelopes
from tests.world import World

# The same lines thousands of times: their coverage, which doubles the cost, is not measured.
pytestmark = pytest.mark.no_cover

PAGE = 98  # Recorded.

Told = pytest.CaptureFixture[str]


def told(capsys: Told, line: str) -> None:
    with capsys.disabled():
        print(f"\n{line}")


def calls_of_a_restore(**message: Any) -> int:
    with World() as world:
        world.protect()
        world.send(**message)
        world.run()
        assert world.result()["status"] == "Completed"
        return len(world.simulator.calls)


def test_a_message_by_disk_costs_at_most_two_calls_more_than_by_instance(capsys: Told) -> None:
    with World() as world:
        instance = world.protect()

    vault = instance.partition("/backupInstances/")[0]

    by_instance = calls_of_a_restore(backupInstanceId=instance)
    by_disk = calls_of_a_restore(backupInstanceId=..., sourceDiskId=envelopes.DISK, vaultId=vault)

    told(capsys, f"ARM calls of a restore by instance: {by_instance}, by disk: {by_disk}")
    assert by_disk <= by_instance + 2


def lost_answer(world: World, jobs: int) -> None:
    """Ask for a restore in a vault of so many jobs; its POST is obeyed and the answer lost."""
    world.simulator.habits.page_size = PAGE
    instance = world.protect()
    world.simulator.add_history(instance, jobs)
    world.simulator.next("POST", "/restore", faults.lose_answer())
    world.send(backupInstanceId=instance)


def adopted(world: World) -> bool:
    return any(row.get("jobId") for row in world.rows("Restores"))


@pytest.mark.timeout(120)
def test_a_lost_job_among_fifty_thousand_is_adopted_within_thirty_calls(capsys: Told) -> None:
    with World(graph_lag=timedelta(seconds=230)) as world:
        lost_answer(world, 50_000)

        world.run(until=lambda: adopted(world))

        calls = len(world.simulator.calls)
        told(capsys, f"ARM calls until a lost job among 50,000 is adopted: {calls}")
        assert calls <= 30
        world.run()
        assert world.result()["status"] == "Completed"
        assert world.result()["armCalls"] == len(world.simulator.calls)
        assert world.simulator.restores_of("disk-1-restored") == 1


@pytest.mark.timeout(120)
@pytest.mark.parametrize("jobs", [5_000, pytest.param(20_500, marks=pytest.mark.long)])
def test_without_the_graph_the_list_is_read_on_until_the_job_is_adopted(
    jobs: int, capsys: Told
) -> None:
    with World(graph="forbidden") as world:
        lost_answer(world, jobs)

        world.run()

        calls = len(world.simulator.calls)
        told(capsys, f"ARM calls of a lost job among {jobs} without the graph: {calls}")
        assert world.result()["status"] == "Completed"
        assert world.simulator.restores_of("disk-1-restored") == 1
        assert len(world.arm_calls("POST", "/resources")) <= 3
        assert calls <= 400


def test_beside_an_operation_that_never_ends_the_list_is_read_on_until_the_job_is_adopted(
    capsys: Told,
) -> None:
    with World(graph="forbidden") as world:
        world.simulator.habits.page_size = PAGE
        instance = world.protect()
        world.simulator.add_history(instance, 20_500)
        world.simulator.script("disk-1-restored", operation=outcomes.never())
        world.send(backupInstanceId=instance)
        begun = world.clock()

        world.run(until=lambda: adopted(world))

        calls, hours = len(world.simulator.calls), (world.clock() - begun) / timedelta(hours=1)
        told(capsys, f"ARM calls beside an operation that never ends: {calls}, {hours:.1f} h")
        assert calls <= 300
        assert hours <= 4
        world.run()
        assert world.result()["status"] == "Completed"


@pytest.mark.long
@pytest.mark.timeout(120)
def test_a_vault_whose_list_no_search_can_read_ends_timed_out_and_is_never_asked_twice(
    capsys: Told,
) -> None:
    with World(graph="forbidden", rules={"max_age": timedelta(hours=48)}) as world:
        lost_answer(world, 35_000)

        world.run(hours=49)

        calls = len(world.simulator.calls)
        told(capsys, f"ARM calls of a lost job among 35,000 without the graph, 48 h: {calls}")
        assert world.result()["status"] == "TimedOut"
        assert calls <= 500
        assert len(world.arm_calls("POST", "/restore")) == 1
        (row,) = world.rows("TargetLocks")
        assert row["requestId"] == "r1"
        world.run(days=8)
        assert len(world.simulator.calls) <= 520


@pytest.mark.long
@pytest.mark.timeout(120)
def test_without_the_graph_a_restore_that_was_not_taken_is_asked_for_again() -> None:
    """300 pages are the most that one pass reads: of 29,000 jobs absence can be believed.

    The clock stands still in a pass. At the recorded 300 ms a page, ARM's quota is refilled faster.
    """
    quota = replace(DOCUMENTED, reads=Bucket(1_000, 25))
    with World(graph="forbidden", limits=Limits.none(), rules={"quota": quota}) as world:
        lost_answer(world, 29_000)
        world.simulator.clear_faults()
        world.simulator.next("POST", "/restore", faults.status(503, "ServiceUnavailable"))

        world.run(hours=200)

        assert world.result()["status"] == "Completed"
        assert len(world.arm_calls("POST", "/restore")) == 2
        assert world.simulator.restores_of("disk-1-restored") == 1
        assert world.result()["armCalls"] <= 520


@pytest.mark.parametrize(("graph", "most"), [("open", 25), ("forbidden", 50)])
def test_a_hundred_alerts_for_one_disk_cost_what_one_costs(
    graph: str, most: int, capsys: Told
) -> None:
    with World(graph=graph) as world:
        for number in range(3_000):
            world.simulator.protect(f"other-{number}", subscription=builders.SUBSCRIPTION)
        instance = world.protect()
        vault = instance.partition("/backupInstances/")[0]
        asked = {"sourceDiskId": world.simulator.source_disk(instance), "vaultId": vault}
        world.simulator.habits.page_size = PAGE
        for number in range(100):
            target = builders.disk(f"r{number}")
            world.send(requestId=f"r{number}", backupInstanceId=..., targetDiskId=target, **asked)
        world.run()

        calls = len(world.simulator.calls)
        told(capsys, f"ARM calls of 100 alerts for one disk of 3,000, graph {graph}: {calls}")
        ended = [row["status"] for row in world.rows("RestoreResults")]
        assert (ended.count("Completed"), ended.count("Rejected")) == (1, 99)
        assert calls <= most
