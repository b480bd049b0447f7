"""Checkov's findings over what would be made: each is mended, or explained beside its resource.

Checkov reads neither the Bicep nor the nested template, so it is shown what the compiler unrolls.
It is heavy and pins what the app pins otherwise, so it has an environment of its own: `CHECKOV`,
else the one that `make test-infra` sets up.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.infra.deployment import ROOT, deployment, sources

ALL = ["smallest", "closed", "elsewhere", "everything"]
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
OWN = ROOT / ".venv-checkov" / "bin" / "checkov"

pytestmark = pytest.mark.timeout(180)  # It takes two seconds where nothing else runs.

_EXPLAINED = re.compile(r"// checkov:skip=(CKV\w+): (\S.{20,})")
_RESOURCE = re.compile(r"^\s*resource \w+ '([^'@]+)(?:@[^']+)?'")
_CHILDREN = {
    "basicPublishingCredentialsPolicies": "Microsoft.Web/sites/basicPublishingCredentialsPolicies",
    "config": "Microsoft.Web/sites/config",
}


def checkov() -> str | None:
    beside = str(OWN) if OWN.is_file() else None
    return os.environ.get("CHECKOV") or shutil.which("checkov") or beside


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    """Each finding in any deployment: the check, and the kind of resource."""
    found = checkov()
    if found is None:
        pytest.skip("NO CHECKOV: make test-infra sets it up; its checks are not run")
    folder = tmp_path_factory.mktemp("templates")
    for name in ALL:
        template = {"$schema": SCHEMA, "contentVersion": "1.0.0.0"}
        template |= {"resources": deployment(name).resources}
        (folder / f"{name}.json").write_text(json.dumps(template))
    return set(_findings(found, folder))


def _findings(program: str, folder: Path) -> Iterator[tuple[str, str]]:
    options = ["--framework", "arm", "--output", "json", "--quiet", "--compact", "--skip-download"]
    done = subprocess.run(  # noqa: S603 - checkov and our own words.
        [program, "--directory", folder, *options], capture_output=True, text=True, check=False
    )
    answer = json.loads(done.stdout)
    assert answer["summary"]["parsing_errors"] == 0
    assert answer["summary"]["passed"] > 20
    for one in answer["results"]["failed_checks"]:
        yield one["check_id"], _kind(one["resource"])


def _kind(resource: str) -> str:
    """Return the kind of `Microsoft.Web/sites.name`: names hold no dot here, kinds one."""
    provider, rest, *_ = resource.split(".")
    return f"{provider}.{rest}"


@cache
def explained() -> frozenset[tuple[str, str]]:
    """Each check that a comment in a resource answers, and the kind of that resource."""
    found, kind = set(), ""
    for line in (line for file in sources() for line in file.read_text("utf-8").splitlines()):
        if begun := _RESOURCE.match(line):
            kind = _CHILDREN.get(begun[1], begun[1])
        if comment := _EXPLAINED.search(line):
            found.add((comment[1], kind))
    return frozenset(found)


def test_every_finding_is_explained_beside_its_resource(findings: set[tuple[str, str]]) -> None:
    assert findings - explained() == set()


def test_every_explanation_is_of_a_finding(findings: set[tuple[str, str]]) -> None:
    assert explained() - findings == set()
