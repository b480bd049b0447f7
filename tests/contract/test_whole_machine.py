"""Alerts that ask for several disks: for those of the machine, or for whatever a rule names."""

import json
from typing import Any

import pytest

from restore_core.contract.envelopes.reader import read
from restore_core.contract.request import RestoreRequest
from restore_core.contract.request_rules import MAX_SET_ID
from restore_core.contract.resource_ids import DiskId, VirtualMachineId
from restore_core.errors import MalformedRequest
from tests.builders import INSTANCE, disk
from tests.envelopes import (
    DISK,
    GROUP,
    MACHINE,
    PROPERTIES,
    WORKSPACE,
    a_backup_alert,
    an_activity_alert,
    an_alert,
    sent,
)

VAULT = INSTANCE.partition("/backupInstances/")[0]
WHOLE = {**PROPERTIES, "wholeMachine": True}
DISKS = [disk(name, GROUP) for name in ("os", "data")]


def asked(envelope: object) -> RestoreRequest:
    return read(sent(envelope)).request


def on_machine(properties: Any, *targets: str) -> dict[str, Any]:
    return an_alert(properties, alertTargetIDs=[*(targets or [MACHINE])])


def reason(properties: Any, *targets: str) -> str:
    with pytest.raises(MalformedRequest) as refused:
        asked(on_machine(properties, *targets))
    return refused.value.reason


# -------------------------------------------------------------------------- whole machine


@pytest.mark.parametrize("written", [True, "true", "True", "TRUE"])
@pytest.mark.parametrize("in_context", [False, True])
def test_an_alert_on_a_machine_asks_for_all_its_disks_where_its_rule_says_so(
    written: object, *, in_context: bool
) -> None:
    mine = {"wholeMachine": written}
    alert = on_machine(PROPERTIES if in_context else {**PROPERTIES, **mine})
    alert["data"]["alertContext"]["properties"] = mine if in_context else None

    request = asked(alert)

    assert request.source_virtual_machine_id == VirtualMachineId.parse(MACHINE)
    assert request.is_set
    assert request.requested_by == "alert rule WCUS-R2-Gen2"
    assert len(request.request_id) <= MAX_SET_ID


def test_what_else_a_set_may_be_told_stands_beside_it() -> None:
    more = {"expectedDisks": "3", "targetDiskSuffix": "-back", "vaultId": VAULT, "force": "True"}

    request = asked(on_machine({**WHOLE, **more, "pointInTime": "2026-11-21T02:00:00Z"}))

    assert (request.expected_disks, request.target_disk_suffix) == (3, "-back")
    assert (str(request.vault), request.force) == (VAULT, True)


@pytest.mark.parametrize("targets", [[WORKSPACE, MACHINE], [MACHINE, MACHINE.upper(), DISK]])
def test_one_machine_among_what_the_alert_is_about_is_meant(targets: list[str]) -> None:
    assert asked(on_machine(WHOLE, *targets)) == asked(on_machine(WHOLE))


def test_an_alert_of_azure_backup_and_one_on_the_activity_log_may_name_the_machine() -> None:
    backup = asked(a_backup_alert(WHOLE)).source_virtual_machine_id
    log = asked(an_activity_alert(WHOLE, alertTargetIDs=[MACHINE])).source_virtual_machine_id

    assert backup is not None
    assert backup.name == "vm-sql-prod-02"
    assert log == VirtualMachineId.parse(MACHINE)


@pytest.mark.parametrize("written", [False, "false", "False", None, "", "null", ...])
def test_without_it_everything_is_as_it_was(written: object) -> None:
    mine = {} if written is ... else {"wholeMachine": written}

    assert asked(an_alert({**PROPERTIES, **mine})) == asked(an_alert())
    assert asked(on_machine({**PROPERTIES, **mine, "sourceDiskId": DISK})).source_disk_id
    told = reason({**PROPERTIES, **mine})
    assert "which of them is meant is never guessed" in told
    assert "For all disks of the machine, add targetResourceGroupId and wholeMachine: true." in told


@pytest.mark.parametrize("written", ["yes", 1, 0, "1", ["true"], {"a": 1}])
def test_a_word_that_is_neither_true_nor_false_is_refused(written: object) -> None:
    told = reason({**PROPERTIES, "wholeMachine": written})

    assert "wholeMachine among the custom properties of the alert is " in told
    assert "it must be true or false. Correct it in the alert rule." in told


def test_a_dynamic_value_that_was_not_filled_in_is_no_yes() -> None:
    assert "has not filled in" in reason({**PROPERTIES, "wholeMachine": "${data.x}"})


