"""Every example of docs/senders.md is what it says: readable, valid, and of the kind it shows."""

import json
import re
import shutil
import subprocess
import sys
from types import ModuleType
from typing import Any

import pytest
from pydantic.alias_generators import to_camel

from restore_core.contract.envelopes.reader import read
from restore_core.contract.origin import Origin
from restore_core.contract.request import RestoreRequest
from restore_core.contract.withdrawal import Withdrawal
from restore_core.errors import NothingAsked
from restore_core.lifecycle.sets import ALREADY_BACK, NOT_PROTECTED
from restore_core.lifecycle.status import Status
from restore_core.settings import Settings
from tests import senders_page as page
from tests.envelopes import (
    DISK,
    PROPERTIES,
    WORKSPACE,
    a_health_alert,
    an_activity_alert,
    an_alert,
)
from tests.published_schemas import EVENT, REQUEST, RESULT, WITHDRAWAL
from tests.senders_page import PAGE, only
from tests.workflow import Outside, Run

ORIGINS = {
    "alert": Origin.ALERT,
    "large alert": Origin.ALERT,
    "deleted disk": Origin.DELETED_DISK,
    "notification": Origin.DELETED_DISK,
    "CloudEvent": Origin.CLOUD_EVENT,
}
SENT = page.sent_by_each()


@pytest.mark.parametrize("sender", sorted(SENT))
def test_what_each_sender_puts_on_the_queue_is_read(sender: str) -> None:
    asked = read(SENT[sender].encode())

    assert asked.origin is ORIGINS.get(sender, Origin.NATIVE)


@pytest.mark.parametrize("sender", sorted(set(SENT) - set(ORIGINS) - {"curl"}))
def test_what_is_native_is_valid_by_the_schema(sender: str) -> None:
    REQUEST.validate(json.loads(SENT[sender]))


def test_each_block_of_json_is_json_and_each_has_its_use() -> None:
    marks = {block.mark for block in page.blocks("json")}

    assert all(block.json for block in page.blocks("json"))
    assert marks == {
        "sender=native",
        "sender=alert",
        "sender=deletion",
        "sender=notification",
        "sender=cloudevent",
        "workflow=incident",
        "workflow=forward",
        "actions=projection",
        "workflow=webhook",
        "webhook=zabbix",
        "receiver=event",
        "receiver=host",
        "set=result",
    }


# ------------------------------------------------------------------------------ the bad day


@pytest.mark.parametrize(
    ("mark", "source"),
    [
        ("set=rehearsal", "source_virtual_machine_id"),
        ("set=machine", "source_virtual_machine_id"),
        ("set=group", "source_resource_group_id"),
        ("set=list", "source_disk_ids"),
    ],
)
def test_what_an_operator_puts_on_the_queue_asks_for_many_disks(mark: str, source: str) -> None:
    message = page.sent_by_cli(mark)

    request = read(message.encode()).request

    assert request.is_set
    assert getattr(request, source) is not None
    assert request.point_in_time is not None, "the newest point may hold the damage"
    assert request.validate_only is (mark == "set=rehearsal")
    REQUEST.validate(json.loads(message))


def test_the_rehearsal_is_of_what_is_asked_for_after_it_under_an_id_of_its_own() -> None:
    rehearsal, earnest = (
        json.loads(page.sent_by_cli(mark)) for mark in ("set=rehearsal", "set=machine")
    )

    assert rehearsal["requestId"] != earnest["requestId"]
    alike = rehearsal.keys() - {"requestId", "validateOnly"}
    assert {name: rehearsal[name] for name in alike} == {name: earnest[name] for name in alike}


def test_what_takes_a_set_back_names_the_set_that_was_asked_for() -> None:
    message = page.sent_by_cli("set=withdraw")

    withdrawal = read(message.encode())

    assert isinstance(withdrawal, Withdrawal)
    assert withdrawal.request_id == json.loads(page.sent_by_cli("set=machine"))["requestId"]
    WITHDRAWAL.validate(json.loads(message))


def test_the_rule_on_a_machine_asks_for_all_its_disks() -> None:
    alert = page.alert_on_machine()
    scope = re.search(r"--scopes '(.*?)'", only("sh", "set=alert").text)

    request = read(page.put_by(only("json", "workflow=forward").json, alert)[0].encode()).request

    assert request == read(page.projected(alert).encode()).request
    assert scope is not None
    assert str(request.source_virtual_machine_id).lower() == scope[1].lower()
    assert request.expected_disks == 3


