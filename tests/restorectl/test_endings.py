"""How a command ends where something is in its way: a sentence, a remedy, a code; never a trace."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from restorectl.account import CONNECTION
from restorectl.app import EXAMPLES
from restorectl.exits import Exit
from restorectl.session import Session
from tests.nobody import port_of_nobody
from tests.restorectl.bench import PROGRAM, program

if TYPE_CHECKING:
    from local.azurite import Azurite
    from tests.restorectl.bench import Ctl, Operated

# ------------------------------------------------------------------------ what is in the way


@pytest.mark.parametrize("name", EXAMPLES)
def test_without_an_account_each_command_says_how_to_name_one(ctl: Ctl, name: str) -> None:
    more = {"show": ["r"], "withdraw": ["r"], "purge": ["--before", "90d"], "poison show": ["x"]}

    told = ctl(*name.split(), *more.get(name, []))

    assert told.code == Exit.USAGE
    assert "No storage account is named." in told.err
    assert "RESTORECTL_ACCOUNT" in told.err


@pytest.mark.azurite
def test_a_key_or_a_role_that_is_refused_is_told_with_the_roles(
    ctl: Ctl, azurite: Azurite, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = azurite.connection_string.replace("AccountKey=", "AccountKey=AAAA")
    monkeypatch.setenv(CONNECTION, wrong)

    for words in (["ls"], ["show", "r"], ["stats"], ["purge", "--before", "90d"], ["poison", "ls"]):
        told = ctl(*words)
        assert told.code == Exit.UNREACHED, words
        assert "Storage Table Data Reader" in told.err


def test_where_no_network_leads_there_it_is_told(ctl: Ctl, monkeypatch: pytest.MonkeyPatch) -> None:
    with port_of_nobody() as port:
        address = f"http://127.0.0.1:{port}/devstoreaccount1"
        text = f"AccountName=devstoreaccount1;AccountKey=a2V5;TableEndpoint={address};"
        monkeypatch.setenv(CONNECTION, f"{text}QueueEndpoint={address}")

        told = ctl("ls")

    assert told.code == Exit.UNREACHED
    assert "ServiceRequestError" in told.err
    assert "does this machine reach it?" in told.err


@pytest.mark.azurite
@pytest.mark.usefixtures("operated")
def test_a_vault_without_a_login_is_told(ctl: Ctl, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "ARM_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
    instance = "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/rg/providers/"
    instance += "Microsoft.DataProtection/backupVaults/vault-1/backupInstances/disk-1"

    told = ctl("points", "--instance", instance)

    assert told.code == Exit.UNREACHED
    assert len(told.err.splitlines()) == 2


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["ls", "--sinc", "1d"], "--since"),
        (["nothing"], "No such command"),
        (["ls", "-o", "xml"], "xml"),
        (["purge"], "--before"),
        (["watch", "--every", "0"], "--every"),
    ],
)
def test_words_that_are_wrong_are_told_with_where_help_is(
    ctl: Ctl, words: list[str], reason: str
) -> None:
    told = ctl(*words)

    assert told.code == Exit.USAGE
    assert reason in told.err
    assert "--help" in told.err


@pytest.mark.azurite
@pytest.mark.usefixtures("operated")
def test_a_fault_of_its_own_is_told_without_a_trace(
    ctl: Ctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Session) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Session, "reading", property(broken))

    told = ctl("ls")

    assert told.code == Exit.BUG
    assert "ZeroDivisionError in" in told.err
    assert "Traceback" not in told.err


def test_without_a_word_it_says_what_there_is(ctl: Ctl) -> None:
    told = ctl()

    assert told.code == Exit.USAGE
    assert "withdraw" in told.err


# --------------------------------------------------------------------------------------- help


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_help_of_each_command_has_an_example(ctl: Ctl, name: str) -> None:
    told = ctl(*name.split(), "--help", columns=80)

    assert told.code == 0
    for example in EXAMPLES[name]:
        assert f"  {example}\n" in told.out


def test_the_version_is_told(ctl: Ctl) -> None:
    assert ctl("--version").out.startswith("restorectl ")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_there_for_each_shell(
    ctl: Ctl, monkeypatch: pytest.MonkeyPatch, shell: str
) -> None:
    monkeypatch.setenv("_RESTORECTL_COMPLETE", f"source_{shell}")

    with pytest.raises(SystemExit) as ended:
        ctl()

    assert ended.value.code == 0


# -------------------------------------------------------------------- the console script itself


@pytest.mark.azurite
def test_the_console_script_lists_without_a_terminal_and_without_colours(
    operated: Operated, azurite: Azurite
) -> None:
    operated.end("r")

    told = program("ls", **{CONNECTION: azurite.connection_string})

    assert (told.code, told.err) == (0, "")
    assert "\x1b" not in told.out
    assert told.widest <= 120


@pytest.mark.azurite
def test_a_reader_that_has_seen_enough_is_no_failure(operated: Operated) -> None:
    for number in range(3):
        operated.end(f"r{number}")

    done = subprocess.run(  # noqa: S602 - our own words, through a pipe of the shell's.
        f"'{PROGRAM}' ls -o json | head -c 1; exit ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        timeout=50,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.azurite
def test_ctrl_c_ends_the_watch_and_says_that_the_restore_goes_on(operated: Operated) -> None:
    operated.begin("r")
    watching = subprocess.Popen(  # noqa: S603 - our own program.
        [PROGRAM, "watch", "r", "--every", "3600"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        bufsize=1,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert watching.stdout is not None
    assert watching.stdout.readline().startswith("r: Running")

    watching.send_signal(signal.SIGINT)
    _, told = watching.communicate(timeout=50)

    assert watching.returncode == Exit.INTERRUPTED
    assert told.splitlines() == [
        "No longer watched; what was asked for goes on all the same.",
        "Look again: restorectl watch r",
    ]


@pytest.mark.azurite
@pytest.mark.parametrize(("answer", "code", "sent"), [("y\n", 0, 1), ("\n", Exit.NOT_CONFIRMED, 0)])
def test_somebody_at_a_terminal_is_asked(
    operated: Operated, answer: str, code: int, sent: int
) -> None:
    operated.begin("r", "Queued")

    shown, ended = at_a_terminal([PROGRAM, "withdraw", "r"], answer, NO_COLOR="1")

    assert "Withdraw r? [y/N]" in shown
    assert "\x1b[3" not in shown
    assert (ended, len(operated.requests())) == (code, sent)


def at_a_terminal(words: list[str], answer: str, **environment: str) -> tuple[str, int]:
    """Run a program at a terminal of its own, answer it once it asks, and return what it showed."""
    ours, its = pty.openpty()
    process = subprocess.Popen(  # noqa: S603 - our own program.
        words, stdin=its, stdout=its, stderr=its, env={**os.environ, **environment}
    )
    os.close(its)
    shown = ""
    while True:
        try:
            part = os.read(ours, 4_096).decode()
        except OSError:  # The terminal ends with its last program.
            break
        if not part:
            break
        shown += part
        if "[y/N]" in shown and answer:
            os.write(ours, answer.encode())
            answer = ""
    os.close(ours)
    return shown, process.wait(timeout=50)


@pytest.mark.azurite
def test_a_watch_at_a_terminal_is_live(operated: Operated) -> None:
    operated.end("r")

    shown, code = at_a_terminal([sys.executable, "-m", "restorectl", "watch", "r"], "")

    assert code == 0
    assert "Completed" in shown
