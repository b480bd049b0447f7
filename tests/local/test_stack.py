"""The stack: one a clone, what it prints works as pasted, and what sending says of a file."""

from __future__ import annotations

import base64
import json
import signal
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from azure.data.tables import TableServiceClient
from azure.storage.queue import QueueServiceClient

from local.host.triggers import HttpCall, Incoming
from local.host.worker_process import WorkerProcess
from local.pace import fast_settings, pace
from local.stack import command, host, results, run
from local.stack.folder import NoStackError, StackRunsError, held, http_port, publish, values
from local.stack.send import MOST, send
from local.stopping import Interrupted, Stopping
from restore_core.contract.envelopes.reader import read
from simulator import Call, Simulator
from tests.local.screen import holds, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.azurite import Azurite

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 27, 0, 30, tzinfo=UTC)
SETTINGS = {"RestoreStorage": "the connection string"}
TO_TRY = {"newest-point.json": {"requestId": "try-1"}, "machine.json": {"requestId": "try-vm"}}


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Path]:
    with held(tmp_path / "stack") as folder:
        publish(folder, SETTINGS, TO_TRY)
        yield folder


class Queue:
    """Where a message went."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    def __call__(self, connection_string: str, message: str) -> None:
        self.sent.append((connection_string, message))


# ------------------------------------------------------------------------------ one a clone


def test_a_clone_has_one_stack_at_a_time(stack: Path) -> None:
    with pytest.raises(StackRunsError, match="runs already"), held(stack):
        pass


def test_a_stack_that_runs_is_found_and_one_that_has_ended_is_not(tmp_path: Path) -> None:
    with held(tmp_path / "stack") as folder:
        with pytest.raises(NoStackError):
            values(folder)
        publish(folder, SETTINGS, TO_TRY)
        found = values(folder)

    assert found == SETTINGS
    with pytest.raises(NoStackError, match="make stack"):
        values(folder)
    assert list(folder.iterdir()) == []


def test_what_a_killed_stack_has_left_is_not_taken_for_a_stack(tmp_path: Path) -> None:
    publish(tmp_path, SETTINGS, TO_TRY)

    with pytest.raises(NoStackError):
        values(tmp_path)

    with held(tmp_path) as folder:
        assert list(folder.iterdir()) == []


# ---------------------------------------------------------------------------------- sending


def test_a_file_is_sent_as_it_is_and_what_to_look_at_is_said(
    stack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, queue = tmp_path / "a 'request'.json", Queue()
    file.write_text(text := '{"requestId": "INC-1",\n "wrong": "é"}\n')

    code = send(str(file), folder=stack, put=queue)

    assert code == 0
    assert queue.sent == [("the connection string", text)]
    told = capsys.readouterr().out
    assert "make results" in told
    assert "curl http://127.0.0.1:7071/api/restores\n" in told


def test_the_id_is_told_where_the_app_will_find_one(
    stack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "request.json"
    file.write_text(json.dumps(run.messages_to_try(Simulator())["newest-point.json"]))
    host.tell_port(stack, 7072)

    send(str(file), folder=stack, put=Queue())

    told = capsys.readouterr().out
    assert "The requestId: try-1" in told
    assert "curl http://127.0.0.1:7072/api/restores/try-1\n" in told


@pytest.mark.parametrize("content", [b"\xff\xfe{\x00}\x00", b'{"a": "\x00"}', b"\x80"])
def test_what_is_no_text_goes_in_base64(content: bytes, stack: Path, tmp_path: Path) -> None:
    file, queue = tmp_path / "request", Queue()
    file.write_bytes(content)

    send(str(file), folder=stack, put=queue)

    assert base64.b64decode(queue.sent[0][1]) == content


def test_without_a_file_it_says_how_it_is_called_and_what_there_is_to_try(
    stack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = send("", folder=stack, put=Queue())

    told = capsys.readouterr().err
    assert code == 2
    assert "usage: make send FILE=request.json" in told
    assert [line for line in told.splitlines() if line.startswith("  make send")] == [
        f"  make send FILE={stack / name}" for name in ("machine.json", "newest-point.json")
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file"),
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"x" * (MOST + 1), "has 65,537 bytes: a queue's message has at most 65,536"),
        (b"\xff" * (MOST - 100), "in base64 it has 87,248 bytes"),
    ],
)
def test_what_cannot_be_sent_is_said_and_not_sent(
    content: bytes | None,
    reason: str,
    stack: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file, queue = tmp_path / "request.json", Queue()
    if content is not None:
        file.write_bytes(content)

    code = send(str(file), folder=stack, put=queue)

    assert code == 1
    assert reason in capsys.readouterr().err
    assert queue.sent == []


def test_a_message_as_large_as_a_queue_takes_is_sent(stack: Path, tmp_path: Path) -> None:
    file, queue = tmp_path / "request.json", Queue()
    file.write_bytes(b"x" * MOST)

    assert send(str(file), folder=stack, put=queue) == 0


def test_a_folder_is_no_message(
    stack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert send(str(tmp_path), folder=stack, put=Queue()) == 1
    assert "Is a directory" in capsys.readouterr().err


def test_without_a_stack_it_says_how_to_start_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "request.json"
    file.write_text("{}")

    assert send(str(file), folder=tmp_path / "none", put=Queue()) == 1
    assert "make stack" in capsys.readouterr().err


# ---------------------------------------------------------------------------------- results


def test_results_and_what_is_under_way_stand_in_the_order_of_their_sending() -> None:
    def row(request_id: str, minute: int, **other: Any) -> dict[str, Any]:
        sent = NOW + timedelta(minutes=minute)
        return {"requestId": request_id, "RowKey": request_id, "requestedAt": sent, **other}

    restores = [row("b", 2, RowKey="restore"), row("a", 1, RowKey="restore")]
    refused = {"RowKey": "unreadable~1", "requestedAt": NOW + timedelta(minutes=3)}

    rows = results.newest_last(restores, [refused, row("a", 1, ended=True)])

    assert [(r.get("requestId"), r.get("ended")) for r in rows] == [
        ("a", True),
        ("b", None),
        (None, None),
    ]


def test_a_refused_messages_row_is_known_by_its_key_and_the_table_comes_last() -> None:
    row = {"RowKey": "unreadable~eb1cce", "status": "Rejected", "errorCode": "MalformedRequest"}

    text = shown(lambda to: results.picture(to, [row], 0, NOW))

    assert text.index("unreadable~eb1cce: MalformedRequest") < text.index("RestoreResults")
    assert holds(text, "MalformedRequest")


@pytest.mark.parametrize(("waiting", "told"), [(0, "make send"), (2, "taken yet: 2")])
def test_where_there_is_nothing_it_says_what_to_do(waiting: int, told: str) -> None:
    assert told in shown(lambda to: results.picture(to, [], waiting, NOW))


# ----------------------------------------------------------------------------- the programs


def test_every_message_to_try_is_a_request() -> None:
    for name, message in run.messages_to_try(Simulator()).items():
        assert read(json.dumps(message).encode()).request.request_id, name


def test_the_bad_day_is_among_the_messages_to_try() -> None:
    simulator = Simulator()

    message = run.messages_to_try(simulator)["machine.json"]

    disks = simulator.disks_of(message["sourceVirtualMachineId"])
    assert len(disks) == message["expectedDisks"] == 3
    protected = {one.disk_id.lower() for one in simulator.world.instances.values()}
    assert {disk.lower() for disk in disks} <= protected


TELLS_ITS_PAUSE = """
import azure.functions as func
from restore_core.lifecycle import pace

