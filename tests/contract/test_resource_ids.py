"""ARM ids: parsed strictly, because they become part of a URL and of a permission check."""

from collections.abc import Callable

import pytest

from restore_core.contract.resource_ids import (
    ArmId,
    BackupInstanceId,
    DiskId,
    EncryptionSetId,
    IdentityId,
    InvalidId,
    ResourceGroupId,
    job_id,
    recovery_point_id,
)
from tests.builders import IDENTITY, INSTANCE, SUBSCRIPTION, TARGET_GROUP, disk

PARSERS: list[tuple[Callable[[str], ArmId], str]] = [
    (ResourceGroupId.parse, TARGET_GROUP),
    (BackupInstanceId.parse, INSTANCE),
    (DiskId.parse, disk("disk-1")),
]


@pytest.mark.parametrize(("parse", "text"), PARSERS)
def test_an_id_prints_as_it_was_read_and_equals_any_casing_of_itself(
    parse: Callable[[str], ArmId], text: str
) -> None:
    read, shouted = parse(text), parse(text.upper())

    assert str(read) == text
    assert read == shouted
    assert hash(read) == hash(shouted)
    assert read.key == text.lower()


def test_the_fixed_parts_of_an_id_are_printed_as_azure_writes_them() -> None:
    assert str(DiskId.parse(disk("Disk-1").lower())) == disk("disk-1")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + "/",
        lambda text: "/" + text,
        lambda text: text[1:],
        lambda text: text + "/more",
        lambda text: text.rpartition("/")[0],
        lambda text: text.rpartition("/")[0] + "/",
        lambda text: text.replace("/resourceGroups/", "//resourceGroups/"),
        lambda text: text.replace("/resourceGroups/", "/../resourceGroups/"),
        lambda text: text.replace("resourceGroups", "resource%47roups"),
        lambda text: text.replace("/resourceGroups", "\\resourceGroups"),
        lambda text: text.rpartition("/")[0] + "/..",
        lambda text: text.rpartition("/")[0] + "/.",
        lambda text: text.rpartition("/")[0] + "/a%2fb",
        lambda text: text.rpartition("/")[0] + "/a%2e%2e",
        lambda text: text.rpartition("/")[0] + "/a b",
        lambda text: text.rpartition("/")[0] + "/a?b",
        lambda text: text.rpartition("/")[0] + "/a#b",
        lambda text: text.rpartition("/")[0] + "/a\x00b",
        lambda text: text.rpartition("/")[0] + "/a\u2215b",  # A division slash.
        lambda text: text.rpartition("/")[0] + "/\u0430bc",  # A Cyrillic a.
        lambda text: text.rpartition("/")[0] + "/\uff41bc",  # A full-width a.
        lambda text: text.rpartition("/")[0] + "/disk\u0661",  # An Arabic one.
        lambda text: text.rpartition("/")[0] + "/a\u202eb",
        lambda text: text + "\n",
        lambda text: text + " ",
        lambda text: " " + text,
        lambda text: text.replace("re\u0073ource", "re\u017fource"),  # A long s folds to s.
        lambda text: text.replace("s", "\u017f"),
        lambda text: text.replace(SUBSCRIPTION, "me"),
        lambda text: text.replace(SUBSCRIPTION, SUBSCRIPTION[:-1]),
        lambda text: text.replace(SUBSCRIPTION, "{" + SUBSCRIPTION[1:-1] + "}"),
        lambda text: text.replace(SUBSCRIPTION, SUBSCRIPTION.replace("1", "\u0661")),
        lambda text: "https://management.azure.com" + text,
        lambda _: "",
        lambda _: "/",
        lambda _: "/" * 60_000,
    ],
)
@pytest.mark.parametrize(("parse", "text"), PARSERS)
def test_what_is_not_quite_an_id_is_refused(
    parse: Callable[[str], ArmId], text: str, change: Callable[[str], str]
) -> None:
    with pytest.raises(InvalidId):
        parse(change(text))


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (BackupInstanceId.parse, disk("disk-1")),
        (BackupInstanceId.parse, INSTANCE.replace("DataProtection", "RecoveryServices")),
        (BackupInstanceId.parse, INSTANCE.rpartition("/backupInstances")[0]),
        (DiskId.parse, INSTANCE),
        (DiskId.parse, disk("d").replace("Compute", "Compute2")),
        (DiskId.parse, disk("d").replace("/disks/", "/snapshots/")),
        (ResourceGroupId.parse, disk("d")),
        (ResourceGroupId.parse, f"/subscriptions/{SUBSCRIPTION}"),
    ],
)
def test_the_id_of_something_else_is_refused(parse: Callable[[str], ArmId], text: str) -> None:
    with pytest.raises(InvalidId, match="it is not the ARM id of"):
        parse(text)


