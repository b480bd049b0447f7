"""A job of the vault, as single answers and lists describe it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from restore_core.azure.jobs import Job, moment
from restore_core.contract.resource_ids import BackupInstanceId
from restore_core.lifecycle.status import Status
from tests.builders import A_JOB, INSTANCE, a_claim, a_plan, disk
from tests.fakes import NOON

OUR_INSTANCE = BackupInstanceId.parse(INSTANCE)
MINUTE = timedelta(minutes=1)


def a_body(extended: Any = None, **properties: Any) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/x/backupVaults/v/backupJobs/{A_JOB}",
        "name": A_JOB,
        "properties": {
            "activityID": "claim-1",
            "backupInstanceId": INSTANCE,
            "startTime": "2026-11-21T12:00:00.1234567Z",
            "endTime": None,
            "operationCategory": "Restore",
            "status": "InProgress",
            "errorDetails": None,
            "extendedInfo": extended,
            **properties,
        },
    }


def a_job(extended: Any = None, **properties: Any) -> Job:
    job = Job.of(a_body(extended, **properties))
    assert job is not None
    return job


@pytest.mark.parametrize(
    ("word", "end"),
    [
        ("Completed", Status.COMPLETED),
        ("Success", Status.COMPLETED),
        ("succeeded", Status.COMPLETED),
        ("CompletedWithWarnings", Status.COMPLETED_WITH_WARNINGS),
        ("CompletedWithWarning", Status.COMPLETED_WITH_WARNINGS),
        ("SuccessWithWarning", Status.COMPLETED_WITH_WARNINGS),
        ("SucceededWithWarnings", Status.COMPLETED_WITH_WARNINGS),
        ("FAILED", Status.FAILED),
        ("TimedOut", Status.FAILED),
        ("Cancelled", Status.CANCELLED),
        ("Canceled", Status.CANCELLED),
        ("InProgress", None),
        ("Started", None),
        ("Cancelling", None),
        ("AWordNobodyHasSeen", None),
        ("", None),
    ],
)
def test_a_job_ends_by_known_words_and_runs_by_every_other(word: str, end: Status | None) -> None:
    assert a_job(status=word).end is end


def test_a_job_is_read_from_a_single_answer() -> None:
    extended = {
        "recoveryDestination": disk("D"),
        "sourceRecoverPoint": {"recoveryPointID": "p"},
        "warningDetails": [{"warning": {"code": "Slow", "message": "It was slow."}}],
    }

    job = a_job(extended, endTime="2026-11-21T12:03:35Z")

    assert job.id == A_JOB
    assert job.started == datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
    assert job.ended == datetime(2026, 11, 21, 12, 3, 35, tzinfo=UTC)
    assert job.restores
    assert (job.destination, job.point) == (disk("d").lower(), "p")
    assert job.problem is not None
    assert job.problem.code == "Slow"


def test_an_error_of_a_job_counts_more_than_its_warning() -> None:
    extended = {"warningDetails": [{"warning": {"code": "Slow"}}]}

    job = a_job(extended, errorDetails=[{"code": "Broken", "message": "m"}])

    assert job.problem is not None
    assert job.problem.code == "Broken"


def test_a_job_without_a_name_is_named_by_its_id() -> None:
    body = a_body()
    del body["name"]

    job = Job.of(body)

    assert job is not None
    assert job.id == A_JOB


@pytest.mark.parametrize("body", [{}, {"name": "a b"}, {"name": 7}, {"properties": {}}])
def test_what_names_no_job_is_none(body: dict[str, Any]) -> None:
    assert Job.of(body) is None


ODD: list[Any] = [None, 7, True, [], {}, "x", ["x"], {"a": 1}]


@pytest.mark.parametrize("odd", ODD)
def test_a_job_of_any_odd_form_is_read_without_falling_over(odd: Any) -> None:
    names = list(a_body()["properties"])

    jobs = [Job.of({"name": A_JOB, "properties": odd}), a_job(**dict.fromkeys(names, odd))]
    jobs += [a_job({"recoveryDestination": odd, "sourceRecoverPoint": odd, "warningDetails": odd})]

    assert all(job is not None and job.end is None for job in jobs)


# ------------------------------------------------------------------ whose job is it

CLAIMS = (a_claim(NOON - 30 * MINUTE, "AAAA-1"), a_claim(NOON, "BBBB-2"))


@pytest.mark.parametrize(
    ("activity", "ours"),
    [
        ("AAAA-1", True),
        ("bbbb-2", True),
        ("bbbb-2-Ibz", True),
        ("xbbbb-2", False),
        ("bbbb", False),
        ("", False),
        (None, False),
    ],
)
def test_a_job_bears_the_mark_of_a_claim_when_its_activity_begins_with_its_id(
    *, activity: str | None, ours: bool
) -> None:
    assert a_job(activityID=activity).bears_mark_of(CLAIMS) is ours


def started(at: datetime, **properties: Any) -> Job:
    return a_job(startTime=at.isoformat(), **properties)


@pytest.mark.parametrize("minutes", [-5, -1, 0, 5, 10])
def test_a_restore_of_the_instance_begun_around_a_claim_may_be_the_claims(minutes: int) -> None:
    for claim in CLAIMS:
        assert started(claim.at + minutes * MINUTE).may_be_of(CLAIMS, OUR_INSTANCE)


@pytest.mark.parametrize("minutes", [-41, -36, -19, -6, 11, 600])
def test_a_restore_begun_at_another_time_is_not_the_claims(minutes: int) -> None:
    assert not started(NOON + minutes * MINUTE).may_be_of(CLAIMS, OUR_INSTANCE)


@pytest.mark.parametrize(
    "changes",
    [
        {"operationCategory": "Backup"},
        {"operationCategory": None},
        {"backupInstanceId": INSTANCE + "2"},
        {"backupInstanceId": None},
        {"startTime": None},
        {"startTime": "soon"},
    ],
)
def test_another_kind_of_job_is_not_the_claims(changes: dict[str, Any]) -> None:
    assert not a_job(**changes).may_be_of(CLAIMS, OUR_INSTANCE)


def test_a_job_of_the_instance_in_any_casing_may_be_the_claims() -> None:
    shouted = started(NOON, backupInstanceId=INSTANCE.upper(), operationCategory="restore")

    assert shouted.may_be_of(CLAIMS, OUR_INSTANCE)


def test_a_job_that_had_ended_by_the_claim_is_not_the_claims() -> None:
    claim, begun = (a_claim(NOON),), NOON - 4 * MINUTE

    ended = started(begun, endTime=NOON.isoformat())
    still_running = started(begun)

    assert not ended.may_be_of(claim, OUR_INSTANCE)
    assert still_running.may_be_of(claim, OUR_INSTANCE)


@pytest.mark.parametrize(
    ("destination", "point", "writes"),
    [
        (disk("disk-1-restored"), "a05715f103bc4ec498a311801f3baf01", True),
        (disk("DISK-1-restored").upper(), "A05715F103BC4EC498A311801F3BAF01", True),
        (disk("disk-1-restored"), None, True),
        (disk("disk-1-restored"), "another", False),
        (disk("disk-2"), "a05715f103bc4ec498a311801f3baf01", False),
        (None, "a05715f103bc4ec498a311801f3baf01", False),
    ],
)
def test_a_job_writes_the_plans_disk_by_destination_and_point(
    *, destination: str | None, point: str | None, writes: bool
) -> None:
    extended = {
        "recoveryDestination": destination,
        "sourceRecoverPoint": {"recoveryPointID": point},
    }

    assert a_job(extended).writes(a_plan()) is writes


# -------------------------------------------------------------------------- times


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-11-21T12:00:00.1234567Z", datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)),
        ("2026-11-21T12:00:00", datetime(2026, 11, 21, 12, tzinfo=UTC)),
        ("2026-11-21T14:00:00+02:00", datetime(2026, 11, 21, 12, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00", None),
        ("9999-12-31T23:59:59-05:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (17, None),
    ],
)
def test_a_time_of_the_service_is_read_in_utc_or_not_at_all(
    text: object, meant: datetime | None
) -> None:
    assert moment(text) == meant
