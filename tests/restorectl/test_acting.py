"""send, watch, withdraw, points, poison and doctor: what an operator does, and is told of it."""

from __future__ import annotations

import io
import json
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from restore_core.contract.queue_names import POISON, REQUESTS
from restore_core.lifecycle.status import Status
from restorectl import session
from restorectl.exits import Exit, Trouble
from restorectl.progress import MISSES, Progress
from restorectl.screen import console
from restorectl.session import opened
from simulator import Simulator
from tests.builders import INSTANCE, SUBSCRIPTION, TARGET_GROUP, disk, fields
from tests.fakes import NOON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.restorectl.bench import Ctl, Operated

pytestmark = pytest.mark.azurite

SOURCE = disk("disk-1", f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-prod")

# --------------------------------------------------------------------------------------- send


def a_file(folder: Path, content: object) -> str:
    file = folder / "request.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(file)


def test_a_file_is_sent_as_it_is_and_its_id_printed(
    ctl: Ctl, operated: Operated, tmp_path: Path
) -> None:
    told = ctl("send", a_file(tmp_path, fields()))

    assert (told.code, told.out) == (0, "r1\n")
    assert "restorectl watch r1" in told.err
    assert operated.requests() == [fields()]


def test_a_message_may_come_from_a_pipe(
    ctl: Ctl, operated: Operated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(fields())))

    assert ctl("send", "-").out == "r1\n"
    assert operated.requests() == [fields()]


def test_options_make_a_request(ctl: Ctl, operated: Operated) -> None:
    told = ctl("send", "--disk", SOURCE, "--to", TARGET_GROUP, "--at", "24h", "--reason", "fire")

    (sent,) = operated.requests()
    assert told.out == f"{sent['requestId']}\n"
    assert sent["sourceDiskId"] == SOURCE
    assert sent["targetResourceGroupId"] == TARGET_GROUP
    assert sent["pointInTime"].endswith("Z")
    assert sent["requestedBy"].startswith("restorectl")


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        (["--to", disk("new")], "targetDiskId", disk("new")),
        (["--to", TARGET_GROUP, "--name", "new"], "targetDiskName", "new"),
        (["--to", TARGET_GROUP, "--at", "latest"], "pointInTime", "latest"),
        (["--to", TARGET_GROUP, "--at", "2026-11-01T02:00+01:00"], "pointInTime", None),
        (["--to", TARGET_GROUP, "--force"], "force", True),
        (["--to", TARGET_GROUP, "--validate-only"], "validateOnly", True),
        (["--to", TARGET_GROUP, "--id", "INC-1"], "requestId", "INC-1"),
        (["--to", TARGET_GROUP, "--by", "me"], "requestedBy", "me"),
    ],
)
def test_a_dry_run_prints_the_message_and_needs_no_account(
    ctl: Ctl, words: list[str], field: str, value: object
) -> None:
    told = ctl("send", "--instance", INSTANCE, *words, "--dry-run")

    assert told.code == 0
    assert told.json[field] == (value or "2026-11-01T02:00+01:00")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ([], "Nothing says what to restore."),
        (["--disk", SOURCE], "The target is missing"),
        (["--disk", "disk-1", "--to", TARGET_GROUP], "sourceDiskId is 'disk-1'"),
        (["--disk", SOURCE, "--to", TARGET_GROUP, "--at", "soon"], "--at is 'soon'"),
        (["nowhere.json"], "nowhere.json cannot be read"),
        (["nowhere.json", "--force"], "Send FILE, or options"),
    ],
)
def test_what_is_no_request_is_not_sent(
    ctl: Ctl, operated: Operated, words: list[str], reason: str
) -> None:
    told = ctl("send", *words)

    assert told.code == Exit.USAGE
    assert reason in told.err
    assert operated.requests() == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "holds no JSON"),
        ("[]", "The message must be a JSON object"),
        (fields(pointInTme="latest"), "perhaps pointInTime is meant"),
        ({**fields(), "reason": "x" * 70_000}, "64 KiB"),
    ],
)
def test_a_file_is_checked_before_it_is_sent(
    ctl: Ctl, operated: Operated, tmp_path: Path, content: object, reason: str
) -> None:
    told = ctl("send", a_file(tmp_path, content))

    assert told.code == Exit.USAGE
    assert reason in told.err
    assert operated.requests() == []


