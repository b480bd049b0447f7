"""The simulator as a whole program, and what survives its end."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests

from simulator import Server, Simulator, StateFile, outcomes
from tests.platform.simulator_client import (
    HTTP_TIMEOUT,
    JOB,
    Client,
    ManualClock,
    restore_body,
    target_id,
)

ROOT = Path(__file__).parents[2]


def test_many_clients_at_once_are_all_answered(simulator: Simulator, client: Client) -> None:
    body = client.body()

    def restore(number: int) -> int:
        one = restore_body(body["recoveryPointId"], target_id(f"disk-{number}"))
        return client.post(f"{client.instance}/restore", one).status_code

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(restore, range(64)))

    assert statuses == [202] * 64
    assert len(simulator.jobs()) == 64


def test_the_world_survives_the_end_of_its_simulator(tmp_path: Path, clock: ManualClock) -> None:
    state = StateFile(tmp_path / "world.json")
    first = Simulator(now=clock, state=state)
    first.script("disk-1-restored", job=outcomes.completes_with_warnings())
    with first.serve() as server:
        client = Client(server, first.protect("disk-1"))
        accepted = client.restore()

    second = Simulator(now=clock, state=state)
    clock.advance(JOB)
    with client.session, second.serve(port=server.port):
        operation = client.operation(accepted)

    assert operation["properties"]["jobId"] == second.jobs()[0].id
    assert second.jobs()[0].status == "CompletedWithWarnings"
    assert second.points(client.instance) == first.points(client.instance)
    assert second.accusations == []


def test_another_process_can_set_the_world_and_ask_what_happened(server: Server) -> None:
    def command(name: str, **words: Any) -> Any:
        url = f"{server.url}/simulator/{name}"
        return requests.post(url, json=words, timeout=HTTP_TIMEOUT).json()

    made = command("protect", disk="disk-7", points=[{"time": "2026-02-01T00:00:00Z"}])
    command("script", target="new", job=[{"outcome": "fails", "code": "X"}])
    command("deny", action="Microsoft.DataProtection/backupVaults/backupJobs/read")
    command("revoke-role", group=target_id("x").split("/providers")[0])
    command(
        "faults",
        method="GET",
        path="/backupInstances/*",
        fault={"fault": "throttle", "retry_after": 7},
    )
    client = Client(server, made["backupInstanceId"])
    with client.session:
        throttled = client.get(client.instance)
        denied = client.get(f"{client.vault}/backupJobs")
    command("start-restore", backupInstanceId=made["backupInstanceId"], target=target_id("new"))
    report = requests.get(f"{server.url}/simulator/report", timeout=HTTP_TIMEOUT).json()

    assert (throttled.status_code, denied.status_code) == (429, 403)
    assert len(made["recoveryPoints"]) == 1
    assert [job["target"] for job in report["jobs"]] == [target_id("new")]
    assert report["calls"] == {"GET backupInstances/*": 1, "GET backupJobs": 1}
    assert report["accusations"] == []


def test_a_wrong_command_is_told_what_is_wrong(server: Server) -> None:
    wrong = requests.post(f"{server.url}/simulator/protect", json={}, timeout=HTTP_TIMEOUT)
    unknown = requests.post(f"{server.url}/simulator/destroy", json={}, timeout=HTTP_TIMEOUT)

    assert (wrong.status_code, unknown.status_code) == (400, 404)
    assert "disk" in wrong.json()["error"]


def test_the_program_says_where_it_is_tells_no_secret_and_ends_cleanly() -> None:
    program = subprocess.Popen(
        [sys.executable, "-u", "-m", "simulator", "--protect", "disk-1", "--machine", "vm-1=data"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with program:
        assert program.stdout is not None
        greeting = [program.stdout.readline() for _ in range(7)]
        environment = dict(line.strip().split("=", 1) for line in greeting[4:])
        granted = requests.get(
            environment["IDENTITY_ENDPOINT"],
            params={"resource": environment["ARM_ENDPOINT"], "api-version": "2019-08-01"},
            headers={"X-IDENTITY-HEADER": environment["IDENTITY_HEADER"]},
            timeout=HTTP_TIMEOUT,
        ).json()
        requests.get(
            environment["ARM_ENDPOINT"] + greeting[0].split()[1],
            headers={"Authorization": f"Bearer {granted['access_token']}"},
            timeout=HTTP_TIMEOUT,
        )
        program.send_signal(signal.SIGTERM)
        said = program.stdout.read()

    assert program.returncode == 0
    assert [line.rsplit("/", 1)[-1][:7] for line in greeting[:3]] == [
        "disk-1-",
        "vm-1-os",
        "data-da",
    ]
    assert "GET /backupVaults/vault-1/backupInstances/disk-1" in said
    assert "BAD CLIENT" in said
    assert granted["access_token"] not in said
