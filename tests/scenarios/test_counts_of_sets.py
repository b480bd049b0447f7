"""What a member of a set costs, counted: ARM calls and storage transactions."""

from collections import Counter

import pytest

from tests.sets import ask, protect
from tests.world import World

FEW, MANY = 5, 10


def _counted(disks: int) -> tuple[Counter[str], int]:
    """Return the storage transactions and the ARM calls of a set of so many disks."""
    with World() as world:
        row = ask(world, sourceDiskIds=protect(world, *(f"disk-{one}" for one in range(disks))))
        assert (row["status"], row["disks"]) == ("Completed", disks)
        return Counter(world.io.calls), len(world.simulator.calls)


def test_each_transaction_and_call_of_a_member_is_accounted_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (few, calls_of_few), (many, calls_of_many) = _counted(FEW), _counted(MANY)

    members = MANY - FEW
    member = {name: number // members for name, number in (many - few).items()}
    calls = (calls_of_many - calls_of_few) / members
    with capsys.disabled():
        print(f"\nA member: {calls:g} ARM calls, {sum(member.values())} transactions: {member}")
    assert calls <= 9
    assert few["RestoreSets.transaction"] == many["RestoreSets.transaction"]
    assert member == {
        "Restores.get": 1 + 4 + 2,  # its turn, step messages, looks at its job
        "Restores.create_entity": 1,
        # its turn; planned, reserved, validating; a look at the validation, the second ends it;
        # claim, taken, job named; a look at the job, the second ends it; ended; told
        "Restores.update": 1 + 3 + 1 + 1 + 2 + 1 + 1 + 1 + 1 + 1,
        "OutstandingRestores.create_entity": 1,
        # before its turn and with it, after each of four step messages, after the look that found
        # its job running
        "OutstandingRestores.upsert": 2 + 4 + 1,
        "OutstandingRestores.delete": 1,
        "restore-steps.send": 1 + 3,
        "RestoredSources.create_entity": 2,
        "RestoredSources.get": 1,
        "TargetLocks.create_entity": 1,
        "TargetLocks.get": 1 + 1,
        "TargetLocks.delete": 1,
        "RestoreSets.update": 1,  # its end, in its row of the plan
        "RestoreResults.upsert": 1,
        "VaultDurations.get": 1,
        "restore-events.send": 1,
    }