def test_an_id_that_was_used_is_told_with_how_that_ended_and_nothing_is_sent(
    ctl: Ctl, operated: Operated, tmp_path: Path
) -> None:
    operated.end("r1")

    told = ctl("send", a_file(tmp_path, fields()))

    assert (told.code, told.out, operated.requests()) == (Exit.USAGE, "", [])
    assert (
        "'r1' was asked already, by this same message: disk-1 → disk-1-restored, Comp" in told.err
    )
    assert "--id r1-retry," in told.err


@pytest.mark.parametrize("words", [[], ["--yes"], ["--wait"]])
def test_an_id_of_another_request_is_never_sent(
    ctl: Ctl, operated: Operated, tmp_path: Path, words: list[str]
) -> None:
    operated.begin("r1")

    told = ctl("send", a_file(tmp_path, fields(targetDiskId=disk("other"))), *words)

    assert (told.code, operated.requests()) == (Exit.USAGE, [])
    assert "'r1' is another request's id already: disk-1 → disk-1-restored, Running" in told.err


def test_who_waits_for_what_was_asked_already_is_told_so_and_how_it_ends(
    ctl: Ctl, operated: Operated, tmp_path: Path
) -> None:
    operated.end("r1", Status.FAILED)

    told = ctl("send", a_file(tmp_path, fields()), "--wait")

    assert (told.code, told.out, operated.requests()) == (Exit.BADLY, "r1\n", [])
    assert "It is waited for; not sent." in told.err
    assert "r1: Failed after 5 min 00 s" in told.err


def test_a_script_may_repeat_the_same_message(ctl: Ctl, operated: Operated, tmp_path: Path) -> None:
    operated.end("r1")

    told = ctl("send", a_file(tmp_path, fields()), "--yes")

    assert (told.code, told.out, operated.requests()) == (0, "r1\n", [])
    assert "A repeat changes nothing; not sent." in told.err


def test_a_file_may_be_sent_under_another_id(ctl: Ctl, operated: Operated, tmp_path: Path) -> None:
    operated.end("r1")

    told = ctl("send", a_file(tmp_path, fields()), "--id", "r2")

    assert (told.code, told.out) == (0, "r2\n")
    assert operated.requests() == [fields(requestId="r2")]


def test_the_id_of_an_envelope_is_its_own(ctl: Ctl, operated: Operated, tmp_path: Path) -> None:
    event = {"specversion": "1.0", "id": "1", "source": "s", "type": "t", "data": fields()}

    told = ctl("send", a_file(tmp_path, event), "--id", "r2")

    assert (told.code, operated.requests()) == (Exit.USAGE, [])
    assert "is an envelope, whose id --id does not replace" in told.err


def test_a_message_that_was_refused_may_be_corrected_under_its_id(
    ctl: Ctl, operated: Operated, tmp_path: Path
) -> None:
    operated.refuse(b"{", "r1")

    assert ctl("send", a_file(tmp_path, fields())).code == 0


def test_a_withdrawal_in_a_file_is_sent_for_what_is_recorded(
    ctl: Ctl, operated: Operated, tmp_path: Path
) -> None:
    operated.begin("r1", "Queued")

    assert ctl("send", a_file(tmp_path, {"withdraw": "r1"})).code == 0
    assert operated.requests() == [{"withdraw": "r1"}]


def test_who_may_not_read_may_send(ctl: Ctl, operated: Operated, tmp_path: Path) -> None:
    operated.table_service.get_table_client("Restores").delete_table()

    told = ctl("send", a_file(tmp_path, fields()))

    assert (told.code, told.out) == (0, "r1\n")
    assert "Whether r1 was asked before was not to be learnt" in told.err


def test_who_waits_no_longer_learns_that_it_goes_on(
    ctl: Ctl, operated: Operated, tmp_path: Path
) -> None:
    told = ctl("send", a_file(tmp_path, fields()), "--wait", "--timeout", "0")

    assert told.code == Exit.STILL_OPEN
    assert "r1: on the queue" in told.err
    assert len(operated.requests()) == 1


