"""ls, show and stats: what an operator is shown, in each form and on a narrow screen."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from restore_core.errors import Problem
from restore_core.lifecycle.status import Status
from restore_core.text import utc_text
from restorectl.exits import Exit
from tests.builders import A_JOB
from tests.published_schemas import LIST, SUMMARY
from tests.restorectl.bench import LONG_ID

if TYPE_CHECKING:
    from tests.restorectl.bench import Ctl, Operated

pytestmark = pytest.mark.azurite

NO_ROLE = Problem(
    "UserErrorNotEnoughPermissionOnTargetRG",
    "The vault's identity <script>alert(1)</script> [red]may not[/red] create the disk.",
    "Give it the role. The command: az role assignment create --role 'Disk Restore Operator'",
)
HOUR, DAY = 3_600, 86_400


@pytest.fixture
def five(operated: Operated) -> Operated:
    """Have five restores: two bad, one stuck, one under way, one back."""
    operated.end("good", ago=2 * HOUR)
    operated.end("bad", Status.FAILED, ago=3 * HOUR, problem=Problem("Code", "It failed."))
    operated.end(LONG_ID, Status.REJECTED, ago=4 * HOUR, problem=NO_ROLE)
    operated.begin("stuck", "Queued", ago=5 * DAY)
    operated.begin("running", "Running", ago=100)
    return operated


@pytest.fixture
def looked(ctl: Ctl, five: Operated) -> Ctl:
    """Return what looks at the five."""
    assert five.requests() == []
    return ctl


@pytest.fixture
def listed(looked: Ctl) -> Any:
    def ids(*words: str) -> list[str]:
        return [item["rowId"] for item in looked("ls", "-o", "json", *words).json["value"]]

    return ids


def test_a_list_tells_what_runs_and_what_has_ended_newest_first(listed: Any) -> None:
    assert listed() == ["running", "good", "bad", LONG_ID, "stuck"]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["--open"], ["running", "stuck"]),
        (["--ended"], ["good", "bad", LONG_ID]),
        (["--status", "failed"], ["bad"]),
        (["--since", "150m", "--ended"], ["good"]),
        (["--until", "150m", "--ended"], ["bad", LONG_ID]),
        (["--vault", "vault-1", "--open"], ["running", "stuck"]),
        (["--vault", "vault-2"], []),
    ],
)
def test_a_list_holds_what_is_asked_for(listed: Any, words: list[str], wanted: list[str]) -> None:
    assert listed(*words) == wanted


def test_a_list_is_as_its_schema_says(looked: Ctl, five: Operated) -> None:
    five.refuse(b"{")

    document = looked("ls", "--since", "7d", "-o", "json").json

    LIST.validate(document)
    assert len(document["value"]) == 6


@pytest.mark.parametrize("columns", [80, 120])
def test_a_list_fits_the_screen_and_cuts_nothing(looked: Ctl, columns: int) -> None:
    told = looked("ls", columns=columns)

    assert told.code == 0
    assert told.widest <= columns
    assert {"running", "good", "bad", "stuck", LONG_ID} <= set(told.out.split())
    assert NO_ROLE.code in _unfolded(told.out, 5)


def _unfolded(text: str, column: int) -> str:
    """Return a column of the list as one text, its cells' lines joined."""
    lines = [line for line in text.splitlines() if line.strip()]
    rule = next(n for n, line in enumerate(lines) if "─" in line)
    heads = ["id", "status", "source", "point", "took", "end"]
    starts = [max(line.find(f" {head}") + 1 for line in lines[:rule]) for head in heads]
    ends = [*starts[1:], None]
    return "".join(line[starts[column] : ends[column]].strip() for line in lines[rule + 1 :])


def test_an_id_that_no_screen_has_room_for_is_left_to_the_terminal(
    ctl: Ctl, operated: Operated
) -> None:
    operated.end("x" * 128)

    assert "x" * 128 in ctl("ls", columns=80).out.split()


@pytest.mark.parametrize("columns", [160, 400])
def test_a_wide_list_has_the_job_and_what_to_do_and_no_command(looked: Ctl, columns: int) -> None:
    told = looked("ls", "-o", "wide", columns=columns)

    assert told.widest <= columns
    lines = [line.strip() for line in told.out.splitlines()]
    assert "Give it the role." in lines
    assert "It failed." in lines
    assert f"job {A_JOB}" in lines
    assert "az role assignment" not in told.out
    assert len(lines) < 24


def test_values_between_tabs_are_for_a_script(looked: Ctl) -> None:
    head, *lines = looked("ls", "-o", "tsv").out.splitlines()

    rows = [dict(zip(head.split("\t"), line.split("\t"), strict=True)) for line in lines]
    assert [row["status"] for row in rows][:2] == ["Running", "Completed"]
    assert rows[0]["ended"] == "false"


@pytest.mark.usefixtures("operated")
def test_an_empty_list_says_so(ctl: Ctl) -> None:
    assert ctl("ls", "--open").err == "Nothing is under way.\n"
    told = ctl("ls")
    assert told.code == 0
    assert told.err.startswith("Nothing is under way or was accepted since 20")
    assert told.err.endswith("Z. Further back: --since 30d\n")
    assert "has ended. Further back" in ctl("ls", "--ended", "--until", "1h").err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--vault", "vault-2"], " is of the vault vault-2. There is: 2 Running, 1 Comp"),
        (["--status", "queued", "--ended"], "and has ended has the status Queued. There is: 1 Co"),
        (
            ["--status", "timedout", "--vault", "x", "--open"],
            "has the status TimedOut and is of the vault x. There is: 2 Running, 1 Queued, of v",
        ),
        (["--open", "--until", "9d"], "Nothing is under way and was accepted before 20"),
        (["--status", "notprotected"], "That is told of the disks of a set: --part-of ID.\n"),
    ],
)
def test_an_empty_list_says_what_nothing_has_and_what_there_is(
    looked: Ctl, five: Operated, words: list[str], said: str
) -> None:
    five.begin("another")

    told = looked("ls", *words)

    assert (told.code, told.out) == (0, "")
    assert said in told.err


