"""The lock is what requirements.in gives, on every Python; each way to spoil it is named."""

from __future__ import annotations

import re

import pytest
from packaging.requirements import InvalidRequirement, Requirement

from tools import lock, notices

HASH = "--hash=sha256:" + "0" * 64
WANTED = [Requirement("sdk>=1,<3")]


def faults(text: str) -> list[str]:
    return lock.faults(WANTED, lock.read(text))


def test_the_lock_is_what_the_requirements_give_and_what_is_installed() -> None:
    assert lock.main(["--check"]) == 0


def test_the_notices_are_up_to_date() -> None:
    assert notices.main(["--check"]) == 0


def test_a_lock_may_differ_by_python() -> None:
    old = f"sdk==1.9 ; python_full_version < '3.13' \\\n    {HASH}\n    # via -r requirements.in\n"
    new = f"sdk==2.1 ; python_full_version >= '3.13' \\\n    {HASH} \\\n    {HASH}\n"

    assert faults(old + new) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", r"sdk<3,>=1 is locked as \[\] on Python 3.11"),
        (f"sdk==3.0 {HASH}", r"locked as \['3.0'\] on Python 3.11"),
        (f"sdk==2.0 ; python_version < '3.13' {HASH}", r"locked as \[\] on Python 3.13"),
        (f"sdk==2.0 {HASH}\nsdk==2.1 {HASH}", r"locked as \['2.0', '2.1'\]"),
        ("sdk==2.0", "sdk==2.0 has no hash"),
        ("sdk==2.0 --hash=sha256:0000", "sdk==2.0 has no hash"),
        (f"sdk>=2.0 {HASH}", "sdk>=2.0 is no exact version"),
        (f"sdk==2.* {HASH}", r"sdk==2\.\* is no exact version"),
    ],
)
def test_what_is_wrong_with_a_lock_is_named(text: str, fault: str) -> None:
    assert re.search(fault, "\n".join(faults(text)))


@pytest.mark.parametrize("option", ["--pre", "-e .", "--no-binary :all:"])
def test_an_option_has_no_place_in_a_lock(option: str) -> None:
    with pytest.raises(InvalidRequirement):
        lock.read(f"{option}\nsdk==2.0 {HASH}")


def test_what_is_installed_and_not_locked_is_named_and_the_reverse() -> None:
    wanted = [Requirement("requests")]
    needed = ["certifi", "charset-normalizer", "idna", "requests", "urllib3"]
    pins = [
        pin for pin in lock.read(lock.LOCK.read_text("utf-8")) if pin.name in {*needed, "pydantic"}
    ]

    found = lock.differences_to_installed(wanted, [pin for pin in pins if pin.name != "idna"])

    assert [re.sub(r" \d[\w.]* ", " ", one) for one in found] == [
        "pydantic is locked, and not what is needed",
        "idna is installed, and not locked",
    ]


def test_what_an_extra_needs_is_needed() -> None:
    plain = lock.differences_to_installed([Requirement("pyjwt")], [])
    extra = lock.differences_to_installed([Requirement("pyjwt[crypto]")], [])

    assert {one.split()[0] for one in extra} - {one.split()[0] for one in plain} == {
        "cryptography",
        "cffi",
        "pycparser",
    }


def test_what_is_not_installed_at_all_is_named() -> None:
    found = lock.differences_to_installed([Requirement("no-such-distribution")], [])

    assert found == ["no-such-distribution nowhere is installed, and not locked"]


def test_a_licence_that_nobody_has_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "READ", notices.READ - {"MPL-2.0"})

    with pytest.raises(notices.LicenceError, match="certifi is under Mozilla Public License"):
        notices.page(lock.read(lock.LOCK.read_text("utf-8")))