app = func.FunctionApp()


@app.route(route="pause")
def pause(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(str(pace.JOBS_END_FROM.total_seconds()))
"""


@pytest.mark.parametrize(("pace_", "seconds"), [(1, 213), (12, 22.5)])
def test_a_host_looks_at_the_jobs_of_a_set_when_a_fast_azures_have_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pace_: float, seconds: float
) -> None:
    (tmp_path / "function_app.py").write_text(TELLS_ITS_PAUSE)
    for name, value in fast_settings(pace_).items():
        monkeypatch.setenv(name, value)

    with WorkerProcess(tmp_path, None, lambda: None) as worker:
        answer = worker.invoke(worker.triggers[0], Incoming(HttpCall("GET", "http://h/api/pause")))

    assert answer is not None
    assert float(answer.body) == seconds


def test_a_call_is_told_in_one_line() -> None:
    instance = Simulator().protect("disk-sql-data")
    path = f"{instance}/validateRestore"

    line = run.line_of(Call("POST", path, {}, NOW, status=202, client_request_id=None))

    assert line.startswith("00:30:00 202 POST /backupVaults/vault-1/backupInstances/disk-sql-data")
    assert line.endswith("/validateRestore")


@pytest.mark.parametrize("words", [["--help"], ["ls", "--help"]])
def test_the_help_that_the_stack_names_is_that_of_restorectl(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code = command.main(["ctl", *words])

    assert code == 0
    assert f"Usage: {' '.join(['restorectl', *words[:-1]])}" in capsys.readouterr().out


def test_what_the_stack_says_fits_80_columns() -> None:
    assert "machine.json" in run.introduction(ROOT / "local/.stack", 1.0, ROOT / ".venv/bin")
    for pace_ in (1.0, 12.0):
        text = run.introduction(ROOT / "local/.stack", pace_, ROOT / ".venv/bin")
        assert max(map(len, text.replace(f"{ROOT}/", "").splitlines())) <= 80


def test_no_identity_of_the_users_reaches_the_host_and_the_stacks_settings_win() -> None:
    users = {"AZURE_CLIENT_ID": "1", "RestoreStorage": "real", "RESTORE_COOLDOWN_MINUTES": "0"}

    settings = host.settings_over(SETTINGS, users)

    assert settings == {**SETTINGS, "RESTORE_COOLDOWN_MINUTES": "0", "NO_PROXY": "127.0.0.1"}


@pytest.mark.azurite
def test_once_it_says_that_it_runs_a_message_can_be_sent_and_results_be_read(
    azurite: Azurite, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert azurite.connection_string  # so that this is skipped where there is none
    folder, stopping, codes = tmp_path / "stack", Stopping(), []
    stack = threading.Thread(
        target=lambda: codes.append(run.run(1.0, folder=folder, stopping=stopping))
    )
    stack.start()
    try:
        said = _said(capsys, until="Ctrl-C ends")
        text = values(folder)["RestoreStorage"]
        queues = {q.name for q in QueueServiceClient.from_connection_string(text).list_queues()}
        tables = {t.name for t in TableServiceClient.from_connection_string(text).list_tables()}
        sent = send(str(folder / "newest-point.json"), folder=folder)
        read_back = results.show_results(folder)
    finally:
        stopping.ask(signal.SIGINT)
        stack.join()

    assert f"make send FILE={folder / 'newest-point.json'}" in said
    assert {"restore-requests", "restore-steps", "restore-events"} <= queues
    assert {"Restores", "RestoreResults"} <= tables
    assert (sent, read_back, codes) == (0, 0, [0])
    assert "taken yet: 1" in capsys.readouterr().out
    with pytest.raises(NoStackError):
        values(folder)


def _said(capsys: pytest.CaptureFixture[str], *, until: str) -> str:
    said, deadline = "", time.monotonic() + 50
    while until not in said and time.monotonic() < deadline:
        said += capsys.readouterr().out
        time.sleep(0.05)
    return said


def test_a_taken_port_of_the_host_is_said(
    stack: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(host, "values", lambda: SETTINGS)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        code = host.run_host(port)

    assert code == 1
    assert f"Port {port} is taken" in capsys.readouterr().err
    assert http_port(stack) == 7071


def test_to_be_asked_to_end_is_noticed_at_the_next_look() -> None:
    stopping = Stopping()
    stopping.look()

    stopping.ask(signal.SIGINT)
    stopping.ask(signal.SIGTERM)

    with pytest.raises(Interrupted):
        stopping.wait(60)
    assert stopping.exit_code == 130


@pytest.mark.parametrize("text", ["x", "0", "-1", "nan", "inf", ""])
def test_what_is_no_pace_is_refused(text: str) -> None:
    with pytest.raises(Exception, match="is no pace"):
        pace(text)
