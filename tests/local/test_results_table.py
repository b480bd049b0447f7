"""Results at 80 columns: nothing that matters is cut, and the three questions are answered."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.results_table import console, print_reason, results_table
from restorectl.screen import age, duration
from tests.local.screen import holds, shown

NOW = datetime(2026, 11, 27, 0, 30, tzinfo=UTC)
DISKS = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/disks"
LONG_CODE = "UserErrorNotEnoughPermissionOnTargetRG"
COMMAND = f"az role assignment create --role 'Disk Restore Operator' --scope {DISKS}/a/b/c/d/e"


def a_result(**other: Any) -> dict[str, Any]:
    return {
        "status": "Completed",
        "targetDiskId": f"{DISKS}/disk-1-310d904dba",
        "recoveryPointTime": NOW - timedelta(hours=22, minutes=30),
        "recoveryPointAgeSeconds": 81_000,
        "acceptedAt": NOW - timedelta(seconds=443),
        "completedAt": NOW,
        "durationSeconds": 443,
    } | other


def a_refusal() -> dict[str, Any]:
    return a_result(
        status="Rejected",
        errorCode=LONG_CODE,
        errorMessage=f"The vault may not write to {DISKS}/a-disk-with-a-long-name.",
        recommendedAction=f"Grant it the role, wait, and send it again. The command: {COMMAND}",
    )


def table(*named: tuple[str, dict[str, Any]], width: int = 80) -> str:
    return shown(lambda to: to.print(results_table(named, NOW)), width=width)


def test_it_says_whether_the_disk_is_back_from_when_and_how_long_it_took() -> None:
    text = table(("our own message", a_result()))

    for answer in ("Completed", "disk-1-310d904dba", "26 Nov 02:00 UTC", "23 h", "7 min 23 s"):
        assert answer in text


@pytest.mark.parametrize("width", [80, 100, 200])
def test_what_does_not_fit_is_folded_and_not_cut(width: int) -> None:
    name, disk = "INC0012345-" + "n" * 60, "d" * 80
    rows = [
        (name, a_result(status="CompletedWithWarnings", targetDiskId=f"{DISKS}/{disk}")),
        ("r2", a_refusal()),
    ]

    text = table(*rows, width=width)

    assert max(len(line.rstrip()) for line in text.splitlines()) <= width
    for whole in (disk, "CompletedWithWarnings", LONG_CODE, "26 Nov 02:00 UTC"):
        assert holds(text, whole), whole
    assert name in text.split()
    assert "…" not in text


def test_of_what_is_refused_it_shows_the_reason_and_no_disk() -> None:
    text = table(("r", a_refusal()))

    assert holds(text, LONG_CODE)
    assert "disk-1" not in text


def test_no_disk_is_promised_where_only_validation_was_asked() -> None:
    text = table(("r", a_result(status="Validated")))

    assert "none: only validated" in text
    assert "disk-1" not in text


def test_of_what_is_under_way_it_shows_the_time_so_far_and_that_the_disk_is_not_there_yet() -> None:
    row = a_result(status="Running", acceptedAt=NOW - timedelta(seconds=75))
    del row["completedAt"], row["durationSeconds"]

    text = table(("r", row), width=120)

    assert "1 min 15 s" in text
    assert "disk-1-310d904dba, not yet" in text


def test_a_reason_is_wrapped_at_words_and_its_command_is_left_to_be_copied() -> None:
    text = shown(lambda to: print_reason(to, "r", a_refusal()))

    assert COMMAND in text.splitlines()
    others = [line for line in text.splitlines() if line != COMMAND]
    assert max(map(len, others)) <= 80
    assert f"r: {LONG_CODE}" in others
    assert "What to do: Grant it the role, wait, and send it again." in others


def test_of_a_set_it_shows_how_many_disks_are_back_and_from_when_the_oldest_is() -> None:
    counts = '{"Completed": 2, "CompletedWithWarnings": 1, "Failed": 1}'
    row = a_result(status="PartlyCompleted", disks=4, counts=counts)
    row["oldestPointTime"] = row.pop("recoveryPointTime")
    del row["recoveryPointAgeSeconds"]
    del row["targetDiskId"]

    text = table(("a whole machine", row))

    assert "3 of 4 disks" in text
    assert "26 Nov 02:00 UTC" in text
    assert "22 h" in text


def test_what_went_well_has_no_reason() -> None:
    assert shown(lambda to: print_reason(to, "r", a_result())) == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59, "59 s"), (443, "7 min 23 s"), (3_660, "1 h 01 min"), (None, "")],
)
def test_a_duration_is_told_to_the_second(seconds: int | None, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1_749, "29 min"),
        (3_599, "60 min"),
        (10_790, "180 min"),
        (17_850, "5 h"),
        (81_000, "23 h"),
        (253_620, "70 h"),
        (864_000, "10 days"),
        (None, ""),
    ],
)
def test_an_age_is_rounded_in_one_unit_of_which_there_are_three(
    seconds: int | None, text: str
) -> None:
    assert age(seconds) == text


def test_a_poor_alphabet_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    poor = io.TextIOWrapper(raw, encoding="latin-1")
    monkeypatch.setattr("sys.stdout", poor)

    console().print("disk-1 → disk-2")
    poor.flush()

    assert raw.getvalue() == b"disk-1 ? disk-2\n"
