"""show: what it waits for and when it goes on; and after a bad end, the command that mends it."""

from __future__ import annotations

import shlex
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from restore_core.errors import Problem
from restore_core.lifecycle.states import Wait
from restore_core.lifecycle.status import Status
from restorectl.anew import numbered
from tests.builders import INSTANCE, SOURCE, TARGET_GROUP, a_tally, disk

if TYPE_CHECKING:
    from tests.restorectl.bench import Ctl, Operated

pytestmark = pytest.mark.azurite

VAULT = INSTANCE.partition("/backupInstances/")[0]
FOR_A_DISK = {"backupInstanceId": ..., "sourceDiskId": str(SOURCE), "vaultId": VAULT}


def commands(told: str) -> list[str]:
    """Return what `show` offers to copy."""
    return [line.strip() for line in told.partition("Next:")[2].splitlines() if line.strip()]


def rejected(operated: Operated, code: str, asked: dict[str, Any] | None = None) -> None:
    problem = Problem(code, "It was refused.", "Mend it.")
    operated.end("r", Status.REJECTED, asked=asked, problem=problem, job=None)


FRESH = f"--to {TARGET_GROUP} --name disk-1-restored-2"
SAME = f"--to {disk('disk-1-restored')}"
AT = "--at <its acceptance>"
"""From no later than what was asked for first: after an attack a newer point may be bad."""


def last_command(ctl: Ctl) -> str:
    """Return the last of them, with its acceptance as the tables here have it."""
    accepted = ctl("show", "r", "-o", "json").json["acceptedAt"]
    return commands(ctl("show", "r").out)[-1].replace(f"--at {accepted}", AT)


@pytest.mark.parametrize(
    ("code", "points", "sent"),
    [
        ("UserErrorSameNameDiskAlreadyExists", f"--instance {INSTANCE}", f"{FRESH} {AT}"),
        ("TargetInUse", f"--instance {INSTANCE}", f"{FRESH} {AT}"),
        ("RestoredAlready", f"--instance {INSTANCE}", f"{FRESH} {AT} --force"),
        ("NoRecoveryPoint", f"--instance {INSTANCE}", f"{SAME} --at latest"),
        ("NotAllowed", f"--instance {INSTANCE}", f"{SAME} {AT}"),
    ],
)
def test_what_was_refused_has_the_command_that_mends_it(
    ctl: Ctl, operated: Operated, code: str, points: str, sent: str
) -> None:
    rejected(operated, code)

    assert commands(ctl("show", "r").out)[0] == f"restorectl points {points}"
    assert last_command(ctl) == f"restorectl send --id r-retry --instance {INSTANCE} {sent}"


@pytest.mark.parametrize("code", ["DiskNotProtected", "UserErrorGenericResourceNotFound"])
def test_where_the_vault_was_wrong_another_is_to_be_named(
    ctl: Ctl, operated: Operated, code: str
) -> None:
    rejected(operated, code, FOR_A_DISK)

    named = f"--disk {SOURCE} --vault '<vault id>'"
    assert commands(ctl("show", "r").out)[0] == f"restorectl points {named}"
    assert last_command(ctl) == f"restorectl send --id r-retry {named} {SAME} {AT}"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({**FOR_A_DISK}, f"--disk {SOURCE} --vault {VAULT} {SAME} {AT}"),
        ({"pointInTime": "2026-11-20T00:00:00Z"}, f"{SAME} --at 2026-11-20T00:00:00+00:00"),
        ({"recoveryPointId": "p1"}, f"{SAME} --point p1"),
        ({"force": True, "validateOnly": True}, f"{SAME} {AT} --force --validate-only"),
        (
            {"targetDiskId": ..., "targetResourceGroupId": TARGET_GROUP, "targetDiskName": "new"},
            f"--to {TARGET_GROUP} --name new {AT}",
        ),
    ],
)
def test_what_was_asked_is_asked_again(
    ctl: Ctl, operated: Operated, asked: dict[str, Any], words: str
) -> None:
    rejected(operated, "NotAllowed", asked)

    assert last_command(ctl).endswith(words)


