"""Who may see the board, asked over HTTP as a browser, a neighbour or a stranger's page asks."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import requests

from restore_core.connection import StorageConnection
from restorectl.account import Account
from restorectl.board import serve
from restorectl.board.serving import served
from restorectl.exits import Trouble
from restorectl.session import Session
from tests.board.scene import Night, a_night
from tests.nobody import port_of_nobody

if TYPE_CHECKING:
    from collections.abc import Iterator

    from restorectl.board.guard import Door

DATA = "/data/restores?since=24h&version=0"


@pytest.fixture(scope="module")
def night() -> Night:
    return a_night()


@pytest.fixture(scope="module")
def door(night: Night) -> Iterator[Door]:
    with served(night.reading, night.clock, night.account) as door:
        yield door


@pytest.fixture
def here(door: Door) -> str:
    return f"http://127.0.0.1:{door.port}"


@pytest.fixture
def browser(door: Door) -> requests.Session:
    """Return what has opened the printed address, and keeps cookies."""
    browser = requests.Session()
    browser.get(door.address, timeout=10).raise_for_status()
    return browser


@pytest.mark.parametrize("path", ["/", DATA, "/restores/web-02", "/page/board.js", "/open/guess"])
def test_a_neighbour_on_the_same_machine_is_shown_nothing(here: str, path: str) -> None:
    answer = requests.get(here + path, timeout=10)

    assert answer.status_code == 401
    assert answer.text == "Open the address that restorectl board has printed.\n"


def test_the_printed_address_lets_a_browser_in_and_stays_out_of_the_next_one(
    door: Door, browser: requests.Session, here: str
) -> None:
    first = requests.get(door.address, timeout=10, allow_redirects=False)

    assert (first.status_code, first.headers["location"]) == (303, "/")
    assert "HttpOnly" in first.headers["set-cookie"]
    assert "SameSite=strict" in first.headers["set-cookie"]
    assert browser.get(here + DATA, timeout=10).json()["account"] == "stdiskrestore01"


def test_the_address_that_a_browser_is_started_with_opens_once(door: Door) -> None:
    address = door.address_for_once()

    first = requests.get(address, timeout=10, allow_redirects=False)
    second = requests.get(address, timeout=10, allow_redirects=False)

    assert (first.status_code, second.status_code) == (303, 401)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", ""])
def test_another_name_for_this_machine_is_refused_even_with_the_cookie(
    browser: requests.Session, here: str, host: str
) -> None:
    answer = browser.get(here + DATA, headers={"Host": host}, timeout=10)

    assert answer.status_code == 421
    assert "disk" not in answer.text


def test_nothing_can_be_asked_for_but_to_see(browser: requests.Session, here: str) -> None:
    assert browser.post(here + DATA, timeout=10).status_code == 405


@pytest.mark.parametrize(
    "path", ["/", DATA, "/page/board.js", "/restores/x", "/nothing", "/open/x"]
)
def test_every_answer_forbids_whatever_is_not_its_own(
    browser: requests.Session, here: str, path: str
) -> None:
    headers = browser.get(here + path, timeout=10).headers

    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/page/../app.py", "/page/%2e%2e/app.py", "/page//etc/passwd"])
def test_no_file_but_the_pages_is_served(browser: requests.Session, here: str, path: str) -> None:
    asked = requests.Request("GET", here + path, cookies=browser.cookies).prepare()
    asked.url = here + path

    assert browser.send(asked, timeout=10).status_code == 404


def test_the_port_of_another_is_refused_with_a_remedy(night: Night) -> None:
    storage = StorageConnection(connection_string="UseDevelopmentStorage=true")
    session = Session(Account("a", storage, "a test"), night.clock)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(Trouble) as trouble:
            serve(session, port=port, browser=False)

    assert str(port) in trouble.value.text
    assert "--port" in trouble.value.remedy


def test_the_command_prints_an_address_tells_what_is_wrong_and_ends_with_ctrl_c() -> None:
    with (
        port_of_nobody() as port,
        subprocess.Popen(
            [sys.executable, "-m", "restorectl", "board", "--no-browser"],
            env={**os.environ, "RESTORECTL_CONNECTION_STRING": _storage_at(port)},
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        said, address = process.stdout.readline(), process.stdout.readline().strip()
        browser = requests.Session()
        browser.get(address, timeout=10).raise_for_status()
        here = address.partition("/open/")[0]
        answer = browser.get(here + DATA, timeout=50)
        process.send_signal(signal.SIGINT)

    assert "for you alone, until Ctrl-C" in said
    assert process.returncode == 0
    assert answer.status_code == 503
    assert answer.json()["message"].startswith("Storage did not answer")
    assert "does this machine reach it" in answer.json()["action"]


def _storage_at(port: int) -> str:
    address = f"http://127.0.0.1:{port}/devstoreaccount1"
    account = "AccountName=devstoreaccount1;AccountKey=bm9uZQ==;"
    return f"{account}TableEndpoint={address};QueueEndpoint={address}"
