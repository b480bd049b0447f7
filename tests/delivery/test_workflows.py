"""The workflows are sound, may do no more than they need, and run what is there.

actionlint, ShellCheck (which it asks of what steps run) and zizmor are those that `ACTIONLINT`,
`SHELLCHECK` and `ZIZMOR` name, else those that `make test-delivery` sets up, else the PATH's.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
ACTIONS = sorted((GITHUB / "actions").rglob("action.yml"))
ALL = [*WORKFLOWS, *ACTIONS]
PINNED = re.compile(r"[\w-]+/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")

each_workflow = pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)


def program(name: str) -> str:
    path = f"{ROOT / '.venv-delivery' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    found = os.environ.get(name.upper()) or shutil.which(name, path=path)
    if found is None:
        pytest.skip(f"NO {name.upper()}: CONTRIBUTING.md says how to get it; it is not run")
    return found


def findings(*command: str) -> str:
    done = subprocess.run(  # noqa: S603 - the linters and our own words.
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout if done.returncode else ""


def used(file: Path) -> list[str]:
    return re.findall(r"^\s*(?:- )?uses: (.+)$", file.read_text("utf-8"), re.MULTILINE)


def jobs(file: Path) -> dict[str, dict[str, Any]]:
    found = yaml.safe_load(file.read_text("utf-8"))["jobs"]
    assert isinstance(found, dict)
    return found


def commands() -> str:
    """All that the steps run."""
    own = [yaml.safe_load(file.read_text("utf-8"))["runs"] for file in ACTIONS]
    every = [*own, *(job for file in WORKFLOWS for job in jobs(file).values())]
    return "\n".join(step.get("run", "") for each in every for step in each.get("steps", []))


def test_actionlint_finds_nothing() -> None:
    linter = program("actionlint")
    options = ["-oneline", f"-shellcheck={program('shellcheck')}"]

    assert findings(linter, *options, *map(str, WORKFLOWS)) == ""


def test_zizmor_finds_nothing() -> None:
    linter = program("zizmor")
    options = ["--offline", "--strict-collection", "--quiet", "--persona=pedantic"]

    assert findings(linter, *options, str(GITHUB)) == ""


def test_each_finding_that_is_passed_over_says_why() -> None:
    configured = (GITHUB / "zizmor.yml").read_text("utf-8")
    rules = yaml.safe_load(configured)["rules"]

    for rule in rules:
        assert re.search(rf"^  {rule}:\n    # \S.{{30,}}", configured, re.MULTILINE), rule
    assert not any("zizmor: ignore" in file.read_text("utf-8") for file in ALL)


@pytest.mark.parametrize("file", ALL, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_each_action_is_a_commit_with_its_version_or_our_own(file: Path) -> None:
    others = [action for action in used(file) if not action.startswith("./")]

    assert [action for action in others if not PINNED.fullmatch(action)] == []


def test_an_action_is_the_same_commit_everywhere() -> None:
    pins = {action for file in ALL for action in used(file) if not action.startswith("./")}

    assert len(pins) == len({pin.partition("@")[0] for pin in pins})


@each_workflow
def test_a_workflow_may_nothing_and_each_job_what_it_names(file: Path) -> None:
    assert yaml.safe_load(file.read_text("utf-8"))["permissions"] == {}
    assert all("permissions" in job for job in jobs(file).values())


@each_workflow
def test_a_job_that_may_write_runs_no_code_of_the_repository(file: Path) -> None:
    for job in jobs(file).values():
        rights = job["permissions"].items()
        may_write = {name for name, right in rights if right == "write"} - {"id-token"}
        uses = [step.get("uses", "") for step in job.get("steps", [])]

        assert not (may_write and any("checkout" in action for action in uses))


@each_workflow
def test_a_job_ends_in_time(file: Path) -> None:
    own = [job for job in jobs(file).values() if "uses" not in job]

    assert all(job["timeout-minutes"] <= 120 for job in own)


def test_what_is_deployed_waits_for_approval_and_for_what_it_would_change() -> None:
    deploy = jobs(GITHUB / "workflows" / "deploy.yml")

    assert deploy["deploy"]["environment"] == "production"
    assert deploy["deploy"]["needs"] == "what-if"
    assert deploy["what-if"]["environment"] == "preview"


def test_what_the_workflows_run_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    made = " ".join(re.findall(r"\bmake ([^\n]+)", commands()))
    targets = {word for word in made.split() if re.fullmatch(r"[a-z.][\w./-]+", word)}
    modules = set(re.findall(r"-m (tools\.\w+)", commands()))

    assert {"check", "test", "package", "sbom", "audit", "lock"} <= targets
    assert [each for each in targets if not re.search(rf"^{each}:", makefile, re.MULTILINE)] == []
    assert modules
    assert all((ROOT / f"{module.replace('.', '/')}.py").is_file() for module in modules)
