"""Recordings are cut out of a clone whole, whichever version of a file they stand in."""

import json
import os
import subprocess
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.recordings import load
from tools.recordings import ERRORS, SOURCES, main

WANTED: dict[str, Any] = tomllib.loads(SOURCES.read_text())
ARM = "https://management.azure.com/subscriptions/s"
PROTECTION = f"{ARM}/resourceGroups/g/providers/Microsoft.DataProtection"
VAULT = f"{PROTECTION}/backupVaults/v"
INSTANCE = f"{VAULT}/backupInstances/i"
OTHER_DAY = "Mon, 01 Jan 2024 00:00:00 GMT"


def call(method: str, url: str, body: Any = None, **changes: Any) -> dict[str, Any]:
    """A call as recordings have it."""
    return {
        "method": method,
        "url": url,
        "request_body": None,
        "status": 200,
        "headers": {"date": OTHER_DAY, "server": ["IIS", "Kestrel"]},
        "body": body,
        **changes,
    }


def job(status: str, version: str = "") -> dict[str, Any]:
    body = {"properties": {"status": status}}
    return call("GET", f"{VAULT}/backupJobs/j?api-version={version}", body)


def a_restore(wanted: dict[str, str]) -> list[dict[str, Any]]:
    version = wanted["api_version"]
    accepted = {"status": 202, "request_body": {"objectType": "asked"}}
    when = {"headers": {"date": wanted["date"]}}
    operation = {"status": "Succeeded"}
    return [
        call("GET", f"{INSTANCE}/recoveryPoints?$filter=&api-version={version}", {"value": ["ü"]}),
        call("POST", f"{INSTANCE}/validateRestore?api-version={version}", **accepted),
        call("GET", f"{VAULT}/operationStatus/o1?api-version={version}", operation),
        call("GET", f"{PROTECTION}/locations/l/operationResults/o1?api-version={version}", {}),
        call("POST", f"{INSTANCE}/restore?api-version={version}", **accepted, **when),
        call("GET", f"{VAULT}/operationStatus/o2?api-version={version}&t=signed", operation),
        job("InProgress", version),
        job("Completed", version),
    ]


