"""Every case runs on the local host and on the platform's own, where that is found.

`make test-host` sets REAL_HOST and so asks for the platform's, and for what waits for minutes;
`make test` runs the local half alone, and says so in one skipped test.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from local.azurite import Azurite
from local.host_process import Local, Real
from local.real_host import RealHost, RealHostMissingError
from tests.host.witness import Witness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.host_process import Kind

IS_ASKED_FOR = bool(os.environ.get("REAL_HOST"))
TAKES_LONG = ("patient", "host")


@pytest.fixture(scope="module", autouse=True)
def no_proxy() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1")
        yield


@pytest.fixture(scope="session")
def real_host() -> RealHost:
    """The platform's own host; skips aloud where it is not."""
    if not IS_ASKED_FOR:
        pytest.skip("NOT COMPARED WITH THE PLATFORM'S OWN HOST: make test-host does it")
    try:
        return RealHost.find()
    except RealHostMissingError as error:
        pytest.skip(f"NOT COMPARED WITH THE PLATFORM'S OWN HOST: {error}")


@pytest.fixture(scope="module", params=["local", "real"] if IS_ASKED_FOR else ["local"])
def kind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Kind:
    if request.param == "local":
        return Local(memory=tmp_path_factory.mktemp("memory"))
    return Real(request.getfixturevalue("real_host"))


@pytest.fixture(scope="module")
def storage() -> Iterator[Azurite]:
    """An Azurite of the cases' own, which they may stop."""
    with Azurite() as own:
        yield own


@pytest.fixture
def witness(
    kind: Kind, azurite: object, storage: Azurite, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Witness]:
    """A witness without a host yet."""
    del azurite  # which says whether Azurite can be started here at all
    found = Witness(kind, storage, tmp_path_factory.mktemp(kind.name))
    found.make_queues()
    yield found
    found.end()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep what takes long to those who ask for it."""
    if IS_ASKED_FOR:
        return
    long = [item for item in items if any(map(item.get_closest_marker, TAKES_LONG))]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]