# -------------------------------------------------------------------------------------- watch


def test_what_has_ended_is_watched_no_longer(ctl: Ctl, operated: Operated) -> None:
    operated.end("good")
    operated.end("also-good", Status.VALIDATED)

    told = ctl("watch", "good", "also-good")

    assert (told.code, told.out.count("\n")) == (0, 2)


def test_without_an_id_all_that_runs_is_watched(ctl: Ctl, operated: Operated) -> None:
    assert "Nothing is under way." in ctl("watch").err
    operated.begin("one")
    operated.begin("two", "Queued")
    operated.end("three")

    told = ctl("watch", "--timeout", "0")

    assert told.code == Exit.STILL_OPEN
    first, second = sorted(told.out.splitlines())
    assert first.startswith("one: Running after 1 min ")
    assert second.startswith("two: Queued after 1 min ")


def test_what_nobody_knows_is_not_watched(ctl: Ctl, operated: Operated) -> None:
    operated.begin("one")

    assert ctl("watch", "one", "nope").code == Exit.NOT_FOUND


@pytest.mark.parametrize("queue", [REQUESTS, REQUESTS + POISON])
def test_what_may_be_on_a_queue_still_is_waited_for(
    ctl: Ctl, operated: Operated, queue: str
) -> None:
    client = operated.queue_service.get_queue_client(queue)
    client.send_message(json.dumps(fields()))

    told = ctl("watch", "r1", "--timeout", "0")

    assert (told.code, told.out) == (Exit.STILL_OPEN, "r1: on the queue\n")


def test_what_left_the_queue_and_was_read_by_nobody_is_not_found(operated: Operated) -> None:
    queue = operated.queue_service.get_queue_client(REQUESTS)
    queue.send_message("{}")

    with pytest.raises(Trouble, match="No restore has the id 'r1'"):
        followed([queue.clear_messages], "r1")


def test_what_leaves_the_queue_is_followed(operated: Operated) -> None:
    queue = operated.queue_service.get_queue_client(REQUESTS)
    queue.send_message("{}")

    def read() -> None:
        queue.clear_messages()
        operated.end("r1")

    code, told = followed([read], "r1")

    assert code is Exit.WELL
    assert [line.split(" after")[0] for line in told.splitlines()] == [
        "r1: on the queue",
        "r1: Completed",
    ]


def followed(steps: list[Callable[[], None]], *ids: str) -> tuple[Exit, str]:
    """Follow restores, of which something happens at each pause."""
    to = console()
    progress = Progress(
        opened(""),
        every=5,
        minutes=1,
        pause=lambda _: steps.pop(0)() if steps else pytest.fail("it waits for ever"),
        monotonic=lambda: 0.0,
    )
    with to.capture() as captured:
        code = progress.follow(ids, to)
    return code, captured.get()


def test_each_change_is_a_line_and_the_end_the_end(operated: Operated) -> None:
    operated.begin("r")

    code, told = followed([lambda: None, lambda: finish(operated, "r")], "r")

    assert code is Exit.WELL
    assert [line.split(" after")[0] for line in told.splitlines()] == ["r: Running", "r: Completed"]


def finish(operated: Operated, request_id: str) -> None:
    operated.store.restores._table.delete(request_id, "restore")
    operated.end(request_id)


def test_a_network_that_comes_back_ends_nothing(operated: Operated) -> None:
    operated.begin("r")
    table = operated.table_service.get_table_client("Restores")

    def gone() -> None:
        table.delete_table()

    def back() -> None:
        table.create_table()
        operated.end("r")

    code, _ = followed([gone, lambda: None, back], "r")

    assert code is Exit.WELL


def test_a_network_that_does_not_come_back_is_told(operated: Operated) -> None:
    operated.table_service.get_table_client("Restores").delete_table()

    with pytest.raises(Trouble, match="TableNotFound"):
        followed([lambda: None] * MISSES, "r")


# ------------------------------------------------------------------------------------ withdraw


