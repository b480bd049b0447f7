"""host.json, and what the code believes of it."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from restore_core.azure.arm import Arm
from restore_core.azure.backup_vault import BackupVault
from restore_core.engine.performer import Performer
from restore_core.lifecycle import pace
from restore_core.lifecycle.policy import Policy
from restore_core.lifecycle.rules import Rules
from restore_core.lifecycle.states import Validated, Wait
from tests import world
from tests.builders import a_plan, a_restore
from tests.fakes import NOON, Io, ManualClock, MemoryTables

ROOT = Path(__file__).parents[1]
THREADS_ON_ONE_CPU = 5  # ThreadPoolExecutor: min(32, CPUs + 4)


@pytest.fixture(scope="module")
def host() -> dict[str, Any]:
    host: dict[str, Any] = json.loads((ROOT / "host.json").read_text())
    return host


@pytest.fixture(scope="module")
def queues(host: dict[str, Any]) -> dict[str, Any]:
    queues: dict[str, Any] = host["extensions"]["queues"]
    return queues


def span(text: str) -> timedelta:
    hours, minutes, seconds = (float(part) for part in text.split(":"))
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def test_the_functions_time_out_is_the_one_the_lease_counts_on(host: dict[str, Any]) -> None:
    assert span(host["functionTimeout"]) == pace.FUNCTION_TIMEOUT


@pytest.mark.parametrize("lag", [1, 600, 3_600])
def test_a_claim_is_leased_for_longer_than_time_out_lag_and_skew_together(
    host: dict[str, Any], lag: int
) -> None:
    clock, job_list_lag = ManualClock(NOON), timedelta(seconds=lag)
    unused: Any = MemoryTables(Io())
    arm = Arm("https://management.azure.com", unused, api_version="2025-07-01", clock=clock)
    performer = Performer(
        tables=unused,
        vault=BackupVault(arm, clock),
        rules=Rules(Policy.parse("* => *"), job_list_lag=job_list_lag),
        clock=clock,
    )

    claimed: Any = performer.claim(a_restore(Validated(a_plan(), Wait(NOON))))

    lease = claimed.claim.believed_after - claimed.claim.at
    assert lease >= span(host["functionTimeout"]) + job_list_lag + pace.CLOCK_SKEW
    assert lease > pace.CLAIM_FRESH + span(host["functionTimeout"])


def test_a_message_waits_for_no_thread_of_the_worker(queues: dict[str, Any]) -> None:
    """One queue's messages fit the default threads; both queues' and the timer fit the sample's."""
    sample = json.loads((ROOT / "local.settings.sample.json").read_text())
    at_once = queues["batchSize"] + queues["newBatchThreshold"]

    assert at_once <= THREADS_ON_ONE_CPU
    assert 2 * at_once + 1 <= int(sample["Values"]["PYTHON_THREADPOOL_THREAD_COUNT"])


def test_messages_are_decoded_by_the_app_and_by_nobody_else(queues: dict[str, Any]) -> None:
    assert queues["messageEncoding"] == "none"


def test_an_outage_of_an_hour_poisons_no_message(queues: dict[str, Any]) -> None:
    assert span(queues["visibilityTimeout"]) * queues["maxDequeueCount"] >= timedelta(hours=1)


def test_an_idle_queue_is_looked_at_every_few_seconds(queues: dict[str, Any]) -> None:
    assert span(queues["maxPollingInterval"]) <= timedelta(seconds=10)


def test_the_bundle_is_of_the_fourth_generation(host: dict[str, Any]) -> None:
    assert host["extensionBundle"] == {
        "id": "Microsoft.Azure.Functions.ExtensionBundle",
        "version": "[4.*, 5.0.0)",
    }


def test_the_host_of_the_scenarios_lives_by_the_same_numbers(queues: dict[str, Any]) -> None:
    assert span(queues["visibilityTimeout"]) == world.HOST_RETRY
    assert queues["maxDequeueCount"] == world.MAX_DEQUEUE


def test_no_log_line_of_ours_is_sampled_away(host: dict[str, Any]) -> None:
    sampling = host["logging"]["applicationInsights"]["samplingSettings"]

    assert "Trace" in sampling["excludedTypes"].split(";")
