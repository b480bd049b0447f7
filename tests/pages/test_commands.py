"""What the pages tell people to run is what the tools understand: every `az`, to the last option.

The Azure CLI is large, and has an environment of its own: `make test-docs` sets it up.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.pages import extension
from tests.pages.commands import PAGES, ROOT, all_words, read, words

PYTHON = ROOT / ".venv-azure-cli" / "bin" / "python"
READY = ROOT / ".venv-azure-cli" / ".ready"
SCRIPTS = sorted(name for name, text in PAGES.items() if read(text).commands)

pytestmark = [
    pytest.mark.skipif(not shutil.which("bash"), reason="no bash"),
    pytest.mark.timeout(180),  # It takes five seconds where nothing else runs.
]


def judged(commands: list[list[str]], named: list[str], folder: Path) -> dict[str, list[str]]:
    """Return what the Azure CLI says against commands, and against names of commands."""
    if not READY.is_file():
        pytest.skip("NO AZURE CLI: make test-docs sets it up; the commands are not parsed")
    done = subprocess.run(  # noqa: S603 - the CLI's own Python, and our own words.
        [PYTHON, Path(__file__).parent / "azure_cli.py"],
        input=json.dumps({"commands": commands, "named": named}),
        env={
            "PATH": os.environ["PATH"],
            "AZURE_CONFIG_DIR": str(folder),  # Whoever is signed in here has no part in it.
            "AZURE_CORE_COLLECT_TELEMETRY": "false",
            "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    told: dict[str, list[str]] = json.loads(done.stdout)
    return told


def complaints(calls: list[tuple[str, list[str]]], folder: Path) -> list[Any]:
    """Return what is wrong with each command, by its place; a command of the extension included."""
    own = [(place, call) for place, call in calls if call[0] != extension.GROUP]
    said = judged([call for _, call in own], [], folder)["commands"]
    told = [(place, call, text) for (place, call), text in zip(own, said, strict=True)]
    told += [(p, c, extension.complaint(c)) for p, c in calls if c[0] == extension.GROUP]
    return [one for one in told if one[2]]


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_page_can_be_followed_in_a_shell_from_its_first_line_to_its_last(
    name: str, tmp_path: Path
) -> None:
    page = read(PAGES[name])

    assert len(words(page.script, tmp_path)) == page.commands


def test_the_pages_that_show_commands_are_found() -> None:
    assert {"README.md", "docs/operations.md", "docs/senders.md", "infra/README.md"} <= {*SCRIPTS}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_page_adds_the_extension_first_and_never_asks_for_it_unseen(
    name: str, tmp_path: Path
) -> None:
    script = read(PAGES[name]).script

    asked = [call for call in words(script, tmp_path) if extension.GROUP in call]

    assert not re.search(r"\$\([^)]*az dataprotection", script)
    if asked:
        assert asked[0] == ["extension", "add", "--name", extension.GROUP]


def test_the_azure_cli_understands_every_command_of_pages_advice_and_workflows(
    tmp_path: Path,
) -> None:
    calls = list(all_words(tmp_path))

    assert complaints(calls, tmp_path) == []
    assert len(calls) > 60
    assert any("config-zip" in call and "deploy.yml" in place for place, call in calls)


@pytest.mark.parametrize("place", ["docs/operations.md", "deploy.yml: Stop the triggers"])
def test_whoever_upgrades_stops_every_trigger_and_starts_each_again(
    place: str, tmp_path: Path
) -> None:
    triggers = re.findall(
        r'function_name\("(\w+)"\)\n +@app\.(?:queue|timer)_trigger',
        (ROOT / "function_app.py").read_text("utf-8"),
    )
    names = sorted(f"AzureWebJobs.{name}.Disabled" for name in triggers)
    calls = [call for at, call in all_words(tmp_path) if at.startswith(place)]

    stopped, started = (
        [call for call in calls if call[:4] == ["functionapp", "config", "appsettings", does]]
        for does in ("set", "delete")
    )

    assert len(triggers) == 3
    assert [f"{name}=true" for name in names] == sorted(w for w in stopped[-1] if "=" in w)
    assert names == sorted(word for word in started[-1] if word.endswith(".Disabled"))


def test_every_command_that_a_sentence_names_is_there(tmp_path: Path) -> None:
    named = sorted({one for text in PAGES.values() for one in read(text).named})
    own = [one for one in named if one.split()[0] != extension.GROUP]

    assert [text for text in judged([], own, tmp_path)["named"] if text] == []
    assert [one for one in named if one not in own and not extension.knows(one)] == []


WRONG = {
    "storage message peek --acount-name a --queue-name q": "--acount-name",
    "storage message peek --account-name a": "--queue-name",
    "storage entity query --table-name t --query items[.{s:status}": "jmespath",
    "functionapp keys ls --name a": "'ls'",
    "functionapp stop --name a": "--resource-group",
    "dataprotection backup-instance restore --name a": "no command",
    "dataprotection recovery-point list -g a --vault-name b": "--backup-instance-name",
    "dataprotection backup-instance list -g a --vault-name b --name c": "--name",
}
"""Commands that were on the pages, or are like them, and what is said of each."""


def test_a_command_that_is_wrong_would_be_noticed(tmp_path: Path) -> None:
    found = complaints([(line, line.split()) for line in WRONG], tmp_path)

    told = {line: text for line, _, text in found}
    assert [line for line, part in WRONG.items() if part not in told.get(line, "")] == []


def test_a_name_that_is_wrong_would_be_noticed(tmp_path: Path) -> None:
    told = judged([], ["functionapp show", "functionapp keys", "functionapp begin"], tmp_path)

    assert [text != "" for text in told["named"]] == [False, False, True]
    assert not extension.knows("dataprotection restore")
