"""What the doctor answers of looks that are given: in time, whole, and with a remedy for each."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from restore_core.contract.resource_ids import BackupInstanceId, ResourceGroupId
from restore_core.engine.checks import Check, Findings, Look, Looks, Sample, Verdict
from restore_core.errors import SettingsError
from restore_core.reading.doctor import Doctor
from restore_core.reading.exchange import Query
from restore_core.settings import Settings, examine
from tests.builders import ALLOW, INSTANCE, TARGET_GROUP
from tests.fakes import NOON, ManualClock

ENVIRONMENT = {
    "RestoreStorage": "UseDevelopmentStorage=true",
    "RESTORE_ALLOW": ALLOW,
    "RESTORE_DEFAULT_VAULT": INSTANCE.partition("/backupInstances/")[0],
}


def a_look(name: str, verdict: Verdict = Verdict.OK, **more: Any) -> Look:
    return Look(name, lambda: Findings([Check(name, verdict, "found", "do")], **more))


@dataclass
class GivenLooks:
    """Looks by where they look."""

    of_token: Look = field(default_factory=lambda: a_look("token for ARM"))
    of_storage: Sequence[Look] = ()
    of_arm: Sequence[Look] = ()

    def storage(self) -> Sequence[Look]:
        return self.of_storage

    def token(self) -> Look:
        return self.of_token

    def arm(self) -> Sequence[Look]:
        return self.of_arm


def asked(
    looks: Callable[[Settings], Looks],
    environment: dict[str, str] | None = None,
    budget: float = 15.0,
) -> dict[str, Any]:
    given = ENVIRONMENT if environment is None else environment
    doctor = Doctor(lambda: examine(given), looks, ManualClock(NOON), budget=budget)
    reply = doctor.answer(Query("https://app.example/api/doctor?code=k"))
    assert reply.status == 200
    body: dict[str, Any] = json.loads(reply.body)
    return body


def told(body: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["outcome"] for check in body["checks"]}


@pytest.fixture
def stuck() -> Iterator[Look]:
    """A look whose call is answered by nobody, until the test is over."""
    over = threading.Event()

    def take() -> Findings:
        over.wait()
        return Findings([])

    yield Look("vault far-away", take)
    over.set()


def test_every_look_is_told_in_its_order_and_all_well_is_ok() -> None:
    looks = GivenLooks(of_storage=[a_look("table a")], of_arm=[a_look("vault b")])

    body = asked(lambda _: looks)

    assert list(told(body)) == ["settings", "rules", "token for ARM", "table a", "vault b"]
    assert body["ok"] is True
    assert (body["at"], body["tookSeconds"]) == ("2026-11-21T12:00:00Z", 0)


def test_one_check_that_failed_is_not_ok_and_one_that_was_skipped_is() -> None:
    failed = GivenLooks(of_storage=[a_look("a", Verdict.FAILED)])
    skipped = GivenLooks(of_storage=[a_look("a", Verdict.SKIPPED)])

    assert asked(lambda _: failed)["ok"] is False
    assert asked(lambda _: skipped)["ok"] is True


def test_what_is_not_reached_in_time_is_told_and_the_rest_all_the_same(stuck: Look) -> None:
    looks = GivenLooks(of_storage=[a_look("table a")], of_arm=[stuck])

    body = asked(lambda _: looks, budget=2)

    (late,) = [check for check in body["checks"] if check["name"] == "vault far-away"]
    assert late["outcome"] == "failed"
    assert late["found"] == "Not reached: no answer within 2 s."
    assert "a firewall, a proxy" in late["action"]
    assert told(body)["table a"] == "ok"
    assert body["ok"] is False


def test_a_token_that_does_not_come_leaves_what_needs_it_unreached(stuck: Look) -> None:
    looks = GivenLooks(of_token=stuck, of_arm=[a_look("vault b")])

    body = asked(lambda _: looks, budget=0.3)

    assert (told(body)["vault far-away"], told(body)["vault b"]) == ("failed", "failed")


def test_without_a_token_nobody_asks_arm() -> None:
    looks = GivenLooks(of_token=a_look("token for ARM", Verdict.FAILED), of_arm=[a_look("vault b")])

    assert told(asked(lambda _: looks))["vault b"] == "skipped"


def test_a_look_that_fails_itself_is_told_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> Findings:
        raise ZeroDivisionError("a bug with ?sig=secret")

    body = asked(lambda _: GivenLooks(of_storage=[Look("table a", fail), a_look("table b")]))

    assert (told(body)["table a"], told(body)["table b"]) == ("failed", "ok")
    assert "secret" not in json.dumps(body)
    assert "step.failed" in caplog.text


def test_settings_that_are_wrong_are_each_a_check_and_nothing_else_is_looked_at() -> None:
    def never(_settings: Settings) -> Looks:
        raise AssertionError("nothing may be looked at")

    body = asked(never, {"RESTORE_EVENTS": "soon", "RESTORE_MAX_ACTIVE": "0"})

    failed = [check["found"] for check in body["checks"] if check["outcome"] == "failed"]
    assert len(failed) == 3
    assert any("RestoreStorage is missing" in found for found in failed)
    assert told(body)["vaults"] == "skipped"


def test_a_connection_that_no_client_takes_is_a_fault_of_the_settings() -> None:
    def refuse(_settings: Settings) -> Looks:
        raise SettingsError("RestoreStorage is wrong: no account.")

    body = asked(refuse)

    assert [check["found"] for check in body["checks"] if check["outcome"] == "failed"] == [
        "RestoreStorage is wrong: no account."
    ]


def test_a_setting_that_was_not_resolved_is_told_with_the_name_it_stands_under() -> None:
    reference = "@Microsoft.KeyVault(SecretUri=https://v/secrets/s?sig=x)"

    body = asked(lambda _: GivenLooks(), {**ENVIRONMENT, "azure_client_id": reference})

    (shown,) = [one for one in body["settings"] if one["name"] == "AZURE_CLIENT_ID"]
    assert (shown["value"], shown["source"]) == ("", "app setting azure_client_id")


def test_a_connection_without_a_key_is_shown_with_who_opens_it() -> None:
    environment = {
        "RestoreStorage__accountName": "account1",
        "RestoreStorage__credential": "managedidentity",
        "RestoreStorage__clientId": "client-1",
    }

    body = asked(lambda _: GivenLooks(), environment)

    (shown,) = [one for one in body["settings"] if one["name"] == "RestoreStorage"]
    assert shown["value"] == (
        "https://account1.queue.core.windows.net and https://account1.table.core.windows.net, "
        "opened by client-1"
    )


def test_a_name_that_resembles_no_setting_is_told_too() -> None:
    body = asked(lambda _: GivenLooks(), {**ENVIRONMENT, "RESTORE_ZZZZZZ": "1"})

    (failed,) = [check for check in body["checks"] if check["outcome"] == "failed"]
    assert failed["found"] == "RESTORE_ZZZZZZ is no setting of the app."


def test_rules_without_a_vault_leave_none_to_look_at() -> None:
    environment = {**ENVIRONMENT, "RESTORE_ALLOW": f"{ALLOW}; * => *"}

    body = asked(lambda _: GivenLooks(), {**environment, "RESTORE_DEFAULT_VAULT": ""})

    assert told(body)["vaults"] == "skipped"
    assert body["checks"][1]["found"] == "RESTORE_ALLOW has 2 rules."


@pytest.mark.parametrize("target", [TARGET_GROUP, None])
def test_what_may_be_validated_is_named_with_the_group_where_a_rule_has_one(
    target: str | None,
) -> None:
    group = ResourceGroupId.parse(target) if target else None
    sample = Sample(BackupInstanceId.parse(INSTANCE), group)

    body = asked(lambda _: GivenLooks(of_arm=[a_look("v", samples=[sample])]))

    assert body["samples"] == [
        {
            "vaultId": ENVIRONMENT["RESTORE_DEFAULT_VAULT"],
            "backupInstanceId": INSTANCE,
            "targetResourceGroupId": target,
        }
    ]
