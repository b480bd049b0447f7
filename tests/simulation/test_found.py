"""What the worlds have found in the app, each kept by its seed and by what went wrong."""

from dataclasses import replace
from datetime import datetime, timedelta
from unittest.mock import patch

import pytest

from restore_core.azure.tables.outstanding import OUTSTANDING
from restore_core.azure.tables.restores import RestoresTable
from restore_core.azure.tables.results import RESULTS
from restore_core.engine.ports import Versioned
from restore_core.errors import Superseded
from restore_core.lifecycle.outbox import Stage
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.states import Ready
from simulator import faults as spoil
from simulator import outcomes
from simulator.exchange import Request
from tests.simulation import faults
from tests.simulation.deaths import Dying
from tests.simulation.host import TICK
from tests.simulation.lives import AT_HOME, LIVES, LOOKED_UP, Life
from tests.simulation.world import World


@pytest.mark.parametrize("seed", [51, 74, 90])
def test_a_job_is_found_though_its_operation_never_ends(seed: int) -> None:
    """The operation said "running" for two days, and the disk of a job long ended was TimedOut."""
    report = World(seed, faults.choose(seed)).run()

    assert not report.breaches


@pytest.mark.parametrize("word", ["never", "Halfway"])
def test_a_restore_ends_with_its_job_whatever_its_operation_says(word: str) -> None:
    operation = outcomes.never() if word == "never" else outcomes.ends_as(word)
    world = Dying(Life("Completed", {"operation": operation}), frozenset())

    report = world.run()

    assert not report.breaches
    assert report.span < timedelta(hours=2).total_seconds()


def test_an_unreadable_list_of_jobs_leaves_the_restore_to_its_operation() -> None:
    world = Dying(Life("Completed", {"operation": outcomes.never()}), frozenset())
    world.simulator.next("GET", "/backupJobs", spoil.service_error(503, "ServiceUnavailable"))

    report = world.run()

    assert not report.breaches


def test_who_waits_for_longest_is_not_passed_over_because_its_row_was_saved_meanwhile() -> None:
    """Seed 21: a save that was lost counted as a turn given, and the next one overtook."""
    life = Life("Completed", settings={"max_active": 2}, others=({}, {}, {}), ends={"Completed": 4})
    world = Dying(replace(life, sooner=1), frozenset())
    real, lost = RestoresTable.save, []

    def save(self: RestoresTable, restore: Restore, etag: str) -> Versioned:
        if restore.id == "r3" and isinstance(restore.state, Ready) and not lost:
            lost.append(restore.id)
            raise Superseded("an event of it was sent meanwhile")
        return real(self, restore, etag)

    with patch.object(RestoresTable, "save", save):
        report = world.run()

    assert lost
    assert not report.breaches


def test_no_cooldown_is_none_also_for_a_worker_whose_clock_is_behind() -> None:
    """Refused, less than 0 minutes after a restore that ended in the future."""
    settings = {**AT_HOME, "cooldown": timedelta(0)}
    ends = {"Completed": 2}
    two = Life("Completed", {}, LOOKED_UP, others=(LOOKED_UP,), settings=settings, ends=ends)
    world = Dying(replace(two, sooner=115), frozenset())
    world.scheduler.at(110, lambda: _put_back(world, timedelta(minutes=2)))

    report = world.run()

    assert not report.breaches


def test_who_has_been_given_a_turn_is_counted_before_its_next_step() -> None:
    """Four ran where three may: a step hung, and until it ended the row said that it waits."""
    world = Dying(LIVES["queued"], frozenset())
    usual, turns = world.obeyed, []

    def obeyed(asked: Request) -> None:
        usual(asked)
        if asked.path.endswith("/validateRestore"):
            rows = world.tables.get_table_client(OUTSTANDING).list_entities()
            turns.append({row["RowKey"]: row["turn"] for row in rows})

    with patch.object(world, "obeyed", obeyed):
        report = world.run()

    assert not report.breaches
    assert turns == [{"r1": "taken"}, {"r0": "taken"}]


def test_events_that_cannot_be_sent_hold_up_no_restore() -> None:
    life = Life("Completed", settings={"notices": frozenset(Stage)})
    usual = Dying(life, frozenset())
    usual.run()
    world = Dying(life, frozenset())
    world.wants.heals = 3600
    world.outages["events-queue-gone"] = (0, world.wants.heals)

    report = world.run()

    assert not report.breaches
    assert abs(_ended(world) - _ended(usual)) < timedelta(seconds=TICK)
    assert report.span > world.wants.heals


def _put_back(world: World, span: timedelta) -> None:
    for process in world.host.processes:
        process.skew -= span


def _ended(world: World) -> datetime:
    (row,) = world.tables.get_table_client(RESULTS).list_entities()
    return row["completedAt"]
