"""Each alert fires for a run that has its cause, and for no other."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from azure.core.exceptions import HttpResponseError

from restore_core.azure.queues import REQUESTS
from restore_core.azure.tables.account import AccountTables
from restore_core.reading.http_api import HttpApi, Query
from simulator import Pace, outcomes
from tests import builders, envelopes
from tests.infra.deployment import deployment
from tests.infra.rules import rules
from tests.infra.workspace import LoggedWorld

BADLY = "a-restore-ended-badly"
NO_TICK = "no-tick"
POISONED = "a-message-is-poisoned"
LONG = "a-restore-takes-long"
STEPS = "steps-fail"
HTTP = "http-calls-fail"

ELSEWHERE = f"/subscriptions/{builders.SUBSCRIPTION}/resourceGroups/rg-elsewhere"

Run = Callable[[LoggedWorld], None]


def all_is_well(world: LoggedWorld) -> None:
    world.restore(world.protect())
    world.run(minutes=6)


def a_validation_is_asked_for(world: LoggedWorld) -> None:
    world.restore(world.protect(), validateOnly=True)


def one_comes_too_soon(world: LoggedWorld) -> None:
    instance = world.protect()
    world.restore(instance)
    world.restore(instance, requestId="r2", targetDiskId=builders.disk("again"))


def an_alert_is_resolved(world: LoggedWorld) -> None:
    world.send(envelopes.sent(envelopes.an_alert(monitorCondition="Resolved")))
    world.run(minutes=1)


def one_is_not_allowed(world: LoggedWorld) -> None:
    world.restore(world.protect(), targetDiskId=builders.disk("x", group=ELSEWHERE))


def a_message_is_misspelt(world: LoggedWorld) -> None:
    world.send(b'{"requestId": "r1", "pointInTme": "latest"}')
    world.run(minutes=1)


def a_job_fails(world: LoggedWorld) -> None:
    instance = world.protect()
    world.simulator.script("disk-1-restored", job=outcomes.fails("UserErrorDiskSnapshotNotFound"))
    world.restore(instance)


def one_was_given_up_and_its_job_has_ended_since(world: LoggedWorld) -> None:
    world.simulator.script("disk-1-restored", job=outcomes.succeeds(lasts=timedelta(hours=2)))
    world.send(backupInstanceId=world.protect())
    world.run(until=lambda: bool(world.rows("RestoreResults")))
    assert fired(BADLY, world)
    world.clock.advance(minutes=30)
    world.run()


def the_timer_stops(world: LoggedWorld) -> None:
    world.restore(world.protect())
    world.clock.advance(minutes=6)


def a_message_cannot_be_accepted(world: LoggedWorld) -> None:
    def fail(what: str) -> None:
        if what.startswith("Restores."):
            raise HttpResponseError("no answer")

    world.io.before = fail
    world.send(backupInstanceId=world.protect())
    world.run(until=lambda: bool(world.queue(f"{REQUESTS}-poison").messages))


def a_job_runs_for_hours(world: LoggedWorld) -> None:
    world.send(backupInstanceId=world.protect())
    world.run(minutes=70)


def storage_fails_for_a_while(world: LoggedWorld) -> None:
    def fail(what: str) -> None:
        raise HttpResponseError(f"{what}: no answer")

    world.run(minutes=60)
    world.io.before = fail
    world.run(minutes=14)


def rows_cannot_be_read_for_a_while(world: LoggedWorld) -> None:
    """The timer sees that restores are due, and can read none of them."""

    def fail(what: str) -> None:
        if what.startswith("Restores."):
            raise HttpResponseError("no answer")

    for number in range(5):
        instance = world.protect(f"disk-{number}")
        target = builders.disk(f"restored-{number}")
        world.send(requestId=f"r{number}", backupInstanceId=instance, targetDiskId=target)
    world.run(minutes=10)
    world.io.before = fail
    world.run(minutes=14)


def nobody_can_be_answered(world: LoggedWorld) -> None:
    def fail(_what: str) -> None:
        raise HttpResponseError("no answer")

    api = HttpApi(lambda: AccountTables(world.tables), world.clock)
    world.run(minutes=6)
    world.io.before = fail
    reply = api.restore(Query("https://app.example/api/restores/r1", request_id="r1"))
    world.answer_http("get_restore", reply.status)


HOURS = Pace(job=timedelta(hours=3))
PACES = {a_job_runs_for_hours: HOURS, rows_cannot_be_read_for_a_while: HOURS}
RULES = {one_was_given_up_and_its_job_has_ended_since: {"max_age": timedelta(hours=1)}}
RUNS: dict[Run, set[str]] = {
    all_is_well: set(),
    a_validation_is_asked_for: set(),
    one_comes_too_soon: set(),
    an_alert_is_resolved: set(),
    one_is_not_allowed: {BADLY},
    a_message_is_misspelt: {BADLY},
    a_job_fails: {BADLY},
    one_was_given_up_and_its_job_has_ended_since: {LONG},
    the_timer_stops: {NO_TICK},
    a_message_cannot_be_accepted: {POISONED},
    a_job_runs_for_hours: {LONG},
    # Without storage the timer's round is not done either: both are so.
    storage_fails_for_a_while: {STEPS, NO_TICK},
    rows_cannot_be_read_for_a_while: {STEPS},
    nobody_can_be_answered: {HTTP},
}


@pytest.mark.parametrize(
    ("run", "expected"), RUNS.items(), ids=lambda one: getattr(one, "__name__", "")
)
def test_an_alert_fires_for_its_cause_and_for_no_other(run: Run, expected: set[str]) -> None:
    with LoggedWorld(pace=PACES.get(run), rules=RULES.get(run)) as world:
        run(world)

        found = {name for name in rules() if fired(name, world)}

    assert found == expected


def test_every_alert_has_a_run_that_is_its_cause() -> None:
    assert set().union(*RUNS.values()) == set(rules())


def test_the_alert_of_a_bad_ending_says_code_target_and_remedy() -> None:
    with LoggedWorld() as world:
        a_job_fails(world)

        (alert,) = fired(BADLY, world)

    row = world.result()
    assert alert == {
        "requestId": "r1",
        "status": row["status"],
        "code": row["errorCode"],
        "target": row["targetDiskId"],
        "remedy": row["recommendedAction"],
    }
    assert row["status"] == "Failed"


def test_the_alert_of_what_is_not_allowed_names_the_target_that_was_asked_for() -> None:
    with LoggedWorld() as world:
        one_is_not_allowed(world)

        (alert,) = fired(BADLY, world)

    row = world.result()
    assert alert["code"] == "NotAllowed"
    assert alert["target"] == builders.disk("x", group=ELSEWHERE)
    assert alert["remedy"] == row["recommendedAction"]


def test_the_alert_of_a_poisoned_message_names_the_queue() -> None:
    with LoggedWorld() as world:
        a_message_cannot_be_accepted(world)

        assert fired(POISONED, world) == [{"queue": f"{REQUESTS}-poison"}]


def test_two_that_ended_badly_are_two_alerts() -> None:
    with LoggedWorld() as world:
        one_is_not_allowed(world)
        a_message_is_misspelt(world)

        assert len(fired(BADLY, world)) == 2


def test_an_alert_is_over_when_its_cause_is() -> None:
    with LoggedWorld() as world:
        one_is_not_allowed(world)
        world.run(minutes=20)

        assert fired(BADLY, world) == []


def test_steps_that_fail_as_often_as_they_did_the_day_before_are_no_alert() -> None:
    """A storage that fails now and then, all day long: tiresome, and told once."""
    with LoggedWorld() as world:
        for hour in range(24):
            begin = world.clock()
            for number in range(200):
                at = begin + timedelta(seconds=number * 18)
                world.workspace.trace(
                    at, "step.failed requestId=- error=Unavailable: x", 3, "poll_restores"
                )
            world.clock.advance(hours=1)
            if hour == 0:
                assert fired(STEPS, world) == [{}]

        assert fired(STEPS, world) == []


@pytest.mark.parametrize("name", [BADLY, NO_TICK, POISONED, LONG, STEPS, HTTP])
def test_an_alert_goes_to_the_action_group(name: str) -> None:
    made = deployment("everything")
    rule = made.only("Microsoft.Insights/scheduledQueryRules", f"disk-restore-{name}")

    group = made.only("Microsoft.Insights/actionGroups")
    workspace = made.only("Microsoft.OperationalInsights/workspaces")
    assert rule["properties"]["actions"] == {"actionGroups": [group["id"]]}
    assert rule["properties"]["scopes"] == [workspace["id"]]


def test_mail_and_webhook_are_told_in_the_common_alert_schema() -> None:
    group = deployment("everything").only("Microsoft.Insights/actionGroups")["properties"]

    assert [one["emailAddress"] for one in group["emailReceivers"]] == [
        "on-call@example.com",
        "lead@example.com",
    ]
    assert all(one["useCommonAlertSchema"] for one in group["emailReceivers"])
    # A secret parameter stays an expression.
    assert "createObject('name', 'webhook', 'serviceUri', parameters('webhook')" in str(
        group["webhookReceivers"]
    )
    assert "'useCommonAlertSchema', true()" in str(group["webhookReceivers"])


def fired(name: str, world: LoggedWorld) -> list[dict[str, str]]:
    return rules()[name].fired(world.workspace, world.clock() + timedelta(seconds=1))