def test_a_set_is_asked_for_again_with_the_number_that_is_right(
    ctl: Ctl, operated: Operated
) -> None:
    several = {
        "backupInstanceId": ...,
        "targetDiskId": ...,
        "sourceResourceGroupId": str(SOURCE.group),
        "targetResourceGroupId": TARGET_GROUP,
        "targetDiskSuffix": "-back",
        "expectedDisks": 3,
    }
    rejected(operated, "NothingFound", several)

    target = f"--to {TARGET_GROUP} --suffix -back {AT}"
    sent = f"restorectl send --id r-retry --group {SOURCE.group} {target} --expected 3"
    assert last_command(ctl) == sent


def test_a_time_that_was_chosen_is_not_overridden_where_no_point_is_so_old(
    ctl: Ctl, operated: Operated
) -> None:
    rejected(operated, "NoRecoveryPoint", {"pointInTime": "2026-11-20T00:00:00Z"})

    assert commands(ctl("show", "r").out)[-1].endswith(f"{SAME} --at '<time of a point>'")


def test_what_a_set_lacks_is_asked_for_from_the_same_time(ctl: Ctl, operated: Operated) -> None:
    several = {
        "backupInstanceId": ...,
        "targetDiskId": ...,
        "sourceResourceGroupId": str(SOURCE.group),
        "targetResourceGroupId": TARGET_GROUP,
    }
    problem = Problem("SetPartlyCompleted", "Of 3 disks: 2 Completed, 1 Failed.")
    operated.end(
        "r", Status.PARTLY_COMPLETED, asked=several, problem=problem, tally=a_tally(), job=None
    )
    cut_off = ctl("show", "r", "-o", "json").json["cutOffTime"]

    sent = commands(ctl("show", "r").out)[-1]

    words = f"--group {SOURCE.group} --to {TARGET_GROUP} --at {cut_off}"
    assert sent == f"restorectl send --id r-retry {words}"


def test_what_is_copied_is_a_request(ctl: Ctl, operated: Operated) -> None:
    for number, code in enumerate(("RestoredAlready", "NoRecoveryPoint")):
        problem = Problem(code, "It was refused.")
        operated.end(f"r{number}", Status.REJECTED, problem=problem, job=None)
        words = shlex.split(commands(ctl("show", f"r{number}").out)[-1])

        assert ctl(*words[1:], "--dry-run").code == 0


def test_after_a_job_the_disk_may_be_there_and_the_next_has_another_name(
    ctl: Ctl, operated: Operated
) -> None:
    operated.end("r", Status.FAILED, problem=Problem("Code", "It failed."))

    assert last_command(ctl).endswith(f"{FRESH} {AT}")


def test_a_rehearsal_is_followed_by_the_restore(ctl: Ctl, operated: Operated) -> None:
    operated.end("r", Status.VALIDATED, asked={"validateOnly": True}, job=None)

    sent = f"restorectl send --id r-retry --instance {INSTANCE} {SAME} {AT}"
    assert last_command(ctl) == sent


@pytest.mark.parametrize(
    ("request_id", "next_one"),
    [
        ("INC-12", "INC-12-retry"),
        ("INC-12-retry", "INC-12-retry-2"),
        ("INC-12-retry-9", "INC-12-retry-10"),
    ],
)
def test_the_next_try_has_an_id_beside_the_first_and_not_another_incident_s(
    ctl: Ctl, operated: Operated, request_id: str, next_one: str
) -> None:
    operated.end(request_id, Status.REJECTED, problem=Problem("NotAllowed", "No."), job=None)

    words = shlex.split(commands(ctl("show", request_id).out)[-1])

    assert words[2:4] == ["--id", next_one]


