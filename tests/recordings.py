"""Recorded ARM traffic, served over HTTP as it was recorded.

The recordings are no part of the project: recordings.toml beside this module names the public
repository that has them, `make recordings CLONE=...` cuts them out of a clone of it. Where they are
missing a test is skipped, saying so; in CI that is a failure.
"""

import json
import os
import threading
import tomllib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

import pytest

from tools.recordings import FOLDER, SOURCES

NAMES = tuple(each["name"] for each in tomllib.loads(SOURCES.read_text())["restores"])
RECORDED_HOST = "https://management.azure.com"


def load(name: str) -> Any:
    """Return a recording, or skip the test where the recordings are missing."""
    path = FOLDER / name
    if not path.exists():
        if os.environ.get("CI"):
            pytest.fail(f"the recording {name} is missing in CI")
        pytest.skip("the recorded ARM traffic is not here: CONTRIBUTING.md says how to get it")
    return json.loads(path.read_text(encoding="utf-8"))


class Recording:
    """One recorded restore, and what can be read from it."""

    def __init__(self, name: str) -> None:
        self.interactions: list[dict[str, Any]] = load(name)["interactions"]
        post = next(each for each in self.interactions if each["method"] == "POST")
        self.api_version = post["url"].partition("api-version=")[2].partition("&")[0]
        self.instance = urlsplit(post["url"]).path.removesuffix("/validateRestore")
        inner = post["request_body"]["restoreRequestObject"]
        self.point: str = inner["recoveryPointId"]
        info = inner["restoreTargetInfo"]["datasourceInfo"]
        self.target: str = {k.lower(): v for k, v in info.items()}["resourceid"]
        self.start = moment(self.interactions[0])
        self.job: dict[str, Any] = self.interactions[-1]["body"]["properties"]
        self.job_name: str = self.interactions[-1]["body"]["name"]


class Replay:
    """Answers as the recording answered by the time that `clock` shows."""

    def __init__(self, recording: Recording, clock: Any) -> None:
        self.recording = recording
        self.clock = clock
        self.posted: list[tuple[str, Any]] = []
        self.not_recorded: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, method: str, target: str, body: Any) -> tuple[int, dict[str, str], Any]:
        """Return status, headers and body for a call."""
        if method == "POST":
            self.posted.append((urlsplit(target).path, body))
        same = [each for each in self.recording.interactions if _same(each, method, target)]
        if not same:
            return self._lacking(method, target)
        then = [each for each in same if moment(each) <= self.clock()] or same[:1]
        headers = {
            name: value.replace(RECORDED_HOST, self.url)
            for name, value in then[-1]["headers"].items()
            if name in {"azure-asyncoperation", "location", "content-type"}
        }
        return then[-1]["status"], headers, then[-1]["body"]

    def _lacking(self, method: str, target: str) -> tuple[int, dict[str, str], Any]:
        """Answer what no recorded client asked: the instance, and a point by its name."""
        path, job = urlsplit(target).path, self.recording.job
        if method == "GET" and path == self.recording.instance:
            info = {
                "datasourceType": "Microsoft.Compute/disks",
                "resourceID": job["dataSourceId"],
                "resourceLocation": job["dataSourceLocation"],
            }
            return 200, {}, {"properties": {"dataSourceInfo": info}}
        points = self.recording.interactions[0]["body"]["value"]
        named = [
            p for p in points if path == f"{self.recording.instance}/recoveryPoints/{p['name']}"
        ]
        if method == "GET" and named:
            return 200, {}, named[0]
        self.not_recorded.append(f"{method} {target}")
        return 404, {}, {"error": {"code": "NotRecorded", "message": target}}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        replay = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._reply("GET", None)

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                self._reply("POST", json.loads(self.rfile.read(length)))

            def _reply(self, method: str, body: Any) -> None:
                status, headers, answer = replay.answer(method, self.path, body)
                content = b"" if answer is None else json.dumps(answer).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler


def moment(interaction: dict[str, Any]) -> datetime:
    """Return when a recorded answer was given."""
    return parsedate_to_datetime(interaction["headers"]["date"]).astimezone(UTC)


def _same(interaction: dict[str, Any], method: str, target: str) -> bool:
    """Compare calls: an operation's signed URL to the letter, `$filter=` as if it were absent."""
    recorded = interaction["url"].removeprefix(RECORDED_HOST)
    return interaction["method"] == method and _plain(recorded) == _plain(target)


def _plain(target: str) -> str:
    return target.replace("$filter=&", "").replace("&$filter=", "")
