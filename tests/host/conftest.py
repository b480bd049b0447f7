"""Every case runs on the local host and on the platform's own, where that is found.

`make test-host` sets REAL_HOST and so runs the platform's; `make test` runs the local half alone.
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

ASKED_FOR = "REAL_HOST"


@pytest.fixture(scope="module", autouse=True)
def no_proxy() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1")
        yield


@pytest.fixture(scope="module", params=["local", "real"])
def kind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Kind:
    if request.param == "local":
        return Local(memory=tmp_path_factory.mktemp("memory"))
    if not os.environ.get(ASKED_FOR):
        pytest.skip("the platform's own host runs in make test-host")
    try:
        return Real(RealHost.find())
    except RealHostMissingError as error:
        pytest.skip(f"NOT COMPARED WITH THE PLATFORM'S OWN HOST: {error}")


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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep what takes long to those who ask for it."""
    for item in items:
        takes_long = item.get_closest_marker("patient") or item.get_closest_marker("host")
        if takes_long and not os.environ.get(ASKED_FOR):
            item.add_marker(pytest.mark.skip("takes long: make test-host"))
