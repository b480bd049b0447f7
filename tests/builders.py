"""What tests send: a valid request, of which a test says only what matters to it."""

import base64
import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from restore_core.contract.origin import Origin
from restore_core.contract.request import RestoreRequest
from restore_core.contract.resource_ids import (
    BackupInstanceId,
    DiskId,
    JobId,
    ResourceGroupId,
    recovery_point_id,
)
from restore_core.engine.ports import RefusedMessage
from restore_core.errors import Problem
from restore_core.lifecycle.backup_instance import BackupInstance
from restore_core.lifecycle.outbox import Outbox
from restore_core.lifecycle.recovery_points import RecoveryPoint
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.sets import Count, Header, Member, Tally
from restore_core.lifecycle.stages import stage_of
from restore_core.lifecycle.states import (
    Accepted,
    Claim,
    Confirming,
    Ended,
    Ending,
    Enrolled,
    Enrolling,
    Following,
    Gathering,
    Guarding,
    Operation,
    Outcome,
    Plan,
    Planned,
    Queued,
    Ready,
    Restoring,
    Retrying,
    Running,
    State,
    Triggering,
    Validated,
    Validating,
    Wait,
)
from restore_core.lifecycle.status import Status
from tests.fakes import NOON

SUBSCRIPTION = "00000000-1111-2222-3333-444444444444"
TARGET_GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-restore"
ALLOW = f"/subscriptions/{SUBSCRIPTION} => {TARGET_GROUP}"
INSTANCE = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-backup/providers/Microsoft.DataProtection"
    "/backupVaults/vault-1/backupInstances/disk-1-7d5b2a6e-0000-0000-0000-000000000001"
)

IDENTITY = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-identities/providers"
    "/Microsoft.ManagedIdentity/userAssignedIdentities/id-backup"
)


def disk(name: str, group: str = TARGET_GROUP) -> str:
    return f"{group}/providers/Microsoft.Compute/disks/{name}"


def fields(**changes: Any) -> dict[str, Any]:
    """Return a request's fields; a change to `...` leaves the field out."""
    whole = {
        "requestId": "r1",
        "backupInstanceId": INSTANCE,
        "targetDiskId": disk("disk-1-restored"),
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not ...}


def message(**changes: Any) -> bytes:
    return json.dumps(fields(**changes)).encode()


def in_base64(**changes: Any) -> bytes:
    return base64.b64encode(message(**changes))


# ------------------------------------------------------------------- values inside the app

A_PROBLEM = Problem("SomeCode", "Something is wrong.")
EARLIER = NOON - timedelta(minutes=1)
SOURCE = DiskId.parse(
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-prod/providers/Microsoft.Compute/disks/disk-1"
)
A_JOB = JobId("3a4189d7-0000-4000-8000-000000000001")
DEADLINE = NOON + timedelta(hours=48)


def a_request(**changes: Any) -> RestoreRequest:
    return parsed(message(**changes))


def parsed(body: bytes) -> RestoreRequest:
    """Return the request of our own message, plain."""
    return RestoreRequest.from_fields(json.loads(body))


def a_claim(at: datetime = EARLIER, request_id: str = "claim-1") -> Claim:
    return Claim(request_id, at, at + timedelta(minutes=20))


def a_plan(**changes: Any) -> Plan:
    whole = Plan(
        instance=BackupInstanceId.parse(INSTANCE),
        source=SOURCE,
        region="westeurope",
        target=DiskId.parse(disk("disk-1-restored")),
        point=recovery_point_id("a05715f103bc4ec498a311801f3baf01"),
        point_time=NOON - timedelta(hours=10),
        snapshot_group=ResourceGroupId.parse(TARGET_GROUP),
        validate_only=False,
    )
    return replace(whole, **changes)


def a_claimed_plan(*claims: Claim) -> Plan:
    return a_plan(claims=claims or (a_claim(),))


def an_operation(started: datetime = EARLIER) -> Operation:
    return Operation("https://management.azure.com/operation?s=signed", started, "correlation-1")


def an_outcome(status: Status = Status.COMPLETED, **changes: Any) -> Outcome:
    return replace(Outcome(status, NOON), **changes)


def a_refused_message(body: bytes = b"x", **changes: Any) -> RefusedMessage:
    return replace(RefusedMessage(body, Status.REJECTED, A_PROBLEM, "", NOON, NOON), **changes)


def a_header(**changes: Any) -> Header:
    return replace(Header("attempt-1", disks=3, members=2, validate_only=False), **changes)


def a_tally(**changes: Any) -> Tally:
    return replace(Tally(3, 2, (Count("Completed", 2), Count("NotProtected", 1))), **changes)


def a_member(**changes: Any) -> Member:
    instance = BackupInstance(
        id=BackupInstanceId.parse(INSTANCE),
        source=SOURCE,
        region="westeurope",
        snapshot_group=ResourceGroupId.parse(TARGET_GROUP),
    )
    return replace(Member("the-set", "row-1", instance), **changes)


def every_state(wait: Wait | None = None) -> dict[str, State]:
    """Return one example of each state, each waiting for `wait`, by its name."""
    wait, plan, claimed = wait or Wait(NOON), a_plan(), a_claimed_plan()
    given_up = an_outcome(Status.TIMED_OUT, job=A_JOB)
    examples = (
        Accepted(wait),
        Enrolled(wait),
        Enrolling(a_header(), wait),
        Gathering(a_header(), wait),
        Following("r0", wait),
        Planned(plan, wait),
        Queued(plan, wait),
        Retrying(plan, wait),
        Ready(plan, wait),
        Validating(plan, an_operation(), wait),
        Validated(plan, wait),
        Triggering(claimed, wait),
        Restoring(claimed, an_operation(), wait),
        Running(claimed, A_JOB, wait),
        Confirming(claimed, an_outcome(Status.REJECTED), wait),
        Ending(an_outcome(), claimed),
        Guarding(given_up, claimed, NOON + timedelta(days=7), wait),
        Ended(an_outcome(), claimed),
    )
    return {type(state).__name__: state for state in examples}


def a_restore(state: State | None = None, **changes: Any) -> Restore:
    """Return a restore that was asked for and accepted at noon; `changes` are the request's."""
    state = state or Accepted(Wait(NOON))
    outbox = Outbox(stage_of(state), NOON)
    return Restore(a_request(**changes), NOON, NOON, DEADLINE, state, outbox, Origin.NATIVE)


def in_state(name: str, request_id: str = "r1") -> Restore:
    return a_restore(every_state()[name], requestId=request_id)


def a_set_of(count: int, **changes: Any) -> Restore:
    """Return the restore of so many disks, each with an id of the usual length."""
    named = [disk(f"disk-{n:04}", str(SOURCE.group)) for n in range(count)]
    several = {"sourceDiskIds": named, "targetResourceGroupId": TARGET_GROUP}
    return a_restore(None, backupInstanceId=..., targetDiskId=..., **several, **changes)


def a_point(**changes: Any) -> RecoveryPoint:
    whole = RecoveryPoint(
        id=recovery_point_id("a05715f103bc4ec498a311801f3baf01"),
        time=NOON - timedelta(hours=10),
        stores=("OperationalStore",),
        state="COMMITTED",
        visible=True,
        expiry=None,
        completeness="Completed",
    )
    return replace(whole, **changes)