@pytest.mark.parametrize("name", ["g", "G_-.()1", "g" * 90, ".g", "(g)"])
def test_a_group_may_have_these_names(name: str) -> None:
    text = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{name}"

    assert str(ResourceGroupId.parse(text)) == text


@pytest.mark.parametrize("name", ["g.", "g" * 91, "", "..", "g,h", "größe"])
def test_a_group_may_not_have_these_names(name: str) -> None:
    with pytest.raises(InvalidId):
        ResourceGroupId.parse(f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{name}")


@pytest.mark.parametrize("name", ["d", "D-1_.x", "d" * 80, "1", "d_"])
def test_a_disk_may_have_these_names(name: str) -> None:
    group = ResourceGroupId.parse(TARGET_GROUP)

    assert DiskId.named(group, name) == DiskId.parse(disk(name))


@pytest.mark.parametrize("name", ["", "d" * 81, "-d", "d-", "_d", "d.", "d/e", "d e", ".."])
def test_a_disk_may_not_have_these_names(name: str) -> None:
    with pytest.raises(InvalidId, match="cannot stand there: a disk's name has 1 to 80"):
        DiskId.named(ResourceGroupId.parse(TARGET_GROUP), name)


@pytest.mark.parametrize("vault", ["v", "1vault", "v" * 51, "v_1", "v.1", "v(1)"])
def test_a_vault_may_not_have_these_names(vault: str) -> None:
    with pytest.raises(InvalidId, match="a backup vault's name has 2 to 50"):
        BackupInstanceId.parse(INSTANCE.replace("vault-1", vault))


def test_an_instance_may_have_the_name_that_the_command_line_gives_it() -> None:
    name = f"{'d' * 80}-{'d' * 80}-7d5b2a6e-0000-0000-0000-000000000001"
    text = INSTANCE.rpartition("/")[0] + "/" + name

    assert BackupInstanceId.parse(text).name == name


def test_ids_of_different_kinds_are_never_equal() -> None:
    assert ResourceGroupId.parse(TARGET_GROUP) != DiskId.parse(disk("d"))
    assert DiskId.parse(disk("d")) != disk("d")
    assert DiskId.parse(disk("d")) != DiskId.parse(disk("e"))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (IdentityId, IDENTITY),
        (
            EncryptionSetId,
            f"{TARGET_GROUP}/providers/Microsoft.Compute/diskEncryptionSets/des_1.prod",
        ),
    ],
)
def test_what_disks_work_with_has_ids_too(
    kind: type[IdentityId | EncryptionSetId], text: str
) -> None:
    assert str(kind.parse(text)) == text
    assert kind.parse(text.upper()) == kind.parse(text)
    for wrong in (f"{text}/x", f"{text}'", text.rpartition("/")[0], f"{text} x"):
        with pytest.raises(InvalidId):
            kind.parse(wrong)


def test_an_id_of_no_kind_cannot_be_printed() -> None:
    with pytest.raises(NotImplementedError):
        str(ArmId())


@pytest.mark.parametrize("text", ["a05715f103bc4ec498a311801f3baf01", "1", "a-b_C"])
def test_a_recovery_point_may_have_these_ids(text: str) -> None:
    assert recovery_point_id(text) == text


@pytest.mark.parametrize("text", ["", "a/b", "..", "%2e", "-a", "a" * 129, "a\n", "\u0430"])
def test_a_recovery_point_may_not_have_these_ids(text: str) -> None:
    with pytest.raises(InvalidId):
        recovery_point_id(text)


JOB = "3a4189d7-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    "text",
    [
        JOB,
        INSTANCE.rpartition("/backupInstances")[0] + f"/backupJobs/{JOB}",
        f"/subscriptions/x/resourcegroups/y/providers/z/BackupVaults/v/backupJobs/{JOB}",
    ],
)
def test_a_job_is_named_by_the_last_segment_of_whatever_names_it(text: str) -> None:
    assert job_id(text) == JOB


@pytest.mark.parametrize("text", ["", "/", "/backupJobs/", "a b", "/backupJobs/..", "x?y=/.."])
def test_what_names_no_job_is_refused(text: str) -> None:
    with pytest.raises(InvalidId, match="names no job"):
        job_id(text)
