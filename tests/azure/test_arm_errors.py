"""The service's error shapes: made up here, and as they were recorded."""

from typing import Any

import pytest

from restore_core.azure.arm_errors import problem_in, problem_of_job, warnings_of_job
from restore_core.errors import Problem
from tests.recordings import load


def user_facing(**changes: Any) -> dict[str, Any]:
    return {
        "message": "It is broken.",
        "recommendedAction": ["Mend it.", "Try again."],
        "details": None,
        "code": "UserErrorBroken",
        "target": "",
        "innerError": None,
        "isRetryable": False,
        **changes,
    }


def shape_a(info: dict[str, Any], **error: Any) -> dict[str, Any]:
    additional = [{"type": "UserFacingError", "info": info}]
    whole = {"additionalInfo": additional, "code": "UserErrorBroken", "message": "It is broken."}
    return {"error": {**whole, **error}}


# ---------------------------------------------------------------------- the four shapes


def test_shape_a_the_services_own_gives_code_message_and_advice() -> None:
    problem = problem_in(shape_a(user_facing()))

    assert problem == Problem("UserErrorBroken", "It is broken.", "Mend it. Try again.")


def test_shape_b_arms_own_gives_code_and_message() -> None:
    problem = problem_in({"error": {"code": "AuthorizationFailed", "message": "No."}})

    assert problem == Problem("AuthorizationFailed", "No.")


def test_shape_c_with_nulls_gives_code_and_message() -> None:
    error = {"code": "UserErrorGenericResourceNotFound", "message": "Not found."}

    problem = problem_in({"error": {**error, "target": None, "details": None, "innerError": None}})

    assert problem == Problem("UserErrorGenericResourceNotFound", "Not found.")


def test_shape_d_of_old_corners_gives_code_and_message() -> None:
    message = {"Language": "en-US", "Value": "Not found."}

    problem = problem_in({"ErrorCode": "ItemNotFound", "Message": message, "Values": []})

    assert problem == Problem("ItemNotFound", "Not found.")


def test_an_operation_that_succeeded_with_an_error_has_that_error() -> None:
    body = {"status": "Succeeded", **shape_a(user_facing())}

    assert problem_in(body) == Problem("UserErrorBroken", "It is broken.", "Mend it. Try again.")


@pytest.mark.parametrize("body", [{}, {"error": None}, {"error": {}}, {"status": "Failed"}])
def test_a_body_without_an_error_has_none(body: dict[str, Any]) -> None:
    assert problem_in(body) is None


# ------------------------------------------------------------------------ details


@pytest.mark.parametrize("key", ["innerError", "InnerError"])
def test_the_engineers_detail_is_told_in_one_line(key: str) -> None:
    detail = "\ufeffThe principal abc\r\nlacks Microsoft.Compute/disks/write"
    inner = {"code": "X", "additionalInfo": {"DetailedNonLocalisedMessage": detail}}

    problem = problem_in(shape_a(user_facing(innerError=None) | {key: inner}))

    assert problem is not None
    assert problem.message == (
        "It is broken. Detail: The principal abc lacks Microsoft.Compute/disks/write"
    )


def test_a_job_tells_its_outermost_error_and_not_the_boilerplate_inside() -> None:
    innermost = {
        "code": "InternalServerError",
        "additionalInfo": {"DetailedNonLocalisedMessage": "An internal error occurred."},
    }
    inner = {
        "code": "PluginError",
        "additionalInfo": {"DetailedNonLocalisedMessage": "The disk quota is used up."},
        "embeddedInnerError": innermost,
    }

    problem = problem_of_job([user_facing(innerError=inner), user_facing(code="Second")])

    assert problem == Problem(
        "UserErrorBroken",
        "It is broken. Detail: The disk quota is used up.",
        "Mend it. Try again.",
    )


def test_a_job_tells_its_first_warning() -> None:
    details = [{"resourceName": "d", "warning": user_facing(code="Slow")}, {"warning": {}}]

    problem = warnings_of_job(details)

    assert problem is not None
    assert problem.code == "Slow"


@pytest.mark.parametrize("details", [None, [], [None], ["x"], [{}], {}, 7, "text"])
def test_a_job_without_details_has_no_problem(details: Any) -> None:
    assert problem_of_job(details) is None
    assert warnings_of_job(details) is None


# ------------------------------------------------------------------------ odd things


ODD: list[Any] = [None, "", "text", 7, True, [], [None], ["x"], {}, {"code": None}, {"info": []}]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(
    "place", ["error", "code", "message", "additionalInfo", "info", "recommendedAction", "inner"]
)
def test_an_error_of_any_odd_form_is_read_without_falling_over(place: str, odd: Any) -> None:
    bodies = {
        "error": {"error": odd},
        "code": {"error": {"code": odd, "message": "m"}},
        "message": {"error": {"code": "c", "message": odd}, "Message": odd},
        "additionalInfo": {"error": {"code": "c", "additionalInfo": odd}},
        "info": {"error": {"code": "c", "additionalInfo": [{"info": odd}]}},
        "recommendedAction": shape_a(user_facing(recommendedAction=odd)),
        "inner": shape_a(user_facing(innerError={"additionalInfo": odd})),
    }

    problem = problem_in(bodies[place])

    assert problem is None or problem.code


def test_an_error_without_a_code_is_unknown_and_keeps_its_message() -> None:
    assert problem_in({"error": {"message": "Broken."}}) == Problem("UnknownError", "Broken.")


def test_shape_d_of_an_odd_form_is_unknown() -> None:
    assert problem_in({"ErrorCode": None, "Message": "x"}) == Problem("UnknownError", "")


def test_an_error_shows_no_line_break_no_signature_and_no_more_than_fits() -> None:
    url = "https://management.azure.com/x?s=signature"

    problem = problem_in(shape_a(user_facing(code="C" * 500), code="", message=f"a\n{url}" * 500))

    assert problem is not None
    assert len(problem.code) == 128
    assert len(problem.message) <= 1_500
    assert "\n" not in problem.message
    assert "signature" not in problem.message


# ------------------------------------------------------------------------- as recorded


@pytest.fixture(scope="module")
def recorded() -> list[dict[str, Any]]:
    errors: list[dict[str, Any]] = load("errors.json")
    return errors


@pytest.mark.recordings
def test_each_recorded_error_gives_code_message_and_advice(recorded: list[dict[str, Any]]) -> None:
    problems = [problem_in(one["body"]) for one in recorded]

    assert len(problems) == 11
    by_arm = {"ResourceGroupNotFound", "FailedIdentityOperation", "GatewayTimeout"}
    for problem in problems:
        assert problem is not None
        assert problem.code != "UnknownError"
        assert problem.message
        assert bool(problem.action) == (problem.code not in by_arm)


@pytest.mark.recordings
def test_the_recorded_errors_have_these_codes(recorded: list[dict[str, Any]]) -> None:
    problems = [problem_in(one["body"]) for one in recorded]

    assert [problem.code for problem in problems if problem] == [
        "UserErrorDiskAndSnapshotRGOrMSIPermissionsNotPresent",
        "UserErrorMissingPermissionsOnSecretStore",
        "UserIdentityCreateUpdateOperationFailed",
        "CloudDosTimeboudLimitReached",
        "UserErrorCrossRegionRestoreStateChangeNotAllowed",
        "UserErrorInvalidRestorableTimeRange",
        "CloudDosTimeboudLimitReached",
        "ResourceGroupNotFound",
        "FailedIdentityOperation",
        "CloudInternalError",
        "GatewayTimeout",
    ]