def test_an_id_that_is_nearly_too_long_is_not_made_longer(ctl: Ctl, operated: Operated) -> None:
    request_id = "x" * 60
    operated.end(request_id, Status.REJECTED, problem=Problem("NotAllowed", "No."), job=None)

    assert "--id" not in commands(ctl("show", request_id).out)[-1]


@pytest.mark.parametrize(
    ("name", "next_one"),
    [
        ("a", "a-2"),
        ("a-2", "a-3"),
        ("a-99", "a-100"),
        ("x" * 80, "x" * 78 + "-2"),
        ("a-0", "a-0-2"),
    ],
)
def test_a_name_that_is_taken_is_numbered(name: str, next_one: str) -> None:
    assert numbered(name) == next_one


# --------------------------------------------------------------------------- while it waits


def test_what_follows_another_names_it_and_how_to_go_ahead(ctl: Ctl, operated: Operated) -> None:
    operated.begin("r0", "Running", ago=3_600)
    operated.begin("r", "Following", ago=60)

    told = ctl("show", "r").out
    (row,) = [line for line in ctl("ls", "--open", columns=200).out.splitlines() if "Foll" in line]

    assert "after r0, " in row
    assert row.rstrip().endswith(" late")
    assert "after r0, which is 55 min late (by recorded" in " ".join(told.split())
    assert commands(told)[:-1] == ["restorectl watch r", "restorectl show r0"]
    sent = f"restorectl send --id r-retry --instance {INSTANCE} {FRESH} {AT} --force"
    assert last_command(ctl) == f"restorectl withdraw r && {sent}"


def test_what_follows_another_that_is_in_time_says_when_that_should_end(
    ctl: Ctl, operated: Operated
) -> None:
    operated.begin("r0", "Running", ago=30)
    operated.begin("r", "Following", ago=20)

    told = " ".join(ctl("show", "r").out.split())

    assert "after r0, which should end in 4 min (by recorded" in told


def test_what_follows_what_nobody_knows_is_after_that(ctl: Ctl, operated: Operated) -> None:
    operated.begin("r", "Following", ago=60)

    assert "for 1 min 0" in (told := ctl("show", "r").out)
    assert "now, after r0\n" in told


def test_what_tries_again_later_says_when(ctl: Ctl, operated: Operated) -> None:
    due = operated.now + timedelta(hours=1)
    problem = Problem("CloudDosTimeboudLimitReached", "Too many.")
    operated.begin("r", "Retrying", ago=3_000, wait=Wait(due, 3, problem))
    day = f"{due:%d %b} " if due.date() != operated.now.date() else ""

    told = ctl("show", "r").out
    (row,) = [line for line in ctl("ls", columns=200).out.splitlines() if "Retrying" in line]

    assert f"Next try: {day}{due:%H:%M:%S} UTC, by itself; sooner: withdraw" in told
    assert row.rstrip().endswith(f"next try {day}{due:%H:%M:%S} UTC")
    assert "late" not in told
    assert commands(told)[1].startswith("restorectl withdraw r && restorectl send --id r-retry ")


def test_what_was_not_answered_says_when_it_is_looked_at_again(
    ctl: Ctl, operated: Operated
) -> None:
    due = operated.now + timedelta(minutes=10)
    operated.begin("r", "Running", ago=60, wait=Wait(due, 3, Problem("ServerBusy", "Busy.")))

    assert f"{due:%H:%M:%S} UTC, by itself\n" in ctl("show", "r").out


def test_late_is_nothing_before_nearly_all_others_would_be_back(
    ctl: Ctl, operated: Operated
) -> None:
    operated.begin("soon", "Running", ago=400)
    operated.begin("late", "Running", ago=1_000)

    assert "end expected any moment (" in ctl("show", "soon").out
    assert "12 min later than expected (" in ctl("show", "late").out


def test_what_waits_for_its_turn_says_how_long_it_takes_from_then(
    ctl: Ctl, operated: Operated
) -> None:
    operated.begin("r", "Queued")

    assert "5 min from its turn on" in ctl("show", "r").out