def test_what_has_no_claim_is_withdrawn(ctl: Ctl, operated: Operated) -> None:
    operated.begin("r", "Queued")

    told = ctl("withdraw", "r", "--yes")

    assert told.code == 0
    assert "1 would end as Cancelled, unless Azure takes them first." in told.err
    (sent,) = operated.requests()
    assert sent.pop("requestedBy").startswith("restorectl")
    assert sent == {"withdraw": "r"}


def test_of_what_azure_has_taken_nothing_is_withdrawn_and_it_is_said_what_is_left(
    ctl: Ctl, operated: Operated
) -> None:
    operated.begin("r", "Running")

    told = ctl("withdraw", "r", "--yes")

    assert (told.code, operated.requests()) == (0, [])
    assert "Nothing of r can be withdrawn any more: 1 goes on: Azure has taken it" in told.err
    assert "delete the new disk" in told.err


def test_what_has_ended_is_not_withdrawn(ctl: Ctl, operated: Operated) -> None:
    operated.end("r")

    told = ctl("withdraw", "r")

    assert (told.code, operated.requests()) == (0, [])
    assert "there is nothing to withdraw" in told.err


def test_nothing_is_withdrawn_unasked(ctl: Ctl, operated: Operated) -> None:
    operated.begin("r", "Queued")

    told = ctl("withdraw", "r")

    assert (told.code, operated.requests()) == (Exit.NOT_CONFIRMED, [])
    assert "--yes" in told.err


# -------------------------------------------------------------------------------------- poison


def a_poisoned(operated: Operated, text: str) -> None:
    queue = operated.queue_service.get_queue_client(REQUESTS + POISON)
    queue.send_message(text)


def test_what_the_host_gave_up_is_listed_and_shown(ctl: Ctl, operated: Operated) -> None:
    assert "gave up nothing" in ctl("poison", "ls").err
    a_poisoned(operated, "[bold]x[/bold]" + "y" * 300)

    listed = ctl("poison", "ls", "-o", "json").json["value"]

    (one,) = listed
    assert one["queue"] == "restore-requests-poison"
    assert len(one["message"]) == 200
    shown = ctl("poison", "ls", columns=80)
    assert "[bold]x" in shown.out
    assert one["id"] in shown.out.split()
    assert shown.widest <= 80
    assert ctl("poison", "ls", "-o", "tsv").out.startswith("id\tqueue\t")
    assert "y" * 300 in ctl("poison", "show", one["id"]).out
    assert ctl("poison", "show", one["id"], "-o", "json").json["id"] == one["id"]
    assert ctl("poison", "show", "other").code == Exit.NOT_FOUND


# -------------------------------------------------------------------------------------- points


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """The simulated Azure, where the environment says that it is."""
    simulator = Simulator(now=lambda: NOON)
    with simulator.serve() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield simulator


def test_points_tell_which_qualify_and_which_would_be_chosen(
    ctl: Ctl, operated: Operated, azure: Simulator
) -> None:
    instance = azure.protect("disk-1", subscription=SUBSCRIPTION)
    vault, source = instance.partition("/backupInstances/")[0], azure.source_disk(instance)
    known = azure.points(instance)
    assert operated.requests() == []

    told = ctl("points", "--disk", source, "--vault", vault, "-o", "json").json

    assert told["backupInstanceId"] == instance
    assert len(told["points"]) == len(known)
    assert told["chosen"] == told["points"][0]["recoveryPointId"]
    earlier = told["points"][2]
    at = ctl("points", "--instance", instance, "--at", earlier["time"], "-o", "json").json
    assert at["chosen"] == earlier["recoveryPointId"]
    shown = ctl("points", "--instance", instance, columns=80)
    assert "→" in shown.out
    assert {point["recoveryPointId"] for point in told["points"]} <= set(shown.out.split())
    assert shown.widest <= 80
    assert ctl("points", "--instance", instance, "-o", "tsv").out.startswith("recoveryPointId\t")