def test_the_end_of_a_set_that_is_shown_is_one() -> None:
    told = only("json", "set=result").json
    known = {status.value for status in Status} | {NOT_PROTECTED, ALREADY_BACK}

    RESULT.validate(told)
    counts = told["counts"]
    assert counts.keys() <= known
    assert sum(counts.values()) == told["disks"]
    assert counts.get(ALREADY_BACK, 0) == told["alreadyBack"]
    assert counts[NOT_PROTECTED] == sum(told["reasons"].values())


def test_each_way_a_set_may_end_is_told() -> None:
    table = PAGE.read_text("utf-8").partition("| `status` of a set |")[2].partition("\n\n")[0]
    named = set(re.findall(r"`(\w+)`", table))

    assert named == {status.value for status in Status} - {Status.IGNORED.value}


# ----------------------------------------------------------------------------- the workflows


def test_the_incident_s_workflow_asks_for_its_disk_alone_and_quotes_what_it_will() -> None:
    (message,) = page.sent_by("workflow=incident", page.INCIDENT)

    request = read(message.encode()).request
    assert request.request_id == "08584402CU1-disk-sql-data"
    assert str(request.source_disk_id) == page.DISK
    assert request.reason == 'Mass deletion by "somebody"'
    assert request.not_after is not None


@pytest.mark.parametrize("entities", [[], None])
def test_an_incident_without_a_disk_asks_for_nothing(entities: Any) -> None:
    incident = {"object": {"id": "i", "properties": {"relatedEntities": entities}}}

    assert page.sent_by("workflow=incident", incident) == []


MOST_OF_A_QUEUE = 48 * 1024
"""What a queue takes where the connector writes base64."""


@pytest.mark.parametrize(
    "alert",
    [
        an_alert(),
        an_alert({**PROPERTIES, "validateOnly": "true"}, {"properties": {"reason": "x"}}),
        an_alert(None, {"properties": PROPERTIES}, signalType="Log"),
        an_alert(alertTargetIDs=[WORKSPACE], context={"linkedResourceId": DISK}),
        an_activity_alert(),
        a_health_alert(),
    ],
)
def test_of_an_alert_too_large_for_a_queue_the_page_sends_what_is_read(alert: Any) -> None:
    rows = [{"name": "Computer", "value": "vm-sql"}] * 5_000
    alert = json.loads(json.dumps(alert))
    alert["data"]["alertContext"]["condition"] = {"allOf": [{"event": rows}]}
    whole = page.sent_by("workflow=forward", alert)[0]

    message = page.projected(alert)

    assert len(whole) > 64 * 1024
    assert len(message) < MOST_OF_A_QUEUE
    assert read(message.encode()) == read(whole.encode())


@pytest.mark.parametrize("status", ["Started", "Failed"])
def test_what_an_alert_says_of_its_activity_is_sent_too(status: str) -> None:
    alert = an_activity_alert(context={"status": status, "properties": {"requestbody": "x" * 9}})

    message = page.projected(alert)

    assert "requestbody" not in message
    with pytest.raises(NothingAsked, match=status):
        read(message.encode())


def test_the_workflow_s_key_is_secret() -> None:
    definition = only("json", "workflow=incident").json["definition"]
    loop = definition["actions"]["For_each_disk"]["actions"]["Until_it_has_ended"]

    assert definition["parameters"]["functionKey"] == {"type": "SecureString"}
    assert "inputs" in loop["actions"]["Look"]["runtimeConfiguration"]["secureData"]["properties"]


def test_the_webhook_s_workflow_does_nothing_when_the_problem_is_over() -> None:
    body = {**only("json", "webhook=zabbix").json, "state": "OK"}

    assert page.sent_by("workflow=webhook", body) == []


def test_a_title_that_is_missing_is_no_text_of_null() -> None:
    body = only("json", "webhook=zabbix").json
    del body["title"]
    messages: list[str] = []
    Run(only("json", "workflow=webhook").json, body, Outside(messages.append)).start()

    assert read(messages[0].encode()).request.reason is None


