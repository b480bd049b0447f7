"""Every hostile input that has a name, one by one: issue by issue, bug by bug. I1, I3, I4."""

import base64
import codecs
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from restore_core.azure.arm_guard import ArmGuard
from restore_core.text import one_line
from simulator import faults
from simulator.exchange import Answer
from tests import builders
from tests.hostile.arena import Arena
from tests.hostile.lawful import LawfulTables, unlawful
from tests.hostile.wire import ENDPOINT, HOST, Sent

FULL = 64 * 1024

# What is not linear in a message of 64 KiB takes minutes: it must not get past a short time-out.
pytestmark = pytest.mark.timeout(20)

INSTANCE_FORM = (
    "/subscriptions/{sub}/resourceGroups/rg-prod/providers/Microsoft.DataProtection"
    "/backupVaults/vault-1/backupInstances/{name}"
)


@pytest.fixture
def fresh(arena: Arena) -> Arena:
    arena.reset()
    return arena


def refused(arena: Arena, body: bytes) -> dict[str, Any]:
    """Send a message that must get a row of its own, and nothing else."""
    arena.send(body)
    arena.run()
    assert arena.wire.sent == []
    arena.judge()
    (row,) = arena.results()
    assert row["status"] == "Rejected"
    assert row["messageLength"] == len(body)
    return row