def with_others_between(restore: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the extension's tests do besides, around a restore and within it."""
    points, validate, *middle, running, completed = restore
    return [
        call("GET", f"{VAULT}/backupJobs/of-a-backup", {"properties": {"status": "Completed"}}),
        call("GET", f"{INSTANCE}/recoveryPoints", {"value": []}),
        points,
        call("GET", INSTANCE, {"properties": {}}),
        call("DELETE", f"{ARM}/providers/Microsoft.Compute/disks/d", "<html>no JSON"),
        validate,
        *middle,
        running,
        call("GET", f"{VAULT}/backupJobs", {"value": []}),
        completed,
        call("GET", f"{VAULT}/operationStatus/of-something-later", {}),
    ]


def an_error(wanted: dict[str, Any]) -> dict[str, Any]:
    return call(
        "PUT",
        f"{VAULT}?api-version=1",
        {"error": {"code": wanted["code"]}},
        status=wanted["http"],
        headers={"date": wanted["date"]},
    )


def cassette(calls: Sequence[dict[str, Any]]) -> str:
    """Write calls as the recorder does."""
    return yaml.safe_dump({"interactions": [_interaction(one) for one in calls], "version": 1})


def _interaction(one: dict[str, Any]) -> dict[str, Any]:
    headers = {
        name: value if isinstance(value, list) else [value]
        for name, value in one["headers"].items()
    }
    return {
        "request": {
            "body": _text(one["request_body"]) or None,
            "headers": {"Accept": ["*/*"]},
            "method": one["method"],
            "uri": one["url"],
        },
        "response": {
            "body": {"string": _text(one["body"])},
            "headers": headers,
            "status": {"code": one["status"], "message": one.get("reason", "OK")},
        },
    }


def _text(body: Any) -> str:
    if isinstance(body, str):
        return body
    return "" if body is None else json.dumps(body)


class Repository:
    """A git repository with cassettes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._commits = 0
        self.git("init", "--quiet", "--initial-branch=main", str(path), where=path.parent)

    def commit(self, name: str, calls: Sequence[dict[str, Any]]) -> None:
        """Record a test anew: its cassette, whole."""
        file = self.path / WANTED["cassettes"] / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(cassette(calls))
        self._commits += 1
        self.git("add", ".")
        self.git("commit", "--quiet", "--message", "Record anew")

    def git(self, *words: str, where: Path | None = None) -> None:
        names = ("GIT_AUTHOR", "GIT_COMMITTER")
        who = {f"{name}_{part}": "t@example.com" for name in names for part in ("NAME", "EMAIL")}
        when = {f"{name}_DATE": f"{1_600_000_000 + self._commits} +0000" for name in names}
        clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        subprocess.run(  # noqa: S603  our own words
            ["git", *words],  # noqa: S607  whichever git there is
            cwd=where or self.path,
            env=clean | own | who | when,
            check=True,
        )


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """All that is wanted, each in a commit of its own, and then something else in its place."""
    repository = Repository(tmp_path / "clone")
    for wanted in WANTED["restores"]:
        repository.commit(wanted["cassette"], with_others_between(a_restore(wanted)))
    for wanted in WANTED["errors"]:
        repository.commit(wanted["cassette"], [job("InProgress"), an_error(wanted)])
    for name in sorted({each["cassette"] for each in WANTED["restores"] + WANTED["errors"]}):
        repository.commit(name, [call("GET", INSTANCE)])
    return repository


def cut(repository: Repository, into: Path) -> int:
    return main([str(repository.path), "--into", str(into)])


def test_restores_are_cut_out_of_the_version_that_has_them(
    repository: Repository, tmp_path: Path
) -> None:
    status = cut(repository, tmp_path / "into")

    assert status == 0
    for wanted in WANTED["restores"]:
        recording = json.loads((tmp_path / "into" / wanted["name"]).read_text())
        assert recording["interactions"] == a_restore(wanted)
        assert recording["date"] == wanted["date"]
        assert f"{wanted['cassette']}.yaml @ " in recording["source"]


def test_errors_are_cut_in_the_order_of_the_list(repository: Repository, tmp_path: Path) -> None:
    cut(repository, tmp_path)

    errors = json.loads((tmp_path / ERRORS).read_text())
    assert [one["body"]["error"]["code"] for one in errors] == [
        wanted["code"] for wanted in WANTED["errors"]
    ]
    assert errors[0] | {"file": ""} == {
        "http": 200,
        "reason": "OK",
        "method": "PUT",
        "path": "backupVaults/*",
        "headers": {"date": [WANTED["errors"][0]["date"]]},
        "body": {"error": {"code": WANTED["errors"][0]["code"]}},
        "file": "",
        "n": 1,
    }


def test_a_branch_that_was_left_is_searched_too(repository: Repository, tmp_path: Path) -> None:
    repository.git("branch", "left")
    repository.git("checkout", "--quiet", "--orphan", "other")
    repository.commit("something", [])

    assert cut(repository, tmp_path / "into") == 0


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda calls: calls[1:], id="the points were not listed"),
        pytest.param(lambda calls: calls[:1] + calls[2:], id="nothing was validated"),
        pytest.param(lambda calls: calls[:-2], id="no job was looked at"),
        pytest.param(lambda calls: calls[:-1], id="the job has not ended"),
        pytest.param(lambda calls: [], id="it is not there"),  # noqa: ARG005
    ],
)
def test_a_restore_that_is_not_whole_is_named_and_not_written(
    damage: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repository, wanted = Repository(tmp_path / "clone"), WANTED["restores"][0]
    repository.commit(wanted["cassette"], damage(a_restore(wanted)))

    status = cut(repository, tmp_path / "into")

    assert status == 1
    assert f"NOT FOUND: {wanted['name']}: in none of 1 versions of " in capsys.readouterr().out
    assert list((tmp_path / "into").iterdir()) == []


def test_a_restore_in_another_api_version_is_another(tmp_path: Path) -> None:
    repository, wanted = Repository(tmp_path / "clone"), WANTED["restores"][0]
    repository.commit(wanted["cassette"], a_restore(wanted | {"api_version": "2020-01-01"}))

    assert cut(repository, tmp_path / "into") == 1
    assert not (tmp_path / "into" / wanted["name"]).exists()


def test_errors_are_written_all_or_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repository = Repository(tmp_path / "clone")
    *most, last = WANTED["errors"]
    for wanted in most:
        repository.commit(wanted["cassette"], [an_error(wanted)])

    status = cut(repository, tmp_path / "into")

    assert status == 1
    assert (
        f"NOT FOUND: {last['code']} (HTTP {last['http']}) for {ERRORS}" in capsys.readouterr().out
    )
    assert not (tmp_path / "into" / ERRORS).exists()


def test_what_is_no_clone_is_told_in_gits_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main([str(tmp_path / "nothing"), "--into", str(tmp_path)])

    assert status == 2
    assert capsys.readouterr().out.startswith("git: ")


def test_a_clone_of_something_else_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = cut(Repository(tmp_path / "clone"), tmp_path / "into")

    assert status == 2
    assert f"is no clone of {WANTED['repository']}" in capsys.readouterr().out
    assert not (tmp_path / "into").exists()


@pytest.mark.recordings
def test_real_recordings_put_into_cassettes_come_out_as_they_were(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "clone")
    for wanted in WANTED["restores"]:
        whole = with_others_between(load(wanted["name"])["interactions"])
        repository.commit(wanted["cassette"], whole)
    for wanted, error in zip(WANTED["errors"], load(ERRORS), strict=True):
        path = error["path"].replace("*", "x")
        answer = {name: error[name] for name in ("reason", "headers", "body")}
        recorded = call(error["method"], f"{PROTECTION}/{path}", status=error["http"], **answer)
        repository.commit(wanted["cassette"], [call("GET", ARM)] * error["n"] + [recorded])

    status = cut(repository, tmp_path / "into")

    assert status == 0
    for wanted in WANTED["restores"]:
        recording = json.loads((tmp_path / "into" / wanted["name"]).read_text())
        real = load(wanted["name"])
        assert recording | {"source": ""} == real | {"source": ""}
    errors = json.loads((tmp_path / "into" / ERRORS).read_text())
    assert [one | {"file": ""} for one in errors] == [
        {name: value for name, value in one.items() if name != "count"} | {"file": ""}
        for one in load(ERRORS)
    ]
