"""The bill of materials names what the app needs, and what needs what."""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from tools import lock, sbom

OWN = lock.ROOT / ".venv-delivery" / "bin"


def test_it_names_the_app_and_its_requirements(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{OWN}{os.pathsep}{os.environ['PATH']}")
    if shutil.which("cyclonedx-py") is None:
        pytest.skip("NO CYCLONEDX-PY: make test-delivery sets it up; no bill of materials is made")

    sbom.main([sys.executable, str(tmp_path / "bom.json")])

    bill = json.loads((tmp_path / "bom.json").read_text("utf-8"))
    app = bill["metadata"]["component"]
    needs = {one["ref"]: one.get("dependsOn", []) for one in bill["dependencies"]}
    names = {one["bom-ref"]: one["name"] for one in bill["components"]}
    wanted = lock.requirements(lock.WANTED.read_text("utf-8"))
    assert app["name"] == "azure-disk-restore"
    assert {names[ref] for ref in needs[app["bom-ref"]]} == {one.name for one in wanted}
    assert str(tmp_path) not in json.dumps(bill)