@pytest.mark.parametrize(
    ("targets", "what"),
    [
        ([DISK], "its target is 'microsoft.compute/disks/disk-1'"),
        ([WORKSPACE], "its target is 'microsoft.operationalinsights/workspaces/logs-1'"),
        ([f"{MACHINE}/extensions/x"], "wcus-r2-gen2/extensions/x'"),
        ([MACHINE.replace("virtualmachines", "virtualMachineScaleSets")], "'microsoft.compute/v"),
        ([""], "it has no target at all"),
    ],
)
def test_an_alert_on_something_else_has_no_machine(targets: list[str], what: str) -> None:
    told = reason(WHOLE, *targets)

    assert "asks for all disks of a virtual machine, and the alert names none: " in told
    assert what.lower() in told.lower()
    assert "add sourceVirtualMachineId instead" in told


def test_of_several_machines_none_is_guessed() -> None:
    machines = [MACHINE.replace("gen2", f"gen{n}") for n in range(5)]

    told = reason(WHOLE, *machines)
    two = reason(WHOLE, *machines[:2])

    assert "the alert is about 5 (wcus-r2-gen0 in rg-prod, wcus-r2-gen1 in rg-prod, wcus" in told
    assert "…). Split the rule" in told
    assert "about 2 (wcus-r2-gen0 in rg-prod, wcus-r2-gen1 in rg-prod). Split" in two


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sourceDiskId", DISK),
        ("backupInstanceId", INSTANCE),
        ("sourceVirtualMachineId", MACHINE),
        ("sourceResourceGroupId", GROUP),
        ("sourceDiskIds", json.dumps(DISKS)),
    ],
)
def test_another_source_beside_the_machine_is_refused(name: str, value: str) -> None:
    told = reason({**WHOLE, name: value})

    assert f"wholeMachine and {name} among the custom properties of the alert exclude" in told
    assert asked(on_machine({**WHOLE, name: ""})) == asked(on_machine(WHOLE))


def test_it_stands_once_or_twice_alike() -> None:
    twice = on_machine(WHOLE)
    twice["data"]["alertContext"]["properties"] = {"wholeMachine": False}

    with pytest.raises(MalformedRequest, match="wholeMachine stands twice"):
        asked(twice)


# ------------------------------------------------------------------- the other sources of many


@pytest.mark.parametrize("written", [json.dumps(DISKS), f" {json.dumps(DISKS, indent=2)}", DISKS])
def test_a_list_of_disks_may_be_text(written: object) -> None:
    request = asked(on_machine({**PROPERTIES, "sourceDiskIds": written}))

    assert request.source_disk_ids == tuple(map(DiskId.parse, DISKS))


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (f"{DISK}, {DISK}", "it must be a JSON list of disk ids, not text"),
        (f'["{DISK}"', "sourceDiskIds among the custom properties of the alert is not JSON"),
        (f"['{DISK}']", "sourceDiskIds among the custom properties of the alert is not JSON"),
        ("[" * 60_000, "sourceDiskIds among the custom properties of the alert is "),
        ("[]", "it must name 1 to 2000 disks, and names 0"),
        ("[7]", "a number in it cannot be used"),
    ],
)
def test_a_text_that_is_no_list_of_disks_is_refused(written: str, why: str) -> None:
    assert why in reason({**PROPERTIES, "sourceDiskIds": written})


def test_a_rule_may_name_another_machine_or_a_group_whatever_it_is_about() -> None:
    machine = asked(an_alert({**PROPERTIES, "sourceVirtualMachineId": MACHINE}))
    group = asked(an_alert({**PROPERTIES, "sourceResourceGroupId": GROUP}))

    assert str(machine.group_of_disks).lower() == MACHINE.lower()
    assert str(group.group_of_disks) == GROUP


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("WholeMachine", "wholeMachine"),
        ("whole_machine", "wholeMachine"),
        ("SourceVirtualMachineId", "sourceVirtualMachineId"),
        ("source-resource-group-id", "sourceResourceGroupId"),
        ("SourceDiskIDs", "sourceDiskIds"),
    ],
)
def test_a_source_in_another_writing_is_refused_and_told(name: str, meant: str) -> None:
    told = reason({**PROPERTIES, name: "true"})

    assert f"perhaps {meant} is meant. Rename it in the alert rule" in told


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("expectedDisk", "expectedDisks"),
        ("expected_disks", "expectedDisks"),
        ("targetDisksSuffix", "targetDiskSuffix"),
        ("diskSuffix", "targetDiskSuffix"),
    ],
)
def test_what_guards_a_set_is_never_passed_over_for_its_spelling(name: str, meant: str) -> None:
    for several in (WHOLE, {**PROPERTIES, "sourceResourceGroupId": GROUP}):
        assert f"perhaps {meant} is meant" in reason({**several, name: "3"})
    assert asked(an_alert({**PROPERTIES, name: "3"})) == asked(an_alert())


@pytest.mark.parametrize("name", ["resourceGroup", "machine", "virtualMachine", "wholeVm"])
def test_no_property_of_others_is_told_to_become_a_source_of_many(name: str) -> None:
    """Who follows such an advice has more restored than was meant."""
    told = reason({**PROPERTIES, name: "x"})

    assert "may have several disks" in told
