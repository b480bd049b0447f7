"""The Bicep compiles and lints without a warning, and is formatted as its own tool formats it."""

import re
import shutil
from itertools import chain
from pathlib import Path

import pytest

from tests.infra.deployment import INFRA, PARAMETERS, bicep, deployment, sources

# Each starts the compiler: `make test-infra` and `make test-long` run them.
pytestmark = pytest.mark.long

EXAMPLES = sorted(file.stem for file in PARAMETERS.glob("*.bicepparam"))


def test_the_deployment_builds_without_a_warning() -> None:
    done = bicep("build", INFRA / "main.bicep", "--stdout")

    assert (done.returncode, done.stderr) == (0, "")


def test_every_file_lints_without_a_warning() -> None:
    done = bicep("lint", "--pattern", "**/*.bicep", cwd=INFRA)

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_every_file_is_formatted(tmp_path: Path) -> None:
    for folder in (INFRA, PARAMETERS):
        shutil.copytree(folder, tmp_path / folder.name)

    for ending in ("bicep", "bicepparam"):
        bicep("format", "--pattern", f"**/*.{ending}", cwd=tmp_path)

    for folder in (INFRA, PARAMETERS):
        for file in chain(folder.rglob("*.bicep"), folder.rglob("*.bicepparam")):
            formatted = tmp_path / folder.name / file.relative_to(folder)
            assert formatted.read_text("utf-8") == file.read_text("utf-8"), file


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_parameter_file_fits(name: str) -> None:
    assert deployment(name).complaints == ""


def test_each_warning_that_is_switched_off_says_why() -> None:
    lines = [line for file in sources() for line in file.read_text("utf-8").splitlines()]

    for line in (line.strip() for line in lines if "#disable" in line):
        assert re.fullmatch(r"#disable-next-line \S+ // \S.{20,}", line)


def test_no_module_comes_from_a_registry() -> None:
    main = (INFRA / "main.bicep").read_text("utf-8")
    used = re.findall(r"^module \w+ '([^']+)'", main, re.MULTILINE)

    assert used
    assert all((INFRA / one).is_file() for one in used)
