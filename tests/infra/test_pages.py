"""What the pages tell of the deployment holds."""

import re
from pathlib import Path

from tests.infra.deployment import INFRA, ROOT, unrolled
from tests.infra.rules import rules

PAGE = (INFRA / "README.md").read_text("utf-8")
MAIN = (INFRA / "main.bicep").read_text("utf-8")


def test_every_module_is_told_and_every_file_that_is_told_is_there() -> None:
    told = set(re.findall(r"`(?:modules/)?([a-z-]+\.bicep)`", PAGE))

    made = {file.name for file in (INFRA / "modules").glob("*.bicep")}
    assert told == made | {"main.bicep"}


def test_every_parameter_that_is_told_is_there() -> None:
    parameters = set(re.findall(r"^param (\w+) ", MAIN, re.MULTILINE))
    table = PAGE.partition("### Parameters worth knowing\n")[2].partition("\n## ")[0]

    told = {
        name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in words(row)
    }

    assert told <= parameters
    assert parameters - told == {
        *("environmentName", "location", "tags", "chosenNames", "roleName", "storageSku"),
    }


def test_every_alert_is_told_with_what_to_look_at_first() -> None:
    runbook = (ROOT / "docs" / "operations.md").read_text("utf-8")
    table = runbook.partition("## Alerts worth having\n")[2].partition("\n## ")[0]
    names = {name.replace("-", " ") for name in rules()}

    for text in (PAGE.partition("## Alerts\n")[2].partition("\n## ")[0], table):
        told = set(re.findall(r"^\| ([a-zA-Z][^|]+?) \|", text, re.MULTILINE)) - {"alert"}
        assert {name.lower() for name in told} == names


def test_the_three_values_of_the_first_set_up_are_all_it_takes(tmp_path: Path) -> None:
    runbook = (ROOT / "docs" / "operations.md").read_text("utf-8")
    shown = re.search(r"^```bicep\n(.*?)^```$", runbook, re.MULTILINE | re.DOTALL)
    assert shown is not None
    file = tmp_path / "shown.bicepparam"
    given = "using 'main.bicep'\nparam environmentName = 'x'\nparam location = 'westeurope'\n"
    file.write_text(given + shown[1])

    made = unrolled(file)

    assert made.complaints == ""
    assert len(made.settings["RESTORE_ALLOW"].split(" => ")) == 2


def words(row: str) -> list[str]:
    return re.findall(r"`(\w+)`", row)