def filled(head: str, part: str, tail: str = "") -> bytes:
    """Return a message of 64 KiB."""
    room = FULL - len((head + tail).encode())
    body = head + part * (room // len(part.encode())) + tail
    return body.encode()


# ------------------------------------------------------------------------ the message as bytes


@pytest.mark.parametrize(
    "body",
    [
        filled("", "x"),
        filled("", "["),
        filled("", '{"a":'),
        filled("{", '"a":{', ""),
        filled('{"requestId":"', "r", '"}'),
        filled('{"reason":"', "eyJ", '"}'),
        filled('{"reason":"', "https://", '"}'),
        filled('{"reason":"', "bearer ", '"}'),
        filled('{"', "eyJ", '":1}'),
        filled('{"requestId":"r1","backupInstanceId":"', "/subscriptions", '"}'),
        filled('{"targetDiskId":"', "\U0001f600", '"}'),
        filled("", "eyJ"),
        filled("", "https://"),
        filled('{"requestId":', "9", "}"),
        filled('{"validateOnly":-', "9", "}"),
        filled("{", '"":0,', '"":0}'),
        ("{" + ",".join(f'"{n:x}":0' for n in range(7_000)) + ',"1b57":1}').encode(),
        base64.b64encode(filled("{", '"a":{', ""))[:FULL],
        base64.b64encode(base64.b64encode(base64.b64encode(builders.message()))),
        base64.b64encode(base64.b64encode(filled("{", '"a":{', "")[: FULL // 2])),
        filled("", "a\x00"),
        filled("{", "\\"),
        filled("", "&quot;"),
        filled("", "1-"),
        filled("{}", ", "),
        filled("[1", " ", ",]"),
        filled('{"pointInTime":"2026-11-21T02:00:00.', "1", '"}'),
    ],
    ids=lambda body: f"{body[:24]!r}",
)
def test_64_kib_of_anything_are_refused_at_once(fresh: Arena, body: bytes) -> None:
    refused(fresh, body)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"requestId": NaN}', "NaN"),
        (b'{"requestId": Infinity}', "Infinity"),
        (b'{"requestId": -Infinity}', "-Infinity"),
        (b'{"requestId": 1e999}', "a number"),
        (b'{"requestId": ' + b"9" * 5_000 + b"}", "not JSON"),
        (builders.message()[:-1] + b', "requestId": "r2"}', "'requestId' stands twice"),
        (builders.message()[:-1] + b', "x": {"a": 1, "a": 2}}', "'a' stands twice"),
        (codecs.BOM_UTF16_LE + builders.message().decode().encode("utf-16-le")[1:], "not UTF-8"),
        (b"\x00" + builders.message(), "neither JSON nor base64"),
        (builders.message() + b"\x00", "not JSON"),
        (builders.message() + builders.message(), "not JSON"),
        (builders.message()[:-1] + b', "\\ud800": 1}', "unicode"),
        (builders.message(requestId="\ud800"), "requestId"),
        (builders.message(requestId="r1\r\nrequestId=forged"), "requestId"),
        (builders.message(requestId="r1~0123456789abcdef"), "requestId"),
        (b"\xed\xa0\x80", "not UTF-8"),
        (b"\xc0\xae\xc0\xae", "not UTF-8"),
    ],
)
def test_what_is_no_json_of_ours_is_named(fresh: Arena, body: bytes, told: str) -> None:
    assert told in refused(fresh, body)["errorMessage"]


@pytest.mark.parametrize(
    "wrap",
    [
        lambda body: codecs.BOM_UTF8 + body,
        lambda body: base64.b64encode(codecs.BOM_UTF8 + body),
        lambda body: codecs.BOM_UTF8 + base64.b64encode(body),
        lambda body: b"\r\n\t " + base64.encodebytes(body),
        lambda body: codecs.BOM_UTF16_LE + body.decode().encode("utf-16-le"),
        lambda body: body.decode().encode("utf-16-be"),
        lambda body: base64.b64encode(base64.b64encode(body)),
    ],
)
def test_a_byte_order_mark_and_white_space_change_nothing(
    fresh: Arena, wrap: Callable[[bytes], bytes]
) -> None:
    fresh.send(wrap(builders.message(backupInstanceId=fresh.instance)))

    fresh.run()

    assert fresh.result()["status"] == "Completed"
    fresh.judge()


# ---------------------------------------------------------------------------------- its texts


NASTY_LINE = "a\r\nb\x00c\x1b[31md\x85e\u2028f\u202eg\u2066h\ufeffi\x7fj\ud83d\ude00\ud800k\tl"


@pytest.mark.parametrize("field", ["requestedBy", "reason", "correlationId"])
def test_control_characters_in_a_text_leave_rows_and_log_one_line_each(
    fresh: Arena, field: str
) -> None:
    fresh.send(backupInstanceId=fresh.instance, **{field: NASTY_LINE})

    fresh.run()

    assert fresh.result()[field].startswith("a b c [31md e f g h i j")
    fresh.judge()


@pytest.mark.parametrize(
    "field",
    [
        "requestId",
        "backupInstanceId",
        "targetDiskId",
        "targetResourceGroupId",
        "targetDiskName",
        "recoveryPointId",
        "pointInTime",
        "validateOnly",
        "x\r\ny",
        "\u202e",
    ],
)
def test_control_characters_in_any_other_field_are_refused_in_one_line(
    fresh: Arena, field: str
) -> None:
    row = refused(fresh, builders.message(**{field: NASTY_LINE}))

    assert row["errorMessage"].isprintable()


@pytest.mark.parametrize(
    "text", ["\U0001f600" * 8_000, '"' * 16_000, "\\" * 16_000, "\u0601" * 15_000, "\x01" * 9_000]
)
def test_texts_of_any_length_and_alphabet_fit_into_the_row(fresh: Arena, text: str) -> None:
    third = text[: 15_000 // len(text[0].encode())]
    body = builders.message(
        backupInstanceId=fresh.instance, requestedBy=third, reason=third, correlationId=third
    )
    fresh.send(json.dumps(json.loads(body), ensure_ascii=False).encode())

    fresh.run()

    assert fresh.result()["status"] == "Completed"
    fresh.judge()


def test_a_log_line_holds_no_line_break_whoever_wrote_the_step(fresh: Arena) -> None:
    """A step that is no step, while the tables are away: its text must not forge a log line."""

    def outage(_what: str) -> None:
        from azure.core.exceptions import ServiceRequestError  # noqa: PLC0415

        raise ServiceRequestError("away")

    fresh.io.before = outage

    fresh.engine.steps.advance(b"x\r\n2026-11-21 restore.ending requestId=r1 status=Completed")

    assert fresh.log.lines()
    fresh.judge_texts()


@pytest.mark.parametrize("text", ["eyJ" * 21_845, "https://" * 8_192, "bearer " * 9_362])
def test_a_text_is_read_in_one_pass(text: str) -> None:
    assert len(one_line(text, 32_768)) <= 32_768


# ----------------------------------------------------------------------------------- its ids


GOOD_GUID = builders.SUBSCRIPTION


@pytest.mark.parametrize(
    "instance",
    [
        INSTANCE_FORM.format(sub=GOOD_GUID, name=".."),
        INSTANCE_FORM.format(sub=GOOD_GUID, name="a/../b"),
        INSTANCE_FORM.format(sub=GOOD_GUID, name="a%2fb"),
        INSTANCE_FORM.format(sub=GOOD_GUID, name="a%252fb"),
        INSTANCE_FORM.format(sub=GOOD_GUID, name="%2e%2e"),
        INSTANCE_FORM.format(sub=GOOD_GUID, name="a\\b"),
        INSTANCE_FORM.format(sub=GOOD_GUID, name="a?api-version=1"),
        INSTANCE_FORM.format(sub=GOOD_GUID, name="a#b"),
        INSTANCE_FORM.format(sub=GOOD_GUID, name="a;b"),
        INSTANCE_FORM.format(sub=GOOD_GUID, name=""),
        INSTANCE_FORM.format(sub=GOOD_GUID, name="d\u0456sk-1"),
        INSTANCE_FORM.format(sub=GOOD_GUID, name="\uff44isk-1"),
        INSTANCE_FORM.format(sub=GOOD_GUID, name="x" * 300),
        INSTANCE_FORM.format(sub="..", name="a1"),
        INSTANCE_FORM.format(sub="\u0661" * 8 + GOOD_GUID[8:], name="a1"),
        INSTANCE_FORM.format(sub=GOOD_GUID, name="a1") + "/",
        INSTANCE_FORM.format(sub=GOOD_GUID, name="a1") + "/restore",
        "/" + INSTANCE_FORM.format(sub=GOOD_GUID, name="a1"),
        INSTANCE_FORM.format(sub=GOOD_GUID, name="a1")[1:],
        INSTANCE_FORM.format(sub=GOOD_GUID, name="a1").replace("/providers", "//providers"),
        INSTANCE_FORM.format(sub=GOOD_GUID, name="a1").replace("backup", "bac\u212aup"),
        INSTANCE_FORM.format(sub=GOOD_GUID, name="a1").replace("DataProtection", "Compute"),
        "https://management.azure.com.evil.example" + builders.INSTANCE,
        "https://management.azure.com" + builders.INSTANCE,
        "//evil.example" + builders.INSTANCE,
        builders.INSTANCE + "\n",
        " " + builders.INSTANCE,
        builders.INSTANCE + "\u200b",
    ],
)
def test_an_instance_id_that_is_not_one_to_the_letter_is_refused(
    fresh: Arena, instance: str
) -> None:
    row = refused(fresh, builders.message(backupInstanceId=instance))

    assert "backupInstanceId" in row["errorMessage"]


@pytest.mark.parametrize(
    "target",
    [
        builders.disk(".."),
        builders.disk("a/../../../resourceGroups/rg-hr/providers/Microsoft.Compute/disks/x"),
        builders.disk("a%2f..%2fb"),
        builders.disk("a%252e"),
        builders.disk("d\u00efsk"),
        builders.disk("dis\u212a"),
        builders.disk("a" * 81),
        builders.disk("a."),
        builders.disk(""),
        builders.disk("x").replace("disks", "dis\u212as"),
        builders.disk("x").replace("/resourceGroups/rg-restore", "/resourceGroups/rg-restore/.."),
        builders.disk("x", f"/subscriptions/{GOOD_GUID}/resourceGroups/."),
        builders.disk("x") + "/beginGetAccess",
    ],
)
def test_a_target_that_is_no_disk_id_to_the_letter_is_refused(fresh: Arena, target: str) -> None:
    assert "targetDiskId" in refused(fresh, builders.message(targetDiskId=target))["errorMessage"]


@pytest.mark.parametrize("lower", [str.lower, str.upper])
def test_an_id_in_another_case_is_the_same_disk_and_the_same_lock(
    fresh: Arena, lower: Callable[[str], str]
) -> None:
    fresh.send(backupInstanceId=fresh.instance)
    fresh.deliver()
    fresh.send(
        requestId="r2",
        backupInstanceId=lower(fresh.instance),
        targetDiskId=lower(builders.disk("disk-1-restored")),
    )

    fresh.run()

    assert fresh.result("r1")["status"] == "Completed"
    assert fresh.result("r2")["errorCode"] == "RestoredAlready"
    assert fresh.simulator.restores_of("disk-1-restored") == 1
    fresh.judge()


@pytest.mark.parametrize(
    "target",
    [
        builders.disk("x", f"/subscriptions/{GOOD_GUID}/resourceGroups/rg-hr"),
        builders.disk("x", f"/subscriptions/{GOOD_GUID}/resourceGroups/rg-restore2"),
        builders.disk("x", f"/subscriptions/{GOOD_GUID}/resourceGroups/rg-restor"),
        builders.disk("x", builders.TARGET_GROUP.replace(GOOD_GUID[0], "9")),
    ],
)
def test_a_target_that_no_rule_allows_costs_no_call(fresh: Arena, target: str) -> None:
    fresh.send(backupInstanceId=fresh.instance, targetDiskId=target)

    fresh.run()

    assert fresh.result()["errorCode"] == "NotAllowed"
    assert fresh.wire.sent == []
    fresh.judge()


def test_an_id_that_is_another_request_s_leaves_that_one_untouched(fresh: Arena) -> None:
    fresh.send(backupInstanceId=fresh.instance, reason="mine")
    fresh.deliver()
    mine = dict(fresh.rows("Restores")[0])

    for number in range(20):
        fresh.send(backupInstanceId=fresh.instance, targetDiskId=builders.disk(f"stolen-{number}"))
    fresh.deliver()

    assert fresh.rows("Restores") == [mine]
    fresh.run()
    assert fresh.result()["reason"] == "mine"
    assert len([row for row in fresh.results() if row.get("errorCode") == "RequestIdReused"]) == 20
    assert [job.target_id for job in fresh.simulator.jobs()] == [builders.disk("disk-1-restored")]
    fresh.judge()


# ------------------------------------------------------------------------------- the tables


@pytest.mark.parametrize(
    "bad", ["a/b", "a\\b", "a#b", "a?b", "a\tb", "a\x7fb", "a\u0085b", "~", ""]
)
def test_no_request_id_makes_a_key_that_a_table_forbids(fresh: Arena, bad: str) -> None:
    assert refused(fresh, builders.message(requestId=bad))["RowKey"].startswith("unreadable~")


def test_the_lawful_tables_refuse_what_azure_refuses(fresh: Arena) -> None:
    row = {"PartitionKey": "a/b", "RowKey": "r", "text": "\U0001f600" * 16_385, "n": 2**31}

    assert len(unlawful(row)) == 3
    assert isinstance(fresh.tables, LawfulTables)


@pytest.mark.parametrize(
    "text", ["\U0001f600" * 50_000, "\ud800" * 50_000, "x" * 1_000_000, "\r\n"]
)
def test_an_error_of_any_size_is_cut_to_what_a_row_holds(fresh: Arena, text: str) -> None:
    error = {
        "error": {
            "code": f"UserErrorX{text}",
            "message": text,
            "recommendedAction": [text, text],
            "innerError": {"additionalInfo": {"DetailedNonLocalisedMessage": text}},
        }
    }
    fresh.simulator.next("POST", "/validateRestore", faults.status(400, body=error))
    fresh.send(backupInstanceId=fresh.instance)

    fresh.run()

    row = fresh.result()
    assert row["status"] == "Rejected"
    assert row["errorCode"].startswith("UserErrorX")
    fresh.judge()


@pytest.mark.parametrize("year", ["0002", "1500", "1601", "1899", "1950", "9999"])
@pytest.mark.parametrize("name", ["recoveryPointTime", "endTime", "startTime", "expiryTime"])
def test_a_time_of_any_age_stops_no_row(fresh: Arena, name: str, year: str) -> None:
    def answers(_number: int, _sent: Sent, answer: Answer) -> Answer | Exception:
        text = answer.body.decode()
        if f'"{name}": "20' in text:
            head, _, tail = text.partition(f'"{name}": "')
            text = f'{head}"{name}": "{year}{tail[4:]}'
        return answer.__class__(answer.status, answer.headers, text.encode())

    fresh.answer_with(answers)
    fresh.send(backupInstanceId=fresh.instance, pointInTime="latest")

    fresh.run()

    assert fresh.result()["status"] in {"Completed", "Rejected"}
    fresh.judge()


@pytest.mark.parametrize("store", ["x" * 100_000, "a\r\nb", "\U0001f600" * 20_000])
def test_a_store_of_any_name_is_told_in_one_short_line(fresh: Arena, store: str) -> None:
    def answers(_number: int, sent: Sent, answer: Answer) -> Answer | Exception:
        if "recoveryPoints" not in sent.path:
            return answer
        body = answer.body.replace(b'"OperationalStore"', json.dumps(store).encode())
        return answer.__class__(answer.status, answer.headers, body)

    fresh.answer_with(answers)
    fresh.send(backupInstanceId=fresh.instance)

    fresh.run()

    assert fresh.result()["errorCode"] == "NoRecoveryPoint"
    fresh.judge()


def test_a_restore_that_is_never_taken_and_never_refused_fits_its_row_to_the_end(
    fresh: Arena,
) -> None:
    """POST restore is lost each time: more claims, one after the other, than a row can hold."""
    fresh.deploy(max_age=timedelta(hours=48), job_list_lag=timedelta(seconds=1))
    fresh.simulator.next("POST", "/restore", faults.status(500), times=None)
    fresh.send(backupInstanceId=fresh.instance)

    fresh.run(until=lambda: bool(fresh.results()), days=3)

    assert fresh.result()["status"] == "TimedOut"
    assert len([sent for sent in fresh.wire.sent if sent.path.endswith("/restore")]) > 40
    fresh.judge()


# ------------------------------------------------------------------------------ ARM's answers


FOREIGN = [
    f"https://{HOST}.evil.example/x",
    f"https://evil{HOST}/x",
    "https://evil.example/x",
    f"https://evil.example/https://{HOST}/x",
    f"https://{HOST}@evil.example/x",
    f"https://{HOST}:443@evil.example/x",
    f"https://user:password@{HOST}/x",
    f"https://user@{HOST}/x",
    f"https://@{HOST}/x",
    f"https://{HOST}:8443/x",
    f"https://{HOST}:0/x",
    f"https://{HOST}:99999/x",
    f"https://{HOST}:443x/x",
    f"http://{HOST}/x",
    f"http://{HOST}:443/x",
    f"//{HOST}/x",
    f"ftp://{HOST}/x",
    f"https:/{HOST}/x",
    f"https:///{HOST}/x",
    f"https://{HOST}\\@evil.example/x",
    f"https://evil.example\\.{HOST}/x",
    f"https://evil.example%2f.{HOST}/x",
    f"https://evil.example#.{HOST}/x",
    f"https://evil.example?.{HOST}/x",
    f"https://{HOST}%00.evil.example/x",
    f"https://{HOST}\r\nHost: evil.example/x",
    f"https://{HOST}/x y",
    f"https://{HOST}/\x00",
    "https://man\u0430gement.azure.com/x",
    f"https://{HOST}\u3002evil.example/x",
    f"https://.{HOST}/x",
    f"https://a..{HOST}/x",
    f"https://{'a' * 64}.{HOST}/x",
    f"https://{HOST}/{'x' * 100_000}",
    "/subscriptions/x",
    "",
]


@pytest.mark.parametrize("url", FOREIGN, ids=lambda url: url[:60].encode("unicode_escape").decode())
def test_the_guard_lets_the_token_go_nowhere_else(url: str) -> None:
    assert not ArmGuard(ENDPOINT).allows(url)


@pytest.mark.parametrize("url", FOREIGN, ids=lambda url: url[:60].encode("unicode_escape").decode())
@pytest.mark.parametrize("where", ["POST", "/validateRestore", "/restore", "nextLink"])
def test_no_answer_leads_the_app_to_another_host(fresh: Arena, url: str, where: str) -> None:
    header = url.encode("utf-8").decode("latin-1")

    def answers(_number: int, sent: Sent, answer: Answer) -> Answer | Exception:
        if where == "nextLink" and sent.path.endswith("/recoveryPoints"):
            return Answer.of({"value": [], "nextLink": url})
        if sent.method == "POST" and sent.path.endswith(where):
            return answer.__class__(202, {**answer.headers, "Azure-AsyncOperation": header})
        return answer

    fresh.answer_with(answers)
    fresh.send(backupInstanceId=fresh.instance)

    fresh.run(minutes=3)

    assert {sent.host for sent in fresh.wire.sent} == {HOST}
    fresh.judge()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "to", ["https://evil.example/x", f"https://{HOST}.evil.example/", f"{ENDPOINT}/x", "/x"]
)
@pytest.mark.parametrize("call", range(3))
def test_no_redirect_is_followed(fresh: Arena, status: int, to: str, call: int) -> None:
    def answers(number: int, _sent: Sent, answer: Answer) -> Answer | Exception:
        return Answer(status, {"Location": to}) if number == call else answer

    fresh.answer_with(answers)
    fresh.send(backupInstanceId=fresh.instance)

    fresh.run()

    assert fresh.result()["status"] == "Completed"
    assert {sent.host for sent in fresh.wire.sent} == {HOST}
    assert all(sent.path != "/x" for sent in fresh.wire.sent)
    fresh.judge()


def test_a_next_link_that_loops_or_never_ends_is_counted(fresh: Arena) -> None:
    for loop in (1, 2, 10**9):
        fresh.reset()

        def answers(
            number: int, sent: Sent, answer: Answer, loop: int = loop
        ) -> Answer | Exception:
            if "recoveryPoints" not in sent.path:
                return answer
            return Answer.of(
                {"value": [], "nextLink": f"{ENDPOINT}/recoveryPoints?{number % loop}"}
            )

        fresh.answer_with(answers)
        fresh.send(backupInstanceId=fresh.instance)
        fresh.deliver()

        assert fresh.most_calls <= 203
        assert fresh.rows("Restores")[0]["errorCode"] == "EndlessList"
        fresh.judge()


def test_a_list_of_a_thousand_likely_jobs_is_not_read_one_by_one(fresh: Arena) -> None:
    fresh.simulator.next("POST", "/restore", faults.reset(), times=None)
    others = [
        {
            "name": f"job-{number}",
            "properties": {
                "operationCategory": "Restore",
                "backupInstanceId": fresh.instance,
                "startTime": f"{fresh.clock():%Y-%m-%dT%H:%M:%SZ}",
                "status": "InProgress",
            },
        }
        for number in range(1_000)
    ]

    def answers(_number: int, sent: Sent, answer: Answer) -> Answer | Exception:
        return Answer.of({"value": others}) if sent.path.endswith("/backupJobs") else answer

    fresh.answer_with(answers)
    fresh.send(backupInstanceId=fresh.instance)
    fresh.run(hours=1)

    assert fresh.most_calls <= 10
    assert fresh.rows("Restores")[0]["errorCode"] == "EndlessList"
    fresh.judge()


@pytest.mark.parametrize("number", range(14))
def test_a_token_that_an_answer_echoes_stands_nowhere(fresh: Arena, number: int) -> None:
    token = fresh.token.token

    def answers(at: int, _sent: Sent, answer: Answer) -> Answer | Exception:
        if at != number:
            return answer
        error = {"code": f"X{token}", "message": f"Bearer {token} is not {token}.", "target": token}
        headers = {**answer.headers, "x-ms-correlation-request-id": token}
        return Answer.of({"error": error}, 400, headers)

    fresh.answer_with(answers)
    fresh.send(backupInstanceId=fresh.instance)

    fresh.run()

    assert fresh.result()["status"]
    fresh.judge()


def test_a_row_whose_document_is_another_request_s_moves_neither(fresh: Arena) -> None:
    fresh.send(backupInstanceId=fresh.instance)
    other = fresh.protect("disk-2")
    fresh.send(requestId="r2", backupInstanceId=other, targetDiskId=builders.disk("d2"))
    fresh.deliver()
    rows = fresh.tables.get_table_client("Restores").rows
    etag, row = rows[("r1", "restore")]
    rows[("r1", "restore")] = (etag, {**row, "document": rows[("r2", "restore")][1]["document"]})

    fresh.run(hours=1)

    assert fresh.result("r2")["status"] == "Completed"
    assert not [row for row in fresh.results() if row["RowKey"] == "r1"]
    assert fresh.simulator.restores_of("d2") == 1
    fresh.judge()


def test_a_row_that_names_a_forbidden_target_is_refused_before_it_restores(fresh: Arena) -> None:
    fresh.send(backupInstanceId=fresh.instance)
    fresh.run(until=lambda: fresh.status() == "Validating")
    rows = fresh.tables.get_table_client("Restores").rows
    etag, row = rows[("r1", "restore")]
    document = json.loads(row["document"])
    document["state"]["plan"]["target"] = builders.disk("x", "/subscriptions/" + GOOD_GUID.replace(
        "0", "9") + "/resourceGroups/rg-hr")  # fmt: skip
    rows[("r1", "restore")] = (etag, {**row, "document": json.dumps(document)})

    fresh.run()

    assert fresh.result()["errorCode"] == "NotAllowed"
    assert [sent for sent in fresh.wire.sent if sent.path.endswith("/restore")] == []