@pytest.mark.parametrize("words", [[], ["--vault", "Vault-1"]])
@pytest.mark.parametrize("runs", [True, False])
def test_the_vault_of_the_last_restores_is_looked_in_by_its_name_too(
    ctl: Ctl, operated: Operated, azure: Simulator, words: list[str], *, runs: bool
) -> None:
    instance = azure.protect("disk-1", group="rg-backup", subscription=SUBSCRIPTION)
    begun = operated.begin if runs else operated.end
    begun("r")

    told = ctl("points", "--disk", azure.source_disk(instance), *words, "-o", "json")

    assert told.json["backupInstanceId"] == instance


@pytest.mark.parametrize(
    ("words", "said", "remedy"),
    [
        ([], "Nothing says which disk.", "--disk ID"),
        (["--disk", "disk-1"], "--disk: ", "az disk show"),
        (["--instance", "disk-1"], "--instance: ", "restorectl show"),
        (["--disk", SOURCE], "names a vault.", "--vault"),
        (["--disk", SOURCE, "--vault", "v"], "names a vault of the name 'v'.", "backup-vault list"),
        (["--disk", SOURCE, "--vault", "/v"], "--vault: ", "backup-vault list"),
    ],
)
def test_what_names_no_disk_or_no_vault_is_told_by_its_option(
    ctl: Ctl, operated: Operated, words: list[str], said: str, remedy: str
) -> None:
    assert operated.requests() == []

    told = ctl("points", *words)

    assert told.code == Exit.USAGE
    text, advice = told.err.splitlines()
    assert said in text
    assert remedy in advice


# -------------------------------------------------------------------------------------- doctor


def test_an_account_in_order_is_told_as_that(ctl: Ctl, operated: Operated) -> None:
    assert operated.requests() == []

    told = ctl("doctor", "-o", "json")

    assert (told.code, told.json["ok"]) == (0, True)
    outcomes = [check["outcome"] for check in told.json["checks"]]
    assert outcomes == ["ok", "ok", "skipped", "ok", "ok", "skipped"]


def test_who_is_late_is_counted_where_every_step_is_taken_in_time(
    ctl: Ctl, operated: Operated
) -> None:
    operated.begin("quick", ago=60)
    operated.begin("slow", ago=3600)

    looked = looks(ctl)

    assert looked["what runs"]["outcome"] == "ok"
    assert looked["what runs"]["found"] == (
        "2 are under way, no step is overdue. 1 takes longer than expected: restorectl ls --open."
    )


def looks(ctl: Ctl) -> dict[str, dict[str, str]]:
    """Return what the doctor found, by what it looked at."""
    return {check["name"]: check for check in ctl("doctor", "-o", "json").json["checks"]}


@pytest.mark.parametrize(("minutes", "outcome"), [(2, "ok"), (4, "failed")])
def test_an_app_that_takes_nothing_for_three_minutes_is_told_of(
    ctl: Ctl,
    operated: Operated,
    monkeypatch: pytest.MonkeyPatch,
    minutes: int,
    outcome: str,
) -> None:
    queue = operated.queue_service.get_queue_client(REQUESTS)
    sent = queue.send_message("{}").inserted_on
    operated.store.schedule.put(operated.begin("r"), sent)
    monkeypatch.setattr(session, "clock", lambda: sent + timedelta(minutes=minutes))

    looked = looks(ctl)

    assert (
        looked["queue of requests"]["found"]
        == f"1 message waits, the oldest for {minutes} min 00 s."
    )
    outcomes = [looked[name]["outcome"] for name in ("queue of requests", "what runs")]
    assert outcomes == [outcome, outcome]
    listed = ctl("ls")
    told = "1 message waits, the oldest for 4 min 00 s. Nobody takes them: restorectl doctor."
    assert (told in listed.err) == (outcome == "failed")
    assert "waits" not in ctl("ls", "-o", "json").err


def test_an_account_that_is_another_is_told_by_each_look(ctl: Ctl, operated: Operated) -> None:
    for table in ("RestoreResults", "OutstandingRestores"):
        operated.table_service.delete_table(table)

    told: Any = ctl("doctor", "-o", "json").json

    failed = [check["name"] for check in told["checks"] if check["outcome"] == "failed"]
    assert failed == ["results", "what runs", "vault"]
    assert "Is it the app's account" in told["checks"][1]["action"]
