"""The package holds what runs and nothing else, and is the same bytes wherever it is made."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.utils import canonicalize_name

from tools import lock, package

IMPORT_ALL = """
import json, pkgutil, sys
before = set(sys.modules)
import function_app, restore_core
for module in pkgutil.walk_packages(restore_core.__path__, "restore_core."):
    __import__(module.name)
new = [sys.modules[name] for name in set(sys.modules) - before]
print(json.dumps([file for file in (getattr(one, "__file__", None) for one in new) if file]))
"""


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    package.write(package.ROOT, package.files(package.ROOT), tmp_path / "app.zip")
    return tmp_path / "app.zip"


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True)  # noqa: S603, S607 - our own words.


def test_the_same_files_make_the_same_bytes_whenever_and_by_whomever_they_were_written(
    packed: Path, tmp_path: Path
) -> None:
    names = package.files(package.ROOT)
    for number, name in enumerate(reversed(names)):
        copy = tmp_path / "elsewhere" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(package.ROOT / name, copy)
        copy.chmod(0o700)
        os.utime(copy, (number, number))

    package.write(tmp_path / "elsewhere", names, tmp_path / "again.zip")

    assert (tmp_path / "again.zip").read_bytes() == packed.read_bytes()


def test_it_is_named_for_its_version_and_prints_its_digest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package.main(["--into", str(tmp_path)])

    (made,) = tmp_path.iterdir()
    digest, name = capsys.readouterr().out.split()
    assert name == made.name == f"azure-disk-restore-{package.version()}.zip"
    assert len(digest) == 64


def test_it_holds_the_app_whole_and_nothing_else(packed: Path) -> None:
    names = set(ZipFile(packed).namelist())
    modules = (package.ROOT / "restore_core").rglob("*.py")

    assert {name.partition("/")[0] for name in names} == {
        "function_app.py",
        "host.json",
        "requirements.txt",
        "restore_core",
    }
    assert {str(file.relative_to(package.ROOT)) for file in modules} <= names


def test_what_git_does_not_track_or_funcignore_leaves_out_is_not_packed(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    for name in ("app.py", "docs/page.md", "app.pyc", "secret.json"):
        (tmp_path / name).touch()
    (tmp_path / ".funcignore").write_text("docs/\n*.pyc\n")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "app.py", "docs", "app.pyc", ".funcignore")

    assert package.files(tmp_path) == ["app.py"]


@pytest.mark.timeout(180)
def test_every_module_of_it_loads_with_what_is_locked_alone(packed: Path, tmp_path: Path) -> None:
    with ZipFile(packed) as unpacked:
        unpacked.extractall(tmp_path / "app")

    done = subprocess.run(  # noqa: S603 - our own words.
        [sys.executable, "-c", IMPORT_ALL],
        cwd=tmp_path / "app",
        stdout=subprocess.PIPE,
        check=True,
    )

    loaded = {Path(file) for file in json.loads(done.stdout)}
    owners = {
        os.path.join(one.locate_file(""), line.partition(",")[0]): canonicalize_name(one.name)  # noqa: PTH118 - 30,000 paths.
        for one in distributions()
        for line in (one.read_text("RECORD") or "").splitlines()
    }
    locked = {pin.name for pin in lock.read(lock.LOCK.read_text("utf-8"))}
    used = {owners[str(file)] for file in loaded if str(file) in owners}
    assert used >= {"azure-functions", "requests", "pydantic"}
    assert used <= locked
    ours = [file for file in loaded if "restore_core" in file.parts]
    assert all(file.is_relative_to(tmp_path) for file in ours)
    assert len(ours) > 50
