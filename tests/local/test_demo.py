"""The demo: its pictures at 80 columns, its log, its exit codes, and its end when interrupted."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from rich.console import Console

from local.demo import pictures
from local.demo.board import Board, TimeIsUpError
from local.demo.pictures import Standing
from local.demo.requests import DemoRequest, demo_requests, set_scene, written_out
from local.demo.show import judge, new_log
from local.results_table import results_table
from local.stopping import Interrupted, Stopping
from simulator import Simulator
from tests.local.screen import holds, shown

if TYPE_CHECKING:
    from local.azurite import Azurite

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 27, 0, 30, tzinfo=UTC)
LONG_CODE = "UserErrorNotEnoughPermissionOnTargetRG"


def a_request(shows: str = "our own message", **other: str) -> DemoRequest:
    parts = {"source": "disk-1", "target": "rg-restored", "body": "{}", "expected": "Completed"}
    return DemoRequest(id="r1", shows=shows, **{**parts, **other})


def under_way(**other: Any) -> Standing:
    row = {"status": "Running", "acceptedAt": NOW - timedelta(seconds=16)}
    return Standing(a_request(), {**row, **other}, None)


def refused(**other: Any) -> Standing:
    row = {"status": "Rejected", "errorCode": LONG_CODE, "completedAt": NOW, "durationSeconds": 5}
    return Standing(a_request("a missing role"), {}, {**row, **other})


def an_event(number: int, stage: str, request_id: str = "r1") -> dict[str, Any]:
    data = {"requestId": request_id, "origin": "native"}
    kind = f"azure-disk-restore.restore.{stage}.v1"
    return {"sequence": f"{number:04}", "subject": request_id, "type": kind, "data": data}


def live(*standings: Standing, width: int = 80) -> str:
    return shown(lambda to: to.print(pictures.restores(standings, 23.4, NOW)), width=width)


def test_the_live_table_shows_time_source_target_and_the_age_of_the_point() -> None:
    target = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/disks/disk-1-310d904dba"

    text = live(under_way(targetDiskId=target, recoveryPointAgeSeconds=80_846))

    for shows in ("after 23 s", "disk-1 → disk-1-310d904dba", "22 h", "16 s", "████░ Running"):
        assert shows in text


def test_under_a_machine_each_of_its_disks_has_a_line_with_its_state() -> None:
    disk = {"sourceDiskId": "/disks/vm-1-os", "targetDiskId": "/disks/vm-1-os-new"}
    set_ = under_way(status="Gathering")
    running = {**disk, "status": "Running"}

    text = live(replace(set_, members=[running, {**disk, "status": "Completed", "completedAt": 1}]))

    assert "████░ Gathering" in text
    lines = [line for line in text.splitlines() if "vm-1-os → vm-1-os-new" in line]
    assert ["████░ Running" in line or "█████ Completed" in line for line in lines] == [True, True]


def test_what_is_next_names_a_disk_of_the_set_and_does_not_wrap_the_command() -> None:
    command = f"az vm update --os-disk {'x' * 100}"
    member = {"followUp": f"vm-1-os was the OS disk. The command: {command}"}
    standings = [replace(under_way(), members=[member, member]), under_way()]

    text = shown(lambda to: Board(NoTablesYet(), [], to).show_what_is_next(standings))

    assert text.count("our own message, one of its disks: vm-1-os was the OS disk.") == 1
    assert command in text.splitlines()


def test_until_the_new_disk_has_a_name_the_group_that_was_asked_for_is_shown() -> None:
    assert "disk-1 → rg-restored" in live(under_way())


def test_what_is_refused_shows_the_reason_and_no_bar() -> None:
    text = live(refused())

    assert holds(text, LONG_CODE)
    assert "█" not in text
    assert "Rejected" not in text


def test_a_message_that_nobody_has_read_yet_is_sent() -> None:
    assert "░░░░░ sent" in live(Standing(a_request(), {}, None))


def test_the_live_table_of_the_demo_fits_a_terminal_of_80_by_24() -> None:
    simulator = Simulator()
    requests = demo_requests(simulator, set_scene(simulator))
    rows = {"status": "Rejected", "errorCode": LONG_CODE, "recoveryPointAgeSeconds": 80_846}
    disks = [
        {"sourceDiskId": f"/disks/vm-1-{name}", "targetDiskId": f"/disks/vm-1-{name}-new", **rows}
        for name in ("os", "data", "log")
    ]
    worst = [
        Standing(
            request,
            {},
            rows if "role" in request.shows else None,
            disks if "machine" in request.shows else (),
        )
        for request in requests
    ]

    text = live(*worst)

    assert len(text.splitlines()) < 24
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80
    for request in requests:
        assert f"{request.source} → {request.target}" in text
        assert request.shows in text


def test_of_the_messages_nothing_is_cut() -> None:
    simulator = Simulator()
    requests = written_out(demo_requests(simulator, set_scene(simulator)))

    text = shown(lambda to: Board(NoTablesYet(), requests, to).show_messages(requests))

    assert all(holds(text, id_) for id_ in ("INC0012345-disk-1", '"…/rg-restored"', '"…/disk-4"'))
    assert '"sourceVirtualMachineId": "…/vm-1"' in text
    assert '"expectedDisks": 3' in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80


def test_a_receivers_events_are_told_in_their_sequence_and_one_whole_when_asked() -> None:
    received = [an_event(2, "completed"), an_event(1, "accepted")]

    text = shown(lambda to: to.print(pictures.events([a_request()], received)))

    assert "accepted → completed" in text
    assert '"sequence": "0002"' in pictures.last_event(a_request(), received)
    assert pictures.last_event(a_request(), []) == ""


def test_where_the_output_is_no_terminal_a_line_tells_the_reason_too() -> None:
    assert pictures.line(refused(), 9.5).split() == [
        "9.5",
        "s",
        "a",
        "missing",
        "role",
        "Rejected",
        LONG_CODE,
    ]


def test_the_readmes_sample_has_the_tables_and_requests_of_today() -> None:
    simulator = Simulator()
    requests = demo_requests(simulator, set_scene(simulator))
    sample = (ROOT / "README.md").read_text().partition("What `make demo` prints")[2]
    sample = sample.partition("And `make test`")[0]
    rows = re.findall(r"^ (\S.*?\S) +(Completed|Validated|Rejected) ", sample, re.MULTILINE)

    assert rows == [(request.shows, request.expected) for request in requests]
    for head in ("Restores, after 5 s", "Events on the queue restore-events", "RestoreResults"):
        assert _heading(sample, head) == _heading(_drawn(requests), head)


def _heading(text: str, title: str) -> list[str]:
    """Return the words over the columns of the table of this title."""
    return text.partition(f"{title}")[2].strip().partition("\n")[0].split()


def _drawn(requests: list[DemoRequest]) -> str:
    standings = [Standing(request, {}, None) for request in requests]
    events = [an_event(number, "accepted", requests[0].id) for number in range(4)]
    named = [(request.shows, {}) for request in requests]
    return shown(
        lambda to: to.print(
            pictures.restores(standings, 5, NOW),
            pictures.events(requests, events),
            results_table(named, NOW),
        )
    )


@pytest.mark.parametrize(
    ("expected", "accusations", "code"),
    [("Rejected", [], 0), ("Completed", [], 1), ("Rejected", ["polled too soon"], 1)],
)
def test_the_exit_code_tells_whether_all_went_as_it_should(
    expected: str, accusations: list[str], code: int
) -> None:
    standing = Standing(a_request(expected=expected), {}, {"status": "Rejected"})
    told: list[int] = []

    shown(lambda to: told.append(judge(to, [standing], accusations)))

    assert told == [code]


class NoTablesYet:
    """An account in which the app has not made its tables."""

    def get_table_client(self, _name: str) -> NoTablesYet:
        return self

    def list_entities(self) -> list[dict[str, Any]]:
        raise ResourceNotFoundError


@pytest.mark.parametrize("is_terminal", [True, False])
@pytest.mark.timeout(10)
def test_while_it_watches_it_ends_as_soon_as_it_is_asked_to(*, is_terminal: bool) -> None:
    stopping = Stopping()
    to = Console(file=io.StringIO(), force_terminal=is_terminal)
    board = Board(NoTablesYet(), [a_request()], to)
    threading.Timer(0.1, stopping.ask, [signal.SIGINT]).start()

    with pytest.raises(Interrupted):
        board.watch(60, stopping)


def test_when_the_time_is_up_it_names_what_has_no_result() -> None:
    board = Board(NoTablesYet(), [a_request()], Console(file=io.StringIO()))

    with pytest.raises(TimeIsUpError, match="No result after 0 s: r1"):
        board.watch(0, Stopping())


def test_the_log_is_a_new_file_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    first, second = new_log(), new_log()

    assert first != second
    assert first.parent == second.parent == tmp_path


@pytest.mark.azurite
def test_interrupted_it_ends_what_it_started_and_leaves_no_trace(
    tmp_path: Path, azurite: Azurite
) -> None:
    assert azurite.connection_string  # so that this is skipped where there is none
    unusable = tmp_path / "azure-disk-restore-demo.log"  # as another user's file would be
    unusable.mkdir()
    demo = _start(tmp_path)
    started = demo.stdout
    assert started
    for line in started:
        if "They run" in line:
            break

    demo.send_signal(signal.SIGINT)
    demo.send_signal(signal.SIGINT)
    rest, _ = demo.communicate(timeout=30)

    assert demo.returncode == 130
    assert "Traceback" not in rest
    assert "Interrupted: whatever the demo started has ended." in rest
    assert {file.suffix for file in tmp_path.iterdir()} == {".log"}
    assert not _processes_that_name(tmp_path)


def test_interrupted_while_it_loads_it_ends_on_the_spot(tmp_path: Path) -> None:
    demo = _start(tmp_path, "-X", "importtime", pipesize=4096)  # full, it waits for us
    assert demo.stdout
    for line in demo.stdout:
        if "local.stopping" in line:
            break
    for line in demo.stdout:
        if "azure.core" in line:
            break

    demo.send_signal(signal.SIGINT)
    rest, _ = demo.communicate(timeout=30)

    assert demo.returncode == -signal.SIGINT
    assert "Traceback" not in rest
    assert list(tmp_path.iterdir()) == []


def _start(folder: Path, *options: str, pipesize: int = -1) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own words.
        [sys.executable, *options, "-m", "local.demo"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        pipesize=pipesize,
    )


def _processes_that_name(folder: Path) -> list[str]:
    ps = subprocess.check_output(["ps", "-eo", "args"], text=True)  # noqa: S607 - the system's.
    return [line for line in ps.splitlines() if str(folder) in line]
