"""Every command that an advice prints, in a real shell: its words are those that were meant."""

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from restore_core.text import MAX_ADVICE, one_line
from tests.azure.printed_advice import (
    COMMANDS,
    ENCRYPTION_SET,
    GROUP,
    IDENTITY,
    INSTANCE,
    PRINCIPAL,
    SCOPES,
    VAULT,
    advices,
)

ROOT = Path(__file__).parents[2]
SHELLS = [shell for shell in ("bash", "dash", "zsh") if shutil.which(shell)]
ASKED_FOR = "bbbbbbbb-0000-4000-8000-000000000002"
VERBS = {
    "extension add",
    "identity show",
    "lock list",
    "provider register",
    "resource show",
    "role assignment create",
    "dataprotection backup-instance list",
    "dataprotection backup-instance deleted-backup-instance list",
    "dataprotection backup-instance deleted-backup-instance undelete",
    "dataprotection recovery-point list",
}
PLACEHOLDER = re.compile(r"<[a-z ]+>")


def run(shell: str, line: str, folder: Path) -> list[list[str]]:
    """Run a line with an `az` that notes its words and prints an object id; return the words."""
    noted = folder / "noted"
    az = folder / "az"
    az.write_text(
        f'#!/bin/sh\nprintf "%s\\037" "$@" >> {noted}\necho >> {noted}\necho {ASKED_FOR}\n'
    )
    az.chmod(0o755)
    done = subprocess.run(  # noqa: S603
        [shutil.which(shell) or shell, "-euc", line],
        env={"PATH": f"{folder}:/usr/bin:/bin"},
        text=True,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [call.split("\037")[:-1] for call in noted.read_text("utf-8").splitlines()]


def option(call: list[str], name: str) -> str:
    return call[call.index(name) + 1]


def verb(call: list[str]) -> str:
    return " ".join(call[: next(n for n, word in enumerate(call) if word.startswith("-"))])


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("shell", SHELLS)
def test_each_command_means_in_a_shell_what_the_app_meant(
    shell: str, name: str, tmp_path: Path
) -> None:
    calls = run(shell, COMMANDS[name], tmp_path)

    assert len(calls) == len(re.findall(r"\baz ", COMMANDS[name]))
    for call in calls:
        assert verb(call) in VERBS
        assert not any("'" in word or '"' in word for word in call)
        for at in ("--scope", "--ids", "--vault-name", "--resource-group"):
            if at in call and not PLACEHOLDER.fullmatch(option(call, at)):
                assert (
                    option(call, at)
                    in {
                        "--scope": SCOPES,
                        "--ids": {str(VAULT), str(IDENTITY)},
                        "--vault-name": {VAULT.name},
                        "--resource-group": {VAULT.group.name, GROUP.name},
                    }[at]
                )


@pytest.mark.skipif("bash" not in SHELLS, reason="no bash")
def test_all_that_the_app_can_print_is_run(tmp_path: Path) -> None:
    calls = run("bash", " && ".join(COMMANDS.values()), tmp_path)

    assert {verb(call) for call in calls} == VERBS
    assert {option(call, "--scope") for call in calls if "--scope" in call} >= SCOPES
    assert ENCRYPTION_SET in SCOPES
    principals = {option(c, "--assignee-object-id") for c in calls if "--scope" in c}
    assert principals == {ASKED_FOR, PRINCIPAL, "<object id of the app identity>"}
    undeleted = {option(c, "--backup-instance-name") for c in calls if verb(c).endswith("undelete")}
    assert undeleted == {INSTANCE.name, "<one of them>"}


def test_no_command_stands_anywhere_else_in_the_app() -> None:
    for path in (ROOT / "restore_core").rglob("*.py"):
        texts = [
            node.value
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        found = [text for text in texts if re.search(r"\baz [a-z]", text)]
        assert not found or path.name == "commands.py", (path, found)


@pytest.mark.parametrize("name", advices())
def test_a_command_ends_its_advice_and_is_never_cut(name: str) -> None:
    text = advices()[name]

    assert one_line(text, MAX_ADVICE) == text
    assert len(re.findall(r"\baz ", text)) == len(re.findall(r"\baz ", COMMANDS.get(name, "")))


@pytest.mark.parametrize("name", COMMANDS)
def test_the_extension_is_there_before_it_is_used_and_never_asked_for_unseen(name: str) -> None:
    line = COMMANDS[name]

    assert "$(az dataprotection" not in line
    if "az dataprotection" in line:
        assert line.startswith("az extension add --name dataprotection && az dataprotection")


@pytest.mark.parametrize("name", advices())
def test_no_advice_is_to_delete_a_disk(name: str) -> None:
    assert not re.search(r"(?<!soft )\bdelete\b|\bremove\b", advices()[name].lower())
