"""Finding the backup instance of a disk: in Resource Graph, else in the vaults' lists."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from restore_core.contract.resource_ids import BackupInstanceId, BackupVaultId, DiskId
from restore_core.errors import Rejected, Unavailable
from restore_core.lifecycle.backup_instance import BackupInstance
from simulator import faults
from simulator.exchange import Answer
from tests import builders
from tests.azure.bench import Bench, a_bench
from tests.fakes import NOON

READ = "Microsoft.DataProtection/backupVaults/backupInstances/read"
LONG_AGO = NOON - timedelta(days=1)


@pytest.fixture
def lists() -> Iterator[Bench]:
    """A bench whose Resource Graph shows nothing."""
    with a_bench(graph="empty") as bench:
        yield bench


def look(bench: Bench, *vaults: str, disk: str = "", asked_at: datetime = NOON) -> BackupInstance:
    source = DiskId.parse(disk or bench.simulator.source_disk(bench.id))
    named = [BackupVaultId.parse(vault) for vault in vaults] or [bench.instance.vault]
    return bench.vault.instance_of(source, named, asked_at)


def refused(bench: Bench, *vaults: str, **how: Any) -> str:
    with pytest.raises(Rejected) as raised:
        look(bench, *vaults, **how)
    return raised.value.problem.code


def asked(bench: Bench, end: str) -> int:
    return sum(call.path.endswith(end) for call in bench.simulator.calls)


def twin(bench: Bench, vault: str = "vault-2") -> BackupInstanceId:
    """Protect the bench's disk in another vault, too."""
    disk = bench.simulator.source_disk(bench.id)
    made = bench.simulator.protect(disk, vault=vault, subscription=builders.SUBSCRIPTION)
    return BackupInstanceId.parse(made)


def test_a_disk_is_found_by_one_query_and_a_get(bench: Bench) -> None:
    found = look(bench)

    assert found == bench.vault.instance(bench.instance)
    calls = [f"{call.method} {call.path.rpartition('/')[2]}" for call in bench.simulator.calls]
    assert calls[:2] == ["POST resources", f"GET {bench.instance.name}"]


def test_a_row_whose_instance_is_gone_is_believed_of_nobody(bench: Bench) -> None:
    bench.simulator.habits.graph_lag = timedelta(minutes=5)
    bench.clock.advance(minutes=10)
    bench.simulator.protect("disk-2", subscription=builders.SUBSCRIPTION)
    bench.simulator.remove_instance(bench.id)
    gone = bench.simulator.world.removed_instances[bench.id.lower()].disk_id

    assert refused(bench, disk=gone) == "DiskNotProtected"
    assert asked(bench, "/backupInstances") == 1


def test_a_row_of_another_disk_is_passed_over_and_the_list_is_read(bench: Bench) -> None:
    other = bench.simulator.protect("disk-2", subscription=builders.SUBSCRIPTION)
    wrong = {
        "data": [
            {"id": other, "properties": {}},
            {"id": "/nowhere", "properties": _of(bench)},
            {"id": f"{bench.instance.vault}-2/backupInstances/disk-1-x", "properties": _of(bench)},
            {"id": other, "properties": _of(bench)},
        ]
    }
    bench.simulator.next("POST", "/resources", faults.Instead(Answer.of(wrong)))

    assert look(bench).id == bench.instance
    assert asked(bench, "/backupInstances") == 1


def _of(bench: Bench) -> dict[str, Any]:
    return {"dataSourceInfo": {"resourceID": bench.simulator.source_disk(bench.id)}}


def test_a_row_whose_instance_may_not_be_read_is_refused_with_the_right_that_is_missing(
    bench: Bench,
) -> None:
    forbidden = faults.status(403, "AuthorizationFailed", f"may not perform action '{READ}'")
    bench.simulator.next("GET", "/backupInstances/*", forbidden)

    assert refused(bench) == "AuthorizationFailed"


def test_an_instance_that_the_graph_does_not_show_yet_is_found_in_the_list(bench: Bench) -> None:
    bench.simulator.habits.graph_lag = timedelta(minutes=5)
    bench.clock.advance(minutes=10)
    late = bench.simulator.protect("disk-2", subscription=builders.SUBSCRIPTION)

    found = look(bench, disk=bench.simulator.source_disk(late))

    assert str(found.id) == late


def test_a_graph_that_fails_leaves_it_to_the_list(bench: Bench) -> None:
    bench.simulator.next("POST", "/resources", faults.status(503))

    assert look(bench).id == bench.instance


@pytest.mark.parametrize("mood", ["open", "empty"])
def test_a_disk_in_two_of_the_vaults_is_refused_and_both_are_named(bench: Bench, mood: Any) -> None:
    bench.simulator.habits.graph = mood
    second = twin(bench)

    with pytest.raises(Rejected) as raised:
        look(bench, str(bench.instance.vault), str(second.vault))

    assert raised.value.problem.code == "SeveralBackupInstances"
    assert all(str(one) in raised.value.problem.message for one in (bench.instance, second))
    assert look(bench, str(second.vault)).id == second


def test_a_list_is_kept_for_a_minute(lists: Bench) -> None:
    look(lists)
    lists.clock.advance(seconds=59)
    look(lists)
    assert asked(lists, "/backupInstances") == 1

    lists.clock.advance(seconds=1)
    look(lists)
    assert asked(lists, "/backupInstances") == 2


def test_absence_counts_only_of_a_list_read_after_the_message_came(lists: Bench) -> None:
    nowhere = builders.disk("disk-9")
    look(lists)
    lists.clock.advance(seconds=30)

    assert refused(lists, disk=nowhere, asked_at=NOON + timedelta(seconds=20)) == "DiskNotProtected"
    assert asked(lists, "/backupInstances") == 2

    assert refused(lists, disk=nowhere, asked_at=LONG_AGO) == "DiskNotProtected"
    assert asked(lists, "/backupInstances") == 2


def test_a_disk_protected_since_the_list_was_read_is_found(lists: Bench) -> None:
    look(lists)
    new = lists.simulator.protect("disk-2", subscription=builders.SUBSCRIPTION)

    found = look(lists, disk=lists.simulator.source_disk(new), asked_at=lists.clock())

    assert str(found.id) == new


def test_a_list_that_failed_is_not_kept(lists: Bench) -> None:
    lists.simulator.next("GET", "/backupInstances", faults.status(503))

    with pytest.raises(Unavailable):
        look(lists)

    assert look(lists).id == lists.instance


def test_a_vault_that_refuses_hides_no_other_and_is_told_where_none_has_it(lists: Bench) -> None:
    gone = f"{lists.instance.vault}-gone"

    assert look(lists, gone, str(lists.instance.vault)).id == lists.instance
    code = refused(lists, gone, str(lists.instance.vault), disk=builders.disk("disk-9"))
    assert code == "ResourceNotFound"