# ------------------------------------------------------------------------------ code and shell


class Recorder:
    """Stands in for QueueClient: takes what an example sends, gives what it is to receive."""

    sent: list[str]
    waiting: list[Any]

    def __init__(self, url: str, *, queue_name: str, credential: object) -> None:
        assert url == "https://stdiskrestore01.queue.core.windows.net"
        assert credential
        self.name = queue_name

    def send_message(self, content: str) -> None:
        assert self.name == "restore-requests"
        self.sent.append(content)

    def receive_messages(self, *, visibility_timeout: int) -> list[Any]:
        assert self.name == "restore-events"
        assert visibility_timeout
        return list(self.waiting)

    def delete_message(self, message: Any) -> None:
        self.waiting.remove(message)


class Event:
    def __init__(self, sequence: int, status: str) -> None:
        event = only("json", "receiver=event").json
        event |= {"sequence": f"{sequence:04}", "data": {"status": status}}
        self.content = json.dumps(event)


def run_example(mark: str, monkeypatch: pytest.MonkeyPatch, *waiting: Any) -> Recorder:
    """Run a block of Python as it stands, with a recorder in place of the queue."""
    recorder = type("QueueClient", (Recorder,), {"sent": [], "waiting": list(waiting)})
    for name, thing in (("azure.storage.queue", recorder), ("azure.identity", object)):
        module = ModuleType(name)
        vars(module).update(QueueClient=thing, DefaultAzureCredential=object)
        monkeypatch.setitem(sys.modules, name, module)
    exec(compile(only("python", mark).text, str(PAGE), "exec"), {"__name__": "example"})  # noqa: S102
    return recorder  # type: ignore[return-value]


def test_the_python_sender_sends_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = run_example("sender=python", monkeypatch)

    (message,) = recorder.sent
    REQUEST.validate(json.loads(message))
    assert read(message.encode()).request.reason == 'the table "orders" was dropped'


def test_the_python_receiver_passes_over_what_is_old_and_what_comes_twice(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    events = [Event(1, "Accepted"), Event(3, "Running"), Event(2, "Late"), Event(3, "Running")]

    recorder = run_example("receiver=python", monkeypatch, *events)

    told = [line.split()[1] for line in capsys.readouterr().out.splitlines()]
    assert told == ["Accepted", "Running"]
    assert recorder.waiting == []


def test_the_event_that_is_shown_is_one() -> None:
    event = only("json", "receiver=event").json

    EVENT.validate(event)
    RESULT.validate(event["data"])


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
@pytest.mark.parametrize("n", range(len(page.blocks("sh"))))
def test_each_block_of_shell_is_shell(n: int) -> None:
    text = re.sub(r"<[a-z' ]+>", "x", page.blocks("sh")[n].text)

    done = subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True, check=False)  # noqa: S607

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
def test_curl_puts_the_request_into_xml_that_it_cannot_break() -> None:
    script = only("sh", "sender=curl").text
    fakes = "az() { echo token; }\ncurl() { printf '%s\\0' \"$@\"; }\n"

    said = subprocess.run(  # noqa: S603
        ["bash", "-euc", fakes + script],  # noqa: S607
        text=True,
        capture_output=True,
        check=True,
    ).stdout.split("\0")

    found = re.fullmatch(
        r"<QueueMessage><MessageText>([A-Za-z0-9+/=]+)</MessageText></QueueMessage>",
        said[said.index("--data") + 1],
    )
    assert found
    assert found[1] == page.sent_by_curl()
    assert read(found[1].encode()).request.reason == "R&D lost <everything>"
    assert "Authorization: Bearer token" in said
    assert any(re.fullmatch(r"x-ms-date: \w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT", a) for a in said)


def test_the_bicep_of_deleted_disks_lets_pass_what_the_event_says() -> None:
    bicep = only("bicep", "deletion=resource").text
    event = only("json", "sender=deletion").json

    assert f"includedEventTypes: ['{event['type']}']" in bicep
    assert f"values: ['{event['data']['operationName']}']" in bicep


