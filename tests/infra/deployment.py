"""What a deployment would make, worked out by the Bicep compiler without Azure.

Registries of Python and Node do not have the compiler (`tools.bicep` looks for it), so a machine
without it skips these tests and says so, in CI too.
"""

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

import pytest

from tools.bicep import compiler

ROOT: Final = Path(__file__).parents[2]
INFRA: Final = ROOT / "infra"
PARAMETERS: Final = Path(__file__).parent / "parameters"
OWN: Final = "00000000-0000-0000-0000-0000000000aa"
"""The subscription that is deployed to."""
TENANT: Final = "00000000-0000-0000-0000-0000000000bb"
MISSING: Final = "NO BICEP COMPILER (set BICEP to its path): what infra/ would make is not tested"

_REFERENCE: Final = re.compile(
    r"\[?reference\('(?P<id>[^']+)', '[^']+'(?:, 'full')?\)\.(?P<path>[\w.?]+)\]?"
)


def bicep(*arguments: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run the compiler, or skip the test where there is none."""
    found = compiler()
    if found is None:
        pytest.skip(MISSING)
    return subprocess.run(  # noqa: S603 - the compiler and our own words.
        [os.path.abspath(found), *map(str, arguments)],  # noqa: PTH100 - a link stays a link.
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


@dataclass(frozen=True)
class Grant:
    """Who may do what where."""

    role: str
    """The role definition's GUID."""
    scope: str
    principal: str
    kind: str


class Deployment:
    """The resources that one parameter file makes."""

    def __init__(self, snapshot: dict[str, Any], complaints: str) -> None:
        self.resources: list[dict[str, Any]] = snapshot["predictedResources"]
        self.complaints = complaints
        """What the compiler had to say about the parameters."""

    def all(self, kind: str) -> list[dict[str, Any]]:
        return [one for one in self.resources if one["type"] == kind]

    def only(self, kind: str, name: str = "") -> dict[str, Any]:
        (found,) = (one for one in self.all(kind) if one["name"].endswith(name))
        return found

    def names(self, kind: str) -> list[str]:
        return [str(one["name"]).rpartition("/")[2] for one in self.all(kind)]

    @cached_property
    def settings(self) -> dict[str, str]:
        """The app's environment, as it will find it in the public cloud."""
        held = self.only("Microsoft.Web/sites/config", "/appsettings")["properties"]
        return {name: _in_public_cloud(value) for name, value in held.items()}

    @cached_property
    def grants(self) -> list[Grant]:
        return [_grant(one) for one in self.all("Microsoft.Authorization/roleAssignments")]

    def granted(self, role: str) -> set[tuple[str, str]]:
        """Return who has a role where."""
        return {(one.principal, one.scope) for one in self.grants if one.role == role}


@cache
def deployment(name: str) -> Deployment:
    """Return what `parameters/<name>.bicepparam` makes."""
    return unrolled(PARAMETERS / f"{name}.bicepparam")


def unrolled(parameters: Path) -> Deployment:
    """Return what a parameter file makes, from a copy: the compiler writes beside the file."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / parameters.name
        main = os.path.relpath(INFRA / "main.bicep", copy.parent.resolve())
        text = re.sub(
            r"^using '[^']+'", f"using '{main}'", parameters.read_text("utf-8"), flags=re.MULTILINE
        )
        copy.write_text(text, "utf-8")
        done = bicep(
            *("snapshot", copy, "--mode", "overwrite", "--deployment-name", "test"),
            *("--subscription-id", OWN, "--tenant-id", TENANT, "--location", "westeurope"),
        )
        assert done.returncode == 0, done.stderr
        snapshot = json.loads(copy.with_suffix(".snapshot.json").read_text("utf-8"))
        return Deployment(snapshot, done.stderr + "".join(map(str, snapshot["diagnostics"])))


def sources() -> Iterator[Path]:
    """Yield each Bicep file that is deployed."""
    yield from sorted(INFRA.rglob("*.bicep"))


def _grant(one: dict[str, Any]) -> Grant:
    held = one["properties"]
    return Grant(
        role=held["roleDefinitionId"].rpartition("/")[2],
        scope=_scope(one["id"]),
        principal=_identity(held["principalId"]),
        kind=held["principalType"],
    )


def _scope(identifier: str) -> str:
    """Return where an assignment lies: its id, or the expression of its id, says it."""
    if found := re.match(r"\[extensionResourceId\('([^']+)'", identifier):
        return found[1]
    if found := re.match(r"\[resourceId\('([^']+)', '([^']+)', '", identifier):
        return f"/subscriptions/{found[1]}/resourceGroups/{found[2]}"
    return identifier.partition("/providers/Microsoft.Authorization/roleAssignments/")[0]


def _identity(principal: str) -> str:
    """Return whose principal id it is, where only Azure knows the id itself."""
    found = _REFERENCE.search(principal)
    return f"identity of {found['id']}" if found else principal


def _in_public_cloud(value: str) -> str:
    """Resolve what stays an expression because only Azure knows the cloud."""
    if value == "[environment().resourceManager]":
        return "https://management.azure.com/"
    if found := re.fullmatch(
        r"\[format\('(.+)', '(\w+)', environment\(\).suffixes.storage\)\]", value
    ):
        return found[1].replace("{0}", found[2]).replace("{1}", "core.windows.net")
    return value