@pytest.mark.parametrize("form", ["table", "json", "tsv"])
def test_what_is_no_set_has_no_members_to_list(looked: Ctl, form: str) -> None:
    unknown = looked("ls", "--part-of", "no-set", "-o", form)
    single = looked("ls", "--part-of", "running", "-o", form)

    assert (unknown.code, unknown.out) == (single.code, single.out) == (Exit.NOT_FOUND, "")
    assert "No restore has the id 'no-set'" in unknown.err
    assert "'running' is one restore, and no set.\nrestorectl show running\n" in single.err


# --------------------------------------------------------------------------------------- show


@pytest.mark.parametrize("columns", [80, 120])
def test_one_restore_is_shown_with_its_timeline(looked: Ctl, columns: int) -> None:
    told = looked("show", "running", columns=columns)

    assert told.code == 0
    lines = [line for line in told.out.splitlines() if "█" in line]
    assert [line.split()[3] for line in lines] == ["Running"]
    assert "restorectl watch running" in told.out
    assert "by recorded restores of small disks" in " ".join(told.out.split())


def test_what_went_wrong_is_shown_as_text_with_the_command_to_copy(looked: Ctl) -> None:
    told = looked("show", LONG_ID, columns=80).out

    assert "<script>alert(1)</script> [red]may not[/red]" in " ".join(told.split())
    assert "\n  az role assignment create --role 'Disk Restore Operator'\n" in told
    assert "What to do: Give it the role.\n" in told


def test_a_disk_that_is_back_is_shown_with_what_comes_next(looked: Ctl) -> None:
    told = looked("show", "good").out

    assert "from a point 10 h old, took 5 min 00 s" in told
    assert "az disk show --ids /subscriptions/" in told
    assert "#resource/subscriptions/" in told


def test_one_restore_as_json_has_all_that_http_tells(looked: Ctl) -> None:
    item = looked("show", "stuck", "-o", "json").json

    assert item["status"] == "Queued"
    assert item["timeline"][0]["state"] == "Accepted"
    assert looked("show", "stuck", "-o", "tsv").out.startswith("ended\tstatus\t")


def test_a_refused_message_is_shown_by_the_id_it_named(looked: Ctl, five: Operated) -> None:
    five.refuse(b"{ \x1b[31m no JSON", "half-read")

    told = looked("show", "half-read")

    assert told.code == 0
    assert "the message: { [31m no JSON" in told.out
    assert f"sent: {utc_text(five.now)}" in told.out


def test_whatever_a_list_shows_can_be_shown(looked: Ctl, five: Operated) -> None:
    five.refuse(b"{")
    five.refuse(b"{}", "half-read", at=five.now - timedelta(days=5))

    shown = [item["rowId"] for item in looked("ls", "--since", "30d", "-o", "json").json["value"]]

    assert len(shown) == 7
    for row_id in shown:
        assert looked("show", row_id, "-o", "json").json["rowId"] == row_id
    assert looked("watch", next(one for one in shown if "~" in one)).code == Exit.BADLY


def test_what_does_not_exist_is_not_found(looked: Ctl) -> None:
    told = looked("show", "nope")

    assert told.code == 3
    assert "No restore has the id 'nope'" in told.err
    assert "restorectl ls --since 7d" in told.err


@pytest.mark.parametrize("row_id", ["a/b", "a\\b", "a#b", "a?b", "a\nb"])
def test_what_no_row_can_be_called_is_not_found(looked: Ctl, row_id: str) -> None:
    told = looked("show", row_id)

    assert (told.code, "Storage" in told.err) == (3, False)


def test_an_id_that_is_mistyped_is_told_with_those_that_are_like_it(
    looked: Ctl, five: Operated
) -> None:
    five.end("INC0012345-disk-sql")

    assert (
        "Is one of these meant? INC0012345-disk-sql." in looked("show", "INC0012354-disk-sql").err
    )
    assert "meant" not in looked("show", "nothing-like-it").err


def test_what_may_still_be_on_the_queue_is_said(ctl: Ctl, operated: Operated) -> None:
    operated.queue_service.get_queue_client("restore-requests").send_message("{}")

    assert "1 message waits on the queue" in ctl("show", "nope").err


# -------------------------------------------------------------------------------------- stats


@pytest.mark.parametrize("columns", [80, 120])
def test_the_numbers_of_a_month_fit_the_screen(looked: Ctl, columns: int) -> None:
    told = looked("stats", columns=columns)

    assert told.widest <= columns
    assert "3 ended, 2 under way." in told.out
    assert "1 Completed, 1 Failed, 1 Rejected." in told.out
    assert "5 min 00 s" in told.out
    assert "10 h" in told.out
    assert "UserErrorNotEnough" in told.out
    assert LONG_ID in told.out.split()


def test_the_numbers_are_as_their_schema_says(looked: Ctl) -> None:
    document = looked("stats", "--since", "7d", "-o", "json").json

    SUMMARY.validate(document)
    assert document["open"] == 2
    assert looked("stats", "-o", "tsv").out.splitlines()[1].split("\t")[1] == "1"


@pytest.mark.usefixtures("operated")
def test_nothing_has_no_numbers(ctl: Ctl) -> None:
    told = ctl("stats", "--since", "1h", "--until", "1m")

    assert told.out == "Since 1h: 0 ended, 0 under way.\n"
    SUMMARY.validate(ctl("stats", "-o", "json").json)
