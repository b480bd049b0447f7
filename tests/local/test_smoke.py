"""`python -m local.smoke` against a whole app: a validation, a restore, the disk taken away."""

from __future__ import annotations

import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Self

import pytest
from azure.core.exceptions import ClientAuthenticationError

from local.smoke.command import main
from local.smoke.disks import Disks, NotDeletedError
from local.smoke.transcript import Transcript
from restore_core.contract.resource_ids import DiskId
from tests.azure.listener import Listener
from tests.builders import disk
from tests.fakes import NOON, ManualClock
from tests.local.deployed import KEY, Deployed, deployed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DISK = DiskId.parse(disk("smoke-1"))
SECRET = "eyJhbGciOi.eyJhdWQiOi.signature"


class Somebody:
    """An identity with a token."""

    def get_token(self, *scopes: str) -> Any:
        assert scopes == (self.scope,)
        return SimpleNamespace(token=SECRET)

    scope = ""


class DiskArm:
    """An ARM that has one disk, which is gone a look after it was deleted."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        calls = self.calls

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                assert self.headers["Authorization"] == f"Bearer {SECRET}"
                calls.append(f"{self.command} {self.path}")
                gone = self.command == "GET" and len(calls) > 2
                self.send_response(404 if gone else 202 if self.command == "DELETE" else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_DELETE = handle_any  # noqa: N815

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def app() -> Iterator[Deployed]:
    with pytest.MonkeyPatch.context() as patch, deployed(patch) as app:
        yield app


def smoke(app: Deployed, file: Path, *more: str, credential: Any = Somebody) -> tuple[int, str]:
    words = [*app.words, "--instance", app.instance, "--target-group", app.group]
    words += ["--transcript", str(file), "--wait", "60", *more]
    code = main(words, pause=lambda _: time.sleep(0.2), credential=credential)
    return code, file.read_text()


whole = [
    pytest.mark.azurite,
    pytest.mark.usefixtures("azurite"),
    pytest.mark.timeout(180),
]


class TestOnAWholeApp:
    pytestmark = whole

    def test_a_disk_is_restored_and_stays_and_the_transcript_tells_all(
        self, app: Deployed, tmp_path: Path
    ) -> None:
        code, text = smoke(app, tmp_path / "t.txt")

        assert code == 0, text
        assert "status: Validated" in text
        assert "status: Completed" in text
        assert "jobId: " in text
        assert "az disk delete --yes --ids '/subscriptions/" in text
        assert "Every step ended as it should." in text
        assert KEY not in text
        assert "sig=" not in text
        (job,) = app.simulator.jobs()
        assert "/disks/smoke-2" in str(job)
        assert app.simulator.accusations == []

    def test_the_disk_of_this_run_is_deleted_where_that_is_asked_for(
        self, app: Deployed, tmp_path: Path
    ) -> None:
        with DiskArm() as arm:
            Somebody.scope = f"{arm.url}/.default"
            code, text = smoke(app, tmp_path / "t.txt", "--delete", "--arm", arm.url)

        assert code == 0, text
        deleted = [call for call in arm.calls if call.startswith("DELETE")]
        assert len(deleted) == 1
        assert f"{app.group}/providers/Microsoft.Compute/disks/smoke-2" in deleted[0]
        assert "ARM answered HTTP 202; it is gone" in text
        assert SECRET not in text

    def test_nothing_is_restored_or_deleted_behind_a_validation_that_fails(
        self, app: Deployed, tmp_path: Path
    ) -> None:
        before = len(app.simulator.jobs())
        app.simulator.revoke_vault_role(app.group)
        try:
            with DiskArm() as arm:
                code, text = smoke(app, tmp_path / "t.txt", "--delete", "--arm", arm.url)
        finally:
            app.simulator.grant_vault_role(app.group)

        assert code == 1
        assert "UserErrorNotEnoughPermissionOnTargetRG" in text
        assert "It did NOT end as it should." in text
        assert arm.calls == []
        assert len(app.simulator.jobs()) == before


# ------------------------------------------------------------------------- without an app


def test_a_line_holds_no_token_no_key_and_no_signature(tmp_path: Path) -> None:
    shown: list[str] = []
    transcript = Transcript(
        tmp_path / "t", now=ManualClock(NOON), secrets=("the-key", ""), show=shown.append
    )

    transcript.say(f"Bearer {SECRET} the-key https://arm/op?t=1&s=signed\nnext")
    transcript.tell("row", {"ended": True, "why": "https://a.b/c?sig=1"})

    text = (tmp_path / "t").read_text()
    assert text == (
        "2026-11-21 12:00:00Z Bearer … … https://arm/op?… next\n"
        "2026-11-21 12:00:00Z row\n    ended: true\n    why: https://a.b/c?…\n"
    )
    assert "".join(f"{line}\n" for line in shown) == text


def delete(url: str, credential: Any = None) -> str:
    Somebody.scope = f"{url}/.default"
    return Disks(url, credential or Somebody(), lambda _: None).delete(DISK)


def test_a_disk_that_may_not_be_deleted_is_told() -> None:
    with (
        Listener(b'{"error": {"code": "AuthorizationFailed"}}', status=403) as arm,
        pytest.raises(NotDeletedError),
    ):
        delete(arm.url)


def test_without_a_token_nothing_is_deleted() -> None:
    class Nobody:
        def get_token(self, *_: str) -> Any:
            raise ClientAuthenticationError("no")

    with Listener() as arm, pytest.raises(NotDeletedError, match="ClientAuthenticationError"):
        delete(arm.url, Nobody())
    assert arm.heard == []


def test_no_token_goes_to_a_plain_address_elsewhere() -> None:
    with pytest.raises(NotDeletedError, match="no https URL"):
        delete("http://management.example")


@pytest.mark.parametrize("words", [[], ["--instance", "x", "--target-group", "y"]])
def test_what_is_restored_and_where_to_must_be_said(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", "UseDevelopmentStorage=true")

    assert main(["https://app.example", *words]) == 2
    assert capsys.readouterr().err
