"""What the service may answer, and who is asked: shared by the tests of the vault's calls."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from restore_core.contract.resource_ids import JobId
from restore_core.lifecycle.events import Event, OperationStarted
from restore_core.lifecycle.states import Claim, Operation, Plan
from simulator import faults
from simulator.exchange import Answer
from simulator.faults import Altered, Fault
from tests.azure.bench import Bench

RIGHT = "Microsoft.DataProtection/backupVaults/"
EXISTS = "UserErrorSameNameDiskAlreadyExists"
NO_RIGHT = "UserErrorNotEnoughPermissionOnTargetRG"


def a_claim(bench: Bench, request_id: str = "claim-1") -> Claim:
    return Claim(request_id, bench.clock(), bench.clock() + timedelta(minutes=20))


def altered(change: Callable[[dict[str, Any]], Any]) -> Fault:
    """Let the service answer as it would, its body changed in place by `change`."""

    def alter(answer: Answer) -> Answer:
        body = json.loads(answer.body)
        change(body)
        return replace(answer, body=json.dumps(body).encode())

    return Altered(alter)


def answered(body: Any, status: int = 200) -> Fault:
    return faults.status(status, body=body)


def started(bench: Bench, event: Event) -> Operation:
    """Return the operation of what was just taken, a minute later."""
    assert isinstance(event, OperationStarted)
    bench.clock.advance(minutes=1)
    return event.operation


def polled_validation(bench: Bench, plan: Plan | None = None) -> Event:
    plan = plan or bench.plan()
    operation = started(bench, bench.vault.validate(plan))
    return bench.vault.poll_validation(operation, plan)


def poll_of(bench: Bench, kind: str) -> Callable[[], Event]:
    """Return the poll of an operation of `kind` that was just begun."""
    plan = bench.plan()
    if kind == "validation":
        operation = started(bench, bench.vault.validate(plan))
        return lambda: bench.vault.poll_validation(operation, plan)
    if kind == "restore":
        operation = started(bench, bench.vault.trigger(plan, a_claim(bench)))
        return lambda: bench.vault.poll_restore(operation, plan)
    bench.vault.trigger(plan, a_claim(bench))
    bench.clock.advance(minutes=1)
    job = JobId(bench.simulator.jobs()[0].name)
    return lambda: bench.vault.poll_job(job, plan)


every_operation = pytest.mark.parametrize("kind", ["validation", "restore"])
every_poll = pytest.mark.parametrize("kind", ["validation", "restore", "job"])
