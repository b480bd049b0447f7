"""A token stands nowhere, the signed part of an operation URL only in its own column. I4."""

import json
import logging
import re

import pytest

from simulator import faults, outcomes
from tests.world import World

SIGNED = re.compile(r"[?&][tcsh]=[\w%-]{10}")


class Everything(logging.Handler):
    """Keeps what every logger of the process says, down to DEBUG."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name} {record.getMessage()} {record.exc_text or ''}")


def _stored(world: World) -> list[tuple[str, str]]:
    cells = [
        (f"{table}.{column}", str(value))
        for table in world.tables.tables
        for row in world.rows(table)
        for column, value in row.items()
    ]
    messages = [
        (name, message.content)
        for name, queue in world.queues.queues.items()
        for message in queue.messages
    ]
    return cells + messages


def _tokens(world: World) -> list[str]:
    token = world.credential.get_token(f"{world.server.url}/.default").token
    return [token, *token.split(".")[1:]]


@pytest.mark.parametrize(
    "trouble",
    [
        None,
        ("GET", "/operationStatus/*", faults.status(403, error_code="AuthorizationFailed")),
        ("GET", "/operationStatus/*", faults.garbage("html")),
        ("POST", "/restore", faults.lose_answer()),
        ("GET", "/operationStatus/*", faults.redirect("https://evil.example/?token=1")),
        ("GET", "/backupJobs/*", faults.service_error(500, "CloudInternalError")),
    ],
)
def test_no_token_and_no_signature_stands_in_any_row_message_or_log(
    world: World, trouble: tuple[str, str, faults.Fault] | None
) -> None:
    everything = Everything()
    root = logging.getLogger()
    level = root.level
    root.addHandler(everything)
    root.setLevel(logging.INFO)
    if trouble:
        world.simulator.next(*trouble, times=2)
    signed_while_running: list[str] = []

    def look(_what: str) -> None:
        for column, text in _stored(world):
            if SIGNED.search(text):
                signed_while_running.append(column)

    world.io.after = look
    try:
        row = world.restore(world.protect())
    finally:
        root.removeHandler(everything)
        root.setLevel(level)

    assert row["status"] == "Completed"
    seen = _stored(world) + [("log", line) for line in everything.lines]
    for secret in _tokens(world):
        assert not [where for where, text in seen if secret in text]
    assert not [where for where, text in seen if SIGNED.search(text)]
    assert set(signed_while_running) == {"Restores.operationUrl"}


def test_an_error_that_quotes_a_signed_url_or_a_token_is_told_without_them(world: World) -> None:
    url = "https://management.azure.com/x?t=1&c=MIIHpTCCBo2gAwIBAgIT&s=aTwagWconlC3738GXbri&h=P"
    world.simulator.script(
        "disk-1-restored",
        validation=outcomes.fails(
            "UserErrorX", message=f"GET {url} failed for Bearer eyJhbGciOiJub25lIn0.eyJhIjoxfQ.s1g"
        ),
    )

    row = world.restore(world.protect())

    told = json.dumps(row, default=str)
    assert "MIIHpTCC" not in told
    assert "eyJ" not in told
    assert "https://management.azure.com/x?…" in row["errorMessage"]


def test_the_token_goes_to_the_arm_endpoint_alone(world: World) -> None:
    with World() as elsewhere:
        world.simulator.next(
            "POST", "/validateRestore", faults.foreign_operation(elsewhere.server.url)
        )
        world.simulator.next(
            "GET", "/operationStatus/*", faults.redirect(f"{elsewhere.server.url}/steal")
        )

        row = world.restore(world.protect())

        assert row["status"] == "Completed"
        assert elsewhere.simulator.calls == []
