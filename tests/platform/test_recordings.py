"""Recorded restores and errors, replayed over HTTP through the whole app."""

from datetime import datetime
from typing import Any

import pytest

from restore_core.azure.arm import Arm
from restore_core.azure.arm_errors import problem_in
from tests.recordings import NAMES, Recording, Replay, load, moment
from tests.world import AToken, World

pytestmark = pytest.mark.recordings


class AnyToken:
    """Recordings have no tokens; any will do."""

    def get_token(self, *_scopes: str) -> AToken:
        return AToken("recorded", 2**40)


class ReplayedWorld(World):
    """The app, talking to a recording."""

    def __init__(self, recording: Recording) -> None:
        self.replay = Replay(recording, self._time)
        super().__init__(start=recording.start, allow="* => *", api_version=recording.api_version)

    def _time(self) -> datetime:
        return self.clock()

    def arm(self) -> Arm:
        return Arm(self.replay.url, AnyToken(), api_version=self.api_version, clock=self.clock)


def _folded(value: Any) -> Any:
    """Lower all keys; leave `resourceUri` out, which is recorded as the id or empty."""
    if isinstance(value, dict):
        pairs = ((name.lower(), _folded(held)) for name, held in value.items())
        return {name: held for name, held in pairs if name != "resourceuri"}
    return value


@pytest.mark.parametrize("named", [False, True], ids=["newest point", "named point"])
@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_restore_runs_through_the_whole_app(name: str, named: bool) -> None:  # noqa: FBT001
    recording = Recording(name)
    with ReplayedWorld(recording) as world, world.replay as replay:
        selector = {"recoveryPointId": recording.point} if named else {}

        row = world.restore(recording.instance, targetDiskId=recording.target, **selector)

        recorded = [e for e in recording.interactions if e["method"] == "POST"]
        assert [path for path, _ in replay.posted] == [
            f"{recording.instance}/validateRestore",
            f"{recording.instance}/restore",
        ]
        assert [_folded(body) for _, body in replay.posted] == [
            _folded(each["request_body"]) for each in recorded
        ]
        for _, body in replay.posted:
            info = body.get("restoreRequestObject", body)["restoreTargetInfo"]["datasourceInfo"]
            assert info["resourceUri"] == recording.target
        assert replay.not_recorded == []
        assert row["status"] == "Completed"
        assert row["jobId"] == recording.job_name
        assert row["recoveryPointId"] == recording.point
        assert row["sourceDiskId"] == recording.job["dataSourceId"]
        assert row["completedAt"] <= moment(recording.interactions[-1])


@pytest.mark.parametrize("number", range(11))
def test_each_recorded_error_gives_code_message_and_advice(number: int) -> None:
    error = load("errors.json")[number]

    problem = problem_in(error["body"])

    assert problem is not None
    told = error["body"]["error"]
    infos = [each["info"] for each in told.get("additionalInfo", [])]
    assert problem.code == told["code"]
    assert problem.message.split("…")[0][:60] == told["message"][:60]
    for info in infos:
        assert problem.action.split()[:5] == " ".join(info["recommendedAction"]).split()[:5]
    assert "\n" not in problem.message + problem.action