def test_the_bicep_of_notifications_lets_pass_what_the_event_says() -> None:
    bicep = only("bicep", "deletion=notification").text
    event = only("json", "sender=notification").json

    assert f"includedEventTypes: ['{event['type']}']" in bicep
    assert f"values: ['{event['data']['resourceInfo']['type']}']" in bicep
    assert event["type"].startswith(re.findall(r"topicType: '(.*)'", bicep)[0])


def filled_in(value: str, alert: Any) -> str:
    """Return a custom property of a Bicep file as Azure Monitor fills it in from the alert."""

    def followed(path: re.Match[str]) -> str:
        found = alert
        for step in re.findall(r"\w+", path[1]):
            found = found[int(step) if step.isdigit() else step]
        return str(found)

    return re.sub(r"\\\$\{([\w.\[\]]+)\}", followed, value)


def test_the_bicep_of_many_disks_names_each_disk_by_the_alert_about_it() -> None:
    bicep = only("bicep", "alert=many").text
    written = dict(re.findall(r"(\w+): '(.*)'", bicep.partition("customProperties: {")[2]))
    about = {"allOf": [{"dimensions": [{"name": "DiskId", "value": page.DISK}]}]}
    alert = an_alert(None, {"condition": about}, alertTargetIDs=[WORKSPACE], signalType="Log")

    alert["data"]["customProperties"] = {
        name: filled_in(value, alert) for name, value in written.items()
    }

    assert "${" not in bicep.replace("\\${", ""), "Bicep would take it for its own"
    request = read(json.dumps(alert).encode()).request
    assert str(request.source_disk_id) == page.DISK
    assert str(request.vault_id) == written["vaultId"]


def test_the_bicep_of_the_activity_log_asks_for_the_deleted_disk_once() -> None:
    bicep = only("bicep", "alert=activity").text
    properties = dict(re.findall(r"(\w+): '(.*)'", bicep.partition("webhookProperties: {")[2]))
    about = dict(re.findall(r"field: '(\w+)', equals: '(.*?)'", bicep))
    alert = an_activity_alert(properties)

    assert about["status"] == alert["data"]["alertContext"]["status"]
    assert about["operationName"] == alert["data"]["alertContext"]["operationName"]
    request = read(json.dumps(alert).encode()).request
    assert str(request.source_disk_id).lower() == DISK.lower()
    assert str(request.vault_id) == properties["vaultId"]


# ------------------------------------------------------------------------------------- tables


def test_every_field_and_every_setting_that_matters_is_told() -> None:
    names = set(re.findall(r"`([A-Za-z_]+)`", PAGE.read_text("utf-8")))

    assert {to_camel(name) for name in RestoreRequest.model_fields} <= names
    assert {"withdraw", "wholeMachine"} <= names
    assert {
        "RESTORE_DEFAULT_VAULT",
        "RESTORE_DELETED_DISKS",
        "RESTORE_COOLDOWN_MINUTES",
        "RESTORE_MAX_ACTIVE",
        "RESTORE_EVENTS",
    } <= names


def test_the_defaults_that_are_told_are_those_of_the_app() -> None:
    rules = Settings.read({"RestoreStorage": "UseDevelopmentStorage=true"}).rules
    text = PAGE.read_text("utf-8")
    rows = dict(re.findall(r"^\| `(RESTORE_\w+)` \| (.*?) \|", text, re.MULTILINE))

    assert rows["RESTORE_DEFAULT_VAULT"] == "none"
    assert rules.default_vault is None
    assert rows["RESTORE_DELETED_DISKS"] == f"`{str(rules.restores_deleted_disks).lower()}`"
    assert rows["RESTORE_COOLDOWN_MINUTES"] == f"{rules.cooldown.total_seconds() / 60:.0f}"
    assert rows["RESTORE_MAX_ACTIVE"] == str(rules.max_active)
    assert rows["RESTORE_MAX_SET"] == str(rules.max_set)
    assert rows["RESTORE_MAX_AGE_HOURS"] == f"{rules.max_age.total_seconds() / 3600:.0f}"
    assert rows["RESTORE_EVENTS"] == "`final`"
    assert all(stage.is_final for stage in rules.notices)


def test_every_link_within_the_page_leads_somewhere() -> None:
    text = PAGE.read_text("utf-8")
    headings = {
        re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    }

    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= headings
    for file in re.findall(r"\]\((?!#)([^)#]+)", text):
        assert (PAGE.parent / file).exists(), file
